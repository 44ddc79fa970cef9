import { implement, type Router } from '@orpc/server';
import type { CounterView, CustomerView } from '../../contract/counter.ts';
import type { KeyView, MessageRead } from '../../contract/key.ts';
import { terminal } from '../../contract/terminal.ts';
import { imported, reconciled } from './reconciled.ts';
import { closed, devices, drawer, halfPaid, late, lateFirst, noon, payments, report, today } from './scenes.ts';

/** What a stand-in core shows, and whom it tells what it was asked. */
export interface Stand {
  readonly counter: CounterView;
  readonly customer: CustomerView;
  readonly asked?: (call: string, input: unknown) => void;
}

const os = implement(terminal);
const [first] = payments;
const paper = { line: true, bank: true, printer: 'none', drawerOpened: 2 } as const;

/** Says one thing and then nothing more, until the page goes. */
async function* once<T>(value: T, signal: AbortSignal | undefined): AsyncGenerator<T> {
  yield value;
  await new Promise((resolve) => signal?.addEventListener('abort', resolve));
}

async function* closing() {
  for (const step of [
    { step: 'deliver', left: 3 },
    { step: 'count' },
    { step: 'ask-bank' },
    { step: 'print' },
  ] as const) {
    yield step;
    await new Promise((resolve) => setTimeout(resolve, 700));
  }
  yield { step: 'done', report: closed[0] ?? report, printed: false } as const;
}

const nothing = () => ({});
const found = (id: string) => payments.find((one) => one.id === id) ?? first;
const status = () => paper;

const key: KeyView = {
  place: 'sealed',
  sealer: 'passphrase',
  check: 'C6A13B',
  algorithm: 'AES-128',
  session: { since: Date.UTC(2026, 10, 21, 6, 2, 0) },
  first: null,
};

/** An echo, whatever is asked; what is no hex is refused. */
function decoded(hex: string): MessageRead {
  if (!/^[\da-f\s]+$/i.test(hex)) return { ok: false, detail: 'the message is not hex' };
  const fields = [
    { number: 3, name: 'processing code', format: 'n6', value: '990000' },
    { number: 11, name: 'systems trace audit number', format: 'n6', value: '000007' },
    { number: 41, name: 'card acceptor terminal identification', format: 'ans8', value: 'T0000001' },
  ];
  const mac = { field: 64, value: '1122334455667788', scheme: 'aes-cmac', right: true };
  return { ok: true, message: { dialect: 'countertap', length: 62, header: '', mti: '0800', fields, mac } };
}
const lateItem = (id: string) => late.find((one) => one.payment.id === id) ?? lateFirst;

