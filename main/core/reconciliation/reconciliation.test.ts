import { expect, test } from 'vitest';
import type { Imported, Reconciliation } from '../../../contract/reconciliation.ts';
import { verifyBook } from '../reports/verify.ts';
import { type Desk, depositLine, fileOf, HEADER, idOf, listed, NOON, openDesk, rrnOf } from './test/desk.ts';

function result(imported: Imported): Reconciliation {
  if (!imported.ok) throw new Error(`${imported.code} at ${imported.line}: ${imported.detail}`);
  return imported.result;
}

/** What was found, shortly: "RRN reason" of everything that does not agree. */
function found({ lines }: Reconciliation): string[] {
  return lines.map(({ rrn, kind, verdict, reason }) => `${rrn || kind} ${verdict} ${reason}`).sort();
}

function three(desk: Desk): void {
  for (const n of [1, 2, 3]) desk.sell({ n, minor: n * 1000 });
}

const lines = [1, 2, 3].map((n) => ({ n, minor: n * 1000 }));

test('a day that agrees is posted to the ledger once, to the minor unit', async () => {
  const desk = openDesk();
  three(desk);
  const report = result(await desk.import(fileOf(lines)));
  expect(report).toMatchObject({
    agreed: { count: 4, amount: { minor: 6000 } },
    differs: { count: 0 },
    waiting: { count: 0 },
    till: { count: 3, amount: { minor: 6000 } },
    bank: { count: 3, amount: { minor: 6000 } },
    explained: [],
    unexplained: { minor: 0 },
    lines: [],
    deposits: [
      { day: '2026-08-01', verdict: 'agreed', posted: true, open: 0, fees: { minor: 23 }, paid: { minor: 5977 } },
    ],
  });
  expect([desk.balance('fees'), desk.balance('account'), desk.balance('bank')]).toEqual([23, 5977, -6000]);
  const seq = desk.book.head.seq;
  expect(await desk.import(fileOf(lines))).toMatchObject({ ok: true, known: true });
  await desk.reconciliation.report();
  expect(desk.book.head.seq).toBe(seq);
});

test('every planted difference is found, and nothing else', async () => {
  const desk = openDesk();
  for (let n = 1; n <= 20; n += 1) desk.sell({ n, minor: 10_000 });
  desk.become(10, 'reversed');
  desk.become(11, 'unknown');
  desk.sell({ n: 21, minor: 500, at: Date.UTC(2026, 7, 1, 17), day: '2026-08-01' });
  const day = [
    ...[1, 2].map((n) => ({ n, minor: 10_000 })),
    // 3 is missing at the bank.
    { n: 4, minor: 10_100 },
    { n: 5, minor: 10_000 },
    { n: 5, minor: 10_000 },
    { n: 6, minor: 10_000, fee: 39 },
    { n: 7, minor: 10_000, currency: 'JPY' },
    { n: 8, minor: 10_000, stan: 99 },
    { n: 9, minor: 10_000, terminal: 'T0000009' },
    { n: 10, minor: 10_000 },
    { n: 11, minor: 10_000 },
    { n: 12, minor: 10_000 },
    { n: 12, minor: -10_000 },
    { n: 13, minor: 10_000, day: '2026-08-03' },
    ...[14, 15, 16, 17, 18, 19, 20].map((n) => ({ n, minor: 10_000 })),
    { n: 77, minor: 700 },
  ];
  const text = [HEADER, ...day.map(listed)].join('\n');
  const report = result(await desk.import(text.replace('100.00,0.38,99.62,JPY', '100,0,100,JPY')));
  expect(found(report)).toEqual(
    [
      `${rrnOf(3)} differs missing-at-bank`,
      `${rrnOf(4)} differs amount`,
      `${rrnOf(5)} differs duplicate-at-bank`,
      `${rrnOf(6)} differs fee`,
      `${rrnOf(7)} differs currency`,
      `${rrnOf(8)} differs numbers`,
      `${rrnOf(9)} differs foreign-terminal`,
      `${rrnOf(10)} differs charged-at-bank`,
      `${rrnOf(11)} waiting open-here`,
      `${rrnOf(12)} differs reversed-at-bank`,
      `${rrnOf(13)} differs day`,
      `${rrnOf(21)} differs missing-at-bank`,
      `${rrnOf(77)} differs missing-at-till`,
      'deposit waiting other-file',
      'deposit waiting other-file',
      'deposit waiting other-file',
    ].sort(),
  );
  expect(report.unexplained.minor).toBe(0);
  const extras = report.lines.filter(({ extra }) => extra).map(({ rrn, extra }) => [rrn, extra?.minor]);
  expect(extras.sort()).toEqual([
    [rrnOf(4), 100],
    [rrnOf(5), 10_000],
    [rrnOf(10), 10_000],
    [rrnOf(77), 700],
  ]);
});

