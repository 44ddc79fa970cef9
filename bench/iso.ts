import { createRequire } from 'node:module';
import { type IsoMessage, pack, unpack } from '../main/core/bank/codec.ts';
import { ISO87_CHARACTERS } from '../main/core/bank/layouts/iso1987.ts';
import type { Figure } from './figure.ts';

/** The part of the npm package `iso_8583` that is measured; it ships no types. */
type Peer = new (
  fields?: Record<string, string>,
) => {
  getRawMessage(): unknown;
  getBufferMessage(): unknown;
  getIsoJSON(message: unknown, config: object): unknown;
};

/** A purchase with fields that the peer knows too, digits as characters. */
const values: Readonly<Record<number, string>> = {
  3: '000000',
  4: '000000001280',
  7: '1121205500',
  11: '000042',
  12: '045500',
  13: '1122',
  22: '071',
  24: '003',
  25: '00',
  37: '000000000042',
  41: 'T0000001',
  42: 'M00000000000001',
  48: 'alipay=28763443825664394',
  49: '156',
  60: '000007',
};

/** Best of five runs: messages packed and unpacked a second. */
function rate(rounds: number, work: () => void): number {
  let best = 0;
  for (let run = 0; run < 5; run++) {
    const from = performance.now();
    for (let n = 0; n < rounds; n++) work();
    best = Math.max(best, (rounds * 1000) / (performance.now() - from));
  }
  return best;
}

/** Our codec beside the npm package that is used most for the same: one purchase packed and unpacked. */
export async function benchIso(): Promise<Figure[]> {
  const Peer = createRequire(import.meta.url)('iso_8583') as Peer;
  const message: IsoMessage = {
    mti: '0200',
    fields: new Map(Object.entries(values).map(([number, value]): [number, string] => [Number(number), value])),
  };
  const plain = { 0: '0200', ...values };
  const ours = rate(20_000, () => {
    const result = unpack(pack(message, ISO87_CHARACTERS), ISO87_CHARACTERS);
    if (!result.ok) throw result.error;
  });
  const reader = new Peer();
  const theirs = rate(2_000, () => {
    const bytes = new Peer(plain).getBufferMessage();
    if (!Buffer.isBuffer(bytes)) throw new Error(`iso_8583 packed nothing: ${JSON.stringify(bytes)}`);
    reader.getIsoJSON(bytes, {});
  });
  return [
    { name: 'iso-rate', what: 'ISO 8583 messages packed and unpacked', value: ours, unit: '/s', samples: 100_000 },
    {
      name: 'iso-ratio',
      what: 'ISO 8583 packing and unpacking against iso_8583',
      value: ours / theirs,
      unit: '×',
      budget: { least: 3 },
      samples: 100_000,
    },
  ];
}
