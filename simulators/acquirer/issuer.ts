import { createHash } from 'node:crypto';
import type { Book, Entry } from './book.ts';
import { type CardSecrets, luhnValid, masked, readIccData, schemeOf, type WalletSecrets } from './card.ts';
import { cryptogramFits } from './cryptogram.ts';
import { type WalletIssuer, wallets } from './profile.ts';
import type { Request } from './request.ts';
import { openToken } from './token.ts';

/** Above this many minor units everything is refused with 61, as the shipped profile's limit says. */
const LARGEST = 5_000_000;

/** Refusals by the last two digits of the amount, so that a person can ask for any of them (simulators/README.md). */
const onlineRefusals: Readonly<Record<number, string>> = { 5: '05', 51: '51', 91: '91' };
/** Card purchases whose amount ends like this are approved in part: half of it (DE 39 10). */
const IN_PART = 10;
const adviceRefusals: Readonly<Record<number, string>> = { 61: '61' };

function byAmount(request: Request): string {
  if (request.amount > LARGEST) return '61';
  const refusals = request.kind === 'advice' ? adviceRefusals : onlineRefusals;
  return refusals[request.amount % 100] ?? '00';
}

/** DE 55 must be whole and speak of this amount and currency; an AAC is the card's own refusal. */
function byCryptogram(request: Request): string {
  const data = readIccData(request.message.fields.get(55) ?? '');
  const kind = data?.get('9F27');
  if (data === undefined || kind === undefined || !data.has('9F26')) return '30';
  const amount = data.get('9F02');
  const currency = data.get('5F2A');
  if (amount !== undefined && Number(amount) !== request.amount) return '13';
  if (currency !== undefined && currency.slice(-3) !== request.currency) return '12';
  return Number.parseInt(kind, 16) >> 6 === 0 ? '05' : '00';
}

function expired(expiry: string, now: number): boolean {
  const today = new Date(now);
  const month = String(today.getUTCMonth() + 1).padStart(2, '0');
  return expiry < String(today.getUTCFullYear() % 100).padStart(2, '0') + month;
}

function cardCode(request: Request, card: CardSecrets, now: number): string {
  if (!luhnValid(card.pan) || schemeOf(card.pan) === undefined) return '14';
  if (!card.track2.toUpperCase().startsWith(`${card.pan}D${card.expiry}`)) return '14';
  if (expired(card.expiry, now)) return '54';
  const code = byCryptogram(request);
  return code === '00' ? byAmount(request) : code;
}

/** The issuer's word on a card payment. */
export function judgeCard(request: Request, card: CardSecrets, now: number): Entry {
  const judged = cardCode(request, card, now);
  const inPart = judged === '00' && request.kind === 'purchase' && request.amount % 100 === IN_PART;
  const code = inPart ? '10' : judged;
  const { fields } = request.message;
  return {
    state: judged === '00' ? 'approved' : 'declined',
    code,
    ...(inPart ? { amount: Math.floor(request.amount / 2) } : {}),
    maskedPan: masked(card.pan),
    scheme: schemeOf(card.pan) ?? 'unknown',
    cryptogram: cryptogramFits(card, fields.get(23) ?? '', fields.get(55) ?? '') ? 'right' : 'wrong',
  };
}

/** The wallet issuer's word on a token: believed only when both signatures hold and it speaks of exactly this payment. */
export function judgeToken(
  request: Request,
  secrets: WalletSecrets,
  issuers: readonly WalletIssuer[],
  book: Book,
  now: number,
): Entry {
  const token = openToken(secrets.walletToken, issuers);
  const refused = (code: string): Entry => ({
    state: 'declined',
    code,
    maskedPan: token === undefined ? null : masked(token.wallet),
    scheme: 'wallet',
  });
  if (token === undefined) return refused('14');
  const { challenge } = token;
  if (challenge.terminal !== request.terminal.trimEnd() || challenge.stan !== request.stan) return refused('12');
  if (challenge.amount !== request.amount) return refused('13');
  if (challenge.currency !== request.currency || token.currency !== request.currency) return refused('12');
  if (token.expiry < challenge.date || dayBefore(token.expiry, now)) return refused('54');
  if (request.amount > token.ceiling) return refused('61');
  if (!book.spendToken(token.wallet, token.counter)) return refused('94');
  const code = byAmount(request);
  return { ...refused(code), state: code === '00' ? 'approved' : 'declined' };
}

/** Whether a day, YYMMDD, is over by more than a month: what was taken offline on its last day still comes in. */
function dayBefore(day: string, now: number): boolean {
  const over = Date.UTC(2000 + Number(day.slice(0, 2)), Number(day.slice(2, 4)) - 1, Number(day.slice(4)) + 31);
  return now > over;
}

export function codeHash(code: string): string {
  return createHash('sha256').update(code).digest('hex');
}

/** Splits DE 48 of a wallet payment, `scheme=code`; undefined when it is something else. */
export function readWalletCode(text: string): { readonly scheme: string; readonly code: string } | undefined {
  const match = /^([a-z0-9-]{1,20})=(\d{1,32})$/.exec(text);
  return match?.[1] === undefined || match[2] === undefined ? undefined : { scheme: match[1], code: match[2] };
}

/** Before the payment code: an order for which the merchant shows a code of its own. */
const SHOWN = 'shown';

/** An order waits for a customer to scan its code; it is known by the terminal's reference. */
function judgeShown(request: Request, reference: string, refused: (code: string) => Entry): Entry {
  if (reference !== request.rrn) return refused('30');
  const why = byAmount(request);
  return why === '00'
    ? { state: 'pending', code: '09', maskedPan: null, scheme: SHOWN, confirmsAt: null }
    : refused(why);
}

/** The wallet's word on a payment code, which is used up by being asked about. */
export function judgeCode(request: Request, scheme: string, code: string, book: Book, now: number): Entry {
  const refused = (why: string): Entry => ({ state: 'declined', code: why, maskedPan: null, scheme });
  if (scheme === SHOWN) return judgeShown(request, code, refused);
  const wallet = wallets.find((known) => known.scheme === scheme);
  if (wallet === undefined || !new RegExp(wallet.pattern).test(code)) return refused('14');
  const issued = book.spendCode(codeHash(code));
  if (issued === undefined) return refused('14');
  const why = byAmount(request);
  if (why !== '00') return refused(why);
  if (issued.behaviour === 'declines') return refused('05');
  if (issued.behaviour === 'pays') return { state: 'approved', code: '00', maskedPan: null, scheme };
  const confirmsAt = issued.behaviour === 'slow' ? now + issued.ms : null;
  return { state: 'pending', code: '09', maskedPan: null, scheme, confirmsAt };
}
