import { createHash, createHmac, createPublicKey, verify } from 'node:crypto';
import { z } from '../../../contract/schema.ts';
import { canonical } from '../store/canonical.ts';

/**
 * The key of block tokens: HMAC-SHA-256 of the terminal master key over `card block list`. The acquirer has the master key
 * too, so that it can name cards to this terminal, and a list that is lost tells nobody else a card number. Undefined
 * without a master key.
 */
export function blockKey(masterKey: string | undefined): Uint8Array | undefined {
  if (masterKey === undefined) return undefined;
  return createHmac('sha256', Buffer.from(masterKey, 'hex')).update('card block list').digest();
}

const Content = z.strictObject({
  version: z.int().min(1),
  tokens: z.array(z.string().regex(/^[0-9a-f]{32}$/)).max(50_000),
});
const Signed = Content.extend({
  signer: z.strictObject({
    kty: z.literal('OKP'),
    crv: z.literal('Ed25519'),
    x: z.string().regex(/^[A-Za-z0-9_-]{43}$/),
  }),
  signature: z.string().regex(/^[A-Za-z0-9_-]{86}$/),
});

export type BlockFile =
  | { readonly ok: true; readonly version: number; readonly tokens: readonly string[] }
  | {
      readonly ok: false;
      readonly code: 'blocklist-damaged' | 'blocklist-forged' | 'blocklist-foreign';
      readonly detail: string;
    };

/** What a list's signature covers: `tokens` and `version` as canonical JSON (RFC 8785). */
export function blockContent(version: number, tokens: readonly string[]): string {
  return canonical({ tokens, version }) ?? '';
}

/**
 * Reads a block list in a file: `{version, tokens, signer, signature}`, signed with Ed25519 by `signer`, the thumbprint
 * (RFC 7638) of whoever signed the acquirer profile.
 */
export function readBlockFile(text: string, signer: string): BlockFile {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return { ok: false, code: 'blocklist-damaged', detail: 'the file is not JSON' };
  }
  const read = Signed.safeParse(json);
  if (!read.success) {
    const [issue] = read.error.issues;
    return { ok: false, code: 'blocklist-damaged', detail: `${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}` };
  }
  const { version, tokens, signature } = read.data;
  const { kty, crv, x } = read.data.signer;
  const key = createPublicKey({ format: 'jwk', key: { kty, crv, x } });
  if (!verify(null, Buffer.from(blockContent(version, tokens)), key, Buffer.from(signature, 'base64url'))) {
    return { ok: false, code: 'blocklist-forged', detail: 'the signature does not fit the list' };
  }
  const thumbprint = createHash('sha256').update(`{"crv":"Ed25519","kty":"OKP","x":"${x}"}`).digest('base64url');
  if (thumbprint !== signer) return { ok: false, code: 'blocklist-foreign', detail: `signed by ${thumbprint}` };
  return { ok: true, version, tokens };
}
