import type { i18n } from 'i18next';
import type { DayReport } from '../../../contract/day.ts';
import { formatMoney, type Money, money, subtract } from '../../../contract/money.ts';
import { type Outcome, outcomeOf, type PaymentState } from '../../../contract/payment.ts';
import type { SaleView } from '../../../contract/sale.ts';
import type { Receipt, ReceiptLine } from '../../../drivers/printer/printer.ts';
import type { Totals } from '../bank/link.ts';
import { drawerLines } from '../cash/slip.ts';
import { localTime } from '../ledger/day.ts';
import { captured, type Payment } from '../payment/payment.ts';
import type { StoreSettings } from '../store/settings.ts';
import { lateLines } from './late.ts';
import { saleLines } from './sale.ts';
import { asWhole } from './whole.ts';
import { textOf } from './words.ts';

/** What a receipt says beside the payment itself. */
export interface ReceiptContext {
  readonly words: i18n;
  readonly store: StoreSettings;
  readonly terminalId: string;
  readonly merchantId: string;
  readonly virtual: boolean;
  /** Last journal entry, printed short so that paper in the customer's hand anchors the chain (I15). */
  readonly head: { readonly seq: number; readonly hash: string };
  /** A second print of the same receipt. */
  readonly copy: boolean;
  readonly originalNo?: string;
  /** Of a charge that is given back: the bank's own reference. */
  readonly chargeRrn?: string;
  /** Of a part: the sale that it pays. */
  readonly sale?: SaleView;
}

type Row = [label: string, value: string | null];

/** The customer's receipt of one payment. */
export function paymentReceipt(payment: Payment, context: ReceiptContext): Receipt {
  const { words, store } = context;
  const t = (key: string): string => textOf(words, `receipt.${key}`);
  const outcome = outcomeOf(payment.state, payment.kind);
  const rows: Row[] = [
    [t('number'), payment.receiptNo],
    [t('date'), stamp(payment.at, store.zone)],
    [t('clock'), payment.clockSuspect ? t('clockSuspect') : null],
    [t('cashier'), words.t(`person.${payment.staff}`, { defaultValue: payment.staff })],
    [t('original'), context.originalNo ?? null],
    [t('charge'), context.chargeRrn ?? null],
    [t('cause'), payment.kind === 'refund' && payment.cause ? words.t(`refund.cause.${payment.cause}`) : null],
    [t('tender'), tenderName(words, payment)],
    [t('card'), payment.maskedPan && maskedForPaper(payment.maskedPan)],
    [t('aid'), payment.aid],
    [t('auth'), payment.authCode],
    [t('stan'), payment.tender === 'cash' ? null : String(payment.stan).padStart(6, '0')],
    [t('rrn'), payment.tender === 'cash' ? null : payment.rrn],
    [t('batch'), payment.batch === null ? null : String(payment.batch)],
  ];
  return {
    lines: [
      ...head(context),
      { kind: 'text', text: t(`kind.${payment.kind}`), align: 'center', bold: true },
      { kind: 'rule' },
      ...rows
        .filter(([, value]) => value !== null)
        .map(([left, right]): ReceiptLine => ({ kind: 'row', left, right: right ?? '' })),
      { kind: 'rule' },
      { kind: 'row', left: t('amount'), right: formatMoney(captured(payment)), bold: true },
      ...(payment.approved === null
        ? []
        : ([{ kind: 'row', left: t('asked'), right: formatMoney(payment.amount) }] satisfies ReceiptLine[])),
      ...change(t, payment),
      ...verdict(t, payment, outcome),
      ...(context.sale ? [{ kind: 'rule' } as const, ...saleLines(words, context.sale)] : []),
      ...foot(context),
    ],
  };
}

/** What was handed over in notes and coins, and what went back. */
function change(t: (key: string) => string, { tendered, amount }: Payment): ReceiptLine[] {
  if (tendered === null) return [];
  const given = money(tendered, amount.currency);
  return [
    { kind: 'row', left: t('tendered'), right: formatMoney(given) },
    { kind: 'row', left: t('change'), right: formatMoney(subtract(given, amount)) },
  ];
}