test('what was sold after the cut-off waits for the next file and agrees with it', async () => {
  const desk = openDesk();
  three(desk);
  // Half past midnight of 2 August in Shanghai, and still the store's business day of the first.
  desk.sell({ n: 4, minor: 4000, at: Date.UTC(2026, 7, 1, 16, 45), day: '2026-08-01' });
  const first = result(await desk.import(fileOf(lines), 'first.csv'));
  expect(found(first)).toEqual([`${rrnOf(4)} waiting after-cut-off`]);
  expect(first.deposits[0]?.posted).toBe(true);
  const next = fileOf([{ n: 4, minor: 4000, day: '2026-08-02' }]).replaceAll(
    '2026-08-01,2026-08-01',
    '2026-08-02,2026-08-02',
  );
  const second = result(await desk.import(next, 'second.csv'));
  expect(found(second)).toEqual([]);
  expect(second.agreed.count).toBe(2);
  expect(found(await desk.reconciliation.report(1))).toEqual([]);
});

test('what the next file does not have either is missing, in the file in which it should be', async () => {
  const desk = openDesk();
  three(desk);
  desk.sell({ n: 4, minor: 4000, at: Date.UTC(2026, 7, 1, 16, 45), day: '2026-08-01' });
  desk.sell({ n: 5, minor: 5000, at: Date.UTC(2026, 7, 2, 4), day: '2026-08-02' });
  await desk.import(fileOf(lines), 'first.csv');
  const next = fileOf([{ n: 5, minor: 5000, day: '2026-08-02' }]).replaceAll('2026-08-01', '2026-08-02');
  expect(found(result(await desk.import(next, 'second.csv')))).toEqual([`${rrnOf(4)} differs missing-at-bank`]);
  expect(found(await desk.reconciliation.report(1))).toEqual([]);
});

test('voids and refunds: both lines agree, a missing void is an extra charge, a later void waits', async () => {
  const desk = openDesk();
  desk.sell({ n: 1, minor: 1000, state: 'voided' });
  desk.sell({ n: 11, minor: 1000, kind: 'void', original: 1 });
  desk.sell({ n: 2, minor: 2000, state: 'voided' });
  desk.sell({ n: 12, minor: 2000, kind: 'void', original: 2 });
  desk.sell({ n: 3, minor: 3000, state: 'voided' });
  desk.sell({ n: 13, minor: 3000, kind: 'void', original: 3, at: Date.UTC(2026, 7, 1, 18) });
  desk.sell({ n: 4, minor: 4000, state: 'voided' });
  desk.sell({ n: 14, minor: 4000, kind: 'void', original: 4 });
  desk.sell({ n: 5, minor: 5000 });
  desk.sell({ n: 15, minor: 500, kind: 'refund', original: 5 });
  desk.sell({ n: 16, minor: 600, kind: 'refund', original: 5 });
  const text = fileOf([
    // Under the purchase's number, under the void's own, not yet, never; and 4 is left out by the bank altogether.
    { n: 1, minor: 1000 },
    { n: 1, minor: -1000 },
    { n: 2, minor: 2000 },
    { n: 12, minor: -2000 },
    { n: 3, minor: 3000 },
    { n: 5, minor: 5000 },
    { n: 15, minor: -500, type: 'refund' },
  ]);
  expect(found(result(await desk.import(text)))).toEqual(
    [`${rrnOf(3)} waiting after-cut-off`, `${rrnOf(16)} differs missing-at-bank`].sort(),
  );
  const other = openDesk();
  other.sell({ n: 1, minor: 1000, state: 'voided' });
  other.sell({ n: 11, minor: 1000, kind: 'void', original: 1 });
  const report = result(await other.import(fileOf([{ n: 1, minor: 1000 }])));
  expect(found(report)).toEqual([`${rrnOf(1)} differs charged-at-bank`]);
  expect(report.lines[0]?.extra?.minor).toBe(1000);
});

