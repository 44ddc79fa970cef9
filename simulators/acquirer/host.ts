import type { Book, Entry, Outcome } from './book.ts';
import type { Secrets } from './card.ts';
import { judgeCard, judgeCode, judgeToken, readWalletCode } from './issuer.ts';
import { MERCHANT_ID, type WalletIssuer } from './profile.ts';
import { type Request, readTotals, type Totals } from './request.ts';

/** What a request came to, with the totals to send back when it asked for them. */
export interface Verdict extends Outcome {
  readonly totals?: Totals;
  /** Under which the bank itself has the payment that was asked after. */
  readonly rrn?: string;
}

/** What the bank needs to carry out a request. */
export interface Desk {
  readonly book: Book;
  /** Ids of the terminals that the bank serves. */
  readonly terminals: ReadonlySet<string>;
  /** Whose wallets pay at the card reader. */
  readonly issuers: readonly WalletIssuer[];
}

/** ISO 4217 numbers of the currencies in which the bank keeps accounts, and their letters. */
export const currencies: Readonly<Record<string, string>> = {
  '156': 'CNY',
  '344': 'HKD',
  '392': 'JPY',
  '410': 'KRW',
  '702': 'SGD',
  '764': 'THB',
  '826': 'GBP',
  '840': 'USD',
  '978': 'EUR',
};

function judge({ book, issuers }: Desk, request: Request, card: Secrets | undefined, now: number): Entry | undefined {
  const { fields } = request.message;
  if (fields.get(22) === '071') {
    if (card === undefined) return undefined;
    return 'pan' in card ? judgeCard(request, card, now) : judgeToken(request, card, issuers, book, now);
  }
  const presented = readWalletCode(fields.get(48) ?? '');
  if (fields.get(22) !== '031' || presented === undefined || request.kind === 'advice') return undefined;
  return judgeCode(request, presented.scheme, presented.code, book, now);
}

function pay(
  desk: Desk,
  request: Request,
  card: Secrets | undefined,
  refusal: string | undefined,
  now: number,
): Outcome {
  const { book } = desk;
  if (request.amount === 0) return { code: '13' };
  if (currencies[request.currency] === undefined) return { code: '12' };
  if (book.isClosed(request.terminal, request.merchant, request.batch)) return { code: '12' };
  const entry = judge(desk, request, card, now);
  if (entry === undefined) return { code: '30' };
  return book.enter(request, refusal === undefined ? entry : { ...entry, state: 'declined', code: refusal }, now);
}

function reverse(book: Book, request: Request): Outcome {
  const { terminal, merchant, original } = request;
  const payment = original && book.find(terminal, merchant, original);
  if (payment === undefined) return release(book, request);
  if (book.asked(payment) !== request.amount || payment.currency !== request.currency) return { code: '13' };
  if (payment.state === 'declined' || payment.state === 'reversed') return { code: '00' };
  const gone = payment.state === 'voided' || book.refunded(payment) > 0;
  if (gone || book.isClosed(terminal, merchant, payment.batch)) return { code: '12' };
  book.change(payment.id, 'reversed');
  return { code: '00' };
}

/** Gives a held amount up. */
function release(book: Book, request: Request): Outcome {
  const { terminal, merchant, original } = request;
  const hold = original && book.findHold(terminal, merchant, original);
  if (hold === undefined) return { code: '25' };
  if (hold.amount !== request.amount || hold.currency !== request.currency) return { code: '13' };
  if (hold.state === 'completed') return { code: '12' };
  book.changeHold(hold.id, 'reversed');
  return { code: '00' };
}

function takeBack(book: Book, request: Request): Outcome {
  const { terminal, merchant, original } = request;
  const payment = original && book.find(terminal, merchant, original);
  if (payment === undefined) return { code: '25' };
  if (payment.amount !== request.amount || payment.currency !== request.currency) return { code: '13' };
  const open = payment.batch === request.batch && !book.isClosed(terminal, merchant, payment.batch);
  if (payment.state !== 'approved' || !open || book.refunded(payment) > 0) return { code: '12' };
  book.change(payment.id, 'voided');
  return { code: '00', authCode: payment.authCode ?? '' };
}

