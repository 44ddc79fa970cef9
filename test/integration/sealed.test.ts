import { readFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { money } from '../../contract/money.ts';
import { openSealedReader } from '../../drivers/nfc/sealed.ts';
import { Board } from '../../main/core/devices/board.ts';
import type { Payment } from '../../main/core/payment/payment.ts';
import { type Reader, startReader } from '../../simulators/reader/reader.ts';
import { newKey, openPlace, openTerminal, type Place, type Terminal, until } from './place.ts';

/** The whole core with class A readers: what they read comes sealed, and only one that the bank names is believed. */

const Profile = z.object({
  profile: z.object({
    sealing: z.object({
      kid: z.string(),
      jwk: z.object({ kty: z.string(), crv: z.string(), x: z.string(), y: z.string() }),
    }),
  }),
});

let place: Place;
let till: Terminal;
let known: Reader;
let stranger: Reader;
const lines: string[] = [];
const actor = { staff: 'cashier' };

beforeAll(async () => {
  known = await startReader({ port: 0, serial: 'SIM-0001', trace: (line) => lines.push(line) });
  stranger = await startReader({ port: 0, serial: 'SIM-0666' });
  place = await openPlace({ readers: { sealed: [known.known] } });
  const { sealing } = Profile.parse(JSON.parse(readFileSync(place.bank.profile, 'utf8'))).profile;
  known.load(sealing);
  stranger.load(sealing);
  const readers = [known, stranger].map(({ port }) => openSealedReader({ host: '127.0.0.1', port }));
  till = await openTerminal(place.bank.profile, place.data, readers);
  await until(() => here('SIM-0001') === 'ready' && here('SIM-0666') === 'ready');
}, 60_000);

afterAll(async () => {
  await till?.core.close();
  await known?.close();
  await stranger?.close();
  await place?.close();
});

afterEach(() => {
  known.forge();
  const { waiting } = till.core.counter;
  if (waiting !== undefined) till.core.cancel(waiting, actor);
  expect(till.fatal).toEqual([]);
});

function here(serial: string): string | undefined {
  return till.core.world.devices.readers.list().find((one) => one.serial === serial)?.state.status;
}

function charge(minor: number): Payment {
  return till.core.charge(newKey(), money(minor, 'CNY'), actor);
}

function now(payment: Payment): Payment {
  return till.core.payments.get(payment.id);
}

const Book = z.object({
  payments: z.array(z.object({ rrn: z.string(), state: z.string(), cryptogram: z.string().nullable() })),
});

async function booked(payment: Payment) {
  const { payments } = Book.parse(await place.bank.commands['book']?.({}));
  return payments.filter(({ rrn }) => rrn === payment.rrn);
}

describe('a class A reader that the bank names', () => {
  test.each(['visa-ok', 'unionpay-ok'])('takes %s, and nothing of the card passes it in clear', async (card) => {
    lines.length = 0;
    const sold = charge(1_280);
    expect(await known.tap(place.deck.inProcess(card))).toBe('read');
    await until(() => now(sold).state === 'approved');
    expect(now(sold)).toMatchObject({ state: 'approved', maskedPan: expect.stringMatching(/^\d{6}\*{6}\d{4}$/) });
    expect(await booked(sold)).toMatchObject([{ state: 'approved', cryptogram: 'right' }]);
    const pan = place.deck.pan(card) ?? '';
    const told = lines.map(
      (line) =>
        `${line}${Buffer.from(z.object({ data: z.string().default('') }).parse(JSON.parse(line)).data, 'base64url').toString('latin1')}`,
    );
    expect(told.join('\n')).toContain('"maskedPan"');
    expect(told.join('\n')).not.toContain(pan);
    expect(JSON.stringify(till.core.book.db.prepare('SELECT * FROM entry').all())).not.toContain(pan);
  });

  test('is told of the amount: an answer over another one, or a spoilt one, is not believed', async () => {
    const sold = charge(1_300);
    known.forge((body) => Buffer.from(body.toString('utf8').replace('000000001300', '000000000130')));
    await known.tap(place.deck.inProcess('visa-ok'));
    await until(() => till.core.counter.now.phase === 'waiting');
    expect(till.core.counter.now).toMatchObject({ prompt: 'card-refused', reason: 'reader-untrusted' });
    known.forge();
    await known.tap(place.deck.inProcess('visa-ok'));
    await until(() => now(sold).state === 'approved');
    expect((await booked(sold)).length).toBe(1);
  });

  test('asks for another tap when the card leaves, and a phone that is locked to be unlocked', async () => {
    const sold = charge(1_400);
    void known.tap({ answer: async () => undefined }, 300);
    await until(() => till.core.counter.now.phase === 'waiting' && till.core.counter.now.prompt !== 'present');
    expect(till.core.counter.now).toMatchObject({ prompt: 'tap-again-torn' });
    await until(() => here('SIM-0001') === 'ready');
    await known.tap(place.deck.inProcess('see-phone', false));
    await until(() => till.core.counter.now.phase === 'waiting' && till.core.counter.now.prompt === 'see-phone');
    await known.tap(place.deck.inProcess('see-phone', true));
    await until(() => now(sold).state === 'approved');
    expect(now(sold).state).toBe('approved');
  });

  test('is in use again after its line broke', async () => {
    known.unplug();
    await until(() => here('SIM-0001') === 'unplugged');
    await until(() => here('SIM-0001') === 'ready');
    const sold = charge(1_500);
    await known.tap(place.deck.inProcess('unionpay-2'));
    await until(() => now(sold).state === 'approved');
    expect(now(sold).state).toBe('approved');
  });

  test('declines a card that declines', async () => {
    const sold = charge(1_600);
    await known.tap(place.deck.inProcess('declines'));
    await until(() => now(sold).state === 'declined');
    expect(now(sold)).toMatchObject({ state: 'declined', reason: 'card-declined' });
    expect(await booked(sold)).toEqual([]);
  });
});

test('a reader that says to be one and that the bank does not name takes nothing', async () => {
  const sold = charge(1_700);
  await stranger.tap(place.deck.inProcess('visa-ok'));
  await until(() => till.core.counter.now.phase === 'waiting');
  expect(till.core.counter.now).toMatchObject({ prompt: 'card-refused', reason: 'reader-untrusted' });
  expect(await booked(sold)).toEqual([]);
});

test('the technician sees the class of every reader and what is in force', () => {
  const board = new Board(till.core);
  const readers = board.list().filter(({ kind }) => kind === 'reader');
  board.stop();
  expect(readers.map(({ reader }) => reader)).toEqual([
    { class: 'virtual', use: 'simulated' },
    { class: 'A', use: 'open-loop' },
    { class: 'A', use: 'nothing' },
  ]);
});
