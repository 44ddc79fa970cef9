/** What a wallet reads in a code that a merchant shows (EMV QRCPS, Merchant-Presented Mode). */
export interface ShownOrder {
  readonly merchant: string;
  readonly terminal: string;
  readonly reference: string;
  /** Minor units. */
  readonly amount: number;
  /** ISO 4217 digits. */
  readonly currency: string;
}

/** Currencies without minor units (ISO 4217 table A.1). */
const whole: ReadonlySet<string> = new Set(['392', '410']);

/** CRC-16/CCITT-FALSE over UTF-8, by one table-free step a bit. */
function crc(text: string): string {
  let register = 0xffff;
  for (const byte of Buffer.from(text, 'utf8')) {
    for (let bit = 7; bit >= 0; bit--) {
      const feed = ((register >> 15) ^ (byte >> bit)) & 1;
      register = ((register << 1) & 0xffff) ^ (feed ? 0x1021 : 0);
    }
  }
  return register.toString(16).toUpperCase().padStart(4, '0');
}

/** Data objects by their ID; undefined when lengths do not add up or an ID comes twice. */
export function dataObjects(text: string): ReadonlyMap<string, string> | undefined {
  const found = new Map<string, string>();
  const characters = [...text];
  for (let at = 0; at < characters.length; ) {
    const head = characters.slice(at, at + 4).join('');
    const length = Number(head.slice(2));
    if (!/^\d{4}$/.test(head) || length === 0 || at + 4 + length > characters.length) return undefined;
    const id = head.slice(0, 2);
    if (found.has(id)) return undefined;
    found.set(id, characters.slice(at + 4, at + 4 + length).join(''));
    at += 4 + length;
  }
  return found;
}

function minorOf(text: string, currency: string): number | undefined {
  const match = /^(\d{1,10})(?:\.(\d{1,2}))?$/.exec(text);
  if (match === null) return undefined;
  if (whole.has(currency)) return match[2] === undefined ? Number(match[1]) : undefined;
  return Number((match[1] ?? '') + (match[2] ?? '').padEnd(2, '0'));
}

/** Reads a shown code, or says what is wrong with it. */
export function readShown(text: string): ShownOrder | string {
  if (!text.startsWith('000201')) return 'not a merchant-presented code';
  if (crc(text.slice(0, -4)) !== text.slice(-4) || text.slice(-8, -4) !== '6304') return 'the CRC does not fit';
  const objects = dataObjects(text);
  if (objects === undefined) return 'the lengths do not add up';
  const account = [...objects].find(([id]) => Number(id) >= 26 && Number(id) <= 51)?.[1];
  const more = dataObjects(objects.get('62') ?? '');
  const currency = objects.get('53') ?? '';
  const amount = minorOf(objects.get('54') ?? '', currency);
  const merchant = dataObjects(account ?? '')?.get('01');
  const reference = more?.get('05');
  if (objects.get('01') !== '12') return 'not a code for one payment';
  if (amount === undefined || amount === 0) return 'no amount';
  if (merchant === undefined || reference === undefined) return 'merchant or reference is missing';
  return { merchant, terminal: more?.get('07') ?? '', reference, amount, currency };
}