/** A stand-in for the core: it shows one scene, answers every call, and changes nothing. */
export function standRouter(stand: Stand): Router<typeof terminal, Record<never, never>> {
  const payment = (call: string) => (options: { readonly input: unknown }) => {
    stand.asked?.(call, options.input);
    return first;
  };
  return os.router({
    setup: { complete: os.setup.complete.handler(nothing) },
    session: {
      signIn: os.session.signIn.handler(({ input, errors }) => {
        if (input.pin === '000000') throw errors.REFUSED({ data: { code: 'wrong-pin' } });
        return { person: input.person, role: input.person };
      }),
      signOut: os.session.signOut.handler(nothing),
      language: os.session.language.handler(nothing),
    },
    counter: {
      watch: os.counter.watch.handler(({ signal }) => once(stand.counter, signal)),
      customer: os.counter.customer.handler(({ signal }) => once(stand.customer, signal)),
      choose: os.counter.choose.handler(({ input }) => {
        stand.asked?.('choose', input);
        return {};
      }),
    },
    sale: {
      charge: os.sale.charge.handler(payment('charge')),
      cancel: os.sale.cancel.handler(payment('cancel')),
      cash: os.sale.cash.handler(payment('cash')),
      split: os.sale.split.handler(() => halfPaid),
      show: os.sale.show.handler(payment('show')),
      accept: os.sale.accept.handler(payment('accept')),
      drop: os.sale.drop.handler(({ input, errors }) => {
        stand.asked?.('drop', input);
        throw errors.REFUSED({ data: { code: 'wrong-pin' } });
      }),
      summary: os.sale.summary.handler(() => halfPaid),
      scanned: os.sale.scanned.handler(({ input, errors }) => {
        stand.asked?.('scanned', input);
        throw errors.REFUSED({ data: { code: 'no-code-expected' } });
      }),
      dismiss: os.sale.dismiss.handler(({ input }) => {
        stand.asked?.('dismiss', input);
        return {};
      }),
      void: os.sale.void.handler(({ input, errors }) => {
        stand.asked?.('void', input);
        throw errors.REFUSED({ data: { code: 'wrong-pin' } });
      }),
      refund: os.sale.refund.handler(payment('refund')),
      hold: os.sale.hold.handler(payment('hold')),
      complete: os.sale.complete.handler(payment('complete')),
      release: os.sale.release.handler(payment('release')),
    },
    payments: {
      list: os.payments.list.handler(({ input }) => (input.before ? [] : payments)),
      story: os.payments.story.handler(({ input }) => {
        const payment = found(input.payment);
        const step = (
          seq: number,
          event: string,
          state: typeof payment.state,
          detail: Record<string, string | number> = {},
        ) => ({
          seq: 18_190 + seq,
          at: payment.at + seq * 400,
          event,
          state,
          detail,
          transfers:
            state === 'approved' ? [{ debit: 'receivable:alipay', credit: 'sales', amount: payment.amount }] : [],
          hash: `${seq}c1f0a77d2be43f18a60c5d1e27b9034a8f6c0d3e1b2957f4c6d8e0a1b3c5d7f`,
        });
        const steps = [
          step(1, 'opened', 'opened'),
          step(2, 'code', 'sending', { scheme: 'alipay' }),
          step(3, 'answer', payment.state, { to: 'purchase', answer: 'approved', code: '00' }),
        ];
        return { payment, about: payments.filter((one) => one.original === payment.id), steps };
      }),
      held: os.payments.held.handler(() => payments.filter((one) => one.held !== null)),
      decide: os.payments.decide.handler(({ input }) => found(input.payment)),
      reprint: os.payments.reprint.handler(({ input }) => found(input.payment)),
      printed: os.payments.printed.handler(({ input }) => found(input.payment)),
    },
    queue: {
      list: os.queue.list.handler(() =>
        payments.filter((one) => one.outcome !== 'approved' && one.outcome !== 'declined'),
      ),
      forward: os.queue.forward.handler(() => ({ left: 1 })),
      pause: os.queue.pause.handler(nothing),
      resume: os.queue.resume.handler(nothing),
      late: os.queue.late.handler(() => late),
      note: os.queue.note.handler(({ input }) => lateItem(input.payment)),
      takeAgain: os.queue.takeAgain.handler(payment('takeAgain')),
      closeLate: os.queue.closeLate.handler(({ input, errors }) => {
        stand.asked?.('closeLate', input);
        if (input.ownerPin === '000000') throw errors.REFUSED({ data: { code: 'wrong-pin' } });
        return { ...lateItem(input.payment), open: false };
      }),
    },
    day: {
      today: os.day.today.handler(() => today),
      xReport: os.day.xReport.handler(() => report),
      printX: os.day.printX.handler(() => report),
      printZ: os.day.printZ.handler(() => closed[0] ?? report),
      close: os.day.close.handler(() => closing()),
      reports: os.day.reports.handler(() => closed),
    },
    reconciliation: {
      statements: os.reconciliation.statements.handler(() => [reconciled.statement]),
      upload: os.reconciliation.upload.handler(({ input }) => ({
        received: input.offset + (input.piece.length * 3) / 4,
      })),
      import: os.reconciliation.import.handler(({ input }) => imported(input.name)),
      report: os.reconciliation.report.handler(() => reconciled),
      done: os.reconciliation.done.handler(({ input }) => {
        stand.asked?.('done', input);
        return reconciled;
      }),
      refund: os.reconciliation.refund.handler(({ input }) => {
        stand.asked?.('refund', input);
        return reconciled;
      }),
      export: os.reconciliation.export.handler(async function* () {
        yield { name: 'reconciliation.csv', text: '' };
      }),
    },
    record: {
      acknowledge: os.record.acknowledge.handler(({ input, errors }) => {
        stand.asked?.('acknowledge', input);
        if (input.ownerPin === '000000') throw errors.REFUSED({ data: { code: 'wrong-pin' } });
        return {};
      }),
    },
    drawer: {
      shift: os.drawer.shift.handler(() => ({ shift: drawer })),
      open: os.drawer.open.handler(() => ({ shift: drawer, printed: true })),
      move: os.drawer.move.handler(() => ({ shift: drawer, printed: true })),
      count: os.drawer.count.handler(({ input }) => ({
        shift: { ...drawer, state: 'counted' as const, counted: input.counted, countedBy: 'cashier' },
        printed: false,
      })),
      kick: os.drawer.kick.handler(nothing),
    },
    keys: {
      state: os.keys.state.handler(() => key),
      component: os.keys.component.handler(({ input }) => {
        stand.asked?.('component', { person: input.person });
        return { check: '08D7B4', loaded: null };
      }),
      cancel: os.keys.cancel.handler(() => key),
    },
    messages: {
      decode: os.messages.decode.handler(({ input }) => decoded(input.hex)),
    },
    devices: {
      watch: os.devices.watch.handler(({ signal }) => once(devices, signal)),
      test: os.devices.test.handler(({ input }) => ({
        ok: input.test !== 'print',
        code: input.test === 'tap' ? 'tap-read' : input.test === 'print' ? 'print-failed' : 'echo-answered',
        values: input.test === 'tap' ? { cardMs: 312, ownMs: 6 } : { ms: 42 },
        ...(input.test === 'tap' && {
          card: {
            aid: 'A000000333010101',
            label: 'UnionPay Debit',
            scheme: 'unionpay',
            maskedPan: '621094******0119',
            expiry: '2912',
            kernel: 7,
            oda: { method: 'fdda', result: 'failed', step: 'icc-certificate', reason: 'expired' },
            cvm: 'cdcvm',
            cryptogram: { type: 'ARQC', value: '1F2E3D4C5B6A7988', atc: 28 },
            decision: 'online',
            reason: null,
            unsignedKeys: true,
            choices: ['UnionPay Debit', 'UnionPay Credit'],
            tags: [
              { tag: '84', name: 'Dedicated File Name', value: 'A000000333010101', from: 'SELECT' },
              { tag: '50', name: 'Application Label', value: '556E696F6E506179', text: 'UnionPay', from: 'SELECT' },
              { tag: '9F36', name: 'Application Transaction Counter', value: '001C', from: 'GPO' },
              { tag: '9F26', name: 'Application Cryptogram', value: '1F2E3D4C5B6A7988', from: 'GPO' },
              { tag: '5A', name: 'Application PAN', value: '621094******0119', from: 'READ RECORD 1.1' },
              { tag: '5F24', name: 'Application Expiration Date', value: '291231', from: 'READ RECORD 1.1' },
            ],
            exchanges: [
              { command: 'SELECT PPSE', ms: 44 },
              { command: 'SELECT', ms: 46 },
              { command: 'GPO', ms: 98 },
              { command: 'READ RECORD 1.1', ms: 51 },
            ],
          },
        }),
      })),
      verify: os.devices.verify.handler(() => ({
        ok: true,
        entries: 18_204,
        payments: 3_120,
        transfers: 3_391,
        headHash: report.journal.hash,
        firstBreak: null,
        ms: 381,
      })),
    },
    virtual: {
      status: os.virtual.status.handler(status),
      cards: os.virtual.cards.handler(() => [
        { id: 'u1', label: 'UnionPay debit', labelZh: '银联借记卡', scheme: 'unionpay', behaviour: 'approved' },
        {
          id: 'u2',
          label: 'UnionPay, not enough funds',
          labelZh: '银联卡，余额不足',
          scheme: 'unionpay',
          behaviour: 'declined 51',
        },
        { id: 'v1', label: 'Visa credit', labelZh: 'Visa 信用卡', scheme: 'visa', behaviour: 'approved' },
        {
          id: 'p1',
          label: 'Phone, locked at first',
          labelZh: '手机，先要解锁',
          scheme: 'unionpay',
          behaviour: 'see phone',
        },
        { id: 't1', label: 'Leaves too soon', labelZh: '移开太早的卡', scheme: 'unionpay', behaviour: 'torn' },
      ]),
      payShown: os.virtual.payShown.handler(() => ({ paid: true, why: 'paid' })),
      tap: os.virtual.tap.handler(() => ({ left: 'read' })),
      code: os.virtual.code.handler(() => ({ code: '281234567890123456' })),
      scan: os.virtual.scan.handler(nothing),
      line: os.virtual.line.handler(({ input }) => ({ ...paper, line: input.up })),
      bank: os.virtual.bank.handler(({ input }) => ({ ...paper, bank: input.up })),
      printer: os.virtual.printer.handler(({ input }) => ({ ...paper, printer: input.trouble })),
      paper: os.virtual.paper.handler(({ input }) =>
        input.since > 0
          ? []
          : [
              {
                n: 1,
                at: noon,
                text: 'receipt',
                image: 'data:image/gif;base64,R0lGODlhAQABAIAAAMLCwgAAACH5BAAAAAAALAAAAAABAAEAAAICRAEAOw==',
              },
            ],
      ),
    },
  });
}
