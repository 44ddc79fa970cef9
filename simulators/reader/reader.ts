import {
  createHash,
  createHmac,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
  sign,
} from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { CompactEncrypt, importJWK } from 'jose';
import { z } from 'zod';
import { tlv } from '../card/tlv.ts';
import { type Card, readCard, type Speak } from './card.ts';

/** The acquirer's key in the reader: whoever has the other half may read the card. */
export interface SealingKey {
  readonly kid: string;
  readonly jwk: { readonly kty: string; readonly crv: string; readonly x: string; readonly y: string };
}

export interface ReaderOptions {
  /** 0 takes a free one. */
  readonly port: number;
  readonly serial: string;
  /** Its own key, Ed25519 PKCS #8 in PEM; a fresh one when not said. */
  readonly key?: string;
  /** Gets every line that leaves the reader, so that a test can look for what must not be in it. */
  readonly trace?: (line: string) => void;
}

/** A simulated reader of class A (docs/encrypting-reader.md). */
export interface Reader {
  readonly port: number;
  /** What the acquirer puts into its profile. */
  readonly known: {
    readonly serial: string;
    readonly jwk: { readonly kty: 'OKP'; readonly crv: 'Ed25519'; readonly x: string };
  };
  /** Puts the acquirer's key in; before, no card is read. */
  load(sealing: SealingKey): void;
  /** Changes answers after they were signed, until it is called without a change. */
  forge(change?: (body: Buffer) => Buffer): void;
  /** Holds a card into the field until it was read, or until `ms` have passed. */
  tap(card: { answer: Speak }, ms?: number): Promise<'read' | 'timeout'>;
  /** Takes the reader away, or brings it back. */
  unplug(): void;
  close(): Promise<void>;
}

const Pay = z.strictObject({
  amountMinor: z.int().positive(),
  currency: z.string().regex(/^\d{3}$/),
  transactionType: z.literal('00'),
  date: z.string().regex(/^\d{6}$/),
  time: z.string().regex(/^\d{6}$/),
  unpredictableNumber: z.string().regex(/^[0-9A-F]{8}$/),
  sequence: z.int().min(0),
  challenge: z.string().regex(/^[0-9A-F]{32}$/),
});
type Pay = z.infer<typeof Pay>;

const Line = z.discriminatedUnion('do', [
  z.strictObject({ do: z.literal('hello'), version: z.literal(1) }),
  z.strictObject({ do: z.literal('pay'), id: z.int(), data: z.string() }),
  z.strictObject({ do: z.literal('done') }),
]);

/** What the reader tells a card of the payment: EMV tags, hex. */
function terminalData(pay: Pay): ReadonlyMap<string, string> {
  return new Map([
    ['9F66', '36004080'],
    ['9F02', String(pay.amountMinor).padStart(12, '0')],
    ['9F03', '000000000000'],
    ['9F1A', '0156'],
    ['95', '0000000000'],
    ['5F2A', `0${pay.currency}`],
    ['9A', pay.date],
    ['9C', pay.transactionType],
    ['9F21', pay.time],
    ['9F37', pay.unpredictableNumber],
    ['9F41', String(pay.sequence).padStart(8, '0')],
  ]);
}

const order = '9F26 9F27 9F10 9F37 9F36 95 9A 9C 9F02 5F2A 82 9F1A 9F03 9F41 5F34'.split(' ');

function field55(card: Card, terminal: ReadonlyMap<string, string>): string {
  const values = new Map([...card.data, ...terminal]);
  const parts = order.flatMap((tag) => {
    const value = values.get(tag);
    return value === undefined ? [] : [tlv(tag, Buffer.from(value, 'hex'))];
  });
  return Buffer.concat(parts).toString('hex').toUpperCase();
}

