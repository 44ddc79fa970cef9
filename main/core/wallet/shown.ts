import { currencyNumber, type Money, minorDigits } from '../../../contract/money.ts';
import { z } from '../../../contract/schema.ts';

/** Printable ASCII: what every wallet reads the same way. */
const text = (most: number) => z.string().regex(new RegExp(`^[\\x20-\\x7e]{1,${most}}$`));

/** What a code that customers scan says of the merchant (EMV QRCPS Merchant-Presented Mode, clause 4). */
export const ShownCode = z.strictObject({
  /** Whose money it is: the account that the payment is owed on, and the words on the receipt. */
  scheme: z.string().regex(/^[a-z0-9-]{1,20}$/),
  /** How long the customer has, from the bank's knowing of the order on. */
  validMs: z.int().min(1_000).max(3_600_000),
  /** Merchant account information, IDs 26 to 51: globally unique identifier (00) and the merchant under it (01). */
  account: z.strictObject({ id: z.string().regex(/^(2[6-9]|[34]\d|5[01])$/), guid: text(32), merchant: text(32) }),
  category: z.string().regex(/^\d{4}$/),
  country: z.string().regex(/^[A-Z]{2}$/),
  name: text(25),
  city: text(15),
});
export type ShownCode = z.infer<typeof ShownCode>;

/** One data object: two digits of ID, two of length in characters, the value. A template is a list of them. */
export type DataObject = readonly [id: string, value: string | readonly DataObject[]];

/** An order as it stands in the code. */
export interface Order {
  readonly amount: Money;
  /** By which the bank knows it: the RRN of the payment. */
  readonly reference: string;
  readonly terminal: string;
}

/** The text of the QR code for one order: dynamic (01 = 12), with amount and reference. @throws RangeError */
export function composeShown(shown: ShownCode, order: Order): string {
  const { id, guid, merchant } = shown.account;
  return encodeCode([
    ['00', '01'],
    ['01', '12'],
    [
      id,
      [
        ['00', guid],
        ['01', merchant],
      ],
    ],
    ['52', shown.category],
    ['53', currencyNumber(order.amount.currency)],
    ['54', amountText(order.amount)],
    ['58', shown.country],
    ['59', shown.name],
    ['60', shown.city],
    [
      '62',
      [
        ['05', order.reference],
        ['07', order.terminal.trimEnd()],
      ],
    ],
  ]);
}

/** Data objects in the order given, closed by the CRC (63). Lengths count characters, the CRC runs over UTF-8 bytes. @throws RangeError */
export function encodeCode(objects: readonly DataObject[]): string {
  const body = `${objects.map(encode).join('')}6304`;
  return body + crc16(Buffer.from(body, 'utf8'));
}

function encode([id, value]: DataObject): string {
  const content = typeof value === 'string' ? value : value.map(encode).join('');
  const length = [...content].length;
  if (!/^\d{2}$/.test(id) || length < 1 || length > 99)
    throw new RangeError(`data object ${id} of ${length} characters`);
  return id + String(length).padStart(2, '0') + content;
}

/** Major units with a point and no thousands, as ID 54 wants it. */
function amountText({ minor, currency }: Money): string {
  const places = minorDigits(currency);
  const digits = String(minor).padStart(places + 1, '0');
  return places === 0 ? digits : `${digits.slice(0, -places)}.${digits.slice(-places)}`;
}

/** CRC-16/CCITT-FALSE: polynomial 1021, start FFFF, not reflected (ISO/IEC 13239 as EMV QRCPS 4.7.3 uses it). */
export function crc16(bytes: Uint8Array): string {
  let crc = 0xffff;
  for (const byte of bytes) {
    crc ^= byte << 8;
    for (let bit = 0; bit < 8; bit++) crc = crc & 0x8000 ? ((crc << 1) ^ 0x1021) & 0xffff : crc << 1;
  }
  return crc.toString(16).toUpperCase().padStart(4, '0');
}
