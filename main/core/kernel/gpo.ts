import { optionsCommand, status, statusText } from './apdu.ts';
import { type Channel, done, end, refuse, type Step } from './channel.ts';
import { fillDol, readDol } from './dol.ts';
import { type FileEntry, neededForCda, readLocator } from './records.ts';
import type { Selected } from './select.ts';
import type { TerminalData } from './terminal.ts';
import { decode, find, type Tlv } from './tlv.ts';

/** Application interchange profile, byte 1 (EMV Book 3 annex C1). */
const CDA_SUPPORTED = 0x01;

/** What GET PROCESSING OPTIONS told. */
export interface Options {
  /** Application interchange profile, two bytes (tag 82). */
  readonly profile: Uint8Array;
  readonly locator: readonly FileEntry[];
  /** The data objects beside them. Empty for format 80. */
  readonly nodes: readonly Tlv[];
  /** What was sent as PDOL data. */
  readonly pdolData: Uint8Array;
}

function parts(data: Uint8Array): { profile: Uint8Array; locator: Uint8Array; nodes: readonly Tlv[] } | string {
  const read = decode(data);
  if (!read.ok) return `TLV ${read.code}`;
  const [only, ...more] = read.nodes;
  if (!only || more.length > 0) return 'not one template';
  if (only.tag === '80') {
    return only.value.length < 6
      ? 'format 80 too short'
      : { profile: only.value.slice(0, 2), locator: only.value.slice(2), nodes: [] };
  }
  if (only.tag !== '77' || !only.children) return 'neither template 77 nor 80';
  const profile = find(only.children, '82')?.value;
  if (profile?.length !== 2) return 'no application interchange profile';
  return { profile, locator: find(only.children, '94')?.value ?? new Uint8Array(), nodes: only.children };
}

/**
 * Starts the payment on the card (EMV Book 3, 10.1). For kernels 3 and 7 the PDOL must ask for the terminal's qualifiers
 * (9F66), else contactless ends; a card of kernel 2 may ask for nothing. 6985 drops the candidate, 6986 sends the customer to the phone's screen.
 */
export async function processingOptions(
  channel: Channel,
  selected: Selected,
  terminal: TerminalData,
): Promise<Step<Options | { readonly out: number }>> {
  const list = readDol(selected.pdol);
  if (!list.ok) return refuse('card-data-invalid', `PDOL: ${list.code}`);
  const { kernel } = selected.candidate.application;
  if (kernel !== 2 && !list.entries.some((entry) => entry.tag === '9F66')) {
    return refuse('use-another-interface', 'the PDOL asks for no terminal qualifiers');
  }
  const pdolData = fillDol(list.entries, terminal);
  const answer = await channel.send('GPO', optionsCommand(pdolData));
  if (!answer.ok) return answer;
  switch (answer.value.status) {
    case status.ok:
      break;
    case status.conditions:
      return done({ out: status.conditions });
    case status.seePhone:
      return end({ kind: 'tap-again', reason: 'see-phone' });
    case status.anotherInterface:
      return refuse('use-another-interface', `GPO: ${statusText(answer.value.status)}`);
    default:
      return refuse('card-data-invalid', `GPO: ${statusText(answer.value.status)}`);
  }
  const read = parts(answer.value.data);
  if (typeof read === 'string') return refuse('card-data-invalid', `GPO: ${read}`);
  const cda = kernel === 2 && (read.profile[0]! & CDA_SUPPORTED) !== 0;
  const locator = readLocator(cda ? neededForCda(read.locator) : read.locator);
  if (!locator) return refuse('card-data-invalid', 'GPO: bad file locator');
  return done({ profile: read.profile, locator, nodes: read.nodes, pdolData });
}
