import type { CardChoice } from '../../../contract/counter.ts';
import { type Currency, compare, type Money, parseAmount } from '../../../contract/money.ts';
import { outcomeOf } from '../../../contract/payment.ts';
import type { Core } from '../core.ts';
import type { Payment } from '../payment/payment.ts';
import { Refused } from '../refused.ts';
import { newId } from '../world/id.ts';
import { untilInterrupted, WAIT_SECONDS, waitMs } from './interrupt.ts';
import { failed, paymentResult, type Result, sentence } from './result.ts';

export interface SaleOptions {
  readonly amount: string;
  readonly currency?: string;
  readonly tender: string;
  readonly code?: string;
  readonly tendered?: string;
  readonly shown?: boolean;
  readonly wait: string;
  /** The application that pays, where the card leaves it to its holder. */
  readonly aid?: string;
}

const ACTOR = { staff: 'terminal' };
/** More payments than hold one full receipt number or RRN in any of their numbers. */
const SIMILAR = 100;

/** Waits until the link is signed on, or has said that it cannot be. */
export async function untilLine(core: Core): Promise<void> {
  const { clock } = core.world;
  const deadline = clock.monotonic() + core.profile.timers.connectMs + 2_000;
  while (core.link.state.status === 'connecting' && clock.monotonic() < deadline) await clock.sleep(10);
}

/** One sale: opened, presented, and waited for until it has an end that can be told. */
export async function runSale(core: Core, options: SaleOptions, tell: (text: string) => void): Promise<Result> {
  const currency: Currency | undefined = core.currency;
  if (options.currency !== undefined && options.currency !== currency) {
    return failed('amount-invalid', `this terminal sells in ${currency}`);
  }
  const amount = parseAmount(options.amount, currency);
  if (!amount) return failed('amount-invalid', `"${options.amount}" is no amount in ${currency}`);
  const ms = waitMs(options.wait);
  if (ms === undefined) return failed('input-invalid', WAIT_SECONDS);
  const key = newId(core.world);
  switch (options.shown ? 'shown' : options.tender) {
    case 'shown':
      await untilLine(core);
      return untilInterrupted((stop) => payShown(core, core.sales.show(key, amount, ACTOR), tell, stop));
    case 'cash':
      return payCash(core, key, amount, options.tendered);
    case 'code':
      if (options.code === undefined) return failed('input-invalid', '--tender code needs --code');
      await untilLine(core);
      return payByCode(core, core.charge(key, amount, ACTOR), options.code);
    case 'contactless':
      await untilLine(core);
      return untilInterrupted((stop) =>
        payByCard(core, core.charge(key, amount, ACTOR), { ms, aid: options.aid, stop }, tell),
      );
    default:
      return failed('input-invalid', `"${options.tender}" is no tender: contactless, code, shown or cash`);
  }
}

function payCash(core: Core, key: string, amount: Money, text: string | undefined): Result {
  const tendered = text === undefined ? amount : parseAmount(text, amount.currency);
  if (!tendered || compare(tendered, amount) < 0)
    return failed('amount-invalid', `"${text}" does not cover the amount`);
  return paymentResult(core.view(core.cash(key, amount, ACTOR, undefined, tendered)));
}

/** Tells the text of the code as soon as it may be shown, then waits for its customer or its end. */
async function payShown(
  core: Core,
  payment: Payment,
  tell: (text: string) => void,
  stop: AbortSignal,
): Promise<Result> {
  let told = false;
  for (;;) {
    const now = core.payments.get(payment.id);
    const { now: at } = core.counter;
    if (at.phase === 'showing' && !told) {
      tell(at.code);
      told = true;
    }
    if (stop.aborted && now.state === 'querying') core.cancel(payment.id, ACTOR);
    const open =
      now.state === 'sending' || now.state === 'querying' || now.state === 'cancel-due' || now.state === 'refund-due';
    if (!open || core.stopped !== null) return paymentResult(core.view(now));
    await core.world.clock.sleep(5);
  }
}

async function payByCode(core: Core, payment: Payment, code: string): Promise<Result> {
  const refusal = core.scanned(code, true);
  if (refusal) {
    core.cancel(payment.id, ACTOR);
    return failed(refusal, 'the code was not taken; nothing was sent and nobody was charged');
  }
  return untilInterrupted(async (stop) => paymentResult(core.view(await untilEnd(core, payment.id, stop))));
}

