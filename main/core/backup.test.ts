import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { money } from '../../contract/money.ts';
import { openFakeReaders } from '../../drivers/nfc/fake.ts';
import { openFakePrinter } from '../../drivers/printer/fake.ts';
import { makeBackup, openBackup } from './backup.ts';
import { backUp, restore } from './command/backup.ts';
import { Core } from './core.ts';
import { backupFailed, KEPT, keepDaily, openDaily } from './daily.ts';
import { keepLate } from './late.ts';
import type { Book } from './ledger/book.ts';
import { BURNT, readCounted } from './payment/number.ts';
import { RESTORING } from './record.ts';
import { Refused } from './refused.ts';
import { dayReceipt } from './reports/receipt.ts';
import { verifyBook } from './reports/verify.ts';
import { openModelBank } from './test/bank.ts';
import { migrations } from './test/migrations.ts';
import { makeProfile, newKey, type Surroundings } from './test/till.ts';
import { openRealWorld } from './world/real.ts';

const cny = (minor: number) => money(minor, 'CNY');
const cashier = { staff: 'cashier' };
const PASSPHRASE = 'seven small boats at noon';

let signed: Surroundings['signed'];
const base = mkdtempSync(join(tmpdir(), 'backup-'));

beforeAll(async () => {
  signed = await makeProfile();
});

afterAll(() => {
  Reflect.deleteProperty(process.env, 'COUNTERTAP_BACKUP_PASSPHRASE');
  rmSync(base, { recursive: true });
});

function open(name: string, anchored = true): Core {
  const devices = { readers: openFakeReaders(), printer: openFakePrinter(), scanners: [] };
  const world = openRealWorld(join(base, name), devices, anchored ? join(base, `${name}.anchor`) : undefined);
  const core = new Core({
    world,
    migrations,
    ...signed,
    zone: 'Asia/Shanghai',
    onFatal: (error) => {
      throw error;
    },
    link: openModelBank().link(world.clock),
  });
  core.start();
  return core;
}

function sell(core: Core, minor: number): string {
  const { id } = core.cash(newKey(), cny(minor), cashier);
  core.counter.dismiss();
  return id;
}

const options = (name: string) => ({ data: join(base, name), zone: 'Asia/Shanghai' });

test('a backup under a passphrase is proved, and opened by nothing else', async () => {
  process.env['COUNTERTAP_BACKUP_PASSPHRASE'] = PASSPHRASE;
  const core = open('sealed');
  sell(core, 1_234);
  const file = join(base, 'sealed.backup');
  const { body } = backUp(core, file, false);
  expect(body).toMatchObject({ backup: { encrypted: true, verified: true, head: core.book.head } });
  await core.close();
  const bytes = readFileSync(file);
  expect(bytes.includes('purchase-opened')).toBe(false);
  expect(openBackup(bytes, PASSPHRASE)).toMatchObject({ ok: true });
  expect(openBackup(bytes, 'another one altogether')).toMatchObject({ ok: false, code: 'locked' });
  expect(openBackup(bytes, undefined)).toMatchObject({ ok: false, code: 'locked' });
}, 30_000);

test('without a passphrase it is only made when plain was said, and then holds no key of the device', async () => {
  Reflect.deleteProperty(process.env, 'COUNTERTAP_BACKUP_PASSPHRASE');
  const core = open('plain');
  const file = join(base, 'plain.backup');
  expect(() => backUp(core, file, false)).toThrow(Refused);
  expect(existsSync(file)).toBe(false);
  expect(backUp(core, file, true).body).toMatchObject({ backup: { encrypted: false, verified: true } });
  const opened = openBackup(readFileSync(file), undefined);
  expect(opened.ok && opened.content.deviceKey).toBeUndefined();
  await core.close();
}, 30_000);

test('any damage to a backup is found before anything is restored', async () => {
  Reflect.deleteProperty(process.env, 'COUNTERTAP_BACKUP_PASSPHRASE');
  const core = open('damaged');
  sell(core, 500);
  const file = join(base, 'damaged.backup');
  backUp(core, file, true);
  await core.close();
  const bytes = readFileSync(file);
  for (let at = 3; at < bytes.length; at += Math.ceil(bytes.length / 40)) {
    const bad = Uint8Array.from(bytes);
    bad[at] = (bad[at] ?? 0) ^ 4;
    const opened = openBackup(bad, undefined);
    // One bit of the time it was made changes nothing that is restored.
    if (opened.ok) expect(opened.content.header.head).toEqual(core.book.head);
    else expect(['not-a-backup', 'damaged', 'locked']).toContain(opened.code);
  }
  for (const length of [0, 10, 200, bytes.length - 1]) {
    expect(openBackup(bytes.subarray(0, length), undefined).ok, `${length} bytes`).toBe(false);
  }
  const none = join(base, 'none.backup');
  writeFileSync(none, 'not one of ours');
  expect((await restore(options('damaged'), none, 'owner')).body).toMatchObject({ error: { code: 'input-invalid' } });
  const still = open('damaged');
  expect(verifyBook(still.book).ok, 'the folder is as it was').toBe(true);
  await still.close();
}, 60_000);

