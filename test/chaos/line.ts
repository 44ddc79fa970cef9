import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { z } from 'zod';
import { money } from '../../contract/money.ts';
import { openVirtualReader, type VirtualReader } from '../../drivers/nfc/virtual.ts';
import { noPrinter } from '../../drivers/printer/none.ts';
import { type FakeScanner, openFakeScanner } from '../../drivers/scanner/fake.ts';
import { readProfile } from '../../main/core/bank/profile.ts';
import { Core } from '../../main/core/core.ts';
import { findMigrations } from '../../main/core/open.ts';
import { Refused } from '../../main/core/refused.ts';
import { verifyBook } from '../../main/core/reports/verify.ts';
import { openRealWorld } from '../../main/core/world/real.ts';
import { type Acquirer, startAcquirer } from '../../simulators/acquirer/acquirer.ts';
import { type Deck, openDeck } from '../../simulators/card/deck.ts';
import { unfinished } from '../simulation/legal.ts';
import { Random } from '../simulation/random.ts';
import { settled } from './desk.ts';
import { each, type Failure, type PartOptions, type PartResult, partResult } from './part.ts';
import { LineProxy, lineFaults } from './proxy.ts';

/** Terminals that sell side by side, each on a line of its own. */
const LANES = 8;
const RESPONSE_MS = 500;
/** Short times, all of them longer than a busy machine takes. */
const terms = {
  timers: {
    connectMs: 2_000,
    responseMs: RESPONSE_MS,
    echoMs: 20_000,
    reconnectMs: [20, 50, 100],
    repeatMs: [0, 100, 200, 400],
    messageLifetimeMs: 2_000,
  },
  walletTimers: { firstQueryMs: 50, queryMs: 150, giveUpMs: 1_500 },
  offline: { count: 200, totalMinor: 5_000_000, singleMinor: 50_000 },
};
const times = { lateMs: RESPONSE_MS + 300, refuseMs: 400 };

/** What the bank itself does wrong, message by message. */
const bankFaults = ['duplicate', 'wrong-mac', 'wrong-amount', 'delay-request', 'delay', 'cancel-refused'] as const;
const faults = [...lineFaults, ...bankFaults];
type Fault = (typeof faults)[number];

interface Lane {
  readonly terminal: string;
  readonly core: Core;
  readonly proxy: LineProxy;
  readonly scanner: FakeScanner;
  readonly reader: VirtualReader;
  readonly fatal: unknown[];
}

interface Tally {
  readonly ends: Map<string, number>;
  readonly faults: Map<string, number>;
  done: number;
}

/**
 * Sales over real TLS lines that fail in every way that a line has, and with a bank that answers twice, late, wrong or
 * not at all. When all is mended terminal, ledger, journal and the bank's book must have the same payments.
 */
export async function runLine({ count, first, progress }: PartOptions): Promise<PartResult> {
  const from = performance.now();
  const dir = mkdtempSync(join(tmpdir(), 'countertap-line-'));
  const deck = await openDeck({ dir, lingerMs: 5 });
  const width = Math.min(LANES, count);
  const bank = await startAcquirer({ dir, caKeys: deck.caKeys, terms, terminals: width });
  const lanes = await Promise.all(
    bank.profiles.map((profile, index) => openLane(bank, profile, join(dir, `till-${index}`))),
  );
  const tally: Tally = { ends: new Map(), faults: new Map(), done: 0 };
  const broken: string[] = [];
  try {
    let next = first;
    await each(
      lanes.map((_, index) => index),
      LANES,
      async (index) => {
        const lane = lanes[index];
        while (lane && next < first + count) {
          const n = next;
          next += 1;
          await sell(lane, bank, deck, n, tally);
          tally.done += 1;
          if (tally.done % 50 === 0) progress?.(tally.done);
        }
      },
    );
    for (const { proxy } of lanes) proxy.mend();
    await bank.commands['rules']?.({ clear: true });
    for (const lane of lanes) broken.push(...(await compare(lane, dir, tally)));
  } finally {
    for (const { core, proxy } of lanes) {
      await core.close();
      await proxy.close();
    }
    await bank.close();
    rmSync(dir, { recursive: true, force: true });
  }
  const replay = `npm run chaos -- --line ${count} --seed ${first}`;
  const failures: Failure[] = broken.map((what) => ({ what, replay }));
  const numbers = Object.fromEntries([...tally.ends].sort(([a], [b]) => (a < b ? -1 : 1)));
  const figures = {
    sales: tally.done,
    terminals: width,
    kindsOfFault: tally.faults.size,
    faults: [...tally.faults.values()].reduce((sum, one) => sum + one, 0),
    ...numbers,
  };
  return partResult('line', from, figures, failures);
}

async function openLane(bank: Acquirer, path: string, data: string): Promise<Lane> {
  const read = readProfile(readFileSync(path));
  if (!read.ok) throw new Error(read.detail);
  const proxy = await LineProxy.open(bank.port, times);
  const reader = await openVirtualReader({ port: 0 });
  const scanner = openFakeScanner();
  const fatal: unknown[] = [];
  const core = new Core({
    world: openRealWorld(data, { readers: reader, printer: noPrinter(), scanners: [scanner] }),
    migrations: findMigrations(),
    profile: { ...read.profile, port: proxy.port },
    signer: read.signer,
    zone: 'Asia/Shanghai',
    onFatal: (error) => fatal.push(error),
  });
  core.start();
  await settled(core, () => core.link.state.status === 'online', 10_000);
  return { terminal: read.profile.terminalId, core, proxy, reader, scanner, fatal };
}

