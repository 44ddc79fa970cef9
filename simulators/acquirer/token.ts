import { createPublicKey, type JsonWebKey, type KeyObject, verify } from 'node:crypto';
import type { WalletIssuer } from './profile.ts';

/** What a wallet token says, once both its signatures were found right (docs/wallet-token.md). */
export interface WalletToken {
  /** Sixteen digits. */
  readonly wallet: string;
  readonly ceiling: number;
  /** ISO 4217 digits. */
  readonly currency: string;
  /** YYMMDD. */
  readonly expiry: string;
  readonly counter: number;
  readonly challenge: {
    readonly terminal: string;
    readonly amount: number;
    readonly currency: string;
    readonly stan: number;
    /** YYMMDD. */
    readonly date: string;
  };
}

/** Cuts a token into its objects, which follow each other in one order and without a gap. */
class Cutter {
  readonly #bytes: Buffer;
  #at = 0;
  ok = true;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get at(): number {
    return this.#at;
  }

  /** The value of the next object, which must have this tag and a length within the bounds. */
  take(tag: number, least: number, most = least): Buffer {
    const [head, first = 0, second = 0] = this.#bytes.subarray(this.#at, this.#at + 3);
    const long = first === 0x81;
    const length = long ? second : first;
    const from = this.#at + (long ? 3 : 2);
    const right = head === tag && long === length > 0x7f && length >= least && length <= most;
    if (!right || from + length > this.#bytes.length) this.ok = false;
    this.#at = from + length;
    return this.#bytes.subarray(from, from + length);
  }

  /** Steps into the next object; gives the length that it says it has. */
  enter(tag: number): number {
    const start = this.#at;
    const { length } = this.take(tag, 1, 256);
    this.#at = this.ok ? this.#at - length : start;
    return length;
  }

  get done(): boolean {
    return this.#at === this.#bytes.length;
  }
}

const delegationMark = Buffer.from('wallet-token/1 delegation\0', 'latin1');
const paymentMark = Buffer.from('wallet-token/1 payment\0', 'latin1');

const digits = (bytes: Buffer) => bytes.toString('hex');
const isDigits = (bytes: Buffer) => /^\d+$/.test(digits(bytes));

/** SubjectPublicKeyInfo for 33 bytes of a compressed P-256 point, and for 32 of Ed25519. */
const heads = {
  1: '302a300506032b6570032100',
  2: '3039301306072a8648ce3d020106082a8648ce3d030107032200',
} as const;

function deviceKey(part: Buffer): KeyObject | undefined {
  const kind = part[0];
  if ((kind !== 1 || part.length !== 33) && (kind !== 2 || part.length !== 34)) return undefined;
  try {
    const key = Buffer.concat([Buffer.from(heads[kind], 'hex'), part.subarray(1)]);
    return createPublicKey({ key, format: 'der', type: 'spki' });
  } catch {
    return undefined;
  }
}

function holds(key: KeyObject, signature: Buffer, ...parts: readonly Buffer[]): boolean {
  const signed = Buffer.concat(parts);
  if (key.asymmetricKeyType === 'ed25519') return verify(null, signed, key, signature);
  return verify('sha256', signed, { key, dsaEncoding: 'ieee-p1363' }, signature);
}

function issuerKey(issuer: WalletIssuer): KeyObject {
  const jwk: JsonWebKey = { ...issuer.jwk };
  return createPublicKey({ key: jwk, format: 'jwk' });
}

/** Opens a token, base64url, and checks both signatures. Undefined for one that is not to be believed. */
export function openToken(text: string, issuers: readonly WalletIssuer[]): WalletToken | undefined {
  const bytes = Buffer.from(text, 'base64url');
  const cut = new Cutter(bytes);
  const whole = cut.enter(0xe1);
  const start = cut.at;
  const inner = cut.enter(0xe2);
  const from = cut.at;
  const version = cut.take(0xc0, 1);
  const name = cut.take(0xc1, 1, 8).toString('latin1');
  const wallet = cut.take(0xc2, 8);
  const device = cut.take(0xc3, 33, 34);
  const ceiling = cut.take(0xc4, 6);
  const currency = cut.take(0xc5, 2);
  const expiry = cut.take(0xc6, 3);
  const delegation = bytes.subarray(start, cut.at);
  const byIssuer = cut.take(0xc7, 64);
  const verification = cut.take(0xc8, 1);
  const counter = cut.take(0xc9, 4);
  const challenge = cut.take(0xca, 31);
  const byDevice = cut.take(0xcb, 64);
  if (!cut.ok || !cut.done || version[0] !== 1 || challenge[0] !== 1) return undefined;
  if (whole !== bytes.length - start || start + delegation.length !== from + inner) return undefined;
  if (![wallet, ceiling, currency, expiry, challenge.subarray(10, 21)].every(isDigits)) return undefined;
  const issuer = issuers.find((one) => one.id === name);
  const key = deviceKey(device);
  if (issuer === undefined || key === undefined) return undefined;
  if (!holds(issuerKey(issuer), byIssuer, delegationMark, delegation)) return undefined;
  if (!holds(key, byDevice, paymentMark, delegation, verification, counter, challenge)) return undefined;
  return {
    wallet: digits(wallet),
    ceiling: Number(digits(ceiling)),
    currency: digits(currency).slice(1),
    expiry: digits(expiry),
    counter: counter.readUInt32BE(),
    challenge: {
      terminal: challenge.subarray(2, 10).toString('latin1').trimEnd(),
      amount: Number(digits(challenge.subarray(10, 16))),
      currency: digits(challenge.subarray(16, 18)).slice(1),
      stan: Number(digits(challenge.subarray(18, 21))),
      date: digits(challenge.subarray(25, 28)),
    },
  };
}
