import { type Currency, currencyNumber } from '../../../../contract/money.ts';
import { concat, hex, unhex } from '../bytes.ts';
import { decode, encode, type Tlv, wrap } from '../tlv.ts';

/** Version of the format, in the challenge and in the delegation. */
export const VERSION = 1;
export const CHALLENGE_LENGTH = 31;
/** A token fits into one short response APDU. */
export const LARGEST_TOKEN = 256;

/** What the terminal asks a wallet to sign (docs/wallet-token.md, “Challenge”). */
export interface Challenge {
  /** Up to 8 characters, as in field 41 of ISO 8583. */
  readonly terminalId: string;
  readonly minor: number;
  readonly currency: Currency;
  /** The payment's STAN, six digits. */
  readonly sequence: number;
  /** Four random bytes. */
  readonly unpredictableNumber: Uint8Array;
  /** Local date and time at the counter, digits YYMMDD and hhmmss. */
  readonly date: string;
  readonly time: string;
  /** Whether the customer must be verified for this amount. */
  readonly verify: boolean;
}

const VERIFY = 0x80;

/** The 31 bytes of a challenge. */
export function challengeBytes(challenge: Challenge): Uint8Array {
  const digits = (value: number, count: number) => unhex(String(value).padStart(count, '0'));
  const { terminalId, minor, currency, sequence, unpredictableNumber, date, time, verify } = challenge;
  return concat(
    Uint8Array.of(VERSION, verify ? VERIFY : 0),
    new TextEncoder().encode(terminalId.padEnd(8)),
    digits(minor, 12),
    unhex(`0${currencyNumber(currency)}`),
    digits(sequence % 1_000_000, 6),
    unpredictableNumber,
    unhex(date),
    unhex(time),
  );
}

export type Algorithm = 'EdDSA' | 'ES256';

/** What an issuer signs for a wallet: who it is, its device's key, and its bounds. */
export interface Delegation {
  readonly issuer: string;
  /** Sixteen digits. */
  readonly wallet: string;
  readonly algorithm: Algorithm;
  /** Ed25519: 32 bytes; P-256: 33 bytes, compressed. */
  readonly deviceKey: Uint8Array;
  readonly ceilingMinor: number;
  /** ISO 4217 digits. */
  readonly currencyNumber: string;
  /** Last day on which it holds, YYMMDD. */
  readonly expiry: string;
}

/** A wallet token taken apart; nothing of it is verified yet. */
export interface Token {
  readonly delegation: Delegation;
  /** The device has verified its owner for this payment. */
  readonly verified: boolean;
  readonly counter: number;
  readonly challenge: Uint8Array;
  readonly issuerSignature: Uint8Array;
  readonly deviceSignature: Uint8Array;
  /** The bytes that issuer and device signed. */
  readonly signedByIssuer: Uint8Array;
  readonly signedByDevice: Uint8Array;
}

export type ReadToken = { readonly ok: true; readonly token: Token } | { readonly ok: false; readonly detail: string };

const SIGNATURE_LENGTH = 64;
const DATE = /^\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])$/;
const algorithms: Readonly<Record<number, { readonly name: Algorithm; readonly key: number }>> = {
  1: { name: 'EdDSA', key: 32 },
  2: { name: 'ES256', key: 33 },
};

/** Bytes before what is signed, so that no signature can stand for another kind. */
function domain(what: 'delegation' | 'payment'): Uint8Array {
  return new TextEncoder().encode(`wallet-token/1 ${what}\0`);
}

function no(detail: string): { readonly ok: false; readonly detail: string } {
  return { ok: false, detail };
}

/** The values of nodes that come in exactly this order, each once; undefined otherwise. */
function inOrder(nodes: readonly Tlv[] | undefined, tags: readonly string[]): readonly Uint8Array[] | undefined {
  if (nodes?.length !== tags.length || nodes.some((node, at) => node.tag !== tags[at])) return undefined;
  return nodes.map((node) => node.value);
}

