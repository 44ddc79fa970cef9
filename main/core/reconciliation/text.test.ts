import { expect, test } from 'vitest';
import { bankDay, bankDayWindow } from './days.ts';
import { feeOf } from './fee.ts';
import { escaped } from './page.ts';
import { fees, fileOf, openDesk, rrnOf } from './test/desk.ts';
import { cell } from './text.ts';

test.each([
  ['=1+1', "'=1+1"],
  ['+1', "'+1"],
  ['-cmd', "'-cmd"],
  ['@a', "'@a"],
  ['\t=1', "'\t=1"],
  ['-12.80', '-12.80'],
  ['-1280', '-1280'],
  ['--1', "'--1"],
  ['=a,"b"', '"\'=a,""b"""'],
  ['plain', 'plain'],
  ['two\nlines', '"two\nlines"'],
] as const)('the cell %j becomes %j', (text, safe) => expect(cell(text)).toBe(safe));

test('text in HTML is text', () => expect(escaped(`<a href="x">'&`)).toBe('&lt;a href=&quot;x&quot;&gt;&#39;&amp;'));

async function exported(as: 'csv' | 'html', language: 'en' | 'zh-CN'): Promise<string> {
  const desk = openDesk();
  for (const n of [1, 2, 3]) desk.sell({ n, minor: n * 1000 });
  await desk.import(
    fileOf([
      { n: 1, minor: 1000 },
      { n: 2, minor: 2500 },
      { n: 9, minor: 900 },
    ]),
    '<b>=day.csv',
  );
  const report = await desk.reconciliation.report();
  const extra = report.lines.find(({ rrn }) => rrn === rrnOf(9));
  await desk.reconciliation.done(1, extra?.id ?? '', '=HYPERLINK("x") <script>', 'owner');
  let text = '';
  for await (const piece of desk.reconciliation.export(1, as, language)) text += piece.text;
  return text;
}

test('the CSV has every line with its result, and no cell that a spreadsheet would compute', async () => {
  const [head, ...lines] = (await exported('csv', 'en')).trimEnd().split('\r\n');
  expect(head?.startsWith('\uFEFFResult,Reason,What to do,')).toBe(true);
  expect(lines).toHaveLength(5);
  expect(lines[0]).toContain('Agreed,,,Sale,2026-08-01');
  expect(lines.find((line) => line.includes(rrnOf(3)))).toMatch(/^Differs,The bank does not have it,/);
  expect(lines.find((line) => line.includes(rrnOf(2)))).toContain(',20.00,25.00,');
  expect(lines.find((line) => line.includes(rrnOf(9)))).toContain('Done by Owner: =HYPERLINK');
  for (const line of lines) for (const one of line.split(',')) expect(one).not.toMatch(/^"?[=+@]/);
});

test.each(['en', 'zh-CN'] as const)(
  'the page in %s stands alone, and what people wrote is text in it',
  async (language) => {
    const page = await exported('html', language);
    expect(page.startsWith('<!doctype html>')).toBe(true);
    expect(page).toContain('@page { size: A4');
    expect(page).toContain(language === 'en' ? 'The bank does not have it' : '银行没有这一笔');
    expect(page).toContain('&lt;b&gt;=day.csv');
    expect(page).not.toMatch(/<script|<b>=|\bsrc=|url\(|https?:/);
    expect(page).not.toMatch(/reconciliation\.|undefined|NaN/);
  },
);

test('a bank day ends at its cut-off, also where the clocks change', () => {
  const shanghai = { zone: 'Asia/Shanghai', cutOff: '23:00', graceMs: 0 };
  expect(bankDay(Date.UTC(2026, 7, 1, 14, 59), shanghai)).toBe('2026-08-01');
  expect(bankDay(Date.UTC(2026, 7, 1, 15, 0), shanghai)).toBe('2026-08-02');
  const berlin = { zone: 'Europe/Berlin', cutOff: '24:00', graceMs: 0 };
  for (const day of ['2026-03-29', '2026-10-25', '2026-08-01']) {
    const { start, end } = bankDayWindow(day, berlin);
    expect([bankDay(start, berlin), bankDay(end - 1, berlin)]).toEqual([day, day]);
    expect(bankDay(end, berlin) > day).toBe(true);
  }
  const { start, end } = bankDayWindow('2026-03-29', berlin);
  expect(end - start).toBe(23 * 3_600_000);
});

test('fees by the rule', () => {
  const of = (gross: number, scheme: string): number | null => feeOf(gross, scheme, fees);
  expect([1, 131, 132, 1184, 100_000].map((gross) => of(gross, 'unionpay'))).toEqual([1, 1, 1, 4, 380]);
  expect([of(125, 'alipay'), of(1_000_000, 'alipay'), of(-1000, 'alipay')]).toEqual([1, 500, -6]);
  expect(of(1000, 'jcb')).toBeNull();
});
