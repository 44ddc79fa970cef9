import type { Card, Exchange, ExchangeFault, ReaderClass } from './reader.ts';
import type { After } from './timer.ts';

/** Longest response of one exchange, status word included (ISO/IEC 7816-4: 65,536 data bytes with extended Le). */
const LONGEST_RESPONSE = 65_536 + 2;
/** Longest command: header, extended Lc, 65,535 data bytes, extended Le. */
const LONGEST_COMMAND = 4 + 3 + 65_535 + 2;
/** How often a card may ask for another round (61xx, 6Cxx) in one exchange. */
const MOST_ROUNDS = 4;

/** The bare way to one card: what a reader family supplies. */
export interface Link {
  readonly atr: Uint8Array;
  /** One command, one answer of any length, nothing interpreted. The faults are 'torn' and 'reader-gone'. */
  exchange(command: Uint8Array): Promise<Exchange>;
  /** Class A: one whole payment, carried out inside the reader. */
  inside?(request: Uint8Array): Promise<Exchange>;
  /** The dialogue is over; the card may still lie there. `clean`: it answered, and nothing went wrong. */
  end(clean: boolean): void;
}

function fault(kind: ExchangeFault, detail: string): Exchange {
  return { ok: false, fault: kind, detail };
}

/** The command again with `le` as its Le, or undefined where the command has no short form (ISO/IEC 7816-3, 12.1.3). */
function withLe(command: Uint8Array, le: number): Uint8Array | undefined {
  const data = command[4] ?? 0;
  if (command.length === 4) return Uint8Array.of(...command, le);
  if (command.length === 5) return Uint8Array.of(...command.subarray(0, 4), le);
  if (data > 0 && command.length === 5 + data) return Uint8Array.of(...command, le);
  if (data > 0 && command.length === 6 + data) return Uint8Array.of(...command.subarray(0, -1), le);
  return undefined;
}

/**
 * One exchange as the kernel wants it: 61xx is fetched by GET RESPONSE, 6Cxx sent again with the right Le
 * (ISO/IEC 7816-4, 5.6). Asks `live` before each further round.
 */
async function converse(link: Link, command: Uint8Array, live: () => boolean): Promise<Exchange> {
  let data: Uint8Array = new Uint8Array();
  let next = command;
  for (let round = 0; round <= MOST_ROUNDS && live(); round++) {
    const answer = await link.exchange(next);
    if (!answer.ok) return answer;
    const { response } = answer;
    if (response.length < 2) return fault('torn', `the card answered ${response.length} bytes`);
    if (data.length + response.length > LONGEST_RESPONSE) return fault('torn', 'the card answered more than 64 kB');
    const sw1 = response[response.length - 2];
    const sw2 = response[response.length - 1] ?? 0;
    const again = sw1 === 0x6c && response.length === 2 ? withLe(next, sw2) : undefined;
    if (again) {
      next = again;
      continue;
    }
    const rest = sw1 === 0x61 ? response.subarray(0, -2) : response;
    data = data.length === 0 ? rest : Uint8Array.of(...data, ...rest);
    if (sw1 !== 0x61) return { ok: true, response: data };
    next = Uint8Array.of((command[0] ?? 0) & 0x03, 0xc0, 0x00, 0x00, sw2);
  }
  return fault('torn', `the card asked for more than ${MOST_ROUNDS} further rounds`);
}

/**
 * One dialogue with one card. Goals: one exchange at a time, each with a deadline, and nothing a card says after a
 * fault ever counts: the first fault ends the session, and every later exchange gets the same one.
 */
export class Session implements Card {
  readonly atr: Uint8Array;
  readonly kind: ReaderClass;
  readonly inside?: (request: Uint8Array, timeoutMs: number) => Promise<Exchange>;
  readonly #link: Link;
  readonly #after: After;
  readonly #mute: (reason: string) => void;
  #over: Exchange | undefined;
  #running: ((result: Exchange) => void) | undefined;
  #released = false;
  #answered = false;

  /** `mute` is told when the card did not answer in time. */
  constructor(link: Link, after: After, mute: (reason: string) => void, kind: ReaderClass = 'B') {
    this.atr = link.atr.slice();
    this.kind = kind;
    const pay = link.inside?.bind(link);
    if (pay) this.inside = (request, timeoutMs) => this.#run(timeoutMs, () => pay(request));
    this.#link = link;
    this.#after = after;
    this.#mute = mute;
  }

  transmit(command: Uint8Array, timeoutMs: number): Promise<Exchange> {
    if (command.length < 4 || command.length > LONGEST_COMMAND) {
      return Promise.resolve(this.#over ?? fault('torn', `no command APDU: ${command.length} bytes`));
    }
    return this.#run(timeoutMs, () => converse(this.#link, command, () => !this.#over));
  }

  #run(timeoutMs: number, work: () => Promise<Exchange>): Promise<Exchange> {
    if (this.#over) return Promise.resolve(this.#over);
    if (this.#running) return Promise.resolve(fault('busy', 'another exchange is running'));
    return new Promise((resolve) => {
      const cancel = this.#after(timeoutMs, () => {
        this.#finish(fault('timed-out', `no answer within ${timeoutMs} ms`));
        this.#mute('the card does not answer');
      });
      this.#running = (result) => {
        cancel();
        resolve(result);
      };
      work().then(
        (result) => this.#finish(result),
        (error: unknown) => this.#finish(fault('torn', String(error))),
      );
    });
  }

  release(): void {
    if (this.#released) return;
    this.#released = true;
    const clean = this.#answered && !this.#over;
    this.break('torn', 'the card was released');
    this.#link.end(clean);
  }

  /** The card or its reader is gone: ends the running exchange and all later ones with this fault. */
  break(kind: ExchangeFault, detail: string): void {
    if (this.#over) return;
    this.#over = fault(kind, detail);
    this.#finish(this.#over);
  }

  #finish(result: Exchange): void {
    if (result.ok) this.#answered = true;
    else this.#over ??= result;
    const running = this.#running;
    this.#running = undefined;
    // A late answer to an exchange that was already ended by a fault has nobody waiting for it.
    running?.(this.#over ?? result);
  }
}