function query(book: Book, request: Request): Verdict {
  const payment = request.original && book.find(request.terminal, request.merchant, request.original);
  if (payment === undefined) return { code: '25' };
  if (payment.state === 'approved') return { code: '00', authCode: payment.authCode ?? '', rrn: payment.rrn };
  if (payment.state === 'pending') return { code: '09' };
  return { code: payment.state === 'declined' ? payment.code : '12' };
}

function sameTotals(a: Totals, b: Totals): boolean {
  return (
    a.debitCount === b.debitCount &&
    a.debitMinor === b.debitMinor &&
    a.creditCount === b.creditCount &&
    a.creditMinor === b.creditMinor
  );
}

function compare(book: Book, request: Request, refusal: string | undefined, now: number): Verdict {
  const theirs = readTotals(request.message.fields.get(63) ?? '');
  if (theirs === undefined) return { code: '30' };
  const head = /^(\d{1,15})=([0-9a-f]{64})$/.exec(request.message.fields.get(48) ?? '');
  if (head) book.keepHead(request.terminal, request.batch, Number(head[1]), head[2] ?? '');
  const ours = book.totals(request.batch, request.currency, request.terminal);
  if (refusal !== undefined) return { code: refusal, totals: ours };
  const agree = sameTotals(ours, theirs);
  if (agree) book.closeBatch(request.terminal, request.merchant, request.batch, now);
  return { code: agree ? '00' : '95', totals: ours };
}

/** The terminal has told every payment: when that makes its totals, the batch is closed as it was told. */
function endUpload(book: Book, request: Request, refusal: string | undefined, now: number): Verdict {
  const told = book.uploaded(request.terminal, request.batch, request.currency);
  if (refusal !== undefined) return { code: refusal, totals: told };
  const theirs = readTotals(request.message.fields.get(63) ?? '');
  const whole = theirs === undefined ? told.debitCount + told.creditCount === request.count : sameTotals(told, theirs);
  if (whole) {
    book.dropUntold(request.terminal, request.merchant, request.batch);
    book.closeBatch(request.terminal, request.merchant, request.batch, now);
  }
  return { code: whole ? '00' : '95', totals: told };
}

function upload(book: Book, request: Request): Outcome {
  const { original } = request;
  if (original === undefined) return { code: '30' };
  if (book.isClosed(request.terminal, request.merchant, request.batch)) return { code: '12' };
  book.upload(request, original.stan, request.message.fields.get(3) !== '000000');
  return { code: '00' };
}

/** Gives money back up to what was paid, in any batch. */
function refund(book: Book, request: Request, now: number): Outcome {
  const { terminal, merchant, original } = request;
  const named = original?.rrn === undefined ? undefined : book.findCharge(terminal, merchant, original);
  const payment = original?.rrn === undefined ? original && book.find(terminal, merchant, original) : named;
  if (payment === undefined) return { code: '25' };
  if (book.isClosed(terminal, merchant, request.batch) || payment.state !== 'approved') return { code: '12' };
  const left = payment.amount - book.refunded(payment);
  if (request.amount === 0 || request.amount > left || payment.currency !== request.currency) return { code: '13' };
  book.refund(request, payment, now);
  return { code: '00' };
}

/** An amount held for later; nothing is booked as paid until it is completed. */
function authorize(desk: Desk, request: Request, card: Secrets | undefined, now: number): Outcome {
  const { book } = desk;
  if (request.amount === 0) return { code: '13' };
  const entry = judge(desk, request, card, now);
  if (entry === undefined) return { code: '30' };
  return entry.code === '00' ? { code: '00', authCode: book.hold(request) } : { code: entry.code };
}

