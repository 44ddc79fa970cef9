import { randomBytes } from 'node:crypto';
import { afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import type { Person } from '../../contract/role.ts';
import { openFakeReaders } from '../../drivers/nfc/fake.ts';
import { openFakePrinter } from '../../drivers/printer/fake.ts';
import { openFakeScanner } from '../../drivers/scanner/fake.ts';
import { passphraseSealer, type Sealer } from './bank/keystore.ts';
import { RekeyedLink } from './bank/rekey.ts';
import { decodeLine } from './calls/decode.ts';
import { Core } from './core.ts';
import type { Refused } from './refused.ts';
import { type ModelBank, openModelBank } from './test/bank.ts';
import { type ManualClock, openManualClock } from './test/clock.ts';
import { migrations } from './test/migrations.ts';
import { type MemoryStorage, openMemoryStorage } from './test/storage.ts';
import { makeProfile, type Surroundings } from './test/till.ts';

const FIRST = '00112233445566778899AABBCCDDEEFF';
const SECOND = '0F1E2D3C4B5A69788796A5B4C3D2E101';
const BOTH = (BigInt(`0x${FIRST}`) ^ BigInt(`0x${SECOND}`)).toString(16).padStart(32, '0');
const pins: Readonly<Record<Person, string>> = { cashier: '111111', owner: '222222', technician: '333333' };

let signed: Surroundings['signed'];
let storage: MemoryStorage;
let clock: ManualClock;
let bank: ModelBank;
let core: Core;
let keysInUse: string[];
/** Deriving PINs is slow on purpose: once for all, under one device key. */
let people: Awaited<ReturnType<Core['staff']['derive']>> | undefined;

beforeAll(async () => {
  signed = await makeProfile();
});

beforeEach(() => {
  storage = openMemoryStorage();
  storage.replace('device.key', new Uint8Array(32).fill(7));
  clock = openManualClock();
  bank = openModelBank();
  keysInUse = [];
});

afterEach(() => core.close());

/** A terminal of a bank that keeps its key out of the profile. `key`: what was loaded in an earlier life. */
async function open(sealer: Sealer | undefined, key?: string): Promise<void> {
  const { masterKey: _, ...rest } = signed.profile;
  const profile = key === undefined ? rest : { ...rest, masterKey: key };
  const link = new RekeyedLink(
    (_world, { masterKey = '' }) => {
      keysInUse.push(masterKey);
      return bank.link(clock);
    },
    { clock, random: randomBytes, network: { connect: () => Promise.reject(new Error('no network')) } },
    profile,
    'Asia/Shanghai',
  );
  core = new Core({
    world: {
      clock,
      random: (length) => randomBytes(length),
      network: { connect: async () => ({ ok: false, fault: 'unreachable', detail: 'there is no network here' }) },
      storage,
      devices: { readers: openFakeReaders(), printer: openFakePrinter(), scanners: [openFakeScanner()] },
    },
    migrations,
    profile,
    signer: signed.signer,
    sealer,
    keySealed: true,
    zone: 'Asia/Shanghai',
    onFatal: (error) => {
      throw error;
    },
    link,
  });
  people ??= await core.staff.derive(pins);
  core.staff.store(people);
  core.start();
}

const sealer = () => passphraseSealer('correct horse battery', randomBytes);
const give = (person: Person, component: string, pin = pins[person]) => core.keys.component(person, pin, component);
const code = (promise: Promise<unknown>) =>
  promise.then(
    () => 'taken',
    (error: unknown) => (error as Refused).code,
  );

test('two people load the key; the line waits for it and takes it at once; it lies sealed', async () => {
  await open(sealer());
  expect(core.link.state).toMatchObject({ status: 'offline', reason: 'no-key' });
  expect(core.keys.view()).toMatchObject({ place: 'none', sealer: 'passphrase', check: null, session: null });
  const first = await give('technician', FIRST);
  expect(first).toEqual({ check: expect.stringMatching(/^[0-9A-F]{6}$/), loaded: null });
  expect(core.keys.view().first).toEqual({ by: 'technician', check: first.check });
  const second = await give('owner', SECOND);
  expect(core.keys.view()).toMatchObject({ place: 'sealed', check: second.loaded, first: null });
  expect(core.link.state.status).toBe('online');
  // The exclusive or of the two.
  expect(keysInUse).toEqual([BOTH]);
  const kept = Buffer.from(storage.read('master.key') ?? []).toString();
  expect(kept.toLowerCase()).not.toContain(BOTH);
  const written = [...storage.files.values()].map((bytes) => Buffer.from(bytes).toString('latin1')).join('\n');
  expect(written).toContain('key-loaded');
  expect(written, 'before the key could be in force').toContain('key-loading');
  expect(written).toContain(`"check":"${second.loaded}"`);
  expect(written.toLowerCase()).not.toMatch(new RegExp(`${BOTH}|${FIRST}|${SECOND}`, 'i'));
});

test('one person alone cannot, nor a cashier, nor with a wrong PIN', async () => {
  await open(sealer());
  expect(await code(give('cashier', FIRST))).toBe('not-allowed');
  expect(await code(give('technician', FIRST, '999999'))).toBe('wrong-pin');
  expect(core.keys.view().first).toBeNull();
  await give('technician', FIRST);
  expect(await code(give('technician', SECOND))).toBe('key-same-person');
  expect(storage.read('master.key')).toBeUndefined();
});

test('components that make no key are over, both', async () => {
  await open(sealer());
  await give('technician', FIRST);
  expect(await code(give('owner', FIRST))).toBe('key-component-invalid');
  expect(core.keys.view()).toMatchObject({ place: 'none', first: null });
});

test('a first component is forgotten when told to, and after ten minutes', async () => {
  await open(sealer());
  await give('owner', FIRST);
  core.keys.cancel();
  expect(core.keys.view().first).toBeNull();
  await give('owner', FIRST);
  await clock.advance(10 * 60_000);
  expect(core.keys.view().first).toBeNull();
  expect((await give('technician', SECOND)).loaded).toBeNull();
});

test('without a place that deserves the name no key is taken', async () => {
  await open(undefined);
  expect(core.keys.view().sealer).toBe('none');
  expect(await code(give('technician', FIRST))).toBe('key-unprotected');
});

test('a new key takes the place of the old one, and the line signs on with it', async () => {
  await open(sealer(), `${'00'.repeat(15)}01`);
  const before = core.keys.view().check;
  await give('owner', FIRST);
  await give('technician', SECOND);
  expect(core.keys.view().check).not.toBe(before);
  expect(keysInUse).toHaveLength(2);
  expect(core.link.state.status).toBe('online');
});

test('the decoder takes the bank’s messages apart and hides what is secret', async () => {
  await open(sealer());
  // 0200 of the dialect countertap: a wallet code in DE 48.
  const code48 = Buffer.from('alipay=28763443825664394').toString('hex');
  const hex = `0200 2000000000010000 000000 0024 ${code48}`;
  const read = decodeLine(core, hex);
  expect(read).toMatchObject({ ok: true, message: { mti: '0200', dialect: 'countertap', mac: null } });
  expect(JSON.stringify(read)).not.toContain('28763443825664394');
  expect(decodeLine(core, 'no hex')).toMatchObject({ ok: false });
  expect(decodeLine(core, '0200FFFFFFFFFFFFFFFF')).toMatchObject({ ok: false });
});
