import type { Card, ExchangeFault } from '../../../../drivers/nfc/reader.ts';
import { hex, unhex } from '../bytes.ts';
import type { CardConfig } from '../config.ts';
import { readCard } from '../kernel.ts';
import type { CardOutcome, Vault } from '../outcome.ts';
import { combinedCard } from './combinedcard.ts';
import { type Fuzzed, found } from './fuzzdata.ts';
import { type Random, randomFrom, spoil } from './random.ts';
import { MASTERCARD_PAN, request, UNIONPAY_PAN, VISA_PAN, withFloor } from './setting.ts';
import { answersOf, caKeyOf, cardOf, makeKeys } from './testcard.ts';

/** Sealing is the acquirer's business and slow: here the seal is a word. */
const token = (pan: string): string => `token ${pan.length}`;
const vault: Vault = { seal: async () => 'sealed', token, blockToken: token };
const faults: readonly ExchangeFault[] = ['torn', 'timed-out', 'reader-gone', 'collision'];
const words = ['6985', '6986', '6984', '6A82', '6283', '6F00', '6300', '6110', '6C10', '9000'].map(unhex);

interface Recorded {
  readonly name: string;
  readonly pan: string;
  readonly answers: ReadonlyMap<string, Uint8Array>;
  readonly commands: readonly string[];
}

function clock() {
  let now = 0;
  return { monotonic: () => (now += 1) };
}

async function read(card: Card, config: CardConfig): Promise<{ outcome: CardOutcome; gone: number }> {
  let gone = 0;
  const outcome = await readCard(card, request, config, vault, clock(), () => {
    gone += 1;
  });
  return { outcome, gone };
}

/** One sound dialogue of a card that approves offline. */
async function record(name: string, pan: string, answer: (command: Uint8Array) => Uint8Array, config: CardConfig) {
  const answers = new Map<string, Uint8Array>();
  const card = cardOf((command) => {
    const response = answer(command);
    answers.set(hex(command), response);
    return response;
  });
  const { outcome } = await read(card, config);
  if (outcome.kind !== 'approved-offline') throw new Error(`${name}: ${JSON.stringify(outcome)}`);
  return { name, pan, answers, commands: card.commands };
}

async function recordAll(): Promise<{ config: CardConfig; all: readonly Recorded[] }> {
  const keys = makeKeys({ ca: 768, issuer: 640, icc: 512 });
  const caKeys = ['A000000333', 'A000000003', 'A000000004'].map((rid) => caKeyOf(keys, rid));
  const config = { ...withFloor, cards: { ...withFloor.cards, caKeys } };
  const qualified = { keys, expiry: '3012', cid: '40', ctq: '0000' };
  const unionpay = answersOf({ ...qualified, aid: 'A000000333010101', pan: UNIONPAY_PAN });
  const visa = answersOf({ ...qualified, aid: 'A0000000031010', pan: VISA_PAN });
  const mastercard = combinedCard({ keys, aid: 'A0000000041010', pan: MASTERCARD_PAN, expiry: '3012', gives: 'TC' });
  const all = [
    await record('kernel 7', UNIONPAY_PAN, unionpay, config),
    await record('kernel 3', VISA_PAN, visa, config),
    await record('kernel 2', MASTERCARD_PAN, mastercard, config),
  ];
  return { config, all };
}

/** A dialogue's answers with one to three of them spoilt, cut off, swapped, or gone. */
function disturbed(random: Random, { answers, commands }: Recorded): Map<string, Uint8Array | ExchangeFault> {
  const spoilt = new Map<string, Uint8Array | ExchangeFault>(answers);
  for (let n = 1 + random.int(3); n > 0; n--) {
    const command = random.pick(commands);
    const answer = answers.get(command)!;
    switch (random.int(12)) {
      case 0:
        spoilt.set(command, random.pick(faults));
        break;
      case 1:
        spoilt.set(command, random.pick(words));
        break;
      case 2:
        spoilt.set(command, random.bytes(random.int(40)));
        break;
      case 3:
        spoilt.set(command, answers.get(random.pick(commands))!);
        break;
      default: {
        const before = spoilt.get(command);
        const base = before === undefined || typeof before === 'string' ? answer : before;
        // The status word stays, so that what stands before it is looked at.
        spoilt.set(command, Uint8Array.of(...spoil(random, base.subarray(0, -2)), 0x90, 0x00));
      }
    }
  }
  return spoilt;
}

/**
 * Whatever a card answers there is an outcome; an approval only with a signature that holds, on the very card whose
 * signature it is; and no PAN in anything that is told.
 */
export async function fuzzDialogues(seed: number, count: number): Promise<Fuzzed> {
  const random = randomFrom(seed);
  const { config, all } = await recordAll();
  let taken = 0;
  for (let at = 0; at < count; at++) {
    const recorded = random.pick(all);
    const answers = disturbed(random, recorded);
    const card: Card = {
      atr: unhex('3B80800101'),
      async transmit(command) {
        const answer = answers.get(hex(command)) ?? words[3]!;
        return typeof answer === 'string'
          ? { ok: false, fault: answer, detail: 'scripted' }
          : { ok: true, response: answer };
      },
      release() {},
    };
    const { outcome, gone } = await read(card, config).catch((error: unknown) => found(seed, at, String(error)));
    if (gone !== 1) found(seed, at, `the customer was told ${gone} times`);
    const masked = `${recorded.pan.slice(0, 6)}******${recorded.pan.slice(-4)}`;
    if (outcome.kind === 'approved-offline') {
      taken += 1;
      const { oda, maskedPan, expiry } = outcome.card;
      const right = oda.result === 'passed' && maskedPan === masked && expiry === '3012';
      if (!right) found(seed, at, `${recorded.name}: an approval of something else`);
    }
    if (at % 16 === 0 && JSON.stringify(outcome).includes(recorded.pan)) found(seed, at, 'the PAN is told');
  }
  return { inputs: count, taken };
}
