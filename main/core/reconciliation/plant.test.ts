import fc from 'fast-check';
import { expect, test } from 'vitest';
import { fileOf, type Listed, openDesk, rrnOf } from './test/desk.ts';

/** What can be wrong with one payment, and what has to be said of it. */
const plants = [
  'none',
  'missing-at-bank',
  'amount',
  'duplicate-at-bank',
  'fee',
  'missing-at-till',
  'after-cut-off',
  'charged-at-bank',
  'reversed-at-bank',
] as const;
type Plant = (typeof plants)[number];

/** The bank's lines of a payment with this planted. */
function linesOf(n: number, minor: number, plant: Plant): Listed[] {
  const line = { n, minor };
  switch (plant) {
    case 'missing-at-bank':
    case 'after-cut-off':
      return [];
    case 'amount':
      return [{ n, minor: minor + 1 }];
    case 'duplicate-at-bank':
      return [line, line];
    case 'fee':
      return [{ n, minor, fee: 0, net: minor }];
    case 'missing-at-till':
      return [line, { n: n + 5000, minor }];
    case 'reversed-at-bank':
      return [line, { n, minor: -minor }];
    default:
      return [line];
  }
}

const day = fc.array(fc.record({ minor: fc.integer({ min: 1, max: 200_000 }), plant: fc.constantFrom(...plants) }), {
  minLength: 1,
  maxLength: 25,
});

test('of any day with any differences exactly those are found, and every minor unit is explained', {
  timeout: 60_000,
}, async () => {
  await fc.assert(
    fc.asyncProperty(day, fc.integer({ min: 0, max: 1000 }), async (payments, turn) => {
      const desk = openDesk();
      const lines: Listed[] = [];
      const expected: string[] = [];
      let [till, bank] = [0, 0];
      payments.forEach(({ minor, plant }, index) => {
        const n = index + 1;
        const late = plant === 'after-cut-off' ? { at: Date.UTC(2026, 7, 1, 17, 30) } : {};
        desk.sell({ n, minor, ...late, state: plant === 'charged-at-bank' ? 'reversed' : 'settled' });
        const own = linesOf(n, minor, plant);
        lines.push(...own);
        if (plant !== 'charged-at-bank') till += minor;
        bank += own.reduce((sum, line) => sum + line.minor, 0);
        if (plant !== 'none') expected.push(`${rrnOf(plant === 'missing-at-till' ? n + 5000 : n)} ${plant}`);
      });
      // The bank lists them in an order of its own, a charge before what undoes it.
      const from = turn % Math.max(1, lines.length);
      const turned = [...lines.slice(from), ...lines.slice(0, from)].sort(
        (a, b) => Math.sign(b.minor) - Math.sign(a.minor),
      );
      fc.pre(turned.length > 0);
      const imported = await desk.import(fileOf(turned));
      if (!imported.ok) throw new Error(imported.detail);
      const { result } = imported;
      expect(result.lines.map(({ rrn, reason }) => `${rrn} ${reason}`).sort()).toEqual(expected.sort());
      expect(result.unexplained.minor).toBe(0);
      expect([result.till.amount.minor, result.bank.amount.minor]).toEqual([till, bank]);
      const open = payments.filter(({ plant }) => !['none', 'missing-at-bank', 'after-cut-off'].includes(plant)).length;
      expect(result.deposits).toMatchObject([{ verdict: 'agreed', posted: open === 0, open }]);
      expect(desk.balance('account') + desk.balance('fees')).toBe(open === 0 ? bank : 0);
    }),
    { numRuns: 60 },
  );
});
