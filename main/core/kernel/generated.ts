import { concat } from './bytes.ts';
import { type CryptogramType, cryptogramOf } from './risk.ts';
import { decode } from './tlv.ts';

/** What GENERATE AC brought. */
export interface GeneratedAnswer {
  readonly type: CryptogramType;
  /** Cryptogram information data, one byte (tag 9F27). */
  readonly information: Uint8Array;
  /** Application transaction counter, two bytes (tag 9F36). */
  readonly counter: Uint8Array;
  /** Application cryptogram (tag 9F26); inside the signature when there is one. */
  readonly cryptogram: Uint8Array | undefined;
  /** Signed dynamic application data (tag 9F4B). */
  readonly signature: Uint8Array | undefined;
  /** Issuer application data (tag 9F10). */
  readonly applicationData: Uint8Array | undefined;
  /** All objects of the answer, by tag. */
  readonly data: ReadonlyMap<string, Uint8Array>;
  /** The answer's objects as they came, without the signature: the last part of what the signature covers. */
  readonly hashed: Uint8Array;
}

type Parts = Pick<GeneratedAnswer, 'data' | 'hashed'>;

/** Format 1: type, counter, cryptogram, issuer data one after the other (EMV Book 3, 6.5.5.4). */
function plain(value: Uint8Array): Parts | string {
  if (value.length < 11 || value.length > 43) return 'format 80 of a wrong length';
  const data = new Map([
    ['9F27', value.slice(0, 1)],
    ['9F36', value.slice(1, 3)],
    ['9F26', value.slice(3, 11)],
  ]);
  if (value.length > 11) data.set('9F10', value.slice(11));
  return { data, hashed: new Uint8Array() };
}

function parts(bytes: Uint8Array): Parts | string {
  const read = decode(bytes);
  if (!read.ok) return `TLV ${read.code}`;
  const [only, ...more] = read.nodes;
  if (!only || more.length > 0) return 'not one template';
  if (only.tag === '80') return plain(only.value);
  if (only.tag !== '77' || !only.children) return 'neither template 77 nor 80';
  const data = new Map<string, Uint8Array>();
  for (const { tag, value } of only.children) {
    if (data.has(tag)) return `${tag} came twice`;
    data.set(tag, value);
  }
  const others = only.children.filter((node) => node.tag !== '9F4B');
  return { data, hashed: concat(...others.map((node) => bytes.subarray(node.from, node.to))) };
}

/** Reads an answer to GENERATE AC, or says what is wrong with it. A complete one has a cryptogram or a signature. */
export function readGenerated(bytes: Uint8Array): GeneratedAnswer | string {
  const read = parts(bytes);
  if (typeof read === 'string') return read;
  const { data, hashed } = read;
  const [information, counter] = [data.get('9F27'), data.get('9F36')];
  if (information?.length !== 1) return 'no cryptogram information data';
  const type = cryptogramOf(information[0]!);
  if (!type) return 'cryptogram type';
  if (counter?.length !== 2) return 'no transaction counter';
  const [cryptogram, signature, applicationData] = [data.get('9F26'), data.get('9F4B'), data.get('9F10')];
  if (cryptogram && cryptogram.length !== 8) return 'no application cryptogram';
  if (!cryptogram && !signature) return 'no application cryptogram';
  if (applicationData && (applicationData.length < 1 || applicationData.length > 32)) return 'issuer application data';
  return { type, information, counter, cryptogram, signature, applicationData, data, hashed };
}

/**
 * Whether a phone that declined wants its holder to do something first (POS cardholder interaction information, tag
 * DF4B): unlock, confirm or enter a passcode, then tap again.
 */
export function phoneWantsAction(data: ReadonlyMap<string, Uint8Array>): boolean {
  const information = data.get('DF4B');
  return information?.length === 3 && ((information[1]! & 0x03) !== 0 || (information[2]! & 0x0f) !== 0);
}