test('reversed here: nothing at the bank agrees, and so does a charge with its reversal', async () => {
  const desk = openDesk();
  desk.sell({ n: 1, minor: 1000, state: 'reversed' });
  desk.sell({ n: 2, minor: 2000, state: 'reversed' });
  desk.sell({ n: 3, minor: 3000, state: 'declined' });
  desk.sell({ n: 4, minor: 4000 });
  const report = result(
    await desk.import(
      fileOf([
        { n: 2, minor: 2000 },
        { n: 2, minor: -2000, type: 'reversal' },
        { n: 4, minor: 4000 },
      ]),
    ),
  );
  expect(found(report)).toEqual([]);
  expect(report.deposits[0]?.posted).toBe(true);
});

test('a cash payment is no line of the bank, and other terminals of the shop are left to themselves', async () => {
  const desk = openDesk({ settlement: { terminals: ['T0000002'] } });
  desk.sell({ n: 1, minor: 1000 });
  desk.sell({ n: 2, minor: 2000, tender: 'cash' });
  const report = result(
    await desk.import(
      fileOf([
        { n: 1, minor: 1000 },
        { n: 2, minor: 2000 },
        { n: 50, minor: 100, terminal: 'T0000002' },
      ]),
    ),
  );
  expect(found(report)).toEqual([`${rrnOf(2)} differs missing-at-till`]);
  expect(report.others).toBe(1);
  expect(report.till.amount.minor).toBe(1000);
});

test('a deposit that is not the sum of its lines differs and is not posted', async () => {
  const desk = openDesk();
  three(desk);
  const report = result(await desk.import(fileOf(lines, { gross: 6000, fee: 24 })));
  expect(found(report)).toEqual(['deposit differs deposit-sum']);
  expect(desk.balance('account')).toBe(0);
});

test('lines and deposit may come in two files, in either order', async () => {
  for (const turned of [false, true]) {
    const desk = openDesk();
    three(desk);
    const paid = `${HEADER}\n${depositLine(6000, 23)}\n`;
    const rows = [HEADER, ...lines.map(listed)].join('\n');
    const files = turned ? [paid, rows] : [rows, paid];
    const [first = '', second = ''] = files;
    expect(found(result(await desk.import(first, 'one.csv')))).toContain('deposit waiting other-file');
    expect(result(await desk.import(second, 'two.csv')).deposits[0]).toMatchObject({ verdict: 'agreed', posted: true });
    expect([desk.balance('fees'), desk.balance('account'), desk.balance('bank')]).toEqual([23, 5977, -6000]);
  }
});

test('a difference is seen to by a named person, once, and then the deposit is posted with the difference by itself', async () => {
  const desk = openDesk();
  three(desk);
  const report = result(await desk.import(fileOf([...lines, { n: 9, minor: 900 }])));
  expect(report.deposits[0]).toMatchObject({ verdict: 'agreed', posted: false, open: 1 });
  expect(desk.balance('account')).toBe(0);
  const id = report.lines[0]?.id ?? '';
  await expect(desk.reconciliation.done(1, 'T0000001:none:sale:0', 'nothing', 'owner')).rejects.toMatchObject({
    code: 'statement-line-not-found',
  });
  const after = await desk.reconciliation.done(1, id, 'the bank takes it back on Monday', 'owner');
  expect(after.lines[0]?.done).toMatchObject({ by: 'owner', how: 'the bank takes it back on Monday' });
  expect(after.deposits[0]).toMatchObject({ posted: true, open: 0 });
  expect([desk.balance('bank'), desk.balance('bank-difference'), desk.balance('fees')]).toEqual([-6000, -900, 26]);
  const seq = desk.book.head.seq;
  await desk.reconciliation.done(1, id, 'again', 'owner');
  expect(desk.book.head.seq).toBe(seq);
});

test('a corrected file of the same name and day takes the place of the first, and its postings with it', async () => {
  const desk = openDesk();
  three(desk);
  await desk.import(fileOf(lines), 'day.csv');
  expect(desk.balance('account')).toBe(5977);
  const corrected = result(await desk.import(fileOf([...lines, { n: 9, minor: 900 }]), 'day.csv'));
  expect(corrected.statement).toMatchObject({ no: 2, supersededBy: null });
  expect(found(corrected)).toEqual([`${rrnOf(9)} differs missing-at-till`]);
  expect([desk.balance('account'), desk.balance('fees'), desk.balance('bank')]).toEqual([0, 0, 0]);
  expect(desk.reconciliation.statements().map(({ no, supersededBy }) => [no, supersededBy])).toEqual([
    [2, null],
    [1, 2],
  ]);
  await desk.reconciliation.done(2, corrected.lines[0]?.id ?? '', 'refunded', 'owner');
  expect([desk.balance('account'), desk.balance('bank'), desk.balance('bank-difference')]).toEqual([
    6900 - 26,
    -6000,
    -900,
  ]);
});

