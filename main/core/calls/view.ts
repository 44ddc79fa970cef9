import type { CounterView, CustomerView, Notice, Now } from '../../../contract/counter.ts';
import { money, subtract } from '../../../contract/money.ts';
import type { Core } from '../core.ts';
import { backupFailed } from '../daily.ts';
import { countLate } from '../payment/late.ts';
import { ALERT_ATTEMPTS } from '../payment/transition.ts';
import type { Port } from './access.ts';

const RECENT = 8;
const DISK_LOW = 500 * 1024 * 1024;

/** All that the cashier's screen shows, for one port. */
export function counterView(core: Core, port: Port): CounterView {
  const { link } = core;
  const state = link.state;
  return {
    seq: core.seq,
    setup: core.ready ? 'done' : 'needed',
    store: { ...core.settings, virtual: core.profile.virtual },
    session: port.session,
    line: {
      status: state.status,
      reason: state.status === 'offline' ? state.reason : null,
      since: state.status === 'connecting' ? core.world.clock.now() : state.since,
    },
    offline: offlineView(core),
    now: core.counter.now,
    sale: core.sales.live(),
    showsCodes: core.profile.shown !== undefined,
    holds: core.profile.hold !== undefined,
    recent: core.payments.recent(RECENT).map((payment) => core.view(payment)),
    notices: notices(core),
    stopped: core.stopped ?? core.custody.held,
  };
}

function offlineView(core: Core): CounterView['offline'] {
  const { offline } = core.profile;
  const use = core.payments.offlineUse(offline.currency, null);
  const forwarding = core.pending.forwarding.view();
  return {
    enabled: offline.enabled,
    count: use.count,
    sum: use.sum,
    single: money(offline.singleMinor, offline.currency),
    countLeft: Math.max(0, offline.count - use.count),
    sumLeft: subtract(money(Math.max(offline.totalMinor, use.sum.minor), offline.currency), use.sum),
    expiresAt:
      forwarding.oldestMs === null
        ? null
        : Math.round(core.world.clock.now() + offline.hours * 3_600_000 - forwarding.oldestMs),
    forwarding,
  };
}

/** What a person should know, worst or not. */
export function notices(core: Core): Notice[] {
  const found: (Notice | undefined)[] = [
    readerNotice(core),
    printerNotice(core),
    counted('receipts-held', 'attention', core.payments.countPrint(['held'])),
    counted('receipt-asked', 'attention', core.payments.countPrint(['asked'])),
    counted('unknown-outcomes', 'attention', unknownPayments(core)),
    counted('reversals-due', 'attention', core.payments.countIn(['reversal-due', 'cancel-due', 'refund-due'])),
    counted('payments-stuck', 'trouble', core.payments.stuck(ALERT_ATTEMPTS)),
    counted('sales-stuck', 'trouble', core.sales.stuck().length),
    counted('late-declines', 'attention', countLate(core.book.db)),
    ...forwardingNotices(core),
    core.recovered.appended > 1 || core.recovered.replayed > 1
      ? { code: 'journal-differs', severity: 'trouble', values: { ...core.recovered, cut: '' } }
      : undefined,
    core.time.suspect ? { code: 'clock-suspect', severity: 'attention', values: {} } : undefined,
    backupFailed(core.book) ? { code: 'backup-failed', severity: 'trouble', values: {} } : undefined,
    core.world.storage.freeBytes() < DISK_LOW ? { code: 'disk-low', severity: 'attention', values: {} } : undefined,
    core.stopped === null ? undefined : { code: 'store-failed', severity: 'trouble', values: {} },
  ];
  return found.filter((notice) => notice !== undefined);
}

/** A code that is being shown is no unknown outcome: its customer is expected to take time. */
function unknownPayments(core: Core): number {
  const { now } = core.counter;
  const showing = now.phase === 'showing' ? now.payment : undefined;
  return core.payments.inStates(['unknown', 'querying']).filter(({ id }) => id !== showing).length;
}

/** Said before an offline payment is lost, and while somebody holds forwarding back. */
function forwardingNotices(core: Core): Notice[] {
  const { expiring, paused, unsure } = core.pending.forwarding.view();
  const { count } = core.payments.offlineUse(core.currency, null);
  return [
    ...(expiring
      ? [
          {
            code: 'offline-expiring',
            severity: expiring.stage === 'last' ? 'trouble' : 'attention',
            values: { count, at: expiring.at },
          } as const,
        ]
      : []),
    ...(unsure ? [{ code: 'offline-unsure', severity: 'attention', values: { count } } as const] : []),
    ...(paused
      ? [
          {
            code: 'forward-paused',
            severity: 'attention',
            values: { by: paused.by, since: paused.since, until: paused.until },
          } as const,
        ]
      : []),
  ];
}

function counted(code: Notice['code'], severity: Notice['severity'], count: number): Notice | undefined {
  return count > 0 ? { code, severity, values: { count } } : undefined;
}

function readerNotice(core: Core): Notice | undefined {
  const { readers } = core.world.devices;
  switch (readers.state.status) {
    case 'none':
      return { code: 'no-reader', severity: 'attention', values: {} };
    case 'no-daemon':
      return { code: 'reader-daemon-absent', severity: 'attention', values: {} };
    case 'ready': {
      const mute = readers.list().find((reader) => reader.state.status === 'unresponsive');
      return mute && { code: 'reader-unresponsive', severity: 'attention', values: { reader: mute.name } };
    }
  }
}

function printerNotice(core: Core): Notice | undefined {
  const { state } = core.world.devices.printer;
  if (state.status === 'ready') return undefined;
  if (state.trouble === 'not-configured') return { code: 'printer-not-configured', severity: 'info', values: {} };
  return { code: 'printer-trouble', severity: 'attention', values: { trouble: state.trouble } };
}

/** All that the customer sees: never a queue, never a line state. */
export function customerView(core: Core): CustomerView {
  const { name, language, zone } = core.settings;
  const live = core.sales.live();
  return {
    seq: core.seq,
    store: core.ready ? { name, language, zone } : null,
    sale: live && { total: live.total, paid: live.paid, owed: live.owed },
    show: shown(core.counter.now),
  };
}

function shown(now: Now): CustomerView['show'] {
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
}
