import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { DayReport } from '../../contract/day.ts';
import { money } from '../../contract/money.ts';
import type { Reconciliation, ReconciliationLine } from '../../contract/reconciliation.ts';
import { openFakeReaders } from '../../drivers/nfc/fake.ts';
import { openFakePrinter } from '../../drivers/printer/fake.ts';
import { type FakeScanner, openFakeScanner } from '../../drivers/scanner/fake.ts';
import { readProfile } from '../../main/core/bank/profile.ts';
import { refundLine } from '../../main/core/command/statement.ts';
import { Core } from '../../main/core/core.ts';
import { verifyBook } from '../../main/core/reports/verify.ts';
import { migrations } from '../../main/core/test/migrations.ts';
import { type MemoryStorage, openMemoryStorage } from '../../main/core/test/storage.ts';
import { newKey } from '../../main/core/test/till.ts';
import { openNetwork } from '../../main/core/world/network.ts';
import { realClock } from '../../main/core/world/real.ts';
import { type Acquirer, startAcquirer } from '../../simulators/acquirer/acquirer.ts';

/**
 * Charges of the bank for which no payment here stands, given back in one step: whatever is lost on the way and whenever the
 * core dies, the bank's own book has each of them given back once.
 */

let dir: string;
let bank: Acquirer;
let storage: MemoryStorage;
let scanner: FakeScanner;
let core: Core;
let fatal: unknown[];

const actor = { staff: 'cashier' };
const timers = { responseMs: 800, reconnectMs: [20], repeatMs: [0, 100], messageLifetimeMs: 300 };
const walletTimers = { firstQueryMs: 100, queryMs: 100, giveUpMs: 20_000 };
/** The bank's day may change while the test runs: its clock and the terminal's may be four hours apart. */
const settlement = { zone: 'Asia/Shanghai', cutOff: '24:00', graceMinutes: 240 };
const UNKNOWN = '900000000042';

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'charge-'));
  storage = openMemoryStorage();
});

afterEach(async () => {
  await core.close();
  await bank.close();
  rmSync(dir, { recursive: true, force: true });
});

/** Starts the core on what the last one left. */
async function start(): Promise<void> {
  const read = readProfile(readFileSync(bank.profile));
  if (!read.ok) throw new Error(read.detail);
  scanner = openFakeScanner();
  fatal = [];
  core = new Core({
    world: {
      clock: realClock(),
      random: (length) => randomBytes(length),
      network: openNetwork(),
      storage,
      devices: { readers: openFakeReaders(), printer: openFakePrinter(), scanners: [scanner] },
    },
    migrations,
    profile: read.profile,
    signer: read.signer,
    zone: 'Asia/Shanghai',
    onFatal: (error) => fatal.push(error),
  });
  core.start();
  await expect.poll(() => core.link.state.status, { timeout: 10_000 }).toBe('online');
}

async function open(speech: object): Promise<void> {
  bank = await startAcquirer({ dir, terms: { timers, walletTimers, settlement, ...speech } });
  await start();
}

const control = (name: string, input: object = {}) => bank.commands[name]?.(input);
const state = (id: string) => core.payments.get(id).state;

interface Book {
  readonly payments: readonly { readonly rrn: string; readonly state: string }[];
  readonly totals: { readonly creditCount: number; readonly creditMinor: number };
}
const book = () => control('book') as Promise<Book>;

async function sell(minor: number, behaviour: 'pays' | 'never'): Promise<void> {
  const { id } = core.charge(newKey(), money(minor, 'CNY'), actor);
  const { code } = (await control('code', { scheme: 'alipay', behaviour })) as { code: string };
  scanner.scan(code);
  if (behaviour === 'never') {
    await expect.poll(() => state(id), { timeout: 10_000 }).toBe('querying');
    core.cancel(id, actor);
  }
  await expect.poll(() => state(id), { timeout: 10_000 }).toBe(behaviour === 'pays' ? 'approved' : 'cancelled');
  core.counter.dismiss();
}

/** The bank writes its statement and the terminal reads it. */
async function statement(): Promise<Reconciliation> {
  const { path } = (await control('statement')) as { path: string };
  const imported = await core.reconciliation.import(path, readFileSync(path), 'owner');
  if (!imported.ok) throw new Error(imported.detail);
  return imported.result;
}

