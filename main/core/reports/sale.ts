import type { i18n } from 'i18next';
import { formatMoney } from '../../../contract/money.ts';
import { outcomeOf } from '../../../contract/payment.ts';
import type { SaleView } from '../../../contract/sale.ts';
import type { ReceiptLine } from '../../../drivers/printer/printer.ts';

/** What a sale paid in parts came to: each part that pays, what is paid, what is still owed. */
export function saleLines(words: i18n, sale: SaleView): ReceiptLine[] {
  const t = (key: string): string => words.t(`receipt.sale.${key}`);
  const paying = sale.parts.filter(({ state, kind }) => {
    const outcome = outcomeOf(state, kind);
    return outcome === 'approved' || outcome === 'offline';
  });
  return [
    { kind: 'text', text: t('title'), align: 'center', bold: true },
    ...paying.map(({ scheme, tender, maskedPan, amount }): ReceiptLine => {
      const name = words.t(`scheme.${scheme ?? tender}`, { defaultValue: scheme ?? tender ?? '' });
      const left = maskedPan === null ? name : `${name} ${maskedPan.slice(-4)}`;
      return { kind: 'row', left, right: formatMoney(amount) };
    }),
    ...(sale.parts.some(({ clockSuspect }) => clockSuspect)
      ? [{ kind: 'row', left: words.t('receipt.clock'), right: words.t('receipt.clockSuspect') } as const]
      : []),
    { kind: 'row', left: t('total'), right: formatMoney(sale.total) },
    { kind: 'row', left: t('paid'), right: formatMoney(sale.paid) },
    ...(sale.owed.minor === 0
      ? []
      : ([{ kind: 'row', left: t('owed'), right: formatMoney(sale.owed) }] satisfies ReceiptLine[])),
  ];
}