interface Tapping {
  /** How long a card is waited for. */
  readonly ms: number;
  readonly aid: string | undefined;
  readonly stop: AbortSignal;
}

async function payByCard(
  core: Core,
  payment: Payment,
  { ms, aid, stop }: Tapping,
  tell: (text: string) => void,
): Promise<Result> {
  const { readers } = core.world.devices;
  await untilReader(core);
  if (readers.state.status !== 'ready') {
    core.cancel(payment.id, ACTOR);
    return failed(readers.state.status === 'no-daemon' ? 'reader-daemon-absent' : 'no-reader', 'no reader to tap on');
  }
  const { clock } = core.world;
  const deadline = clock.monotonic() + ms;
  let told = '';
  while (core.payments.get(payment.id).state === 'opened') {
    const { now } = core.counter;
    if (now.phase === 'choosing') core.counter.choose(payment.id, chosenAid(now.choices, aid, tell));
    if (now.phase === 'waiting' && now.reason !== null) return refusedCard(core, payment, now.reason);
    if (now.phase === 'waiting' && now.prompt !== told) {
      told = now.prompt;
      tell(sentence(`prompt.${told === 'present' ? 'present-card' : told}`) ?? told);
    }
    const over = stop.aborted || clock.monotonic() > deadline;
    if (over && now.phase !== 'reading') core.cancel(payment.id, ACTOR);
    await clock.sleep(10);
  }
  return paymentResult(core.view(await untilEnd(core, payment.id)));
}

/** The application that was named on the command line, where the card has it. */
function chosenAid(
  choices: readonly CardChoice[],
  aid: string | undefined,
  tell: (text: string) => void,
): string | null {
  const chosen = choices.find((choice) => choice.aid === aid?.toUpperCase());
  if (chosen) tell(`${chosen.label}: tap again`);
  else tell(`The card has its holder choose: ${choices.map((each) => `--aid ${each.aid} (${each.label})`).join(', ')}`);
  return chosen?.aid ?? null;
}

function refusedCard(core: Core, payment: Payment, reason: string): Result {
  core.cancel(payment.id, ACTOR);
  return failed(reason, 'the card was not taken; nothing was sent and nobody was charged');
}

/** A reader is found a moment after the daemon has been asked. */
export async function untilReader(core: Core): Promise<void> {
  const { clock, devices } = core.world;
  const deadline = clock.monotonic() + 2_000;
  while (devices.readers.state.status !== 'ready' && clock.monotonic() < deadline) await clock.sleep(20);
}

/**
 * Waits until a payment is no longer open. A wallet payment that the customer must confirm is waited for, too, and taken back
 * when `stop` is aborted.
 */
export async function untilEnd(core: Core, id: string, stop?: AbortSignal): Promise<Payment> {
  for (;;) {
    const payment = core.payments.get(id);
    const confirming = payment.state === 'querying' && payment.reason === 'pending';
    if (confirming && stop?.aborted) return core.cancel(id, ACTOR);
    if ((outcomeOf(payment.state, payment.kind) !== 'open' && !confirming) || core.stopped !== null) return payment;
    await core.world.clock.sleep(5);
  }
}

/** The payment of this receipt number or RRN, in full: what merely looks like it is another one. */
function numbered(core: Core, reference: string): Payment | undefined {
  return core.payments
    .list({ search: reference, limit: SIMILAR })
    .find(({ receiptNo, rrn }) => receiptNo === reference || rrn === reference);
}

/** Takes back an approved payment of the open batch, known by its id, receipt number or RRN. */
export async function runVoid(core: Core, reference: string): Promise<Result> {
  const original = core.payments.find(reference) ?? numbered(core, reference);
  if (!original) throw new Refused('payment-not-found', reference);
  await untilLine(core);
  const payment = core.void(newId(core.world), original.id, ACTOR);
  const ended = await untilEnd(core, payment.id);
  const { body, exit } = paymentResult(core.view(ended));
  return { body: { ...body, original: core.view(core.payments.get(original.id)) }, exit };
}