test('a backup whose bytes are whole and whose record does not hold together is found', async () => {
  const core = open('torn');
  sell(core, 100);
  const { db, head } = core.book;
  const journal = core.book.journalBytes();
  const lines = Buffer.from(journal).toString().split('\n');
  const shorter = Buffer.from(`${lines.slice(0, head.seq - 1).join('\n')}\n`);
  const made = (parts: Pick<Book, 'db' | 'head' | 'journalBytes'>) => {
    const bytes = makeBackup(parts as Book, {
      at: 1,
      epoch: 0,
      deviceKey: undefined,
      passphrase: undefined,
      random: core.world.random,
    });
    return openBackup(bytes, undefined);
  };
  expect(made({ db, head, journalBytes: () => journal }).ok).toBe(true);
  expect(made({ db, head, journalBytes: () => shorter })).toMatchObject({ ok: false, code: 'damaged' });
  const meddled = (sql: string) => {
    db.exec(`BEGIN; DROP TRIGGER entry_update; DROP TRIGGER payment_fixed; ${sql}`);
    const opened = made({ db, head, journalBytes: () => journal });
    db.exec('ROLLBACK');
    return opened;
  };
  for (const sql of [
    `UPDATE entry SET body = replace(body, '"minor":100', '"minor":900')`,
    'UPDATE payment SET amount = 900',
    "UPDATE payment SET state = 'voided'",
    "DELETE FROM counter WHERE name = 'receipt'",
  ]) {
    expect(meddled(sql), sql).toMatchObject({ ok: false, code: 'damaged' });
  }
  await core.close();
}, 60_000);

test('a restore begins a new epoch: numbers are burnt, what may be missing is said, the old folder is kept', async () => {
  process.env['COUNTERTAP_BACKUP_PASSPHRASE'] = PASSPHRASE;
  const before = open('shop');
  const first = sell(before, 1_000);
  const file = join(base, 'shop.backup');
  backUp(before, file, false);
  const { head } = before.book;
  const waiting = before.charge(newKey(), cny(700), cashier);
  before.cancel(waiting.id, cashier);
  before.counter.dismiss();
  const lost = sell(before, 2_000);
  const { stan, receiptNo } = before.payments.get(lost);
  await before.close();

  const { body } = await restore(options('shop'), file, 'Li Wei');
  expect(body).toMatchObject({ restored: { epoch: 1, head, reopened: 0, pinsLost: false, by: 'Li Wei' } });
  const { missing, aside } = (body as { restored: { missing: number; aside: string } }).restored;
  expect(missing, 'entries that the anchor knew').toBeGreaterThan(0);
  expect(readdirSync(aside)).toContain('countertap.journal');

  const after = open('shop');
  expect(after.custody.held, 'the restore was decided by a person').toBeNull();
  expect(after.payments.get(first).amount).toEqual(cny(1_000));
  expect(after.payments.find(lost), 'what the backup does not have is not there').toBeUndefined();
  const next = after.payments.get(sell(after, 300));
  expect(next.stan).toBeGreaterThan(stan);
  expect(Number(next.receiptNo.slice(3))).toBeGreaterThan(Number(receiptNo.slice(3)));
  expect(next.stan).toBeGreaterThan(BURNT);
  keepLate(after.book, after.world.clock, { stan, rrn: '000000000001', code: '00' });
  const report = after.settlement.report();
  expect(report.epoch).toBe(1);
  expect(report.irregular).toEqual({ receiptsMissing: BURNT + missing, lateAnswers: 1, clockSuspect: 0 });
  const epoch = { kind: 'row', right: '1', left: after.receiptContext(false).words.t('report.epoch') };
  const { lines } = dayReceipt(report, after.receiptContext(false));
  expect(lines).toContainEqual(epoch);
  const rights = lines.flatMap((line) => (line.kind === 'row' ? [line.right] : []));
  expect(rights).toEqual(expect.arrayContaining([String(BURNT + missing), '1']));
  expect(verifyBook(after.book)).toMatchObject({ ok: true });
  const told = after.book.db.prepare('SELECT body FROM entry WHERE body LIKE \'%"restored"%\'').all();
  expect(told).toHaveLength(1);
  await after.close();
}, 60_000);

