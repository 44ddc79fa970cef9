import { type Money, money } from '../../../contract/money.ts';
import type { AcquirerLink, BankAnswer, BankRequest, LinkCounters, LinkState, Totals } from '../bank/link.ts';
import type { ToldTime } from '../bank/told.ts';
import type { Clock } from '../world/world.ts';

/** What goes wrong with one message; nothing when not said. */
export type Fault =
  | 'drop-request'
  | 'drop-answer'
  | 'delay-request'
  | 'late-answer'
  | 'decline'
  | 'pending'
  | 'partial'
  /** Of a reversal: the bank does not take it back any more. */
  | 'not-cancelled';

interface Booked {
  readonly amount: Money;
  readonly batch: number;
  state: 'approved' | 'declined' | 'pending' | 'reversed' | 'voided' | 'held' | 'completed';
  /** What went back of it, minor units. */
  refunded: number;
}

/** A bank in memory behind the acquirer link, with its own book. It outlives the terminals that speak to it. */
export interface ModelBank {
  readonly book: ReadonlyMap<string, Booked>;
  /** Faults of the next messages of these kinds, each used once. */
  plant(on: BankRequest['type'], fault: Fault): void;
  /** A pending wallet payment is confirmed by its customer. */
  confirm(rrn: string): void;
  heal(): void;
  up: boolean;
  /** What the issuer sends for the card with each answer to a purchase or advice (DE 55), hex. */
  issuerData: string | undefined;
  totals(batch: number): Totals;
  /** A link of one life of a terminal. */
  link(clock: Clock): ModelLink;
  /** Everything that was received, in order. */
  readonly heard: readonly BankRequest[];
}

export interface ModelLink extends AcquirerLink {
  /** The terminal died: nothing reaches it any more. */
  die(): void;
  /** The bank tells its time, UTC milliseconds. */
  tell(at: number): void;
  setLine(up: boolean): void;
}

export const RESPONSE_MS = 8_000;
/** How long a delayed message is under way: less than the longest life of a message. */
export const DELAY_MS = 60_000;

export function openModelBank(): ModelBank {
  const book = new Map<string, Booked>();
  const answers = new Map<string, BankAnswer>();
  const planted: { on: BankRequest['type']; fault: Fault }[] = [];
  const heard: BankRequest[] = [];
  const closed = new Set<number>();
  const refunds: { readonly amount: Money; readonly batch: number }[] = [];
  const bank: ModelBank = {
    book,
    heard,
    up: true,
    issuerData: undefined,
    plant: (on, fault) => void planted.push({ on, fault }),
    confirm(rrn) {
      const entry = book.get(rrn);
      if (entry?.state === 'pending') entry.state = 'approved';
    },
    heal: () => void planted.splice(0),
    totals(batch) {
      const counted = [...book.values()].filter((one) => one.batch === batch);
      const sum = (entries: readonly { readonly amount: Money }[]): Money =>
        money(
          entries.reduce((total, { amount }) => total + amount.minor, 0),
          'CNY',
        );
      const debits = counted.filter(({ state }) => state === 'approved' || state === 'voided');
      const back = refunds.filter((one) => one.batch === batch);
      const credits = [...counted.filter(({ state }) => state === 'voided'), ...back];
      return { debitCount: debits.length, debit: sum(debits), creditCount: credits.length, credit: sum(credits) };
    },
    link: (clock) => openModelLink(clock, take, (request, fault) => execute(request, fault)),
  };

  function take(request: BankRequest): Fault | undefined {
    if (!bank.up) return 'drop-request';
    const index = planted.findIndex(({ on }) => on === request.type);
    return index < 0 ? undefined : planted.splice(index, 1)[0]?.fault;
  }

  function execute(request: BankRequest, fault: Fault | undefined): BankAnswer {
    heard.push(request);
    if (request.type === 'reconciliation') return reconcile(request);
    const key = `${request.type} ${request.trace.rrn}`;
    const known = answers.get(key);
    if (known && request.type !== 'query') return known;
    const answer = carryOut(request, fault);
    if (answer.kind !== 'not-found') answers.set(key, answer);
    return answer;
  }

  function carryOut(request: Exclude<BankRequest, { type: 'reconciliation' }>, fault: Fault | undefined): BankAnswer {
    const { rrn, batch } = request.trace;
    if (request.type === 'purchase' || request.type === 'advice') {
      if (closed.has(batch)) return { kind: 'declined', code: '12' };
      const shown = request.presented.kind === 'code' && request.presented.scheme === 'shown';
      const waits = fault === 'pending' || shown;
      const state = fault === 'decline' ? 'declined' : waits ? 'pending' : 'approved';
      if (fault === 'partial') {
        const amount = money(Math.floor(request.amount.minor / 2), request.amount.currency);
        book.set(rrn, { amount, batch, state, refunded: 0 });
        return { kind: 'partial', code: '10', authCode: rrn.slice(-6), amount };
      }
      book.set(rrn, { amount: request.amount, batch, state, refunded: 0 });
      if (state === 'pending') return { kind: 'pending', code: '09' };
      const forCard = bank.issuerData === undefined ? {} : { iccData: bank.issuerData };
      return state === 'approved'
        ? { kind: 'approved', code: '00', authCode: rrn.slice(-6), ...forCard }
        : { kind: 'declined', code: '05', ...forCard };
    }
    if (request.type === 'pre-authorization') {
      const state = fault === 'decline' ? 'declined' : 'held';
      book.set(rrn, { amount: request.amount, batch, state, refunded: 0 });
      return fault === 'decline'
        ? { kind: 'declined', code: '05' }
        : { kind: 'approved', code: '00', authCode: 'H00001' };
    }
    if (!('original' in request)) return { kind: 'declined', code: '12' };
    const original = book.get(request.original.rrn);
    if (!original) return { kind: 'not-found', code: '25' };
    if (request.type === 'query') {
      if (original.state === 'approved') return { kind: 'approved', code: '00' };
      return original.state === 'pending' ? { kind: 'pending', code: '09' } : { kind: 'declined', code: '05' };
    }
    if (request.type === 'void') {
      if (fault === 'decline' || original.state !== 'approved') return { kind: 'declined', code: '12' };
      original.state = 'voided';
      return { kind: 'approved', code: '00' };
    }
    if (request.type === 'refund' || request.type === 'completion') {
      if (fault === 'decline' || closed.has(batch)) return { kind: 'declined', code: '12' };
      return request.type === 'refund' ? giveBack(request, original) : complete(request, original);
    }
    if (request.type !== 'reversal' || fault === 'not-cancelled') return { kind: 'declined', code: '12' };
    if (original.state === 'completed') return { kind: 'declined', code: '12' };
    if (original.state === 'voided' || closed.has(original.batch)) return { kind: 'declined', code: '12' };
    if (original.state !== 'declined') original.state = 'reversed';
    return { kind: 'approved', code: '00' };
  }

  function giveBack(request: Extract<BankRequest, { type: 'refund' }>, original: Booked): BankAnswer {
    if (original.state !== 'approved') return { kind: 'declined', code: '12' };
    if (original.refunded + request.amount.minor > original.amount.minor) return { kind: 'declined', code: '13' };
    original.refunded += request.amount.minor;
    refunds.push({ amount: request.amount, batch: request.trace.batch });
    return { kind: 'approved', code: '00' };
  }

  function complete(request: Extract<BankRequest, { type: 'completion' }>, original: Booked): BankAnswer {
    if (original.state !== 'held') return { kind: 'declined', code: '12' };
    original.state = 'completed';
    const { rrn, batch } = request.trace;
    book.set(rrn, { amount: request.amount, batch, state: 'approved', refunded: 0 });
    return { kind: 'approved', code: '00', authCode: rrn.slice(-6) };
  }

  function reconcile(request: Extract<BankRequest, { type: 'reconciliation' }>): BankAnswer {
    const hostTotals = bank.totals(request.trace.batch);
    const { debitCount, debit, creditCount, credit } = request.totals;
    const same =
      hostTotals.debitCount === debitCount &&
      hostTotals.debit.minor === debit.minor &&
      hostTotals.creditCount === creditCount &&
      hostTotals.credit.minor === credit.minor;
    if (!same) return { kind: 'declined', code: '95', hostTotals };
    closed.add(request.trace.batch);
    return { kind: 'approved', code: '00', hostTotals };
  }
  return bank;
}

