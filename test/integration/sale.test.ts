import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { money } from '../../contract/money.ts';
import { insert } from '../../drivers/nfc/scripted.ts';
import type { Payment } from '../../main/core/payment/payment.ts';
import { verifyBook } from '../../main/core/reports/verify.ts';
import { newKey, openPlace, openTerminal, type Place, type Terminal, until } from './place.ts';

/** The whole core on a real disk, over real TLS to the bank simulator, with cards of the deck on the virtual reader. */

let place: Place;
let till: Terminal;
let amount = 1_000;
const actor = { staff: 'cashier' };

beforeAll(async () => {
  place = await openPlace();
});

afterAll(() => place.close());

beforeEach(async () => {
  till = await openTerminal(place.bank.profile, place.data);
});

afterEach(async () => {
  await till.core.close();
  await ask('rules', { clear: true });
  await ask('line', { up: true });
  await ask('bank', { up: true });
  expect(till.fatal).toEqual([]);
});

async function ask(name: string, fields: Record<string, unknown> = {}): Promise<unknown> {
  const command = place.bank.commands[name];
  if (!command) throw new Error(`the bank knows no ${name}`);
  return command(fields);
}

async function plant(on: string, what: string, times = 1): Promise<void> {
  await ask('rule', { rule: { on, do: what, times } });
}

const Book = z.object({
  payments: z.array(z.object({ rrn: z.string(), state: z.string(), cryptogram: z.string().nullable() })),
});

async function bankSays(payment: Payment): Promise<string | undefined> {
  const { payments } = Book.parse(await ask('book'));
  return payments.find(({ rrn }) => rrn === payment.rrn)?.state;
}

function now(payment: Payment): Payment {
  return till.core.payments.get(payment.id);
}

/** Rounded so that the bank's rules by amount do not refuse it. */
function nextAmount(): number {
  amount += 100;
  return amount;
}

let cards = 0;

async function tap(card?: string): Promise<Payment> {
  cards += 1;
  const opened = till.core.charge(newKey(), money(nextAmount(), 'CNY'), actor);
  const reader = { host: '127.0.0.1', port: till.reader.port };
  void place.deck.tap({ card: card ?? `visa-ok#${cards}`, reader, timeoutMs: 5_000 });
  await until(() => now(opened).state !== 'opened');
  return opened;
}

async function becomes(payment: Payment, ...states: string[]): Promise<void> {
  await until(() => states.includes(now(payment).state));
  expect(states).toContain(now(payment).state);
}

async function code(behaviour: string): Promise<string> {
  return z.object({ code: z.string() }).parse(await ask('code', { scheme: 'alipay', behaviour, ms: 300 })).code;
}

async function scan(text: string): Promise<Payment> {
  const opened = till.core.charge(newKey(), money(nextAmount(), 'CNY'), actor);
  till.scanner.scan(text);
  return opened;
}

