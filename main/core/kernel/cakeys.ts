import { createHash, createPublicKey, verify } from 'node:crypto';
import { z } from '../../../contract/schema.ts';
import { CaKey, type CardRules } from './config.ts';

export type CaKeysFile =
  | {
      readonly ok: true;
      readonly keys: readonly CaKey[];
      /** Thumbprint of the signer's key (RFC 7638); undefined for a file that nobody signed. */
      readonly signer?: string;
    }
  | {
      readonly ok: false;
      readonly code: 'ca-keys-damaged' | 'ca-keys-invalid' | 'ca-keys-forged' | 'ca-keys-foreign' | 'ca-keys-expired';
      readonly detail: string;
    };

const Keys = z.array(CaKey).max(256);
const coordinate = z.string().regex(/^[A-Za-z0-9_-]{43}$/);
const Signed = z.strictObject({
  keys: Keys,
  /** Last day of the file, YYYY-MM-DD. */
  expires: z.iso.date(),
  signer: z.strictObject({ kty: z.literal('OKP'), crv: z.literal('Ed25519'), x: coordinate }),
  signature: z.string().regex(/^[A-Za-z0-9_-]{86}$/),
});

/**
 * What the signature of a CA file covers: `expires` and `keys` as JSON without spaces, members in the order of their
 * names (RFC 8785), all hex in upper case.
 */
export function caKeysContent(expires: string, keys: readonly CaKey[]): string {
  const ordered = keys.map(({ expires: until, exponent, index, modulus, rid, sha1 }) => ({
    ...(until === undefined ? {} : { expires: until }),
    exponent,
    index,
    modulus,
    rid,
    sha1,
  }));
  return JSON.stringify({ expires, keys: ordered });
}

function thumbprint(x: string): string {
  return createHash('sha256')
    .update(JSON.stringify({ crv: 'Ed25519', kty: 'OKP', x }))
    .digest('base64url');
}

function fits(file: z.infer<typeof Signed>): boolean {
  const { kty, crv, x } = file.signer;
  const key = createPublicKey({ format: 'jwk', key: { kty, crv, x } });
  const content = Buffer.from(caKeysContent(file.expires, file.keys));
  return verify(null, content, key, Buffer.from(file.signature, 'base64url'));
}

function invalid(error: z.ZodError): CaKeysFile {
  const issue = error.issues[0];
  return { ok: false, code: 'ca-keys-invalid', detail: `${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}` };
}

function signedKeys(json: unknown, trusted: { readonly signer: string; readonly today: string }): CaKeysFile {
  const file = Signed.safeParse(json);
  if (!file.success) return invalid(file.error);
  if (!fits(file.data)) return { ok: false, code: 'ca-keys-forged', detail: 'the signature does not fit the keys' };
  const signer = thumbprint(file.data.signer.x);
  if (signer !== trusted.signer) return { ok: false, code: 'ca-keys-foreign', detail: `signed by ${signer}` };
  if (file.data.expires < trusted.today) {
    return { ok: false, code: 'ca-keys-expired', detail: `the file ended on ${file.data.expires}` };
  }
  return { ok: true, keys: file.data.keys, signer };
}

/**
 * Reads a file of CA keys: a plain JSON list of `{rid, index, exponent, modulus, sha1}`, or a signed object
 * `{keys, expires, signer, signature}` (Ed25519), which counts only when `trusted` names its signer. `today` is
 * YYYY-MM-DD. Each key is checked against its hash.
 */
export function readCaKeys(text: string, trusted?: { readonly signer: string; readonly today: string }): CaKeysFile {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return { ok: false, code: 'ca-keys-damaged', detail: 'the file is not JSON' };
  }
  const signed = typeof json === 'object' && json !== null && !Array.isArray(json) && 'signature' in json;
  if (signed) {
    return trusted
      ? signedKeys(json, trusted)
      : { ok: false, code: 'ca-keys-foreign', detail: 'no signer is trusted here' };
  }
  const keys = Keys.safeParse(json);
  return keys.success ? { ok: true, keys: keys.data } : invalid(keys.error);
}

/**
 * The same rules with further CA keys; one with the RID and index of an old one takes its place. Where nobody signed
 * them, every card that is read says so.
 */
export function withCaKeys(rules: CardRules, keys: readonly CaKey[], signed = false): CardRules {
  const others = rules.caKeys.filter((old) => !keys.some((key) => key.rid === old.rid && key.index === old.index));
  const caKeys = [...others, ...keys];
  return signed ? { ...rules, caKeys } : { ...rules, caKeys, keys: 'unsigned' };
}
