import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';

const hexOf = (bytes: number) => z.string().regex(new RegExp(`^[0-9A-F]{${bytes * 2}}$`));
const named = {
  id: z.string().regex(/^[a-z0-9-]+$/),
  label: z.string(),
  labelZh: z.string(),
  /** What the card does, in a word. */
  behaviour: z.string(),
  /** Where the test number or the answer to reset comes from. */
  source: z.string(),
};
const plainAtr = z.string().regex(/^3B[0-9A-F]+$/);

const certificate = ['header', 'trailer', 'format', 'algorithm', 'hash'] as const;
const block = [...certificate, 'padding'] as const;

/** What can be wrong with a payment card: each place by itself, all others being right. */
const faults = z.strictObject({
  /**
   * The dynamic signature. `wrong`: not over this payment; `version`: fDDA version 00; for CDA `data-hash`, `type` (another
   * cryptogram than the one in clear), the others spoil its block.
   */
  signature: z.enum(['wrong', 'version', 'data-hash', 'type', 'missing', ...block]).optional(),
  /**
   * `foreign`: the issuer's certificate is signed by nobody's CA under a known index; `unlisted`: the index is not in the
   * key file; `expired`: the CA key is past its last day.
   */
  ca: z.enum(['foreign', 'unlisted', 'expired']).optional(),
  /** `identifier`: not the beginning of the PAN; `revoked`: its serial number is 00BAD1. */
  issuerCertificate: z.enum(['expired', 'identifier', 'revoked', 'missing', ...certificate]).optional(),
  /** `pan`: of another card. */
  cardCertificate: z.enum(['expired', 'pan', 'missing', ...certificate]).optional(),
  /** A signed record, or the interchange profile, was changed after the card had been signed. */
  staticData: z.enum(['record', 'profile']).optional(),
  /** 5A is another number than that of 57. */
  pan: z.literal('differs').optional(),
  /** 5F24 is another month than that of 57. */
  expiry: z.literal('differs').optional(),
  /** What the card states of the payment in a record of its own: TLV in hex, for instance another amount. */
  states: z
    .string()
    .regex(/^(?:[0-9A-F]{2})+$/)
    .optional(),
  /** Leaves the field at this APDU (the first is 1), which stays unanswered. */
  tornAt: z.int().min(1).optional(),
  /** Does what this APDU asks and leaves before the answer is out: once, the next tap goes through. */
  tornAfter: z.int().min(1).optional(),
  /** What it does at this APDU instead of answering. */
  at: z.strictObject({ apdu: z.int().min(1), does: z.enum(['silent', 'garbage', 'short', 'nothing']) }).optional(),
  /** A phone that wants to be unlocked first: the first presentation answers 6986 to GPO. */
  seePhone: z.literal(true).optional(),
});

const emv = z.strictObject({
  ...named,
  kind: z.literal('emv'),
  scheme: z.enum(['unionpay', 'visa', 'mastercard']),
  atr: plainAtr,
  aid: z.string().regex(/^A[0-9A-F]{9,31}$/),
  /** Application label, tag 50. */
  application: z.string().max(16),
  /** Priority indicator (tag 87); with bit 8 the card has its holder choose. */
  priority: hexOf(1).default('01'),
  /** Further applications on the same account, each with its name and priority indicator. */
  beside: z
    .array(
      z.strictObject({
        aid: z.string().regex(/^A[0-9A-F]{9,31}$/),
        application: z.string().max(16),
        priority: hexOf(1),
      }),
    )
    .max(4)
    .default([]),
  pan: z.string().regex(/^\d{13,19}$/),
  sequence: z.string().regex(/^\d{2}$/),
  /** YYMMDD. */
  expiry: z.string().regex(/^\d{6}$/),
  effective: z.string().regex(/^\d{6}$/),
  holder: z.string().max(26),
  country: z.string().regex(/^\d{4}$/),
  /** What the card answers when it is free to choose; a card that would approve offline still goes online when the terminal asks. */
  decision: z.enum(['TC', 'ARQC', 'AAC']),
  /** Card transaction qualifiers (tag 9F6C) below the terminal's cardholder verification limit and from it on. */
  ctq: z.strictObject({ below: hexOf(2), above: hexOf(2) }).default({ below: '0000', above: '0000' }),
  /** Kernel 2: whether the card asks for data at GPO (tag 9F38), and for torn payments to be recovered (tag 9F51). */
  pdol: z.literal(true).optional(),
  recovers: z.literal(true).optional(),
  faults: faults.default({}),
});

