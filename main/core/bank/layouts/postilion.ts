import { layoutOf } from '../codec.ts';
import { BINARY_BITMAP, CHARACTERS, type Encodings, RAW } from '../encodings.ts';
import { declare } from '../fields.ts';

const outer = declare('ISO 8583:1987 clause 4.3, bit');
const inner = declare('Postilion private field 127, bit');

/** Digits as characters, bitmaps and bytes as they are. */
const MIXED: Encodings = {
  ...CHARACTERS,
  bitmap: BINARY_BITMAP,
  formats: { ...CHARACTERS.formats, b: RAW },
};

/** A Postilion message as far as its network management goes; DE 127 holds a bitmap and fields of its own. */
export const POSTILION = layoutOf(
  [
    outer(3, 'processing code', 'n', 6),
    outer(7, 'transmission date and time', 'n', 10),
    outer(11, 'systems trace audit number', 'n', 6),
    outer(12, 'time, local transaction', 'n', 6),
    outer(13, 'date, local transaction', 'n', 4),
    outer(39, 'response code', 'an', 2),
    outer(41, 'card acceptor terminal identification', 'ans', 8),
    outer(127, 'private fields', 'b', 8000, 6),
  ],
  MIXED,
);

/** The inside of a Postilion DE 127. */
export const POSTILION_127 = layoutOf([inner(2, 'switch key', 'ans', 32, 2), inner(25, 'ICC data', 'ans', 8000, 4)], {
  indicator: MIXED.indicator,
  bitmap: MIXED.bitmap,
  formats: MIXED.formats,
});
