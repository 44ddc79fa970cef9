import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DayReport } from '../../contract/day.ts';
import { openTerminal, type Terminal } from '../../main/core/open.ts';
import type { Payment } from '../../main/core/payment/payment.ts';
import { type Simulators, startSimulators } from '../e2e/support/simulators.ts';
import { Cashier, type Stand, until } from './cashier.ts';
import { type Part, planDay, type Sale, type Trouble } from './plan.ts';

export interface DayOptions {
  /** Everything is written here; what is there already is thrown away. */
  readonly dir: string;
  readonly sales: number;
  readonly seed: number;
  readonly say: (line: string) => void;
}

/** A sale as planned and as the customer was told. */
export interface Sold {
  readonly sale: Sale;
  readonly told: Payment;
}

export interface Day {
  readonly stand: Stand;
  readonly sold: readonly Sold[];
  readonly report: DayReport;
}

/** Short times, so that a day with outages fits into half a minute. */
export const shortTerms = {
  timers: {
    connectMs: 1_000,
    responseMs: 1_000,
    reconnectMs: [50, 100, 200],
    repeatMs: [0, 200, 400],
    messageLifetimeMs: 1_500,
  },
  walletTimers: { firstQueryMs: 150, queryMs: 150, giveUpMs: 1_500 },
};

/** The business day begins at 04:00 in the store's zone; a demo that would run across it sells farther west. */
function zone(): string {
  const [hour, minute] = new Intl.DateTimeFormat('en-GB', { timeZone: 'Asia/Shanghai', timeStyle: 'short' })
    .format()
    .split(':')
    .map(Number);
  return hour === 3 && (minute ?? 0) >= 45 ? 'Asia/Karachi' : 'Asia/Shanghai';
}

export interface CounterOptions {
  /** Made anew. */
  readonly dir: string;
  /** Laid over the bank's own terms. */
  readonly terms: object;
  /** Without one, receipts are held. */
  readonly printer: boolean;
}

/** Opens a counter with nothing behind it, lets `work` happen there, and clears it away whatever comes of it. */
export async function atTheCounter<T>(options: CounterOptions, work: (stand: Stand) => Promise<T>): Promise<T> {
  const { dir } = options;
  if (existsSync(dir)) rmSync(dir, { recursive: true });
  mkdirSync(dir, { recursive: true });
  writeFileSync(join(dir, 'terms.json'), JSON.stringify(options.terms));
  const simulators = await startSimulators(join(dir, 'counter'), join(dir, 'terms.json'));
  let failure: unknown;
  let terminal: Terminal | undefined;
  try {
    terminal = await open(options, simulators, (error) => {
      failure ??= error;
    });
    const result = await work({ ...terminal, control: simulators.control });
    if (failure !== undefined) throw failure;
    return result;
  } catch (error) {
    throw failure ?? error;
  } finally {
    await terminal?.core.close();
    await simulators.stop();
  }
}

async function open(
  { dir, printer }: CounterOptions,
  simulators: Simulators,
  onFatal: (error: unknown) => void,
): Promise<Terminal> {
  const { profile, virtual } = simulators;
  const data = join(dir, 'terminal');
  const reader = 'Virtual counter';
  const devices = { virtual, reader, ...(printer ? { printer: simulators.printer } : {}) };
  const terminal = await openTerminal({ data, profile, zone: zone(), ...devices }, onFatal);
  const { core } = terminal;
  const { currency } = core;
  const shop = { name: '街角小店 Corner Shop', terminal: '01', dayCut: '04:00', zone: core.zone, currency };
  core.configure({ ...shop, language: 'zh-CN' }, 'owner');
  core.start();
  await until('the terminal is signed on', () => core.link.state.status === 'online');
  return terminal;
}