test('the same sale in two files is charged twice', async () => {
  const desk = openDesk();
  three(desk);
  await desk.import(fileOf(lines), 'one.csv');
  const second = result(await desk.import(fileOf([{ n: 2, minor: 2000 }]), 'two.csv'));
  expect(found(second)).toContain(`${rrnOf(2)} differs duplicate-at-bank`);
  expect(found(await desk.reconciliation.report(1)).filter((line) => line.startsWith(rrnOf(2)))).toEqual([]);
});

test('a lost database knows its statements by the journal and takes their lines again without a second effect', async () => {
  const desk = openDesk();
  three(desk);
  await desk.import(fileOf(lines));
  const seq = desk.book.head.seq;
  desk.storage.dropDatabase();
  const again = openDesk({ storage: desk.storage });
  expect(again.reconciliation.statements()).toMatchObject([{ no: 1, complete: false }]);
  expect([again.balance('account'), again.book.head.seq]).toEqual([5977, seq]);
  const report = result(await again.import(fileOf(lines)));
  expect(report.statement).toMatchObject({ no: 1, complete: true });
  expect([again.balance('account'), again.book.head.seq]).toEqual([5977, seq]);
});

test('an outcome that becomes known later makes the line agree', async () => {
  const desk = openDesk();
  three(desk);
  desk.become(2, 'unknown');
  const report = result(await desk.import(fileOf(lines)));
  expect(found(report)).toEqual([`${rrnOf(2)} waiting open-here`]);
  expect(report.deposits[0]?.posted).toBe(false);
  desk.become(2, 'approved');
  expect(found(await desk.reconciliation.report())).toEqual([]);
  expect(desk.balance('account')).toBe(5977);
});

test('fees: half up, least and most, given back with a void, and net must be amount less fee', async () => {
  const desk = openDesk();
  desk.sell({ n: 1, minor: 1 });
  desk.sell({ n: 2, minor: 12_500, scheme: 'unionpay' });
  desk.sell({ n: 3, minor: 1_000_000, scheme: 'alipay' });
  desk.sell({ n: 4, minor: 1000, scheme: 'jcb' });
  desk.sell({ n: 5, minor: 1000 });
  const report = result(
    await desk.import(
      fileOf([
        { n: 1, minor: 1, fee: 1 },
        { n: 2, minor: 12_500, fee: 48 },
        { n: 3, minor: 1_000_000, scheme: 'alipay', fee: 500 },
        // No rule for this scheme: what the bank took is taken as it is.
        { n: 4, minor: 1000, scheme: 'jcb', fee: 30 },
        { n: 5, minor: 1000, fee: 4, net: 995 },
      ]),
    ),
  );
  expect(found(report)).toEqual([`${rrnOf(5)} differs fee`, 'deposit differs deposit-sum']);
  expect(report.lines.find(({ rrn }) => rrn === rrnOf(5))?.expectedFee?.minor).toBe(4);
});

test('a payment id names a gap, and can be marked as seen to', async () => {
  const desk = openDesk();
  three(desk);
  const report = result(await desk.import(fileOf(lines.slice(0, 2))));
  expect(report.lines).toMatchObject([{ id: idOf(3), till: { minor: 3000 }, bank: null, reason: 'missing-at-bank' }]);
  const done = await desk.reconciliation.done(1, idOf(3), 'comes tomorrow', 'owner');
  expect(done.lines[0]?.done?.by).toBe('owner');
  expect(NOON).toBeLessThan(Date.UTC(2026, 7, 2));
});

test('an extra charge is given back in one step, once, and is then no difference and no loss', async () => {
  const desk = openDesk();
  three(desk);
  const twice = result(await desk.import(fileOf([...lines, { n: 2, minor: 2000 }])));
  const [line] = twice.lines;
  expect(line).toMatchObject({ reason: 'duplicate-at-bank', refundable: true, refund: null, extra: { minor: 2000 } });
  const id = line?.id ?? '';
  const asked = await desk.reconciliation.refund(1, id, 'owner');
  expect(asked.lines[0]).toMatchObject({ refundable: false, refund: { state: 'sending' }, done: null });
  const seq = desk.book.head.seq;
  await desk.reconciliation.refund(1, id, 'owner');
  expect(desk.book.head.seq).toBe(seq);
  desk.become(500, 'approved');
  const after = await desk.reconciliation.report();
  expect(after.lines[0]?.done).toMatchObject({ how: '01-500' });
  expect(after.deposits[0]).toMatchObject({ posted: true });
  expect([desk.balance('bank-difference'), desk.balance('refunds')]).toEqual([0, -2000]);
  await desk.reconciliation.report();
  expect(desk.balance('refunds')).toBe(-2000);
});

