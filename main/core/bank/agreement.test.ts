import { expect, test } from 'vitest';
import type { DayReport } from '../../../contract/day.ts';
import { preview } from '../../../drivers/printer/layout.ts';
import { dayReceipt } from '../reports/receipt.ts';
import { around, pass, till } from '../test/counter.ts';
import { newKey, sellByCard } from '../test/till.ts';
import type { BankAnswer, BankRequest } from './link.ts';

function paper(report: DayReport): string {
  return preview(dayReceipt(report, till.core.receiptContext(false)), 48);
}

async function close(): Promise<DayReport> {
  const steps = till.core.settlement.close(newKey());
  for (;;) {
    const next = steps.next();
    await pass(1_000);
    const { value, done } = await next;
    if (done) throw new Error('the close ended without a report');
    if (value.step === 'done') return value.report;
  }
}

test('an X report does not say that the bank agrees: nobody has asked it', async () => {
  await sellByCard(till, 1_280);
  await pass(100);
  const text = paper(till.core.settlement.report());
  expect(text).toContain('尚未与银行核对');
  expect(text).not.toContain('与银行一致');
});

test('a bank that names our own totals and does not agree closes nothing: no number, no word of agreement', async () => {
  await sellByCard(till, 1_280);
  await pass(100);
  const ask = till.link.exchange.bind(till.link);
  const refuse = async (request: BankRequest): Promise<BankAnswer> =>
    request.type === 'reconciliation'
      ? { kind: 'declined', code: '96', hostTotals: around.bank.totals(1) }
      : ask(request);
  Object.assign(till.link, { exchange: refuse });
  const report = await close();
  expect(report).toMatchObject({ kind: 'Z', number: null, agreed: false, batch: 1 });
  expect(paper(report)).toMatch(/Z 报表：未结清，无编号[\s\S]*未结清：银行没有确认一致/);
  expect(till.core.settlement.reports(10)).toEqual([]);
  Object.assign(till.link, { exchange: ask });
  const closed = await close();
  expect(closed).toMatchObject({ number: 1, agreed: true, batch: 1 });
  expect(paper(closed)).toMatch(/Z 报表 1[\s\S]*与银行一致/);
});
