import { createHash } from 'node:crypto';
import { concat, hex, unhex } from '../bytes.ts';
import { readDol } from '../dol.ts';
import { encode, wrap } from '../tlv.ts';
import { certify, objects, signedBlock, type TestKeys, track2 } from './testcard.ts';

/** What makes one kernel 2 test card differ from another. Hex throughout. */
export interface CombinedCardSpec {
  readonly keys: TestKeys;
  readonly aid: string;
  readonly pan: string;
  /** YYMM. */
  readonly expiry: string;
  /** The most that the card gives: a lower request gets what was asked. */
  readonly gives: 'TC' | 'ARQC' | 'AAC';
  /** Application interchange profile. */
  readonly profile?: string;
  readonly pdol?: string;
  readonly cdol?: string;
  /** The list of data for RECOVER AC; a card without it recovers nothing. */
  readonly drdol?: string;
  /** Objects put in place of the card's own, or left out with `undefined`. */
  readonly record?: Readonly<Record<string, string | undefined>>;
  readonly issuer?: Readonly<Record<string, string | undefined>>;
  readonly answer?: Readonly<Record<string, string | undefined>>;
  /** Cryptogram information inside the signature, when it is another one. */
  readonly inside?: string;
  /** Signs over another transaction data hash. */
  readonly wrongHash?: true;
  readonly certifiedUntil?: string;
  /** Answers GENERATE AC in format 80. */
  readonly plain?: true;
}

const CDOL = '9F02069F03069F1A0295055F2A029A039C019F37049F35019F45029F4C089F34039F3303';
const ok = unhex('9000');
const types = { AAC: 0x00, TC: 0x40, ARQC: 0x80 } as const;
const rank = { AAC: 0, ARQC: 1, TC: 2 } as const;
const CRYPTOGRAM = 'C1C2C3C4C5C6C7C8';
const IAD = '0110A00003220000000000000000000000FF';

function recordsOf(spec: CombinedCardSpec): ReadonlyMap<string, Uint8Array> {
  const { ca, issuer, icc } = spec.keys;
  const own = {
    '57': track2(spec),
    '5A': spec.pan.length % 2 === 0 ? spec.pan : `${spec.pan}F`,
    '5F24': `${spec.expiry}28`,
    '5F25': '200101',
    '5F28': '0156',
    '5F34': '01',
    '8C': spec.cdol ?? CDOL,
    '8E': '000000000000000042031E031F03',
    '9F07': 'FF00',
    '9F08': '0002',
    '9F0D': 'B450840000',
    '9F0E': '0000000000',
    '9F0F': 'B470848000',
    '9F42': '0156',
    '9F4A': '82',
    ...(spec.drdol === undefined ? {} : { '9F51': spec.drdol }),
  };
  const signed = objects(own, spec.record);
  const until = unhex(spec.certifiedUntil ?? '1249');
  const first = certify(
    ca,
    issuer,
    concat(unhex(`02${spec.pan.slice(0, 6)}FF`), until, unhex('000001')),
    36,
    new Uint8Array(),
  );
  const iccHead = concat(unhex(`04${spec.pan.padEnd(20, 'F')}`), until, unhex('000002'));
  const second = certify(issuer, icc, iccHead, 42, concat(signed, unhex(spec.profile ?? '1980')));
  const issuerPart = { '8F': 'F0', '9F32': '03', '92': hex(first.remainder), '90': hex(first.certificate) };
  const iccPart = { '9F47': '03', '9F48': hex(second.remainder), '9F46': hex(second.certificate) };
  return new Map([
    ['2.1', wrap('70', signed)],
    ['3.1', wrap('70', objects(issuerPart, spec.issuer))],
    ['4.1', wrap('70', objects(iccPart, spec.issuer))],
  ]);
}