function openModelLink(
  clock: Clock,
  take: (request: BankRequest) => Fault | undefined,
  execute: (request: BankRequest, fault: Fault | undefined) => BankAnswer,
): ModelLink {
  const listeners = new Set<() => void>();
  const late = new Set<(late: { stan: number; rrn: string; code: string }) => void>();
  const times = new Set<(told: ToldTime) => void>();
  const over = new AbortController();
  const counters: LinkCounters = { sent: 0, answered: 0, dropped: 0, late: 0 };
  let state: LinkState = { status: 'online', since: 0, latencyMs: 1 };
  const never = new Promise<never>(() => undefined);
  const silent: BankAnswer = { kind: 'no-answer', detail: 'no answer in time' };
  const after = async (ms: number): Promise<void> => {
    await clock.sleep(ms, over.signal);
    if (over.signal.aborted) await never;
  };
  return {
    get state() {
      return state;
    },
    counters,
    onChange: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    onLate: (listener) => {
      late.add(listener);
      return () => late.delete(listener);
    },
    onTime: (listener) => {
      times.add(listener);
      return () => times.delete(listener);
    },
    start: () => undefined,
    echo: async () => 1,
    async exchange(request) {
      if (state.status !== 'online') return { kind: 'not-sent', detail: 'offline' };
      const fault = take(request);
      // A message under way arrives although its sender may be dead by then.
      if (fault === 'delay-request') void clock.sleep(DELAY_MS).then(() => execute(request, undefined));
      await after(1);
      const lost = fault === 'drop-request' || fault === 'delay-request';
      const answer = lost ? silent : execute(request, fault);
      if (!lost && fault !== 'drop-answer' && fault !== 'late-answer') return answer;
      await after(RESPONSE_MS);
      if (fault === 'late-answer') {
        const { stan, rrn } = request.trace;
        void after(10).then(() => {
          for (const tell of late) tell({ stan, rrn, code: '00' });
        });
      }
      return silent;
    },
    die: () => over.abort(),
    tell(at) {
      for (const listener of times) listener(() => at);
    },
    setLine(up) {
      state = up
        ? { status: 'online', since: clock.now(), latencyMs: 1 }
        : { status: 'offline', reason: 'unreachable', detail: '', since: clock.now() };
      for (const listener of listeners) listener();
    },
    close: async () => over.abort(),
  };
}
