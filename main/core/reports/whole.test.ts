import { expect, test } from 'vitest';
import type { DayReport } from '../../../contract/day.ts';
import type { Receipt } from '../../../drivers/printer/printer.ts';
import { pass, till } from '../test/counter.ts';
import { sellByCard } from '../test/till.ts';
import { dayReceipt } from './receipt.ts';
import { asWhole, NotWhole } from './whole.ts';

const decision = {
  payment: '0198f0a0-0000-7000-8000-000000000001',
  receiptNo: '01-000007',
  amount: { minor: 1_280, currency: 'CNY' },
  done: true,
  cause: 'rung up',
  by: 'owner',
  at: 5,
} as const;

test('the paper of a day report says head and range of the journal, what is irregular and every decision (B8)', async () => {
  await sellByCard(till, 1_280);
  await pass(100);
  const plain = till.core.settlement.report();
  const report: DayReport = {
    ...plain,
    alarms: 2,
    irregular: { receiptsMissing: 31, lateAnswers: 41 },
    decisions: [decision],
  };
  const paper = dayReceipt(report, till.core.receiptContext(false));
  expect(asWhole(report, paper)).toBe(paper);
  const without = (text: string): Receipt => ({
    lines: paper.lines.filter((line) => !JSON.stringify(line).includes(text)),
  });
  const { first, last, hash } = report.journal;
  const marks = [hash, `${first} – ${last}`, '"31"', '"41"', '01-000007'];
  for (const mark of marks) expect(() => asWhole(report, without(mark)), mark).toThrow(NotWhole);
  expect(() => dayReceipt({ ...report, journal: { first, last, hash: '' } }, till.core.receiptContext(false))).toThrow(
    NotWhole,
  );
});