const opens = {
  purchase: (core: Core) => core.charge(newKey(), cny(700), cashier),
  'pre-authorization': (core: Core) => core.aftersale.hold(newKey(), cny(700), cashier),
} as const;

test.each(['purchase', 'pre-authorization'] as const)(
  'what was open in the backup (%s) is unknown after the restore, and is taken back',
  async (kind) => {
    process.env['COUNTERTAP_BACKUP_PASSPHRASE'] = PASSPHRASE;
    const before = open(kind);
    const { id } = opens[kind](before);
    const file = join(base, `${kind}.backup`);
    backUp(before, file, false);
    await before.close();
    const { body } = await restore(options(kind), file, 'owner');
    expect(body).toMatchObject({ restored: { reopened: 1 } });
    const after = open(kind);
    expect(['unknown', 'reversal-due', 'reversed']).toContain(after.payments.get(id).state);
    expect(verifyBook(after.book)).toMatchObject({ ok: true });
    await after.close();
  },
  60_000,
);

test('a restore that was cut off in the middle starts no terminal before it was done again', async () => {
  process.env['COUNTERTAP_BACKUP_PASSPHRASE'] = PASSPHRASE;
  const before = open('cut');
  const kept = sell(before, 1_000);
  const file = join(base, 'cut.backup');
  backUp(before, file, false);
  sell(before, 2_000);
  await before.close();
  const folder = options('cut').data;
  // As after a kill when the backup's files are there and its epoch is not.
  const { content } = openBackup(readFileSync(file), PASSPHRASE) as {
    content: { database: Uint8Array; journal: Uint8Array };
  };
  writeFileSync(join(folder, RESTORING), '');
  writeFileSync(join(folder, 'countertap.sqlite'), content.database);
  rmSync(join(folder, 'countertap.sqlite-wal'), { force: true });
  writeFileSync(join(folder, 'countertap.journal'), content.journal);
  expect(() => open('cut')).toThrow(Refused);
  expect((await restore(options('cut'), file, 'owner')).body).toMatchObject({ restored: { epoch: 1 } });
  const after = open('cut');
  expect(after.payments.get(kept).amount).toEqual(cny(1_000));
  expect(readdirSync(folder)).not.toContain(RESTORING);
  await after.close();
}, 60_000);

test('the same backup restored twice: an epoch and numbers of its own each time', async () => {
  process.env['COUNTERTAP_BACKUP_PASSPHRASE'] = PASSPHRASE;
  const first = open('twice');
  const file = join(base, 'twice.backup');
  backUp(first, file, false);
  for (let n = 0; n < 8; n += 1) sell(first, 100);
  await first.close();
  const numbers: string[] = [];
  for (const epoch of [1, 2]) {
    expect((await restore(options('twice'), file, 'owner')).body).toMatchObject({ restored: { epoch } });
    const life = open('twice');
    for (let n = 0; n < 8; n += 1) {
      const { stan, receiptNo } = life.payments.get(sell(life, 100));
      numbers.push(String(stan), receiptNo);
    }
    await life.close();
  }
  expect(new Set(numbers).size).toBe(numbers.length);
}, 60_000);

test('a restore that is done again after a kill knows what was there before the first one', async () => {
  process.env['COUNTERTAP_BACKUP_PASSPHRASE'] = PASSPHRASE;
  const before = open('again');
  const file = join(base, 'again.backup');
  backUp(before, file, false);
  for (let n = 0; n < 5; n += 1) sell(before, 100);
  const { trace } = readCounted(before.book.db);
  await before.close();
  const folder = options('again').data;
  const done = await restore(options('again'), file, 'owner');
  const { missing, aside } = (done.body as { restored: { missing: number; aside: string } }).restored;
  expect(missing).toBeGreaterThan(0);
  // As after a kill when the anchor knows the restored record already, and the mark is not gone yet.
  const begun = { aside: basename(aside), moved: true, anchor: null, counted: { epoch: 0, trace, receipt: trace } };
  writeFileSync(join(folder, RESTORING), JSON.stringify(begun));
  const again = await restore(options('again'), file, 'owner');
  expect(again.body).toMatchObject({ restored: { epoch: 1, aside } });
  expect(readdirSync(folder).filter((name) => name.startsWith('before-restore-'))).toHaveLength(1);
  const after = open('again');
  expect(after.payments.get(sell(after, 100)).stan).toBeGreaterThan(trace + BURNT);
  await after.close();
}, 60_000);

