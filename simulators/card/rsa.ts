import { constants, createPrivateKey, generateKeyPair, type KeyObject, privateEncrypt } from 'node:crypto';
import { promisify } from 'node:util';
import * as z from 'zod';

/** A private RSA key as JSON Web Key: what the deck keeps in its folder. */
export const privateJwk = z.object({
  kty: z.literal('RSA'),
  n: z.string(),
  e: z.string(),
  d: z.string(),
  p: z.string(),
  q: z.string(),
  dp: z.string(),
  dq: z.string(),
  qi: z.string(),
});
export type PrivateJwk = z.infer<typeof privateJwk>;

/** An RSA key ready to sign, with its public part in EMV's form (big-endian, no sign byte). */
export interface SigningKey {
  readonly modulus: Buffer;
  readonly exponent: Buffer;
  readonly key: KeyObject;
}

/** Makes a key of `bits` with exponent 3, as EMV cards have. */
export async function makeKey(bits: number): Promise<PrivateJwk> {
  const pair = await promisify(generateKeyPair)('rsa', { modulusLength: bits, publicExponent: 3 });
  return privateJwk.parse(pair.privateKey.export({ format: 'jwk' }));
}

export function openKey(jwk: PrivateJwk): SigningKey {
  return {
    modulus: Buffer.from(jwk.n, 'base64url'),
    exponent: Buffer.from(jwk.e, 'base64url'),
    key: createPrivateKey({ key: jwk, format: 'jwk' }),
  };
}

/** The RSA private operation without padding: EMV signatures carry their own format (EMV Book 2, A2.1). */
export function sign(key: SigningKey, block: Uint8Array): Buffer {
  return privateEncrypt({ key: key.key, padding: constants.RSA_NO_PADDING }, block);
}