/** Sells from morning to evening and closes the day. */
export async function runDay(stand: Stand, { sales, seed, say }: DayOptions): Promise<Day> {
  const cashier = new Cashier(stand);
  const parts = planDay(sales, seed);
  const total = parts.reduce((sum, part) => sum + part.sales.length, 0);
  const sold: Sold[] = [];
  for (const part of parts) {
    await begin(stand, cashier, part.trouble);
    const before = sold.length;
    for (const sale of part.sales) {
      const told = await cashier.sell(sale);
      if (sale.after === 'void') await cashier.takeBack(told);
      sold.push({ sale, told });
    }
    await end(stand, part.trouble);
    say(`${bar(sold.length, total)} ${part.name.padEnd(12)} ${tale(part, sold.slice(before))}`);
  }
  await afterwards(stand, cashier, sold);
  const report = await close(stand);
  say(`${bar(total, total)} ${'close'.padEnd(12)} ${report.agreed ? 'the bank agrees' : 'the bank does NOT agree'}`);
  return { stand, sold, report };
}

const BAR = 20;

function bar(done: number, total: number): string {
  const full = Math.round((done / total) * BAR);
  return `${'#'.repeat(full).padEnd(BAR, '.')} ${String(done).padStart(String(total).length)}/${total}`;
}

/** What the customers of one part of the day were told, in a line. */
function tale(part: Part, sold: readonly Sold[]): string {
  const counts = new Map<string, number>();
  for (const { told } of sold) counts.set(told.state, (counts.get(told.state) ?? 0) + 1);
  const told = [...counts].map(([state, count]) => `${count} ${state}`).join(', ');
  return part.trouble === 'none' || part.trouble === 'no-paper' ? told : `${told} (${part.trouble.replace('-', ' ')})`;
}

async function begin({ core, control }: Stand, cashier: Cashier, trouble: Trouble): Promise<void> {
  switch (trouble) {
    case 'none':
      return;
    case 'no-paper':
      await cashier.untilPrinted();
      await control.ask('printer', { trouble: 'paper-end' });
      return;
    case 'line-down':
      await control.ask('line', { up: false });
      await until('the terminal sees the line down', () => core.link.state.status === 'offline');
      return;
    case 'bank-silent':
      await until('nothing waits for the bank', () => core.pending.left() === 0);
      await control.ask('bank', { up: false });
      return;
    case 'bank-gone':
      await until('the terminal finds the bank gone', () => core.link.state.status === 'offline');
  }
}

async function end({ core, control }: Stand, trouble: Trouble): Promise<void> {
  switch (trouble) {
    case 'none':
    case 'bank-silent':
      return;
    case 'no-paper':
      await until('receipts are held', () => core.payments.inPrintState(['held']).length > 0);
      await control.ask('printer', { trouble: 'none' });
      return;
    case 'line-down':
      await control.ask('line', { up: true });
      await until('the line is back', () => core.link.state.status === 'online');
      return;
    case 'bank-gone':
      await control.ask('bank', { up: true });
      await until('the bank is back', () => core.link.state.status === 'online');
  }
}

/** What is asked for once everything has its outcome: receipts again, and taking back what was forwarded meanwhile. */
async function afterwards({ core }: Stand, cashier: Cashier, sold: readonly Sold[]): Promise<void> {
  await until('the bank knows everything', () => core.pending.left() === 0, 60_000);
  for (const { sale, told } of sold) {
    if (sale.after === 'void-forwarded') await cashier.takeBack(told);
  }
  await cashier.untilPrinted();
  for (const { sale, told } of sold) {
    if (sale.after === 'reprint') core.reprint(told.id);
  }
  await cashier.untilPrinted();
}

async function close({ core, control }: Stand): Promise<DayReport> {
  for await (const step of core.settlement.close()) {
    if (step.step !== 'done') continue;
    // The printer's picture of the last receipt is on the disk when it has answered.
    await control.ask('paper', { since: 0 });
    return step.report;
  }
  throw new Error('The close of the day came to no end.');
}
