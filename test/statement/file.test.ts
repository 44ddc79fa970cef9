import { deflateRawSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import iconv from 'iconv-lite';
import { expect, test } from 'vitest';
import type { StatementFault } from '../../contract/reconciliation.ts';
import { CsvReader, type CsvRow } from '../../main/core/reconciliation/csv.ts';
import { StatementError } from '../../main/core/reconciliation/fault.ts';
import { dayOf, minorOf } from '../../main/core/reconciliation/line.ts';
import { fileOf, HEADER, listed, openDesk } from '../../main/core/reconciliation/test/desk.ts';
import { decode, LARGEST_FILE, unpack } from '../../main/core/reconciliation/unpack.ts';
import { zipOf } from '../../simulators/acquirer/zip.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const good = listed({ n: 1, minor: 1000 });

function read(text: string, size = text.length): CsvRow[] {
  const reader = new CsvReader();
  const rows: CsvRow[] = [];
  for (let from = 0; from < text.length; from += size) rows.push(...reader.push(text.slice(from, from + size)));
  const last = reader.end();
  return last ? [...rows, last] : rows;
}

const field = fc.string({ unit: fc.constantFrom('a', '中', ',', '"', '\n', '\r\n', ' ', '1'), maxLength: 6 });

test('any records come back as they were written, in pieces of any size', () => {
  const quoted = (text: string): string => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  fc.assert(
    fc.property(
      fc.array(fc.array(field, { minLength: 2, maxLength: 5 }), { minLength: 1, maxLength: 6 }),
      fc.constantFrom('\n', '\r\n'),
      fc.integer({ min: 1, max: 40 }),
      fc.boolean(),
      (rows, end, size, ended) => {
        const text = rows.map((row) => row.map(quoted).join(',')).join(end) + (ended ? end : '');
        expect(read(text, size).map(({ fields }) => fields)).toEqual(rows);
      },
    ),
    { numRuns: 300 },
  );
});

test('lines are counted as the file counts them, over quoted line breaks and empty lines', () => {
  expect(read('a,b\r\n\r\n"x\ny",2\n3,4').map(({ line }) => line)).toEqual([1, 3, 5]);
});

test.each([
  ['a"b,c', 1],
  ['a,b\n"x"y,c', 2],
  ['a,b\n\n"open', 3],
  ['a,b\rc', 1],
  [`${'x'.repeat(2001)},`, 1],
  [','.repeat(101), 1],
] as const)('%j is no CSV', (text, line) => {
  let thrown: unknown;
  try {
    read(text);
  } catch (error) {
    thrown = error;
  }
  expect(thrown).toBeInstanceOf(StatementError);
  expect(thrown).toMatchObject({ code: 'statement-csv', line });
});

test.each([
  ['12.80', 'CNY', 1280],
  ['-0.01', 'CNY', -1],
  ['5', 'CNY', 500],
  ['12.800', 'CNY', 1280],
  ['0.00', 'CNY', 0],
  ['9999999999.99', 'CNY', 999_999_999_999],
  ['1280', 'JPY', 1280],
  ['1280.00', 'JPY', 1280],
  ['12.801', 'CNY', undefined],
  ['1280.5', 'JPY', undefined],
  ['1,280.00', 'CNY', undefined],
  ['1e3', 'CNY', undefined],
  ['+1', 'CNY', undefined],
  ['', 'CNY', undefined],
  ['12.', 'CNY', undefined],
  ['NaN', 'CNY', undefined],
  ['１２', 'CNY', undefined],
] as const)('the amount %j in %s is %s minor units', (text, currency, minor) => {
  expect(minorOf(text, currency)).toBe(minor);
});

test.each([
  ['2026-08-01', '2026-08-01'],
  ['20260801', '2026-08-01'],
  ['2026/08/01', '2026-08-01'],
  ['2026-0801', undefined],
  ['2026-02-30', undefined],
  ['01.08.2026', undefined],
] as const)('the day %j is %s', (text, day) => expect(dayOf(text)).toBe(day));

const claims = (size: number): Uint8Array => {
  const zip = zipOf('a.csv', bytes(fileOf([{ n: 1, minor: 1000 }])));
  // Uncompressed size in the local header and in the central directory.
  zip.writeUInt32LE(size, 22);
  zip.writeUInt32LE(size, zip.length - 22 - 46 - 5 + 24);
  return zip;
};
const bomb = gzipSync(new Uint8Array(20_000_000));
const damaged = (): Uint8Array => {
  const zip = zipOf('a.csv', bytes(fileOf([{ n: 1, minor: 1000 }])));
  zip[zip.length - 22 - 46 - 5 + 16] = 0;
  return zip;
};
const two = (): Uint8Array => {
  const zip = zipOf('a.csv', bytes('x'));
  // Two entries said, and the directory twice.
  const central = zip.subarray(zip.length - 22 - 46 - 5, zip.length - 22);
  const end = Buffer.from(zip.subarray(zip.length - 22));
  end.writeUInt16LE(2, 8);
  end.writeUInt16LE(2, 10);
  end.writeUInt32LE(central.length * 2, 12);
  return Buffer.concat([zip.subarray(0, zip.length - 22), central, end]);
};

const bad: readonly (readonly [string, StatementFault, number | null, string | Uint8Array])[] = [
  ['nothing at all', 'statement-empty', null, ''],
  ['a header and nothing more', 'statement-empty', null, `${HEADER}\r\n`],
  ['comments alone', 'statement-columns', null, '# a bank\n# of somewhere\n'],
  ['another table', 'statement-columns', 1, 'id,name\n1,x\n'],
  ['a column missing', 'statement-columns', 1, `${HEADER.replace('rrn,', '')}\n${good}\n`],
  ['a column twice', 'statement-columns', 1, `${HEADER},rrn\n${good},1\n`],
  ['a field too few', 'statement-value', 3, `${HEADER}\n${good}\n${good.replace(',CNY', '')}\n`],
  ['a field too many', 'statement-value', 2, `${HEADER}\n${good},x\n`],
  ['an unknown type', 'statement-value', 2, `${HEADER}\n${good.replace('sale', 'gift')}\n`],
  ['a type of Object', 'statement-value', 2, `${HEADER}\n${good.replace('sale', 'constructor')}\n`],
  ['an unknown currency', 'statement-value', 2, `${HEADER}\n${good.replace('CNY', 'ZZZ')}\n`],
  ['an amount with separators', 'statement-value', 2, `${HEADER}\n${good.replace('10.00', '"1,010.00"')}\n`],
  ['a fee that is none', 'statement-value', 2, `${HEADER}\n${good.replace('0.04', 'free')}\n`],
  ['a sale below zero', 'statement-value', 2, `${HEADER}\n${good.replace('10.00', '-10.00')}\n`],
  ['a void above zero', 'statement-value', 2, `${HEADER}\n${good.replace('sale', 'void')}\n`],
  ['no reference', 'statement-value', 2, `${HEADER}\n${good.replace('260801000001', '')}\n`],
  ['a STAN with letters', 'statement-value', 2, `${HEADER}\n${good.replace(',1,26', ',x,26')}\n`],
  ['no day', 'statement-value', 2, `${HEADER}\n${good.replace('2026-08-01', '2026-13-01')}\n`],
  [
    'a card number in the clear',
    'statement-value',
    2,
    `${HEADER}\n${good.replace('621094******0011', '6210940000000011')}\n`,
  ],
  ['another merchant', 'statement-merchant', 2, `${HEADER},merchant\n${good},M99\n`],
  ['an open quote', 'statement-csv', 2, `${HEADER}\n"${good}\n`],
  ['a control character', 'statement-encoding', null, `${HEADER}\n${good}\u0000\n`],
  ['neither UTF-8 nor GBK', 'statement-encoding', null, Uint8Array.of(0x81, 0x20, 0xff, 0xff, 0x0a)],
  ['a spreadsheet', 'statement-zip', null, zipOf('workbook.xml', bytes('<x/>'))],
  ['a file in a folder', 'statement-zip', null, zipOf('day/a.csv', bytes(good))],
  ['a path out of the folder', 'statement-zip', null, zipOf('../a.csv', bytes(good))],
  ['an absolute path', 'statement-zip', null, zipOf('/etc/a.csv', bytes(good))],
  ['two files', 'statement-zip', null, two()],
  ['a cut zip file', 'statement-zip', null, zipOf('a.csv', bytes(good)).subarray(0, 60)],
  ['a zip file whose checksum is wrong', 'statement-zip', null, damaged()],
  ['a zip file that claims 1 GB', 'statement-too-large', null, claims(1_000_000_000)],
  ['a zip file that claims less than it holds', 'statement-zip', null, claims(10)],
  ['a zip file that holds nothing', 'statement-empty', null, zipOf('a.csv', new Uint8Array())],
  ['a gzip bomb', 'statement-too-large', null, bomb],
  ['a cut gzip file', 'statement-zip', null, gzipSync(bytes(good)).subarray(0, 20)],
  ['more than a file may have', 'statement-too-large', null, new Uint8Array(LARGEST_FILE + 1)],
];

test.each(bad)('%s is refused whole', async (_what, code, line, content) => {
  const desk = openDesk();
  desk.sell({ n: 1, minor: 1000 });
  const seq = desk.book.head.seq;
  expect(await desk.import(content)).toMatchObject({ ok: false, code, line });
  expect(desk.reconciliation.statements()).toEqual([]);
  expect(desk.book.head.seq).toBe(seq);
  const left = desk.book.db.prepare<[], { n: number }>('SELECT count(*) AS n FROM statement_line').get()?.n;
  expect(left).toBe(0);
});

test('an error in the last of many lines leaves none of them', async () => {
  const desk = openDesk();
  const lines = Array.from({ length: 2_500 }, (_, n) => listed({ n: n + 1, minor: 100 }));
  expect(await desk.import([HEADER, ...lines, 'x'].join('\n'))).toMatchObject({ ok: false, line: 2_502 });
  expect(desk.book.db.prepare<[], { n: number }>('SELECT count(*) AS n FROM statement_line').get()?.n).toBe(0);
});

const chinese = '清算日期,终端号,交易类型,参考号,交易金额,手续费,结算金额,卡组织';
const line = '20260801,T0000001,消费,260801000001,10.00,0.04,9.96,银联';

test.each([
  ['UTF-8', bytes(`${chinese}\n${line}\n`)],
  ['UTF-8 with its mark', iconv.encode(`${chinese}\n${line}\n`, 'utf8', { addBOM: true })],
  ['GBK', iconv.encode(`${chinese}\r\n${line}\r\n`, 'gbk')],
  ['GBK, zipped', zipOf('对账.csv', iconv.encode(`${chinese}\r\n${line}\r\n`, 'gbk'))],
  ['gzipped', gzipSync(iconv.encode(`${chinese}\r\n${line}\r\n`, 'gbk'))],
  ['with the bank’s remarks before the header', bytes(`# 某银行\n# 2026-08-01\n${chinese}\n${line}\n`)],
  [
    'with accents before digits, all in quotes',
    bytes(`${chinese}\n20260801,T0000001,消费,"\`260801000001","10.00",0.04,9.96,银联`),
  ],
])('a Chinese statement in %s', async (_what, content) => {
  const desk = openDesk();
  desk.sell({ n: 1, minor: 1000 });
  const imported = await desk.import(content);
  expect(imported).toMatchObject({ ok: true, result: { agreed: { count: 1 }, differs: { count: 0 } } });
});

test('plain, zipped and renamed are one file: it is known by its content', async () => {
  const desk = openDesk();
  desk.sell({ n: 1, minor: 1000 });
  const text = fileOf([{ n: 1, minor: 1000 }]);
  expect(await desk.import(text)).toMatchObject({ ok: true, known: false });
  expect(await desk.import(zipOf('b.csv', bytes(text)), 'b.zip')).toMatchObject({ ok: true, known: true });
  expect(desk.reconciliation.statements()).toHaveLength(1);
});

test('whatever bytes come, they are refused or read, and never anything else', { timeout: 60_000 }, async () => {
  const desk = openDesk();
  const start = bytes(fileOf([{ n: 1, minor: 1000 }]));
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.record({ at: fc.nat(start.length - 1), byte: fc.nat(255) }), { minLength: 1, maxLength: 4 }),
      fc.boolean(),
      async (changes, packed) => {
        const content = Uint8Array.from(packed ? zipOf('a.csv', start) : start);
        for (const { at, byte } of changes) content[at % content.length] = byte;
        const { ok } = await desk.import(content);
        expect(typeof ok).toBe('boolean');
      },
    ),
    { numRuns: 150 },
  );
});

test('what is unpacked is what was packed, piece by piece in GBK', async () => {
  const text = Array.from({ length: 20_000 }, (_, n) => `商户${(n * 7919) % 1_000_003}，`).join('');
  const packed = zipOf('a.csv', iconv.encode(text, 'gbk'));
  expect([...decode(await unpack(packed))].join('')).toBe(text);
  expect(deflateRawSync(iconv.encode(text, 'gbk')).length).toBeLessThan(packed.length);
});
