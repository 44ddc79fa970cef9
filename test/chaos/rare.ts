import { generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import {
  copyFileSync,
  existsSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import type { Person } from '../../contract/role.ts';
import { openBackup } from '../../main/core/backup.ts';
import { KEY_FILE, openKeyStore, passphraseSealer, type Sealer } from '../../main/core/bank/keystore.ts';
import { thumbprint } from '../../main/core/bank/profile.ts';
import { backUp, restore } from '../../main/core/command/backup.ts';
import { BALLAST as BALLAST_BYTES } from '../../main/core/custody.ts';
import { KEPT, keepDaily } from '../../main/core/daily.ts';
import { openBatch } from '../../main/core/ledger/batch.ts';
import { JOURNAL } from '../../main/core/ledger/recovery.ts';
import { findMigrations } from '../../main/core/open.ts';
import { BURNT, readCounter } from '../../main/core/payment/number.ts';
import { RESTORING } from '../../main/core/record.ts';
import { Refused } from '../../main/core/refused.ts';
import { canonical } from '../../main/core/store/canonical.ts';
import { DATABASE } from '../../main/core/store/database.ts';
import { openDiskStorage } from '../../main/core/store/disk.ts';
import type { Branch } from './branch.ts';
import { type Desk, type Own, rulesOf } from './desk.ts';
import { BALLAST } from './replay.ts';
import { age, type Place, type Shop } from './shop.ts';

/** Figures of the shop before the operation, by which its end is judged. */
export type Facts = Readonly<Record<string, number | string>>;

/** What is judged: the folder after a kill, its terminal started again. */
export interface Judged {
  readonly desk: Desk;
  readonly place: Place;
  readonly facts: Facts;
  readonly branch: Branch;
}

/** Something that a terminal does once in a while, and that takes more than one commit. */
export interface Rare {
  readonly name: string;
  /** Makes a shop in which it is to be done. */
  prepare(shop: Shop): Promise<Facts>;
  /** In what the terminal differs from the usual one. */
  own?(place: Place, facts: Facts): Own;
  /** Done by a terminal that is open. Without it the start of the terminal is the operation. */
  work?(desk: Desk, place: Place): Promise<void>;
  /** Done while no terminal is open. */
  alone?(place: Place): Promise<void>;
  /** What must be done after a kill before a terminal can be started, and what was wrong. */
  mend?(place: Place, open: () => Desk): Promise<string[]>;
  /** What is not as it must be, having been done again where a person would. */
  judge?(judged: Judged): Promise<string[]>;
  /** Whether the bank knows payments that the record has given up by name. */
  readonly givenUp?: true;
}

const SALES = 24;
/** The version of the data since which each payment is one of a sale. */
const SALES_SINCE = 4;
const ZONE = 'Asia/Shanghai';
const BACKUP = 'shop.backup';
const PASSPHRASE = 'seven small boats at noon';

async function sold(shop: Shop): Promise<Facts> {
  await shop.live((desk) => shop.sell(desk, 0, SALES));
  return {};
}

/** Data of an older program is carried over, and kept as it was. */
function migration(version: number): Rare {
  return {
    name: `migration from ${version}`,
    async prepare(shop) {
      // Before there were sales nothing was sold that today's journal could have kept: such a terminal was only started.
      for (let life = 0; life < 3; life += 1)
        await shop.live((desk) => shop.sell(desk, life * 8, version < SALES_SINCE ? 0 : 8, 'plain'));
      age(shop.place, version);
      return { entries: entriesIn(join(shop.place.data, DATABASE)) };
    },
    async judge({ place, facts }) {
      const kept = join(place.data, `${DATABASE}.v${version}`);
      if (!existsSync(kept)) return ['P2: the database of before the migration is not kept'];
      return entriesIn(kept) === facts['entries'] ? [] : ['P2: the database of before the migration is not whole'];
    },
  };
}

function entriesIn(file: string): number {
  const db = new Sqlite(file, { readonly: true });
  try {
    const sound = db.pragma('integrity_check', { simple: true }) === 'ok';
    const count = db.prepare<[], { n: number }>('SELECT count(*) AS n FROM entry').get()?.n ?? 0;
    return sound ? count : -1;
  } finally {
    db.close();
  }
}

const firstStart: Rare = {
  name: 'first start',
  prepare: async () => ({}),
  async judge({ desk }) {
    const born = desk.core.book.db.prepare('SELECT 1 FROM entry WHERE body LIKE \'%"born"%\'').all().length;
    return born === 1 ? [] : [`the terminal was born ${born} times`];
  },
};

const databaseLost: Rare = {
  name: 'database from the journal',
  async prepare(shop) {
    await sold(shop);
    for (const end of ['', '-wal']) rmSync(join(shop.place.data, DATABASE + end), { force: true });
    return {};
  },
};

const databaseBehind: Rare = {
  name: 'database behind the journal',
  async prepare(shop) {
    await sold(shop);
    const file = join(shop.place.data, DATABASE);
    copyFileSync(file, `${file}.then`);
    await shop.live((desk) => shop.sell(desk, SALES, SALES));
    copyFileSync(`${file}.then`, file);
    rmSync(`${file}.then`);
    return {};
  },
};

const JOURNAL_BEFORE = 'journal.before';

function keepJournal(place: Place): void {
  copyFileSync(join(place.data, JOURNAL), place.file(JOURNAL_BEFORE));
}

/** Whether a journal goes on from what it was before the operation. */
function goesOn(place: Place, journal = join(place.data, JOURNAL)): boolean {
  return readFileSync(journal, 'latin1').startsWith(readFileSync(place.file(JOURNAL_BEFORE), 'latin1'));
}

function journalDamaged(name: string, damage: (file: string) => void): Rare {
  return {
    name,
    async prepare(shop) {
      await sold(shop);
      keepJournal(shop.place);
      damage(join(shop.place.data, JOURNAL));
      return {};
    },
    judge: async ({ place }) => (goesOn(place) ? [] : ['I14: the journal is not what it was']),
  };
}

const journalLost = journalDamaged('journal from the database', (file) => rmSync(file));
const journalTorn = journalDamaged('journal torn', (file) => truncateSync(file, statSync(file).size - 40));

const CLOSE = 'close-of-the-day';
const REST_MS = 10_000;
const LOOK_MS = 100;

/** Delivers, freezes, asks the bank, settles, prints; then the daily backup is made and proved, and the oldest goes. */
const close: Rare = {
  name: 'close and daily backup',
  async prepare(shop) {
    let facts: Facts = {};
    await shop.live(async (desk) => {
      await shop.sell(desk, 0, SALES);
      const { world, book } = desk.core;
      for (let n = 0; n <= KEPT; n += 1) keepDaily({ world, book, zone: ZONE, passphrase: undefined });
      facts = { batch: openBatch(book.db).no, z: readCounter(book.db, 'z') };
    });
    writeFileSync(join(shop.place.data, `${DATABASE}.v3`), 'as it was before a migration');
    return facts;
  },
  async work({ core }) {
    for await (const { step } of core.settlement.close(CLOSE)) if (step === 'done') return;
  },
  async judge({ desk, place, facts, branch }) {
    const { core } = desk;
    const broken: string[] = [];
    for await (const step of core.settlement.close(CLOSE)) {
      if (step.step !== 'done') continue;
      const { batch, number, agreed } = step.report;
      if (batch !== facts['batch'] || number !== Number(facts['z']) + 1 || !agreed)
        broken.push(`B5: batch ${facts['batch']} was closed as ${batch}, Z ${number}, agreed ${agreed}`);
      const { debit, debitCount, credit, creditCount } = step.report.books.ledger;
      const told = branch.bank.closed.get(batch);
      const own = { debitCount, debit: debit.minor, creditCount, credit: credit.minor };
      if (JSON.stringify(told) !== JSON.stringify(own))
        broken.push(`P5: the bank closed ${JSON.stringify(told)}, the terminal ${JSON.stringify(own)}`);
    }
    return [...broken, ...(await notBackedUp(desk, place))];
  },
};

/** The newest backup has the last close in it, after a moment of rest at the latest. */
async function notBackedUp({ core }: Desk, place: Place): Promise<string[]> {
  const closed = core.book.db
    .prepare<[], { seq: number }>('SELECT max(seq) AS seq FROM entry WHERE body LIKE \'%"batch-closed"%\'')
    .get()?.seq;
  const newest = (): number =>
    Math.max(0, ...backupsOf(place).map((name) => Number(/-(\d+)\.backup$/.exec(name)?.[1])));
  for (let wait = 0; wait < REST_MS && newest() < (closed ?? 0); wait += LOOK_MS) await core.world.clock.sleep(LOOK_MS);
  return newest() >= (closed ?? 0)
    ? []
    : [`the day was closed with entry ${closed}, the newest backup ends with ${newest()}`];
}

/** Names of the backups that are kept. */
export function backupsOf(place: Place): string[] {
  const folder = join(place.data, 'backups');
  return existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith('.backup')) : [];
}

const backup: Rare = {
  name: 'backup on command',
  prepare: sold,
  work: async ({ core }, place) => void backUp(core, place.file(BACKUP), true),
  async judge({ desk: { core }, place }) {
    const file = place.file(BACKUP);
    const broken = existsSync(file) && !openBackup(readFileSync(file), undefined).ok ? ['a backup that is none'] : [];
    backUp(core, file, true);
    return broken;
  },
};

/** A backup takes the place of a record that is newer than it. */
const restoring: Rare = {
  name: 'restore',
  givenUp: true,
  async prepare(shop) {
    process.env['COUNTERTAP_BACKUP_PASSPHRASE'] = PASSPHRASE;
    let at = { trace: 0, receipt: 0, seq: 0 };
    const numbers = ({ core }: Desk): typeof at => ({
      trace: readCounter(core.book.db, 'trace'),
      receipt: readCounter(core.book.db, 'receipt'),
      seq: core.book.head.seq,
    });
    await shop.live(async (desk) => {
      await shop.sell(desk, 0, SALES);
      await desk.core.pending.settle(5_000);
      backUp(desk.core, shop.place.file(BACKUP), false);
      at = numbers(desk);
    });
    shop.soFar();
    let last = at;
    await shop.live(async (desk) => {
      await shop.sell(desk, SALES, SALES);
      await desk.core.pending.settle(5_000);
      last = numbers(desk);
    });
    const missing = last.seq - at.seq;
    keepJournal(shop.place);
    return { trace: at.trace + BURNT + missing, receipt: at.receipt + BURNT + missing };
  },
  alone: async (place) => void (await restoreAt(place)),
  async mend(place, open) {
    if (!existsSync(join(place.data, RESTORING))) {
      const { core } = open();
      const begun = readCounter(core.book.db, 'epoch') === 0;
      const whole = goesOn(place);
      await core.close();
      if (begun && !whole) return ['P1: the restore was not begun, and the record is not what it was'];
      if (!begun) return [];
    } else if (!refused(open)) return ['a terminal starts on half a restore'];
    return restoreAt(place);
  },
  async judge({ desk: { core }, place, facts }) {
    const broken: string[] = [];
    const { db } = core.book;
    if (readCounter(db, 'epoch') !== 1) broken.push(`epoch ${readCounter(db, 'epoch')} after one restore`);
    for (const name of ['trace', 'receipt'])
      if (readCounter(db, name) < Number(facts[name]))
        broken.push(`I2: ${name} goes on from ${readCounter(db, name)}, up to ${facts[name]} may have been used`);
    const aside = readdirSync(place.data).filter((name) => name.startsWith('before-restore-'));
    const journals = aside.map((name) => join(place.data, name, JOURNAL)).filter((file) => existsSync(file));
    if (aside.length !== 1 || !journals.some((file) => goesOn(place, file)))
      broken.push(`P1: the record of before the restore is not whole in one folder, but in ${aside.length}`);
    return broken;
  },
};

async function restoreAt(place: Place): Promise<string[]> {
  process.env['COUNTERTAP_BACKUP_PASSPHRASE'] = PASSPHRASE;
  const { body } = await restore({ data: place.data, anchor: place.anchor, zone: ZONE }, place.file(BACKUP), 'owner');
  return 'restored' in body ? [] : [`it cannot be restored again: ${JSON.stringify(body)}`];
}

function refused(open: () => Desk): boolean {
  try {
    void open().core.close();
    return false;
  } catch (error) {
    return error instanceof Refused && error.code === 'data-damaged';
  }
}

const LOTS = 10_000 * 1024 * 1024;

/** The disk becomes full, the room kept back is given back, and taken again when there is some. */
const ballast: Rare = {
  name: 'ballast given back and taken',
  prepare: sold,
  own: () => ({ freeBytes: () => free }),
  async work({ core }) {
    free = 1024 * 1024;
    core.custody.check();
    free = LOTS;
    core.custody.check();
  },
  async judge({ desk: { core }, place }) {
    const { size } = statSync(join(place.data, BALLAST), { throwIfNoEntry: false }) ?? { size: 0 };
    const broken = size === BALLAST_BYTES ? [] : [`P9: ${size} bytes are kept back`];
    return core.custody.held === null ? broken : [...broken, 'P9: with room again it does not sell'];
  },
};
let free = LOTS;

const STATEMENT = '2026-09-01.csv';

const statement: Rare = {
  name: 'statement imported',
  async prepare(shop) {
    await shop.live(async (desk) => {
      await shop.sell(desk, 0, SALES);
      for await (const { step } of desk.core.settlement.close()) if (step === 'done') break;
    });
    const { bank } = shop.bank();
    const lines = bank.charges
      .filter(({ state, batch }) => state === 'approved' && bank.closed.has(batch))
      .map(({ rrn, stan, minor }) => `2026-09-01,T0000001,sale,${rrn},${stan},${(minor / 100).toFixed(2)},CNY`);
    const back = bank.refunds
      .filter(({ batch }) => bank.closed.has(batch))
      .map(({ rrn, stan, minor }) => `2026-09-01,T0000001,refund,${rrn},${stan},-${(minor / 100).toFixed(2)},CNY`);
    const header = 'settlement_date,terminal,type,rrn,stan,amount,currency';
    writeFileSync(shop.place.file(STATEMENT), [header, ...lines, ...back].join('\n'));
    return { lines: lines.length + back.length };
  },
  work: async (desk, place) => void (await importAt(desk, place)),
  async judge({ desk, place, facts }) {
    const before = desk.core.reconciliation.statements().length;
    const imported = await importAt(desk, place);
    if (!imported.ok) return [`the statement is refused: ${imported.detail}`];
    const { statement: row, unexplained } = imported.result;
    const all = desk.core.reconciliation.statements().length;
    const rows = desk.core.book.db.prepare<[], { n: number }>('SELECT count(*) AS n FROM statement_line').get()?.n;
    if (all !== 1 || before > 1 || row.lines !== facts['lines'] || rows !== facts['lines'])
      return [`P5: ${all} statements, ${row.lines} lines, ${rows} rows of ${facts['lines']}`];
    return unexplained.minor === 0 ? [] : [`P5: ${unexplained.minor} of the statement is not explained`];
  },
};

function importAt({ core }: Desk, place: Place): ReturnType<Desk['core']['reconciliation']['import']> {
  return core.reconciliation.import(STATEMENT, readFileSync(place.file(STATEMENT)), 'owner');
}

const PINS: Readonly<Record<Person, string>> = { cashier: '111111', owner: '222222', technician: '333333' };
const FORMER = Buffer.from('101112131415161718191a1b1c1d1e1f', 'hex');
const COMPONENTS = ['00112233445566778899AABBCCDDEEFF', '0F1E2D3C4B5A69788796A5B4C3D2E101'] as const;
const NEW_KEY = `${'0f'.repeat(15)}fe`;

function sealer(): Sealer {
  return passphraseSealer(PASSPHRASE, randomBytes);
}

/** Two people load another master key. */
const key: Rare = {
  name: 'master key changed',
  async prepare(shop) {
    openKeyStore(openDiskStorage(shop.place.data), sealer()).save(FORMER);
    await shop.live(async (desk) => {
      await shop.sell(desk, 0, 6);
      desk.core.staff.store(await desk.core.staff.derive(PINS));
    });
    return {};
  },
  own: () => {
    const { masterKey: _, ...profile } = rulesOf(1);
    return { profile, sealer: sealer() };
  },
  async work({ core }) {
    await core.keys.component('technician', PINS.technician, COMPONENTS[0]);
    await core.keys.component('owner', PINS.owner, COMPONENTS[1]);
  },
  async judge({ desk: { core }, place }) {
    const loaded = openKeyStore(core.world.storage, sealer()).load();
    if (!loaded.ok) return [`the master key is ${loaded.code}: ${readFileSync(join(place.data, KEY_FILE), 'utf8')}`];
    const found = Buffer.from(loaded.key).toString('hex');
    const named = core.book.db.prepare("SELECT 1 FROM entry WHERE body LIKE '%\"key-load%'").all().length > 0;
    if (found === NEW_KEY) return named ? [] : ['I21: another master key is in force, and the record names nobody'];
    return found === FORMER.toString('hex') ? [] : ['the master key is neither the old nor the new one'];
  },
};

const TOKEN = 'ab'.repeat(16);
const MAX_MINOR = 4_000_000;

/** The bank's parameters, a list of blocked cards among them, come into force. */
const parameters: Rare = {
  name: 'parameters taken',
  async prepare(shop) {
    const { publicKey, privateKey } = generateKeyPairSync('ed25519');
    const { x = '' } = publicKey.export({ format: 'jwk' });
    const { limits, id } = rulesOf(1);
    const terms = { limits: { ...limits, maxMinor: MAX_MINOR } };
    const content = { version: 2, id, terms, blocked: { version: 2, tokens: [TOKEN] } };
    const signature = sign(null, Buffer.from(canonical(content) ?? ''), privateKey).toString('base64url');
    const bundle = { parameters: content, signer: { kty: 'OKP', crv: 'Ed25519', x }, signature };
    writeFileSync(shop.place.file('bundle.json'), JSON.stringify(bundle));
    const signer = thumbprint(x);
    await shop.live((desk) => shop.sell(desk, 0, 6), { signer });
    return { signer };
  },
  own: (place, { signer }) => ({
    signer: String(signer),
    parameters: async (have) =>
      have < 2 ? { kind: 'newer', bundle: readFileSync(place.file('bundle.json')) } : { kind: 'none' },
  }),
  work: async ({ core }) => void (await core.parameters.ask()),
  async judge({ desk: { core } }) {
    const state = (): string =>
      JSON.stringify([core.parameters.state, core.profile.limits.maxMinor, core.blocklist.has(TOKEN)]);
    const whole = JSON.stringify([{ version: 2 }, MAX_MINOR, true]);
    const none = JSON.stringify([{ version: 0 }, rulesOf(1).limits.maxMinor, false]);
    const found = state();
    const broken = found === whole || found === none ? [] : [`half of the parameters are in force: ${found}`];
    await core.parameters.ask();
    return state() === whole ? broken : [...broken, `asked again: ${state()}`];
  },
};

const older = findMigrations().slice(0, -1);

/** All of them. Of the migrations each is one, from the oldest data on. */
export const rares: readonly Rare[] = [
  firstStart,
  close,
  restoring,
  backup,
  databaseLost,
  databaseBehind,
  journalLost,
  journalTorn,
  ballast,
  statement,
  key,
  parameters,
  ...older.map(({ number }) => migration(number)),
];
