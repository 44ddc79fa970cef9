import type { Now } from '../../contract/counter.ts';
import type { Receipt } from '../../drivers/printer/printer.ts';
import type { BankRequest, FurtherRequest, LinkRequest } from '../../main/core/bank/link.ts';
import type { Core } from '../../main/core/core.ts';
import { bodyOf, keyOf } from './bank.ts';
import { Clocks } from './clock.ts';
import { Decisions } from './decisions.ts';
import { holds } from './legal.ts';
import type { Machine, Watcher } from './machine.ts';
import { profile } from './profile.ts';

/** Something happened that was promised never to happen. */
export class Violation extends Error {
  override name = 'Violation';
  /** The invariant or promise that is broken, as docs/reliability.md numbers them. */
  readonly invariant: string;
  constructor(invariant: string, what: string) {
    super(what);
    this.invariant = invariant;
  }
}

/** One row of the table `payment`, as far as the oracle reads it. */
export interface Row {
  readonly id: string;
  readonly kind: string;
  readonly state: string;
  readonly amount: number;
  readonly stan: number;
  readonly rrn: string;
  readonly receipt_no: string;
  readonly tender: string | null;
  readonly batch: number | null;
  readonly attempt: number;
  readonly accepted_at: number | null;
  readonly original: string | null;
  readonly print: string;
}

const COLUMNS =
  'id, kind, state, coalesce(approved, amount) AS amount, stan, rrn, receipt_no, tender, batch, attempt, accepted_at, original, print FROM payment';

interface AllRows {
  /** Of the disk when they were read. */
  readonly version: number;
  readonly rows: readonly Row[];
  readonly byId: ReadonlyMap<string, Row>;
}

/** What each word under the line of a receipt says, in both languages. */
const verdicts: readonly (readonly [RegExp, string])[] = [
  [/^(APPROVED|交易成功)/, 'approved'],
  [/^(Taken offline|此笔为离线受理)/, 'offline'],
  [/^(VOIDED|已撤销)/, 'voided'],
  [/^(REFUNDED|已退款)/, 'refunded'],
  [/^(HELD|已冻结)/, 'authorized'],
];

/**
 * Watches a terminal from outside: what it was asked, what left it, what it showed and printed. Keeps its own small
 * model and shares no code with the core; of the store it reads rows and bytes.
 */
export class Oracle implements Watcher {
  violation: Violation | undefined;
  /** The tap or code by which a payment was paid, as the bank was told. */
  readonly presented = new Map<string, string>();
  /** What somebody was told of each payment. */
  readonly told = new Map<string, { readonly kind: string; readonly outcomes: Set<string> }>();
  /** The payment that answered each request of a person. */
  readonly answered = new Map<string, string>();
  /** Receipts of which paper is really there. */
  readonly papers = new Set<string>();
  /** Payments of which nobody knew for a while what had become of them, and those of them that came to an end. */
  unknown = { began: 0, ended: 0 };
  /** No check that needs a true clock once the wall clock was set. */
  clockTrue = true;
  #retired = false;
  readonly decisions: Decisions;
  readonly clocks: Clocks;
  readonly #machine: Machine;
  readonly #sent = new Map<string, { readonly body: string; attempt: number }>();
  readonly #stans = new Map<number, string>();
  readonly #originals = new Set<string>();
  readonly #told = new Map<number, Map<string, number>>();
  readonly #acceptedAt = new Map<string, number>();
  #now: Now | undefined;
  /** All payments as they were read last, good until something is written. */
  #all: AllRows | undefined;
  #head: { readonly version: number; readonly seq: number | null } | undefined;

  constructor(machine: Machine) {
    this.#machine = machine;
    this.decisions = new Decisions(machine, this);
    this.clocks = new Clocks(machine, this);
  }

  fail(invariant: string, what: string): void {
    this.#machine.trace(() => `VIOLATION ${invariant}: ${what}`);
    this.violation ??= new Violation(invariant, what);
  }

