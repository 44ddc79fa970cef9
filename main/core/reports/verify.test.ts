import { beforeAll, beforeEach, expect, test } from 'vitest';
import { JOURNAL } from '../ledger/recovery.ts';
import { openModelBank } from '../test/bank.ts';
import { openManualClock } from '../test/clock.ts';
import { openMemoryStorage } from '../test/storage.ts';
import {
  makeProfile,
  openTill,
  type Surroundings,
  sellByCard,
  sellForCash,
  type Till,
  takeBack,
} from '../test/till.ts';
import { verifyBook } from './verify.ts';

let signed: Surroundings['signed'];
let around: Surroundings;
let till: Till;

beforeAll(async () => {
  signed = await makeProfile();
});

/** A short day: a card sale, one in cash, a void, a close, and a sale of the next batch. */
beforeEach(async () => {
  around = { clock: openManualClock(), storage: openMemoryStorage(), bank: openModelBank(), signed };
  till = openTill(around);
  const sold = await sellByCard(till, 1_280);
  await around.clock.advance(10);
  sellForCash(till, 500);
  takeBack(till, sold);
  await around.clock.advance(10);
  const close = till.core.settlement.close();
  for (let step = close.next(); ; step = close.next()) {
    await around.clock.advance(100);
    if ((await step).value?.step === 'done') break;
  }
  await sellByCard(till, 700);
  await around.clock.advance(10);
});

test('an untouched record is whole', () => {
  const { ok, firstBreak, entries, payments, transfers, headHash } = verifyBook(till.core.book);
  expect({ ok, firstBreak, payments, transfers }).toEqual({ ok: true, firstBreak: null, payments: 4, transfers: 4 });
  expect(entries).toBe(till.core.book.head.seq);
  expect(headHash).toBe(till.core.book.head.hash);
});

/** Does what somebody with a database tool would do. */
function meddle(sql: string): void {
  const { db } = till.core.book;
  db.pragma('foreign_keys = OFF');
  for (const { name } of db
    .prepare<[], { name: string }>("SELECT name FROM sqlite_schema WHERE type = 'trigger'")
    .all()) {
    db.exec(`DROP TRIGGER ${name}`);
  }
  db.exec(sql);
}

test.each([
  [`UPDATE entry SET body = replace(body, '"minor":500', '"minor":5') WHERE body LIKE '%"minor":500%'`, 'database'],
  ['UPDATE entry SET hash = upper(hash) WHERE seq = 3', 'database'],
  ["UPDATE entry SET kind = 'core' WHERE seq = 4", 'database'],
  ['UPDATE entry SET at = at + 1 WHERE seq = 4', 'database'],
  ['UPDATE entry SET payment = NULL WHERE seq = 4', 'database'],
  ['DELETE FROM entry WHERE seq = 5', 'database'],
  ['DELETE FROM entry WHERE seq = (SELECT max(seq) FROM entry)', 'database'],
  [`INSERT INTO entry SELECT seq + 1000, at, kind, payment, body, hash FROM entry WHERE seq = 1`, 'journal'],
  ['UPDATE payment SET amount = amount + 1 WHERE amount = 700', 'database'],
  ["UPDATE payment SET state = 'reversed' WHERE amount = 700", 'database'],
  ["UPDATE payment SET auth_code = '999999' WHERE amount = 700", 'database'],
  ["UPDATE payment SET day = '2020-01-01' WHERE amount = 700", 'database'],
  ["UPDATE payment SET staff = 'owner' WHERE amount = 700", 'database'],
  ['UPDATE payment SET batch = 7 WHERE amount = 700', 'database'],
  ['UPDATE payment SET copies = 0 WHERE amount = 700', 'database'],
  ['DELETE FROM payment WHERE amount = 700', 'database'],
  [
    `INSERT INTO payment (id, kind, state, amount, currency, at, day, stan, rrn, receipt_no, staff)
     VALUES ('x', 'purchase', 'approved', 1, 'CNY', 1, '2026-08-01', 9, '999999999999', '01-9', 'cashier')`,
    'database',
  ],
  ["UPDATE counter SET value = value - 1 WHERE name = 'trace'", 'database'],
  ["DELETE FROM counter WHERE name = 'receipt'", 'database'],
  ["UPDATE request SET payment = 'x'", 'database'],
  ["UPDATE setting SET value = 'x' WHERE name = 'signer'", 'database'],
  ["UPDATE batch SET state = 'open' WHERE no = 1", 'database'],
  ['UPDATE transfer SET amount = 1 WHERE amount = 500', 'ledger'],
  ["UPDATE transfer SET debit = 'bank' WHERE amount = 500", 'ledger'],
  ["UPDATE transfer SET day = '2020-01-01' WHERE amount = 500", 'ledger'],
  ['UPDATE transfer SET batch = 9 WHERE amount = 700', 'ledger'],
  ["UPDATE transfer SET currency = 'USD' WHERE amount = 500", 'ledger'],
  ['DELETE FROM transfer WHERE amount = 500', 'ledger'],
  [
    `INSERT INTO transfer (seq, n, payment, debit, credit, amount, currency, at, day, batch)
     SELECT seq, n + 1, payment, debit, credit, amount, currency, at, day, batch FROM transfer WHERE amount = 500`,
    'ledger',
  ],
])('%s is found', (sql, where) => {
  meddle(sql);
  expect(verifyBook(till.core.book)).toMatchObject({ ok: false, firstBreak: { where } });
});

test('a flipped bit in the journal is found, with the number of the entry', () => {
  const bytes = Buffer.from(around.storage.read(JOURNAL) ?? []);
  const third = bytes.indexOf(0x0a, bytes.indexOf(0x0a) + 1) + 1;
  bytes[third + 100] = (bytes[third + 100] ?? 0) ^ 1;
  around.storage.files.set(JOURNAL, bytes);
  expect(verifyBook(till.core.book).firstBreak).toMatchObject({ where: 'journal', seq: 3 });
});

test('a journal cut at its end is found', () => {
  const bytes = Buffer.from(around.storage.read(JOURNAL) ?? []);
  around.storage.files.set(JOURNAL, bytes.subarray(0, bytes.lastIndexOf(0x0a, bytes.length - 2) + 1));
  expect(verifyBook(till.core.book).firstBreak).toMatchObject({ where: 'journal', seq: till.core.book.head.seq });
});
