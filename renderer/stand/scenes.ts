import type { CounterView, CustomerView, Now } from '../../contract/counter.ts';
import type { DayReport, Today } from '../../contract/day.ts';
import type { DeviceView } from '../../contract/device.ts';
import type { DrawerShift } from '../../contract/drawer.ts';
import { type Money, money } from '../../contract/money.ts';
import { outcomeOf, type PaymentState, type PaymentView } from '../../contract/payment.ts';
import type { LateItem } from '../../contract/queue.ts';
import { RefusalCode } from '../../contract/refusal.ts';
import type { SaleView } from '../../contract/sale.ts';

const cny = (minor: number): Money => money(minor, 'CNY');
const start = new Date();
start.setHours(14, 7, 0, 0);
export const noon = start.getTime();
const id = (n: number) => `018f0000-0000-7000-8000-${String(n).padStart(12, '0')}`;

type Some = Partial<PaymentView> & { readonly state: PaymentState; readonly minor: number; readonly ago: number };

function payment(n: number, { minor, ago, state, ...rest }: Some): PaymentView {
  return {
    id: id(n),
    kind: 'purchase',
    at: noon - ago * 60_000,
    day: '2026-11-21',
    receiptNo: `01-${String(4200 + n).padStart(6, '0')}`,
    amount: cny(minor),
    asked: null,
    tendered: null,
    clockSuspect: false,
    sale: null,
    tender: 'contactless',
    scheme: 'unionpay',
    maskedPan: null,
    state,
    outcome: outcomeOf(state, rest.kind),
    reason: null,
    stan: 4200 + n,
    rrn: `63251400${4200 + n}`,
    authCode: state === 'approved' ? '482913' : null,
    batch: 27,
    original: null,
    cause: null,
    print: state === 'approved' || state === 'saf-accepted' ? 'printed' : 'none',
    voidable: state === 'approved',
    refundable: state === 'approved' ? cny(minor) : null,
    held: null,
    decidable: false,
    next: null,
    ...rest,
  };
}

export const payments: [PaymentView, ...PaymentView[]] = [
  payment(9, { minor: 3600, ago: 5, state: 'approved', tender: 'code', scheme: 'alipay' }),
  payment(8, { minor: 850, ago: 9, state: 'approved', maskedPan: '621094******0119', clockSuspect: true }),
  payment(7, { minor: 12000, ago: 12, state: 'saf-accepted', maskedPan: '621094******8832' }),
  payment(6, { minor: 1590, ago: 16, state: 'declined', tender: 'code', scheme: 'wechat', reason: 'bank-51' }),
  payment(5, { minor: 2200, ago: 23, state: 'approved', tender: 'cash', scheme: null, print: 'held' }),
  payment(4, { minor: 6730, ago: 27, state: 'reversal-due', tender: 'code', scheme: 'alipay' }),
  payment(3, { minor: 128050, ago: 40, state: 'querying', tender: 'code', scheme: 'e-cny' }),
  payment(2, { minor: 450, ago: 44, state: 'approved', kind: 'void', maskedPan: '476173******0119', scheme: 'visa' }),
];

/** Offline payments that brought no money: one to be seen to, one for which the customer has come back. */
export const lateFirst: LateItem = {
  payment: payment(11, {
    minor: 4500,
    ago: 1100,
    state: 'saf-declined',
    maskedPan: '621094******2201',
    reason: 'bank-51',
  }),
  again: null,
  steps: [{ what: 'noted', staff: 'cashier', approver: null, at: noon - 3_600_000, note: '已打电话，客人明天来' }],
  open: true,
};
export const late: LateItem[] = [
  lateFirst,
  {
    payment: payment(12, {
      minor: 2300,
      ago: 1600,
      state: 'saf-expired',
      maskedPan: '476173******0119',
      scheme: 'visa',
    }),
    again: payment(13, { minor: 2300, ago: 2, state: 'approved', tender: 'code', scheme: 'alipay' }),
    steps: [{ what: 'taken-again', staff: 'cashier', approver: null, at: noon - 120_000, note: null }],
    open: true,
  },
  {
    payment: payment(14, {
      minor: 990,
      ago: 3000,
      state: 'saf-declined',
      maskedPan: '621094******7710',
      reason: 'bank-54',
    }),
    again: null,
    steps: [{ what: 'written-off', staff: 'cashier', approver: 'owner', at: noon - 86_400_000, note: null }],
    open: false,
  },
];

