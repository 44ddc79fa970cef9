import { createHash, createPublicKey, verify } from 'node:crypto';
import { currencyNumber } from '../../../contract/money.ts';
import { z } from '../../../contract/schema.ts';
import type { Card } from '../../../drivers/nfc/reader.ts';
import { hex, unhex } from './bytes.ts';
import { again } from './channel.ts';
import type { CardConfig } from './config.ts';
import type { CardData, CardOutcome, CardRequest, CardTiming, Vault } from './outcome.ts';
import type { ReaderRules } from './readers.ts';
import { decode, find } from './tlv.ts';

/** What a terminal must know to believe a class A reader. */
export interface InsideTerminal {
  readonly config: CardConfig;
  readonly readers: ReaderRules | undefined;
  /** Name of the acquirer's sealing key. */
  readonly kid: string;
  readonly vault: Vault;
  readonly random: (count: number) => Uint8Array;
  /** Whether the card of this block token is on the block list. */
  readonly blocked: (token: string) => boolean;
}

const upper = (bytes: string) => z.string().regex(new RegExp(`^(?:[0-9A-F]{2}){${bytes}}$`));

/** The card as the reader tells of it: what is masked, keyed or sealed. Nothing else has a place. */
const SealedCard = z.strictObject({
  scheme: z.enum(['unionpay', 'visa', 'mastercard', 'jcb']),
  aid: upper('5,16'),
  label: z
    .string()
    .regex(/^[\x20-\x7e]{1,16}$/)
    .refine((label) => !/\d{6}/.test(label), { error: 'could be a number' }),
  kernel: z.union([z.literal(2), z.literal(3), z.literal(7)]),
  maskedPan: z.string().regex(/^\d{6}\*{2,9}\d{4}$/),
  /** The reader's own pseudonym of the card. */
  token: z.string().regex(/^[0-9a-f]{32}$/),
  /** The card's block token, from a reader that has that key. */
  blockToken: z
    .string()
    .regex(/^[0-9a-f]{32}$/)
    .optional(),
  expiry: z.string().regex(/^\d\d(?:0[1-9]|1[0-2])$/),
  panSequence: z
    .string()
    .regex(/^\d{3}$/)
    .optional(),
  oda: z.strictObject({
    method: z.enum(['fdda', 'cda', 'sda', 'none']),
    result: z.enum(['passed', 'failed', 'not-performed']),
    reason: z.string().max(80).optional(),
  }),
  cvm: z.enum(['none', 'cdcvm', 'signature', 'online-pin']),
  cryptogram: z.strictObject({
    type: z.enum(['ARQC', 'TC', 'AAC']),
    value: upper('8'),
    atc: z.int().min(0).max(65_535),
  }),
  iccData: upper('1,255'),
  sealed: z
    .string()
    .regex(/^[A-Za-z0-9_-]+\.\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$/)
    .max(990),
});
type SealedCard = z.infer<typeof SealedCard>;

const Answer = z.discriminatedUnion('outcome', [
  z.strictObject({ outcome: z.literal('online'), deferrable: z.boolean(), card: SealedCard }),
  z.strictObject({ outcome: z.literal('approved-offline'), card: SealedCard }),
  z.strictObject({
    outcome: z.literal('declined'),
    reason: z.enum(['card-declined', 'card-expired', 'not-yet-effective', 'terminal-declined', 'oda-failed']),
    card: SealedCard.optional(),
  }),
  z.strictObject({
    outcome: z.literal('refused'),
    reason: z.enum([
      'not-a-payment-card',
      'no-supported-application',
      'application-blocked',
      'use-another-interface',
      'amount-above-limit',
      'card-data-invalid',
      'mag-stripe-mode',
    ]),
  }),
  z.strictObject({
    outcome: z.literal('tap-again'),
    reason: z.enum(['torn', 'see-phone', 'one-card-only', 'timed-out']),
  }),
]);
type Answer = z.infer<typeof Answer>;

const SIGNATURE = 64;
const PURPOSE = 'countertap reader answer 1\0';
/** A reader may take longer than a card: it also seals and signs. */
const READER_MS = 5_000;

function refused(reason: 'reader-untrusted' | 'card-data-invalid' | 'amount-above-limit', detail: string): CardOutcome {
  return { kind: 'refused', reason, detail };
}

/** The bytes of a payment for a class A reader (docs/encrypting-reader.md, “Payment”). */
export function insideRequest(request: CardRequest, challenge: Uint8Array): Uint8Array {
  const { amount, transactionType, date, time, unpredictableNumber, sequence } = request;
  const payment = {
    amountMinor: amount.minor,
    currency: currencyNumber(amount.currency),
    transactionType,
    date,
    time,
    unpredictableNumber: hex(unpredictableNumber),
    sequence,
    challenge: hex(challenge),
  };
  return new TextEncoder().encode(JSON.stringify(payment));
}

/** What a reader signs: its answer, and which request it answers. */
export function signedAnswer(request: Uint8Array, body: Uint8Array): Uint8Array {
  const digest = createHash('sha256').update(request).digest();
  return Buffer.concat([Buffer.from(PURPOSE, 'latin1'), digest, body]);
}

