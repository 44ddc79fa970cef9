import { describe, expect, test } from 'vitest';
import { money } from '../../../contract/money.ts';
import { RESPONSE_MS } from '../test/bank.ts';
import { around, bankSays, codeOf, now, pass, restart, till } from '../test/counter.ts';
import { sellByCard, sellForCash, takeBack } from '../test/till.ts';

describe('a void', () => {
  test('takes an approved sale back at the bank and in the books', async () => {
    const sold = await sellByCard(till, 1_280);
    await pass(10);
    const back = takeBack(till, sold);
    expect(now(sold).state).toBe('void-due');
    await pass(10);
    expect(now(back)).toMatchObject({ kind: 'void', state: 'approved', approver: 'owner', original: sold.id });
    expect(now(sold).state).toBe('voided');
    expect(bankSays(sold)).toBe('voided');
    expect(till.core.settlement.report()).toMatchObject({ agreed: true, books: { ledger: { creditCount: 1 } } });
    expect(codeOf(() => takeBack(till, sold))).toBe('payment-not-voidable');
  });

  test('refused by the bank leaves the sale approved', async () => {
    const sold = await sellByCard(till, 1_280);
    await pass(10);
    around.bank.plant('void', 'decline');
    const back = takeBack(till, sold);
    await pass(10);
    expect(now(back).state).toBe('declined');
    expect(now(sold).state).toBe('approved');
  });

  test('without an answer is repeated until there is one, across a restart', async () => {
    const sold = await sellByCard(till, 1_280);
    await pass(10);
    around.bank.plant('void', 'drop-answer');
    const back = takeBack(till, sold);
    await pass(RESPONSE_MS + 10);
    await restart();
    await pass(60_000);
    expect(now(back).state).toBe('approved');
    expect(now(sold).state).toBe('voided');
    expect(till.core.settlement.report().agreed).toBe(true);
  });

  test('of cash opens the drawer twice in all and leaves nothing in the till', async () => {
    const sold = sellForCash(till, 500);
    await pass(10);
    takeBack(till, sold);
    await pass(10);
    expect(now(sold).state).toBe('voided');
    expect(till.printer.kicks).toBe(2);
    expect(till.core.settlement.report().today).toMatchObject({
      cash: { amount: money(0, 'CNY') },
      difference: money(0, 'CNY'),
    });
  });

  test('of cash at once, while the first receipt is still being printed', async () => {
    const print = till.printer.print.bind(till.printer);
    till.printer.print = async (receipt) => {
      await around.clock.sleep(1_000);
      return print(receipt);
    };
    const sold = sellForCash(till, 500);
    await pass(500);
    takeBack(till, sold);
    await pass(5_000);
    expect(till.fatal).toEqual([]);
    expect(now(sold)).toMatchObject({ state: 'voided', print: 'printed' });
    expect(till.printer.printed).toHaveLength(2);
    expect(till.printer.printed[1]?.text, 'the first paper of the void is no duplicate').not.toContain('DUPLICATE');
  });
});
