import { createHash } from 'node:crypto';
import { type SigningKey, sign } from './rsa.ts';
import { hex } from './tlv.ts';

const sha1 = (...parts: readonly Uint8Array[]): Buffer => {
  const hash = createHash('sha1');
  for (const part of parts) hash.update(part);
  return hash.digest();
};

/** Hash over a CA public key record: RID, index, modulus, exponent (EMV Book 2, table 4). */
export function caHash(rid: string, index: string, key: SigningKey): Buffer {
  return sha1(hex(rid), hex(index), key.modulus, key.exponent);
}

/** A certificate and the part of the certified modulus that did not fit into it (tags 92, 9F48). */
export interface Certified {
  readonly certificate: Buffer;
  readonly remainder: Buffer;
}

/** One place of a signed block that can be wrong, all others being right. */
export type BlockFault = 'header' | 'trailer' | 'format' | 'algorithm' | 'hash' | 'padding';

/**
 * Signs header 6A, a body, the hash over the body and `suffix`, and trailer BC (EMV Book 2, A2.1). `format` and
 * `algorithm` change the body before it is hashed, at the offsets where every block has them; the others spoil the frame.
 */
function signedBlock(
  key: SigningKey,
  body: Buffer,
  algorithmAt: number,
  suffix: Uint8Array,
  fault?: BlockFault,
): Buffer {
  const changed = Buffer.from(body);
  if (fault === 'format') changed[0] = 0x0f;
  if (fault === 'algorithm') changed[algorithmAt] = 0x07;
  if (fault === 'padding') changed[changed.length - 1] = 0xba;
  const hash = sha1(changed, suffix);
  if (fault === 'hash') hash[0] = (hash[0] ?? 0) ^ 1;
  const [header, trailer] = [fault === 'header' ? '6B' : '6A', fault === 'trailer' ? 'BD' : 'BC'];
  return sign(key, Buffer.concat([hex(header), changed, hash, hex(trailer)]));
}

/**
 * Signs another key. `header` is everything from the format byte up to the hash algorithm; `suffix` is what the hash
 * covers beyond the certificate: nothing for an issuer, the static data for a card (EMV Book 2, 5.1 and 6.1).
 */
function certify(
  by: SigningKey,
  header: Uint8Array,
  subject: SigningKey,
  suffix: Uint8Array,
  fault?: BlockFault,
): Certified {
  const room = by.modulus.length - header.length - 26;
  const left = Buffer.alloc(room, 0xbb);
  subject.modulus.copy(left, 0, 0, Math.min(room, subject.modulus.length));
  const remainder = subject.modulus.subarray(Math.min(room, subject.modulus.length));
  const body = Buffer.concat([
    header,
    Buffer.from([0x01, 0x01, subject.modulus.length, subject.exponent.length]),
    left,
  ]);
  const covered = Buffer.concat([remainder, subject.exponent, suffix]);
  return { certificate: signedBlock(by, body, header.length, covered, fault), remainder };
}

/** What an issuer certificate says. `identifier` is 4 bytes: leading PAN digits filled with F; `expiry` is MMYY. */
export interface IssuerParts {
  readonly identifier: string;
  readonly expiry: string;
  readonly serial: string;
}

/** Issuer public key certificate, tag 90. */
export function issuerCertificate(
  ca: SigningKey,
  issuer: SigningKey,
  parts: IssuerParts,
  fault?: BlockFault,
): Certified {
  const header = Buffer.concat([hex('02'), hex(parts.identifier), hex(parts.expiry), hex(parts.serial)]);
  return certify(ca, header, issuer, Buffer.alloc(0), fault);
}

/** Card (ICC) public key certificate, tag 9F46, over the card's static data. */
export function cardCertificate(
  issuer: SigningKey,
  card: SigningKey,
  parts: { readonly pan: string; readonly expiry: string },
  staticData: Uint8Array,
  fault?: BlockFault,
): Certified {
  const header = Buffer.concat([hex('04'), hex(parts.pan.padEnd(20, 'F')), hex(parts.expiry), hex('000017')]);
  return certify(issuer, header, card, staticData, fault);
}

/**
 * Signed dynamic application data, tag 9F4B: format 95 for fDDA version 01, 05 for CDA. `terminal` is what the terminal
 * must hash too: unpredictable number, amount, currency and card authentication related data, or the unpredictable number
 * alone (EMV Book 2, 6.5 and 6.6).
 */
export function dynamicSignature(
  card: SigningKey,
  format: '95' | '05',
  data: Uint8Array,
  terminal: Uint8Array,
  fault?: BlockFault,
): Buffer {
  const pad = Buffer.alloc(card.modulus.length - 25 - data.length, 0xbb);
  const body = Buffer.concat([hex(format), hex('01'), Buffer.from([data.length]), data, pad]);
  return signedBlock(card, body, 1, terminal, fault);
}
