import { status, statusText } from './apdu.ts';
import { sameBytes } from './bytes.ts';
import { type Channel, done, type Ended, refuse, type Step } from './channel.ts';
import type { CardConfig } from './config.ts';
import { processingOptions } from './gpo.ts';
import type { CardRequest } from './outcome.ts';
import { readRecords } from './records.ts';
import { type Candidate, readDirectory, type Selected, selectApplication } from './select.ts';
import { type TerminalData, terminalData } from './terminal.ts';
import { leaves, type Tlv } from './tlv.ts';

/** Everything a card said in one complete dialogue. */
export interface Said {
  readonly candidate: Candidate;
  readonly dedicatedName: Uint8Array;
  /** Data objects that the card's directory entry and FCI carry. */
  readonly fci: readonly Tlv[];
  /** Application interchange profile (tag 82). */
  readonly profile: Uint8Array;
  /** Data objects of GPO and records, by tag. */
  readonly data: ReadonlyMap<string, Uint8Array>;
  readonly signed: Uint8Array | undefined;
  readonly terminal: TerminalData;
}

/** Puts the card's data together; a tag that came twice with two values is a contradiction, and named. */
function merge(nodes: readonly Tlv[]): ReadonlyMap<string, Uint8Array> | string {
  const data = new Map<string, Uint8Array>();
  for (const { tag, value } of leaves(nodes)) {
    const before = data.get(tag);
    if (before && !sameBytes(before, value)) return tag;
    data.set(tag, value);
  }
  return data;
}

/** A card that states amount, currency, date or another of the terminal's own data otherwise than the terminal. */
function contradiction(data: ReadonlyMap<string, Uint8Array>, terminal: TerminalData): string | undefined {
  for (const [tag, value] of terminal) {
    const stated = data.get(tag);
    if (stated && !sameBytes(stated, value)) return tag;
  }
  return undefined;
}

/** How the last candidate fell out decides what the cashier is told. */
function noneLeft(code: number, command: string): { readonly ok: false; readonly end: Ended } {
  const detail = `${command}: ${statusText(code)}`;
  if (command === 'GPO') return refuse('use-another-interface', detail);
  return refuse(code === status.blocked ? 'application-blocked' : 'no-supported-application', detail);
}

async function finish(
  channel: Channel,
  selected: Selected,
  terminal: TerminalData,
): Promise<Step<Said | { out: number }>> {
  const options = await processingOptions(channel, selected, terminal);
  if (!options.ok) return options;
  if ('out' in options.value) return done(options.value);
  const records = await readRecords(channel, options.value.locator);
  if (!records.ok) return records;
  const data = merge([...options.value.nodes, ...records.value.nodes]);
  if (typeof data === 'string') return refuse('card-data-invalid', `${data} came with two values`);
  const against = contradiction(data, terminal);
  if (against) return refuse('card-data-invalid', `${against} is not what was asked for`);
  const { candidate, dedicatedName, nodes } = selected;
  const { profile } = options.value;
  return done({ candidate, dedicatedName, fci: nodes, profile, data, signed: records.value.signed, terminal });
}

/** All exchanges with a card, from its directory to its last record. Applications that drop out make room for the next. */
export async function converse(
  channel: Channel,
  atr: Uint8Array,
  request: CardRequest,
  config: CardConfig,
): Promise<Step<Said>> {
  const directory = await readDirectory(channel, atr, config.cards.applications);
  if (!directory.ok) return directory;
  let last = noneLeft(status.notFound, 'SELECT');
  for (const candidate of directory.value) {
    const selected = await selectApplication(channel, candidate);
    if (!selected.ok) return selected;
    if ('out' in selected.value) {
      last = noneLeft(selected.value.out, 'SELECT');
      continue;
    }
    const said = await finish(channel, selected.value, terminalData(request, config, candidate.application));
    if (!said.ok) return said;
    if (!('out' in said.value)) return done(said.value);
    last = noneLeft(said.value.out, 'GPO');
  }
  return last;
}
