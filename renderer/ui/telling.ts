import type { TFunction } from 'i18next';
import { formatMoney } from '../../contract/money.ts';
import type { Outcome, PaymentView } from '../../contract/payment.ts';
import { reasonText } from './write.tsx';

export type ResultAction = 'another' | 'serve' | 'ask' | 'again' | 'continue';

/** A result in words. Every bad end says what happened, whether the customer was charged, and what to do now. */
export interface Telling {
  readonly title: string;
  readonly sentences: readonly string[];
  /** "Code 51": for the telephone, never needed to understand. */
  readonly code: string | null;
  /** The likeliest next step first. Empty: it goes by itself. */
  readonly actions: readonly ResultAction[];
}

/** Shown until someone has seen it; the others leave by themselves. */
export function stays(outcome: Outcome): boolean {
  return (
    outcome === 'declined' ||
    outcome === 'void-refused' ||
    outcome === 'refund-refused' ||
    outcome === 'refunding' ||
    outcome === 'cancelling' ||
    outcome === 'voiding' ||
    outcome === 'unknown' ||
    outcome === 'cancelled'
  );
}

function bankCode(reason: string | null, t: TFunction): string | null {
  const code = /^bank-(.+)$/.exec(reason ?? '')?.[1];
  return code === undefined ? null : t('result.code', { code });
}

function declined(payment: PaymentView, t: TFunction): Telling {
  const reason = payment.reason ?? 'bank-other';
  const sentences = [reasonText(reason, t), t('result.declined.charged'), t([`advice.${reason}`, 'advice.other'])];
  return {
    title: t('result.declined.title'),
    sentences,
    code: bankCode(payment.reason, t),
    actions: ['another', 'serve'],
  };
}

function threeParts(area: string, t: TFunction): readonly string[] {
  return [t(`result.${area}.what`), t(`result.${area}.charged`), t(`result.${area}.next`)];
}

function cancelled(payment: PaymentView, t: TFunction): Telling {
  const reversed = payment.state === 'reversed' || payment.state === 'cancelled';
  const area = reversed ? 'reversed' : 'cancelled';
  const [what = '', charged = '', next = ''] = threeParts(area, t);
  const expired = payment.reason === 'shown-expired';
  const why = payment.reason !== null && (!reversed || expired) ? reasonText(payment.reason, t) : what;
  const advice = payment.reason === null ? next : t([`advice.${payment.reason}`], { defaultValue: next });
  return {
    title: t(`result.${area}.title`),
    sentences: [why, charged, reversed ? next : advice],
    code: null,
    actions: ['again', 'serve'],
  };
}

/** Money that does not go back after all. */
function refused(area: 'refusedVoid' | 'refusedRefund', payment: PaymentView, t: TFunction): Telling {
  const why = reasonText(payment.reason ?? 'bank-other', t);
  const sentences = [why, t(`result.${area}.charged`), t(`result.${area}.next`)];
  return { title: t(`result.${area}.title`), sentences, code: bankCode(payment.reason, t), actions: ['continue'] };
}

/** What goes back by a void: of what was never sent, nothing; of cash, what the cashier hands out. */
function goesBack(payment: PaymentView, t: TFunction): string {
  if (payment.state === 'saf-voided') return t('result.voided.neverSent');
  const amount = formatMoney(payment.amount);
  return t(payment.tender === 'cash' ? 'result.refunded.cash' : 'result.voided.what', { amount });
}

/** Puts a result into words, from its state, outcome and reason. */
export function tell(payment: PaymentView, outcome: Outcome, t: TFunction): Telling {
  switch (outcome) {
    case 'approved':
      return { title: t('result.approved.title'), sentences: [], code: null, actions: [] };
    case 'offline':
      return {
        title: t('result.offline.title'),
        sentences: [t('result.offline.what')],
        code: null,
        actions: ['continue'],
      };
    case 'declined':
      return declined(payment, t);
    case 'cancelling':
    case 'voiding':
      return {
        title: t(`result.${outcome}.title`),
        sentences: threeParts(outcome, t),
        code: null,
        actions: ['serve'],
      };
    case 'cancelled':
      return cancelled(payment, t);
    case 'unknown':
      return {
        title: t('result.unknown.title'),
        sentences: threeParts('unknown', t),
        code: null,
        actions: ['ask', 'serve'],
      };
    case 'voided': {
      const sentences = [goesBack(payment, t), t('result.voided.next')];
      return { title: t('result.voided.title'), sentences, code: null, actions: [] };
    }
    case 'void-refused':
      return refused('refusedVoid', payment, t);
    case 'refunding':
      return {
        title: t('result.refunding.title'),
        sentences: threeParts('refunding', t),
        code: null,
        actions: ['serve'],
      };
    case 'refunded': {
      const amount = formatMoney(payment.amount);
      const what = t(payment.tender === 'cash' ? 'result.refunded.cash' : 'result.refunded.what', { amount });
      return { title: t('result.refunded.title'), sentences: [what], code: null, actions: [] };
    }
    case 'refund-refused':
      return refused('refusedRefund', payment, t);
    case 'authorized': {
      const sentences = [t('result.authorized.what', { amount: formatMoney(payment.amount) })];
      return { title: t('result.authorized.title'), sentences, code: null, actions: [] };
    }
    case 'open':
      return { title: t('result.open.title'), sentences: [], code: null, actions: [] };
  }
}