  rows(where = '1', ...values: readonly unknown[]): Row[] {
    return this.#machine.disk.rows(`SELECT ${COLUMNS} WHERE ${where}`, ...values) as Row[];
  }

  row(id: string): Row | undefined {
    return this.#read().byId.get(id);
  }

  /** Every payment. */
  every(): readonly Row[] {
    return this.#read().rows;
  }

  #read(): AllRows {
    const { version } = this.#machine.disk;
    if (this.#all?.version === version) return this.#all;
    const rows = this.rows();
    this.#all = { version, rows, byId: new Map(rows.map((row) => [row.id, row])) };
    return this.#all;
  }

  /** The sequence number of the database's last entry. */
  #last(): number | null {
    const { disk } = this.#machine;
    if (this.#head?.version === disk.version) return this.#head.seq;
    const [head] = disk.rows('SELECT max(seq) AS seq FROM entry') as { seq: number | null }[];
    this.#head = { version: disk.version, seq: head?.seq ?? null };
    return this.#head.seq;
  }

  /** The highest STAN under which anything has left. */
  get lastStan(): number {
    return Math.max(0, ...this.#stans.keys());
  }

  /** From now on the record is an older one: what was told and answered is not in it. */
  retire(): void {
    this.#retired = true;
  }

  /** A person asked with this key and got this payment: always the same one (I1). */
  asked(key: string, payment: string): void {
    const before = this.answered.get(key);
    if (before !== undefined && before !== payment) this.fail('I1', `key ${key} made ${before} and ${payment}`);
    this.answered.set(key, payment);
  }

  /** After every start: what was told is still so, or has become what it may become. */
  started(core: Core): void {
    if (this.#retired) return;
    this.#now = undefined;
    this.clocks.started();
    this.recall('after a start');
    this.changed(core);
  }

  recall(when: string): void {
    for (const [id, { kind, outcomes }] of this.told) {
      const row = this.row(id);
      if (!row) {
        this.fail('P1', `${when}: payment ${id} is lost`);
        continue;
      }
      for (const outcome of outcomes) {
        if (!holds(kind, outcome, row.state)) {
          this.fail(outcome === 'cancelling' ? 'I6' : 'P1', `${when}: told ${outcome}, is ${row.state}`);
        }
      }
    }
    for (const [key, id] of this.answered) {
      if (!this.row(id)) this.fail('P1', `${when}: the payment of request ${key} is lost`);
    }
  }

  changed(core: Core): void {
    if (this.#retired) return;
    const { now } = core.counter;
    if (now === this.#now) return;
    this.#now = now;
    this.#machine.trace(
      () => `shows ${now.phase}${now.phase === 'result' ? ` ${now.outcome} (${now.payment.state})` : ''}`,
    );
    if (now.phase === 'result') this.#tells(now);
  }

  #tells(now: Extract<Now, { phase: 'result' }>): void {
    const { payment, outcome } = now;
    this.#durable('I4', `telling ${outcome}`);
    const row = this.row(payment.id);
    if (row?.state !== payment.state) {
      this.fail('I4', `shows ${payment.state}, on the disk it is ${row?.state ?? 'nothing'}`);
    }
    if (row && row.amount !== payment.amount.minor) this.fail('I11', `shows ${payment.amount.minor} for ${row.amount}`);
    if (payment.state !== 'void-due' && !holds(payment.kind, outcome, payment.state))
      this.fail('I4', `says ${outcome} of a payment ${payment.state}`);
    const known = this.told.get(payment.id) ?? { kind: payment.kind, outcomes: new Set<string>() };
    for (const before of known.outcomes) {
      if (!holds(payment.kind, before, payment.state)) {
        this.fail(before === 'cancelling' ? 'I6' : 'P1', `told ${before}, now it is ${payment.state}`);
      }
    }
    // Of a purchase that is being voided nothing is promised yet: the bank may refuse.
    if (payment.state !== 'void-due') known.outcomes.add(outcome);
    this.told.set(payment.id, known);
    if (outcome === 'offline' && !this.#acceptedAt.has(payment.id)) this.#accepted(payment.id);
  }

  /** Database and journal both hold everything, and the same (I3, I4, I14). */
  #durable(invariant: string, what: string): void {
    const { disk } = this.#machine;
    if (!disk.calm) this.fail(invariant, `${what} before it is on the disk`);
    const seq = this.#last();
    const lines = disk.lines;
    if (seq !== lines) this.fail('I14', `${what}: database at ${seq}, journal at ${lines}`);
  }

  /** The bounds of selling offline, counted anew (I17). */
  #accepted(id: string): void {
    const { offline } = profile;
    const waiting = this.#machine.disk.rows(
      "SELECT id, amount, token FROM payment WHERE state IN ('saf-accepted', 'saf-sending', 'saf-unknown')",
    ) as { id: string; amount: number; token: string }[];
    const sum = waiting.reduce((total, { amount }) => total + amount, 0);
    if (waiting.length > offline.count) this.fail('I17', `${waiting.length} payments wait, ${offline.count} may`);
    if (sum > offline.totalMinor) this.fail('I17', `${sum} waits, ${offline.totalMinor} may`);
    for (const { amount } of waiting) {
      if (amount > offline.singleMinor) this.fail('I17', `${amount} was accepted, ${offline.singleMinor} may be`);
    }
    if (new Set(waiting.map(({ token }) => token)).size < waiting.length) this.fail('I17', 'a card waits twice');
    const at = this.#machine.timeline.now;
    this.#acceptedAt.set(id, at);
    for (const { id: one } of waiting) {
      const age = at - (this.#acceptedAt.get(one) ?? at);
      if (this.clockTrue && age > offline.hours * 3_600_000)
        this.fail('I17', 'accepted while an older one has expired');
    }
    const [sealed] = this.#machine.disk.rows('SELECT count(*) AS n FROM sealed WHERE payment = ?', id) as {
      n: number;
    }[];
    if (sealed?.n !== 1) this.fail('I17', 'accepted offline without its sealed card data');
  }

