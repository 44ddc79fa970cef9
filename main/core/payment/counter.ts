import type { Now, Prompt, TagView } from '../../../contract/counter.ts';
import type { Money } from '../../../contract/money.ts';
import { type Outcome, outcomeOf, type PaymentView } from '../../../contract/payment.ts';
import type { Card } from '../../../drivers/nfc/reader.ts';
import type { NdefRecord } from '../kernel/ndef/message.ts';
import type { CardOutcome, Choice } from '../kernel/outcome.ts';
import type { World } from '../world/world.ts';
import type { PresentedCard } from './event.ts';
import { captured, type Payment } from './payment.ts';
import type { Runner } from './runner.ts';

export interface CounterParts {
  readonly world: Pick<World, 'clock' | 'devices'>;
  readonly runner: Runner;
  /** Reads a card for a payment; calls back when the card may go. */
  readonly read: (card: Card, payment: Payment, mayGo: () => void, chosen?: string) => Promise<CardOutcome>;
  readonly viewOf: (payment: Payment) => PaymentView;
  readonly find: (id: string) => Payment;
  /** The text of the code that is shown for a payment. */
  readonly codeOf: (payment: Payment) => string | undefined;
  readonly shownMs: number;
  readonly partialMs: number;
  readonly responseMs: number;
  /** Only this reader, where one was named. */
  readonly reader: string | undefined;
  /** Called whenever `now` has changed. */
  readonly changed: () => void;
  readonly fatal: (error: unknown) => void;
}

/** How long a good result stays on the screens. */
const RESULT_MS = 6_000;
/** How long a customer may think about which application of the card pays. */
const CHOICE_MS = 30_000;

/** The reason of every abort here: one that is not given is made each time, with its stack. */
const OVER = 'over';

/** Results that are no end yet: they stay until somebody takes them off. */
const underWay: ReadonlySet<Outcome> = new Set(['unknown', 'cancelling', 'voiding', 'refunding']);

/** What goes on at the counter: one payment at a time, reader and scanner armed together. */
export class Counter {
  readonly #parts: CounterParts;
  #now: Now = { phase: 'idle' };
  #payment: string | undefined;
  #disarm: AbortController | undefined;
  #answer: ((aid: string | null) => void) | undefined;
  #show: AbortController | undefined;

  constructor(parts: CounterParts) {
    this.#parts = parts;
  }

  get now(): Now {
    return this.#now;
  }

  /** Whether a payment holds the counter: nothing else may begin. */
  get busy(): boolean {
    return this.#now.phase !== 'idle' && this.#now.phase !== 'result';
  }

  /** The payment that waits for a card or a code. */
  get waiting(): string | undefined {
    return this.#now.phase === 'waiting' ? this.#payment : undefined;
  }

  /** Arms the reader for an opened payment, whoever scans codes is told by `waiting`. */
  arm(payment: Payment): void {
    const disarm = new AbortController();
    this.#payment = payment.id;
    this.#disarm = disarm;
    this.#wait(payment, this.#standing(), null);
    this.#readCards(payment, disarm.signal).catch(this.#parts.fatal);
  }

  /** A payment that needs no arming is shown from its beginning: cash, void. */
  follow(payment: Payment): void {
    this.#disarm?.abort(OVER);
    this.#payment = payment.id;
    this.onPayment(payment);
  }

