import type { DayReport } from '../../contract/day.ts';
import type { Machine } from './machine.ts';
import type { Oracle } from './oracle.ts';

/** What is synced in the journal at a power cut stays there to the last byte, whatever comes later (I13). */
export function keeps(machine: Machine, oracle: Oracle): void {
  const { journal, kept } = machine.disk;
  for (const [n, before] of kept.entries())
    if (!journal.subarray(0, before.length).equals(before))
      oracle.fail('I13', `the journal is not what it was at power cut ${n + 1}`);
}

interface Closed {
  readonly no: number;
  readonly opened_seq: number;
  readonly report: string | null;
}

interface Happened {
  readonly seq: number;
  readonly kind: string;
  readonly event: { readonly type: string };
}

/** Every Z report says where the journal stood, and how many answers came when nobody waited for them (B8). */
export function reported(machine: Machine, oracle: Oracle, entries: readonly Happened[]): void {
  const batches = machine.disk.rows('SELECT no, opened_seq, report FROM batch ORDER BY no') as Closed[];
  for (const [n, { no, opened_seq: from, report }] of batches.entries()) {
    if (report === null) continue;
    const { journal, irregular }: DayReport = JSON.parse(report);
    const until = batches[n + 1]?.opened_seq ?? Number.POSITIVE_INFINITY;
    const [head] = machine.disk.rows('SELECT hash FROM entry WHERE seq = ?', journal.last) as { hash: string }[];
    if (journal.first !== from || journal.last < until - 1 || head?.hash !== journal.hash)
      oracle.fail('B8', `the report of batch ${no} says ${JSON.stringify(journal)}, it began with ${from}`);
    const late = entries.filter(
      ({ seq, kind, event }) => seq >= from && seq < until && kind === 'core' && event.type === 'late',
    );
    if (irregular?.lateAnswers !== late.length)
      oracle.fail('B8', `the report of batch ${no} says ${irregular?.lateAnswers} late answers of ${late.length}`);
  }
}
