import { hash } from 'node:crypto';
import type { Database } from 'better-sqlite3';
import type { Batch } from '../ledger/batch.ts';
import { canonicalText, parseEntry, type Values } from '../ledger/entry.ts';
import type { BankAnswer, Totals } from './link.ts';

/** A close was about to go another way than the one in which it was begun: the core stops. */
export class CloseError extends Error {
  override name = 'CloseError';
}

/** What the close of a batch was begun with, as the entry in which it was frozen says (B2). */
export interface Frozen {
  readonly stan: number;
  readonly rrn: string;
  readonly at: number;
  /** Totals and list of the batch, as `frozenWith` writes them; null in entries of before they were written. */
  readonly sums: string | null;
  readonly list: string | null;
}

/** What the entry of a freeze says of the batch: the totals that the bank is asked to agree to, and the hash of what they are made of. */
export function frozenWith(db: Database, no: number, totals: Totals): { readonly sums: string; readonly list: string } {
  return { sums: sumsOf(totals), list: listOf(db, no) };
}

function sumsOf({ debitCount, debit, creditCount, credit }: Totals): string {
  return `${debitCount} ${debit.minor} ${creditCount} ${credit.minor} ${debit.currency}`;
}

/** SHA-256 over every movement of a batch, in the order in which they were written. */
function listOf(db: Database, no: number): string {
  const moved = db
    .prepare<[number], Values>(
      `SELECT seq, n, payment, debit, credit, amount, currency FROM transfer
         WHERE batch IS NOT NULL AND batch = ? ORDER BY seq, n`,
    )
    .all(no);
  return hash('sha256', moved.map((one) => canonicalText(one)).join('\n'));
}

/** Reads what a batch was frozen with. It is the entry that opened the next one. @throws CloseError */
export function frozenOf(db: Database, no: number): Frozen {
  const entry = db
    .prepare<[number], { body: string }>(
      'SELECT body FROM entry WHERE seq = (SELECT opened_seq FROM batch WHERE no = ?)',
    )
    .get(no + 1);
  const { event, writes } = entry ? parseEntry(entry.body) : { event: undefined, writes: [] };
  const frozen = writes.find((one) => one.op === 'update' && one.table === 'batch' && one.key['no'] === no);
  if (event?.type !== 'batch-closing' || frozen?.op !== 'update') throw new CloseError(`batch ${no} was not frozen`);
  const { stan, rrn, sent_at: at } = frozen.values;
  const text = (value: unknown): string | null => (typeof value === 'string' ? value : null);
  return { stan: Number(stan), rrn: String(rrn), at: Number(at), sums: text(event['sums']), list: text(event['list']) };
}

/** Holds what the bank is about to be asked to what the batch was frozen with, each time anew (B5). @throws CloseError */
export function asFrozen(
  db: Database,
  no: number,
  asked: { readonly stan: number; readonly rrn: string; readonly at: number },
  totals: Totals,
): void {
  const { stan, rrn, at, sums, list } = frozenOf(db, no);
  if (asked.stan !== stan || asked.rrn !== rrn || asked.at !== at)
    throw new CloseError(`batch ${no} is asked as ${asked.stan} ${asked.rrn}, and was frozen as ${stan} ${rrn}`);
  if (sums !== null && sums !== sumsOf(totals)) throw new CloseError(`batch ${no} has ${sumsOf(totals)}, not ${sums}`);
  if (list !== null && list !== listOf(db, no)) throw new CloseError(`batch ${no} has other movements than it had`);
}

/** Holds a settlement to the bank's word: it agreed, and to the totals that were frozen (B4). @throws CloseError */
export function asAgreed(db: Database, no: number, answer: BankAnswer | undefined): void {
  const { sums } = frozenOf(db, no);
  if (answer?.kind !== 'approved') throw new CloseError(`the bank did not agree to batch ${no}: ${answer?.kind}`);
  const theirs = answer.hostTotals && sumsOf(answer.hostTotals);
  if (sums !== null && theirs !== undefined && sums !== theirs)
    throw new CloseError(`the bank has ${theirs} for batch ${no}, which was frozen with ${sums}`);
}

/** What becomes of a batch from the step that is stored (B7). */
const steps: Readonly<Record<Batch['state'], readonly string[]>> = {
  open: ['closing'],
  closing: ['closing', 'differs', 'closed'],
  differs: ['differs', 'closed'],
  closed: [],
};

/** Holds a step of a close to the one that is stored: one at a time, and nothing after the end (B7). @throws CloseError */
export function asResumed({ no, state, attempt }: Batch, values: Values): void {
  const to = String(values['state'] ?? state);
  const sent = values['attempt'];
  const counted = sent === undefined || sent === attempt + 1;
  const settled = to === 'closed' && (attempt === 0 || values['z'] === undefined || values['report'] === undefined);
  if (!steps[state].includes(to) || !counted || settled)
    throw new CloseError(`batch ${no}: ${state} (${attempt}) to ${to} (${sent ?? attempt})`);
}

/** Holds an upload to going on where it stood, line by line (B7). @throws CloseError */
export function asNext(no: number, stood: number, acknowledged: number, line: number): void {
  if (line !== stood + acknowledged)
    throw new CloseError(`line ${line} of batch ${no} comes after ${acknowledged} from ${stood}`);
}
