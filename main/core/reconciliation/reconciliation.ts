import { createHash } from 'node:crypto';
import { basename } from 'node:path';
import type { Database } from 'better-sqlite3';
import type { Exported, Imported, Reconciliation as Result, Statement } from '../../../contract/reconciliation.ts';
import type { WordsLanguage } from '../../../renderer/words/words.ts';
import type { Book } from '../ledger/book.ts';
import type { Draft } from '../ledger/entry.ts';
import type { Aftersale } from '../payment/aftersale.ts';
import { Refused } from '../refused.ts';
import { wordsOf } from '../reports/words.ts';
import type { StoreSettings } from '../store/settings.ts';
import type { Clock } from '../world/world.ts';
import { CsvReader, type CsvRow } from './csv.ts';
import { type BankDays, bankDayWindow } from './days.ts';
import { duePostings, reversedPostings } from './deposits.ts';
import { doneOf, findLine, lineNamed } from './done.ts';
import { StatementError } from './fault.ts';
import type { Terms } from './judge.ts';
import { type Header, readHeader, readLine, type StatementLine } from './line.ts';
import { matchStatement } from './match.ts';
import { pageOf } from './page.ts';
import { chargeOf, givenBack, givingBack, nextRefundKey, ofCharge } from './refund.ts';
import { lineView, type ReportContext, reportOf } from './report.ts';
import {
  adoptLines,
  complete,
  dropStaged,
  findStatement,
  recentStatements,
  type StatementRow,
  stageLines,
  stagingNumber,
  statementOfHash,
  statementToCorrect,
  viewOfStatement,
} from './statements.ts';
import type { FeeRule, SettlementTerms } from './terms.ts';
import { csvOf } from './text.ts';
import { decode, unpack } from './unpack.ts';

interface Dependencies {
  readonly clock: Clock;
  readonly book: Book;
  readonly profile: {
    readonly terminalId: string;
    readonly merchantId: string;
    readonly fees?: readonly FeeRule[] | undefined;
    readonly settlement?: SettlementTerms | undefined;
  };
  readonly settings: () => StoreSettings;
  readonly today: () => string;
  readonly changed: () => void;
  readonly aftersale: Pick<Aftersale, 'refund' | 'refundCharge'>;
}

/** Lines read and written at a time: between two slices the terminal sells. */
const SLICE = 2_000;
const GRACE_MINUTES = 30;
const STATEMENTS = 60;
/** Lines on paper at the most; the CSV has every one. */
const PRINTED = 3_000;

/** Imports the bank's statements and holds them against payments and deposits. One thing at a time. */
export class Reconciliation {
  readonly #deps: Dependencies;
  readonly #db: Database;
  /** Where the book stood when a statement was last matched. */
  readonly #matched = new Map<number, number>();
  #last: Promise<unknown> = Promise.resolve();

  constructor(deps: Dependencies) {
    this.#deps = deps;
    this.#db = deps.book.db;
  }

