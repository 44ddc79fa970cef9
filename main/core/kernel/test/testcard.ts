import { constants, createHash, generateKeyPairSync, type KeyObject, privateEncrypt } from 'node:crypto';
import type { Card, Exchange, ExchangeFault } from '../../../../drivers/nfc/reader.ts';
import { concat, hex, unhex } from '../bytes.ts';
import { type CaKey, caKeyHash } from '../config.ts';
import { encode, wrap } from '../tlv.ts';

/** An RSA key pair with exponent 3, and its modulus. */
interface KeyPair {
  readonly modulus: Uint8Array;
  readonly key: KeyObject;
}

function keyPair(bits: number): KeyPair {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: bits, publicExponent: 3 });
  const { n } = publicKey.export({ format: 'jwk' });
  return { modulus: new Uint8Array(Buffer.from(n ?? '', 'base64url')), key: privateKey };
}

function sign(pair: KeyPair, block: Uint8Array): Uint8Array {
  return new Uint8Array(privateEncrypt({ key: pair.key, padding: constants.RSA_NO_PADDING }, block));
}

/** Header, format, `middle` filled up with BB, SHA-1 over them and `suffix`, trailer: one signed block. */
export function signedBlock(pair: KeyPair, middle: Uint8Array, suffix: Uint8Array): Uint8Array {
  const body = concat(middle, new Uint8Array(Math.max(0, pair.modulus.length - 22 - middle.length)).fill(0xbb));
  const hash = createHash('sha1').update(body).update(suffix).digest();
  return sign(pair, concat(Uint8Array.of(0x6a), body, new Uint8Array(hash), Uint8Array.of(0xbc)));
}

/** Keys made for one run of tests: nothing signed with them is worth anything elsewhere. */
export interface TestKeys {
  readonly ca: KeyPair;
  readonly issuer: KeyPair;
  readonly icc: KeyPair;
}

export function makeKeys(bits: { ca: number; issuer: number; icc: number }): TestKeys {
  return { ca: keyPair(bits.ca), issuer: keyPair(bits.issuer), icc: keyPair(bits.icc) };
}

export function caKeyOf(keys: TestKeys, rid: string): CaKey {
  const key = { rid, index: 'F0', modulus: hex(keys.ca.modulus), exponent: '03' };
  return { ...key, sha1: caKeyHash(key) };
}

export interface Certificate {
  readonly certificate: Uint8Array;
  readonly remainder: Uint8Array;
}

export function certify(
  signer: KeyPair,
  subject: KeyPair,
  head: Uint8Array,
  room: number,
  staticData: Uint8Array,
): Certificate {
  const space = signer.modulus.length - room;
  const [left, remainder] = [subject.modulus.slice(0, space), subject.modulus.slice(space)];
  const middle = concat(head, unhex('0101'), Uint8Array.of(subject.modulus.length, 1), left);
  return { certificate: signedBlock(signer, middle, concat(remainder, unhex('03'), staticData)), remainder };
}

/** What makes one test card differ from another. Hex throughout. */
export interface TestCardSpec {
  readonly keys: TestKeys;
  readonly aid: string;
  readonly pan: string;
  /** YYMM. */
  readonly expiry: string;
  /** Cryptogram information data: 80 ARQC, 40 TC, 00 AAC. */
  readonly cid: string;
  readonly ctq?: string;
  /** Version byte of the card authentication related data. */
  readonly fddaVersion?: string;
  /** Objects put in place of the card's own, or left out with `undefined`. */
  readonly answer?: Readonly<Record<string, string | undefined>>;
  readonly record?: Readonly<Record<string, string | undefined>>;
  readonly pdol?: string;
  /** Directory entries in place of the card's one. */
  readonly directory?: readonly {
    readonly aid: string;
    readonly priority?: string;
    readonly kernel?: string;
    readonly extension?: string;
    readonly label?: string;
  }[];
  readonly label?: string;
  /** Signs its static data (tag 93) and nothing else. */
  readonly staticOnly?: true;
  /** Application program identifier (tag 9F5A) in the FCI. */
  readonly program?: string;
  /** Certificates expire at the end of this month, MMYY. */
  readonly certifiedUntil?: string;
}

const PDOL = '9F66049F02069F03069F1A0295055F2A029A039C019F3704';
const ok = unhex('9000');
/** Second byte of the card verification results, by the cryptogram's type. */
const verificationByte: Readonly<Record<string, string>> = { '40': '90', '80': 'A0', '00': '80' };

export function objects(
  own: Readonly<Record<string, string>>,
  changes: Readonly<Record<string, string | undefined>> = {},
) {
  return concat(
    ...Object.entries({ ...own, ...changes }).flatMap(([tag, value]) =>
      value === undefined ? [] : [encode(tag, unhex(value))],
    ),
  );
}

export function track2(spec: Pick<TestCardSpec, 'pan' | 'expiry'>): string {
  const digits = `${spec.pan}D${spec.expiry}2010000000`;
  return digits.length % 2 === 0 ? digits : `${digits}F`;
}