  /** Whether so much time has really passed since it was accepted offline that it may have expired. */
  old(id: string): boolean {
    const at = this.#acceptedAt.get(id) ?? 0;
    return this.#machine.timeline.now - at >= profile.offline.hours * 3_600_000;
  }

  leaves(request: LinkRequest): void {
    this.#machine.trace(() => `sends ${request.type} ${JSON.stringify(request.trace)}`);
    this.#durable('I3', `sending ${request.type}`);
    if (this.#retired) {
      this.#sells(request);
      return;
    }
    this.#numbers(request);
    const key = keyOf(request);
    const body = bodyOf(request);
    const { attempt } = request.trace;
    const before = this.#sent.get(key);
    if (before && ['purchase', 'pre-authorization'].includes(request.type))
      this.fail('I8', `${request.type} ${key} is sent twice`);
    if (before && before.body !== body) this.fail('R3', `${key} was ${before.body}, is now ${body}`);
    if (before && attempt <= before.attempt) this.fail('I3', `attempt ${attempt} after ${before.attempt}: ${key}`);
    this.#sent.set(key, { body, attempt });
    if (request.type === 'upload' || request.type === 'upload-end') this.#uploads(request);
    else if (request.type === 'reconciliation') this.#closes(request);
    else this.#pays(request);
  }

  /** On an older record: nothing is sold that nobody has allowed. */
  #sells(request: LinkRequest): void {
    if (request.type !== 'purchase' && request.type !== 'pre-authorization') return;
    if (this.#machine.core?.custody.held !== null) this.fail('I15', `${request.type} on a record that is held`);
    const { rrn } = request.trace;
    const row = this.every().find((one) => one.rrn === rrn);
    if (row) this.#presents(row, request.presented);
  }

