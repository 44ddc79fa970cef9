import { describe, expect, test } from 'vitest';
import { around, codeOf, now, pass, restart, till } from '../test/counter.ts';
import { sellByCard, sellForCash } from '../test/till.ts';

describe('paper', () => {
  test('held while there is none, printed when there is', async () => {
    till.printer.setState({ status: 'trouble', trouble: 'paper-end', detail: 'out of paper' });
    const sold = sellForCash(till, 500);
    await pass(10);
    expect(now(sold)).toMatchObject({ state: 'approved', print: 'held' });
    till.printer.setState({ status: 'ready', paper: 'ok', drawerOpen: false });
    await pass(3_000);
    expect(now(sold)).toMatchObject({ print: 'printed', copies: 1 });
    expect(till.printer.printed[0]?.text).not.toContain('DUPLICATE');
  });

  test('that nobody knows of is asked about, and printed again only as a duplicate', async () => {
    const sold = await sellByCard(till, 500);
    till.printer.breakNextJob('no-answer');
    await pass(10);
    expect(now(sold).print).toBe('asked');
    till.printer.setState({ status: 'ready', paper: 'ok', drawerOpen: false });
    till.core.printed(sold.id, false);
    await pass(3_000);
    expect(now(sold).print).toBe('printed');
    expect(till.printer.printed.at(-1)?.text).toContain('DUPLICATE');
  });

  test('under way when the terminal was killed is asked about', async () => {
    till.printer.print = () => new Promise(() => undefined);
    const sold = sellForCash(till, 500);
    await pass(10);
    expect(now(sold).print).toBe('printing');
    await restart();
    expect(now(sold).print).toBe('asked');
  });

  test('a second time says DUPLICATE, whatever the language', async () => {
    const sold = sellForCash(till, 500);
    await pass(10);
    till.core.reprint(sold.id);
    await pass(10);
    expect(till.printer.printed.map(({ text }) => /重印 DUPLICATE/.test(text))).toEqual([false, true]);
    expect(now(sold).copies).toBe(2);
  });

  test('of a declined payment there is none', async () => {
    around.bank.plant('purchase', 'decline');
    const sold = await sellByCard(till, 100);
    await pass(10);
    expect(codeOf(() => till.core.reprint(sold.id))).toBe('payment-not-printable');
  });
});
