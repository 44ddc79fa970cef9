import { createPublicKey, randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CompactEncrypt } from 'jose';
import { afterEach, expect, test } from 'vitest';
import type { DayReport } from '../../contract/day.ts';
import { money } from '../../contract/money.ts';
import { type FakeReaders, openFakeReaders } from '../../drivers/nfc/fake.ts';
import { openFakePrinter } from '../../drivers/printer/fake.ts';
import { type FakeScanner, openFakeScanner } from '../../drivers/scanner/fake.ts';
import { readProfile } from '../../main/core/bank/profile.ts';
import { Core } from '../../main/core/core.ts';
import type { CardOutcome } from '../../main/core/kernel/outcome.ts';
import { dayBefore } from '../../main/core/ledger/day.ts';
import type { Payment } from '../../main/core/payment/payment.ts';
import { verifyBook } from '../../main/core/reports/verify.ts';
import { migrations } from '../../main/core/test/migrations.ts';
import { openMemoryStorage } from '../../main/core/test/storage.ts';
import { cardOutcome, newKey } from '../../main/core/test/till.ts';
import { openNetwork } from '../../main/core/world/network.ts';
import { realClock } from '../../main/core/world/real.ts';
import { type Acquirer, startAcquirer } from '../../simulators/acquirer/acquirer.ts';
import type { Json } from '../../simulators/acquirer/profile.ts';

/** A whole terminal over the second link: card, wallet code, an answer that is lost, day close. */

let dir: string;
let bank: Acquirer;
let core: Core;

afterEach(async () => {
  await core.close();
  await bank.close();
  rmSync(dir, { recursive: true, force: true });
});

async function sealedCard(amount: number): Promise<CardOutcome> {
  const { kid, jwk } = core.profile.sealing;
  // UnionPay test number of the UnionPay trace in binaryfoo/emv-bertlv.
  const secrets = { pan: '6210948000000011', track2: '6210948000000011D35122010000000000', expiry: '3512' };
  const sealed = await new CompactEncrypt(Buffer.from(JSON.stringify(secrets)))
    .setProtectedHeader({ alg: 'ECDH-ES', enc: 'A256GCM', kid })
    .encrypt(createPublicKey({ key: jwk, format: 'jwk' }));
  const minor = String(amount).padStart(12, '0');
  const iccData = `9F2608AABBCCDDEEFF00119F2701809F0206${minor}5F2A0201569F360200019F370411223344`;
  const made = cardOutcome();
  if (made.kind !== 'online') throw new Error('the made card is not online');
  return { ...made, card: { ...made.card, scheme: 'unionpay', sealed, iccData, expiry: '3512' } };
}

const fatal: unknown[] = [];
let readers: FakeReaders;
let scanner: FakeScanner;
let outcome: CardOutcome | undefined;

const actor = { staff: 'cashier' };
const supervisor = { staff: 'cashier', approver: 'owner' };
const timers = { responseMs: 1000, reconnectMs: [20], repeatMs: [0, 100], messageLifetimeMs: 300 };

/** A terminal of a bank with these terms, on line. */
async function open(terms: { readonly [key: string]: Json }): Promise<void> {
  dir = mkdtempSync(join(tmpdir(), 'link-core-'));
  bank = await startAcquirer({ dir, terms: { timers, ...terms } });
  const read = readProfile(readFileSync(bank.profile));
  if (!read.ok) throw new Error(read.detail);
  readers = openFakeReaders();
  scanner = openFakeScanner();
  fatal.length = 0;
  core = new Core({
    world: {
      clock: realClock(),
      random: (length) => randomBytes(length),
      network: openNetwork(),
      storage: openMemoryStorage(),
      devices: { readers, printer: openFakePrinter(), scanners: [scanner] },
    },
    migrations,
    profile: read.profile,
    signer: read.signer,
    zone: 'Asia/Shanghai',
    onFatal: (error) => fatal.push(error),
    read: async (_card, _amount, _sequence, mayGo) => {
      mayGo();
      return outcome ?? { kind: 'tap-again', reason: 'torn' };
    },
  });
  core.start();
  await expect.poll(() => core.link.state.status, { timeout: 10_000 }).toBe('online');
}

const state = (id: string) => core.payments.get(id).state;

/** Charges by card, and waits until the payment is as `wanted`. */
async function sell(minor: number, wanted: string): Promise<void> {
  const opened = core.charge(newKey(), money(minor, 'CNY'), actor);
  outcome = await sealedCard(minor);
  const placed = readers.put({ atr: Uint8Array.of(0x3b, 0x80, 0x80, 0x01, 0x01), answer: () => undefined });
  await expect.poll(() => state(opened.id), { timeout: 15_000 }).toBe(wanted);
  placed.remove();
  core.counter.dismiss();
}

const rule = (planted: object) => bank.commands['rule']?.({ rule: planted });
const states = async () => {
  const book = (await bank.commands['book']?.({})) as { payments: { state: string }[] };
  return book.payments.map((one) => one.state);
};

test('sells, takes back what was not answered, and closes the day over HTTPS', { timeout: 60_000 }, async () => {
  await open({ link: 'https' });
  await sell(1280, 'approved');
  const byCode = core.charge(newKey(), money(500, 'CNY'), actor);
  scanner.scan('286612345678901234');
  await expect.poll(() => state(byCode.id), { timeout: 10_000 }).toBe('approved');
  core.counter.dismiss();
  await rule({ on: '0200', do: 'drop-answer' });
  await sell(700, 'reversed');
  expect(await closed()).toMatchObject({ kind: 'Z', agreed: true, batch: 1 });
  expect(await states()).toEqual(['approved', 'approved', 'reversed']);
  expect(verifyBook(core.book).ok).toBe(true);
  expect(fatal).toEqual([]);
});

