import type { Books, CloseStep, DayReport } from '../../../contract/day.ts';
import { type Currency, money } from '../../../contract/money.ts';
import type { RefusalCode } from '../../../contract/refusal.ts';
import { BANK, RECEIVABLE } from '../ledger/account.ts';
import { type Batch, batchOf, closedAs, closedBatches, openBatch, unfinishedBatch } from '../ledger/batch.ts';
import type { Book } from '../ledger/book.ts';
import { canonicalText, type Transfer, type Write } from '../ledger/entry.ts';
import { lateReport } from '../payment/late.ts';
import { readCounter, takeTrace } from '../payment/number.ts';
import type { PaymentTable } from '../payment/table.ts';
import { Refused } from '../refused.ts';
import { agreed, readBooks } from '../reports/books.ts';
import { readDecisions } from '../reports/decisions.ts';
import { readIrregular } from '../reports/irregular.ts';
import { daysSince, readSince } from '../reports/today.ts';
import type { StoreSettings } from '../store/settings.ts';
import type { Clock } from '../world/world.ts';
import { asAgreed, asFrozen, asResumed, frozenWith } from './frozen.ts';
import type { AcquirerLink, BankAnswer, JournalHead, Totals } from './link.ts';
import { uploadBatch, uploadWanted } from './upload.ts';

export interface SettlementParts {
  readonly clock: Clock;
  readonly book: Book;
  readonly payments: PaymentTable;
  readonly link: AcquirerLink;
  readonly settings: () => StoreSettings;
  /** The business day. */
  readonly today: () => string;
  /** Delivers what waits for the bank; answers how many are left after `ms`. */
  readonly deliver: (ms: number) => Promise<number>;
  /** What else is written with the end of a batch. */
  readonly owed: readonly Write[];
  /** Called when a batch has come to its end. */
  readonly closed: () => void;
  /** How often the record was found rolled back, ever. */
  readonly alarms: () => number;
  /** The drawer shifts that were open at an entry or later. */
  readonly drawers: (seq: number) => DayReport['drawers'];
  /** Whether paper came. */
  readonly print: (report: DayReport) => Promise<boolean>;
  /** Called when something happened that must never: the core stops. */
  readonly fatal: (error: unknown) => void;
}

/** The close cannot go on, and why; nothing is lost, the same close is taken up again by the next one. */
export class CloseRefused extends Error {
  override name = 'CloseRefused';
  readonly code: Extract<RefusalCode, 'bank-offline' | 'day-has-open-payments' | 'day-books-differ'>;
  constructor(code: CloseRefused['code'], detail: string) {
    super(detail);
    this.code = code;
  }
}

/** How long the close waits for offline payments and reversals to be delivered. */
const DELIVER_MS = 60_000;

/** A batch whose payments may not be counted while their outcome is open (B1). */
const open = [
  ...(['sending', 'partial', 'unknown', 'querying', 'cancel-due'] as const),
  ...(['saf-sending', 'saf-unknown', 'void-due'] as const),
];
const carried = ['reversal-due', 'refund-due', 'saf-accepted'] as const;

/** Batch and day, from the totals so far to the bank's agreement (batch rules B1 to B8). */
export class Settlement {
  readonly #parts: SettlementParts;

  constructor(parts: SettlementParts) {
    this.#parts = parts;
  }

  /** X report: the open batch so far, not asked at the bank. */
  report(): DayReport {
    const { book, clock, settings } = this.#parts;
    const { currency } = settings();
    const batch = openBatch(book.db);
    const books: Books = { ...readBooks(book, batch.no, currency), bank: null };
    return this.#compose('X', null, batch, books, clock.now());
  }

