import { recordCommand, status, statusText } from './apdu.ts';
import { concat, hex, unhex } from './bytes.ts';
import { type Channel, done, refuse, type Step } from './channel.ts';
import { decode, type Tlv } from './tlv.ts';

/** One entry of the application file locator (EMV Book 3, 10.2). */
export interface FileEntry {
  readonly file: number;
  readonly first: number;
  readonly last: number;
  /** How many of its records, from the first, are signed. */
  readonly signed: number;
}

/** More records than any card keeps for a tap. */
const MOST_RECORDS = 48;

/** Reads an AFL; undefined when it is not a valid one. */
export function readLocator(bytes: Uint8Array): readonly FileEntry[] | undefined {
  if (bytes.length % 4 !== 0) return undefined;
  const entries: FileEntry[] = [];
  for (let at = 0; at < bytes.length; at += 4) {
    const [head, first, last, signed] = [bytes[at]!, bytes[at + 1]!, bytes[at + 2]!, bytes[at + 3]!];
    const file = head >> 3;
    if ((head & 7) !== 0 || file < 1 || file > 30) return undefined;
    if (first < 1 || last < first || signed > last - first + 1) return undefined;
    entries.push({ file, first, last, signed });
  }
  const records = entries.reduce((sum, entry) => sum + entry.last - entry.first + 1, 0);
  return records > MOST_RECORDS ? undefined : entries;
}

/**
 * The layout of kernel 2 cards: a magnetic-stripe record first, a record for static signatures second to last. Neither
 * is needed in EMV mode with CDA, and each would cost the customer an exchange.
 */
const MASTERCARD_LAYOUT = '08010100100101011801020020010200';
const MASTERCARD_NEEDED = '100101011801010020010200';

/** The part of a kernel 2 locator that EMV mode with CDA needs. Records that are signed are never left out. */
export function neededForCda(bytes: Uint8Array): Uint8Array {
  return hex(bytes) === MASTERCARD_LAYOUT ? unhex(MASTERCARD_NEEDED) : bytes;
}

export interface Records {
  /** The data objects of all records, in order. */
  readonly nodes: readonly Tlv[];
  /** The data objects of each record, by the command that read it. */
  readonly sources: readonly { readonly command: string; readonly nodes: readonly Tlv[] }[];
  /**
   * Static data to be authenticated (Book 3, 10.3): of each signed record the value of template 70 for files 1 to 10, the
   * whole record for others. Undefined when a signed record cannot be authenticated.
   */
  readonly signed: Uint8Array | undefined;
}

/** READ RECORD for every record that the AFL names. */
export async function readRecords(channel: Channel, entries: readonly FileEntry[]): Promise<Step<Records>> {
  const sources: { command: string; nodes: readonly Tlv[] }[] = [];
  const signed: Uint8Array[] = [];
  let authentic = true;
  for (const { file, first, last, signed: count } of entries) {
    for (let record = first; record <= last; record++) {
      const command = `READ RECORD ${file}.${record}`;
      const answer = await channel.send(command, recordCommand(file, record));
      if (!answer.ok) return answer;
      const where = `record ${file}.${record}`;
      if (answer.value.status !== status.ok) {
        return refuse('card-data-invalid', `${where}: ${statusText(answer.value.status)}`);
      }
      const read = decode(answer.value.data);
      if (!read.ok) return refuse('card-data-invalid', `${where}: TLV ${read.code}`);
      const template = read.nodes.length === 1 && read.nodes[0]?.tag === '70' ? read.nodes[0] : undefined;
      if (file <= 10 && !template) return refuse('card-data-invalid', `${where}: no template 70`);
      sources.push({ command, nodes: template?.children ?? read.nodes });
      if (record >= first + count) continue;
      if (template) signed.push(file <= 10 ? template.value : answer.value.data);
      else authentic = false;
    }
  }
  const nodes = sources.flatMap((source) => source.nodes);
  return done({ nodes, sources, signed: authentic ? concat(...signed) : undefined });
}
