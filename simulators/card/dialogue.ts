import type { Chip, Stage } from './chip.ts';
import { hex, toHex } from './tlv.ts';

/** One exchange of a recorded dialogue: command and answer. No answer: the card left. */
export interface Exchange {
  readonly command: Buffer;
  readonly answer: Buffer | undefined;
}

/** A dialogue as text cannot be read. */
export class DialogueError extends Error {
  readonly code = 'dialogue-damaged';
  constructor(line: number, what: string) {
    super(`line ${line}: ${what}`);
    this.name = 'DialogueError';
  }
}

/**
 * Reads a dialogue: `=> HEX` to the card, `<= HEX` from it; spaces in the hex are allowed. Lines with `--`, `#` or nothing
 * are left out. Throws DialogueError for anything else, masked numbers among it.
 */
export function readDialogue(text: string): readonly Exchange[] {
  const exchanges: { command: Buffer; answer: Buffer | undefined }[] = [];
  for (const [at, line] of text.split(/\r?\n/).entries()) {
    if (/^\s*(?:--.*|#.*)?$/.test(line)) continue;
    const match = /^(=>|<=)((?:\s*[0-9A-Fa-f]{2})+)\s*$/.exec(line);
    if (match === null) throw new DialogueError(at + 1, 'neither => nor <= and hex');
    const bytes = hex((match[2] ?? '').replaceAll(/\s/g, ''));
    const last = exchanges.at(-1);
    if (match[1] === '=>') exchanges.push({ command: bytes, answer: undefined });
    else if (last === undefined || last.answer !== undefined) throw new DialogueError(at + 1, 'an answer to nothing');
    else last.answer = bytes;
  }
  return exchanges;
}

/** Writes a dialogue in the form that `readDialogue` reads. */
export function writeDialogue(exchanges: readonly Exchange[]): string {
  return exchanges
    .flatMap(({ command, answer }) => [
      `=> ${toHex(command)}`,
      answer === undefined ? '-- left' : `<= ${toHex(answer)}`,
    ])
    .map((line) => `${line}\n`)
    .join('');
}

/**
 * A card that answers as it did once. A command is known by its bytes, else, since amounts and random numbers are new each
 * time, by its first four; what comes later in the record is looked at first. A command that is not in it gets 6D00.
 */
export function replayed(exchanges: readonly Exchange[], atr: Buffer): Chip {
  let next = 0;
  let stage: Stage = 'idle';
  const find = (command: Buffer): number => {
    const order = [...exchanges.keys()].map((at) => (at + next) % Math.max(1, exchanges.length));
    const same = (length: number) => (at: number) =>
      exchanges[at]?.command.subarray(0, length).equals(command.subarray(0, length)) ?? false;
    return order.find(same(command.length)) ?? order.find(same(4)) ?? -1;
  };
  return {
    atr,
    mute: false,
    reset() {
      next = 0;
      stage = 'idle';
    },
    stage: () => stage,
    answer(command) {
      const at = find(command);
      const found = exchanges[at];
      if (found === undefined) return hex('6D00');
      next = at + 1;
      stage = at === exchanges.length - 1 ? 'finished' : 'answered';
      return found.answer;
    },
  };
}
