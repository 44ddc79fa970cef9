import { type Currency, LARGEST_MINOR, money } from '../../../../contract/money.ts';
import { z } from '../../../../contract/schema.ts';
import { canonical } from '../../store/canonical.ts';
import { sameTotals } from '../dialects/dialect.ts';
import type { BankAnswer, LinkRequest, Original, Presented, Totals } from '../link.ts';
import type { AcquirerProfile } from '../profile.ts';

/** Where each request goes. */
export const PATHS: Readonly<Record<LinkRequest['type'], string>> = {
  purchase: '/v1/purchases',
  advice: '/v1/advices',
  reversal: '/v1/reversals',
  void: '/v1/voids',
  query: '/v1/queries',
  refund: '/v1/refunds',
  'charge-refund': '/v1/refunds',
  'pre-authorization': '/v1/pre-authorizations',
  completion: '/v1/completions',
  reconciliation: '/v1/reconciliations',
  upload: '/v1/uploads',
  'upload-end': '/v1/upload-ends',
};

type Merchant = Pick<AcquirerProfile, 'terminalId' | 'merchantId'>;

/** Names a message at the host: the same in every repeat. */
export function idempotencyKey(request: LinkRequest, { terminalId }: Merchant): string {
  return `${terminalId}-${request.type}-${request.trace.rrn}`;
}

/** The body of a request: canonical JSON, byte for byte the same in every repeat. */
export function bodyOf(request: LinkRequest, { terminalId, merchantId }: Merchant): Uint8Array {
  const { stan, rrn, at, batch } = request.trace;
  const fields = {
    terminal: terminalId,
    merchant: merchantId,
    stan,
    rrn,
    at: new Date(at).toISOString(),
    batch,
    ...('totals' in request
      ? { totals: totalsOut(request.totals), currency: request.totals.debit.currency }
      : { amount: request.amount.minor, currency: request.amount.currency }),
    ...('head' in request && request.head ? { head: { seq: request.head.seq, hash: request.head.hash } } : {}),
    ...('presented' in request && request.presented ? { presented: presentedOut(request.presented) } : {}),
    ...('original' in request ? { original: originalOut(request.original, batch) } : {}),
    ...('charge' in request ? { charge: { ...request.charge } } : {}),
    ...(request.type === 'upload' ? { record: request.record } : {}),
    ...(request.type === 'upload-end' ? { count: request.count } : {}),
  };
  return Buffer.from(canonical(fields) ?? '', 'utf8');
}

function totalsOut({ debitCount, debit, creditCount, credit }: Totals): object {
  return { debitCount, debit: debit.minor, creditCount, credit: credit.minor };
}

function presentedOut(presented: Presented): object {
  if (presented.kind === 'code') return { kind: 'code', scheme: presented.scheme, code: presented.code };
  const { sealed, iccData, panSequence, expiry } = presented;
  return { kind: 'card', sealed, expiry, iccData, ...(panSequence === undefined ? {} : { panSequence }) };
}

function originalOut({ mti, stan, rrn, at, batch, authCode, hostRrn }: Original, own: number): object {
  const kinds = { '0100': 'pre-authorization', '0200': 'purchase', '0220': 'advice' } as const;
  return {
    kind: kinds[mti],
    stan,
    rrn,
    at: new Date(at).toISOString(),
    batch: batch ?? own,
    ...(authCode === undefined ? {} : { authCode }),
    ...(hostRrn === undefined ? {} : { hostRrn }),
  };
}

const count = z.int().min(0).max(9_999_999_999);
const minor = z.int().min(0).max(LARGEST_MINOR);

/** As the character fields of ISO 8583: printable ASCII. */
const printable = (most: number): z.ZodString =>
  z
    .string()
    .max(most)
    .regex(/^[ -~]+$/);

