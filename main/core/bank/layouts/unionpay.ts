import { layoutOf } from '../codec.ts';
import { PACKED } from '../encodings.ts';
import { declare, type Field } from '../fields.ts';

const field = declare('ISO 8583:1987 clause 4.3, bit', { fixed: 'left', variable: 'right' });

/** UnionPay terminals write the entry mode to the left of its pad nibble. */
const leftAligned = (entry: Field): Field => ({ ...entry, pad: 'right' });

/** The fields of the dialect `unionpay`: packed BCD, binary bitmap, currency in characters, no field above 64. */
export const UNIONPAY = layoutOf(
  [
    field(3, 'processing code', 'n', 6),
    field(4, 'amount, transaction', 'n', 12),
    field(11, 'systems trace audit number', 'n', 6),
    field(12, 'time, local transaction', 'n', 6),
    field(13, 'date, local transaction', 'n', 4),
    field(14, 'date, expiration', 'n', 4),
    field(15, 'date, settlement', 'n', 4),
    leftAligned(field(22, 'point of service entry mode', 'n', 3)),
    field(23, 'card sequence number', 'n', 3),
    field(25, 'point of service condition code', 'n', 2),
    field(32, 'acquiring institution identification code', 'n', 11, 2),
    field(37, 'retrieval reference number', 'an', 12),
    field(38, 'authorization identification response', 'an', 6),
    field(39, 'response code', 'an', 2),
    field(41, 'card acceptor terminal identification', 'ans', 8),
    field(42, 'card acceptor identification code', 'ans', 15),
    field(44, 'additional response data', 'ans', 25, 2),
    field(48, 'settlement totals', 'n', 322, 3),
    field(49, 'currency code, transaction', 'an', 3),
    field(55, 'ICC data', 'b', 255, 3),
    field(57, 'sealed card data', 'ans', 999, 3),
    field(59, 'wallet code', 'ans', 999, 3),
    field(60, 'message type, batch, network code', 'n', 17, 3),
    field(61, 'original batch, STAN, date', 'n', 29, 3),
    field(62, 'session key block', 'b', 512, 3),
    field(63, 'operator', 'ans', 163, 3),
    field(64, 'message authentication code', 'b', 8),
  ],
  PACKED,
);
