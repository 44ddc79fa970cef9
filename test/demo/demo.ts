import { copyFileSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { formatAmount, money } from '../../contract/money.ts';
import { z } from '../../contract/schema.ts';
import { atTheCounter, type Day, type DayOptions, runDay, shortTerms } from './day.ts';
import type { Line } from './reconcile.ts';
import { cardNumbers, findNumbers } from './scan.ts';
import { type Paper, type Sum, type Summary, sumUp } from './sum.ts';

export interface Demo {
  readonly summary: Summary;
  /** What is wrong, a sentence each; nothing when all is well. */
  readonly problems: readonly string[];
}

const Receipts = z.array(z.object({ n: z.int(), text: z.string(), png: z.string() }));

/** A day from its opening to its close, and everything about it under `dir`. */
export async function runDemo(options: DayOptions): Promise<Demo> {
  const began = performance.now();
  return atTheCounter({ dir: options.dir, terms: shortTerms, printer: true }, async (stand) => {
    options.say('bank, cards and printer are up, the terminal is signed on');
    const day = await runDay(stand, options);
    const paper = Receipts.parse((await stand.control.ask('paper'))['receipts']);
    const seconds = Math.round((performance.now() - began) / 100) / 10;
    const sum = await sumUp(day, paper, seconds);
    writeDay(options.dir, day, sum, paper);
    const numbers = findNumbers(options.dir, cardNumbers(cardsOf(day)), secrets(options.dir));
    const summary = { ...sum.summary, panFound: numbers.length };
    writeJson(join(options.dir, 'summary.json'), summary);
    const leaks = numbers.map((where) => `A full card number was written down: ${where}.`);
    return { summary, problems: [...sum.problems, ...leaks] };
  });
}

function cardsOf(day: Day): string[] {
  return day.sold.flatMap(({ sale }) => sale.presents.flatMap((one) => ('card' in one ? [one.card] : [])));
}

/** Where the simulated cards and the simulated bank keep what is secret to them. */
function secrets(dir: string): string[] {
  return [join(dir, 'counter/cards'), join(dir, 'counter/keys.json')];
}

function writeJson(path: string, value: unknown): void {
  writeFileSync(path, `${JSON.stringify(value, undefined, 2)}\n`);
}

function writeDay(dir: string, day: Day, { lines }: Sum, paper: readonly Paper[]): void {
  mkdirSync(join(dir, 'paper'), { recursive: true });
  for (const { n, text, png } of paper) {
    const name = join(dir, 'paper', String(n).padStart(4, '0'));
    writeFileSync(`${name}.txt`, text);
    if (existsSync(png)) copyFileSync(png, `${name}.png`);
  }
  // The Z report is the last thing that was printed.
  writeFileSync(join(dir, 'settlement.txt'), paper.at(-1)?.text ?? '');
  writeJson(join(dir, 'settlement.json'), day.report);
  writeFileSync(join(dir, 'reconciliation.txt'), reconciliationText(lines));
  writeJson(join(dir, 'reconciliation.json'), lines);
}

const columns = [
  ['RRN', 14],
  ['receipt', 11],
  ['tender', 14],
  ['amount', 12],
  ['terminal', 14],
  ['bank', 10],
  ['result', 0],
] as const;

function row(cells: readonly string[]): string {
  return cells
    .map((cell, at) => cell.padEnd(columns[at]?.[1] ?? 0))
    .join('')
    .trimEnd();
}

function reconciliationText(lines: readonly Line[]): string {
  const rows = lines.map((line) =>
    row([
      line.rrn,
      line.receiptNo ?? '-',
      line.tender,
      formatAmount(money(line.minor, 'CNY')),
      line.terminal ?? '-',
      line.bank ?? '-',
      line.reason === null ? line.result : `${line.result}: ${line.reason}`,
    ]),
  );
  return `${[row(columns.map(([name]) => name)), ...rows].join('\n')}\n`;
}
