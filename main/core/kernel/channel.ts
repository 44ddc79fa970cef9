import type { Card, ExchangeFault } from '../../../drivers/nfc/reader.ts';
import { type Answer, readAnswer } from './apdu.ts';
import type { CardOutcome, CardTiming } from './outcome.ts';

/** An end of the dialogue before the card's data is complete. */
export type Ended = Extract<CardOutcome, { kind: 'refused' | 'tap-again' | 'choose' }>;

/** A step that came through, or the end of the dialogue. */
export type Step<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly end: Ended };

export function done<T>(value: T): Step<T> {
  return { ok: true, value };
}

export function end(ended: Ended): { readonly ok: false; readonly end: Ended } {
  return { ok: false, end: ended };
}

export function refuse(reason: Extract<Ended, { kind: 'refused' }>['reason'], detail: string) {
  return end({ kind: 'refused', reason, detail });
}

export interface Channel {
  /** Sends one command under its name, for the timing. */
  send(name: string, command: Uint8Array): Promise<Step<Answer>>;
  readonly exchanges: CardTiming['exchanges'];
}

/** What the customer is asked for after a fault of the field. */
export const again = {
  torn: 'torn',
  'reader-gone': 'torn',
  'timed-out': 'timed-out',
  collision: 'one-card-only',
} as const satisfies Record<Exclude<ExchangeFault, 'busy'>, string>;

const LARGEST_RESPONSE = 65_536;

/**
 * One card's dialogue: each exchange has `exchangeMs`, all of them together `dialogueMs`. A card that left or fell
 * silent ends the dialogue; nothing it said before counts.
 */
export function openChannel(
  card: Card,
  clock: { monotonic(): number },
  limits: { readonly exchangeMs: number; readonly dialogueMs: number },
): Channel {
  const deadline = clock.monotonic() + limits.dialogueMs;
  const exchanges: { command: string; ms: number; gapMs: number }[] = [];
  let before = clock.monotonic();
  return {
    exchanges,
    async send(name, command) {
      const from = clock.monotonic();
      const left = deadline - from;
      if (left <= 0) return end({ kind: 'tap-again', reason: 'timed-out' });
      const answer = await card.transmit(command, Math.min(limits.exchangeMs, left));
      const until = clock.monotonic();
      exchanges.push({ command: name, ms: until - from, gapMs: from - before });
      before = until;
      if (!answer.ok) {
        if (answer.fault === 'busy') throw new Error(`two exchanges at once with one card: ${answer.detail}`);
        return end({ kind: 'tap-again', reason: again[answer.fault] });
      }
      if (answer.response.length < 2) return end({ kind: 'tap-again', reason: 'torn' });
      if (answer.response.length > LARGEST_RESPONSE) return refuse('card-data-invalid', `${name}: answer too long`);
      return done(readAnswer(answer.response));
    },
  };
}
