import { setTimeout as wait } from 'node:timers/promises';
import type { Book } from './book.ts';
import type { Secrets } from './card.ts';
import type { Faults, Rule } from './faults.ts';
import { execute, type Verdict } from './host.ts';
import type { Connection, Receiver } from './line.ts';
import { newSession, sign, verifies } from './mac.ts';
import type { WalletIssuer } from './profile.ts';
import { messageClass, type Request, read, totalsText } from './request.ts';
import { decode, encode, type Fields, type Message, type Received, WireError } from './wire.ts';

/** The bank as every connection sees it. */
export interface Bank {
  readonly book: Book;
  readonly faults: Faults;
  readonly masterKey: Buffer;
  /** False: nothing is executed and nothing answered. */
  up: boolean;
  openCard(sealed: string): Promise<Secrets | undefined>;
  /** Whose wallets pay at the card reader. */
  readonly issuers: readonly WalletIssuer[];
  /** Called with bugs only: what went wrong while a message was dealt with. */
  failed(error: unknown): void;
}

const repeated = [3, 4, 7, 11, 12, 13, 24, 37, 41, 42, 49, 60];

function answerTo(message: Message, verdict: Verdict, more: Fields = new Map()): Message {
  const fields: Fields = new Map(more);
  for (const number of repeated) {
    const value = message.fields.get(number);
    if (value !== undefined) fields.set(number, value);
  }
  fields.set(39, verdict.code);
  const kind = messageClass(message.mti);
  if (verdict.authCode !== undefined && verdict.code === '00' && kind !== '0420') {
    fields.set(38, verdict.authCode.padEnd(6));
  }
  if (verdict.totals !== undefined) fields.set(63, totalsText(verdict.totals));
  return { mti: `${kind.slice(0, 2)}${Number(kind[2]) + 1}0`, fields };
}

function oneMore(message: Message): Message {
  const amount = message.fields.get(4);
  if (amount === undefined) return message;
  return { ...message, fields: new Map(message.fields).set(4, String(Number(amount) + 1).padStart(12, '0')) };
}

function wrong(mac: Buffer): Buffer {
  return Buffer.from(mac.map((byte) => byte ^ 0xff));
}

/** One connection's conversation: sign-on first, then any number of requests side by side. */
export class Session implements Receiver {
  readonly #bank: Bank;
  readonly #connection: Connection;
  #key: Buffer | undefined;

  constructor(bank: Bank, connection: Connection) {
    this.#bank = bank;
    this.#connection = connection;
  }

  received(bytes: Buffer): void {
    if (!this.#bank.up) return;
    const message = decode(bytes);
    const signsOn = messageClass(message.mti) === '0800' && message.fields.get(3) === '920000';
    const key = signsOn ? this.#bank.masterKey : this.#key;
    if (key === undefined) throw new WireError('a message before the sign-on');
    this.#deal(message, key).catch((error: unknown) => {
      this.#bank.failed(error);
      this.#connection.drop();
    });
  }

  async #deal(message: Received, key: Buffer): Promise<void> {
    const bank = this.#bank;
    const send = (answer: Message) => this.#connection.send(encode(answer, (covered) => sign(key, covered)));
    if (!verifies(key, message.covered, message.mac)) return send(answerTo(message, { code: 'A0' }));
    const request = read(message);
    if (request === undefined) return send(answerTo(message, { code: '30' }));
    const byCard = message.fields.get(22) === '071';
    const card = byCard ? await bank.openCard(message.fields.get(48) ?? '') : undefined;
    const rule = bank.faults.take(message.mti, card && 'pan' in card ? card.pan : undefined);
    if (rule?.do === 'drop-request') return;
    if (rule?.do === 'delay-request') await wait(rule.ms);
    if (!bank.up) return;
    const refusal = rule?.do === 'decline' ? rule.code : undefined;
    const verdict = execute(bank, request, card, refusal, Date.now());
    if (rule?.do === 'drop-answer') return;
    if (rule?.do === 'delay') await wait(rule.ms);
    if (!bank.up) return;
    this.#answer(request, verdict, key, rule);
  }

  #answer(request: Request, verdict: Verdict, key: Buffer, rule: Rule | undefined): void {
    const more: Fields = new Map();
    if (request.kind === 'sign-on' && verdict.code === '00') {
      const session = newSession(this.#bank.masterKey);
      this.#key = session.key;
      more.set(62, session.block);
    }
    const right = answerTo(request.message, verdict, more);
    const answer = rule?.do === 'wrong-amount' ? oneMore(right) : right;
    const mac = (covered: Buffer) => (rule?.do === 'wrong-mac' ? wrong(sign(key, covered)) : sign(key, covered));
    const bytes = encode(answer, mac);
    this.#connection.send(bytes);
    if (rule?.do === 'duplicate') this.#connection.send(bytes);
  }
}
