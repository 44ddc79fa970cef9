import { createPublicKey } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CompactEncrypt } from 'jose';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Deck, openDeck } from '../card/deck.ts';
import { hex } from '../card/tlv.ts';
import { type Acquirer, startAcquirer } from './acquirer.ts';
import { field, readProfile, Terminal } from './terminal.ts';

const dir = mkdtempSync(join(tmpdir(), 'wallets-'));
let deck: Deck;
let bank: Acquirer;
let terminal: Terminal;
let stan = 500;

beforeAll(async () => {
  deck = await openDeck({ dir });
  bank = await startAcquirer({ dir, closedLoop: deck.closedLoop });
  terminal = await Terminal.ready(bank.profile);
}, 60_000);
afterAll(async () => {
  terminal.end();
  await bank.close();
  rmSync(dir, { recursive: true, force: true });
});

interface Challenged {
  readonly terminal: string;
  readonly amount: number;
  readonly currency: string;
  readonly stan: number;
}

/** Asks a wallet of the deck for a token, as a terminal would. */
async function token(card: string, { terminal: id, amount, currency, stan: number }: Challenged): Promise<Buffer> {
  const wallet = deck.inProcess(card);
  await wallet.answer(hex('00A4040008F043545057414C0100'));
  const challenge = Buffer.concat([
    hex('0100'),
    Buffer.from(id.padEnd(8), 'latin1'),
    hex(String(amount).padStart(12, '0')),
    hex(`0${currency}`),
    hex(String(number).padStart(6, '0')),
    hex('A1B2C3D4 261121 205500'),
  ]);
  const answer = await wallet.answer(Buffer.concat([hex('805200001F'), challenge, hex('00')]));
  return Buffer.from(answer ?? []).subarray(0, -2);
}

/** Sends a payment by this token and gives the bank's DE 39. */
async function paid(bytes: Buffer, sale: Challenged, mti = '0200'): Promise<string> {
  const { kid, jwk } = readProfile(bank.profile).sealing;
  const sealed = await new CompactEncrypt(Buffer.from(JSON.stringify({ walletToken: bytes.toString('base64url') })))
    .setProtectedHeader({ alg: 'ECDH-ES', enc: 'A256GCM', kid })
    .encrypt(createPublicKey({ key: jwk, format: 'jwk' }));
  const six = String(sale.stan).padStart(6, '0');
  const answer = await terminal.ask(mti, [
    field.processing('000000'),
    field.amount(sale.amount),
    field.transmitted(`0801${six}`),
    field.stan(sale.stan),
    field.rrn(`260801${six}`),
    field.currency(sale.currency),
    field.batch(1),
    field.presented(sealed),
    [14, '3512'],
    [22, '0071'],
    [25, '00'],
  ]);
  return answer.code;
}

const fresh = (change: Partial<Challenged> = {}): Challenged => {
  stan += 1;
  return { terminal: 'T0000001', amount: 1280, currency: '156', stan, ...change };
};

test.each(['wallet', 'wallet-p256', 'wallet#77'])('a token of %s pays, as 0200 and as 0220', async (card) => {
  const sale = fresh();
  expect(await paid(await token(card, sale), sale)).toBe('00');
  const later = fresh();
  expect(await paid(await token(card, later), later, '0220')).toBe('00');
});

test('a token pays once; the same message again gets the same answer', async () => {
  const sale = fresh();
  const bytes = await token('wallet#1', sale);
  expect(await paid(bytes, sale)).toBe('00');
  expect(await paid(bytes, sale, '0201')).toBe('00');
  const stuck = [fresh(), fresh()];
  const codes: string[] = [];
  for (const one of stuck) codes.push(await paid(await token('wallet-stuck', one), one));
  expect(codes).toEqual(['00', '94']);
});

test.each<[string, Partial<Challenged>, string]>([
  ['another amount', { amount: 1281 }, '13'],
  ['another terminal', { terminal: 'T0000002' }, '12'],
  ['another currency', { currency: '840' }, '12'],
  ['another STAN', { stan: 999_999 }, '12'],
])('a token over %s is refused', async (_name, change, code) => {
  const sale = fresh();
  expect(await paid(await token('wallet#2', { ...sale, ...change }), sale)).toBe(code);
});

test.each([
  ['wallet-foreign', '14'],
  ['wallet-unknown', '14'],
  ['wallet-bad-signature', '14'],
  ['wallet-expired', '54'],
  ['wallet-small', '61'],
  ['wallet-dollars', '12'],
])('%s is answered %s', async (card, code) => {
  const sale = fresh();
  expect(await paid(await token(card, sale), sale)).toBe(code);
});

test('nonsense in the place of a token is answered 14, and the late decline works as for cards', async () => {
  expect(await paid(Buffer.from('nonsense'), fresh())).toBe('14');
  const late = fresh({ amount: 1261 });
  expect(await paid(await token('wallet#3', late), late, '0220')).toBe('61');
});
