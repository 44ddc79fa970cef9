import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { money } from '../../../contract/money.ts';
import { notices } from '../calls/view.ts';
import type { Payment } from '../payment/payment.ts';
import { Refused } from '../refused.ts';
import { verifyBook } from '../reports/verify.ts';
import { openModelBank, RESPONSE_MS } from '../test/bank.ts';
import { openManualClock, settled } from '../test/clock.ts';
import { openMemoryStorage } from '../test/storage.ts';
import { cardOutcome, makeProfile, newKey, openTill, type Surroundings, type Till } from '../test/till.ts';
import type { Sale } from './sale.ts';

let signed: Surroundings['signed'];
let around: Surroundings;
let till: Till;
const actor = { staff: 'cashier' };
const owner = { staff: 'cashier', approver: 'owner' };
const cny = (minor: number) => money(minor, 'CNY');

beforeAll(async () => {
  const made = await makeProfile();
  const shown = {
    scheme: 'unionpay-code',
    validMs: 60_000,
    account: { id: '26', guid: 'cn.countertap', merchant: 'M1' },
    category: '5411',
    country: 'CN',
    name: 'SHOP',
    city: 'SHANGHAI',
  };
  signed = { ...made, profile: { ...made.profile, shown, partialApproval: true } };
});

beforeEach(() => {
  around = { clock: openManualClock(), storage: openMemoryStorage(), bank: openModelBank(), signed };
  till = openTill(around);
});

const now = (payment: Payment): Payment => till.core.payments.get(payment.id);
const saleNow = (sale: Pick<Sale, 'id'>) => till.core.sales.view(till.core.sales.find(sale.id));
const pass = async (ms: number): Promise<void> => {
  await around.clock.advance(ms);
  await settled();
};

function codeOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (error instanceof Refused) return error.code;
    throw error;
  }
  return 'nothing was refused';
}

async function card(minor: number, sale?: string): Promise<Payment> {
  const opened = till.core.charge(newKey(), cny(minor), actor, sale);
  await settled();
  await till.tap(cardOutcome(String(minor).padStart(32, 'a')));
  await pass(10);
  return now(opened);
}

function split(minor: number): Sale {
  return till.core.sales.split(newKey(), cny(minor), actor);
}

