// Measures the terminal against its budgets (docs/bench.md):
//   npm run bench [-- --json FILE] [--large] [--only NAME,…]
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import type { AcquirerProfile } from '../main/core/bank/profile.ts';
import type { Stand } from '../test/demo/cashier.ts';
import { atTheCounter, shortTerms } from '../test/demo/day.ts';
import { measureDurable } from './durable.ts';
import { budgetText, type Figure, valueText, verdict } from './figure.ts';
import { measureForwarding, wideTerms } from './forward.ts';
import { benchIso } from './iso.ts';
import { measureDayReport, measureStored } from './large.ts';
import { describeMachine } from './machine.ts';
import { measureMemory } from './memory.ts';
import { measureReceipts } from './receipt.ts';
import { measureReconciliation } from './reconciliation.ts';
import { measureStart } from './start.ts';
import { measureSales, measureTaps } from './tap.ts';
import { benchTlv } from './tlv.ts';
import { measureWindow } from './window.ts';

const root = join(import.meta.dirname, '..');
const { values } = parseArgs({
  options: {
    json: { type: 'string', default: join(root, 'out/bench.json') },
    large: { type: 'boolean', default: false },
    only: { type: 'string' },
  },
});
mkdirSync(join(root, 'out'), { recursive: true });
// Beside the checkout's own output and not in memory: what is measured is this disk.
const dir = mkdtempSync(join(root, 'out/bench-'));

function atCounter(name: string, terms: object, work: (stand: Stand) => Promise<Figure[]>): () => Promise<Figure[]> {
  return () => atTheCounter({ dir: join(dir, name), terms, printer: false }, work);
}

/** The rules of the simulated acquirer, which is stopped again: what follows has the machine to itself. */
async function profileOf(name: string): Promise<AcquirerProfile> {
  let profile: AcquirerProfile | undefined;
  const keep = async ({ core }: Stand): Promise<Figure[]> => {
    profile = core.profile;
    return [];
  };
  await atCounter(name, shortTerms, keep)();
  if (!profile) throw new Error('the counter did not open');
  return profile;
}

const measures: Readonly<Record<string, () => Promise<Figure[]>>> = {
  tap: atCounter('tap', shortTerms, (stand) => measureTaps(stand, 200)),
  sale: atCounter('sale', shortTerms, (stand) => measureSales(stand, 200)),
  iso: benchIso,
  durable: async () => measureDurable(dir, await profileOf('durable'), 200),
  forward: atCounter('forward', wideTerms, (stand) => measureForwarding(stand, values.large ? 10_000 : 1_000)),
  receipt: atCounter('receipt', shortTerms, ({ core }) => measureReceipts(join(dir, 'receipts'), core.profile)),
  tlv: benchTlv,
  start: () => measureStart(join(dir, 'start')),
  window: () => measureWindow(join(dir, 'window')),
  memory: async () =>
    measureMemory(join(dir, 'memory'), await profileOf('memory-terms'), values.large ? 10_000 : 1_000),
  stored: atCounter('stored', shortTerms, ({ core }) =>
    measureStored(dir, core.profile, values.large ? 50_000 : 5_000),
  ),
  day: async () => measureDayReport(dir, values.large ? 1_000_000 : 100_000),
  reconciliation: () => measureReconciliation(dir, 100_000),
};

function row(figure: Figure): string {
  const cells = [figure.what.padEnd(66), valueText(figure).padStart(14), budgetText(figure).padStart(12)];
  return `  ${cells.join('  ')}  ${verdict(figure) ?? ''}`.trimEnd();
}

const wanted = values.only?.split(',') ?? Object.keys(measures);
const machine = describeMachine(dir);
console.log(`${machine.cpu}, ${machine.cores} cores, ${machine.os}, Node ${machine.node}, load ${machine.load}`);
const figures: Figure[] = [];
try {
  for (const name of wanted) {
    const measure = measures[name];
    if (!measure) throw new Error(`There is no measure ${name}; there are ${Object.keys(measures).join(', ')}.`);
    console.log(`${name} …`);
    const found = await measure();
    figures.push(...found);
    for (const figure of found) console.log(row(figure));
  }
} finally {
  rmSync(dir, { recursive: true, force: true });
}
mkdirSync(dirname(values.json), { recursive: true });
const told = figures.map((figure) => ({ ...figure, verdict: verdict(figure) }));
writeFileSync(
  values.json,
  `${JSON.stringify({ at: new Date().toISOString(), machine, figures: told }, undefined, 2)}\n`,
);
const over = figures.filter((figure) => verdict(figure) === 'over').length;
console.log(over === 0 ? 'Every budget is kept.' : `${over} of the figures are over their budget.`);
// Whoever watches PC/SC readers never stops, and would keep the process.
process.stdout.write('', () => process.exit());
