import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openBook } from '../ledger/recovery.ts';
import { openRecord } from '../record.ts';
import { verifyBook } from '../reports/verify.ts';
import { openDatabase } from '../store/database.ts';
import { openDiskStorage } from '../store/disk.ts';
import { openManualClock } from '../test/clock.ts';
import { migrations } from '../test/migrations.ts';

const SEALED = `eyJ.sealed.${'5'.repeat(400)}`;
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'countertap-leftover-'));
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

const values = {
  id: 'p1',
  kind: 'purchase',
  state: 'sending',
  amount: 100,
  currency: 'CNY',
  at: 1,
  day: '2026-08-01',
  stan: 1,
  rrn: '000000000001',
  receipt_no: '01-000001',
  staff: 'cashier',
  tender: 'contactless',
} as const;

test('an older database that comes back brings no sealed card data back of a payment that has ended', () => {
  const storage = openDiskStorage(folder);
  const { book } = openBook(storage, openDatabase(storage, migrations));
  const draft = { kind: 'payment', at: 1, by: 'cashier', payment: 'p1', transfers: [] } as const;
  const sealed = [{ op: 'keep', payment: 'p1', blob: SEALED }] as const;
  const opening = { op: 'insert', table: 'payment', values } as const;
  book.commit({ ...draft, event: { type: 'card' }, writes: [opening], sealed }, 'intent');
  book.db.pragma('wal_checkpoint(TRUNCATE)');
  cpSync(join(folder, 'countertap.sqlite'), join(folder, 'older'));
  const end = { op: 'update', table: 'payment', key: { id: 'p1' }, values: { state: 'declined' } } as const;
  book.commit(
    { ...draft, event: { type: 'answer' }, writes: [end], sealed: [{ op: 'shred', payment: 'p1' }] },
    'outcome',
  );
  book.close();

  cpSync(join(folder, 'older'), join(folder, 'countertap.sqlite'));
  const world = { storage: openDiskStorage(folder), clock: openManualClock() };
  const given = { migrations, signer: 'signer', zone: 'Asia/Shanghai' };
  const record = openRecord({ ...given, world: world as unknown as Parameters<typeof openRecord>[0]['world'] });
  expect(record.recovered.replayed).toBe(1);
  expect(record.db.prepare('SELECT count(*) FROM sealed').pluck().get()).toBe(0);
  expect(verifyBook(record.book).ok).toBe(true);
  record.book.close();
  expect(readFileSync(join(folder, 'countertap.sqlite')).includes(SEALED)).toBe(false);
});