  /** Shows why a scanned code was not taken; the payment goes on waiting. */
  codeRefused(reason: string): void {
    const payment = this.#current();
    if (payment && this.#now.phase === 'waiting') this.#wait(payment, 'code-refused', reason);
  }

  /**
   * The customer says which application of the card pays, null for none of them. False when that was not asked of this
   * payment.
   */
  choose(payment: string, aid: string | null): boolean {
    const now = this.#now;
    if (now.phase !== 'choosing' || now.payment !== payment) return false;
    if (aid !== null && !now.choices.some((choice) => choice.aid === aid)) return false;
    this.#answer?.(aid);
    return true;
  }

  /** A code was taken: the reader is not needed any more. */
  disarm(): void {
    this.#disarm?.abort(OVER);
  }

  /** Lets go of the reader and of every wait. */
  stop(): void {
    this.#disarm?.abort(OVER);
    this.#show?.abort(OVER);
  }

  dismiss(): void {
    if (this.#now.phase === 'result') this.#set({ phase: 'idle' });
  }

  /** The runner has moved a payment; if it is the one at the counter, the screens follow. */
  onPayment(payment: Payment): void {
    if (payment.id !== this.#payment) return;
    const { clock } = this.#parts.world;
    const outcome = outcomeOf(payment.state, payment.kind);
    if (payment.state === 'opened') return;
    if (payment.tender === 'shown' && this.#showCode(payment)) return;
    if (payment.state === 'partial') {
      this.#offerPart(payment);
      return;
    }
    const confirming = payment.state === 'querying' && payment.reason === 'pending';
    if (outcome === 'open' || confirming) {
      this.#disarm?.abort(OVER);
      if (this.#now.phase === 'asking' && this.#now.confirming === confirming) return;
      const since = payment.sentAt ?? clock.now();
      const until = since + this.#parts.responseMs;
      this.#set({ phase: 'asking', payment: payment.id, amount: payment.amount, since, until, confirming });
      return;
    }
    this.#disarm?.abort(OVER);
    if (payment.state === 'abandoned') {
      this.#set({ phase: 'idle' });
      return;
    }
    if (this.#now.phase === 'result' && this.#now.outcome === outcome) {
      // The receipt moved on, not the result: it is not shown anew, and leaves when it was to leave.
      this.#now = { ...this.#now, payment: this.#parts.viewOf(payment) };
      this.#parts.changed();
      return;
    }
    this.#set({ phase: 'result', payment: this.#parts.viewOf(payment), outcome, at: clock.now() });
    if (!underWay.has(outcome)) this.#clearLater();
  }

  /** From when the bank knows of the order until it is decided or taken back. */
  #showCode(payment: Payment): boolean {
    const code = this.#parts.codeOf(payment);
    const known = payment.reason === 'pending' || this.#now.phase === 'showing';
    if (payment.state !== 'querying' || !known || code === undefined) return false;
    if (this.#now.phase === 'showing') return true;
    const since = payment.sentAt ?? this.#parts.world.clock.now();
    const until = since + this.#parts.shownMs;
    this.#set({ phase: 'showing', payment: payment.id, amount: payment.amount, code, since, until });
    return true;
  }

  #offerPart(payment: Payment): void {
    const until = (payment.sentAt ?? this.#parts.world.clock.now()) + this.#parts.partialMs;
    const { id, amount } = payment;
    this.#set({ phase: 'partial', payment: id, amount, approved: captured(payment), until });
  }

  #clearLater(): void {
    const show = new AbortController();
    this.#show = show;
    this.#parts.world.clock
      .sleep(RESULT_MS, show.signal)
      .then(() => {
        if (!show.signal.aborted) this.dismiss();
      })
      .catch(this.#parts.fatal);
  }

  #set(now: Now): void {
    this.#show?.abort(OVER);
    this.#now = now;
    if (now.phase === 'idle') this.#payment = undefined;
    this.#parts.changed();
  }

  #current(): Payment | undefined {
    return this.#payment === undefined ? undefined : this.#parts.find(this.#payment);
  }

  /** What is asked of the customer as things stand, when nothing has been presented. */
  #standing(): 'present' | 'no-input' | 'one-card-only' {
    if (this.#collided()) return 'one-card-only';
    const { readers, scanners } = this.#parts.world.devices;
    const ready = readers.state.status === 'ready' || scanners.some((scanner) => scanner.state.status === 'ready');
    return ready ? 'present' : 'no-input';
  }

  /** Whether more than one card lies on the reader: it hands out none of them. */
  #collided(): boolean {
    const { reader = '', world } = this.#parts;
    return world.devices.readers
      .list()
      .some(({ name, state }) => name.includes(reader) && state.status === 'collision');
  }

  #wait(payment: Payment, prompt: Prompt, reason: string | null, tag?: TagView): void {
    const { readers, scanners } = this.#parts.world.devices;
    const reader = readers.state.status === 'ready';
    const scanner = scanners.some((one) => one.state.status === 'ready');
    this.#set({
      phase: 'waiting',
      payment: payment.id,
      amount: payment.amount,
      prompt,
      reason,
      reader,
      scanner,
      ...(tag === undefined ? {} : { tag }),
    });
  }

  /** Devices came or went while a payment waits. */
  devicesChanged(): void {
    const payment = this.#current();
    if (!payment || this.#now.phase !== 'waiting') return;
    const { prompt, reason, tag } = this.#now;
    const standing = this.#standing();
    const stands = standing === 'one-card-only' || calm.has(prompt);
    this.#wait(payment, stands ? standing : prompt, standing === 'one-card-only' ? null : reason, tag);
  }

  async #readCards(payment: Payment, signal: AbortSignal): Promise<void> {
    const { world, read, reader } = this.#parts;
    let chosen: string | undefined;
    while (!signal.aborted) {
      const card = await world.devices.readers.nextCard(signal, reader);
      if (!card || signal.aborted) {
        card?.release();
        return;
      }
      this.#set({ phase: 'reading', payment: payment.id, amount: payment.amount });
      const outcome = await read(card, payment, () => card.release(), chosen);
      card.release();
      if (signal.aborted) return;
      if (outcome.kind === 'choose') {
        chosen = (await this.#ask(payment, outcome.choices, signal)) ?? undefined;
        if (signal.aborted) return;
        if (chosen === undefined) this.#wait(payment, 'card-refused', 'nothing-chosen');
        else this.#wait(payment, 'tap-again-chosen', null);
        continue;
      }
      if (outcome.kind === 'refused') chosen = undefined;
      this.#afterRead(payment, outcome);
    }
  }

  /** Asks the customer which application pays. Null when none shall, when nobody answers in time, and when it is over. */
  async #ask(payment: Payment, choices: readonly Choice[], signal: AbortSignal): Promise<string | null> {
    const { clock } = this.#parts.world;
    const asleep = new AbortController();
    const until = clock.now() + CHOICE_MS;
    this.#set({ phase: 'choosing', payment: payment.id, amount: payment.amount, choices: [...choices], until });
    let answer: string | null = null;
    this.#answer = (aid) => {
      answer = aid;
      asleep.abort(OVER);
    };
    await clock.sleep(CHOICE_MS, AbortSignal.any([signal, asleep.signal]));
    this.#answer = undefined;
    return answer;
  }

  #afterRead(payment: Payment, outcome: Exclude<CardOutcome, { kind: 'choose' }>): void {
    if (outcome.kind === 'tag') {
      this.#wait(payment, ...tagRead(outcome.records));
      return;
    }
    const again = outcome.kind === 'tap-again' || outcome.kind === 'refused';
    if (again && this.#collided()) {
      this.#wait(payment, 'one-card-only', null);
      return;
    }
    if (outcome.kind === 'tap-again') {
      this.#wait(payment, tapAgain[outcome.reason], null);
      return;
    }
    if (outcome.kind === 'refused') {
      this.#wait(payment, 'card-refused', outcome.reason);
      return;
    }
    const { card } = outcome;
    this.#disarm?.abort(OVER);
    this.#parts.runner.dispatch(
      payment.id,
      {
        type: 'card',
        decision: outcome.kind,
        deferrable: outcome.kind === 'online' && outcome.deferrable,
        reason: outcome.kind === 'declined' ? outcome.reason : null,
        card: card ? presentedOf(card) : null,
      },
      card && outcome.kind !== 'declined' ? { sealed: card.sealed } : {},
    );
  }
}

