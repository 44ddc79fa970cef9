import { PPSE, selectCommand, status, statusText } from './apdu.ts';
import { concat, hex, unhex } from './bytes.ts';
import { type Channel, done, refuse, type Step } from './channel.ts';
import type { CardApplication, CardRules } from './config.ts';
import type { Choice } from './outcome.ts';
import { entryLabel } from './shown.ts';
import { decode, find, type Tlv } from './tlv.ts';

/** An application that card and counter both know. */
export interface Candidate {
  /** The card's full AID, hex. */
  readonly aid: string;
  readonly application: CardApplication;
  /** 1 is best; 16 stands for none given. */
  readonly priority: number;
  /** What follows the AID in SELECT (extended selection, tag 9F29). */
  readonly extension?: Uint8Array;
  /** The card takes this application only when its holder has chosen it (tag 87, bit 8). */
  readonly confirm: boolean;
  /** What its holder is told of it. */
  readonly label: string;
}

/**
 * The kernel that a directory entry asks for (tag 9F2A, EMV Book B 3.3.2): 0 leaves it to the AID; undefined is one of a
 * domestic or unknown kind.
 */
function kernelAsked(entry: readonly Tlv[]): number | undefined {
  const value = find(entry, '9F2A')?.value;
  if (!value || value.length === 0) return 0;
  return value[0]! < 0x80 ? value[0]! & 0x3f : undefined;
}

const NO_PRIORITY = 16;

/** The counter's application with the longest matching AID, of the kernel asked for. */
function applicationFor(aid: string, kernel: number, applications: readonly CardApplication[]) {
  return applications
    .filter((application) => aid.startsWith(application.aid) && (kernel === 0 || application.kernel === kernel))
    .sort((a, b) => b.aid.length - a.aid.length)[0];
}

/** Candidates of a PPSE answer, best first; the card's order decides between equals (Book B 3.3.2). */
export function candidates(entries: readonly Tlv[], applications: readonly CardApplication[]): Candidate[] {
  const found: Candidate[] = [];
  for (const entry of entries) {
    if (entry.tag !== '61' || !entry.children) continue;
    const name = find(entry.children, '4F')?.value;
    const kernel = kernelAsked(entry.children);
    if (!name || name.length < 5 || name.length > 16 || kernel === undefined) continue;
    const aid = hex(name);
    const application = applicationFor(aid, kernel, applications);
    if (!application) continue;
    const indicator = find(entry.children, '87')?.value[0] ?? 0;
    const extension = application.extendedSelection ? find(entry.children, '9F29')?.value : undefined;
    if (extension && (extension.length === 0 || name.length + extension.length > 16)) continue;
    found.push({
      aid,
      application,
      priority: indicator & 0x0f || NO_PRIORITY,
      confirm: (indicator & 0x80) !== 0,
      label: entryLabel(entry.children, application.scheme),
      ...(extension ? { extension } : {}),
    });
  }
  return found.sort((a, b) => a.priority - b.priority);
}

/** Tells a card whose kernel is missing here from one that the counter does not take. Nothing of the card is quoted. */
function whyNone(entries: readonly Tlv[], applications: readonly CardApplication[]): string {
  const names = entries.flatMap((entry) => find(entry.children ?? [], '4F')?.value ?? []).map(hex);
  const known = applications.find((application) => names.some((name) => name.startsWith(application.aid)));
  return known
    ? `${known.scheme} (${known.aid}): no kernel for what the card asks`
    : `none of the card's ${names.length} applications is taken here`;
}

/** PC/SC part 3, 3.1.3.2.3.2: historical bytes of a storage card, which has no applications. */
const STORAGE_CARD = '804F0CA000000306';

/** A card without a directory: every application of the counter may be on it (Book 1, 12.3.3). */
function everyApplication(applications: readonly CardApplication[]): readonly Candidate[] {
  return applications.map((application) => ({
    aid: application.aid,
    application,
    priority: NO_PRIORITY,
    confirm: false,
    label: entryLabel([], application.scheme),
  }));
}

