import { createHmac, createPublicKey, type KeyObject } from 'node:crypto';
import { CompactEncrypt } from 'jose';
import type { CardSecrets, Vault } from './outcome.ts';

/** An acquirer's sealing key: a P-256 public key and its name. */
export interface SealingKey {
  readonly kid: string;
  readonly jwk: { readonly kty: 'EC'; readonly crv: 'P-256'; readonly x: string; readonly y: string };
}

const SHORTEST_TOKEN_KEY = 16;

function publicKey({ jwk }: SealingKey): KeyObject {
  const { kty, crv, x, y } = jwk;
  if (kty !== 'EC' || crv !== 'P-256') throw new RangeError('the sealing key is not a P-256 key');
  return createPublicKey({ format: 'jwk', key: { kty, crv, x, y } });
}

function tokenOf(key: Uint8Array, pan: string): string {
  return createHmac('sha256', key).update(pan).digest('hex').slice(0, 32);
}

/** Just these: what else an object may carry is not sealed by accident. */
function cardSecrets({ pan, track2, expiry }: CardSecrets): CardSecrets {
  return { pan, track2, expiry };
}

/**
 * A vault that seals to the acquirer (compact JWE, ECDH-ES direct agreement and A256GCM) and tokens with the terminal's
 * own key, for block lists with one that the acquirer has too (HMAC-SHA-256, first 16 bytes). It keeps nothing that opens
 * a seal. Throws when a key is not a valid one.
 */
export function openVault(sealing: SealingKey, tokenKey: Uint8Array, blockKey = tokenKey): Vault {
  if (Math.min(tokenKey.length, blockKey.length) < SHORTEST_TOKEN_KEY) throw new RangeError('a token key is too short');
  const key = publicKey(sealing);
  const [own, shared] = [Uint8Array.from(tokenKey), Uint8Array.from(blockKey)];
  return {
    async seal(secrets) {
      const kept = 'pan' in secrets ? cardSecrets(secrets) : { walletToken: secrets.walletToken };
      const plain = new TextEncoder().encode(JSON.stringify(kept));
      return new CompactEncrypt(plain)
        .setProtectedHeader({ alg: 'ECDH-ES', enc: 'A256GCM', kid: sealing.kid })
        .encrypt(key);
    },
    token: (pan) => tokenOf(own, pan),
    blockToken: (pan) => tokenOf(shared, pan),
  };
}
