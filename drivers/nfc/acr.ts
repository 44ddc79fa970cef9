/** How a reader shows and sounds what became of a tap. Commands in the order in which they are sent. */
export interface Feedback {
  /**
   * `transmit`: pseudo-APDUs, taken while a card is connected. `escape`: CCID escape by SCardControl, which the CCID driver
   * may forbid.
   */
  readonly by: 'transmit' | 'escape';
  /** Once after it was plugged in: the reader's own signals that would say more than is true. */
  readonly setup: readonly Uint8Array[];
  /** The card was read and may go. Nothing is said of the payment. */
  readonly read: readonly Uint8Array[];
  /** The card did not answer: it must be presented again. */
  readonly failed: readonly Uint8Array[];
}

function hex(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text, 'hex'));
}

/**
 * ACR122U (ACS, API for ACR122U: bi-colour LED and buzzer control FF 00 40, buzzer output at detection FF 00 52). Read:
 * one green blink of 100 ms with a beep. Failed: two red ones of 200 ms. No beep for a card that merely came near.
 */
export const acr122: Feedback = {
  by: 'transmit',
  setup: [hex('FF00520000')],
  read: [hex('FF0040AE0401010101')],
  failed: [hex('FF00405D0402010201')],
};

/**
 * ACR1252U and its kin (ACS, reference manual of the ACR1252U: buzzer control E0 00 00 28, in units of 10 ms). Read: a beep
 * of 100 ms. Failed: one of 500 ms. The lights are left to the reader.
 */
export const acr1252: Feedback = {
  by: 'escape',
  setup: [],
  read: [hex('E0000028010A')],
  failed: [hex('E00000280132')],
};

/** The way to one reader while a card is connected. Rejects when the reader does not take it. */
export interface FeedbackLine {
  transmit(command: Uint8Array): Promise<Uint8Array>;
  escape(command: Uint8Array): Promise<Uint8Array>;
}

/** What a reader answers to a command that it knows: 90 and a state, or E1 and a length. */
function taken(by: Feedback['by'], answer: Uint8Array): boolean {
  return by === 'transmit' ? answer.at(-2) === 0x90 : answer[0] === 0xe1;
}

/**
 * The signals of one reader. A reader that does not take them is left alone from then on: whether it blinks is never a
 * reason to fail. A card that leaves meanwhile is no such sign.
 */
export class Signals {
  readonly #feedback: Feedback;
  readonly #line: FeedbackLine;
  #ready = false;
  #mute = false;

  constructor(feedback: Feedback, line: FeedbackLine) {
    this.#feedback = feedback;
    this.#line = line;
  }

  /** Whether the reader was found not to take commands. */
  get mute(): boolean {
    return this.#mute;
  }

  /** Shows it, when the reader can. Never rejects. */
  async show(sign: 'read' | 'failed'): Promise<void> {
    if (this.#mute) return;
    const setup = this.#ready ? [] : this.#feedback.setup;
    for (const command of [...setup, ...this.#feedback[sign]]) {
      if (!(await this.#send(command))) return;
    }
    this.#ready = true;
  }

  async #send(command: Uint8Array): Promise<boolean> {
    const { by } = this.#feedback;
    try {
      const answer = await this.#line[by](command);
      if (taken(by, answer)) return true;
      this.#mute = true;
    } catch {
      // A pseudo-APDU fails when the card has left; an escape fails when the driver forbids it, and always will.
      this.#mute = by === 'escape';
    }
    return false;
  }
}