  hears(request: LinkRequest): void {
    if (this.#retired) return;
    this.decisions.hears(request.type === 'query' ? request.original.rrn : request.trace.rrn, request.trace.rrn);
  }

  tells(): void {
    if (this.#retired) return;
    this.clocks.told();
  }

  #numbers(request: LinkRequest): void {
    const { stan, rrn } = request.trace;
    const known = this.#stans.get(stan);
    if (known !== undefined && known !== rrn) this.fail('I2', `STAN ${stan} is used for ${known} and ${rrn}`);
    this.#stans.set(stan, rrn);
  }

  #closes(request: Extract<BankRequest, { type: 'reconciliation' }>): void {
    const { batch, stan, rrn } = request.trace;
    const [row] = this.#machine.disk.rows('SELECT state, stan, rrn FROM batch WHERE no = ?', batch) as {
      state: string;
      stan: number | null;
      rrn: string | null;
    }[];
    if (!row || row.state === 'open') this.fail('B2', `batch ${batch} is counted while it is ${row?.state}`);
    if (row && (row.stan !== stan || row.rrn !== rrn)) this.fail('B5', `batch ${batch} is closed with other numbers`);
  }

  /** What is told of a batch line by line is its payments, each as it stands, and together its totals (B4). */
  #uploads(request: FurtherRequest): void {
    const { batch } = request.trace;
    const [state] = this.#machine.disk.rows('SELECT state FROM batch WHERE no = ?', batch) as { state: string }[];
    if (!state || state.state === 'open') this.fail('B2', `batch ${batch} is told while it is ${state?.state}`);
    const told = this.#told.get(batch) ?? new Map<string, number>();
    this.#told.set(batch, told);
    if (request.type === 'upload') {
      const { original, amount, record } = request;
      const [row] = this.rows('rrn = ? AND stan = ?', original.rrn, original.stan);
      if (row?.batch !== batch || row.amount !== amount.minor)
        this.fail('B4', `${amount.minor} of ${original.rrn} is told of batch ${batch}`);
      told.set(`${original.rrn} ${record}`, record === 'void' || record === 'refund' ? -amount.minor : amount.minor);
      return;
    }
    const { debit, credit, debitCount, creditCount } = request.totals;
    const sum = [...told.values()].reduce((total, minor) => total + minor, 0);
    if (told.size !== debitCount + creditCount || sum !== debit.minor - credit.minor)
      this.fail('B4', `${told.size} payments over ${sum} were told of batch ${batch}, not ${debitCount + creditCount}`);
  }

  #pays(request: Exclude<BankRequest, { type: 'reconciliation' }>): void {
    const { stan, rrn } = request.type === 'query' || request.type === 'reversal' ? request.original : request.trace;
    const row = this.every().find((one) => one.rrn === rrn && one.stan === stan);
    if (!row) {
      this.fail('I3', `${request.type} for a payment that is not on the disk`);
      return;
    }
    const states: Record<typeof request.type, readonly string[]> = {
      purchase: ['sending'],
      advice: ['saf-sending'],
      void: ['sending'],
      reversal: ['reversal-due', 'cancel-due'],
      query: ['querying', 'cancel-due'],
      refund: ['sending'],
      'charge-refund': ['sending'],
      'pre-authorization': ['sending'],
      completion: ['sending'],
    };
    if (!states[request.type].includes(row.state)) this.fail('I3', `${request.type} in state ${row.state}`);
    if (row.amount !== request.amount.minor)
      this.fail('I1', `${request.type} of ${request.amount.minor} for ${row.amount}`);
    if (request.type !== 'query' && request.trace.attempt !== row.attempt - 1) {
      this.fail('I3', `${request.type}: attempt ${request.trace.attempt} leaves, ${row.attempt} is on the disk`);
    }
    if (request.type === 'reversal' && row.accepted_at !== null) this.fail('R7', 'an offline payment is reversed');
    if (request.type === 'purchase' || request.type === 'pre-authorization') this.#first(row);
    if ('presented' in request && request.type !== 'refund') this.#presents(row, request.presented);
    if (request.type === 'refund') this.#givesBack(row);
    this.decisions.leaves(row);
  }

  /** All that goes back of a payment, or may, is never more than was paid (I16). */
  #givesBack(row: Row): void {
    const paid = row.original === null ? undefined : this.row(row.original);
    const back = this.every().filter(
      ({ original, kind, state }) =>
        original !== null &&
        original === row.original &&
        (kind === 'refund' || kind === 'void') &&
        state !== 'declined',
    );
    const sum = back.reduce((total, { amount }) => total + amount, 0);
    if (!paid || sum > paid.amount) this.fail('I16', `${sum} of ${paid?.amount} would go back`);
  }

  /** A card sale waits until every older reversal was tried once (I10). */
  #first(row: Row): void {
    if (row.tender !== 'contactless') return;
    const due = this.every().find(({ state, attempt }) => state === 'reversal-due' && attempt === 0);
    if (due) this.fail('I10', `a card sale goes before the reversal of ${due.id}`);
  }

  #presents(row: Row, presented: Extract<BankRequest, { type: 'purchase' }>['presented']): void {
    const by = presented.kind === 'card' ? presented.sealed : presented.code;
    const before = this.presented.get(row.id);
    if (by === '' || (before !== undefined && before !== by))
      this.fail('I1', `payment ${row.id} was ${before}, is now "${by}"`);
    for (const [id, other] of this.presented) {
      if (other === by && id !== row.id) this.fail('P3', `what was presented once is sent for ${id} and ${row.id}`);
    }
    this.presented.set(row.id, by);
  }

  /** A receipt starts to come out. Reports of the day have no receipt number. */
  printing(receipt: Receipt): void {
    const no = numberOf(receipt);
    if (no === undefined || this.#retired) return;
    this.#durable('I4', 'printing');
    const row = this.every().find(({ receipt_no: one }) => one === no);
    if (row?.print !== 'printing') this.fail('P12', `prints ${no} while its paper is ${row?.print}`);
    const texts = receipt.lines.flatMap((line) => (line.kind === 'text' ? [line.text] : []));
    const duplicate = texts.some((text) => text.includes('DUPLICATE'));
    this.#machine.trace(() => `prints ${no}${duplicate ? ' DUPLICATE' : ''}`);
    // The slip of a sale taken back says so and is a paper of its own.
    const paper = `${no} ${texts.some((text) => /^(VOIDED|已撤销)/.test(text))}`;
    if (!duplicate && this.#originals.has(paper)) this.fail('P12', `a second original of ${no}`);
    this.#originals.add(paper);
    if (!row) return;
    for (const [pattern, outcome] of verdicts) {
      if (texts.some((text) => pattern.test(text)) && !printable(row, outcome)) {
        this.fail('I4', `paper says ${outcome} of a ${row.kind} that is ${row.state}`);
      }
    }
    const amount = receipt.lines.flatMap((line) => (line.kind === 'row' && line.bold ? [line.right] : []))[0] ?? '';
    if (Number(amount.replace(/\D/g, '')) !== row.amount) this.fail('I11', `paper says ${amount} for ${row.amount}`);
  }

  /** Paper with this receipt on it came out. */
  paper(receipt: Receipt): void {
    const no = numberOf(receipt);
    if (no !== undefined) this.papers.add(no);
  }
}

function printable(row: Row, outcome: string): boolean {
  if (outcome === 'voided')
    return row.kind === 'void' ? holds('void', outcome, row.state) : holds('purchase', outcome, row.state);
  return holds(row.kind, outcome, row.state);
}

function numberOf(receipt: Receipt): string | undefined {
  for (const line of receipt.lines) {
    if (line.kind === 'row' && /^\d\d-\d{6}$/.test(line.right)) return line.right;
  }
  return undefined;
}