/** The bank's own wallet (docs/wallet-token.md). */
const wallet = z.strictObject({
  ...named,
  kind: z.literal('wallet'),
  scheme: z.literal('wallet'),
  atr: plainAtr,
  wallet: z.string().regex(/^\d{16}$/),
  algorithm: z.enum(['EdDSA', 'ES256']),
  ceiling: z.int().min(0).max(999_999_999_999),
  /** ISO 4217 digits. */
  currency: z.string().regex(/^\d{3}$/),
  /** YYMMDD. */
  expiry: z.string().regex(/^\d{6}$/),
  /** Verifies its owner when the terminal asks for it. */
  verifies: z.boolean().default(true),
  faults: z
    .strictObject({
      /** `foreign`: signed by somebody who says to be the issuer; `unknown`: an issuer that no terminal lists. */
      issuer: z.enum(['foreign', 'unknown']).optional(),
      signature: z.literal('wrong').optional(),
      /** Answers the token of another payment. */
      challenge: z.literal('old').optional(),
      /** Its counter stands still. */
      counter: z.literal('stuck').optional(),
      tornAt: z.int().min(1).optional(),
      tornAfter: z.int().min(1).optional(),
      at: faults.shape.at,
      seePhone: z.literal(true).optional(),
    })
    .default({}),
});

/** A tag for members, coupons or anything else: its records, text or hex. */
const tag = z.strictObject({
  ...named,
  kind: z.literal('tag'),
  scheme: z.literal('other'),
  atr: plainAtr,
  type: z.union([z.literal(2), z.literal(4)]),
  records: z
    .array(
      z.strictObject({
        /** Type name format: 1 well-known, 2 MIME, 4 external. */
        format: z.int().min(0).max(7),
        type: z.string().max(255),
        text: z.string().optional(),
        hex: z.string().optional(),
      }),
    )
    .max(40),
  faults: z
    .strictObject({ tornAt: faults.shape.tornAt, tornAfter: faults.shape.tornAfter, at: faults.shape.at })
    .default({}),
});

const other = z.strictObject({
  ...named,
  kind: z.enum(['storage', 'transit', 'garbage']),
  scheme: z.literal('other'),
  atr: plainAtr,
});

/** A card file: `cards/NAME.json`. */
const definition = z.discriminatedUnion('kind', [emv, wallet, tag, other]);
export type Definition = z.infer<typeof definition>;
export type EmvDefinition = z.infer<typeof emv>;
export type WalletDefinition = z.infer<typeof wallet>;
export type TagDefinition = z.infer<typeof tag>;
/** Cards that are no cards for payments at a counter. */
export type OtherDefinition = z.infer<typeof other>;
/** Where and how a card of any kind leaves or fails in mid-dialogue. */
export type DialogueFaults = Pick<z.infer<typeof faults>, 'tornAt' | 'tornAfter' | 'at'>;

/** A card of the deck; `offered` ones stand on the virtual counter's panel. */
export type Listed = Definition & { readonly offered: boolean };

/** Reads every card file of the folder, in the order of their names. Throws a zod error that names what is wrong. */
export async function readDefinitions(folder: string, offered: boolean): Promise<readonly Listed[]> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.json')).sort();
  return Promise.all(
    names.map(async (name) => ({
      ...definition.parse(JSON.parse(await readFile(join(folder, name), 'utf8'))),
      offered,
    })),
  );
}

/** The check digit that makes `digits` a valid number by the Luhn rule (ISO/IEC 7812-1, annex B). */
export function luhn(digits: string): string {
  const sum = [...digits].reverse().reduce((total, digit, at) => {
    const value = Number(digit) * (at % 2 === 0 ? 2 : 1);
    return total + (value > 9 ? value - 9 : value);
  }, 0);
  return String((10 - (sum % 10)) % 10);
}

/** The number of the card `#index` of a family: the account digits after the first eight counted up, the check digit made anew. */
export function panOf(base: string, index: number): string {
  if (index === 0) return base;
  const room = base.length - 9;
  const account = (Number(base.slice(8, -1)) + index) % 10 ** room;
  const digits = base.slice(0, 8) + String(account).padStart(room, '0');
  return digits + luhn(digits);
}