test('a day whose backup was kept from being made by a stop is backed up after the next start', async () => {
  Reflect.deleteProperty(process.env, 'COUNTERTAP_BACKUP_PASSPHRASE');
  const core = open('owed');
  const { world, book } = core;
  const parts = { world, book, zone: 'Asia/Shanghai', passphrase: undefined };
  const { owed } = openDaily(() => parts, parts);
  const draft = { kind: 'batch', at: 1, by: 'terminal', event: { type: 'batch-closed' }, transfers: [] } as const;
  book.commit({ ...draft, writes: owed }, 'outcome');
  expect(backupFailed(book), 'owed is not failed').toBe(false);
  // The next start.
  const daily = openDaily(() => parts, parts);
  daily.rest();
  const names = readdirSync(join(base, 'owed', 'backups'));
  expect(names).toHaveLength(1);
  daily.rest();
  openDaily(() => parts, parts).rest();
  expect(readdirSync(join(base, 'owed', 'backups')), 'once').toEqual(names);
  await core.close();
}, 30_000);

test('a restore that fails leaves the folder as it was', async () => {
  process.env['COUNTERTAP_BACKUP_PASSPHRASE'] = PASSPHRASE;
  const before = open('fails');
  const file = join(base, 'fails.backup');
  backUp(before, file, false);
  const sold = sell(before, 2_000);
  await before.close();
  const { data } = options('fails');
  const anchor = join(base, 'fails-anchor');
  mkdirSync(anchor);
  await expect(restore({ ...options('fails'), anchor }, file, 'owner')).rejects.toThrow(
    /EISDIR|ENOTEMPTY|EPERM|directory/,
  );
  expect(readdirSync(data).filter((name) => /restor/.test(name))).toEqual([]);
  const after = open('fails');
  expect(after.payments.get(sold).amount).toEqual(cny(2_000));
  expect(verifyBook(after.book).ok).toBe(true);
  await after.close();
}, 60_000);

test('a folder in which a terminal runs is left alone', async () => {
  process.env['COUNTERTAP_BACKUP_PASSPHRASE'] = PASSPHRASE;
  const core = open('busy');
  const file = join(base, 'busy.backup');
  backUp(core, file, false);
  await expect(restore(options('busy'), file, 'owner')).rejects.toMatchObject({ code: 'data-in-use' });
  expect(sell(core, 100)).toBeTruthy();
  await core.close();
}, 30_000);

test('a backup of every day is kept, proved, journalled, and the oldest go', async () => {
  const core = open('daily');
  sell(core, 100);
  const { world, book } = core;
  for (let n = 0; n < KEPT + 2; n += 1) {
    const kept = keepDaily({ world, book, zone: 'Asia/Shanghai', passphrase: undefined });
    expect(kept).toMatchObject({ ok: true });
  }
  const names = readdirSync(join(base, 'daily', 'backups')).sort();
  expect(names).toHaveLength(KEPT);
  const opened = openBackup(readFileSync(join(base, 'daily', 'backups', names.at(-1) ?? '')), undefined);
  expect(opened).toMatchObject({ ok: true });
  const { copies } = world.storage;
  if (!copies) throw new Error('no folder for backups');
  const failing = { ...world, storage: { ...world.storage, copies: { ...copies, write: () => undefined } } };
  expect(keepDaily({ world: failing, book, zone: 'Asia/Shanghai', passphrase: undefined })).toMatchObject({
    ok: false,
    code: 'not-written',
  });
  expect(book.db.prepare("SELECT 1 FROM entry WHERE body LIKE '%backup-failed%'").all()).toHaveLength(1);
  expect(backupFailed(book)).toBe(true);
  const earlier = join(base, 'daily', 'countertap.sqlite.v7');
  writeFileSync(earlier, 'as it was before a migration');
  keepDaily({ world: failing, book, zone: 'Asia/Shanghai', passphrase: undefined });
  expect(existsSync(earlier), 'kept while there is no backup').toBe(true);
  keepDaily({ world, book, zone: 'Asia/Shanghai', passphrase: undefined });
  expect(backupFailed(book)).toBe(false);
  expect(existsSync(earlier), 'gone with the sealed cards in it').toBe(false);
  await core.close();
}, 60_000);