test('a charge that is not known here is given back under the bank’s own reference, once, and is no loss', async () => {
  const desk = openDesk();
  three(desk);
  const report = result(await desk.import(fileOf([...lines, { n: 9, minor: 900 }])));
  expect(report.lines).toMatchObject([{ reason: 'missing-at-till', extra: { minor: 900 }, refundable: true }]);
  const id = report.lines[0]?.id ?? '';
  const asked = await desk.reconciliation.refund(1, id, 'owner');
  expect(asked.lines[0]).toMatchObject({ refundable: false, refund: { state: 'sending', verdict: 'waiting' } });
  const charge = desk.book.db.prepare('SELECT line, rrn, stan, day, amount, currency, own FROM charge').all();
  expect(charge).toEqual([
    { line: id, rrn: rrnOf(9), stan: 9, day: '2026-08-01', amount: 900, currency: 'CNY', own: null },
  ]);
  const seq = desk.book.head.seq;
  await desk.reconciliation.refund(1, id, 'owner');
  await expect(desk.reconciliation.done(1, id, 'asked the bank', 'owner')).rejects.toMatchObject({
    code: 'payment-under-way',
  });
  expect(desk.book.head.seq).toBe(seq);
  desk.become(500, 'approved');
  const after = await desk.reconciliation.report();
  expect(after.lines[0]).toMatchObject({ done: { how: '01-500' }, refund: { verdict: 'waiting' } });
  expect(after.deposits[0]).toMatchObject({ posted: true });
  expect([desk.balance('bank-difference'), desk.balance('refunds')]).toEqual([0, -900]);
  // The next file has the refund itself.
  const refunded = { n: 500, minor: -900, type: 'refund', day: '2026-08-02', fee: -3 };
  const next = result(await desk.import([HEADER, listed(refunded)].join('\n'), 'next.csv'));
  expect(found(next)).toEqual(['deposit waiting other-file']);
  expect((await desk.reconciliation.report(1)).lines[0]).toMatchObject({ refund: { verdict: 'agreed' } });
  await expect(desk.reconciliation.refund(1, 'T0000001:x:sale:0', 'owner')).rejects.toMatchObject({
    code: 'statement-line-not-found',
  });
});

test.each(['reversed', 'cancelled', 'declined', 'saf-declined', 'saf-expired'])(
  'what is %s here and charged there is given back once, and again only after the bank refused',
  async (state) => {
    const desk = openDesk();
    three(desk);
    desk.become(3, state);
    const [line] = result(await desk.import(fileOf(lines))).lines;
    expect(line).toMatchObject({ reason: 'charged-at-bank', refundable: true });
    const id = line?.id ?? '';
    await desk.reconciliation.refund(1, id, 'owner');
    desk.become(500, 'declined');
    expect((await desk.reconciliation.report()).lines[0]).toMatchObject({ refundable: true, done: null });
    await desk.reconciliation.refund(1, id, 'owner');
    desk.become(501, 'settled');
    expect((await desk.reconciliation.report()).lines[0]).toMatchObject({ refundable: false, done: { how: '01-501' } });
    const corrected = fileOf(lines.map((one) => (one.n === 3 ? { ...one, minor: 3500 } : one)));
    const after = result(await desk.import(corrected));
    expect(after.lines[0]).toMatchObject({ refundable: false, refund: { state: 'settled' } });
    expect(verifyBook(desk.book).ok).toBe(true);
  },
);