const asked = payment(10, { minor: 1280, ago: 0, state: 'approved', maskedPan: '621094******0119', print: 'printing' });
const done = (some: Partial<PaymentView>): Now => {
  const shown = { ...asked, ...some };
  const outcome = outcomeOf(shown.state, shown.kind);
  return { phase: 'result', payment: { ...shown, outcome }, outcome, at: noon };
};
/** A sale of which one part is paid. */
export const halfPaid: SaleView = {
  id: id(20),
  at: noon,
  total: cny(12_000),
  state: 'open',
  paid: cny(5_000),
  underWay: cny(0),
  owed: cny(7_000),
  unknown: null,
  parts: [payment(11, { minor: 5_000, ago: 1, state: 'approved', maskedPan: '621094******0119' })],
};

const soon = (attempt: number, what: 'reverse' | 'query' | 'refund' | 'void') => ({
  what,
  at: Date.now() + 12_000,
  attempt,
});
const waiting = {
  phase: 'waiting',
  payment: id(10),
  amount: cny(1280),
  reason: null,
  reader: true,
  scanner: true,
} as const;

/** What can be going on at the counter, one scene each. */
export const nows: Record<string, Now> = {
  ready: { phase: 'idle' },
  waiting: { ...waiting, prompt: 'present' },
  phone: { ...waiting, prompt: 'see-phone' },
  refused: { ...waiting, prompt: 'code-refused', reason: 'code-needs-line' },
  member: { ...waiting, prompt: 'member-read', tag: { kind: 'member', id: 'M-0012345' } },
  choosing: {
    phase: 'choosing',
    payment: id(10),
    amount: cny(1280),
    choices: [
      { aid: 'A000000333010101', label: 'UnionPay Debit' },
      { aid: 'A0000000031010', label: 'Visa Credit' },
    ],
    until: Date.now() + 30_000,
  },
  showing: {
    phase: 'showing',
    payment: id(10),
    amount: cny(1280),
    code:
      '00020101021226300012cn.countertap0110MERCHANT015204541153031565405' +
      '12.805802CN5909MORNINGLT6008SHANGHAI62280512632514004210070800000001630424D6',
    since: Date.now() - 8_000,
    until: Date.now() + 52_000,
  },
  partial: {
    phase: 'partial',
    payment: id(10),
    amount: cny(12_000),
    approved: cny(8_000),
    until: Date.now() + 30_000,
  },
  reading: { phase: 'reading', payment: id(10), amount: cny(1280) },
  asking: {
    phase: 'asking',
    payment: id(10),
    amount: cny(1280),
    since: Date.now() - 3_000,
    until: Date.now() + 27_000,
    confirming: false,
  },
  confirming: {
    phase: 'asking',
    payment: id(10),
    amount: cny(1280),
    since: Date.now(),
    until: Date.now() + 60_000,
    confirming: true,
  },
  approved: done({}),
  offline: done({ state: 'saf-accepted', authCode: null, amount: cny(3600) }),
  declined: done({ state: 'declined', reason: 'bank-51', print: 'none' }),
  cancelling: done({ state: 'reversal-due', reason: 'no-answer', next: soon(2, 'reverse') }),
  unknown: done({
    state: 'querying',
    tender: 'code',
    scheme: 'wechat',
    maskedPan: null,
    reason: 'no-answer',
    next: soon(3, 'query'),
  }),
  cancelled: done({ state: 'reversed', reason: 'no-answer' }),
  voiding: done({ state: 'unknown', kind: 'void', next: soon(2, 'void') }),
  voided: done({ state: 'approved', kind: 'void' }),
  'void-refused': done({ state: 'declined', kind: 'void', reason: 'bank-12' }),
  refunded: done({ state: 'approved', kind: 'refund' }),
  refunding: done({ state: 'unknown', kind: 'refund', next: soon(2, 'refund') }),
  'refund-refused': done({ state: 'declined', kind: 'refund', reason: 'bank-13' }),
  authorized: done({ state: 'authorized', kind: 'pre-authorization' }),
};

