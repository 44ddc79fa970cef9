import { randomUUID } from 'node:crypto';
import { money } from '../contract/money.ts';
import { type Stand, until } from '../test/demo/cashier.ts';
import { type Figure, times } from './figure.ts';

const staff = { staff: 'cashier' };
/** Not counted: code that has not been compiled yet, and cards' keys that are made at their first use. */
const WARM = 20;

interface Tap {
  readonly ownMs: number;
  /** Longest time that the card waited for us between two exchanges. */
  readonly gapMs: number;
  readonly afterMs: number;
}

function reader({ devices }: Stand): string {
  return `127.0.0.1:${devices.virtual?.port ?? 0}`;
}

/** Reads one card for no payment: our own time until it may go, and from then to the decision. */
async function readOne(stand: Stand, card: string): Promise<Tap> {
  const { core, devices, control } = stand;
  const tapping = control.ask('tap', { card, reader: reader(stand) });
  const found = await devices.readers.nextCard(AbortSignal.timeout(5_000), 'Virtual counter');
  if (!found) throw new Error(`${card} did not come into the field.`);
  let gone = 0;
  const outcome = await core.readCard(found, money(1_280, core.currency), 1, () => {
    gone = performance.now();
    found.release();
  });
  const afterMs = performance.now() - gone;
  if (outcome.kind !== 'online') throw new Error(`${card} was not read: ${outcome.kind}.`);
  await tapping;
  const { ownMs, exchanges } = outcome.card.timing;
  const gapMs = Math.max(...exchanges.slice(1).map((exchange) => exchange.gapMs ?? 0));
  return { ownMs, gapMs, afterMs };
}

/** Our own time in a tap: card in field to card may go, the card's own time taken out; then to the decision. */
export async function measureTaps(stand: Stand, count: number): Promise<Figure[]> {
  const taps: Tap[] = [];
  for (let n = 0; n < count + WARM; n += 1) {
    const tap = await readOne(stand, n % 2 === 0 ? 'unionpay-ok' : 'visa-ok');
    if (n >= WARM) taps.push(tap);
  }
  return [
    ...times(
      'tap',
      'our own time in a tap, card in field to card may go',
      taps.map((tap) => tap.ownMs),
      30,
    ),
    ...times(
      'tap-gap',
      'longest gap between two exchanges of a tap on our account',
      taps.map((tap) => tap.gapMs),
      2,
    ),
    ...times(
      'tap-after',
      'signatures checked and card data sealed, after the card may go',
      taps.map((tap) => tap.afterMs),
    ),
  ];
}

/** One sale by card: from the cashier's word to the approval on the disk. */
async function sellOne(stand: Stand, card: string): Promise<number> {
  const { core, control } = stand;
  const from = performance.now();
  const { id } = core.charge(randomUUID(), money(1_280, core.currency), staff);
  const tapping = control.ask('tap', { card, reader: reader(stand) });
  const took = await new Promise<number>((resolve) => {
    const undo = core.onChange(() => {
      if (core.payments.get(id).state !== 'approved') return;
      undo();
      resolve(performance.now() - from);
    });
  });
  await tapping;
  await until('the counter is free', () => !core.counter.busy);
  return took;
}

/** The whole of a sale with card, reader and bank on this machine. */
export async function measureSales(stand: Stand, count: number): Promise<Figure[]> {
  const taken: number[] = [];
  for (let n = 0; n < count + WARM; n += 1) {
    const ms = await sellOne(stand, n % 2 === 0 ? 'unionpay-ok' : 'visa-ok');
    if (n >= WARM) taken.push(ms);
  }
  return times('sale', 'sale to approved: bank, card and reader on this machine', taken, 150);
}
