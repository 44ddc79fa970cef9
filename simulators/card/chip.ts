/**
 * How far a presentation has come: `idle` nothing but polling, `selected` the terminal speaks to an application,
 * `refused` GET PROCESSING OPTIONS was answered by “see phone”, `answered` it was answered with data, `finished` every
 * record that the card offered has been read.
 */
export type Stage = 'idle' | 'selected' | 'refused' | 'answered' | 'finished';

/** What sits in the field for one presentation. */
export interface Chip {
  readonly atr: Buffer;
  /** A card that a terminal knows by its ATR alone and need not speak to. */
  readonly mute: boolean;
  /** Power on or reset: a new session. */
  reset(): void;
  /** Answers one command; undefined: the card is gone before it answers; `silent`: it stays and never answers. */
  answer(command: Buffer): Buffer | undefined | 'silent';
  stage(): Stage;
}

/** Status words of ISO/IEC 7816-4 that the cards use. */
export const sw = {
  ok: '9000',
  wrongLength: '6700',
  conditions: '6985',
  seePhone: '6986',
  noFunction: '6A81',
  noFile: '6A82',
  noRecord: '6A83',
  badParameters: '6A86',
  noData: '6A88',
  noInstruction: '6D00',
  noClass: '6E00',
} as const;

/** A command APDU cut into its parts (ISO/IEC 7816-4, short lengths). */
export interface Command {
  readonly cla: number;
  readonly ins: number;
  readonly p1: number;
  readonly p2: number;
  readonly data: Buffer;
}

/** Reads a short command APDU; undefined when its length field does not fit. */
export function readCommand(apdu: Buffer): Command | undefined {
  const [cla, ins, p1, p2, lc] = apdu;
  if (cla === undefined || ins === undefined || p1 === undefined || p2 === undefined) return undefined;
  if (lc === undefined || apdu.length === 5) return { cla, ins, p1, p2, data: Buffer.alloc(0) };
  const rest = apdu.length - 5 - lc;
  if (rest !== 0 && rest !== 1) return undefined;
  return { cla, ins, p1, p2, data: apdu.subarray(5, 5 + lc) };
}

/** FF CA 00 00: the reader's own command for the card's identifier (PC/SC part 3, 3.2.2.1.3). */
export function isUidCommand(command: Command): boolean {
  return command.cla === 0xff && command.ins === 0xca;
}
