import { z } from '../../../../contract/schema.ts';
import { type IssuerJwk, issuerKey } from './keys.ts';

const coordinate = z.string().regex(/^[A-Za-z0-9_-]{43}$/);

function isKey(jwk: IssuerJwk): boolean {
  try {
    issuerKey(jwk);
    return true;
  } catch {
    return false;
  }
}

/** An issuer of closed-loop wallets: its name in their tokens, and its public key as JWK (RFC 7517, RFC 8037). */
const Issuer = z
  .discriminatedUnion('alg', [
    z.strictObject({
      id: z.string().regex(/^[0-9A-Za-z.-]{1,8}$/),
      alg: z.literal('EdDSA'),
      jwk: z.strictObject({ kty: z.literal('OKP'), crv: z.literal('Ed25519'), x: coordinate }),
    }),
    z.strictObject({
      id: z.string().regex(/^[0-9A-Za-z.-]{1,8}$/),
      alg: z.literal('ES256'),
      jwk: z.strictObject({ kty: z.literal('EC'), crv: z.literal('P-256'), x: coordinate, y: coordinate }),
    }),
  ])
  .refine(({ jwk }) => isKey(jwk), { error: 'not a public key', path: ['jwk'] });
export type Issuer = z.infer<typeof Issuer>;

/** The acquirer profile's `closedLoop`: the bank's own wallet (docs/wallet-token.md). */
export const ClosedLoop = z.strictObject({
  /** A proprietary AID: its first half-byte is F (ISO/IEC 7816-5, 5.2). */
  aid: z
    .string()
    .regex(/^[Ff](?:[0-9A-Fa-f]{2}){4,15}[0-9A-Fa-f]$/)
    .toUpperCase(),
  /** What screens and receipts call it. */
  label: z.string().min(1).max(16).default('Wallet'),
  issuers: z.array(Issuer).min(1).max(16),
});
export type ClosedLoop = z.infer<typeof ClosedLoop>;
