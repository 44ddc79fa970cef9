import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { money } from '../../contract/money.ts';
import { openFakeReaders } from '../../drivers/nfc/fake.ts';
import { openFakePrinter } from '../../drivers/printer/fake.ts';
import { preview } from '../../drivers/printer/layout.ts';
import { notices } from './calls/view.ts';
import { Core } from './core.ts';
import { BALLAST, LEAST_ROOM } from './custody.ts';
import { anchorText } from './ledger/anchor.ts';
import { BURNT, readCounted, readCounter } from './payment/number.ts';
import { Refused } from './refused.ts';
import { dayReceipt } from './reports/receipt.ts';
import { openModelBank } from './test/bank.ts';
import { openManualClock, settled } from './test/clock.ts';
import { migrations } from './test/migrations.ts';
import { openMemoryStorage } from './test/storage.ts';
import { makeProfile, newKey, openTill, type Surroundings, sellByCode, sellForCash, type Till } from './test/till.ts';
import { openRealWorld } from './world/real.ts';

const cny = (minor: number) => money(minor, 'CNY');
const cashier = { staff: 'cashier' };

let signed: Surroundings['signed'];
let around: Surroundings;
let till: Till;
const base = mkdtempSync(join(tmpdir(), 'custody-'));

beforeAll(async () => {
  signed = await makeProfile();
});

afterAll(() => rmSync(base, { recursive: true }));

beforeEach(() => {
  around = { clock: openManualClock(), storage: openMemoryStorage(), bank: openModelBank(), signed };
  till = openTill(around);
});

function codeOf(run: () => unknown): string | undefined {
  try {
    run();
    return undefined;
  } catch (error) {
    if (error instanceof Refused) return error.code;
    throw error;
  }
}

const none = { epoch: 0, trace: 0, receipt: 0 };
const sell = (core: Core): string | undefined => codeOf(() => core.cash(newKey(), cny(100), cashier));

describe('the anchor', () => {
  async function again(): Promise<void> {
    till.kill();
    await around.clock.advance(5_000);
    till = openTill(around);
    await settled();
  }

  test('follows the head within a second and is believed at the next start', async () => {
    sellForCash(till, 500);
    await around.clock.advance(1_100);
    const { head } = till.core.book;
    expect(Buffer.from(around.storage.anchored ?? []).toString()).toBe(
      anchorText(head, readCounted(till.core.book.db)),
    );
    await again();
    expect(till.core.custody.held).toBeNull();
    expect(sell(till.core)).toBeUndefined();
  });

  test('that is there and cannot be read: the terminal opens, and sells when a named person has seen it', async () => {
    sellForCash(till, 500);
    till.kill();
    const { anchor } = around.storage;
    if (!anchor) throw new Error('no anchor');
    const refuse = (): never => {
      throw Object.assign(new Error('EACCES: permission denied'), { code: 'EACCES', syscall: 'open' });
    };
    till = openTill({ ...around, storage: { ...around.storage, anchor: { ...anchor, read: refuse } } });
    expect(till.core.custody.held).toBe('record-rolled-back');
    expect(sell(till.core)).toBe('record-rolled-back');
    till.core.custody.acknowledge('owner');
    expect(sell(till.core)).toBeUndefined();
  });

  test.each([
    ['an entry that the record does not hold', (seq: number, hash: string) => anchorText({ seq: seq + 1, hash }, none)],
    ['another entry in its place', (seq: number) => anchorText({ seq, hash: 'ab'.repeat(32) }, none)],
    ['nothing that can be read', () => 'x'],
  ])('with %s: nothing is sold until a named person has seen it', async (_, text) => {
    sellForCash(till, 500);
    await around.clock.advance(1_100);
    const { seq, hash } = till.core.book.head;
    till.kill();
    around.storage.anchored = Buffer.from(text(seq, hash));
    till = openTill(around);
    expect(till.core.custody.held).toBe('record-rolled-back');
    expect(sell(till.core)).toBe('record-rolled-back');
    expect(till.core.stopped, 'everything else works').toBeNull();
    await again();
    expect(till.core.custody.held, 'a restart does not clear it').toBe('record-rolled-back');
    expect(till.core.custody.alarms, 'one finding counts once').toBe(1);
    const burnt = ['trace', 'receipt'].map((name) => readCounter(till.core.book.db, name));
    for (const count of burnt) expect(count, 'no number is taken a second time').toBeGreaterThan(BURNT);
    till.core.custody.acknowledge('owner');
    expect(sell(till.core)).toBeUndefined();
    const report = till.core.settlement.report();
    expect(report.alarms).toBe(1);
    expect(preview(dayReceipt(report, till.core.receiptContext(false)), 48)).toMatch(/账本回退次数\s+1/);
    const told = till.core.book.db.prepare("SELECT body FROM entry WHERE body LIKE '%alarm-acknowledged%'").all();
    expect(told).toHaveLength(1);
    await around.clock.advance(1_100);
    await again();
    expect(till.core.custody.held).toBeNull();
  });

  test('a record without an anchor is believed: it was moved, or is new', async () => {
    till.kill();
    around.storage.anchored = undefined;
    till = openTill(around);
    expect(till.core.custody.held).toBeNull();
  });
});