/** The whole of a sale paid in parts on one paper. */
export function saleReceipt(sale: SaleView, context: ReceiptContext): Receipt {
  const at = { kind: 'row', left: context.words.t('receipt.date'), right: stamp(sale.at, context.store.zone) } as const;
  return { lines: [...head(context), at, { kind: 'rule' }, ...saleLines(context.words, sale), ...foot(context)] };
}

/** How each outcome stands on paper, whenever the receipt is printed, first or again. */
const verdicts: Record<Outcome, string> = {
  approved: 'approved',
  offline: 'offline',
  declined: 'declined',
  cancelling: 'cancelling',
  cancelled: 'cancelled',
  unknown: 'unknown',
  open: 'unknown',
  voiding: 'unknown',
  voided: 'voided',
  'void-refused': 'refused',
  refunding: 'unknown',
  refunded: 'refunded',
  'refund-refused': 'refused',
  authorized: 'authorized',
};

const special: Partial<Record<PaymentState, string>> = {
  // While its void is under way the sale stands: nothing has gone back yet.
  'void-due': 'approved',
  // It never left the terminal: nothing goes back.
  'saf-voided': 'neverSent',
  completing: 'completing',
  completed: 'completed',
};

function verdict(t: (key: string) => string, payment: Payment, outcome: Outcome): ReceiptLine[] {
  const key = special[payment.state] ?? verdicts[outcome];
  return [{ kind: 'text', text: t(key), align: 'center', bold: true }];
}

function head(context: ReceiptContext): ReceiptLine[] {
  const { words, store } = context;
  return [
    { kind: 'text', text: store.name, align: 'center', size: 2, bold: true },
    { kind: 'text', text: `${words.t('receipt.terminal')} ${store.terminal}`, align: 'center' },
    ...(context.virtual ? [{ kind: 'text', text: words.t('receipt.virtual'), align: 'center' } as const] : []),
    ...(context.copy ? [{ kind: 'text', text: duplicateMark, align: 'center', bold: true, size: 2 } as const] : []),
  ];
}

/** In both languages whatever the store's: a second print must be known as one by everybody. */
const duplicateMark = '重印 DUPLICATE';

function foot(context: ReceiptContext): ReceiptLine[] {
  const { words } = context;
  const t = (key: string): string => textOf(words, `receipt.${key}`);
  return [
    { kind: 'rule' },
    { kind: 'row', left: t('merchant'), right: context.merchantId },
    { kind: 'row', left: t('terminalId'), right: context.terminalId },
    { kind: 'row', left: t('journal'), right: `${context.head.seq} ${context.head.hash.slice(0, 8)}` },
    { kind: 'text', text: t('thanks'), align: 'center' },
    { kind: 'feed', lines: 2 },
  ];
}

function stamp(at: number, zone: string): string {
  const { date, hour, minute, second } = localTime(at, zone);
  return `${date} ${[hour, minute, second].map((part) => String(part).padStart(2, '0')).join(':')}`;
}

/** At most the last four digits on paper (PCI DSS 3.4.1). */
function maskedForPaper(masked: string): string {
  return `**** ${masked.slice(-4)}`;
}

function tenderName(words: i18n, payment: Payment): string | null {
  if (payment.tender === null) return null;
  const name = words.t(`scheme.${payment.scheme ?? payment.tender}`, {
    defaultValue: payment.scheme ?? payment.tender,
  });
  return payment.label && payment.tender === 'contactless' ? `${name} ${payment.label}`.slice(0, 40) : name;
}

