// A whole business day at the virtual counter, without a screen (docs/demo.md):
//   npm run demo [-- --sales N --seed N --dir DIR]
import { join, relative } from 'node:path';
import { parseArgs } from 'node:util';
import { formatAmount, money } from '../contract/money.ts';
import type { Sums } from './demo/bank.ts';
import { runDemo } from './demo/demo.ts';
import type { Summary } from './demo/sum.ts';

const root = join(import.meta.dirname, '..');
const { values } = parseArgs({
  options: {
    dir: { type: 'string', default: join(root, 'out/demo') },
    sales: { type: 'string', default: '205' },
    seed: { type: 'string', default: '1' },
  },
});
const began = performance.now();

function say(line: string): void {
  console.log(`${((performance.now() - began) / 1000).toFixed(1).padStart(5)} s  ${line}`);
}

function book(name: string, { debitCount, debitMinor, creditCount, creditMinor }: Sums): string {
  const amount = (minor: number): string => formatAmount(money(minor, 'CNY')).padStart(12);
  return `  ${name.padEnd(9)} ${String(debitCount).padStart(4)} sold ${amount(debitMinor)}   ${String(creditCount).padStart(3)} taken back ${amount(creditMinor)}`;
}

function tell({ books, ...summary }: Summary): void {
  console.log(`
${summary.sales} sales in ${summary.seconds} s: ${summary.approved} approved (${summary.cash} in cash), ${summary.declined} declined, ${summary.voided} voided,
${summary.reversed} reversed and ${summary.cancelled} cancelled because their outcome was not known, ${summary.abandoned} given up by the customer.
${summary.offline} accepted offline: ${summary.forwarded} forwarded and approved, ${summary.lateDeclined} declined late.

The four books of the batch:
${Object.entries(books)
  .map(([name, sums]) => book(name, sums))
  .join('\n')}
`);
  for (const line of summary.unplanned) console.log(`Ended otherwise than planned: ${line}.`);
}

const { summary, problems } = await runDemo({
  dir: values.dir,
  sales: Number(values.sales),
  seed: Number(values.seed),
  say,
});
tell(summary);
for (const problem of problems) console.error(problem);
if (problems.length === 0) {
  console.log(
    `All four books are equal. Paper, settlement, reconciliation and figures: ${relative('', values.dir) || '.'}`,
  );
}
// Whoever watches PC/SC readers never stops, and would keep the process.
process.stdout.write('', () => process.exit(problems.length === 0 ? 0 : 1));