describe('a card', () => {
  test.each(['visa-ok', 'unionpay-ok'])('%s is approved, and the bank finds its cryptogram right', async (card) => {
    const sold = await tap(`${card}#7`);
    await becomes(sold, 'approved');
    const { payments } = Book.parse(await ask('book'));
    expect(payments.find(({ rrn }) => rrn === sold.rrn)).toMatchObject({ state: 'approved', cryptogram: 'right' });
    await until(() => now(sold).print === 'printed');
    expect(till.printer.printed[0]?.text).toContain(now(sold).receiptNo);
  });

  test.each([
    [2_472, 1],
    [2_470, 0],
  ])(
    'of %i has the %i scripts of its issuer counted in the journal, and none is sent anywhere',
    async (minor, scripts) => {
      const opened = till.core.charge(newKey(), money(minor, 'CNY'), actor);
      const spoken: string[] = [];
      const { answer, ...card } = place.deck.inProcess('unionpay-ok#71');
      const placed = await insert(till.reader.port, {
        ...card,
        answer: (command) => {
          spoken.push(Buffer.from(command).toString('hex'));
          return answer(command);
        },
      });
      await becomes(opened, 'approved');
      await wait(50);
      placed.remove();
      const entries = till.core.book.db
        .prepare<[string], { body: string }>('SELECT body FROM entry WHERE payment = ?')
        .all(opened.id);
      const answers = entries.filter(({ body }) => body.includes('"answer":"approved"'));
      expect(answers).toHaveLength(1);
      expect(answers[0]?.body).toContain(`"scripts":${scripts}`);
      expect(spoken.filter((command) => /^(04|84|00a4|80a8|00b2)/.test(command))).toEqual(spoken);
      expect(spoken.some((command) => /^(04|84)/.test(command))).toBe(false);
    },
  );

  test('declined by the bank is declined here', async () => {
    await plant('0200', 'decline');
    const sold = await tap();
    await becomes(sold, 'declined');
    expect(now(sold).reason).toBe('bank-05');
    expect(await bankSays(sold)).toBe('declined');
  });

  test.each(['drop-request', 'drop-answer', 'wrong-mac', 'wrong-amount', 'delay', 'delay-request'])(
    'with “%s” on the line is taken back',
    async (fault) => {
      await ask('rule', { rule: { on: '0200', do: fault, ms: 900 } });
      const sold = await tap();
      await becomes(sold, 'reversal-due', 'reversed');
      await becomes(sold, 'reversed');
      await wait(fault.startsWith('delay') ? 500 : 0);
      expect(['reversed', undefined]).toContain(await bankSays(sold));
      expect(now(sold).state).toBe('reversed');
    },
  );

  test('answered twice is sold once', async () => {
    await plant('0200', 'duplicate');
    const sold = await tap();
    await becomes(sold, 'approved');
    await until(() => till.core.link.counters.late > 0);
    const moved = till.core.book.db.prepare('SELECT count(*) AS n FROM transfer WHERE payment = ?').get(sold.id);
    expect(moved).toEqual({ n: 1 });
  });

  test('whose reversal is not answered is taken back in the end', async () => {
    await plant('0200', 'drop-answer');
    await plant('0420', 'drop-answer', 3);
    const sold = await tap();
    await becomes(sold, 'reversed');
    expect(now(sold).attempt).toBe(4);
  });

  test('is accepted offline when the line is cut, and forwarded when it is back', async () => {
    await ask('line', { up: false });
    await until(() => till.core.link.state.status !== 'online');
    const sold = await tap();
    await becomes(sold, 'saf-accepted');
    await ask('line', { up: true });
    await becomes(sold, 'saf-approved');
    expect(await bankSays(sold)).toBe('approved');
  });

  test('accepted offline and refused later is a loss that is shown', async () => {
    await ask('line', { up: false });
    await until(() => till.core.link.state.status !== 'online');
    const sold = await tap();
    await plant('0220', 'decline');
    await ask('line', { up: true });
    await becomes(sold, 'saf-declined');
  });

  test('on the block list is declined, with the line and without, and its reason is journalled', async () => {
    const { blocklist, vault, book } = till.core;
    const pan = place.deck.pan('unionpay-offline#50');
    expect(blocklist.replace(1, [vault.blockToken(pan ?? '')])).toMatchObject({ ok: true, added: 1 });
    for (const up of [true, false]) {
      await ask('line', { up });
      await until(() => (till.core.link.state.status === 'online') === up);
      const sold = await tap('unionpay-offline#50');
      await becomes(sold, 'declined');
      expect(now(sold)).toMatchObject({ reason: 'card-blocked', authCode: null });
      expect(await bankSays(sold)).toBeUndefined();
      const entries = book.db
        .prepare<[string], { body: string }>('SELECT body FROM entry WHERE payment = ?')
        .all(sold.id);
      expect(entries.at(-1)?.body).toContain('"cause":"card-blocked"');
    }
    expect(blocklist.replace(2, [])).toMatchObject({ ok: true, removed: 1 });
    await ask('line', { up: true });
    await until(() => till.core.link.state.status === 'online');
    await becomes(await tap('unionpay-offline#50'), 'approved', 'saf-accepted', 'saf-approved');
  });

  test('voided is voided at the bank', async () => {
    const sold = await tap();
    await becomes(sold, 'approved');
    await plant('0200', 'drop-answer');
    const back = till.core.void(newKey(), sold.id, actor);
    await becomes(back, 'approved');
    expect(now(sold).state).toBe('voided');
    expect(await bankSays(sold)).toBe('voided');
  });
});

describe('a wallet code', () => {
  test.each([
    ['pays', 'approved', 'approved'],
    ['declines', 'declined', 'declined'],
    ['slow', 'approved', 'approved'],
    ['never', 'cancelled', 'reversed'],
  ])('that %s ends %s', async (behaviour, end, bank) => {
    const sold = await scan(await code(behaviour));
    await becomes(sold, end);
    expect(await bankSays(sold)).toBe(bank);
  });
});

test('the day closes in agreement, also when its first answer is lost, and the record is whole', async () => {
  await until(() => till.core.pending.left() === 0);
  await plant('0500', 'drop-answer');
  const key = newKey();
  const lost = async (): Promise<void> => {
    for await (const _ of till.core.settlement.close(key));
  };
  await expect(lost()).rejects.toMatchObject({ code: 'bank-offline' });
  for await (const step of till.core.settlement.close(key)) {
    if (step.step === 'done') expect(step.report).toMatchObject({ agreed: true, number: 1, batch: 1 });
  }
  expect(verifyBook(till.core.book).ok).toBe(true);
  const closed = z.object({ closed: z.array(z.int()) }).parse(await ask('book'));
  expect(closed.closed).toEqual([1]);
});

test('a second terminal on the same folder is refused while this one lives', async () => {
  await expect(openTerminal(place.bank.profile, place.data)).rejects.toMatchObject({ fault: 'in-use' });
});
