import Peer from 'iso_8583';
import { type IsoMessage, pack, unpack } from '../main/core/bank/codec.ts';
import { ISO87_CHARACTERS } from '../main/core/bank/layouts/iso1987.ts';
import type { Figure } from './figure.ts';

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

/** Times a second that `work` can be done, in one run. */
function rate(rounds: number, work: () => void): number {
  const from = performance.now();
  for (let n = 0; n < rounds; n++) work();
  return (rounds * 1000) / (performance.now() - from);
}

const RUNS = 7;

/** Our codec beside the npm package that is used most for the same: one purchase packed and unpacked. */
export async function benchIso(): Promise<Figure[]> {
  const message: IsoMessage = {
    mti: '0200',
    fields: new Map(Object.entries(values).map(([number, value]): [number, string] => [Number(number), value])),
  };
  const plain = { 0: '0200', ...values };
  const reader = new Peer();
  const best = { ours: 0, theirs: 0 };
  // In turns, so that whatever else the machine does meets both alike.
  for (let run = 0; run < RUNS; run++) {
    const ours = rate(20_000, () => {
      const result = unpack(pack(message, ISO87_CHARACTERS), ISO87_CHARACTERS);
      if (!result.ok) throw result.error;
    });
    const theirs = rate(3_000, () => {
      const bytes = new Peer(plain).getBufferMessage();
      if (!Buffer.isBuffer(bytes)) throw new Error(`iso_8583 packed nothing: ${JSON.stringify(bytes)}`);
      reader.getIsoJSON(bytes, {});
    });
    best.ours = Math.max(best.ours, ours);
    best.theirs = Math.max(best.theirs, theirs);
  }
  return [
    { name: 'iso-rate', what: 'ISO 8583 messages packed and unpacked', value: best.ours, unit: '/s', samples: 140_000 },
    {
      name: 'iso-ratio',
      what: 'ISO 8583 packing and unpacking against iso_8583',
      value: best.ours / best.theirs,
      unit: '×',
      budget: { least: 3 },
      samples: 140_000,
    },
  ];
}
