import type { CashMove, DrawerShift } from '../../../contract/drawer.ts';
import { formatMoney, type Money } from '../../../contract/money.ts';
import type { ReceiptLine } from '../../../drivers/printer/printer.ts';
import { localTime } from '../ledger/day.ts';

type Words = (key: string, options?: { defaultValue: string }) => string;

function row(left: string, sum: Money | null, bold = false): ReceiptLine[] {
  return sum === null ? [] : [{ kind: 'row', left, right: formatMoney(sum), ...(bold ? { bold } : {}) }];
}

/** The figures of a shift, as they stand on its slip and on X and Z reports. */
export function drawerLines(shift: DrawerShift, t: Words): ReceiptLine[] {
  const person = (name: string): string => t(`person.${name}`, { defaultValue: name });
  return [
    { kind: 'row', left: `${t('drawer.title')} ${shift.no}`, right: person(shift.openedBy) },
    ...row(t('drawer.float'), shift.float),
    ...row(t('drawer.sales'), shift.sales),
    ...row(t('drawer.in'), shift.in),
    ...row(t('drawer.out'), shift.out),
    ...row(t('drawer.expected'), shift.expected),
    ...(shift.counted === null
      ? [{ kind: 'row', left: t('drawer.counted'), right: t('drawer.notCounted') } as const]
      : [
          ...row(t('drawer.counted'), shift.counted),
          ...row(t('drawer.difference'), shift.difference, true),
          { kind: 'row', left: t('drawer.countedBy'), right: person(shift.countedBy ?? '') } as const,
        ]),
  ];
}

/** One cash movement on paper, with places to sign. */
export function moveLines(move: CashMove, zone: string, t: Words): ReceiptLine[] {
  const person = (name: string): string => t(`person.${name}`, { defaultValue: name });
  const { date, hour, minute } = localTime(move.at, zone);
  const two = (part: number): string => String(part).padStart(2, '0');
  return [
    { kind: 'text', text: t(move.kind === 'in' ? 'drawer.cashIn' : 'drawer.cashOut'), align: 'center', bold: true },
    { kind: 'row', left: t('receipt.date'), right: `${date} ${two(hour)}:${two(minute)}` },
    { kind: 'row', left: t('drawer.why'), right: t(`drawer.reason.${move.reason}`) },
    ...row(t('receipt.amount'), move.amount, true),
    { kind: 'row', left: t('drawer.by'), right: person(move.by) },
    ...(move.approver === null
      ? []
      : [{ kind: 'row', left: t('drawer.approver'), right: person(move.approver) } as const]),
    { kind: 'feed', lines: 2 },
    { kind: 'row', left: t('drawer.signature'), right: '____________________' },
  ];
}
