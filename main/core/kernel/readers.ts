import { createPublicKey } from 'node:crypto';
import { z } from '../../../contract/schema.ts';
import type { ReaderClass } from '../../../drivers/nfc/reader.ts';

/** A class A reader that the acquirer knows: it signs with this key what it says. */
const SealedReader = z.strictObject({
  serial: z.string().regex(/^[0-9A-Za-z-]{1,32}$/),
  jwk: z
    .strictObject({ kty: z.literal('OKP'), crv: z.literal('Ed25519'), x: z.string().regex(/^[A-Za-z0-9_-]{43}$/) })
    .refine((jwk) => createPublicKey({ format: 'jwk', key: { ...jwk } }), { error: 'not a public key' }),
});
export type SealedReader = z.infer<typeof SealedReader>;

/** The acquirer profile's `readers`: which readers may read which cards. Left out: nothing but the strictest. */
export const ReaderRules = z.strictObject({
  /** Plain readers (class B) may read the schemes' live cards. The acquirer signs for it with the profile. */
  openLoopOnPlain: z.boolean().optional(),
  /** Test cards, which plain readers may read: the first 6 to 8 digits of their numbers. */
  testCards: z
    .array(z.string().regex(/^\d{6,8}$/))
    .max(100)
    .optional(),
  sealed: z.array(SealedReader).max(16).optional(),
});
export type ReaderRules = z.infer<typeof ReaderRules>;

/**
 * What a reader may read here: `open-loop` all cards; `test-cards` the bank's own wallet, tags and test cards of the
 * schemes; `nothing` a class A reader that the acquirer does not know; `simulated` the cards of the virtual counter.
 */
export type InForce = 'open-loop' | 'test-cards' | 'nothing' | 'simulated';

export function inForce(
  reader: { readonly kind: ReaderClass; readonly serial?: string },
  rules?: ReaderRules,
): InForce {
  if (reader.kind === 'virtual') return 'simulated';
  if (reader.kind === 'B') return rules?.openLoopOnPlain === true ? 'open-loop' : 'test-cards';
  return rules?.sealed?.some(({ serial }) => serial === reader.serial) === true ? 'open-loop' : 'nothing';
}

/** Beginnings of the only numbers of open-loop cards that such a reader may read; undefined where it may read all. */
export function onlyCards(kind: ReaderClass, rules?: ReaderRules): readonly string[] | undefined {
  return inForce({ kind }, rules) === 'test-cards' ? (rules?.testCards ?? []) : undefined;
}