test.each([{ dialect: 'countertap' }, { dialect: 'hypercom' }, { dialect: 'unionpay' }, { link: 'https' }])(
  'a bank whose clock differs by days: %o, payments are marked, counted, and of its business day, never of one before the batch',
  { timeout: 60_000 },
  async (terms) => {
    await open(terms);
    await core.link.echo();
    expect(await closed()).toMatchObject({ agreed: true, irregular: { clockSuspect: 0 } });
    const sold = async (apartDays: number): Promise<Payment | undefined> => {
      await bank.commands['clock']?.({ apartMs: apartDays * 86_400_000 });
      await core.link.echo();
      await sell(1280, 'approved');
      return core.payments.recent(1)[0];
    };
    const right = await sold(0);
    const ahead = await sold(3);
    const behind = await sold(-3);
    const again = await sold(0);
    expect([right, ahead, behind, again].map((one) => one?.clockSuspect)).toEqual([false, true, true, false]);
    const three = dayBefore(dayBefore(dayBefore(ahead?.day ?? '')));
    expect([right?.day, behind?.day, again?.day]).toEqual([three, three, three]);
    const report = await closed();
    expect(report).toMatchObject({ agreed: true, firstDay: three, day: ahead?.day, irregular: { clockSuspect: 2 } });
    expect(verifyBook(core.book).ok).toBe(true);
    expect(fatal).toEqual([]);
  },
);

test.each(['countertap', 'hypercom', 'unionpay'])(
  'a host that has forgotten the key in the middle of the day: %s signs on again, and no payment stays unknown',
  { timeout: 60_000 },
  async (dialect) => {
    await open({ dialect });
    await sell(1280, 'approved');
    const since = core.link.session?.since ?? 0;
    await rule({ on: '0200', do: 'sign-on-first' });
    await sell(700, 'reversed');
    await expect.poll(() => core.link.state.status, { timeout: 10_000 }).toBe('online');
    expect(core.link.session?.since).toBeGreaterThan(since);
    await sell(900, 'approved');
    expect(await states()).toEqual(['approved', 'approved']);
    expect(await closed()).toMatchObject({ agreed: true });
    expect(fatal).toEqual([]);
  },
);

test.each([{ link: 'https' }, { dialect: 'countertap' }])(
  'the bank keeps where the journal stood when a batch was counted: $link$dialect (I15)',
  { timeout: 60_000 },
  async (speech) => {
    await open(speech);
    await sell(1280, 'approved');
    await closed();
    const book = (await bank.commands['book']?.({})) as { heads: { batch: number; seq: number; hash: string }[] };
    const [head] = book.heads;
    expect(head?.batch).toBe(1);
    const own = core.book.db
      .prepare<[number], { hash: string; body: string }>('SELECT hash, body FROM entry WHERE seq = ?')
      .get(head?.seq ?? 0);
    expect(own?.hash).toBe(head?.hash);
    expect(own?.body).toContain('"type":"batch-closing"');
  },
);

const speeches = [
  { named: 'https', speech: { link: 'https' }, reversal: '0420' },
  ...['countertap', 'hypercom', 'unionpay'].map((dialect) => ({
    named: dialect,
    speech: { dialect },
    reversal: dialect === 'countertap' ? '0420' : '0400',
  })),
];

test.each(speeches)(
  'what the bank approved in part is given back in a later batch, by the number that the host gave it: $named',
  { timeout: 60_000 },
  async ({ speech }) => {
    await open(speech);
    // The bank approves half of what ends with 10.
    await sell(1210, 'partial');
    const [offered] = core.payments.inStates(['partial']);
    if (!offered) throw new Error('nothing was approved in part');
    core.sales.accept(offered, actor);
    expect(await closed()).toMatchObject({ agreed: true, batch: 1 });
    const refund = core.aftersale.refund(newKey(), offered.id, money(605, 'CNY'), 'returned', supervisor);
    await expect.poll(() => state(refund.id), { timeout: 15_000 }).toBe('approved');
    expect(await closed()).toMatchObject({ agreed: true, batch: 2 });
    expect(fatal).toEqual([]);
  },
);

test.each(speeches)(
  'a wallet payment that is paid while it is given up, and that the bank no longer cancels, is refunded: $named (R8)',
  { timeout: 60_000 },
  async ({ speech, reversal }) => {
    await open({ ...speech, walletTimers: { firstQueryMs: 100, queryMs: 200, giveUpMs: 20_000 } });
    const code = await bank.commands['code']?.({ scheme: 'alipay', behaviour: 'never' });
    const { id } = core.charge(newKey(), money(900, 'CNY'), actor);
    scanner.scan((code as { code: string }).code);
    await expect.poll(() => state(id), { timeout: 10_000 }).toBe('querying');
    await rule({ on: reversal, do: 'cancel-refused' });
    core.cancel(id, actor);
    await expect.poll(() => state(id), { timeout: 15_000 }).toBe('refunded');
    expect(core.payments.about(id)).toMatchObject([{ kind: 'refund', state: 'approved', cause: 'not-cancelled' }]);
    expect(await states()).toEqual(['approved']);
    const totals = { debitCount: 1, debitMinor: 900, creditCount: 1, creditMinor: 900 };
    expect(await bank.commands['book']?.({})).toMatchObject({ totals });
    core.counter.dismiss();
    expect(await closed()).toMatchObject({ agreed: true, books: { bank: { credit: money(900, 'CNY') } } });
    expect(verifyBook(core.book).ok).toBe(true);
    expect(fatal).toEqual([]);
  },
);

async function closed(): Promise<DayReport> {
  for await (const step of core.settlement.close(newKey())) if (step.step === 'done') return step.report;
  throw new Error('the close ended without a report');
}
