import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { accept } from '../../bench/forward.ts';
import { money } from '../../contract/money.ts';
import type { CardData } from '../../main/core/kernel/outcome.ts';
import { verifyBook } from '../../main/core/reports/verify.ts';
import { openPlace, openTerminal, type Place, type Terminal, until } from './place.ts';

/** A queue of offline payments on a real disk, forwarded over real TLS to a bank that does everything wrong on the way. */

const QUEUED = 200;
const amount = money(1_200, 'CNY');
let place: Place;
let till: Terminal;

beforeAll(async () => {
  const offline = { enabled: true, count: 1_000, totalMinor: 10_000_000, oncePerCard: false };
  place = await openPlace({ offline });
  till = await openTerminal(place.bank.profile, place.data);
});

afterAll(async () => {
  await till.core.close();
  await place.close();
});

async function ask(name: string, fields: Record<string, unknown> = {}): Promise<unknown> {
  const command = place.bank.commands[name];
  if (!command) throw new Error(`the bank knows no ${name}`);
  return command(fields);
}

async function readCard(): Promise<CardData> {
  const { core } = till;
  const tapping = place.deck.tap({
    card: 'visa-ok#1',
    reader: { host: '127.0.0.1', port: till.reader.port },
    timeoutMs: 10_000,
  });
  const card = await core.world.devices.readers.nextCard(AbortSignal.timeout(10_000));
  if (!card) throw new Error('no card came into the field');
  const outcome = await core.readCard(card, amount, 1, () => card.release());
  await tapping;
  if (outcome.kind !== 'online') throw new Error(`the card was not read: ${outcome.kind}`);
  return outcome.card;
}

const Book = z.object({
  payments: z.array(z.object({ rrn: z.string(), mti: z.string(), state: z.string(), amount: z.int() })),
});

test(`${QUEUED} queued payments arrive once each, through lost, doubled and overtaken answers, resets and a restart`, async () => {
  const card = await readCard();
  await ask('line', { up: false });
  await until(() => till.core.link.state.status === 'offline');
  for (let n = 0; n < QUEUED; n += 1) accept(till.core, card, amount);
  const faults = { 'drop-answer': 4, duplicate: 6, reorder: 4, 'drop-request': 3, 'wrong-mac': 2, reset: 2, delay: 3 };
  for (const [what, times] of Object.entries(faults)) {
    await ask('rule', { rule: { on: '0220', do: what, times, ms: 100 } });
  }
  await ask('rule', { rule: { on: '0221', do: 'drop-answer', times: 2 } });
  await ask('line', { up: true });
  const waiting = (): number => till.core.payments.offlineUse('CNY', null).count;
  expect(await until(() => waiting() < QUEUED - 40, 60_000)).toBe(true);
  // In the middle of a window, as after a crash: what was under way is unknown and repeated.
  await till.core.close();
  till = await openTerminal(place.bank.profile, place.data);
  expect(await until(() => waiting() === 0, 60_000)).toBe(true);
  const { payments } = Book.parse(await ask('book'));
  expect(payments).toHaveLength(QUEUED);
  expect(new Set(payments.map(({ rrn }) => rrn)).size).toBe(QUEUED);
  expect(payments.every(({ mti, state }) => mti === '0220' && state === 'approved')).toBe(true);
  expect(till.core.payments.countIn(['saf-approved'])).toBe(QUEUED);
  expect(till.core.settlement.report().books.ledger).toMatchObject({ debitCount: QUEUED });
  expect(verifyBook(till.core.book)).toMatchObject({ ok: true });
  expect(till.fatal).toEqual([]);
}, 150_000);
