import type { Core } from '../core.ts';
import { type Read, readOnce } from '../devices/test.ts';
import { untilInterrupted, WAIT_SECONDS, waitMs } from './interrupt.ts';
import { failed, type Result, sentence } from './result.ts';
import { untilReader } from './sale.ts';

/** Waits for one card and tells all that it says; no payment. */
export async function readCardOnce(core: Core, wait: string, tell: (text: string) => void): Promise<Result> {
  const ms = waitMs(wait);
  if (ms === undefined) return failed('input-invalid', WAIT_SECONDS);
  await untilReader(core);
  const { readers } = core.world.devices;
  if (readers.state.status !== 'ready') {
    return failed(readers.state.status === 'no-daemon' ? 'reader-daemon-absent' : 'no-reader', 'no reader to tap on');
  }
  tell(sentence('prompt.present-card') ?? '');
  const read = await untilInterrupted((stop) => readOnce(core, ms, undefined, stop));
  if (!read) return failed('card-not-presented', 'no card came in time');
  return cardBody(read);
}

/** What `card read` answers: docs/terminal.md. */
export function cardBody({ outcome, choices }: Read): Result {
  if (outcome.kind === 'tag') return { body: { tag: { type: outcome.type, records: outcome.records } }, exit: 0 };
  if (outcome.kind === 'tap-again') return failed(outcome.reason, 'the card left before it was read');
  if (outcome.kind === 'refused') return failed(outcome.reason, outcome.detail);
  const { card } = outcome;
  if (!card)
    return failed(outcome.kind === 'declined' ? outcome.reason : 'card-data-invalid', 'the card gave nothing to show');
  const { sealed: _, token: __, iccData: ___, ...shown } = card;
  const { reason = null, detail = null } = outcome.kind === 'declined' ? outcome : {};
  const asked = choices.length > 0 ? { choices } : {};
  return { body: { card: { ...shown, decision: outcome.kind, reason, detail, ...asked } }, exit: 0 };
}
