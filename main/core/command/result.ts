import type { PaymentView } from '../../../contract/payment.ts';
import { createWords, type WordsLanguage } from '../../../renderer/words/words.ts';

/** What a command prints, and how the process ends: 0 good, 1 error, 2 declined, 3 not known. */
export interface Result {
  readonly body: Readonly<Record<string, unknown>>;
  readonly exit: 0 | 1 | 2 | 3;
}

/** `detail` is for technicians; `message` is the sentence a person gets, in the language of the command. */
export function failed(code: string, detail?: string): Result {
  const message = sentence(code) ?? words.t('refusal.other', { code });
  return {
    body: { error: { code, message, ...(detail === undefined || detail === message ? {} : { detail }) } },
    exit: 1,
  };
}

let words = createWords('en');

/** Sets the language of all further sentences. */
export function speak(language: WordsLanguage): void {
  words = createWords(language);
}

/** The words of a key of the catalogue or of a code, undefined when there are none. */
export function sentence(code: string, values: Readonly<Record<string, number>> = {}): string | undefined {
  const key = [code, `refusal.${code}`, `reason.${code}`, `notice.${code}`].find((one) => words.exists(one));
  if (!key) return undefined;
  const remedy = key.startsWith('notice.') ? `noticeRemedy.${code}` : '';
  return words.exists(remedy)
    ? `${words.t(key, values)}${words.language === 'en' ? '. ' : '。'}${words.t(remedy)}`
    : words.t(key, values);
}

const exits: Record<PaymentView['outcome'], Result['exit']> = {
  approved: 0,
  offline: 0,
  voided: 0,
  refunded: 0,
  authorized: 0,
  declined: 2,
  cancelled: 2,
  'void-refused': 2,
  'refund-refused': 2,
  cancelling: 3,
  voiding: 3,
  refunding: 3,
  unknown: 3,
  open: 3,
};

/** What a command tells of a payment; docs/terminal.md lists it. */
const told = [
  'id',
  'kind',
  'state',
  'outcome',
  'amount',
  'tender',
  'scheme',
  'maskedPan',
  'stan',
  'rrn',
  'authCode',
  'reason',
  'receiptNo',
  'batch',
  'at',
  'clockSuspect',
] as const satisfies readonly (keyof PaymentView)[];

export function paymentBody(payment: PaymentView): Readonly<Record<string, unknown>> {
  return Object.fromEntries(told.map((name) => [name, payment[name]]));
}

/** A payment's end as a command's result. One that was never presented anything is no payment but an error. */
export function paymentResult(payment: PaymentView): Result {
  const body = { payment: paymentBody(payment) };
  if (payment.state === 'abandoned') {
    return { body: { ...failed('card-not-presented').body, ...body }, exit: 1 };
  }
  return { body, exit: exits[payment.outcome] };
}