describe('a sale in parts', () => {
  test('a simple charge is a sale of its own, paid with its payment', async () => {
    const paid = await card(1_280);
    expect(paid.state).toBe('approved');
    expect(saleNow({ id: paid.sale ?? '' })).toMatchObject({ state: 'paid', owed: cny(0) });
    expect(till.core.sales.live()).toBeNull();
  });

  test('is paid by card and cash, and is open until the last of it', async () => {
    const sale = split(10_000);
    await card(5_000, sale.id);
    expect(till.core.sales.live()).toMatchObject({ paid: cny(5_000), owed: cny(5_000), unknown: null });
    till.core.cash(newKey(), cny(5_000), actor, sale.id, cny(6_000));
    expect(saleNow(sale)).toMatchObject({ state: 'paid', paid: cny(10_000), owed: cny(0) });
    expect(saleNow(sale).parts.at(-1)).toMatchObject({ tender: 'cash', tendered: cny(6_000) });
    expect(till.core.sales.live()).toBeNull();
    await pass(5_000);
    const last = till.printer.printed.at(-1)?.text;
    expect(JSON.stringify(last)).toContain('10.00');
    expect(verifyBook(till.core.book).ok).toBe(true);
  });

  test('is never paid more than its total', async () => {
    const sale = split(10_000);
    await card(6_000, sale.id);
    expect(codeOf(() => till.core.cash(newKey(), cny(4_001), actor, sale.id))).toBe('sale-overpaid');
    expect(() =>
      till.core.book.db
        .prepare(
          `INSERT INTO payment (id, kind, state, amount, currency, at, day, stan, rrn, receipt_no, staff, sale)
           VALUES ('x', 'purchase', 'opened', 4001, 'CNY', 1, '2026-01-01', 9, '123456789012', 'x', 'x', ?)`,
        )
        .run(sale.id),
    ).toThrow(/never paid more/);
  });

  test('a declined part leaves what is owed; another sale waits until this one is paid or given up', async () => {
    const sale = split(10_000);
    await card(5_000, sale.id);
    around.bank.plant('purchase', 'decline');
    await card(5_000, sale.id);
    expect(saleNow(sale)).toMatchObject({ state: 'open', paid: cny(5_000), owed: cny(5_000) });
    expect(codeOf(() => till.core.charge(newKey(), cny(100), actor))).toBe('sale-open');
    expect(codeOf(() => split(100))).toBe('sale-open');
  });

  test('nothing more is taken while a part is not known; cancelling it first goes on (R10)', async () => {
    const sale = split(10_000);
    around.bank.plant('purchase', 'drop-answer');
    const opened = till.core.charge(newKey(), cny(4_000), actor, sale.id);
    till.scanner.scan('281234567890123456');
    await pass(RESPONSE_MS + 10);
    expect(now(opened).state).toBe('querying');
    expect(saleNow(sale).unknown).toBe(opened.id);
    expect(codeOf(() => till.core.cash(newKey(), cny(1_000), actor, sale.id))).toBe('sale-part-unknown');
    till.core.cancel(opened.id, actor);
    expect(saleNow(sale)).toMatchObject({ unknown: null, owed: cny(10_000) });
    till.core.cash(newKey(), cny(10_000), actor, sale.id);
    await pass(60_000);
    expect(now(opened).state).toBe('cancelled');
    expect(saleNow(sale).state).toBe('paid');
  });

  test('comes back after a stop with what is paid and what is owed', async () => {
    const sale = split(10_000);
    await card(3_000, sale.id);
    till.kill();
    till = openTill(around);
    expect(till.core.sales.live()).toMatchObject({ id: sale.id, paid: cny(3_000), owed: cny(7_000) });
    till.core.cash(newKey(), cny(7_000), actor, sale.id);
    expect(saleNow(sale).state).toBe('paid');
  });

  test('the same key opens one sale; with another total it is refused', () => {
    const key = newKey();
    const first = till.core.sales.split(key, cny(10_000), actor);
    expect(till.core.sales.split(key, cny(10_000), actor).id).toBe(first.id);
    expect(codeOf(() => till.core.sales.split(key, cny(9_000), actor))).toBe('key-reused');
    expect(codeOf(() => till.core.charge(newKey(), cny(1), actor, newKey()))).toBe('sale-not-found');
  });

  test('of which nothing was paid is forgotten with the next sale', async () => {
    around.bank.plant('purchase', 'decline');
    const refused = await card(1_280);
    expect(saleNow({ id: refused.sale ?? '' }).state).toBe('open');
    const again = till.core.cash(newKey(), cny(1_280), actor, refused.sale ?? '');
    expect(saleNow({ id: again.sale ?? '' }).state).toBe('paid');
    around.bank.plant('purchase', 'decline');
    const second = await card(500);
    till.core.cash(newKey(), cny(700), actor);
    expect(saleNow({ id: second.sale ?? '' }).state).toBe('dropped');
  });
});

describe('a sale that is given up', () => {
  test('gives back what was paid, card and cash', async () => {
    const sale = split(10_000);
    const first = await card(3_000, sale.id);
    const second = till.core.cash(newKey(), cny(2_000), actor, sale.id);
    till.core.sales.drop(sale.id, owner);
    await pass(100);
    expect([now(first).state, now(second).state]).toEqual(['voided', 'voided']);
    expect(saleNow(sale)).toMatchObject({ state: 'dropped' });
    expect(around.bank.book.get(first.rrn)?.state).toBe('voided');
    expect(verifyBook(till.core.book).ok).toBe(true);
    expect(codeOf(() => till.core.cash(newKey(), cny(100), actor, sale.id))).toBe('sale-not-open');
  });

  test('gives it back when the line is up again, also after a stop', async () => {
    const sale = split(10_000);
    const first = await card(3_000, sale.id);
    till.link.setLine(false);
    till.core.sales.drop(sale.id, owner);
    await pass(100);
    expect(saleNow(sale).state).toBe('dropping');
    till.kill();
    till = openTill(around);
    await pass(100);
    expect(now(first).state).toBe('voided');
    expect(saleNow(sale).state).toBe('dropped');
  });

  test('whose parts were all refunded before ends at once when it is given up', async () => {
    const sale = split(10_000);
    const part = await card(4_000, sale.id);
    till.core.aftersale.refund(newKey(), part.id, cny(4_000), 'returned', owner);
    await pass(1_000);
    till.core.sales.drop(sale.id, owner);
    expect(saleNow(sale).state).toBe('dropped');
  });

  test('cancels first what is not known', async () => {
    const sale = split(10_000);
    around.bank.plant('purchase', 'pending');
    const opened = till.core.charge(newKey(), cny(4_000), actor, sale.id);
    till.scanner.scan('281234567890123456');
    await pass(10);
    till.core.sales.drop(sale.id, owner);
    await pass(60_000);
    expect(now(opened).state).toBe('cancelled');
    expect(saleNow(sale).state).toBe('dropped');
    expect(around.bank.book.get(opened.rrn)?.state).toBe('reversed');
  });
});

