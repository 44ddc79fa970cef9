import { randomBytes } from 'node:crypto';
import type { Database } from 'better-sqlite3';
import { beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { openDatabase } from '../store/database.ts';
import { type ManualClock, openManualClock } from '../test/clock.ts';
import { migrations } from '../test/migrations.ts';
import { openMemoryStorage } from '../test/storage.ts';
import { Staff } from './pin.ts';

/** What the slow derivation and the comparison were asked for, nothing of it secret. */
const { stretched, compared } = vi.hoisted(() => ({ stretched: [] as unknown[], compared: [] as number[] }));

vi.mock('node:crypto', async (real) => {
  const crypto = await real<typeof import('node:crypto')>();
  const scrypt = (...args: [unknown, unknown, number, object, unknown]): unknown => {
    stretched.push([args[2], args[3]]);
    return Reflect.apply(crypto.scrypt, crypto, args);
  };
  const timingSafeEqual = (one: Uint8Array, other: Uint8Array): boolean => {
    compared.push(one.length);
    return crypto.timingSafeEqual(one, other);
  };
  return { ...crypto, scrypt, timingSafeEqual };
});

const pins = { cashier: '135790', owner: '246801', technician: '112358' };
const MINUTES = 60_000;
const pepper = new Uint8Array(32).fill(7);

let db: Database;
let clock: ManualClock;
let staff: Staff;

function reopen(key: Uint8Array = pepper): Staff {
  return new Staff(db, { clock, random: (length) => randomBytes(length) }, key);
}

let verifiers: Awaited<ReturnType<Staff['derive']>>;

beforeAll(async () => {
  clock = openManualClock();
  verifiers = await reopen().derive(pins);
});

beforeEach(() => {
  db = openDatabase(openMemoryStorage(), migrations);
  clock = openManualClock();
  staff = reopen();
  staff.store(verifiers);
});

async function wrong(times: number): Promise<void> {
  for (let n = 0; n < times; n += 1) await staff.signIn('cashier', '000000');
}

test('the right PIN signs in with the person’s role', async () => {
  expect(await staff.signIn('cashier', pins.cashier)).toEqual({
    ok: true,
    session: { person: 'cashier', role: 'cashier' },
  });
  expect(await staff.signIn('owner', pins.owner)).toMatchObject({ ok: true, session: { role: 'owner' } });
});

test('somebody else’s PIN does not', async () => {
  expect(await staff.signIn('owner', pins.cashier)).toEqual({ ok: false, code: 'wrong-pin' });
  expect(await staff.signIn('cashier', pins.owner)).toEqual({ ok: false, code: 'wrong-pin' });
});

test('before the first start there is nobody to sign in', async () => {
  db.exec('DELETE FROM staff');
  expect(staff.known).toBe(false);
  expect(await staff.signIn('cashier', pins.cashier)).toEqual({ ok: false, code: 'setup-needed' });
});

test('the fifth wrong try locks, and then the right PIN is not even looked at', async () => {
  await wrong(4);
  expect(await staff.signIn('cashier', '000000')).toEqual({ ok: false, code: 'locked-out', waitMs: 30 * MINUTES });
  expect(await staff.signIn('cashier', pins.cashier)).toMatchObject({ ok: false, code: 'locked-out' });
  expect(await staff.signIn('owner', pins.owner), 'another person is not locked').toMatchObject({ ok: true });
});

test('the lock lives through a restart and ends after thirty minutes', async () => {
  await wrong(5);
  staff = reopen();
  await clock.advance(30 * MINUTES - 1);
  expect(await staff.signIn('cashier', pins.cashier)).toEqual({ ok: false, code: 'locked-out', waitMs: 1 });
  await clock.advance(1);
  expect(await staff.signIn('cashier', pins.cashier)).toMatchObject({ ok: true });
});

test('setting the clock neither opens a lock nor prolongs it', async () => {
  await wrong(5);
  clock.setWall(clock.now() + 24 * 60 * MINUTES);
  expect(await staff.signIn('cashier', pins.cashier)).toMatchObject({ code: 'locked-out', waitMs: 30 * MINUTES });
  clock.setWall(clock.now() - 48 * 60 * MINUTES);
  staff = reopen();
  expect(await staff.signIn('cashier', pins.cashier)).toMatchObject({ code: 'locked-out', waitMs: 30 * MINUTES });
  await clock.advance(30 * MINUTES);
  expect(await staff.signIn('cashier', pins.cashier)).toMatchObject({ ok: true });
});

test('wrong tries are counted across restarts, and forgotten by a right one', async () => {
  await wrong(4);
  staff = reopen();
  expect(await staff.signIn('cashier', pins.cashier)).toMatchObject({ ok: true });
  await wrong(4);
  expect(await staff.signIn('cashier', pins.cashier)).toMatchObject({ ok: true });
});

test('a try is counted before it is judged: pulling the plug gains nothing', () => {
  void staff.signIn('cashier', '000000');
  expect(db.prepare("SELECT failures FROM staff WHERE person = 'cashier'").get()).toEqual({ failures: 1 });
});

test('five tries at once are five tries', async () => {
  const tried = await Promise.all(Array.from({ length: 8 }, () => staff.signIn('cashier', '000000')));
  expect(tried.filter((one) => !one.ok && one.code === 'wrong-pin')).toHaveLength(4);
  expect(await staff.signIn('cashier', pins.cashier)).toMatchObject({ code: 'locked-out' });
});

test('the database alone, without the device’s key, does not know a PIN', async () => {
  const thief = reopen(new Uint8Array(32).fill(8));
  expect(await thief.signIn('cashier', pins.cashier)).toEqual({ ok: false, code: 'wrong-pin' });
  const kept = JSON.stringify(db.prepare('SELECT * FROM staff').all());
  for (const pin of Object.values(pins)) expect(kept).not.toContain(pin);
});

test('the same PIN has another verifier for each person', async () => {
  const rows = await staff.derive({ cashier: '135790', owner: '135790', technician: '135790' });
  expect(new Set(rows.map((row) => row.verifier)).size).toBe(3);
});

test('a right and a wrong PIN are worked on alike: stretched once, by the same cost, and compared in constant time', async () => {
  const work = async (pin: string): Promise<readonly unknown[]> => {
    stretched.length = 0;
    compared.length = 0;
    await staff.signIn('technician', pin);
    return [...stretched, ...compared];
  };
  const right = await work(pins.technician);
  expect(right).toEqual([[32, { N: 32_768, r: 8, p: 1, maxmem: expect.any(Number) }], 32]);
  expect(await work('000000')).toEqual(right);
});
