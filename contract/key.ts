import { Person, Pin } from './role.ts';
import { z } from './schema.ts';

/** Six hex digits by which people compare a key without seeing it. */
const Check = z.string().regex(/^[0-9A-F]{6}$/);

/** The terminal master key, as far as anybody may see it. */
export const KeyView = z.object({
  /** In the profile of a virtual bank, sealed on the disk, or not loaded. */
  place: z.enum(['profile', 'sealed', 'none']),
  /** What seals it: the system's own store, an operator's passphrase, or nothing that would deserve the name. */
  sealer: z.enum(['safe-storage', 'passphrase', 'none']),
  check: Check.nullable(),
  algorithm: z.enum(['AES-128', 'TDES-2']),
  /** The session key: since when, UTC milliseconds; null while the line is down or where the link has none. */
  session: z.object({ since: z.int() }).nullable(),
  /** A first component waits for the second one. */
  first: z.object({ by: Person, check: Check }).nullable(),
});
export type KeyView = z.infer<typeof KeyView>;

/** One person's component. It is not kept by the page and never comes back from the core. */
export const KeyComponent = z.strictObject({
  person: Person,
  pin: Pin,
  component: z.string().regex(/^[0-9A-Fa-f]{32}$/),
});

/** `loaded` when it was the second one and the key is in force. */
export const KeyTaken = z.object({ check: Check, loaded: Check.nullable() });
export type KeyTaken = z.infer<typeof KeyTaken>;

/** One message of the line taken apart, card data masked. */
export const DecodedMessage = z.object({
  dialect: z.string(),
  length: z.int(),
  /** TPDU and what follows it, hex; empty where the dialect has none. */
  header: z.string(),
  mti: z.string(),
  fields: z.array(z.object({ number: z.int(), name: z.string(), format: z.string(), value: z.string() })),
  /** `right` is null where no key is at hand to check it. */
  mac: z.object({ field: z.int(), value: z.string(), scheme: z.string(), right: z.boolean().nullable() }).nullable(),
});
export type DecodedMessage = z.infer<typeof DecodedMessage>;

export const MessageRead = z.discriminatedUnion('ok', [
  z.object({ ok: z.literal(true), message: DecodedMessage }),
  /** What is wrong with it, in English, for technicians. */
  z.object({ ok: z.literal(false), detail: z.string() }),
]);
export type MessageRead = z.infer<typeof MessageRead>;