/** The answer to GENERATE AC with `control`, and the data that it was given. */
function generated(spec: CombinedCardSpec, pdolData: Uint8Array, control: number, cdolData: Uint8Array): Uint8Array {
  const asked = (['AAC', 'TC', 'ARQC'] as const)[control >> 6] ?? 'AAC';
  const type = rank[asked] < rank[spec.gives] ? asked : spec.gives;
  const information = types[type].toString(16).padStart(2, '0');
  const base = { '9F27': information, '9F36': '0035', '9F10': IAD };
  if (spec.plain) {
    return encode('80', concat(unhex(information), unhex('0035'), unhex(CRYPTOGRAM), unhex(IAD)));
  }
  if ((control & 0x10) === 0 || type === 'AAC') {
    return wrap('77', objects({ ...base, '9F26': CRYPTOGRAM }, spec.answer));
  }
  const list = readDol(unhex(spec.cdol ?? CDOL));
  const entries = list.ok ? list.entries : [];
  const at = entries.findIndex((entry) => entry.tag === '9F37');
  const from = entries.slice(0, at).reduce((sum, entry) => sum + entry.length, 0);
  const random = cdolData.slice(from, from + 4);
  const others = objects({ '9F27': information, '9F36': '0035' });
  const after = objects({ '9F10': IAD });
  const hashed = concat(pdolData, cdolData, others, after, spec.wrongHash ? unhex('00') : new Uint8Array());
  const digest = new Uint8Array(createHash('sha1').update(hashed).digest());
  const inside = unhex(spec.inside ?? information);
  const dynamic = concat(unhex('0801020304050607A8'), inside, unhex(CRYPTOGRAM), digest);
  const signature = signedBlock(spec.keys.icc, concat(unhex('0501'), Uint8Array.of(dynamic.length), dynamic), random);
  return wrap('77', objects({ '9F27': information, '9F36': '0035', '9F4B': hex(signature), '9F10': IAD }, spec.answer));
}

/** A kernel 2 card in memory. It remembers its last cryptogram from one tap to the next. */
export function combinedCard(spec: CombinedCardSpec): (command: Uint8Array) => Uint8Array {
  const records = recordsOf(spec);
  let pdolData = new Uint8Array();
  let last: Uint8Array | undefined;
  return (command) => {
    const text = hex(command);
    if (text.startsWith('00A404000E')) {
      const entry = wrap('61', encode('4F', unhex(spec.aid)), encode('87', unhex('01')), encode('9F2A', unhex('02')));
      return concat(wrap('6F', encode('84', command.slice(5, 19)), wrap('A5', wrap('BF0C', entry))), ok);
    }
    if (text.startsWith('00A40400')) {
      const pdol = spec.pdol === undefined ? new Uint8Array() : encode('9F38', unhex(spec.pdol));
      const label = encode('50', new TextEncoder().encode('Test Credit'));
      return concat(wrap('6F', encode('84', command.slice(5, -1)), wrap('A5', label, pdol)), ok);
    }
    if (text.startsWith('80A80000')) {
      pdolData = command.slice(7, -1);
      const options = { '82': spec.profile ?? '1980', '94': '100101011801010020010100' };
      return concat(wrap('77', objects(options)), ok);
    }
    if (text.startsWith('00B2')) return concat(records.get(`${command[3]! >> 3}.${command[2]}`) ?? unhex('6A83'), ok);
    if (text.startsWith('80AE')) {
      last = generated(spec, pdolData, command[2]!, command.slice(5, -1));
      return concat(last, ok);
    }
    if (text.startsWith('80D0')) return last && spec.drdol !== undefined ? concat(last, ok) : unhex('6985');
    return unhex('6D00');
  };
}

/** The data a card was given in a command, by its list. For tests that look at what was sent. */
export function sent(list: string, command: string): ReadonlyMap<string, string> {
  const read = readDol(unhex(list));
  const data = command.slice(10, -2);
  let at = 0;
  return new Map(
    (read.ok ? read.entries : []).map(({ tag, length }) => {
      const value = data.slice(at, at + length * 2);
      at += length * 2;
      return [tag, value];
    }),
  );
}
