import { layoutOf } from '../codec.ts';
import { PACKED } from '../encodings.ts';
import { declare } from '../fields.ts';

const field = declare('ISO 8583:1987 clause 4.3, bit');

/** The fields of the dialect `countertap` (docs/bank-link.md, "Fields"): packed BCD, binary bitmaps; no other is accepted. */
export const COUNTERTAP = layoutOf(
  [
    field(3, 'processing code', 'n', 6),
    field(4, 'amount, transaction', 'n', 12),
    field(7, 'transmission date and time', 'n', 10),
    field(11, 'systems trace audit number', 'n', 6),
    field(12, 'time, local transaction', 'n', 6),
    field(13, 'date, local transaction', 'n', 4),
    field(14, 'date, expiration', 'n', 4),
    field(22, 'point of service entry mode', 'n', 3),
    field(23, 'card sequence number', 'n', 3),
    field(24, 'network international identifier', 'n', 3),
    field(25, 'point of service condition code', 'n', 2),
    field(37, 'retrieval reference number', 'an', 12),
    field(38, 'authorization identification response', 'an', 6),
    field(39, 'response code', 'an', 2),
    field(41, 'card acceptor terminal identification', 'ans', 8),
    field(42, 'card acceptor identification code', 'ans', 15),
    field(48, 'additional data, private', 'ans', 999, 3),
    field(49, 'currency code, transaction', 'n', 3),
    field(55, 'ICC data', 'b', 255, 3),
    field(57, 'time of the host, UTC', 'n', 14),
    field(60, 'batch number', 'n', 6, 3),
    field(61, 'charge on the statement', 'ans', 26, 3),
    field(62, 'session key block', 'b', 999, 3),
    field(63, 'totals', 'ans', 999, 3),
    field(64, 'message authentication code', 'b', 8),
    field(90, 'original data elements', 'n', 42),
    field(128, 'message authentication code', 'b', 8),
  ],
  PACKED,
);