/** A day on which the bank charges what was cancelled here, and something that nobody here knows. */
async function mischarged(): Promise<readonly ReconciliationLine[]> {
  await sell(1280, 'pays');
  await sell(700, 'never');
  const cancelled = (await book()).payments.find((one) => one.state === 'reversed')?.rrn;
  expect(await control('recharge', { rrn: cancelled })).toEqual({ charged: true });
  await control('mischarge', { rrn: UNKNOWN, amount: 1500 });
  const { lines } = await statement();
  expect(lines.map(({ extra, refundable }) => [extra?.minor, refundable])).toEqual([
    [700, true],
    [1500, true],
  ]);
  return lines;
}

const refund = (id = '') => core.reconciliation.refund(1, id, 'owner');
const refunds = () => core.payments.list({ limit: 50 }).filter(({ kind }) => kind === 'refund');

/** Debits less credits of an account. */
function balance(account: string): number {
  const sum = (side: 'debit' | 'credit'): number =>
    core.book.db
      .prepare<[string], { sum: number }>(`SELECT coalesce(sum(amount), 0) AS sum FROM transfer WHERE ${side} = ?`)
      .get(account)?.sum ?? 0;
  return sum('debit') - sum('credit');
}

async function closed(): Promise<DayReport> {
  for await (const step of core.settlement.close(newKey())) if (step.step === 'done') return step.report;
  throw new Error('the close ended without a report');
}

const speeches = [{ dialect: 'countertap' }, { dialect: 'hypercom' }, { dialect: 'unionpay' }, { link: 'https' }];

test.each(speeches)(
  'both are given back once, booked, and found in the next statement: $dialect$link',
  {
    timeout: 60_000,
  },
  async (speech) => {
    await open(speech);
    const [first, second] = await mischarged();
    // A host that makes its own numbers lists what was cancelled under one that was never heard here.
    const known = speech.link === 'https' || speech.dialect === 'countertap';
    expect([first?.reason, second?.reason]).toEqual([known ? 'charged-at-bank' : 'missing-at-till', 'missing-at-till']);
    await control('rule', { rule: { on: speech.dialect === 'hypercom' ? '0200' : '0220', do: 'drop-answer' } });
    const asked = await refund(first?.id);
    expect(asked.lines[0]).toMatchObject({ refundable: false, refund: { state: 'sending', verdict: 'waiting' } });
    await refund(first?.id);
    await expect.poll(() => refunds().map((one) => one.state), { timeout: 10_000 }).toEqual(['approved']);
    core.counter.dismiss();
    await refund(second?.id);
    await expect.poll(() => refunds().map((one) => one.state), { timeout: 10_000 }).toEqual(['approved', 'approved']);
    core.counter.dismiss();
    await Promise.all([refund(first?.id), refund(second?.id)]);
    expect((await book()).totals).toMatchObject({ creditCount: 2, creditMinor: 2200 });

    const after = await statement();
    expect(after.unexplained.minor).toBe(0);
    expect(after.lines.map(({ refund: one, done }) => [one?.state, one?.verdict, done?.how])).toEqual([
      ['approved', 'agreed', refunds()[1]?.receiptNo],
      ['approved', 'agreed', refunds()[0]?.receiptNo],
    ]);
    expect(after.deposits).toMatchObject([{ posted: true }]);
    expect([balance('bank-difference'), balance('refunds')]).toEqual([0, 0]);
    expect(await closed()).toMatchObject({ agreed: true, today: { refunded: { count: 2, amount: { minor: 2200 } } } });
    expect(verifyBook(core.book).ok).toBe(true);
    expect(fatal).toEqual([]);
  },
);

/** The core dies: nothing of it does anything any more, and nothing is put away. */
async function die(): Promise<void> {
  core.fatal(new Error('killed'));
  await core.link.close();
  await start();
}

