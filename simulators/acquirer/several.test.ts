import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Acquirer, type AcquirerOptions, startAcquirer } from './acquirer.ts';
import { Faults } from './faults.ts';
import { feeOf } from './statement.ts';
import { field, Terminal, type Wire } from './terminal.ts';

let dir: string;
let bank: Acquirer;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'bank-'));
});

afterEach(async () => {
  await bank.close();
  rmSync(dir, { recursive: true, force: true });
});

async function opened(options: Partial<AcquirerOptions>): Promise<void> {
  bank = await startAcquirer({ dir, ...options });
}

const CODE = '281234567890123456';

function sale(terminal: string, stan: number, code = CODE, minor = 1000): Wire[] {
  return [
    [41, Buffer.from(terminal).toString('hex')],
    field.processing('000000'),
    field.transmitted(`0801${String(stan).padStart(6, '0')}`),
    field.stan(stan),
    field.rrn(`260801${String(stan).padStart(6, '0')}`),
    field.amount(minor),
    field.currency('156'),
    field.batch(1),
    [22, '0031'],
    [25, '00'],
    field.presented(`alipay=${code}`),
  ];
}

test('several terminals have a profile and a batch each', async () => {
  await opened({ terminals: 2 });
  const ids = bank.profiles.map((path) => JSON.parse(readFileSync(path, 'utf8')).profile.terminalId);
  expect(ids).toEqual(['T0000001', 'T0000002']);
  const terminal = await Terminal.ready(bank.profile);
  expect((await terminal.ask('0200', sale('T0000001', 1))).code).toBe('00');
  expect((await terminal.ask('0200', sale('T0000002', 1, '281234567890123457'))).code).toBe('00');
  expect((await terminal.ask('0200', sale('T0000003', 1, '281234567890123458'))).code).toBe('97');
  const totals: Wire[] = [
    [41, Buffer.from('T0000002').toString('hex')],
    field.processing('920000'),
    field.transmitted('0801000009'),
    field.stan(9),
    field.rrn('260801000009'),
    field.currency('156'),
    field.batch(1),
    field.totals(`0000000001000000001000${'0'.repeat(22)}`),
  ];
  expect((await terminal.ask('0500', totals)).code).toBe('00');
  expect((await terminal.ask('0200', sale('T0000002', 2, '281234567890123459'))).code).toBe('12');
  expect((await terminal.ask('0200', sale('T0000001', 2, '281234567890123450'))).code).toBe('00');
  terminal.end();
});

test('a capture holds every frame, and nothing that names a card', async () => {
  const capture = join(dir, 'frames.jsonl');
  await opened({ capture });
  const terminal = await Terminal.ready(bank.profile);
  await terminal.ask('0200', sale('T0000001', 1));
  // UnionPay test number of the UnionPay trace in binaryfoo/emv-bertlv.
  const pan = '6210948000000011';
  const icc = `5A08${pan}9F2608AABBCCDDEEFF00119F270180`;
  await terminal.ask('0200', [
    ...sale('T0000001', 2).filter(([number]) => number !== 48),
    field.presented('x'),
    field.icc(icc),
  ]);
  terminal.end();
  const text = readFileSync(capture, 'utf8');
  const lines = text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as { direction: string; hex: string; bytes: number });
  expect(lines.map(({ direction }) => direction)).toEqual(['in', 'out', 'in', 'out', 'in', 'out']);
  for (const { hex, bytes } of lines) expect(hex).toHaveLength(2 * (bytes + 2));
  expect(text).not.toContain(pan);
  expect(text).not.toContain(Buffer.from(CODE).toString('hex').toUpperCase());
  expect(lines[4]?.hex).toContain('9F2608AABBCCDDEEFF0011');
  expect(lines[1]?.hex).toContain(`0020${'00'.repeat(20)}`);
});

test('a statement has a line for each sale and one more for its void', async () => {
  await opened({});
  const terminal = await Terminal.ready(bank.profile);
  await terminal.ask('0200', sale('T0000001', 1));
  await terminal.ask('0200', sale('T0000001', 2, '281234567890123457', 1051));
  const wrote = (await bank.commands['statement']?.({})) as { path: string };
  const [head, ...lines] = readFileSync(wrote.path, 'utf8').trimEnd().split('\r\n');
  expect(head).toBe(
    'settlement_date,date,time,merchant,terminal,batch,type,stan,rrn,auth_code,card,scheme,amount,fee,net,currency',
  );
  expect(lines).toHaveLength(2);
  expect(lines[0]).toMatch(
    /^(\d{4}-\d\d-\d\d),\1,\d\d:\d\d:\d\d,M00000000000001,T0000001,1,sale,1,260801000001,\d{6},,alipay,10.00,0.04,9.96,CNY$/,
  );
  expect(lines[1]).toMatch(/,deposit,,,,,,10.00,0.04,9.96,CNY$/);
  terminal.end();
});

test('fees are at least one minor unit, half up', async () => {
  await opened({});
  expect([1, 100, 1000, 1184, 1185, 100_000].map(feeOf)).toEqual([1, 1, 4, 4, 5, 380]);
});

test('faults by seed are the same for the same seed, and leave the sign-on alone', async () => {
  await opened({});
  const run = (seed: number) => {
    const faults = new Faults(seed);
    return Array.from({ length: 500 }, () => faults.take('0200', undefined)?.do);
  };
  expect(run(7)).toEqual(run(7));
  expect(run(7)).not.toEqual(run(8));
  const struck = run(7).filter((one) => one !== undefined).length;
  expect(struck).toBeGreaterThan(20);
  expect(struck).toBeLessThan(100);
  const faults = new Faults(7);
  for (let n = 0; n < 500; n++) expect(faults.take('0800', undefined)).toBeUndefined();
});