/** The records of a card: one signed with its dates, three with certificates and authentication data. */
function recordsOf(spec: TestCardSpec): { records: Uint8Array[]; related: Uint8Array } {
  const pan = spec.pan.length % 2 === 0 ? spec.pan : `${spec.pan}F`;
  const own = { '5A': pan, '5F24': `${spec.expiry}28`, '5F25': '200101', '5F28': '0156', '9F07': 'FF00', '9F4A': '82' };
  const signed = objects(own, spec.record);
  const { ca, issuer, icc } = spec.keys;
  const until = unhex(spec.certifiedUntil ?? '1249');
  const issuerHead = concat(unhex(`02${spec.pan.slice(0, 6)}FF`), until, unhex('000001'));
  const first = certify(ca, issuer, issuerHead, 36, new Uint8Array());
  const iccHead = concat(unhex(`04${spec.pan.padEnd(20, 'F')}`), until, unhex('000002'));
  const second = certify(issuer, icc, iccHead, 42, concat(signed, unhex('2000')));
  const related = unhex(`${spec.fddaVersion ?? '01'}A1B2C3D4${spec.ctq ?? '0000'}`);
  const issuerPart = { '8F': 'F0', '9F32': '03', '90': hex(first.certificate), '92': hex(first.remainder) };
  const statically = { '93': hex(signedBlock(issuer, unhex('0301DAC0'), concat(signed, unhex('2000')))) };
  const certified = { '9F47': '03', '9F46': hex(second.certificate), '9F48': hex(second.remainder) };
  const iccPart: Record<string, string> = spec.staticOnly ? statically : certified;
  const parts = [signed, objects(issuerPart), objects(iccPart), objects({ '9F69': hex(related) })];
  return { records: parts.map((part) => wrap('70', part)), related };
}

/** The answer to GET PROCESSING OPTIONS, signed over what the terminal said in a PDOL of the usual order. */
function optionsAnswer(spec: TestCardSpec, pdolData: Uint8Array, related: Uint8Array): Uint8Array {
  const [amount, currency, random] = [pdolData.slice(4, 10), pdolData.slice(23, 25), pdolData.slice(29, 33)];
  const dynamic = unhex('950103021234');
  const signature = signedBlock(spec.keys.icc, dynamic, concat(random, amount, currency, related));
  const own = {
    '82': '2000',
    '94': '1001010110020400',
    '57': track2(spec),
    '5F34': '01',
    '9F10': `07010103${verificationByte[spec.cid] ?? 'A0'}0000010A0100000000`,
    '9F26': '1122334455667788',
    '9F27': spec.cid,
    '9F36': '001C',
    ...(spec.staticOnly ? {} : { '9F4B': hex(signature) }),
    ...(spec.ctq === undefined ? {} : { '9F6C': spec.ctq }),
  };
  return wrap('77', objects(own, spec.answer));
}

/** The card's own answers, without faults. */
export function answersOf(spec: TestCardSpec): (command: Uint8Array) => Uint8Array {
  const { records, related } = recordsOf(spec);
  const directory = spec.directory ?? [{ aid: spec.aid, priority: '01' }];
  const entries = directory.map(({ aid, priority, kernel, extension, label = 'TEST' }) =>
    wrap(
      '61',
      objects(
        { '4F': aid, '50': hex(new TextEncoder().encode(label)) },
        { '87': priority, '9F2A': kernel, '9F29': extension },
      ),
    ),
  );
  return (command) => {
    const text = hex(command);
    if (text.startsWith('00A404000E')) {
      return concat(wrap('6F', encode('84', command.slice(5, 19)), wrap('A5', wrap('BF0C', ...entries))), ok);
    }
    if (text.startsWith('00A40400')) {
      const name = command.slice(5, -1);
      const label = encode('50', new TextEncoder().encode(spec.label ?? 'Test Debit'));
      const program = spec.program === undefined ? new Uint8Array() : wrap('BF0C', encode('9F5A', unhex(spec.program)));
      const pdol = encode('9F38', unhex(spec.pdol ?? PDOL));
      return concat(wrap('6F', encode('84', name), wrap('A5', label, pdol, program)), ok);
    }
    if (text.startsWith('80A80000')) return concat(optionsAnswer(spec, command.slice(7, -1), related), ok);
    if (text.startsWith('00B2')) return concat(records[command[2]! - 1] ?? new Uint8Array(), ok);
    return unhex('6D00');
  };
}

/** Changes one answer, or makes the exchange fail. */
export type Disturb = (index: number, answer: Uint8Array, command: Uint8Array) => Uint8Array | ExchangeFault;

/** A card in memory: answers by its spec, each exchange taking `ms` on the clock given. */
export interface TestCard extends Card {
  readonly commands: string[];
  readonly timeouts: number[];
}

interface CardOptions {
  readonly disturb?: Disturb;
  readonly clock?: { advance(ms: number): void };
  readonly ms?: number;
  readonly atr?: string;
}

/** A card that answers by the function given. */
export function cardOf(answer: (command: Uint8Array) => Uint8Array, options: CardOptions = {}): TestCard {
  const commands: string[] = [];
  const timeouts: number[] = [];
  return {
    atr: unhex(options.atr ?? '3B80800101'),
    commands,
    timeouts,
    async transmit(command, timeoutMs): Promise<Exchange> {
      const index = commands.push(hex(command)) - 1;
      timeouts.push(timeoutMs);
      options.clock?.advance(options.ms ?? 10);
      const own = answer(command);
      const response = options.disturb?.(index, own, command) ?? own;
      return typeof response === 'string' ? { ok: false, fault: response, detail: 'scripted' } : { ok: true, response };
    },
    release() {},
  };
}

export function testCard(spec: TestCardSpec, options: CardOptions = {}): TestCard {
  return cardOf(answersOf(spec), options);
}