test('a charge is not given back twice: not what the bank gave back itself, nor what is open or held here', async () => {
  const desk = openDesk();
  three(desk);
  const back = { n: 9, minor: -400, type: 'refund' };
  const [, part] = result(await desk.import(fileOf([...lines, { n: 9, minor: 900 }, back]))).lines;
  const [charged] = (await desk.reconciliation.report()).lines;
  expect([charged?.extra?.minor, part?.refundable]).toEqual([500, false]);
  const whole = [...lines, { n: 9, minor: 900 }, { n: 9, minor: -900, type: 'refund' }];
  const none = result(await desk.import(fileOf(whole), 'other.csv')).lines;
  expect(none.filter(({ rrn, refundable }) => rrn === rrnOf(9) && refundable)).toEqual([]);
  for (const state of ['authorized', 'completing', 'completed']) {
    const held = openDesk();
    three(held);
    held.become(3, state);
    const [line] = result(await held.import(fileOf(lines))).lines;
    expect(line).toMatchObject({ reason: 'charged-at-bank', refundable: false });
    await expect(held.reconciliation.refund(1, line?.id ?? '', 'owner')).rejects.toMatchObject({
      code: 'payment-not-refundable',
    });
  }
  const open = openDesk();
  three(open);
  open.become(3, 'reversal-due');
  const [waits] = result(await open.import(fileOf(lines))).lines;
  expect(waits).toMatchObject({ verdict: 'waiting', reason: 'open-here', refundable: false });
  await expect(open.reconciliation.refund(1, waits?.id ?? '', 'owner')).rejects.toMatchObject({
    code: 'charge-open-here',
  });
});

test('what was paid while it was given up stands at the bank beside its own refund', async () => {
  const desk = openDesk();
  three(desk);
  desk.become(3, 'refunded');
  desk.sell({ n: 4, minor: 3000, kind: 'refund', original: 3 });
  const report = result(await desk.import(fileOf([...lines, { n: 4, minor: -3000, type: 'refund' }])));
  expect(found(report)).toEqual([]);
});

test('the database itself lets a line be given back once, and never more than the charge', async () => {
  const desk = openDesk();
  const insert = (id: string, line: string, amount: number) =>
    desk.book.db
      .prepare("INSERT INTO charge VALUES (?, ?, 1, 'R1', NULL, '2026-08-01', ?, 'CNY', NULL)")
      .run(id, line, amount);
  const refund = (n: number, charge: string, amount: number) =>
    desk.book.db
      .prepare(
        `INSERT INTO payment (id, kind, state, amount, currency, at, day, stan, rrn, receipt_no, staff, charge)
           VALUES (?, 'refund', 'sending', ?, 'CNY', 0, '2026-08-01', ?, ?, ?, 'owner', ?)`,
      )
      .run(idOf(n), amount, n, rrnOf(n), `01-${n}`, charge);
  insert('a', 'line', 900);
  insert('b', 'line', 900);
  expect(() => refund(1, 'a', 901)).toThrow('a charge is given back once');
  refund(1, 'a', 900);
  expect(() => refund(2, 'b', 900)).toThrow('a charge is given back once');
  desk.book.db.prepare("UPDATE payment SET state = 'declined'").run();
  refund(2, 'b', 900);
  expect(() => desk.book.db.prepare("UPDATE charge SET amount = 1000 WHERE id = 'b'").run()).toThrow('does not change');
});

test('a bank that makes reference numbers of its own is understood', async () => {
  const desk = openDesk();
  three(desk);
  const writes = [
    { op: 'update', table: 'payment', key: { id: idOf(2) }, values: { host_rrn: 'H00000000002' } },
  ] as const;
  desk.book.commit(
    { kind: 'payment', at: NOON, by: 'test', event: { type: 'test' }, writes, transfers: [] },
    'outcome',
  );
  const report = result(await desk.import(fileOf(lines).replace(rrnOf(2), 'H00000000002')));
  expect(found(report)).toEqual([]);
  expect(report.agreed.count).toBe(4);
});

test.each([-400, 4_000])('a payment of a clock that was %d days wrong is found by its business day', async (days) => {
  const desk = openDesk();
  const at = NOON + days * 86_400_000;
  for (const n of [1, 2, 3]) desk.sell({ n, minor: n * 1000, at, clockSuspect: true });
  const report = result(await desk.import(fileOf([lines[0], lines[1]].filter((line) => line !== undefined))));
  expect(report).toMatchObject({ differs: { count: 0 } });
  expect(found(report)).toEqual([`${rrnOf(3)} waiting after-cut-off`]);
  const next = fileOf([{ n: 4, minor: 4000, day: '2026-08-03' }]);
  desk.sell({ n: 4, minor: 4000, at: NOON + 86_400_000, day: '2026-08-02' });
  expect(found(result(await desk.import(next, 'second.csv')))).toContain(`${rrnOf(3)} differs missing-at-bank`);
});