  /** Imports a file as a whole or not at all. The same content again changes nothing; a corrected file takes the older one's place. */
  import(name: string, bytes: Uint8Array, by: string): Promise<Imported> {
    return this.#alone(async () => {
      try {
        return await this.#take(basename(name), await unpack(bytes), by);
      } catch (error) {
        if (!(error instanceof StatementError)) throw error;
        dropStaged(this.#db);
        return { ok: false, code: error.code, line: error.line, detail: error.message };
      }
    });
  }

  /** Newest first. */
  statements(): Statement[] {
    return recentStatements(this.#db, STATEMENTS).map((row) => viewOfStatement(this.#db, row));
  }

  /** How a statement and the payments of its days agree now. The newest one when `no` is not given. @throws Refused */
  report(no?: number): Promise<Result> {
    return this.#alone(async () => reportOf(this.#context, await this.#fresh(no)));
  }

  /** The result as CSV or as a page of HTML in a person's language, piece by piece; the first piece is named. @throws Refused */
  async *export(no: number | undefined, as: 'csv' | 'html', language: WordsLanguage): AsyncGenerator<Exported> {
    const statement = await this.#alone(() => this.#fresh(no));
    const context = this.#context;
    const words = wordsOf(language);
    const name = `reconciliation-${statement.to_day}-${statement.no}.${as}`;
    if (as === 'csv') {
      for (const text of csvOf(context, statement, words)) {
        yield { name, text };
        await this.#pause();
      }
      return;
    }
    const { clock, profile, settings } = this.#deps;
    const { name: store, zone } = settings();
    const page = { words, language, store, terminal: profile.terminalId, zone, at: clock.now() };
    const result = reportOf(context, statement, PRINTED);
    yield { name, text: pageOf(result, page) };
  }

  /** A named person has seen to a differing line. Once: whoever says it again changes nothing. @throws Refused */
  done(no: number, line: string, how: string, by: string): Promise<Result> {
    return this.#alone(async () => {
      const statement = await this.#fresh(no);
      if (!doneOf(this.#db, line)) {
        if (!findLine(this.#context, statement, line)) throw new Refused('statement-line-not-found', line);
        if (givingBack(this.#db, line)) throw new Refused('payment-under-way', line);
        const at = this.#deps.clock.now();
        const values = { line, statement: statement.no, at, staff: by, how, payment: null };
        this.#commit(by, { type: 'difference-done', line, how }, [{ op: 'insert', table: 'difference_done', values }]);
      }
      this.#post(statement);
      return reportOf(this.#context, statement);
    });
  }

  /** Gives an extra charge at the bank back, once however often it is asked for. @throws Refused */
  refund(no: number, line: string, by: string): Promise<Result> {
    return this.#alone(async () => {
      const statement = await this.#fresh(no);
      const row = lineNamed(this.#context, statement, line);
      if (!row) throw this.#noRefund(statement, line);
      const { refundable, refund, extra, payment } = lineView(this.#context, row);
      if (refundable && extra) {
        const { aftersale } = this.#deps;
        const key = nextRefundKey(this.#db, line);
        if (ofCharge(row)) aftersale.refundCharge(key, chargeOf(row, extra), { staff: by });
        else if (payment) aftersale.refund(key, payment, extra, 'paid-twice', { staff: by });
      } else if (refund === null) throw new Refused('payment-not-refundable', line);
      return reportOf(this.#context, await this.#fresh(no));
    });
  }

  /** What is still open here comes to its end first. */
  #noRefund(statement: StatementRow, line: string): Refused {
    const waits = lineNamed(this.#context, statement, line, 'waiting')?.reason === 'open-here';
    return new Refused(waits ? 'charge-open-here' : 'statement-line-not-found', line);
  }

  get #context(): ReportContext {
    const { settings } = this.#deps;
    return { db: this.#db, terms: this.#terms(), days: this.#days(), currency: settings().currency };
  }

  #days(): BankDays {
    const { settlement } = this.#deps.profile;
    return {
      zone: settlement?.zone ?? this.#deps.settings().zone,
      cutOff: settlement?.cutOff ?? '24:00',
      graceMs: (settlement?.graceMinutes ?? GRACE_MINUTES) * 60_000,
    };
  }

  #terms(): Terms {
    const { profile } = this.#deps;
    const days = this.#days();
    const windows = new Map<string, { readonly start: number; readonly end: number }>();
    return {
      terminal: profile.terminalId,
      others: profile.settlement?.terminals ?? [],
      fees: profile.fees ?? [],
      graceMs: days.graceMs,
      window(day) {
        const found = windows.get(day) ?? bankDayWindow(day, days);
        windows.set(day, found);
        return found;
      },
    };
  }

  async #alone<T>(work: () => Promise<T>): Promise<T> {
    const before = this.#last;
    const running = before.then(work, work);
    this.#last = running.catch(() => undefined);
    return running;
  }

  /** Lets everything else go on: a slice of lines blocks the terminal for some milliseconds, a file of them would for seconds. */
  #pause = (): Promise<void> => this.#deps.clock.sleep(0);

  async #take(name: string, text: Uint8Array, by: string): Promise<Imported> {
    const hash = createHash('sha256').update(text).digest('hex');
    const known = statementOfHash(this.#db, hash);
    if (known && complete(this.#db, known)) return this.#imported(known.no, true);
    dropStaged(this.#db);
    const staged = stagingNumber(this.#db);
    const read = await this.#stage(staged, text);
    if (known) {
      adoptLines(this.#db, staged, known.no);
      this.#matched.delete(known.no);
    } else {
      this.#record(staged, hash, name.replace(/\.(zip|gz)$/i, ''), read, by);
    }
    return this.#imported(known?.no ?? staged, known !== undefined);
  }

  async #imported(no: number, known: boolean): Promise<Imported> {
    const statement = await this.#fresh(no);
    this.#deps.changed();
    return { ok: true, known, result: reportOf(this.#context, statement) };
  }

  /** Writes the lines down as an import that has not come to its end. */
  async #stage(no: number, text: Uint8Array): Promise<{ format: string; from: string; to: string; lines: number }> {
    const { profile, settings } = this.#deps;
    const context = { currency: settings().currency, merchant: profile.merchantId };
    const reader = new CsvReader();
    let header: Header | undefined;
    let waiting: StatementLine[] = [];
    let lines = 0;
    let [from, to] = ['9999-12-31', '0000-01-01'];
    const take = (row: CsvRow): void => {
      if (!header) {
        // Some banks tell of the file in lines before the header, each with a number sign.
        if (row.fields[0]?.startsWith('#') !== true) header = readHeader(row);
        return;
      }
      const line = readLine(row, header, context);
      waiting.push(line);
      if (line.day < from) from = line.day;
      if (line.day > to) to = line.day;
      lines += 1;
    };
    const flush = async (): Promise<void> => {
      stageLines(this.#db, no, waiting);
      waiting = [];
      await this.#pause();
    };
    for (const piece of decode(text)) {
      for (const row of reader.push(piece)) {
        take(row);
        if (waiting.length >= SLICE) await flush();
      }
    }
    const last = reader.end();
    if (last) take(last);
    await flush();
    if (!header) throw new StatementError('statement-columns', null, 'there is no header');
    if (lines === 0) throw new StatementError('statement-empty', null, 'there is not one line');
    return { format: header.format.name, from, to, lines };
  }

  #record(
    no: number,
    hash: string,
    name: string,
    read: { format: string; from: string; to: string; lines: number },
    by: string,
  ): void {
    const at = this.#deps.clock.now();
    const { format, from, to, lines } = read;
    const older = statementToCorrect(this.#db, name, to);
    const back = older ? reversedPostings(this.#db, older.no, at, this.#deps.today()) : { writes: [], transfers: [] };
    const values = { no, hash, name, format, from_day: from, to_day: to, lines, at, staff: by, superseded_by: null };
    this.#commit(
      by,
      { type: 'statement-imported', no, hash, lines, supersedes: older?.no ?? null },
      [
        { op: 'insert', table: 'statement', values },
        ...(older
          ? [
              {
                op: 'update',
                table: 'statement',
                key: { no: older.no, superseded_by: null },
                values: { superseded_by: no },
              } as const,
            ]
          : []),
        ...back.writes,
      ],
      back.transfers,
    );
    // What older statements were held against has changed.
    this.#matched.clear();
  }

  /** The statement, matched against the payments as they are now, its deposits posted where they agree. */
  async #fresh(no: number | undefined): Promise<StatementRow> {
    const found = no === undefined ? recentStatements(this.#db, 1)[0] : findStatement(this.#db, no);
    if (!found) throw new Refused('statement-not-found');
    const { seq } = this.#deps.book.head;
    if (this.#matched.get(found.no) !== seq) {
      await matchStatement(this.#db, found.no, this.#terms(), this.#pause);
      this.#writeGivenBack(found.no);
      this.#post(found);
      this.#matched.set(found.no, seq);
    }
    return found;
  }

  #writeGivenBack(statement: number): void {
    const at = this.#deps.clock.now();
    for (const { line, payment, receiptNo, transfer } of givenBack(this.#db, statement, this.#deps.today())) {
      const values = { line, statement, at, staff: 'terminal', how: receiptNo, payment };
      const event = { type: 'extra-given-back', line, payment };
      this.#commit('terminal', event, [{ op: 'insert', table: 'difference_done', values }], [transfer]);
    }
  }

  #post(statement: StatementRow): void {
    if (statement.superseded_by !== null) return;
    const { writes, transfers } = duePostings(this.#db, statement, this.#deps.clock.now(), this.#deps.today());
    if (writes.length > 0) {
      this.#commit('terminal', { type: 'deposit-posted', no: statement.no }, writes, transfers);
    }
  }

  #commit(by: string, event: Draft['event'], writes: Draft['writes'], transfers: Draft['transfers'] = []): void {
    const at = this.#deps.clock.now();
    this.#deps.book.commit({ kind: 'reconciliation', at, by, event, writes, transfers }, 'outcome');
  }
}
