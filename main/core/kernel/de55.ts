import { concat } from './bytes.ts';
import { encode } from './tlv.ts';

/** Data objects of field 55 in their order; never the PAN or track data. */
const order = [
  '9F26',
  '9F27',
  '9F10',
  '9F37',
  '9F36',
  '95',
  '9A',
  '9C',
  '9F02',
  '5F2A',
  '82',
  '9F1A',
  '9F03',
  '9F33',
  '9F34',
  '9F35',
  '9F1E',
  '84',
  '9F09',
  '9F41',
  '5F34',
] as const;

/** Field 55 of ISO 8583: the objects that are there, as TLV. At most 255 bytes with card data of valid lengths. */
export function iccField(values: ReadonlyMap<string, Uint8Array>): Uint8Array {
  return concat(
    ...order.map((tag) => {
      const value = values.get(tag);
      return value ? encode(tag, value) : new Uint8Array();
    }),
  );
}
