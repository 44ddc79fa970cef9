import { hex, readDol, tlv, toHex } from '../card/tlv.ts';

/** Bytes in, bytes out; undefined when the card has left. */
export type Speak = (command: Uint8Array) => Promise<Uint8Array | undefined>;

/** What a payment needs of a card, in clear: it never leaves the reader. */
export interface Card {
  readonly scheme: 'unionpay' | 'visa';
  readonly kernel: 3 | 7;
  readonly aid: string;
  readonly label: string;
  /** All data objects that the card sent, by tag; hex. */
  readonly data: ReadonlyMap<string, string>;
}

/** How a dialogue ended that brought no cryptogram. */
export interface NoCard {
  readonly end: 'torn' | 'see-phone' | 'not-a-payment-card' | 'no-supported-application' | 'card-data-invalid';
}

const PPSE = '325041592E5359532E4444463031';
const rids = { A000000333: ['unionpay', 7], A000000003: ['visa', 3] } as const;

/** Primitive data objects of BER-TLV at any depth, in order. The cards here are simulated ones and well formed. */
function primitives(bytes: Buffer): [string, string][] {
  const found: [string, string][] = [];
  let at = 0;
  while (at < bytes.length) {
    const start = at;
    const constructed = ((bytes[at] ?? 0) & 0x20) !== 0;
    const long = ((bytes[at++] ?? 0) & 0x1f) === 0x1f;
    if (long) while (((bytes[at++] ?? 0) & 0x80) !== 0);
    const tag = toHex(bytes.subarray(start, at));
    let length = bytes[at++] ?? 0;
    if (length > 0x80) {
      const size = length - 0x80;
      length = bytes.readUIntBE(at, size);
      at += size;
    }
    const value = bytes.subarray(at, at + length);
    if (constructed) found.push(...primitives(value));
    else found.push([tag, toHex(value)]);
    at += length;
  }
  return found;
}

/** One command; `done` is what came with 9000. */
async function ask(speak: Speak, command: string) {
  const answer = await speak(hex(command));
  if (answer === undefined || answer.length < 2) return { torn: true } as const;
  const bytes = Buffer.from(answer);
  const status = toHex(bytes.subarray(-2));
  return { torn: false, status, body: bytes.subarray(0, -2) } as const;
}

function withLength(data: string): string {
  return (data.length / 2).toString(16).padStart(2, '0') + data;
}

/** Fills a data object list with what the terminal says; zeros for what it does not. */
function filled(dol: string, terminal: ReadonlyMap<string, string>): string {
  return readDol(hex(dol))
    .map(({ tag, length }) => (terminal.get(tag) ?? '').padStart(length * 2, '0').slice(-length * 2))
    .join('');
}

/** Leads a card of kernels 3 and 7 from its directory to its cryptogram. */
export async function readCard(speak: Speak, terminal: ReadonlyMap<string, string>): Promise<Card | NoCard> {
  const directory = await ask(speak, `00A40400${withLength(PPSE)}00`);
  if (directory.torn) return { end: 'torn' };
  if (directory.status !== '9000') return { end: 'not-a-payment-card' };
  const aid = primitives(directory.body).find(
    ([tag, value]) => tag === '4F' && Object.hasOwn(rids, value.slice(0, 10)),
  );
  if (aid === undefined) return { end: 'no-supported-application' };
  const [scheme, kernel] = rids[aid[1].slice(0, 10) as keyof typeof rids];
  const selected = await ask(speak, `00A40400${withLength(aid[1])}00`);
  if (selected.torn) return { end: 'torn' };
  const fci = new Map(primitives(selected.body));
  const pdol = tlv('83', hex(filled(fci.get('9F38') ?? '', terminal)));
  const options = await ask(speak, `80A80000${withLength(toHex(pdol))}00`);
  if (options.torn) return { end: 'torn' };
  if (options.status === '6986') return { end: 'see-phone' };
  if (options.status !== '9000') return { end: 'card-data-invalid' };
  const data = new Map([...fci, ...primitives(options.body)]);
  const locator = hex(data.get('94') ?? '');
  for (let at = 0; at + 4 <= locator.length; at += 4) {
    const [file = 0, first = 0, last = 0] = locator.subarray(at, at + 3);
    for (let record = first; record <= last; record++) {
      const answer = await ask(speak, toHex(Buffer.of(0x00, 0xb2, record, file | 4, 0x00)));
      if (answer.torn) return { end: 'torn' };
      for (const [tag, value] of primitives(answer.body)) data.set(tag, value);
    }
  }
  const whole = ['9F26', '9F36', '9F10', '82', '5A', '57', '5F24'].every((tag) => data.has(tag));
  if (!whole) return { end: 'card-data-invalid' };
  const label = Buffer.from(fci.get('50') ?? '', 'hex').toString('latin1');
  return { scheme, kernel, aid: aid[1], label: label.slice(0, 16) || scheme, data };
}
