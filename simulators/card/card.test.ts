import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { cardKey, mac, pad } from './cryptogram.ts';
import { type Deck, openDeck, type TapResult } from './deck.ts';
import { luhn } from './definition.ts';

// A reader written for these tests alone: it shares no code with the cards.

class Reader {
  readonly server: Server;
  readonly port: number;
  #socket: Socket | undefined;
  #rest = Buffer.alloc(0);
  #waiting: ((answer: Buffer | undefined) => void) | undefined;
  #arrival: ((arrived: Reader) => void) | undefined;
  #queue: Socket[] = [];

  constructor(server: Server) {
    this.server = server;
    this.port = (server.address() as AddressInfo).port;
    server.on('connection', (socket) => {
      this.#queue.push(socket);
      this.#take();
    });
  }

  static async open(): Promise<Reader> {
    const server = createServer();
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    return new Reader(server);
  }

  #take(): void {
    if (this.#arrival === undefined) return;
    const socket = this.#queue.shift();
    if (socket === undefined) return;
    this.#socket = socket;
    this.#rest = Buffer.alloc(0);
    socket.on('data', (chunk) => {
      this.#rest = Buffer.concat([this.#rest, chunk]);
      if (this.#rest.length < 2 || this.#rest.length < 2 + this.#rest.readUInt16BE()) return;
      const answer = this.#rest.subarray(2, 2 + this.#rest.readUInt16BE());
      this.#rest = this.#rest.subarray(2 + answer.length);
      this.#waiting?.(answer);
    });
    socket.on('close', () => this.#waiting?.(undefined));
    socket.on('error', () => this.#waiting?.(undefined));
    this.#arrival(this);
    this.#arrival = undefined;
  }

  /** Waits for the next card. */
  card(): Promise<Reader> {
    return new Promise((resolve) => {
      this.#arrival = resolve;
      this.#take();
    });
  }

  control(code: number): void {
    this.#socket?.write(Buffer.from([0, 1, code]));
  }

  /** Sends one command; undefined when the card went away. `byByte` splits it on the wire at every byte. */
  async send(command: string, byByte = false): Promise<string | undefined> {
    const bytes = Buffer.from(command, 'hex');
    const message = Buffer.concat([Buffer.from([bytes.length >> 8, bytes.length & 255]), bytes]);
    const answer = new Promise<Buffer | undefined>((resolve) => {
      this.#waiting = resolve;
    });
    if (this.#socket?.destroyed !== false) return undefined;
    if (byByte) {
      for (const byte of message) {
        this.#socket?.write(Buffer.from([byte]));
        await new Promise((next) => setImmediate(next));
      }
    } else this.#socket?.write(message);
    return (await answer)?.toString('hex').toUpperCase();
  }

  async gone(): Promise<void> {
    if (this.#socket?.destroyed !== false) return;
    await new Promise((done) => this.#socket?.on('close', done));
  }

  close(): void {
    this.server.close();
    this.#socket?.destroy();
  }
}

type Tags = Map<string, string>;

/** Reads TLV, constructed objects opened up into the same map. A tag that comes twice fails the test. */
function tags(text: string, found: Tags = new Map()): Tags {
  let at = 0;
  while (at < text.length) {
    const first = Number.parseInt(text.slice(at, at + 2), 16);
    const tag = text.slice(at, at + ((first & 31) === 31 ? 4 : 2));
    at += tag.length;
    let length = Number.parseInt(text.slice(at, at + 2), 16);
    at += 2;
    if (length === 0x81) {
      length = Number.parseInt(text.slice(at, at + 2), 16);
      at += 2;
    }
    const value = text.slice(at, at + 2 * length);
    expect(value.length).toBe(2 * length);
    at += 2 * length;
    if ((first & 0x20) !== 0) tags(value, found);
    else {
      expect(found.has(tag), `tag ${tag} twice`).toBe(false);
      found.set(tag, value);
    }
  }
  return found;
}

const body = (answer: string | undefined): string => {
  expect(answer?.slice(-4)).toBe('9000');
  return answer?.slice(0, -4) ?? '';
};

function open(signature: string, modulus: string): string {
  let result = 1n;
  const n = BigInt(`0x${modulus}`);
  for (let turn = 0; turn < 3; turn += 1) result = (result * BigInt(`0x${signature}`)) % n;
  return result.toString(16).toUpperCase().padStart(modulus.length, '0');
}

const sha1 = (text: string): string => createHash('sha1').update(Buffer.from(text, 'hex')).digest('hex').toUpperCase();

/** Opens a certificate and returns the certified modulus, or the step that failed. */
function certified(
  certificate: string,
  modulus: string,
  head: number,
  rest: string,
  suffix: string,
): string | 'failed' {
  const clear = open(certificate, modulus);
  if (!clear.startsWith('6A') || !clear.endsWith('BC')) return 'failed';
  const left = clear.slice(2 * head, -42);
  if (sha1(clear.slice(2, -42) + rest + suffix) !== clear.slice(-42, -2)) return 'failed';
  const size = 2 * Number.parseInt(clear.slice(2 * head - 4, 2 * head - 2), 16);
  return (left + rest).slice(0, size);
}

const un = '63A1B2C4';
const amount = '000000001280';
const gpo = (ttq: string): string => `80A80000238321${ttq}${amount}0000000000000156000000000001562611210${'0'}${un}00`;

interface Seen {
  readonly data: Tags;
  readonly record: string;
}

/** A plain dialogue as a terminal would hold it. */
async function dialogue(reader: Reader, ttq = '27004080', aid = 'A000000333010101', byByte = false): Promise<Seen> {
  const length = (text: string): string => (text.length / 2).toString(16).padStart(2, '0');
  const ppse = tags(body(await reader.send('00A404000E325041592E5359532E444446303100', byByte)));
  expect(ppse.get('4F')).toBe(aid);
  const fci = tags(body(await reader.send(`00A40400${length(aid)}${aid}00`, byByte)));
  expect(fci.get('9F38')).toBe('9F66049F02069F03069F1A0295055F2A029A039C019F3704');
  const data = tags(body(await reader.send(gpo(ttq), byByte)));
  let record = '';
  for (const [sfi = 0, first = 0, last = 0, signed = 0] of chunks(Buffer.from(data.get('94') ?? '', 'hex'))) {
    for (let number = first; number <= last; number += 1) {
      const p2 = (sfi | 4).toString(16).padStart(2, '0');
      const text = body(await reader.send(`00B2${number.toString(16).padStart(2, '0')}${p2}00`, byByte));
      tags(text, data);
      if (number - first < signed) record += text.startsWith('7081') ? text.slice(6) : text.slice(4);
    }
  }
  return { data, record };
}

function chunks(bytes: Buffer): number[][] {
  return Array.from({ length: bytes.length / 4 }, (_, at) => [...bytes.subarray(4 * at, 4 * at + 4)]);
}

/** Offline data authentication by the book, in the test's own arithmetic: “passed” or the step that failed. */
function authenticate(deck: Deck, rid: string, { data, record }: Seen): string {
  const get = (tag: string): string => data.get(tag) ?? '';
  const ca = deck.caKeys.find((key) => key.rid === rid && key.index === get('8F'));
  if (ca === undefined) return 'ca-key';
  const issuer = certified(get('90'), ca.modulus, 15, get('92'), get('9F32'));
  if (issuer === 'failed') return 'issuer-certificate';
  const suffix = get('9F47') + record + get('82');
  const card = certified(get('9F46'), issuer, 21, get('9F48'), suffix);
  if (card === 'failed') return 'icc-certificate';
  const clear = open(get('9F4B'), card);
  if (!clear.startsWith('6A9501') || !clear.endsWith('BC')) return 'signature';
  const hash = sha1(`${clear.slice(2, -42) + un + amount}0156${get('9F69')}`);
  return hash === clear.slice(-42, -2) ? 'passed' : 'data-hash';
}

let dir: string;
let deck: Deck;
let reader: Reader;
const lines: string[] = [];

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'deck-'));
  deck = await openDeck({ dir, lingerMs: 40, trace: (line) => lines.push(line) });
  reader = await Reader.open();
});
afterAll(async () => {
  reader.close();
  await rm(dir, { recursive: true });
});

const tap = (card: string, timeoutMs = 4000): Promise<TapResult> =>
  deck.tap({ card, reader: { host: '127.0.0.1', port: reader.port }, timeoutMs });

describe('a payment card', () => {
  test.each([
    ['unionpay-ok', 'A000000333010101', '27004080', 0x80],
    ['unionpay-2', 'A000000333010102', '26004080', 0x80],
    ['visa-ok', 'A0000000031010', '27004000', 0x80],
    ['phone', 'A000000333010101', '27004080', 0x80],
    ['unionpay-offline', 'A000000333010101', '27004080', 0x40],
    ['unionpay-offline', 'A000000333010101', '27804080', 0x80],
  ])('%s authenticates itself under the deck’s own CA', async (card, aid, ttq, cid) => {
    const left = tap(card);
    const seen = await dialogue(await reader.card(), ttq, aid);
    expect(authenticate(deck, aid.slice(0, 10), seen)).toBe('passed');
    expect(Number.parseInt(seen.data.get('9F27') ?? '', 16)).toBe(cid);
    expect(seen.data.get('5A')).toBe(deck.pan(card));
    expect(seen.data.get('57')?.split('D')[0]).toBe(deck.pan(card));
    expect(await left).toEqual({ left: 'read', exchanges: 7 });
  });

  test('gives no signature to a terminal that asks for none', async () => {
    const left = tap('visa-ok');
    const { data } = await dialogue(await reader.card(), '26004000', 'A0000000031010');
    expect(data.has('9F4B')).toBe(false);
    expect(data.get('94')).toBe('10010101');
    expect(await left).toEqual({ left: 'read', exchanges: 4 });
  });

  test('shows who verified the cardholder when the amount asks for it', async () => {
    for (const [card, ctq] of [
      ['unionpay-ok', '4000'],
      ['phone', '0080'],
    ] as const) {
      const left = tap(card);
      expect((await dialogue(await reader.card(), '27404080')).data.get('9F6C')).toBe(ctq);
      await left;
    }
  });

  test('answers a dialogue that comes byte by byte', async () => {
    const left = tap('unionpay-ok');
    const seen = await dialogue(await reader.card(), '27004080', 'A000000333010101', true);
    expect(authenticate(deck, 'A000000333', seen)).toBe('passed');
    expect((await left).left).toBe('read');
  });

  test('counts its transactions on, also when the deck is opened again', async () => {
    const read = async (from: Deck): Promise<number> => {
      const left = from.tap({
        card: 'unionpay-ok#7',
        reader: { host: '127.0.0.1', port: reader.port },
        timeoutMs: 4000,
      });
      const { data } = await dialogue(await reader.card());
      await left;
      return Number.parseInt(data.get('9F36') ?? '', 16);
    };
    expect([await read(deck), await read(deck)]).toEqual([1, 2]);
    const again = await openDeck({ dir, lingerMs: 40 });
    expect(again.caKeys).toEqual(deck.caKeys);
    expect(await read(again)).toBe(3);
  });

  test('refuses what does not belong to the dialogue', async () => {
    const left = tap('unionpay-ok');
    const at = await reader.card();
    expect(await at.send('FFCA000000')).toMatch(/^08.{6}9000$/);
    expect(await at.send(gpo('27004080'))).toBe('6985');
    expect(await at.send('00B2011400')).toBe('6985');
    expect(await at.send('00A4040007A000000004101000')).toBe('6A82');
    expect(await at.send('00A4040007A00000033301')).toBe('6700');
    expect(body(await at.send('00A4040007A000000333010100'))).toContain('A000000333010101');
    expect(await at.send('80A80000028300')).toBe('6700');
    expect(await at.send('80AE400000')).toBe('6D00');
    expect(await at.send('A0A4000000')).toBe('6E00');
    expect(await at.send('00')).toBeUndefined();
    expect((await left).left).toBe('read');
  });
});

describe('cards that are wrong', () => {
  test.each([
    ['unionpay-bad-signature', 'data-hash'],
    ['wrong-ca', 'issuer-certificate'],
    ['unlisted-ca', 'ca-key'],
    ['unionpay-expired', 'passed'],
  ])('%s: %s', async (card, step) => {
    const left = tap(card);
    const seen = await dialogue(await reader.card());
    expect(authenticate(deck, 'A000000333', seen)).toBe(step);
    if (card === 'unionpay-expired') expect(seen.data.get('5F24')).toBe('240630');
    expect((await left).left).toBe('read');
  });

  test('a card that declines answers with an AAC and no signature', async () => {
    const left = tap('declines');
    const { data } = await dialogue(await reader.card());
    expect([data.get('9F27'), data.has('9F4B'), data.get('9F10')]).toEqual(['00', false, '0701010380000001']);
    expect((await left).left).toBe('read');
  });

  test('a locked phone says 6986, goes, is unlocked and comes back in the same tap', async () => {
    const left = tap('see-phone');
    const first = await reader.card();
    await first.send('00A404000E325041592E5359532E444446303100');
    await first.send('00A4040008A00000033301010100');
    expect(await first.send(gpo('27004080'))).toBe('6986');
    expect(await first.send(gpo('27004080'))).toBe('6986');
    await first.gone();
    const seen = await dialogue(await reader.card());
    expect(authenticate(deck, 'A000000333', seen)).toBe('passed');
    expect(await left).toEqual({ left: 'read', exchanges: 11 });
  });

  test.each([1, 2, 3, 4, 6])('torn-at-%i leaves at that command', async (place) => {
    const left = tap(`torn-at-${place}`);
    const at = await reader.card();
    await at.send('FFCA000000');
    const commands = [
      '00A404000E325041592E5359532E444446303100',
      '00A4040008A00000033301010100',
      gpo('27004080'),
      '00B2011400',
      '00B2011C00',
      '00B2021C00',
    ];
    for (const command of commands.slice(0, place - 1)) expect(await at.send(command)).toMatch(/9000$/);
    expect(await at.send(commands[place - 1] ?? '')).toBeUndefined();
    expect(await left).toEqual({ left: 'torn', exchanges: place });
  });

  test('storage, transit and nonsense cards', async () => {
    let left = tap('storage');
    let at = await reader.card();
    expect(await at.send('04')).toBe('3B8F8001804F0CA000000306030001000000006A');
    expect(await at.send('FFCA000000')).toBe('04A23C5D9000');
    expect(await at.send('00A404000E325041592E5359532E444446303100')).toBe('6A81');
    expect(await left).toEqual({ left: 'read', exchanges: 2 });
    left = tap('transit');
    at = await reader.card();
    expect(await at.send('00A404000E325041592E5359532E444446303100')).toBe('6A82');
    expect((await left).left).toBe('read');
    left = tap('garbage');
    at = await reader.card();
    expect(await at.send('00A404000E325041592E5359532E444446303100')).toMatch(/^6F40840E.*9000$/);
    expect((await left).left).toBe('read');
  });
});

describe('in the field', () => {
  test('power cycles before the first command do not end a tap, power off after the answer does', async () => {
    const left = tap('unionpay-ok');
    const at = await reader.card();
    for (const code of [1, 0, 1, 2, 0, 1]) at.control(code);
    expect(await at.send('04')).toBe('3B8D800100814D220886601222275000014A');
    await at.send('00A404000E325041592E5359532E444446303100');
    await at.send('00A4040008A00000033301010100');
    await at.send(gpo('27004080'));
    at.control(0);
    expect(await left).toEqual({ left: 'read', exchanges: 3 });
  });

  test('a card nobody speaks to goes when its time is over', async () => {
    const left = tap('unionpay-ok', 200);
    const at = await reader.card();
    at.control(1);
    expect(await left).toEqual({ left: 'timeout', exchanges: 0 });
  });

  test('no reader, and no such card, are told', async () => {
    const nobody = deck.tap({ card: 'unionpay-ok', reader: { host: '127.0.0.1', port: 1 }, timeoutMs: 500 });
    await expect(nobody).rejects.toMatchObject({ code: 'reader-unreachable' });
    await expect(tap('gold-card')).rejects.toMatchObject({ code: 'no-such-card' });
    await expect(tap('unionpay-ok#x')).rejects.toMatchObject({ code: 'no-such-card' });
  });
});

describe('the deck', () => {
  test('holds hundreds of cards of a kind, each with its own valid number', () => {
    const kinds = ['unionpay-ok', 'unionpay-2', 'visa-ok', 'see-phone'];
    const pans = kinds.flatMap((kind) => Array.from({ length: 500 }, (_, at) => deck.pan(`${kind}#${at}`) ?? ''));
    expect(new Set(pans).size).toBe(2000);
    for (const pan of pans) expect(luhn(pan.slice(0, -1))).toBe(pan.at(-1));
    expect(deck.pan('unionpay-ok')).toBe('6210948000000011');
    expect(deck.cards()[0]?.id).toBe('unionpay-ok');
  });

  test('derived cards carry certificates of their own', async () => {
    const left = tap('visa-ok#123');
    const seen = await dialogue(await reader.card(), '27004000', 'A0000000031010');
    expect(seen.data.get('5A')).toBe(deck.pan('visa-ok#123'));
    expect(authenticate(deck, 'A000000003', seen)).toBe('passed');
    await left;
  });

  test('writes no card number in clear', async () => {
    const written = await Promise.all(
      ['keys.json', 'counters.json', 'ca-keys.json'].map((name) => readFile(join(dir, 'cards', name), 'utf8')),
    );
    const all = [...lines, ...written].join('\n');
    expect(all).toContain('621094******0011');
    expect(all).not.toMatch(/6210948\d{9}|4761739\d{9}/);
  });

  test('says so when its keys are damaged', async () => {
    const broken = await mkdtemp(join(tmpdir(), 'deck-'));
    await openDeck({ dir: broken });
    await writeFile(join(broken, 'cards', 'keys.json'), '{"ca"');
    await expect(openDeck({ dir: broken })).rejects.toMatchObject({ code: 'keys-damaged' });
    await rm(broken, { recursive: true });
  });
});

test('the cryptogram is the published one of Visa version 10 (vector of knovichikhin/pyemv)', () => {
  const key = cardKey(Buffer.from('0123456789ABCDEFFEDCBA9876543210', 'hex'), '1234567890123456', '00');
  const data =
    '000000004000' +
    '000000000000' +
    '0124' +
    '8000048000' +
    '0124' +
    '191105' +
    '01' +
    '52BF4585' +
    '1800' +
    '001C' +
    '03A06010';
  expect(
    mac(key, pad(Buffer.from(data, 'hex'), 1))
      .toString('hex')
      .toUpperCase(),
  ).toBe('29CCA15AE665FA2E');
});