function number(bytes: Uint8Array): number {
  return bytes.reduce((value, byte) => value * 256 + byte, 0);
}

function readDelegation(nodes: readonly Tlv[] | undefined): Delegation | string {
  const values = inOrder(nodes, ['C0', 'C1', 'C2', 'C3', 'C4', 'C5', 'C6']);
  if (!values) return 'delegation: objects';
  const [version, issuer, wallet, key, ceiling, currency, expiry] = values as [
    Uint8Array,
    Uint8Array,
    Uint8Array,
    Uint8Array,
    Uint8Array,
    Uint8Array,
    Uint8Array,
  ];
  if (hex(version) !== '01') return 'delegation: version';
  const name = Buffer.from(issuer).toString('latin1');
  if (!/^[0-9A-Za-z.-]{1,8}$/.test(name)) return 'delegation: issuer';
  if (!/^\d{16}$/.test(hex(wallet))) return 'delegation: wallet id';
  const algorithm = algorithms[key[0] ?? 0];
  if (!algorithm || key.length !== algorithm.key + 1) return 'delegation: device key';
  if (!/^\d{12}$/.test(hex(ceiling))) return 'delegation: ceiling';
  if (!/^0\d{3}$/.test(hex(currency))) return 'delegation: currency';
  if (!DATE.test(hex(expiry))) return 'delegation: expiry';
  return {
    issuer: name,
    wallet: hex(wallet),
    algorithm: algorithm.name,
    deviceKey: key.slice(1),
    ceilingMinor: Number(hex(ceiling)),
    currencyNumber: hex(currency).slice(1),
    expiry: hex(expiry),
  };
}

/** Takes a token apart. Anything but its exact form, shortest lengths included, is refused: a token has one encoding. */
export function readToken(bytes: Uint8Array): ReadToken {
  if (bytes.length > LARGEST_TOKEN) return no('too long');
  const read = decode(bytes);
  if (!read.ok) return no(`TLV ${read.code}`);
  const [root, ...more] = read.nodes;
  if (root?.tag !== 'E1' || more.length > 0) return no('not one template E1');
  const values = inOrder(root.children, ['E2', 'C7', 'C8', 'C9', 'CA', 'CB']);
  if (!values) return no('objects');
  const [, issuerSignature, verification, counter, challenge, deviceSignature] = values as readonly [
    Uint8Array,
    Uint8Array,
    Uint8Array,
    Uint8Array,
    Uint8Array,
    Uint8Array,
  ];
  const delegation = readDelegation(root.children?.[0]?.children);
  if (typeof delegation === 'string') return no(delegation);
  if (issuerSignature.length !== SIGNATURE_LENGTH) return no('issuer signature: length');
  if (!/^0[01]$/.test(hex(verification))) return no('verification');
  if (counter.length !== 4) return no('counter: length');
  if (challenge.length !== CHALLENGE_LENGTH) return no('challenge: length');
  if (deviceSignature.length !== SIGNATURE_LENGTH) return no('device signature: length');
  const parts = root.children?.[0]?.children ?? [];
  const signed = wrap('E2', ...parts.map(({ tag, value }) => encode(tag, value)));
  const token: Token = {
    delegation,
    verified: verification[0] === 1,
    counter: number(counter),
    challenge,
    issuerSignature,
    deviceSignature,
    signedByIssuer: concat(domain('delegation'), signed),
    signedByDevice: concat(domain('payment'), signed, verification, counter, challenge),
  };
  return hex(bytes) === hex(rebuilt(token, signed, counter)) ? { ok: true, token } : no('not the one encoding');
}

/** The token again from its parts: padding or long lengths in the original show as a difference. */
function rebuilt(token: Token, signed: Uint8Array, counter: Uint8Array): Uint8Array {
  return wrap(
    'E1',
    signed,
    encode('C7', token.issuerSignature),
    encode('C8', Uint8Array.of(token.verified ? 1 : 0)),
    encode('C9', counter),
    encode('CA', token.challenge),
    encode('CB', token.deviceSignature),
  );
}