/** The counter as a scene shows it. `down` cuts the line, `trouble` brings notices. */
export function counterView(scene: string, options: URLSearchParams): CounterView {
  const down = options.has('down') || scene === 'offline';
  const language = options.get('lang') === 'en' ? 'en' : 'zh-CN';
  const person = options.get('person') ?? 'cashier';
  const known = person === 'owner' || person === 'technician' ? person : 'cashier';
  return {
    seq: 1,
    setup: scene === 'setup' ? 'needed' : 'done',
    store:
      scene === 'setup'
        ? null
        : {
            name: language === 'en' ? 'Morning Light' : '晨光便利店',
            terminal: '01',
            currency: 'CNY',
            dayCut: '04:00',
            zone: Intl.DateTimeFormat().resolvedOptions().timeZone,
            language,
            virtual: options.has('virtual'),
          },
    session: scene === 'setup' || scene === 'signin' ? null : { person: known, role: known },
    line: { status: down ? 'offline' : 'online', reason: down ? 'unreachable' : null, since: noon },
    offline: {
      enabled: true,
      count: down ? 3 : 0,
      sum: cny(down ? 16450 : 0),
      single: cny(5000),
      countLeft: 8,
      sumLeft: cny(83550),
      expiresAt: down ? Date.now() + (options.has('expiring') ? 0.6 : 23.5) * 3_600_000 : null,
      forwarding: {
        oldestMs: down ? 1_800_000 : null,
        sending: 0,
        nextAt: null,
        paused: options.has('paused') ? { by: 'owner', since: noon, until: Date.now() + 5_400_000 } : null,
        unsure: options.has('unsure'),
        expiring: options.has('expiring') ? { stage: 'last', at: Date.now() + 2_160_000 } : null,
      },
    },
    now: nows[scene] ?? { phase: 'idle' },
    sale: options.has('split') ? halfPaid : null,
    showsCodes: true,
    holds: true,
    recent: options.has('empty') ? [] : payments,
    notices: options.has('trouble')
      ? [
          { code: 'printer-trouble', severity: 'attention', values: { trouble: 'paper-end' } },
          { code: 'receipts-held', severity: 'attention', values: { count: 2 } },
          { code: 'no-reader', severity: 'attention', values: {} },
        ]
      : [],
    stopped: options.has('stopped') ? RefusalCode.parse(options.get('stopped') || 'data-damaged') : null,
  };
}

export function customerView(scene: string, options: URLSearchParams): CustomerView {
  const view = counterView(scene, options);
  const now = view.now;
  const show = (): CustomerView['show'] => {
    switch (now.phase) {
      case 'idle':
        return { what: 'idle' };
      case 'waiting':
        return { what: 'amount', amount: now.amount, prompt: now.prompt, reader: now.reader, scanner: now.scanner };
      case 'choosing':
        return { what: 'choose', payment: now.payment, amount: now.amount, choices: now.choices };
      case 'showing':
        return { what: 'code', amount: now.amount, code: now.code, until: now.until };
      case 'partial':
        return { what: 'partial', amount: now.amount, approved: now.approved };
      case 'reading':
        return { what: 'reading', amount: now.amount };
      case 'asking':
        return { what: 'asking', amount: now.amount, confirming: now.confirming };
      case 'result':
        return { what: 'result', outcome: now.outcome, amount: now.payment.amount, at: now.at };
    }
  };
  const store = view.store && { name: view.store.name, language: view.store.language, zone: view.store.zone };
  const sale = view.sale && { total: view.sale.total, paid: view.sale.paid, owed: view.sale.owed };
  return { seq: 1, store, sale, show: show() };
}

const curve = [0, 0, 0, 0, 0, 0, 0, 40, 100, 180, 280, 360, 620, 880, 780, 440, 340, 480, 740, 820, 400, 180, 60, 0];

export const today: Today = {
  day: '2026-11-21',
  batch: 27,
  currency: 'CNY',
  sold: { amount: cny(864230), count: 312 },
  voided: { amount: cny(9600), count: 3 },
  refunded: { amount: cny(0), count: 0 },
  atBank: { amount: cny(804480), count: 291 },
  underWay: { amount: cny(16450), count: 3 },
  cash: { amount: cny(33700), count: 15 },
  difference: cny(0),
  lateDeclined: { amount: cny(4500), count: 1 },
  hours: curve.map((amount, hour) => ({
    hour,
    amount: cny(amount * 100),
    count: Math.ceil(amount / 28),
    yesterday: cny((curve[(hour + 23) % 24] ?? 0) * 90),
  })),
  tenders: [
    { tender: 'code', scheme: 'alipay', amount: cny(354010), count: 121 },
    { tender: 'code', scheme: 'wechat', amount: cny(285170), count: 104 },
    { tender: 'contactless', scheme: 'unionpay', amount: cny(131050), count: 52 },
    { tender: 'code', scheme: 'e-cny', amount: cny(60200), count: 20 },
    { tender: 'cash', scheme: null, amount: cny(33800), count: 15 },
  ],
  attention: [
    { code: 'late-decline', payment: id(7), amount: cny(4500), at: noon - 68_000_000, count: 1 },
    { code: 'unknown', payment: id(3), amount: cny(2800), at: noon - 40_000, count: 1 },
    { code: 'unprinted', payment: null, amount: null, at: noon - 120_000, count: 2 },
  ],
};

