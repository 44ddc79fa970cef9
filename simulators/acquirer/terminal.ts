import { createDecipheriv, createPublicKey } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect, type TLSSocket } from 'node:tls';
import { CompactEncrypt } from 'jose';
import { z } from 'zod';
import { cmac } from './mac.ts';

/** A small terminal for the bank's own tests. It lays messages out by hand, without the bank's reader and writer. */

const Profile = z.object({
  profile: z.object({
    port: z.int(),
    tls: z.object({ ca: z.string(), cert: z.string(), key: z.string(), serverName: z.string() }),
    masterKey: z.string(),
    sealing: z.object({ kid: z.string(), jwk: z.record(z.string(), z.string()) }),
  }),
});
type Profile = z.infer<typeof Profile>['profile'];

export function readProfile(path: string): Profile {
  return Profile.parse(JSON.parse(readFileSync(path, 'utf8'))).profile;
}

const ascii = (text: string) => Buffer.from(text, 'latin1').toString('hex');
const counted = (text: string) => String(text.length).padStart(4, '0') + ascii(text);

/** Number, and the field as it stands on the wire, in hex. */
export type Wire = readonly [number, string];

export const field = {
  processing: (code: string): Wire => [3, code],
  amount: (minor: number): Wire => [4, String(minor).padStart(12, '0')],
  transmitted: (text: string): Wire => [7, text],
  stan: (stan: number): Wire => [11, String(stan).padStart(6, '0')],
  rrn: (rrn: string): Wire => [37, ascii(rrn)],
  reason: (code: string): Wire => [39, ascii(code)],
  batch: (batch: number): Wire => [60, `0006${String(batch).padStart(6, '0')}`],
  currency: (number: string): Wire => [49, `0${number}`],
  presented: (text: string): Wire => [48, counted(text)],
  icc: (hex: string): Wire => [55, String(hex.length / 2).padStart(4, '0') + hex],
  totals: (text: string): Wire => [63, counted(text)],
  original: (mti: string, stan: number, transmitted: string): Wire => [
    90,
    mti + String(stan).padStart(6, '0') + transmitted + '0'.repeat(22),
  ],
};

/** Bytes on the wire of each field of an answer; for counted ones a function of the two length bytes. */
const sizes: Readonly<Record<number, number | 'counted' | 'digits'>> = {
  3: 3,
  4: 6,
  7: 5,
  11: 3,
  12: 3,
  13: 2,
  24: 2,
  37: 12,
  38: 6,
  39: 2,
  41: 8,
  42: 15,
  49: 2,
  55: 'counted',
  57: 7,
  60: 'digits',
  62: 'counted',
  63: 'counted',
  64: 8,
  128: 8,
};

export interface Answer {
  readonly mti: string;
  /** Hex as on the wire, length included. */
  readonly raw: ReadonlyMap<number, string>;
  /** DE 39. */
  readonly code: string;
  readonly covered: Buffer;
  readonly mac: Buffer;
}

function readAnswer(bytes: Buffer): Answer {
  const two = ((bytes[2] ?? 0) & 0x80) !== 0;
  const map = BigInt(`0x${bytes.subarray(2, two ? 18 : 10).toString('hex')}`);
  const width = two ? 128 : 64;
  const raw = new Map<number, string>();
  let at = 2 + width / 8;
  for (let number = 2; number <= width; number++) {
    if (((map >> BigInt(width - number)) & 1n) === 0n) continue;
    const size = sizes[number];
    const length = Number(bytes.subarray(at, at + 2).toString('hex'));
    if (size === undefined) throw new Error(`an answer with DE ${number}`);
    const end = at + (size === 'counted' ? 2 + length : size === 'digits' ? 2 + Math.ceil(length / 2) : size);
    raw.set(number, bytes.subarray(at, end).toString('hex'));
    at = end;
  }
  const code = Buffer.from(raw.get(39) ?? '', 'hex').toString('latin1');
  return {
    mti: bytes.subarray(0, 2).toString('hex'),
    raw,
    code,
    covered: bytes.subarray(0, bytes.length - 8),
    mac: bytes.subarray(-8),
  };
}

export function text(answer: Answer, number: number, skip = 0): string {
  return Buffer.from(answer.raw.get(number) ?? '', 'hex')
    .subarray(skip)
    .toString('latin1');
}

const place: readonly Wire[] = [
  [12, '101530'],
  [13, '0801'],
  [24, '0003'],
  [41, ascii('T0000001')],
  [42, ascii('M00000000000001')],
];

export class Terminal {
  readonly socket: TLSSocket;
  readonly #profile: Profile;
  readonly #answers: Answer[] = [];
  readonly #waiting: ((answer: Answer) => void)[] = [];
  key: Buffer;
  /** Resolves when the connection is gone, with the code of what ended it when that was no orderly end. */
  readonly gone: Promise<string | undefined>;

