import { createPrivateKey } from 'node:crypto';
import { compactDecrypt } from 'jose';
import { z } from 'zod';
import type { Identity } from './identity.ts';

const Sealed = z.strictObject({
  pan: z.string().regex(/^\d{12,19}$/),
  track2: z.string().regex(/^[0-9A-Fa-f]*$/),
  expiry: z.string().regex(/^\d{4}$/),
});

const SealedToken = z.strictObject({ walletToken: z.string().regex(/^[A-Za-z0-9_-]{1,400}$/) });

/** What the terminal sealed of a card. It lives only while its message is dealt with. */
export type CardSecrets = z.infer<typeof Sealed>;
/** What the terminal sealed of the bank's own wallet: its token, base64url (docs/wallet-token.md). */
export type WalletSecrets = z.infer<typeof SealedToken>;
export type Secrets = CardSecrets | WalletSecrets;

/** Makes the function that opens DE 48. Undefined for anything not sealed to this bank in the agreed way. */
export function cardOpener(sealing: Identity['sealing']): (sealed: string) => Promise<Secrets | undefined> {
  const key = createPrivateKey({ key: { ...sealing.jwk }, format: 'jwk' });
  return async (sealed) => {
    try {
      const { plaintext, protectedHeader } = await compactDecrypt(sealed, key, {
        keyManagementAlgorithms: ['ECDH-ES'],
        contentEncryptionAlgorithms: ['A256GCM'],
      });
      if (protectedHeader.kid !== sealing.kid) return undefined;
      return z.union([Sealed, SealedToken]).parse(JSON.parse(new TextDecoder().decode(plaintext)));
    } catch {
      return undefined;
    }
  };
}

/** First six and last four digits. */
export function masked(pan: string): string {
  return pan.slice(0, 6) + '*'.repeat(pan.length - 10) + pan.slice(-4);
}

/** Check digit of ISO/IEC 7812-1 annex B. */
export function luhnValid(pan: string): boolean {
  const sum = [...pan].reverse().reduce((total, digit, index) => {
    const value = Number(digit) * (index % 2 === 0 ? 1 : 2);
    return total + (value > 9 ? value - 9 : value);
  }, 0);
  return sum % 10 === 0;
}

export function schemeOf(pan: string): 'unionpay' | 'visa' | 'mastercard' | undefined {
  if (/^(62|81)/.test(pan)) return 'unionpay';
  if (pan.startsWith('4')) return 'visa';
  if (pan.startsWith('5')) return 'mastercard';
  return undefined;
}

/** Primitive data objects of a BER-TLV string at its top level, tag → value (hex). Undefined when it is not well formed. */
export function readIccData(text: string): ReadonlyMap<string, string> | undefined {
  const bytes = Buffer.from(text, 'hex');
  const found = new Map<string, string>();
  let at = 0;
  const next = () => bytes[at++] ?? -1;
  while (at < bytes.length) {
    const start = at;
    if ((next() & 0x1f) === 0x1f)
      while (at < bytes.length && (next() & 0x80) !== 0) if (at - start > 3) return undefined;
    const tag = bytes.subarray(start, at).toString('hex').toUpperCase();
    let length = next();
    if (length === 0x81) length = next();
    else if (length > 0x7f) return undefined;
    if (length < 0 || at + length > bytes.length || found.has(tag)) return undefined;
    found.set(
      tag,
      bytes
        .subarray(at, at + length)
        .toString('hex')
        .toUpperCase(),
    );
    at += length;
  }
  return found;
}
