import { createHmac, createPrivateKey, sign } from 'node:crypto';
import { z } from 'zod';
import type { Identity } from './identity.ts';
import { canonical, type Json } from './profile.ts';

/** What the bank lets its terminals fetch (docs/bank-link.md, "Parameters"). */
export const Published = z.strictObject({
  version: z.int().min(1),
  /** Members of the profile that change. */
  terms: z.record(z.string(), z.json()).optional(),
  /** Card numbers that are not to be taken any more; the terminals get their tokens. */
  blocked: z.array(z.string().regex(/^\d{12,19}$/)).optional(),
  /** Bends the signature, as somebody on the way may. */
  forge: z.literal(true).optional(),
});
export type Published = z.infer<typeof Published>;

/** The token under which terminals look for a card number. */
function blockToken(masterKey: string, pan: string): string {
  const key = createHmac('sha256', Buffer.from(masterKey, 'hex')).update('card block list').digest();
  return createHmac('sha256', key).update(pan).digest('hex').slice(0, 32);
}

/** The signed bundle as it is sent. */
export function bundleOf({ signing, masterKey }: Identity, { version, terms, blocked, forge }: Published): Buffer {
  const parameters: Json = {
    version,
    id: 'virtual-bank',
    ...(terms === undefined ? {} : { terms }),
    ...(blocked === undefined
      ? {}
      : { blocked: { version, tokens: blocked.map((pan) => blockToken(masterKey, pan)) } }),
  };
  const { kty, crv, x } = signing;
  const signature = sign(
    null,
    Buffer.from(canonical(parameters)),
    createPrivateKey({ key: { ...signing }, format: 'jwk' }),
  );
  if (forge) signature[0] = (signature[0] ?? 0) ^ 1;
  const signed = { parameters, signer: { kty, crv, x }, signature: signature.toString('base64url') };
  return Buffer.from(JSON.stringify(signed));
}

/** The part of a bundle that a question over ISO 8583 asks for: version, length, next bytes. Undefined for no question. */
export function partOf(
  question: string,
  bundle: { readonly version: number; readonly bytes: Buffer } | undefined,
  most: number,
): string | undefined {
  const match = /^(\d{9})(\d{9})$/.exec(question);
  if (match === null) return undefined;
  const digits = (value: number) => String(value).padStart(9, '0');
  if (bundle === undefined || bundle.version <= Number(match[1])) return digits(bundle?.version ?? 0) + digits(0);
  const from = Number(match[2]);
  const part = bundle.bytes.subarray(from, from + most).toString('base64url');
  return digits(bundle.version) + digits(bundle.bytes.length) + part;
}