  /** Z reports already made, newest first. */
  reports(limit: number): DayReport[] {
    return closedBatches(this.#parts.book.db, limit).flatMap((batch) => madeReport(batch) ?? []);
  }

  /** The report with this Z number, undefined when no day was closed with it. */
  made(number: number): DayReport | undefined {
    return madeReport(closedAs(this.#parts.book.db, number));
  }

  /**
   * Closes the open batch, or takes up a close that was begun: deliver, freeze, ask the bank, agree. The key of a close
   * that came to its end answers its report again. Between two steps anything may have happened, another close included:
   * each looks again at what the book says.
   * @throws CloseRefused, Refused key-reused
   */
  async *close(key?: string): AsyncGenerator<CloseStep> {
    try {
      yield* this.#close(key);
    } catch (error) {
      if (!(error instanceof CloseRefused || error instanceof Refused)) this.#parts.fatal(error);
      throw error;
    }
  }

  async *#close(key: string | undefined): AsyncGenerator<CloseStep> {
    const { book, link, payments, deliver, print, closed } = this.#parts;
    const made = key === undefined ? undefined : madeReport(batchOf(book.db, this.#batchAsked(key)));
    if (made) {
      yield { step: 'done', report: made, printed: null };
      return;
    }
    if (link.state.status !== 'online') throw new CloseRefused('bank-offline', 'the bank is offline');
    const no = unfinishedBatch(book.db)?.no ?? openBatch(book.db).no;
    if (openBatch(book.db).no === no) {
      yield { step: 'deliver', left: payments.inStates([...open, ...carried]).length };
      await deliver(DELIVER_MS);
      this.#refuseOpen();
      yield { step: 'count' };
      if (openBatch(book.db).no === no) this.#freeze(key);
    }
    yield { step: 'ask-bank' };
    const report = await this.#ask(no);
    yield { step: 'print' };
    const printed = await print(report);
    if (report.agreed) closed();
    yield { step: 'done', report, printed };
  }

  /** The batch that was closed on the strength of this key, 0 when there is none. @throws Refused */
  #batchAsked(key: string): number {
    const body = this.#parts.payments.request(key)?.body;
    if (body === undefined) return 0;
    if (!body.startsWith(CLOSE)) throw new Refused('key-reused');
    return Number(body.slice(CLOSE.length));
  }

  #refuseOpen(): void {
    const left = this.#parts.payments.inStates(open);
    if (left.length > 0) throw new CloseRefused('day-has-open-payments', `${left.length} payments are still under way`);
  }

  /** Membership is frozen: new sales go to the next batch (B2). */
  #freeze(key: string | undefined): void {
    const { book, clock, settings, today } = this.#parts;
    // Whoever looks at the steps may have let a sale begin since they were last looked at.
    this.#refuseOpen();
    const { currency } = settings();
    const batch = openBatch(book.db);
    const books = { ...readBooks(book, batch.no, currency), bank: null };
    if (!agreed(books)) throw new CloseRefused('day-books-differ', `batch ${batch.no}: ${canonicalText(books)}`);
    const at = clock.now();
    const { stan, rrn, writes } = takeTrace(book.db, at);
    book.commit(
      {
        kind: 'batch',
        at,
        by: 'terminal',
        event: { type: 'batch-closing', batch: batch.no, ...frozenWith(book.db, batch.no, books.ledger) },
        writes: [
          ...writes,
          {
            op: 'update',
            table: 'batch',
            key: { no: batch.no, state: 'open' },
            values: { state: 'closing', stan, rrn, sent_at: at },
          },
          openedBatch(batch.no + 1, at, book.head.seq + 1, today()),
          ...(key === undefined ? [] : [closeAsked(key, batch.no, at)]),
        ],
        transfers: [],
      },
      'intent',
    );
  }

  /** The same close, with the same numbers, until the bank has answered (B5). */
  async #ask(no: number): Promise<DayReport> {
    const { book, link, clock, settings } = this.#parts;
    const { currency } = settings();
    const batch = this.#reread(no);
    const before = madeReport(batch);
    if (before) return before;
    const own = readBooks(book, batch.no, currency);
    if (!agreed({ ...own, bank: null })) throw new CloseRefused('day-books-differ', `batch ${batch.no}`);
    const { stan, rrn, sent_at: at } = batch;
    if (stan === null || rrn === null || at === null) throw new Error(`batch ${batch.no} is closing without numbers`);
    asFrozen(book.db, no, { stan, rrn, at }, own.ledger);
    this.#count(batch);
    const answer = await link.exchange({
      type: 'reconciliation',
      trace: { stan, rrn, at, batch: batch.no, attempt: batch.attempt },
      totals: own.ledger,
      ...this.#head(no),
    });
    const told = await this.#told(no, answer, own.ledger);
    const meanwhile = madeReport(this.#reread(no));
    if (meanwhile) return meanwhile;
    const bank = told && bankTotals(told, own.ledger);
    if (!bank) throw new CloseRefused('bank-offline', 'the bank did not answer; the close goes on when asked again');
    const books: Books = { ...own, bank };
    const now = clock.now();
    if (told?.kind !== 'approved' || !agreed(books)) {
      this.#differ(batch);
      // Without the bank's word the day is not closed, whatever its figures are, and has no number.
      return { ...this.#compose('Z', null, batch, books, now), agreed: false };
    }
    asAgreed(book.db, no, told);
    const z = readCounter(book.db, 'z') + 1;
    const report = this.#compose('Z', z, batch, books, now);
    this.#settle(batch, report, z, currency);
    return report;
  }

  /** The entry that froze the batch: the same in every repeat (B5). */
  #head(no: number): { head?: JournalHead } {
    const head = this.#parts.book.db
      .prepare<[number], JournalHead>(
        'SELECT seq, hash FROM entry WHERE seq = (SELECT opened_seq FROM batch WHERE no = ?)',
      )
      .get(no + 1);
    return head ? { head } : {};
  }

  /** Totals that differ are told line by line, where the link can; what the bank says then counts (B4). */
  async #told(no: number, answer: BankAnswer, totals: Totals): Promise<BankAnswer | undefined> {
    const { link } = this.#parts;
    if (!uploadWanted(link, answer)) return answer;
    const after = await uploadBatch(this.#parts, no, totals);
    // A bank that will not be told has still said what its own totals are.
    return after?.kind === 'declined' && !after.hostTotals ? answer : after;
  }

  /** The attempt is durable before it leaves, so that a repeat after a crash says that it is one. */
  #count(batch: Batch): void {
    this.#commit('batch-sent', batch, { attempt: batch.attempt + 1 }, [], 'intent');
  }