/** Takes a held amount or a part of it, once. */
function complete(book: Book, request: Request, now: number): Outcome {
  const { terminal, merchant, original } = request;
  const hold = original && book.findHold(terminal, merchant, original);
  if (hold === undefined) return { code: '25' };
  if (hold.state !== 'held' || book.isClosed(terminal, merchant, request.batch)) return { code: '12' };
  if (request.amount === 0 || request.amount > hold.amount || request.currency !== hold.currency) return { code: '13' };
  book.changeHold(hold.id, 'completed');
  return book.enter(request, { state: 'approved', code: '00', maskedPan: null, scheme: 'completion' }, now);
}

function carryOut(
  desk: Desk,
  request: Request,
  card: Secrets | undefined,
  refusal: string | undefined,
  now: number,
): Verdict {
  const { book } = desk;
  switch (request.kind) {
    case 'sign-on':
    case 'echo':
    case 'parameters':
      return { code: refusal ?? '00' };
    case 'query':
      return refusal === undefined ? query(book, request) : { code: refusal };
    case 'totals':
      return compare(book, request, refusal, now);
    case 'upload-end':
      return endUpload(book, request, refusal, now);
    case 'upload':
      return refusal === undefined ? upload(book, request) : { code: refusal };
    case 'refund':
      return refusal === undefined ? refund(book, request, now) : { code: refusal };
    case 'authorization':
      return refusal === undefined ? authorize(desk, request, card, now) : { code: refusal };
    case 'completion':
      return refusal === undefined ? complete(book, request, now) : { code: refusal };
    case 'purchase':
    case 'advice':
      return pay(desk, request, card, refusal, now);
    case 'reversal':
      return refusal === undefined ? reverse(book, request) : { code: refusal };
    case 'void':
      return refusal === undefined ? takeBack(book, request) : { code: refusal };
  }
}

/** Whatever moves money gets its first answer again; the others are answered afresh. */
const rememberedKinds: ReadonlySet<Request['kind']> = new Set([
  'purchase',
  'advice',
  'authorization',
  'completion',
  'refund',
  'reversal',
  'void',
]);

/**
 * Carries out one request in one commit of the book.
 * `refusal` makes the bank refuse with that DE 39 whatever it would have said; only a payment's refusal is remembered then.
 */
export function execute(
  desk: Desk,
  request: Request,
  card: Secrets | undefined,
  refusal: string | undefined,
  now: number,
): Verdict {
  const { book } = desk;
  return book.commit(() => {
    if (!desk.terminals.has(request.terminal) || request.merchant !== MERCHANT_ID) return { code: '97' };
    if (!rememberedKinds.has(request.kind)) {
      book.confirmWaiting(now);
      return carryOut(desk, request, card, refusal, now);
    }
    const before = book.remembered(request);
    if (before !== undefined) {
      const { same, ...answer } = before;
      return same ? answer : { code: '94' };
    }
    book.confirmWaiting(now);
    const verdict = carryOut(desk, request, card, refusal, now);
    const isPayment = request.kind === 'purchase' || request.kind === 'advice';
    if (verdict.code !== '25' && (refusal === undefined || isPayment)) book.remember(request, verdict);
    return verdict;
  });
}

/**
 * The customer pays in the very moment in which a wallet payment is cancelled, and what is paid is not cancelled: the bank
 * refuses, this time and every repeat. Undefined for everything else.
 */
export function refuseCancel({ book }: Desk, request: Request): Verdict | undefined {
  const { kind, terminal, merchant, original } = request;
  if (kind !== 'reversal' || original === undefined) return undefined;
  return book.commit(() => {
    const payment = book.find(terminal, merchant, original);
    const byCode = payment?.mti === '0200' && payment.maskedPan === null;
    if (!byCode || !['pending', 'approved'].includes(payment.state) || book.remembered(request)) return undefined;
    if (payment.state === 'pending') book.confirm(payment.id);
    const refused = { code: '12' };
    book.remember(request, refused);
    return refused;
  });
}
