import type { Core } from '../../main/core/core.ts';
import { verifyBook } from '../../main/core/reports/verify.ts';
import type { Bank } from '../simulation/bank.ts';
import { holds, unfinished } from '../simulation/legal.ts';
import { settled } from './desk.ts';

/** What was told, as far as it is compared. */
export interface Told {
  readonly told: ReadonlyMap<string, { readonly kind: string; readonly outcomes: ReadonlySet<string> }>;
  readonly asked: ReadonlyMap<string, string>;
}

export interface BooksCompared {
  /** What is not as it was promised; empty in good order. */
  readonly broken: readonly string[];
  readonly payments: number;
  /** What became of each request: kind, state and amount of its payment. */
  readonly ends: ReadonlyMap<string, string>;
  readonly replayed: number;
  readonly appended: number;
}

export interface Row {
  readonly id: string;
  readonly kind: string;
  readonly state: string;
  readonly amount: number;
  readonly rrn: string;
  readonly tender: string | null;
  readonly original: string | null;
}

/** All payments, with the amount that was approved where that is less than was asked for. */
export function readRows(book: Core['book']): Row[] {
  const sql = 'SELECT id, kind, state, coalesce(approved, amount) AS amount, rrn, tender, original FROM payment';
  return book.db.prepare<[], Row>(sql).all();
}

const sold: ReadonlySet<string> = new Set(['approved', 'saf-approved', 'settled']);
const QUIET_MS = 20_000;

/** Lets a started terminal come to rest, and holds what it says against what was told and against the bank's own book. */
export async function compareBooks(
  core: Core,
  bank: Bank,
  said: Told,
  fatal: readonly unknown[],
): Promise<BooksCompared> {
  const { replayed, appended } = core.recovered;
  const broken: string[] = [];
  const rest = await settled(core, () => core.pending.left() === 0, QUIET_MS);
  const rows = readRows(core.book);
  if (!rest || rows.some(({ state }) => unfinished.has(state)))
    broken.push(
      `P6: no rest: ${rows
        .map(({ kind, state }) => `${kind} ${state}`)
        .filter((one) => unfinished.has(one.split(' ')[1] ?? ''))
        .join(', ')}`,
    );
  broken.push(...testimonyBroken(core, rows, said), ...chargesDiffer(rows, bank));
  const { ok, firstBreak } = verifyBook(core.book);
  if (!ok) broken.push(`I14: ${JSON.stringify(firstBreak)}`);
  broken.push(...(await closeDiffers(core)));
  for (const error of fatal) broken.push(`fatal: ${String(error)}`);
  return { broken, payments: rows.length, ends: endsOf(core), replayed, appended };
}

function endsOf(core: Core): Map<string, string> {
  const ends = core.book.db
    .prepare<[], { key: string; end: string }>(
      "SELECT key, kind || ' ' || state || ' ' || amount AS end FROM request JOIN payment ON payment.id = request.payment ORDER BY key",
    )
    .all();
  return new Map(ends.map(({ key, end }) => [key, end]));
}

/** What people were told is there, and still so. */
export function testimonyBroken(core: Pick<Core, 'book'>, rows: readonly Row[], { told, asked }: Told): string[] {
  const broken: string[] = [];
  const states = new Map(rows.map((row) => [row.id, row.state]));
  for (const [id, { kind, outcomes }] of told) {
    const state = states.get(id);
    for (const outcome of outcomes) {
      if (state === undefined) broken.push(`P1: ${id} was told ${outcome} and is lost`);
      else if (!holds(kind, outcome, state)) broken.push(`P1: ${kind} ${id} was told ${outcome} and is ${state}`);
    }
  }
  const request = core.book.db.prepare<[string], { payment: string }>('SELECT payment FROM request WHERE key = ?');
  for (const [key, id] of asked) {
    if (request.get(key)?.payment !== id) broken.push(`P1: request ${key} made ${id}, which is lost`);
  }
  return broken;
}

/** Each purchase and each completion beside what the bank has in its book, less what went back: once, and the same amount. */
function chargesDiffer(rows: readonly Row[], bank: Bank): string[] {
  const broken: string[] = [];
  bank.confirm(Number.MAX_SAFE_INTEGER);
  const own = new Map(rows.map((row) => [row.rrn, row]));
  for (const row of rows) {
    if (row.kind === 'pre-authorization') broken.push(...holdDiffers(row, bank));
    if ((row.kind !== 'purchase' && row.kind !== 'completion') || row.tender === 'cash') continue;
    const charges = bank.charges.filter(({ rrn }) => rrn === row.rrn);
    const taken = charges
      .filter(({ state }) => state === 'approved')
      .reduce((sum, charge) => sum + charge.minor - bank.refunded(charge), 0);
    const back = rows.filter((one) => one.kind === 'refund' && one.original === row.id && sold.has(one.state));
    const expected = sold.has(row.state) ? row.amount - back.reduce((sum, { amount }) => sum + amount, 0) : 0;
    if (taken !== expected) broken.push(`P3: ${row.rrn} is ${row.state} over ${row.amount}, the bank took ${taken}`);
  }
  for (const { rrn, state } of bank.charges) {
    if (state === 'approved' && !own.has(rrn)) broken.push(`P3: the bank has ${rrn}, the terminal has not`);
  }
  return broken;
}

/** What is held on a card is what the terminal says of it: as long as it is authorized, and no longer. */
function holdDiffers({ rrn, state, amount }: Row, bank: Bank): string[] {
  const holds = bank.holds.filter((hold) => hold.rrn === rrn && hold.state === 'held');
  const held = holds.reduce((sum, { minor }) => sum + minor, 0);
  const expected = state === 'authorized' ? amount : 0;
  return held === expected ? [] : [`P3: ${rrn} is ${state} over ${amount}, the bank holds ${held}`];
}

/** The close asks ledger, journal, payments and bank for their sums (B3, B4). */
async function closeDiffers(core: Core): Promise<string[]> {
  try {
    // A close that was interrupted is taken up first; what was sold since is in the next batch.
    for (let batch = 0; batch < 2; batch += 1) {
      for await (const step of core.settlement.close()) {
        if (step.step === 'done' && !step.report.agreed) return [`P5: ${JSON.stringify(step.report.books)}`];
      }
    }
    return [];
  } catch (error) {
    return [`P5: the day cannot be closed: ${error instanceof Error ? error.message : String(error)}`];
  }
}
