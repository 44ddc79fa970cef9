import { status, statusText } from './apdu.ts';
import { sameBytes } from './bytes.ts';
import { type Channel, done, type Ended, end, refuse, type Step } from './channel.ts';
import type { CardConfig } from './config.ts';
import type { TapContext } from './context.ts';
import { type Generated, generateCryptogram } from './generate.ts';
import { processingOptions } from './gpo.ts';
import { limitsOf, type Risk, riskOf } from './limits.ts';
import type { CardRequest, Vault } from './outcome.ts';
import { readRecords } from './records.ts';
import { type Candidate, choicesOf, holderChooses, readDirectory, type Selected, selectApplication } from './select.ts';
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
  /** Data objects of GPO and records, and of GENERATE AC, by tag. */
  readonly data: ReadonlyMap<string, Uint8Array>;
  /** The exchange that brought each of them first. */
  readonly sources: ReadonlyMap<string, string>;
  readonly signed: Uint8Array | undefined;
  readonly terminal: TerminalData;
  readonly risk: Risk;
  /** Kernel 2: the answer to GENERATE AC. */
  readonly generated?: Generated;
}

/** What a dialogue is led with. */
export interface Tap {
  readonly request: CardRequest;
  readonly config: CardConfig;
  readonly vault: Vault;
  readonly context: TapContext;
}

/** Puts the card's data together; a tag that came twice with two values is a contradiction, and named. */
function merge(objects: Iterable<readonly [string, Uint8Array]>): ReadonlyMap<string, Uint8Array> | string {
  const data = new Map<string, Uint8Array>();
  for (const [tag, value] of objects) {
    const before = data.get(tag);
    if (before && !sameBytes(before, value)) return tag;
    data.set(tag, value);
  }
  return data;
}

function objects(nodes: readonly Tlv[]): [string, Uint8Array][] {
  return leaves(nodes).map(({ tag, value }) => [tag, value]);
}

/** A card that states amount, currency, date or another of the terminal's own data otherwise than the terminal. */
function contradiction(data: ReadonlyMap<string, Uint8Array>, terminal: TerminalData): string | undefined {
  for (const [tag, value] of terminal) {
    const stated = data.get(tag);
    if (stated && !sameBytes(stated, value)) return tag;
  }
  return undefined;
}

/** Data that fits together and to what was asked for, or the end. */
function agreed(
  all: readonly (readonly [string, Uint8Array])[],
  terminal: TerminalData,
): Step<ReadonlyMap<string, Uint8Array>> {
  const data = merge(all);
  if (typeof data === 'string') return refuse('card-data-invalid', `${data} came with two values`);
  const against = contradiction(data, terminal);
  return against ? refuse('card-data-invalid', `${against} is not what was asked for`) : done(data);
}

/** Which exchange brought a data object first. */
function sourcesOf(
  parts: readonly { readonly command: string; readonly nodes: readonly Tlv[] }[],
): ReadonlyMap<string, string> {
  const found = parts.flatMap(({ command, nodes }) => leaves(nodes).map(({ tag }) => [tag, command] as const));
  return new Map(found.reverse());
}

type Out = { readonly out: { readonly ok: false; readonly end: Ended } };

/** How the last candidate fell out decides what the cashier is told. */
function noneLeft(code: number, command: string): { readonly ok: false; readonly end: Ended } {
  const detail = `${command}: ${statusText(code)}`;
  if (command === 'GPO') return refuse('use-another-interface', detail);
  return refuse(code === status.blocked ? 'application-blocked' : 'no-supported-application', detail);
}

const EMV_MODE = 0x80;

/** A draw from 1 to 99 for the random selection; 100, never chosen, without a source. */
function draw({ random }: TapContext): number {
  if (!random) return 100;
  const [high = 0, low = 0] = random(2);
  return 1 + ((high * 256 + low) % 99);
}

async function finish(channel: Channel, selected: Selected, tap: Tap): Promise<Step<Said | Out>> {
  const { request, config, vault, context } = tap;
  const { candidate, dedicatedName, nodes } = selected;
  const { application } = candidate;
  const program = leaves(nodes).find((leaf) => leaf.tag === '9F5A')?.value;
  const limits = limitsOf(config, application, program);
  if (request.amount.minor > Math.max(limits.transaction, limits.deviceTransaction)) {
    return done({ out: refuse('amount-above-limit', "above the application's contactless limit") });
  }
  const risk = riskOf(request, config, limits, draw(context));
  const terms = { request, config, application, limits, risk };
  const terminal = terminalData(terms);
  const options = await processingOptions(channel, selected, terminal);
  if (!options.ok) return options;
  if ('out' in options.value) return done({ out: noneLeft(options.value.out, 'GPO') });
  const { profile } = options.value;
  if (application.kernel === 2 && (profile[1]! & EMV_MODE) === 0) {
    return refuse('mag-stripe-mode', 'the card does magnetic-stripe mode only');
  }
  const records = await readRecords(channel, options.value.locator);
  if (!records.ok) return records;
  const data = agreed([...objects(options.value.nodes), ...objects(records.value.nodes)], terminal);
  if (!data.ok) return data;
  const { signed } = records.value;
  const sources = sourcesOf([{ command: 'GPO', nodes: options.value.nodes }, ...records.value.sources]);
  const said = { candidate, dedicatedName, fci: nodes, profile, sources, signed, risk };
  if (application.kernel !== 2) return done({ ...said, data: data.value, terminal });
  const known = { aid: candidate.aid, options: options.value, data: data.value, signed };
  const ready = { ...known, terms, terminal, context, vault };
  const generated = await generateCryptogram(channel, ready);
  if (!generated.ok) return generated;
  const { answer, terminal: sent } = generated.value;
  const all = agreed([...data.value, ...answer.data], sent);
  return all.ok ? done({ ...said, data: all.value, terminal: sent, generated: generated.value }) : all;
}

/** All exchanges with a card, from its directory to its last answer. Applications that drop out make room for the next. */
export async function converse(channel: Channel, atr: Uint8Array, tap: Tap): Promise<Step<Said>> {
  const directory = await readDirectory(channel, atr, tap.config.cards, tap.request.chosen);
  if (!directory.ok) return directory;
  let last = noneLeft(status.notFound, 'SELECT');
  for (const [at, candidate] of directory.value.entries()) {
    const left = directory.value.slice(at);
    if (tap.request.chosen === undefined && holderChooses(left, tap.config.cards)) {
      return end({ kind: 'choose', choices: choicesOf(left) });
    }
    const selected = await selectApplication(channel, candidate);
    if (!selected.ok) return selected;
    if ('out' in selected.value) {
      last = noneLeft(selected.value.out, 'SELECT');
      continue;
    }
    const said = await finish(channel, selected.value, tap);
    if (!said.ok) return said;
    if (!('out' in said.value)) return done(said.value);
    last = said.value.out;
  }
  return last;
}
