import type { i18n } from 'i18next';
import { formatMoney } from '../../../contract/money.ts';
import type { LateReport } from '../../../contract/queue.ts';
import type { ReceiptLine } from '../../../drivers/printer/printer.ts';

/** Offline payments that brought no money, on the day report: what is open, and who closed what. */
export function lateLines(late: LateReport | undefined, words: i18n): ReceiptLine[] {
  if (!late || (late.open.count === 0 && late.closed.length === 0)) return [];
  return [
    { kind: 'rule' },
    { kind: 'row', left: `${words.t('late.open')} × ${late.open.count}`, right: formatMoney(late.open.amount) },
    ...late.closed.flatMap(({ receiptNo, amount, what, staff, approver }): ReceiptLine[] => [
      { kind: 'row', left: `${words.t(`late.did.${what}`)} ${receiptNo}`, right: formatMoney(amount) },
      { kind: 'text', text: [staff, approver].flatMap((who) => (who ? words.t(`person.${who}`) : [])).join(' / ') },
    ]),
  ];
}