  constructor(socket: TLSSocket, profile: Profile) {
    this.socket = socket;
    this.#profile = profile;
    this.key = Buffer.from(profile.masterKey, 'hex');
    let held = Buffer.alloc(0);
    let fault: string | undefined;
    socket.on('error', (error: NodeJS.ErrnoException) => {
      fault = error.code;
    });
    this.gone = new Promise((resolve) => socket.once('close', () => resolve(fault)));
    socket.on('data', (chunk: Buffer) => {
      held = Buffer.concat([held, chunk]);
      while (held.length >= 2 && held.length >= 2 + held.readUInt16BE(0)) {
        const end = 2 + held.readUInt16BE(0);
        const answer = readAnswer(held.subarray(2, end));
        held = held.subarray(end);
        const next = this.#waiting.shift();
        if (next === undefined) this.#answers.push(answer);
        else next(answer);
      }
    });
  }

  static async open(path: string, withCertificate = true): Promise<Terminal> {
    const profile = readProfile(path);
    const { ca, cert, key, serverName } = profile.tls;
    const socket = connect({
      host: '127.0.0.1',
      port: profile.port,
      ca,
      servername: serverName,
      ...(withCertificate ? { cert, key } : {}),
    });
    await once(socket, 'secureConnect');
    return new Terminal(socket, profile);
  }

  /** Connects and signs on. */
  static async ready(path: string): Promise<Terminal> {
    const terminal = await Terminal.open(path);
    const answer = await terminal.signOn();
    if (answer.code !== '00') throw new Error(`sign-on was answered ${answer.code}`);
    return terminal;
  }

  async signOn(): Promise<Answer> {
    const master = Buffer.from(this.#profile.masterKey, 'hex');
    this.send('0800', [field.processing('920000'), field.stan(1), field.transmitted('0801021530')], master);
    const answer = await this.answer();
    const block = Buffer.from(answer.raw.get(62) ?? '', 'hex').subarray(2);
    if (block.length === 20) {
      const cipher = createDecipheriv('aes-128-ecb', master, null).setAutoPadding(false);
      this.key = Buffer.concat([cipher.update(block.subarray(1, 17)), cipher.final()]);
    }
    return answer;
  }

  bytes(mti: string, fields: readonly Wire[], key = this.key): Buffer {
    const own = new Set(fields.map(([number]) => number));
    const all = [...fields, ...place.filter(([number]) => !own.has(number))].sort(([a], [b]) => a - b);
    const long = all.some(([number]) => number > 64);
    const width = long ? 128 : 64;
    const present = [...all.map(([number]) => number), width, ...(long ? [1] : [])];
    const map = present.reduce((bits, number) => bits | (1n << BigInt(width - number)), 0n);
    const body = mti + map.toString(16).padStart(width / 4, '0') + all.map(([, hex]) => hex).join('');
    const covered = Buffer.from(body, 'hex');
    return Buffer.concat([covered, cmac(key, covered).subarray(0, 8)]);
  }

  sendBytes(bytes: Buffer): void {
    const length = Buffer.alloc(2);
    length.writeUInt16BE(bytes.length);
    this.socket.write(Buffer.concat([length, bytes]));
  }

  send(mti: string, fields: readonly Wire[], key = this.key): void {
    this.sendBytes(this.bytes(mti, fields, key));
  }

  /** The next answer; rejects after `ms` without one. */
  answer(ms = 3000): Promise<Answer> {
    const ready = this.#answers.shift();
    if (ready !== undefined) return Promise.resolve(ready);
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiting.splice(this.#waiting.indexOf(take), 1);
        reject(new Error('no answer'));
      }, ms);
      const take = (answer: Answer) => {
        clearTimeout(timer);
        resolve(answer);
      };
      this.#waiting.push(take);
    });
  }

  ask(mti: string, fields: readonly Wire[]): Promise<Answer> {
    this.send(mti, fields);
    return this.answer();
  }

  seal(secrets: { readonly pan: string; readonly track2: string; readonly expiry: string }): Promise<string> {
    const { kid, jwk } = this.#profile.sealing;
    return new CompactEncrypt(Buffer.from(JSON.stringify(secrets)))
      .setProtectedHeader({ alg: 'ECDH-ES', enc: 'A256GCM', kid })
      .encrypt(createPublicKey({ key: jwk, format: 'jwk' }));
  }

  macFits(answer: Answer): boolean {
    return cmac(this.key, answer.covered).subarray(0, 8).equals(answer.mac);
  }

  end(): void {
    this.socket.destroy();
  }
}
