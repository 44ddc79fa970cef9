import { createPublicKey, ECDH, type KeyObject, verify } from 'node:crypto';
import { concat, unhex } from '../bytes.ts';
import type { Algorithm } from './format.ts';

/** SubjectPublicKeyInfo up to the key's own bytes (RFC 8410 clause 4; RFC 5480 clause 2, uncompressed point). */
const ED25519 = unhex('302A300506032B6570032100');
const P256 = unhex('3059301306072A8648CE3D020106082A8648CE3D030107034200');

function spki(head: Uint8Array, key: Uint8Array): KeyObject {
  return createPublicKey({ key: Buffer.from(concat(head, key)), format: 'der', type: 'spki' });
}

/** An issuer's public key as JWK (RFC 7517, RFC 8037). */
export type IssuerJwk =
  | { readonly kty: 'OKP'; readonly crv: 'Ed25519'; readonly x: string }
  | { readonly kty: 'EC'; readonly crv: 'P-256'; readonly x: string; readonly y: string };

/** An issuer's key. Throws when its coordinates are no point of the curve. */
export function issuerKey(jwk: IssuerJwk): KeyObject {
  const bytes = (text: string) => new Uint8Array(Buffer.from(text, 'base64url'));
  return jwk.kty === 'OKP' ? spki(ED25519, bytes(jwk.x)) : spki(P256, concat(unhex('04'), bytes(jwk.x), bytes(jwk.y)));
}

/** A wallet device's key; undefined when its bytes are no point of the curve. */
export function deviceKey(algorithm: Algorithm, key: Uint8Array): KeyObject | undefined {
  try {
    if (algorithm === 'EdDSA') return spki(ED25519, key);
    const point = ECDH.convertKey(key, 'prime256v1', undefined, undefined, 'uncompressed');
    return typeof point === 'string' ? undefined : spki(P256, point);
  } catch {
    return undefined;
  }
}

/** A signature of 64 bytes: Ed25519 (RFC 8032) or ECDSA with SHA-256, r and s side by side (IEEE P1363). */
export function holds(algorithm: Algorithm, key: KeyObject, signed: Uint8Array, signature: Uint8Array): boolean {
  return algorithm === 'EdDSA'
    ? verify(null, signed, key, signature)
    : verify('sha256', signed, { key, dsaEncoding: 'ieee-p1363' }, signature);
}