  #differ(batch: Batch): void {
    this.#commit('batch-differs', batch, { state: 'differs' }, [], 'outcome');
  }

  #settle(batch: Batch, report: DayReport, z: number, currency: Currency): void {
    const writes: Write[] = [
      { op: 'settle', batch: batch.no },
      { op: 'put', table: 'counter', key: 'z', value: z },
      ...this.#parts.owed,
    ];
    const values = { state: 'closed', closed_at: report.at, z, report: canonicalText(report) };
    const transfers = this.#settled(batch, this.#parts.today(), currency);
    this.#commit('batch-closed', batch, values, writes, 'outcome', transfers);
  }

  /** What the bank owed for each scheme is now on its way to the account; where more went back than came in, from it. */
  #settled(batch: Batch, day: string, currency: Currency): Transfer[] {
    const sums = this.#parts.book.db
      .prepare<{ batch: number }, { account: string; sum: number }>(
        `SELECT account, sum(amount) AS sum FROM (
           SELECT debit AS account, amount FROM transfer WHERE batch = @batch AND debit LIKE '${RECEIVABLE}%'
           UNION ALL SELECT credit, -amount FROM transfer WHERE batch = @batch AND credit LIKE '${RECEIVABLE}%')
         GROUP BY account HAVING sum(amount) <> 0 ORDER BY account`,
      )
      .all({ batch: batch.no });
    return sums.map(({ account, sum }) => ({
      payment: null,
      ...(sum > 0 ? { debit: BANK, credit: account } : { debit: account, credit: BANK }),
      amount: money(Math.abs(sum), currency),
      day,
      batch: batch.no,
    }));
  }

  #commit(
    type: string,
    batch: Batch,
    values: Record<string, string | number | null>,
    writes: readonly Write[],
    order: 'intent' | 'outcome',
    transfers: readonly Transfer[] = [],
  ): void {
    const { book, clock } = this.#parts;
    asResumed(this.#reread(batch.no), values);
    const update: Write = { op: 'update', table: 'batch', key: { no: batch.no }, values };
    const event = { type, batch: batch.no };
    book.commit(
      { kind: 'batch', at: clock.now(), by: 'terminal', event, writes: [update, ...writes], transfers },
      order,
    );
  }

  #reread(no: number): Batch {
    const batch = batchOf(this.#parts.book.db, no);
    if (!batch) throw new Error(`no batch ${no}`);
    return batch;
  }

  #compose(kind: 'X' | 'Z', number: number | null, batch: Batch, books: Books, at: number): DayReport {
    const { book, payments, settings, drawers, alarms, today } = this.#parts;
    const { currency } = settings();
    const after = batchOf(book.db, batch.no + 1);
    const next = after?.opened_seq;
    const entries = { from: batch.opened_seq, until: next ?? book.head.seq + 1 };
    const days = daysSince(book.db, entries);
    const day = days?.last ?? after?.day ?? today();
    return {
      kind,
      number,
      day,
      ...(days && days.first !== day ? { firstDay: days.first } : {}),
      batch: batch.no,
      at,
      today: { ...readSince(book.db, entries, day, currency), batch: batch.no },
      books,
      agreed: agreed(books),
      journal: { first: batch.opened_seq, last: book.head.seq, hash: book.head.hash },
      alarms: alarms(),
      epoch: readCounter(book.db, 'epoch'),
      irregular: readIrregular(book.db, batch),
      drawers: drawers(batch.opened_seq),
      decisions: readDecisions(book.db, batch),
      carriedOver: payments.inStates(carried).map(({ id, state, amount }) => ({ payment: id, state, amount })),
      late: lateReport(book.db, batch.opened_seq, next, currency),
    };
  }
}

function madeReport(batch: Batch | undefined): DayReport | undefined {
  return batch?.report ? JSON.parse(batch.report) : undefined;
}

/** What a key that asked for a close is kept with, before the number of the batch. */
const CLOSE = 'close ';

function closeAsked(key: string, batch: number, at: number): Write {
  return { op: 'insert', table: 'request', values: { key, body: CLOSE + batch, payment: '', at } };
}

/** The row of a batch that begins. */
export function openedBatch(no: number, at: number, seq: number, day: string): Write {
  return {
    op: 'insert',
    table: 'batch',
    values: { no, state: 'open', opened_at: at, opened_seq: seq, day, attempt: 0 },
  };
}

function bankTotals(answer: BankAnswer, own: Totals): Totals | undefined {
  if (answer.kind === 'approved') return answer.hostTotals ?? own;
  return answer.kind === 'declined' ? answer.hostTotals : undefined;
}