/** The answer's bytes when one of the readers that the acquirer names has signed them for this request. */
function believed(answer: Uint8Array, request: Uint8Array, readers: ReaderRules | undefined) {
  const body = answer.subarray(SIGNATURE);
  const signed = signedAnswer(request, body);
  const by = readers?.sealed?.find(({ jwk }) => {
    const key = createPublicKey({ format: 'jwk', key: { ...jwk } });
    return answer.length > SIGNATURE && verify(null, signed, key, answer.subarray(0, SIGNATURE));
  });
  return by && { body, serial: by.serial };
}

function parsed(body: Uint8Array): Answer | undefined {
  try {
    return Answer.safeParse(JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body))).data;
  } catch {
    return undefined;
  }
}

/** The header of a compact JWE names the key it is sealed to (RFC 7516, 7.1). */
function keyOf(sealed: string): unknown {
  try {
    const header: unknown = JSON.parse(Buffer.from(sealed.split('.')[0] ?? '', 'base64url').toString('utf8'));
    return typeof header === 'object' && header !== null && 'kid' in header ? header.kid : undefined;
  } catch {
    return undefined;
  }
}

/** What speaks against a card's data: sealed to somebody else, or over another payment. */
function against({ iccData, sealed }: SealedCard, request: CardRequest, kid: string): string | undefined {
  if (keyOf(sealed) !== kid) return 'sealed to another key than the acquirer’s';
  const read = decode(unhex(iccData));
  if (!read.ok) return `field 55: TLV ${read.code}`;
  const wanted = {
    '9F02': String(request.amount.minor).padStart(12, '0'),
    '5F2A': `0${currencyNumber(request.amount.currency)}`,
    '9F37': hex(request.unpredictableNumber),
    '9A': request.date,
  };
  const other = Object.entries(wanted).find(
    ([tag, value]) => hex(find(read.nodes, tag)?.value ?? new Uint8Array()) !== value,
  );
  if (other) return `${other[0]} is not what was asked for`;
  return find(read.nodes, '5A') || find(read.nodes, '57') ? 'field 55 carries card data' : undefined;
}

function dataOf(card: SealedCard, serial: string, vault: Vault, timing: CardTiming): CardData {
  const { token, blockToken: _, panSequence, oda, ...rest } = card;
  const { method, result, reason } = oda;
  return {
    ...rest,
    ...(panSequence === undefined ? {} : { panSequence }),
    oda: { method, result, ...(reason === undefined ? {} : { reason }) },
    token: vault.token(`${serial} ${token}`),
    tags: [],
    timing,
  };
}

/**
 * A payment by a card on a class A reader: the reader leads the dialogue, verifies, seals and decides; the terminal
 * believes it only when the acquirer's profile names its key and its signature is over this very request.
 */
export async function readInside(
  inside: NonNullable<Card['inside']>,
  request: CardRequest,
  terminal: InsideTerminal,
  clock: { monotonic(): number },
  onCardDone: () => void,
): Promise<CardOutcome> {
  const { config, vault, kid, blocked } = terminal;
  if (request.amount.minor > Math.min(config.limits.contactlessMinor, config.limits.maxMinor)) {
    onCardDone();
    return refused('amount-above-limit', 'above the contactless limit');
  }
  const asked = insideRequest(request, terminal.random(16));
  const from = clock.monotonic();
  const answer = await inside(asked, config.cards.dialogueMs + READER_MS);
  onCardDone();
  if (!answer.ok) return { kind: 'tap-again', reason: answer.fault === 'busy' ? 'torn' : again[answer.fault] };
  const ms = clock.monotonic() - from;
  const said = believed(answer.response, asked, terminal.readers);
  if (!said) return refused('reader-untrusted', 'not signed by a reader that the acquirer names');
  const told = parsed(said.body);
  if (!told) return refused('card-data-invalid', 'the reader’s answer is none of its version');
  if (told.outcome === 'tap-again') return { kind: 'tap-again', reason: told.reason };
  if (told.outcome === 'refused') return { kind: 'refused', reason: told.reason, detail: 'the reader says so' };
  const wrong = told.card && against(told.card, request, kid);
  if (wrong) return refused('card-data-invalid', wrong);
  const timing = { exchanges: [{ command: 'PAY INSIDE', ms }], cardMs: ms, ownMs: 0 };
  const data = told.card && dataOf(told.card, said.serial, vault, timing);
  if (told.outcome === 'declined') return { kind: 'declined', reason: told.reason, ...(data ? { card: data } : {}) };
  if (!data) return refused('card-data-invalid', 'no card');
  if (told.card.blockToken !== undefined && blocked(told.card.blockToken)) {
    return { kind: 'declined', reason: 'card-blocked', detail: 'the card is on the block list', card: data };
  }
  if (told.outcome === 'approved-offline') return { kind: 'approved-offline', card: data };
  return { kind: 'online', deferrable: told.deferrable && told.card.oda.result === 'passed', card: data };
}
