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

/** Also asked about keys whose parts are known to be wrong already; those never fit. */
function hashFits(key: KeyParts & { readonly sha1: string }): boolean {
  const parts = [key.rid, key.index, key.modulus, key.exponent];
  return parts.every((part) => /^(?:[0-9A-Fa-f]{2})+$/.test(part)) && caKeyHash(key) === key.sha1;
}

/** A certification authority's public key. All hex; the modulus has 64 to 248 bytes, the exponent is 3 or 65537. */
export const CaKey = z
  .strictObject({
    rid: upperHex(/^[0-9A-Fa-f]{10}$/),
    index: upperHex(/^[0-9A-Fa-f]{2}$/),
    modulus: upperHex(/^[89A-Fa-f](?:[0-9A-Fa-f]{2}){63,247}[0-9A-Fa-f]$/),
    exponent: upperHex(/^(?:03|010001)$/),
    sha1: upperHex(/^[0-9A-Fa-f]{40}$/),
    /** Last day on which the key may be used, YYYY-MM-DD. Left out: no end. */
    expires: z.iso.date().optional(),
  })
  .refine((key) => hashFits(key), { error: 'the hash of the CA key does not match', path: ['sha1'] });
export type CaKey = z.infer<typeof CaKey>;

const minor = z.int().min(0).max(999_999_999_999);
const actionCode = upperHex(/^[0-9A-Fa-f]{10}$/);

/** Reader limits in minor units, over the acquirer's own (EMV Book A 3.1; kernel 2: DF8123 to DF8126). */
export const ReaderLimits = z.strictObject({
  /** Largest payment that may be approved offline. Left out: 0 for kernel 2, none for the others. */
  floorMinor: minor.optional(),
  /** Largest payment at all. */
  transactionMinor: minor.optional(),
  /** Largest payment of a card that verifies its holder on the device (kernel 2). */
  deviceTransactionMinor: minor.optional(),
  /** From this amount on the cardholder must be verified. */
  cvmMinor: minor.optional(),
});
export type ReaderLimits = z.infer<typeof ReaderLimits>;

/** An application the counter takes: cards whose AID starts with `aid`. */
export const CardApplication = z.strictObject({
  aid: upperHex(/^(?:[0-9A-Fa-f]{2}){5,16}$/),
  kernel: z.union([z.literal(2), z.literal(3), z.literal(7)]),
  scheme: z.enum(['unionpay', 'visa', 'mastercard', 'jcb']),
  /** Application version this terminal states (tag 9F09). Left out: the kernel's own. */
  version: upperHex(/^[0-9A-Fa-f]{4}$/).optional(),
  limits: ReaderLimits.optional(),
  /** Limits by the card's program identifier (tag 9F5A, kernel 3); the longest `id` that it starts with counts. */
  programs: z
    .array(ReaderLimits.extend({ id: upperHex(/^(?:[0-9A-Fa-f]{2}){1,16}$/) }))
    .max(16)
    .optional(),
  /** Terminal action codes of kernel 2 (DF8120 to DF8122). */
  actions: z.strictObject({ denial: actionCode, online: actionCode, default: actionCode }).optional(),
  /** Whether the card may have the extended selection of its directory entry (tag 9F29) put behind its AID. */
  extendedSelection: z.boolean().optional(),
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
  /** Issuer certificates that were called back: RID, CA key index, serial number (EMV Book 2, 5.1). */
  revoked: z
    .array(
      z.strictObject({
        rid: upperHex(/^[0-9A-Fa-f]{10}$/),
        index: upperHex(/^[0-9A-Fa-f]{2}$/),
        serial: upperHex(/^[0-9A-Fa-f]{6}$/),
      }),
    )
    .max(1_000)
    .optional(),
  /** Cards that the acquirer does not want: the first 6 to 8 digits of their numbers. Never a whole number. */
  blockedBins: z
    .array(z.string().regex(/^\d{6,8}$/))
    .max(10_000)
    .optional(),
  /** Whether the holder of a card that gives its best priority to several applications is asked which one pays. */
  chooseBetweenEquals: z.boolean().optional(),
  /** Whether a card without a contactless directory is asked for each application in turn. */
  withoutDirectory: z.boolean().optional(),
  /** Share of payments below the floor limit that are sent online all the same (EMV Book 3, 10.6.2). */
  randomOnline: z
    .strictObject({ percent: z.int().min(0).max(99), maxPercent: z.int().min(0).max(99), thresholdMinor: minor })
    .optional(),
  /** Offline payments of one card in a row: from `lower` on it goes online, from `upper` on it is not taken offline. */
  consecutiveOffline: z.strictObject({ lower: z.int().min(0), upper: z.int().min(0) }).optional(),
  /** Longest time for one exchange, and for the whole dialogue with a card. */
  exchangeMs: z.int().min(100).max(10_000).default(2_000),
  dialogueMs: z.int().min(500).max(60_000).default(10_000),
});
/** `keys` says that CA keys of an unsigned file were laid over the profile's. */
export type CardRules = z.infer<typeof CardRules> & { readonly keys?: 'unsigned' };

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
export interface CardConfig {
  readonly cards: CardRules;
  readonly limits: CardLimits;
}