test.each([
  ['before the intent is in the journal', { appends: 1 }],
  ['after the intent is in the journal, before it is in the database', { commits: 1 }],
  ['after it was sent, the answer lost', { lost: true }],
  ['after the answer, before it is written down', { appends: 2 }],
])('the core dies %s: the bank has it given back once', { timeout: 60_000 }, async (_when, how) => {
  await open({ dialect: 'countertap' });
  const [, line] = await mischarged();
  const dies = (left: number | undefined): (() => void) => {
    let to = left ?? Number.POSITIVE_INFINITY;
    return () => {
      to -= 1;
      if (to <= 0) throw new Error('killed');
    };
  };
  if ('lost' in how) await control('rule', { rule: { on: '0220', do: 'drop-answer' } });
  storage.beforeAppend = dies('appends' in how ? how.appends : undefined);
  storage.beforeCommit = dies('commits' in how ? how.commits : undefined);
  await refund(line?.id).catch(() => undefined);
  if ('lost' in how) await expect.poll(async () => (await book()).totals.creditMinor).toBe(1500);
  else await expect.poll(() => fatal.length, { timeout: 10_000 }).toBeGreaterThan(0);
  storage.beforeAppend = () => undefined;
  storage.beforeCommit = () => undefined;
  await die();
  // Whoever is not told asks again.
  await refund(line?.id);
  await expect.poll(() => refunds().map((one) => one.state), { timeout: 10_000 }).toEqual(['approved']);
  expect((await book()).totals).toMatchObject({ creditCount: 1, creditMinor: 1500 });
  expect(verifyBook(core.book).ok).toBe(true);
});

test('a lost database knows from the journal that it was given back, and the same file changes nothing', {
  timeout: 60_000,
}, async () => {
  await open({ link: 'https' });
  const [, line] = await mischarged();
  expect(await refundLine(core, line?.id ?? '', '1')).toMatchObject({ exit: 0, body: { payment: { kind: 'refund' } } });
  await expect.poll(() => refunds().map((one) => one.state), { timeout: 10_000 }).toEqual(['approved']);
  await core.close();
  storage.dropDatabase();
  await start();
  await statement();
  const [found] = (await core.reconciliation.report()).lines.filter(({ rrn }) => rrn === UNKNOWN);
  expect(found).toMatchObject({ refundable: false, refund: { state: 'approved', verdict: 'agreed' } });
  await refund(line?.id).catch(() => undefined);
  expect((await book()).totals).toMatchObject({ creditCount: 1, creditMinor: 1500 });
  expect(verifyBook(core.book).ok).toBe(true);
});

test('what the bank refuses is said, and can be asked for again once the bank knows better', {
  timeout: 60_000,
}, async () => {
  await open({ dialect: 'unionpay' });
  const [, line] = await mischarged();
  await control('rule', { rule: { on: '0220', do: 'decline', code: '05' } });
  await refund(line?.id);
  await expect.poll(() => refunds().map((one) => one.state), { timeout: 10_000 }).toEqual(['declined']);
  core.counter.dismiss();
  const refused = await core.reconciliation.report(1);
  expect(refused.lines[1]).toMatchObject({ refundable: true, refund: { state: 'declined' }, done: null });
  await refund(line?.id);
  await expect.poll(() => refunds().map((one) => one.state), { timeout: 10_000 }).toEqual(['approved', 'declined']);
  expect((await book()).totals).toMatchObject({ creditCount: 1, creditMinor: 1500 });
});

test('a charge that may be a payment whose end is not known here waits until it is', { timeout: 60_000 }, async () => {
  await open({ dialect: 'hypercom' });
  await sell(1280, 'pays');
  const { id } = core.charge(newKey(), money(900, 'CNY'), actor);
  const { code } = (await control('code', { scheme: 'alipay', behaviour: 'never' })) as { code: string };
  scanner.scan(code);
  await expect.poll(() => state(id), { timeout: 10_000 }).toBe('querying');
  await control('mischarge', { rrn: UNKNOWN, amount: 900, stan: core.payments.get(id).stan });
  await control('rule', { rule: { on: '0400', do: 'drop-request', times: 3 } });
  core.cancel(id, actor);
  const { lines } = await statement();
  expect(lines[0]).toMatchObject({ reason: 'missing-at-till', extra: { minor: 900 } });
  await expect.poll(() => core.counter.busy, { timeout: 10_000 }).toBe(false);
  expect(state(id)).toBe('cancel-due');
  await expect(refund(lines[0]?.id)).rejects.toMatchObject({ code: 'charge-open-here' });
  await expect.poll(() => state(id), { timeout: 20_000 }).toBe('cancelled');
  // It was that very one: its cancellation took it back, and a refund would have given it back twice.
  expect((await statement()).lines.filter(({ rrn }) => rrn === UNKNOWN)).toEqual([]);
  expect((await book()).totals.creditMinor).toBe(0);
});