describe('a sale given up that the bank neither voids nor refunds', () => {
  async function stuck(): Promise<{ readonly sale: Sale; readonly part: Payment }> {
    const sale = till.core.sales.split(newKey(), cny(10_000), actor);
    const part = await card(6_000, sale.id);
    around.bank.plant('void', 'decline');
    around.bank.plant('refund', 'decline');
    till.core.sales.drop(sale.id, owner);
    await pass(60_000);
    return { sale, part };
  }
  const told = (): string[] => notices(till.core).map(({ code }) => code);

  test('is told once, given back in cash by the owner’s word, and ends', async () => {
    const { sale, part } = await stuck();
    expect(saleNow(sale).state).toBe('dropping');
    expect(till.core.sales.stuck()).toMatchObject([{ id: part.id }]);
    expect(told()).toContain('sales-stuck');
    const entries = "SELECT 1 FROM entry WHERE body LIKE '%sale-stuck%'";
    expect(till.core.book.db.prepare(entries).all()).toHaveLength(1);
    expect(till.core.view(now(part))).toMatchObject({ decidable: true });
    till.core.aftersale.decide(part.id, true, 'asked the bank', { staff: 'owner' });
    expect(saleNow(sale).state).toBe('dropped');
    expect(till.core.payments.about(part.id).at(-1)).toMatchObject({
      kind: 'refund',
      tender: 'cash',
      state: 'approved',
      cause: 'given-up',
    });
    expect(till.core.view(now(part)).refundable).toBeNull();
    expect(till.core.settlement.report().decisions).toMatchObject([{ done: true, cause: 'asked the bank' }]);
    expect(till.core.settlement.report().today.difference.minor).toBe(0);
    expect(told()).not.toContain('sales-stuck');
    expect(verifyBook(till.core.book)).toMatchObject({ ok: true });
  });

  test('ends where the owner says that the money is kept', async () => {
    const { sale, part } = await stuck();
    till.core.aftersale.decide(part.id, false, 'the customer takes the goods', { staff: 'owner' });
    expect(saleNow(sale).state).toBe('dropped');
    expect(till.core.settlement.report().decisions).toMatchObject([{ done: false }]);
    expect(codeOf(() => till.core.aftersale.decide(part.id, false, 'again', { staff: 'owner' }))).toBe(
      'payment-not-decidable',
    );
  });

  test('ends with a refund that the bank takes at last', async () => {
    const { sale, part } = await stuck();
    till.core.aftersale.refund(newKey(), part.id, cny(6_000), 'goodwill', owner);
    await pass(100);
    expect(saleNow(sale).state).toBe('dropped');
  });
});

describe('a partial approval', () => {
  test('taken by a person counts as what was approved; the rest stays owed', async () => {
    around.bank.plant('purchase', 'partial');
    const asked = await card(10_000);
    expect(asked).toMatchObject({ state: 'partial', approved: 5_000 });
    expect(till.core.counter.now).toMatchObject({ phase: 'partial', approved: cny(5_000) });
    till.core.sales.accept(asked, actor);
    expect(now(asked).state).toBe('approved');
    expect(till.core.view(now(asked))).toMatchObject({ amount: cny(5_000), asked: cny(10_000) });
    expect(till.core.sales.live()).toMatchObject({ paid: cny(5_000), owed: cny(5_000) });
    till.core.cash(newKey(), cny(5_000), actor, asked.sale ?? '');
    expect(till.core.sales.live()).toBeNull();
    expect(till.core.settlement.report().books.ledger).toMatchObject({ debit: cny(5_000) });
  });

  test.each(['refused by a person', 'not answered in time', 'cut off by a stop'])(
    '%s goes back in full',
    async (how) => {
      around.bank.plant('purchase', 'partial');
      const asked = await card(10_000);
      if (how === 'refused by a person') till.core.cancel(asked.id, actor);
      if (how === 'not answered in time') await pass(45_000);
      if (how === 'cut off by a stop') {
        till.kill();
        till = openTill(around);
      }
      await pass(10_000);
      expect(now(asked)).toMatchObject({ state: 'reversed', approved: null });
      expect(around.bank.book.get(asked.rrn)?.state).toBe('reversed');
      const reversal = around.bank.heard.find(({ type }) => type === 'reversal');
      expect(reversal).toMatchObject({ amount: cny(10_000) });
      expect(codeOf(() => till.core.sales.accept(now(asked), actor))).toBe('payment-not-open');
    },
  );

  test('without the acquirer’s leave is taken back at once', async () => {
    around = { ...around, signed: { ...signed, profile: { ...signed.profile, partialApproval: false } } };
    till = openTill({ ...around, storage: openMemoryStorage() });
    around.bank.plant('purchase', 'partial');
    const asked = await card(10_000);
    await pass(100);
    expect(now(asked)).toMatchObject({ state: 'reversed', reason: 'partial-refused' });
  });
});

