import { hex } from './bytes.ts';
import { decode, find, leaves, type Tlv } from './tlv.ts';

/** One issuer script as it came (EMV Book 3, 10.10). Its commands are counted and never sent. */
export interface IssuerScript {
  /** 71: before the final GENERATE AC; 72: after it. */
  readonly template: '71' | '72';
  /** Script identifier, hex (tag 9F18). */
  readonly id?: string;
  readonly commands: number;
}

/** What the issuer sent for the card in field 55 of its answer. */
export interface IssuerAnswer {
  /** Issuer authentication data, hex (tag 91). */
  readonly authentication?: string;
  /** Authorisation response code, hex (tag 8A). */
  readonly responseCode?: string;
  readonly scripts: readonly IssuerScript[];
}

const COMMAND = '86';

function script(node: Tlv & { readonly tag: '71' | '72' }): IssuerScript {
  const parts = leaves(node.children ?? []);
  const id = parts.find((part) => part.tag === '9F18')?.value;
  const commands = parts.filter((part) => part.tag === COMMAND).length;
  return { template: node.tag, ...(id ? { id: hex(id) } : {}), commands };
}

function isScript(node: Tlv): node is Tlv & { readonly tag: '71' | '72' } {
  return node.tag === '71' || node.tag === '72';
}

/**
 * Reads field 55 of an issuer's answer for the journal. A contactless card has left by then: issuer authentication and
 * scripts are never sent to it. Undefined for what is no TLV.
 */
export function readIssuerAnswer(field: Uint8Array): IssuerAnswer | undefined {
  const read = decode(field);
  if (!read.ok) return undefined;
  const [authentication, responseCode] = [find(read.nodes, '91')?.value, find(read.nodes, '8A')?.value];
  return {
    ...(authentication ? { authentication: hex(authentication) } : {}),
    ...(responseCode ? { responseCode: hex(responseCode) } : {}),
    scripts: read.nodes.filter(isScript).map(script),
  };
}
