import { createHash } from 'node:crypto';
import { z } from '../../../contract/schema.ts';
import { concat, hex, unhex } from './bytes.ts';

const upperHex = (pattern: RegExp) => z.string().regex(pattern).toUpperCase();

interface KeyParts {
  readonly rid: string;
  readonly index: string;
  readonly modulus: string;
  readonly exponent: string;
}

/** SHA-1 of RID, index, modulus and exponent: the check value published with a CA key (EMV Book 2, 11.2.2). */
export function caKeyHash(key: KeyParts): string {
  const bytes = concat(unhex(key.rid), unhex(key.index), unhex(key.modulus), unhex(key.exponent));
  return hex(createHash('sha1').update(bytes).digest());
}

/** A certification authority's public key. All hex; the modulus has 64 to 248 bytes, the exponent is 3 or 65537. */
export const CaKey = z
  .strictObject({
    rid: upperHex(/^[0-9A-Fa-f]{10}$/),
    index: upperHex(/^[0-9A-Fa-f]{2}$/),
    modulus: upperHex(/^[89A-Fa-f](?:[0-9A-Fa-f]{2}){63,247}[0-9A-Fa-f]$/),
    exponent: upperHex(/^(?:03|010001)$/),
    sha1: upperHex(/^[0-9A-Fa-f]{40}$/),
  })
  .refine((key) => caKeyHash(key) === key.sha1, { error: 'the hash of the CA key does not match', path: ['sha1'] });
export type CaKey = z.infer<typeof CaKey>;

/** An application the counter takes: cards whose AID starts with `aid`. */
export const CardApplication = z.strictObject({
  aid: upperHex(/^(?:[0-9A-Fa-f]{2}){5,16}$/),
  kernel: z.union([z.literal(2), z.literal(3), z.literal(7)]),
  scheme: z.enum(['unionpay', 'visa', 'mastercard', 'jcb']),
  /** Application version this terminal states (tag 9F09). Left out: the kernel's own. */
  version: upperHex(/^[0-9A-Fa-f]{4}$/).optional(),
});
export type CardApplication = z.infer<typeof CardApplication>;

/** The acquirer profile's `cards`. */
export const CardRules = z.strictObject({
  /** ISO 3166-1 numeric code of the counter's country (tag 9F1A). */
  country: z.string().regex(/^\d{3}$/),
  /**
   * Terminal transaction qualifiers (tag 9F66), the constant bits. CVM required is set by amount. Online PIN is taken out,
   * because this terminal has no place to enter one; for kernel 3, offline authentication of online payments is put in.
   */
  ttq: upperHex(/^[0-9A-Fa-f]{8}$/),
  applications: z.array(CardApplication).min(1).max(64),
  caKeys: z.array(CaKey).max(256),
  /** Tags 9F33, 9F35 and 9F1E. Left out: signature and no CVM, DDA; attended, online with offline; zeros. */
  capabilities: upperHex(/^[0-9A-Fa-f]{6}$/).optional(),
  terminalType: z
    .string()
    .regex(/^\d{2}$/)
    .optional(),
  serial: z
    .string()
    .regex(/^[0-9A-Za-z]{8}$/)
    .optional(),
  /** Longest time for one exchange, and for the whole dialogue with a card. */
  exchangeMs: z.int().min(100).max(10_000).default(2_000),
  dialogueMs: z.int().min(500).max(60_000).default(10_000),
});
export type CardRules = z.infer<typeof CardRules>;

/** The acquirer profile's `limits`, in minor units of its currency. */
export const CardLimits = z.strictObject({
  /** Largest payment of any kind. */
  maxMinor: z.int().positive(),
  /** Largest contactless payment. */
  contactlessMinor: z.int().positive(),
  /** From this amount on the cardholder must be verified. */
  cvmMinor: z.int().nonnegative(),
});
export type CardLimits = z.infer<typeof CardLimits>;

/** What the kernel goes by: the acquirer profile's `cards` and `limits`; the profile itself will do. */
export const CardConfig = z.object({ cards: CardRules, limits: CardLimits });
export type CardConfig = z.infer<typeof CardConfig>;

export type CaKeysFile =
  | { readonly ok: true; readonly keys: readonly CaKey[] }
  | { readonly ok: false; readonly code: 'ca-keys-damaged' | 'ca-keys-invalid'; readonly detail: string };

/** Reads a file of CA keys: a JSON list of `{rid, index, exponent, modulus, sha1}`, each checked against its hash. */
export function readCaKeys(text: string): CaKeysFile {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return { ok: false, code: 'ca-keys-damaged', detail: 'the file is not JSON' };
  }
  const keys = z.array(CaKey).max(256).safeParse(json);
  if (keys.success) return { ok: true, keys: keys.data };
  const issue = keys.error.issues[0];
  return { ok: false, code: 'ca-keys-invalid', detail: `${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}` };
}

/** The same rules with further CA keys; one with the RID and index of an old one takes its place. */
export function withCaKeys(rules: CardRules, keys: readonly CaKey[]): CardRules {
  const others = rules.caKeys.filter((old) => !keys.some((key) => key.rid === old.rid && key.index === old.index));
  return { ...rules, caKeys: [...others, ...keys] };
}
