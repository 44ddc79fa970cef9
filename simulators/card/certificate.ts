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

/**
 * Signs another key. `header` is everything from the format byte up to the hash algorithm; `suffix` is what the hash
 * covers beyond the certificate: nothing for an issuer, the static data for a card (EMV Book 2, 5.1 and 6.1).
 */
function certify(by: SigningKey, header: Uint8Array, subject: SigningKey, suffix: Uint8Array): Certified {
  const room = by.modulus.length - header.length - 26;
  const left = Buffer.alloc(room, 0xbb);
  subject.modulus.copy(left, 0, 0, Math.min(room, subject.modulus.length));
  const remainder = subject.modulus.subarray(Math.min(room, subject.modulus.length));
  const body = Buffer.concat([
    header,
    Buffer.from([0x01, 0x01, subject.modulus.length, subject.exponent.length]),
    left,
  ]);
  const hash = sha1(body, remainder, subject.exponent, suffix);
  return { certificate: sign(by, Buffer.concat([hex('6A'), body, hash, hex('BC')])), remainder };
}

/** Issuer public key certificate, tag 90. `identifier` is 4 bytes: leading PAN digits filled with F; `expiry` is MMYY. */
export function issuerCertificate(ca: SigningKey, issuer: SigningKey, identifier: string, expiry: string): Certified {
  return certify(ca, Buffer.concat([hex('02'), hex(identifier), hex(expiry), hex('000001')]), issuer, Buffer.alloc(0));
}

/** Card (ICC) public key certificate, tag 9F46, over the card's static data. */
export function cardCertificate(
  issuer: SigningKey,
  card: SigningKey,
  pan: string,
  expiry: string,
  staticData: Uint8Array,
): Certified {
  const header = Buffer.concat([hex('04'), hex(pan.padEnd(20, 'F')), hex(expiry), hex('000017')]);
  return certify(issuer, header, card, staticData);
}

/**
 * Signed dynamic application data of fDDA version 01, format 95, tag 9F4B: `terminal` is what the terminal must hash too,
 * unpredictable number, amount, currency and card authentication related data (tags 9F37, 9F02, 5F2A, 9F69).
 */
export function dynamicSignature(card: SigningKey, dynamicNumber: Uint8Array, terminal: Uint8Array): Buffer {
  const data = Buffer.concat([Buffer.from([dynamicNumber.length]), dynamicNumber]);
  const pad = Buffer.alloc(card.modulus.length - 25 - data.length, 0xbb);
  const body = Buffer.concat([hex('95 01'), Buffer.from([data.length]), data, pad]);
  return sign(card, Buffer.concat([hex('6A'), body, sha1(body, terminal), hex('BC')]));
}