/** X or Z report on paper: every sum, the four books, the journal's head (B8). @throws NotWhole */
export function dayReceipt(report: DayReport, context: ReceiptContext): Receipt {
  const { words } = context;
  const t = (key: string): string => textOf(words, `report.${key}`);
  const { today, books } = report;
  const figure = (key: string, of: { amount: Money; count: number }): ReceiptLine => ({
    kind: 'row',
    left: `${t(key)} × ${of.count}`,
    right: formatMoney(of.amount),
  });
  const title = report.kind === 'X' ? t('x') : report.number === null ? t('notClosed') : `${t('z')} ${report.number}`;
  return asWhole(report, {
    lines: [
      ...head(context),
      { kind: 'text', text: title, align: 'center', bold: true },
      { kind: 'row', left: t('day'), right: [report.firstDay, report.day].filter(Boolean).join(' – ') },
      { kind: 'row', left: t('batch'), right: String(report.batch) },
      { kind: 'row', left: t('at'), right: stamp(report.at, context.store.zone) },
      { kind: 'rule' },
      figure('sold', today.sold),
      figure('voided', today.voided),
      ...(today.refunded.count > 0 ? [figure('refunded', today.refunded)] : []),
      figure('atBank', today.atBank),
      figure('underWay', today.underWay),
      figure('cash', today.cash),
      figure('lateDeclined', today.lateDeclined),
      { kind: 'row', left: t('difference'), right: formatMoney(today.difference), bold: true },
      { kind: 'rule' },
      ...today.tenders.map(
        (one): ReceiptLine => ({
          kind: 'row',
          left: `${words.t(`scheme.${one.scheme ?? one.tender}`, { defaultValue: one.scheme ?? one.tender })} × ${one.count}`,
          right: formatMoney(one.amount),
        }),
      ),
      ...report.drawers.flatMap((shift): ReceiptLine[] => [
        { kind: 'rule' },
        ...drawerLines(shift, (key, options) => words.t(key, options ?? {})),
      ]),
      { kind: 'rule' },
      ...(['terminal', 'ledger', 'journal', 'bank'] as const).flatMap((name) => bookLines(words, name, books[name])),
      { kind: 'text', text: t(comparison(report)), align: 'center', bold: true },
      ...report.decisions.map(
        (one): ReceiptLine => ({
          kind: 'row',
          left: `${t('decided')} ${one.receiptNo} ${one.done ? '+' : '-'} ${words.t(`person.${one.by}`, { defaultValue: one.by })}`,
          right: formatMoney(one.amount),
        }),
      ),
      ...report.carriedOver.map(
        (one): ReceiptLine => ({
          kind: 'row',
          left: `${t('carriedOver')} ${words.t(`state.${one.state}`)}`,
          right: formatMoney(one.amount),
        }),
      ),
      ...(report.alarms > 0
        ? [{ kind: 'row', left: t('alarms'), right: String(report.alarms), bold: true } as const]
        : []),
      ...(report.epoch ? [{ kind: 'row', left: t('epoch'), right: String(report.epoch) } as const] : []),
      ...(['receiptsMissing', 'lateAnswers', 'clockSuspect'] as const)
        .filter((what) => (report.irregular?.[what] ?? 0) > 0)
        .map((what): ReceiptLine => ({ kind: 'row', left: t(what), right: String(report.irregular?.[what]) })),
      ...lateLines(report.late, words),
      { kind: 'row', left: t('entries'), right: `${report.journal.first} – ${report.journal.last}` },
      { kind: 'text', text: `${t('head')} ${report.journal.hash}` },
      ...foot(context),
    ],
  });
}

/** The bank is asked at the close alone: an X report says nothing of it. */
function comparison({ agreed, books }: DayReport): 'agreed' | 'differs' | 'notAsked' | 'booksDiffer' {
  if (books.bank === null) return agreed ? 'notAsked' : 'booksDiffer';
  return agreed ? 'agreed' : 'differs';
}

function bookLines(words: i18n, name: string, totals: Totals | null): ReceiptLine[] {
  if (!totals) return [];
  return [
    {
      kind: 'row',
      left: `${words.t(`books.${name}`)} +${totals.debitCount} -${totals.creditCount}`,
      right: `${formatMoney(totals.debit)} / ${formatMoney(totals.credit)}`,
    },
  ];
}

/** Lines under the store's name, with the foot of every receipt. */
export function slip(lines: readonly ReceiptLine[], context: ReceiptContext): Receipt {
  return { lines: [...head(context), { kind: 'rule' }, ...lines, ...foot(context)] };
}

/** What a technician prints to see that the printer writes both scripts. */
export function testReceipt(context: ReceiptContext): Receipt {
  const t = (key: string): string => context.words.t(`receipt.${key}`);
  return {
    lines: [
      { kind: 'text', text: t('test.title'), align: 'center', size: 2, bold: true },
      { kind: 'text', text: t('test.text') },
      { kind: 'row', left: '中文对齐', right: '￥1,280.00' },
      { kind: 'row', left: 'Latin alignment', right: '￥8.50' },
      { kind: 'rule' },
      { kind: 'qr', text: 'COUNTERTAP TEST' },
      { kind: 'feed', lines: 2 },
    ],
  };
}