describe('a shown code', () => {
  const show = async (minor: number, sale?: string): Promise<Payment> => {
    const opened = till.core.sales.show(newKey(), cny(minor), actor, sale);
    await pass(10);
    return now(opened);
  };

  test('is shown when the bank knows of the order, and paid when the customer has scanned', async () => {
    const shown = await show(1_280);
    const view = till.core.counter.now;
    expect(view).toMatchObject({ phase: 'showing', payment: shown.id });
    expect(view.phase === 'showing' && view.code).toContain(shown.rrn);
    await pass(3_000);
    expect(now(shown).state).toBe('querying');
    around.bank.confirm(shown.rrn);
    await pass(3_000);
    expect(now(shown)).toMatchObject({ state: 'approved', tender: 'shown', scheme: 'unionpay-code' });
    expect(saleNow({ id: shown.sale ?? '' }).state).toBe('paid');
  });

  test('goes on being shown although the bank is silent for once', async () => {
    const shown = await show(1_280);
    around.bank.plant('query', 'drop-answer');
    await pass(3_000 + RESPONSE_MS + 10);
    expect(till.core.counter.now).toMatchObject({ phase: 'showing', payment: shown.id });
  });

  test('not paid in time is taken back at the bank; whoever pays then is not charged', async () => {
    const shown = await show(1_280);
    await pass(75_000);
    expect(now(shown)).toMatchObject({ state: 'cancelled', reason: 'shown-expired' });
    around.bank.confirm(shown.rrn);
    expect(around.bank.book.get(shown.rrn)?.state).toBe('reversed');
  });

  test('paid between the last question and the taking back goes back to the customer (R8)', async () => {
    const shown = await show(1_280);
    around.bank.confirm(shown.rrn);
    till.core.cancel(shown.id, actor);
    await pass(1_000);
    expect(now(shown).state).toBe('cancelled');
    expect(around.bank.book.get(shown.rrn)?.state).toBe('reversed');
  });

  test('is shown again after a stop, and paid', async () => {
    const shown = await show(1_280);
    till.kill();
    till = openTill(around);
    await pass(10);
    expect(till.core.counter.now).toMatchObject({ phase: 'showing', payment: shown.id });
    around.bank.confirm(shown.rrn);
    await pass(3_000);
    expect(now(shown).state).toBe('approved');
  });

  test('is not shown again by a start in which the disk fails as the line comes up (I4)', async () => {
    await show(1_280);
    till.kill();
    const { bank, clock, storage } = around;
    const link = bank.link(clock);
    const start = (): void => {
      storage.beforeCommit = () => {
        throw Object.assign(new Error('disk I/O error'), { code: 'SQLITE_IOERR' });
      };
      link.tell(clock.now() - 86_400_000);
    };
    till = openTill({ ...around, bank: { ...bank, link: () => Object.assign(link, { start }) } });
    await pass(10);
    expect(till.core.stopped).toBe('store-failed');
    expect(till.fatal).toHaveLength(1);
    expect(till.shown.every(({ phase }) => phase === 'idle')).toBe(true);
  });

  test('is not shown before the bank has the order', async () => {
    around.bank.plant('purchase', 'drop-request');
    const opened = till.core.sales.show(newKey(), cny(1_280), actor);
    await pass(RESPONSE_MS + 5_000);
    expect(till.shown.every(({ phase }) => phase !== 'showing')).toBe(true);
    expect(now(opened).state).toBe('querying');
  });

  test('needs the line, and an acquirer that has it', async () => {
    till.link.setLine(false);
    expect(codeOf(() => till.core.sales.show(newKey(), cny(100), actor))).toBe('code-needs-line');
    const { shown: _, ...plain } = signed.profile;
    till = openTill({ ...around, storage: openMemoryStorage(), signed: { ...signed, profile: plain } });
    expect(codeOf(() => till.core.sales.show(newKey(), cny(100), actor))).toBe('codes-not-shown');
  });

  test('pays a part of a sale', async () => {
    const sale = split(2_000);
    const shown = await show(1_500, sale.id);
    expect(saleNow(sale)).toMatchObject({ underWay: cny(1_500), unknown: shown.id });
    around.bank.confirm(shown.rrn);
    await pass(6_000);
    expect(saleNow(sale)).toMatchObject({ paid: cny(1_500), owed: cny(500) });
  });
});