/** A reader whose keys were put in by the acquirer: it speaks to the card, seals, signs. Its certificate is a simulation. */
export async function startReader(options: ReaderOptions): Promise<Reader> {
  const device = options.key === undefined ? generateKeyPairSync('ed25519').privateKey : createPrivateKey(options.key);
  const own = randomBytes(32);
  const { x = '' } = createPublicKey(device).export({ format: 'jwk' });
  const sockets = new Set<Socket>();
  let sealing: SealingKey | undefined;
  let change: ((body: Buffer) => Buffer) | undefined;
  let held: { readonly speak: Speak; readonly read: () => void } | undefined;

  const say = (line: object): void => {
    const text = JSON.stringify(line);
    options.trace?.(text);
    for (const socket of sockets) socket.write(`${text}\n`);
  };
  const pay = async (id: number, request: Buffer): Promise<void> => {
    const card = held;
    if (!card || !sealing) return say({ is: 'fault', id, fault: 'torn' });
    const body = await answerOf(card.speak, Pay.parse(JSON.parse(request.toString('utf8'))), sealing, own);
    if (body === undefined) return say({ is: 'fault', id, fault: 'torn' });
    const bytes = Buffer.from(JSON.stringify(body));
    const signature = signed(device, request, bytes);
    say({ is: 'answer', id, data: Buffer.concat([signature, change?.(bytes) ?? bytes]).toString('base64url') });
    card.read();
  };
  const server = createServer((socket) => {
    sockets.add(socket);
    let rest = '';
    socket.setEncoding('utf8').setNoDelay(true);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => sockets.delete(socket));
    socket.on('data', (chunk: string) => {
      const lines = (rest + chunk).split('\n');
      rest = lines.pop() ?? '';
      for (const text of lines) {
        const line = Line.parse(JSON.parse(text));
        if (line.do === 'hello') say({ is: 'reader', version: 1, serial: options.serial, name: 'Sealed reader' });
        if (line.do === 'pay') void pay(line.id, Buffer.from(line.data, 'base64url'));
      }
    });
  });
  server.listen(options.port, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    known: { serial: options.serial, jwk: { kty: 'OKP', crv: 'Ed25519', x } },
    load: (key) => {
      sealing = key;
    },
    forge: (by) => {
      change = by;
    },
    tap: (card, ms = 5_000) =>
      new Promise((resolve) => {
        const leave = (how: 'read' | 'timeout'): void => {
          clearTimeout(field);
          held = undefined;
          say({ is: 'gone' });
          resolve(how);
        };
        const field = setTimeout(() => leave('timeout'), ms);
        held = { speak: card.answer, read: () => leave('read') };
        say({ is: 'card' });
      }),
    unplug: () => {
      for (const socket of sockets) socket.destroy();
    },
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function signed(key: KeyObject, request: Buffer, body: Buffer): Buffer {
  const digest = createHash('sha256').update(request).digest();
  return sign(null, Buffer.concat([Buffer.from('countertap reader answer 1\0', 'latin1'), digest, body]), key);
}

/** Undefined when the card left. It never approves by itself and proves no signatures: it goes online with an ARQC. */
async function answerOf(speak: Speak, pay: Pay, sealing: SealingKey, own: Buffer): Promise<object | undefined> {
  const terminal = terminalData(pay);
  const card = await readCard(speak, terminal);
  if ('end' in card) {
    if (card.end === 'torn') return undefined;
    return card.end === 'see-phone'
      ? { outcome: 'tap-again', reason: card.end }
      : { outcome: 'refused', reason: card.end };
  }
  const of = (tag: string): string => card.data.get(tag) ?? '';
  const pan = of('5A').replace(/F$/, '');
  const type = Number.parseInt(of('9F27') || '80', 16) >> 6 === 0 ? 'AAC' : 'ARQC';
  const secrets = { pan, track2: of('57'), expiry: of('5F24').slice(0, 4) };
  const sealed = await new CompactEncrypt(new TextEncoder().encode(JSON.stringify(secrets)))
    .setProtectedHeader({ alg: 'ECDH-ES', enc: 'A256GCM', kid: sealing.kid })
    .encrypt(await importJWK({ ...sealing.jwk }, 'ECDH-ES'));
  const told = {
    scheme: card.scheme,
    aid: card.aid,
    label: card.label,
    kernel: card.kernel,
    maskedPan: `${pan.slice(0, 6)}${'*'.repeat(pan.length - 10)}${pan.slice(-4)}`,
    token: createHmac('sha256', own).update(pan).digest('hex').slice(0, 32),
    expiry: secrets.expiry,
    panSequence: of('5F34').padStart(3, '0'),
    oda: { method: 'none', result: 'not-performed' },
    cvm: 'none',
    cryptogram: { type, value: of('9F26'), atc: Number.parseInt(of('9F36'), 16) },
    iccData: field55(card, terminal),
    sealed,
  };
  return type === 'AAC'
    ? { outcome: 'declined', reason: 'card-declined', card: told }
    : { outcome: 'online', deferrable: false, card: told };
}