const totals = { debitCount: 294, debit: cny(814080), creditCount: 3, credit: cny(9600) };

/** A shift with a float, cash sales, change brought, and money taken to the safe. */
export const drawer: DrawerShift = {
  no: 12,
  state: 'open',
  day: '2026-08-01',
  openedAt: noon - 4 * 3_600_000,
  openedBy: 'cashier',
  float: cny(50000),
  sales: cny(33800),
  in: cny(10000),
  out: cny(30000),
  expected: cny(63800),
  counted: null,
  difference: null,
  countedAt: null,
  countedBy: null,
  moves: [
    { id: 'a', kind: 'in', reason: 'change', amount: cny(10000), at: noon - 9e6, by: 'cashier', approver: null },
    { id: 'b', kind: 'out', reason: 'safe', amount: cny(30000), at: noon - 6e6, by: 'cashier', approver: 'owner' },
  ],
};

export const report: DayReport = {
  kind: 'X',
  number: null,
  day: '2026-11-21',
  batch: 27,
  at: noon,
  today,
  books: { terminal: totals, ledger: totals, journal: totals, bank: null },
  agreed: true,
  journal: { first: 17_411, last: 18_204, hash: '9c1f0a77d2be43f18a60c5d1e27b9034a8f6c0d3e1b2957f4c6d8e0a1b3c5d7f' },
  alarms: 0,
  drawers: [drawer],
  decisions: [],
  carriedOver: [],
};

export const closed: DayReport[] = [26, 25, 24].map((batch, index) => ({
  ...report,
  kind: 'Z',
  number: batch,
  batch,
  day: `2026-11-${20 - index}`,
  at: noon - (index + 1) * 86_400_000,
  agreed: index !== 1,
  books: { ...report.books, bank: index === 1 ? { ...totals, debitCount: 293, debit: cny(809580) } : totals },
}));

type Device = Omit<DeviceView, 'strip' | 'virtual' | 'values' | 'id'> & Partial<DeviceView>;

function device(some: Device): DeviceView {
  const trouble = some.status !== 'ready';
  const strip = Array.from({ length: 48 }, (_, slot) =>
    slot < 6
      ? ('none' as const)
      : trouble && slot > 40
        ? ('attention' as const)
        : slot === 30 && some.kind === 'bank'
          ? ('trouble' as const)
          : ('ok' as const),
  );
  return { id: some.kind, virtual: false, values: {}, strip, ...some };
}

export const devices: DeviceView[] = [
  device({
    kind: 'reader',
    name: 'ACS ACR1252U',
    status: 'ready',
    state: 'ready',
    tests: ['tap'],
    reader: { class: 'B', use: 'test-cards' },
    values: { class: 'pcsc' },
  }),
  device({ kind: 'scanner', name: 'keyboard', status: 'ready', state: 'ready', tests: ['scan'] }),
  device({
    kind: 'printer',
    name: '192.0.2.40:9100',
    status: 'trouble',
    state: 'paper-end',
    tests: ['print'],
    values: { waiting: 2 },
  }),
  device({ kind: 'drawer', name: '192.0.2.40:9100', status: 'ready', state: 'ready', tests: ['open'], virtual: true }),
  device({
    kind: 'bank',
    name: 'acquirer.example:8583',
    status: 'ready',
    state: 'online',
    tests: ['echo'],
    values: { sent: 312, answered: 312, late: 0, latencyMs: 42 },
  }),
  device({
    kind: 'storage',
    name: 'SQLite',
    status: 'ready',
    state: 'sound',
    tests: ['verify'],
    values: { entries: 18_204, freeGigabytes: 71 },
  }),
  device({ kind: 'clock', name: 'Asia/Shanghai', status: 'ready', state: 'ready', tests: [] }),
];