describe('on real files', () => {
  function open(folder: string, anchor: string): Core {
    const devices = { readers: openFakeReaders(), printer: openFakePrinter(), scanners: [] };
    const bank = openModelBank();
    const world = openRealWorld(folder, devices, anchor);
    const core = new Core({
      world,
      migrations,
      ...signed,
      zone: 'Asia/Shanghai',
      onFatal: (error) => {
        throw error;
      },
      link: bank.link(world.clock),
    });
    core.start();
    return core;
  }

  async function lived(name: string): Promise<{ folder: string; anchor: string; older: string }> {
    const folder = join(base, name);
    const anchor = join(base, 'elsewhere', `${name}.anchor`);
    const older = join(base, `${name}-older`);
    const first = open(folder, anchor);
    first.cash(newKey(), cny(100), cashier);
    await first.close();
    cpSync(folder, older, { recursive: true });
    const second = open(folder, anchor);
    second.cash(newKey(), cny(200), cashier);
    await second.close();
    return { folder, anchor, older };
  }

  test('the whole data folder replaced by an older copy is found', async () => {
    const { folder, anchor, older } = await lived('whole');
    rmSync(folder, { recursive: true });
    cpSync(older, folder, { recursive: true });
    const core = open(folder, anchor);
    expect(core.custody.held).toBe('record-rolled-back');
    expect(sell(core)).toBe('record-rolled-back');
    await core.close();
  }, 30_000);

  test('the same older copy put back again: no number of the time in between comes twice', async () => {
    const { folder, anchor, older } = await lived('again');
    const numbers: string[] = [];
    const live = async (sales: number): Promise<void> => {
      const core = open(folder, anchor);
      core.custody.acknowledge('owner');
      for (let n = 0; n < sales; n += 1) {
        const { stan, receiptNo } = core.cash(newKey(), cny(100), cashier);
        core.counter.dismiss();
        numbers.push(String(stan), receiptNo);
      }
      await core.close();
    };
    await live(10);
    // The first time much is lost, the second time little: then one goes on before where the other went on.
    for (const sales of [1, 60]) {
      rmSync(folder, { recursive: true });
      cpSync(older, folder, { recursive: true });
      await live(sales);
    }
    expect(new Set(numbers).size).toBe(numbers.length);
  }, 30_000);

  test('database and journal both rolled back are found, and so is a folder begun anew', async () => {
    const { folder, anchor, older } = await lived('both');
    for (const name of ['countertap.sqlite', 'countertap.journal']) cpSync(join(older, name), join(folder, name));
    const rolledBack = open(folder, anchor);
    expect(rolledBack.custody.held).toBe('record-rolled-back');
    await rolledBack.close();
    rmSync(folder, { recursive: true });
    const anew = open(folder, anchor);
    expect(anew.custody.held).toBe('record-rolled-back');
    await anew.close();
  }, 30_000);

  test('an untouched folder sells', async () => {
    const { folder, anchor } = await lived('sound');
    const core = open(folder, anchor);
    expect(sell(core)).toBeUndefined();
    await core.close();
  }, 30_000);
});

test('without the key of the device every PIN is set anew: none is called wrong that is right', async () => {
  const pins = { cashier: '135790', owner: '246801', technician: '975310' };
  till.core.staff.store(await till.core.staff.derive(pins));
  till.kill();
  till = openTill(around);
  expect(till.core.staff.known).toBe(true);
  till.kill();
  around.storage.files.set('device.key', new Uint8Array(3));
  till = openTill(around);
  expect(till.core.staff.known).toBe(false);
  const told = till.core.book.db.prepare("SELECT body FROM entry WHERE body LIKE '%pins-lost%'").all();
  expect(told).toHaveLength(1);
  till.core.staff.store(await till.core.staff.derive(pins));
  till.kill();
  till = openTill(around);
  expect(till.core.staff.known).toBe(true);
  expect(await till.core.staff.signIn('owner', pins.owner)).toMatchObject({ ok: true });
}, 60_000);