/** Prompts that follow the devices; the others answer what was presented and stay until something else is. */
const calm: ReadonlySet<Prompt> = new Set(['no-input', 'present', 'one-card-only']);

const tapAgain: Record<Extract<CardOutcome, { kind: 'tap-again' }>['reason'], Prompt> = {
  torn: 'tap-again-torn',
  'see-phone': 'see-phone',
  'one-card-only': 'one-card-only',
  'timed-out': 'tap-again-timed-out',
};

/** A tag that names a member or a coupon is shown beside the payment, which goes on waiting; any other is no card. */
function tagRead(records: readonly NdefRecord[]): [Prompt, string | null, TagView?] {
  const named = records.find(
    (record): record is Extract<NdefRecord, { id: string }> => record.kind === 'member' || record.kind === 'coupon',
  );
  if (!named) return ['card-refused', 'not-a-payment-card'];
  return [named.kind === 'member' ? 'member-read' : 'coupon-read', null, { kind: named.kind, id: named.id }];
}

function presentedOf(card: NonNullable<Extract<CardOutcome, { kind: 'declined' }>['card']>): PresentedCard {
  const { scheme, maskedPan, token, label, aid, cvm, expiry, iccData } = card;
  const oda = `${card.oda.method} ${card.oda.result}`;
  return { scheme, maskedPan, token, label, aid, cvm, oda, expiry, iccData, panSequence: card.panSequence ?? null };
}

/** How an amount relates to what the terminal may take: undefined when it may. */
export function amountRefusal(
  amount: Money,
  currency: Money['currency'],
  maxMinor: number,
): 'amount-invalid' | 'amount-above-limit' | undefined {
  if (amount.currency !== currency || !Number.isSafeInteger(amount.minor) || amount.minor <= 0) return 'amount-invalid';
  return amount.minor > maxMinor ? 'amount-above-limit' : undefined;
}
