import type { TFunction } from 'i18next';
import type { ReactNode } from 'react';
import { currencySymbol, formatAmount, type Money } from '../../contract/money.ts';
import { outcomeOf, type PaymentView } from '../../contract/payment.ts';
import styles from './write.module.css';

/** An amount with its currency sign small and raised. */
export function MoneyText({ amount }: { readonly amount: Money }): ReactNode {
  const text = formatAmount(amount);
  return (
    <span className={styles['money']}>
      {text.startsWith('-') && '−'}
      <small>{currencySymbol(amount.currency)}</small>
      {text.replace('-', '')}
    </span>
  );
}

const formats = new Map<string, Intl.DateTimeFormat>();

function format(zone: string | undefined, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = `${zone}${JSON.stringify(options)}`;
  const kept = formats.get(key);
  if (kept) return kept;
  const made = new Intl.DateTimeFormat('en-GB', { ...options, ...(zone === undefined ? {} : { timeZone: zone }) });
  formats.set(key, made);
  return made;
}

/** "14:02" in the store's zone. `at` in UTC milliseconds. */
export function clockTime(at: number, zone?: string): string {
  return format(zone, { hour: '2-digit', minute: '2-digit' }).format(at);
}

/** "2026-11-21 14:02:09" in the store's zone. */
export function fullTime(at: number, zone?: string): string {
  const parts = Object.fromEntries(
    format(zone, {
      year: 'numeric',
      month: '2-digit',
      day: '2-digit',
      hour: '2-digit',
      minute: '2-digit',
      second: '2-digit',
    })
      .formatToParts(at)
      .map((part) => [part.type, part.value]),
  );
  return `${parts['year']}-${parts['month']}-${parts['day']} ${parts['hour']}:${parts['minute']}:${parts['second']}`;
}

/** "40 s", "12 min", "23 h": a span of time in its largest unit, rounded down. */
export function span(ms: number, t: TFunction): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  if (seconds < 60) return t('common.seconds', { n: seconds });
  if (seconds < 3600) return t('common.minutes', { n: Math.floor(seconds / 60) });
  if (seconds < 172_800) return t('common.hours', { n: Math.floor(seconds / 3600) });
  return t('common.days', { n: Math.floor(seconds / 86_400) });
}

/** "UnionPay ··0119", "Alipay", "Cash". */
export function paidBy(payment: Pick<PaymentView, 'tender' | 'scheme' | 'maskedPan'>, t: TFunction): string {
  const tender = t(`tender.${payment.tender ?? 'none'}`);
  const name =
    payment.scheme === null ? tender : t([`scheme.${payment.scheme}`, 'tender.none'], { defaultValue: payment.scheme });
  return payment.maskedPan === null ? name : `${name} ··${payment.maskedPan.slice(-4)}`;
}

/** Where a payment stands, in words. A void or refund that the bank approved is no sale, and of cash no bank knows. */
export function stateText(payment: Pick<PaymentView, 'state' | 'kind' | 'tender'>, t: TFunction): string {
  return payment.kind === 'void' || payment.kind === 'refund' || payment.tender === 'cash'
    ? t(`outcome.${outcomeOf(payment.state, payment.kind)}`)
    : t(`state.${payment.state}`);
}

/** Why, as a sentence. A scanned code is refused with the words that refuse a call. */
export function reasonText(reason: string, t: TFunction): string {
  const family = reason.startsWith('bank-') ? 'reason.bank-other' : 'reason.other';
  return t([`reason.${reason}`, `refusal.${reason}`, family], { code: reason });
}