/** One sale, in three of four cases with something going wrong just then. */
async function sell(lane: Lane, bank: Acquirer, deck: Deck, n: number, tally: Tally): Promise<void> {
  const { core } = lane;
  const random = new Random(n, 31);
  await settled(core, () => core.link.state.status === 'online', 3_000);
  const byCard = random.chance(0.4);
  const amount = money(random.int(1, 300) * 100, 'CNY');
  const { id } = core.charge(`line-${n}`, amount, { staff: 'cashier' });
  const fault: Fault | undefined = random.chance(0.75) ? faults[n % faults.length] : undefined;
  // What is cancelled is a wallet payment whose customer has not paid in time.
  const givenUp = fault === 'cancel-refused';
  const card = byCard && !givenUp;
  if (fault) {
    await plant(lane, bank, fault);
    tally.faults.set(fault, (tally.faults.get(fault) ?? 0) + 1);
  }
  if (card) {
    const reader = { host: '127.0.0.1', port: lane.reader.port };
    await deck.tap({ card: `visa-ok#${n}`, reader, timeoutMs: 5_000 }).catch(() => undefined);
  } else {
    const paid = random.pick(['pays', 'pays', 'pays', 'declines', 'slow', 'never']);
    const behaviour = givenUp ? 'never' : paid;
    const issued = await bank.commands['code']?.({ scheme: 'alipay', behaviour, ms: 300 });
    lane.scanner.scan(z.object({ code: z.string() }).parse(issued).code);
  }
  const over = (): boolean => !core.counter.busy && !under.has(core.payments.get(id).state);
  await settled(core, () => over() || core.counter.waiting === id, 10_000);
  // Nobody comes back for a payment that still waits for a card or a code.
  if (!over()) await settled(core, over, 1_500);
  if (core.counter.waiting === id) cancel(core, id);
  await settled(core, over, 10_000);
  core.counter.dismiss();
}

const under: ReadonlySet<string> = new Set(['opened', 'sealed', 'sending', 'querying', 'unknown']);

function cancel(core: Core, id: string): void {
  try {
    core.cancel(id, { staff: 'cashier' });
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
  }
}

async function plant({ proxy }: Lane, bank: Acquirer, fault: Fault): Promise<void> {
  const ofLine = lineFaults.find((one) => one === fault);
  if (ofLine) proxy.arm(ofLine);
  else {
    const on = fault === 'cancel-refused' ? '0420' : '0200';
    await bank.commands['rule']?.({ rule: { on, do: fault, times: 1, ms: RESPONSE_MS + 200 } });
  }
}

interface Charge {
  readonly rrn: string;
  readonly mti: string;
  readonly amount: number;
  readonly state: string;
}

interface Row extends Charge {
  readonly kind: string;
}

const sold: ReadonlySet<string> = new Set(['approved', 'settled', 'saf-approved']);

/** Comes to rest, holds every payment against the bank's own book, and closes the day. */
async function compare({ core, terminal, fatal }: Lane, dir: string, { ends }: Tally): Promise<string[]> {
  const broken = fatal.map((error) => `${terminal} stopped: ${String(error)}`);
  await settled(core, () => core.link.state.status === 'online', 10_000);
  await core.pending.settle(60_000);
  const rows = core.book.db.prepare<[], Row>("SELECT rrn, kind, amount, state, '' AS mti FROM payment").all();
  for (const { state } of rows) ends.set(state, (ends.get(state) ?? 0) + 1);
  const open = rows.filter(({ state }) => unfinished.has(state));
  if (open.length > 0) broken.push(`${terminal}: ${open.length} payments have no end: ${open[0]?.state}`);
  const book = new Sqlite(join(dir, 'book.sqlite'), { readonly: true });
  const charges = book
    .prepare<[string], Charge>(
      `SELECT rrn, mti, state, amount - (SELECT coalesce(sum(amount), 0) FROM refunds WHERE payment = payments.id) AS amount
         FROM payments WHERE terminal = ?`,
    )
    .all(terminal)
    .filter(({ mti }) => mti === '0200' || mti === '0220');
  book.close();
  for (const { rrn, kind, state, amount } of rows) {
    if (kind === 'refund') continue;
    const taken = charges.filter((one) => one.rrn === rrn && one.state === 'approved');
    const sum = taken.reduce((total, one) => total + one.amount, 0);
    const expected = sold.has(state) ? amount : 0;
    if (sum !== expected)
      broken.push(`${terminal} ${rrn} is ${state} over ${amount}; the bank took ${sum} in ${taken.length}`);
  }
  const known = new Set(rows.map(({ rrn }) => rrn));
  for (const { rrn, state } of charges)
    if (!known.has(rrn)) broken.push(`${terminal}: the bank has ${rrn} ${state}, the terminal has not`);
  const { ok, firstBreak } = verifyBook(core.book);
  if (!ok) broken.push(`${terminal}: ${JSON.stringify(firstBreak)}`);
  for await (const step of core.settlement.close()) {
    if (step.step === 'done' && !step.report.agreed)
      broken.push(`${terminal}: the books differ: ${JSON.stringify(step.report.books)}`);
  }
  return broken;
}