function nameOf({ aid, extension }: Candidate): string {
  return aid + hex(extension ?? new Uint8Array());
}

/**
 * Whether the card's holder must say which application pays, with the best of them first in `list`: where the card wants
 * the best one confirmed (Book 1, 12.4), or, if the rules say so, where it gives the best priority to more than one.
 */
export function holderChooses(list: readonly Candidate[], cards: CardRules): boolean {
  const best = list.filter(({ priority }) => priority === list[0]?.priority);
  if (best.some(({ confirm }) => confirm)) return true;
  return cards.chooseBetweenEquals === true && best.length > 1 && list[0]?.priority !== NO_PRIORITY;
}

/** The question for the card's holder. */
export function choicesOf(list: readonly Candidate[]): readonly Choice[] {
  return list.map((candidate) => ({ aid: nameOf(candidate), label: candidate.label }));
}

/** The one application that was chosen at an earlier tap, whatever the card says of it now. */
function chosenOf(list: readonly Candidate[], chosen: string): Step<readonly Candidate[]> {
  const found = list.filter((candidate) => nameOf(candidate) === chosen);
  return found.length > 0
    ? done(found.slice(0, 1).map((candidate) => ({ ...candidate, confirm: false })))
    : refuse('no-supported-application', 'the card does not hold the application that was chosen');
}

/** Asks the card for its contactless directory. `chosen`: the application that the customer chose. */
export async function readDirectory(
  channel: Channel,
  atr: Uint8Array,
  cards: CardRules,
  chosen: string | undefined,
): Promise<Step<readonly Candidate[]>> {
  if (hex(atr).includes(STORAGE_CARD)) return refuse('not-a-payment-card', 'a storage card');
  const answer = await channel.send('SELECT PPSE', selectCommand(PPSE));
  if (!answer.ok) return answer;
  if (answer.value.status === status.notFound && cards.withoutDirectory) {
    const all = everyApplication(cards.applications);
    return chosen === undefined ? done(all) : chosenOf(all, chosen);
  }
  if (answer.value.status !== status.ok) {
    return refuse('not-a-payment-card', `SELECT PPSE: ${statusText(answer.value.status)}`);
  }
  const read = decode(answer.value.data);
  if (!read.ok) return refuse('card-data-invalid', `SELECT PPSE: TLV ${read.code}`);
  if (!find(read.nodes, '6F')) return refuse('not-a-payment-card', 'SELECT PPSE: no file control information');
  const entries = find(read.nodes, '6F', 'A5', 'BF0C')?.children ?? [];
  const list = candidates(entries, cards.applications);
  if (list.length === 0) return refuse('no-supported-application', whyNone(entries, cards.applications));
  return chosen === undefined ? done(list) : chosenOf(list, chosen);
}

/** What SELECT told of an application. */
export interface Selected {
  readonly candidate: Candidate;
  readonly dedicatedName: Uint8Array;
  readonly pdol: Uint8Array;
  readonly nodes: readonly Tlv[];
}

/** `undefined` when this candidate falls out and the next has its turn. */
export async function selectApplication(
  channel: Channel,
  candidate: Candidate,
): Promise<Step<Selected | { readonly out: number }>> {
  const name = concat(unhex(candidate.aid), candidate.extension ?? new Uint8Array());
  const answer = await channel.send('SELECT', selectCommand(name));
  if (!answer.ok) return answer;
  if (answer.value.status !== status.ok) return done({ out: answer.value.status });
  const read = decode(answer.value.data);
  if (!read.ok) return refuse('card-data-invalid', `SELECT: TLV ${read.code}`);
  const dedicatedName = find(read.nodes, '6F', '84')?.value;
  if (!dedicatedName || !hex(dedicatedName).startsWith(candidate.aid) || dedicatedName.length > 16) {
    return refuse('card-data-invalid', 'SELECT: the name is not the one selected');
  }
  const pdol = find(read.nodes, '6F', 'A5', '9F38')?.value ?? new Uint8Array();
  return done({ candidate, dedicatedName, pdol, nodes: read.nodes });
}