describe('a full disk', () => {
  test('begins no sale, gives the ballast back, and sells again when there is room', async () => {
    const { storage } = around;
    expect(storage.files.has('ballast')).toBe(true);
    const sold = sellForCash(till, 700);
    till.core.counter.dismiss();
    storage.room = LEAST_ROOM - 1;
    expect(sell(till.core)).toBe('disk-full');
    expect(storage.files.has('ballast')).toBe(false);
    expect(till.core.stopped).toBeNull();
    till.core.void(newKey(), sold.id, { staff: 'owner' });
    expect(till.core.payments.get(sold.id).state, 'what is begun is finished').toBe('voided');
    till.core.counter.dismiss();
    storage.room = BALLAST + 2 * LEAST_ROOM - 1;
    expect(sell(till.core), 'a little room is not enough').toBe('disk-full');
    storage.room = 100 * BALLAST;
    expect(sell(till.core)).toBeUndefined();
    expect(storage.files.has('ballast')).toBe(true);
  });

  test('is said long before, while everything is sold as ever', () => {
    around.storage.room = 500 * 1024 * 1024;
    expect(notices(till.core).map(({ code }) => code)).not.toContain('disk-low');
    around.storage.room -= 1;
    expect(notices(till.core).map(({ code }) => code)).toContain('disk-low');
    expect(sell(till.core)).toBeUndefined();
  });

  const fails = () => {
    throw Object.assign(new Error('EIO: i/o error, write'), { code: 'EIO' });
  };

  test('a disk that fails in keeping room back stops the terminal, as it would in a sale', async () => {
    const { storage } = around;
    storage.room = LEAST_ROOM - 1;
    expect(sell(till.core)).toBe('disk-full');
    storage.room = 100 * BALLAST;
    Object.assign(storage, { reserve: fails });
    expect(() => sell(till.core)).toThrow('EIO');
    expect(till.core.stopped).toBe('store-failed');
    expect(sell(till.core)).toBe('store-failed');
    expect(till.fatal).toHaveLength(1);
  });

  test('the day is closed all the same', async () => {
    await sellByCode(till, 900, '281234567890123456');
    till.core.counter.dismiss();
    around.storage.room = 0;
    expect(sell(till.core)).toBe('disk-full');
    const steps: string[] = [];
    const closing = (async () => {
      for await (const step of till.core.settlement.close()) steps.push(step.step);
    })();
    for (let turn = 0; turn < 20 && steps.at(-1) !== 'done'; turn += 1) await around.clock.advance(5_000);
    await closing;
    expect(steps.at(-1)).toBe('done');
  });

  test('a start that had to take what was kept back does not sell on it, nor does one after it', async () => {
    const { storage } = around;
    till.kill();
    // Sixteen MiB come free when the ballast goes.
    const emptied = (): void => {
      storage.files.delete('ballast');
      storage.room = BALLAST;
    };
    storage.room = 0;
    till = openTill({ ...around, storage: Object.assign(storage, { release: emptied }) });
    expect(sell(till.core)).toBe('disk-full');
    till.kill();
    till = openTill(around);
    expect(sell(till.core), 'after another start').toBe('disk-full');
    storage.room = BALLAST + 2 * LEAST_ROOM;
    expect(sell(till.core)).toBeUndefined();
    till.kill();
    till = openTill(around);
    expect(sell(till.core)).toBeUndefined();
  });

  test('one that became full while it sold is full after a restart', async () => {
    const { storage } = around;
    storage.room = LEAST_ROOM - 1;
    Object.assign(storage, { release: () => Object.assign(storage, { room: BALLAST }) });
    expect(sell(till.core)).toBe('disk-full');
    till.kill();
    till = openTill(around);
    expect(sell(till.core)).toBe('disk-full');
  });

  test('a start without room takes the ballast first', () => {
    till.kill();
    around.storage.room = 0;
    expect(around.storage.files.has('ballast')).toBe(true);
    till = openTill(around);
    expect(around.storage.files.has('ballast')).toBe(false);
    expect(till.core.custody.held).toBe('disk-full');
  });
});
