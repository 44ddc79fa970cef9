import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { money } from '../../contract/money.ts';
import { openFakeReaders } from '../../drivers/nfc/fake.ts';
import { openFakePrinter } from '../../drivers/printer/fake.ts';
import { openFakeScanner } from '../../drivers/scanner/fake.ts';
import { DIALECTS } from '../../main/core/bank/dialects/named.ts';
import { type AcquirerProfile, readProfile } from '../../main/core/bank/profile.ts';
import { Core } from '../../main/core/core.ts';
import { verifyBook } from '../../main/core/reports/verify.ts';
import { migrations } from '../../main/core/test/migrations.ts';
import { type MemoryStorage, openMemoryStorage } from '../../main/core/test/storage.ts';
import { newKey } from '../../main/core/test/till.ts';
import { openNetwork } from '../../main/core/world/network.ts';
import { realClock } from '../../main/core/world/real.ts';
import { type Acquirer, startAcquirer } from '../../simulators/acquirer/acquirer.ts';
import type { Json } from '../../simulators/acquirer/profile.ts';

/** Parameters on their way from the bank into force, over every link. */

let dir: string;
let bank: Acquirer;
let storage: MemoryStorage;
let core: Core;
let profile: AcquirerProfile;

async function start(terms: { readonly [key: string]: Json }): Promise<void> {
  dir = mkdtempSync(join(tmpdir(), 'parameters-'));
  const timers = { responseMs: 2000, reconnectMs: [20] };
  bank = await startAcquirer({ dir, terms: { ...terms, timers, parameters: { everyMs: 50 } } });
  storage = openMemoryStorage();
  await boot();
}

async function boot(): Promise<void> {
  const read = readProfile(readFileSync(bank.profile));
  if (!read.ok) throw new Error(read.detail);
  profile = read.profile;
  core = new Core({
    world: {
      clock: realClock(),
      random: (length) => randomBytes(length),
      network: openNetwork(),
      storage,
      devices: { readers: openFakeReaders(), printer: openFakePrinter(), scanners: [openFakeScanner()] },
    },
    migrations,
    profile,
    signer: read.signer,
    zone: 'Asia/Shanghai',
    onFatal: (error) => {
      throw error;
    },
  });
  core.start();
  await expect.poll(() => core.link.state.status, { timeout: 10_000 }).toBe('online');
}

afterEach(async () => {
  await core.close();
  await bank.close();
  rmSync(dir, { recursive: true, force: true });
});

const publish = (input: object) => bank.commands['parameters']?.(input);
const state = () => core.parameters.state;
const limits = (maxMinor: number) => ({ limits: { maxMinor, contactlessMinor: 100_000, cvmMinor: 100_000 } });
const taken = (version: number) => expect.poll(state, { timeout: 10_000 }).toEqual({ version });

describe.each([
  ...DIALECTS.map((dialect) => ({ name: dialect, terms: { dialect } })),
  { name: 'https', terms: { link: 'https' } },
])('over $name', ({ terms }) => {
  test('come in parts, are in force at once, after a restart, and no card that is blocked is taken', async () => {
    await start(terms);
    expect(state()).toEqual({ version: 0 });
    // UnionPay test number of the UnionPay trace in binaryfoo/emv-bertlv, and numbers to fill several messages.
    const blocked = [
      '6210948000000011',
      ...Array.from({ length: 100 }, (_, n) => `62109481${String(n).padStart(8, '0')}`),
    ];
    await publish({ version: 3, terms: limits(7_000), blocked });
    await taken(3);
    expect(core.profile.limits.maxMinor).toBe(7_000);
    expect(core.blocklist.count).toBe(blocked.length);
    expect(core.blocklist.has(core.vault.blockToken('6210948000000011'))).toBe(true);
    expect(() => core.charge(newKey(), money(7_001, 'CNY'), { staff: 'cashier' })).toThrow();
    await core.close();
    // Also without its database: the journal has the version.
    storage.dropDatabase();
    await boot();
    expect(state()).toEqual({ version: 3 });
    expect(core.profile.limits.maxMinor).toBe(7_000);
    expect(verifyBook(core.book).ok).toBe(true);
  });
});

test('wait until nobody pays', async () => {
  await start({});
  const opened = core.charge(newKey(), money(500, 'CNY'), { staff: 'cashier' });
  await publish({ version: 1, terms: limits(400) });
  await expect.poll(state, { timeout: 10_000 }).toEqual({ version: 0, waiting: 1 });
  expect(core.profile.limits.maxMinor).toBe(profile.limits.maxMinor);
  core.cancel(opened.id, { staff: 'cashier' });
  core.counter.dismiss();
  await taken(1);
  expect(core.profile.limits.maxMinor).toBe(400);
});

test('of which the signature is bad, or that are older or unknown, leave the old ones in force and raise an alarm', async () => {
  await start({});
  await publish({ version: 5, terms: limits(5_000) });
  await taken(5);
  const refused = (fault: string) => expect.poll(state, { timeout: 10_000 }).toEqual({ version: 5, fault });
  await publish({ version: 6, terms: limits(6_000), forge: true });
  await refused('parameters-forged');
  await publish({ version: 7, terms: { masterKey: '0'.repeat(32) } });
  await refused('parameters-invalid');
  expect(core.profile.limits.maxMinor).toBe(5_000);
  await publish({ version: 4, terms: limits(4_000) });
  await new Promise((resolve) => setTimeout(resolve, 200));
  expect([state().version, core.profile.limits.maxMinor]).toEqual([5, 5_000]);
  await publish({ version: 8, terms: limits(8_000) });
  await taken(8);
});

test('put back by hand to older ones are named, not used, and fetched anew', async () => {
  await start({});
  await publish({ version: 1, terms: limits(1_000) });
  await taken(1);
  const old = storage.read('parameters.json');
  await publish({ version: 2, terms: limits(2_000) });
  await taken(2);
  await core.close();
  storage.dropDatabase();
  if (old) storage.replace('parameters.json', old);
  await bank.commands['line']?.({ up: false });
  const rebooting = boot();
  await expect.poll(() => core.parameters.state).toEqual({ version: 2, fault: 'parameters-older' });
  expect(core.profile.limits.maxMinor).toBe(profile.limits.maxMinor);
  await bank.commands['line']?.({ up: true });
  await rebooting;
  await taken(2);
  expect(core.profile.limits.maxMinor).toBe(2_000);
});