const Answer = z.strictObject({
  /** As DE 39. */
  code: z.string().regex(/^[0-9A-Z]{2}$/),
  terminal: z.string(),
  merchant: z.string(),
  stan: z.int(),
  rrn: z.string(),
  batch: z.int(),
  currency: z.string(),
  amount: minor.optional(),
  authCode: printable(6).optional(),
  hostRrn: printable(12).optional(),
  iccData: z
    .string()
    .regex(/^(?:[\dA-F]{2})*$/)
    .max(510)
    .optional(),
  totals: z.strictObject({ debitCount: count, debit: minor, creditCount: count, credit: minor }).optional(),
});
type Answer = z.infer<typeof Answer>;

/** An answer that was read, or what in it is not to be believed (I5). */
export type ReadAnswer =
  | { readonly ok: true; readonly answer: BankAnswer }
  | { readonly ok: false; readonly doubt: string };

/** Reads the body of a signed answer. It counts only when it names our terminal, merchant, STAN, RRN, batch, amount and currency. */
export function readAnswer(request: LinkRequest, merchant: Merchant, body: Uint8Array): ReadAnswer {
  const json = jsonOf(body);
  const parsed = Answer.safeParse(json);
  if (!parsed.success) return { ok: false, doubt: json === undefined ? 'JSON' : `answer ${placeOf(parsed.error)}` };
  const answer = parsed.data;
  const doubt = mismatch(request, merchant, answer);
  if (doubt !== undefined) return { ok: false, doubt };
  if ('totals' in request) return readTotals(request.totals, answer);
  return { ok: true, answer: meaning(request, answer) };
}

function placeOf(error: z.ZodError): string {
  return error.issues[0]?.path.map(String).join('.') || 'form';
}

export function jsonOf(body: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
  } catch {
    return undefined;
  }
}

function mismatch(request: LinkRequest, { terminalId, merchantId }: Merchant, answer: Answer): string | undefined {
  const { trace } = request;
  const wanted: Partial<Record<keyof Answer, unknown>> = {
    terminal: terminalId,
    merchant: merchantId,
    stan: trace.stan,
    rrn: trace.rrn,
    batch: trace.batch,
    currency: 'totals' in request ? request.totals.debit.currency : request.amount.currency,
    ...('totals' in request ? {} : { amount: request.amount.minor }),
  };
  const differs = (Object.keys(wanted) as (keyof Answer)[]).find((name) => wanted[name] !== answer[name]);
  return differs === 'amount' && partly(request, answer) ? undefined : differs;
}

/** A purchase may be approved in part: the amount is then lower, and nothing else may differ. */
function partly(request: LinkRequest, { code, amount = 0 }: Answer): boolean {
  return request.type === 'purchase' && code === '10' && amount > 0 && amount < request.amount.minor;
}

function meaning(request: LinkRequest, answer: Answer): BankAnswer {
  const { code, authCode, hostRrn, iccData, amount = 0 } = answer;
  const forCard = iccData ? { iccData } : {};
  const told = { ...(authCode === undefined ? {} : { authCode }), ...(hostRrn === undefined ? {} : { hostRrn }) };
  if (code === '00') return { kind: 'approved', code, ...told, ...forCard };
  if ('amount' in request && partly(request, answer)) {
    return { kind: 'partial', code, amount: money(amount, request.amount.currency), ...told };
  }
  if (code === '09') return { kind: 'pending', code };
  if (code === '25' && 'original' in request) return { kind: 'not-found', code };
  return { kind: 'declined', code, ...forCard };
}

function readTotals(ours: Totals, { code, totals }: Answer): ReadAnswer {
  if (!totals) return code === '00' ? { ok: false, doubt: 'totals' } : { ok: true, answer: { kind: 'declined', code } };
  const { currency } = ours.debit;
  const hostTotals = totalsIn(totals, currency);
  const agreed = code === '00' && sameTotals(ours, hostTotals);
  return { ok: true, answer: { kind: agreed ? 'approved' : 'declined', code, hostTotals } };
}

function totalsIn(totals: NonNullable<Answer['totals']>, currency: Currency): Totals {
  const { debitCount, debit, creditCount, credit } = totals;
  return { debitCount, debit: money(debit, currency), creditCount, credit: money(credit, currency) };
}
