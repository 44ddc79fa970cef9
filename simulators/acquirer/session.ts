import { setTimeout as wait } from 'node:timers/promises';
import type { Book } from './book.ts';
import type { Capture } from './capture.ts';
import type { Secrets } from './card.ts';
import type { Dialect } from './dialects/dialect.ts';
import type { Faults, Rule } from './faults.ts';
import { dataForCard } from './forcard.ts';
import { execute, refuseCancel, type Verdict } from './host.ts';
import type { Connection, Receiver } from './line.ts';
import { sameMac } from './mac.ts';
import { partOf } from './parameters.ts';
import type { WalletIssuer } from './profile.ts';
import type { Request } from './request.ts';
import { decode, encode, type Fields, type Message, type Received, WireError } from './wire.ts';

/** The bank as every connection sees it. */
export interface Bank {
  readonly book: Book;
  readonly faults: Faults;
  readonly masterKey: Buffer;
  readonly dialect: Dialect;
  /** False: nothing is executed and nothing answered. */
  up: boolean;
  openCard(sealed: string): Promise<Secrets | undefined>;
  readonly terminals: ReadonlySet<string>;
  /** Whose wallets pay at the card reader. */
  readonly issuers: readonly WalletIssuer[];
  /** How far the bank's clock is ahead of this machine's, milliseconds. */
  apartMs: number;
  /** Told of every message, where somebody wants to look on. */
  readonly capture?: Capture;
  /** The signed parameters, when there are newer ones than the terminal has. */
  parameters?: (have: number) => { readonly version: number; readonly bytes: Buffer } | undefined;
  /** Called with bugs only: what went wrong while a message was dealt with. */
  failed(error: unknown): void;
}

/** What the bank's clock shows, UTC milliseconds. */
export function nowOf({ apartMs }: Pick<Bank, 'apartMs'>): number {
  return Date.now() + apartMs;
}

function oneMore(message: Message): Message {
  const amount = message.fields.get(4);
  if (amount === undefined) return message;
  return { ...message, fields: new Map(message.fields).set(4, String(Number(amount) + 1).padStart(12, '0')) };
}

function otherStan(message: Message): Message {
  const stan = String((Number(message.fields.get(11)) % 999_999) + 1).padStart(6, '0');
  return { ...message, fields: new Map(message.fields).set(11, stan) };
}

/** Says that the totals differ although they may not; closes nothing. */
function wrongTotals({ book }: Pick<Bank, 'book'>, { batch, currency, terminal }: Request): Verdict {
  const right = book.totals(batch, currency, terminal);
  return { code: '95', totals: { ...right, debitCount: right.debitCount + 1, debitMinor: right.debitMinor + 100 } };
}

/** What a request comes to, with the fault that was planted for it. */
export function verdictOf(bank: Bank, request: Request, card: Secrets | undefined, rule: Rule | undefined): Verdict {
  if (rule?.do === 'wrong-totals' && request.kind === 'totals') return wrongTotals(bank, request);
  const refused = rule?.do === 'cancel-refused' ? refuseCancel(bank, request) : undefined;
  return refused ?? execute(bank, request, card, rule?.do === 'decline' ? rule.code : undefined, Date.now());
}

function wrong(mac: Buffer): Buffer {
  return Buffer.from(mac.map((byte) => byte ^ 0xff));
}

/** One connection's conversation: sign-on first, then any number of requests side by side. */
export class Session implements Receiver {
  readonly #bank: Bank;
  readonly #connection: Connection;
  #key: Buffer | undefined;
  /** The last key that the terminal has used: good until it has shown that it has a newer one. */
  #former: Buffer | undefined;
  /** The bank forgets the connection without telling: what comes is not read any more. */
  #halfOpen = false;
  /** Answers that are held back: until the next one, or until the one to a message about this STAN. */
  #held: { readonly until: 'next' | number; readonly send: () => void }[] = [];

  constructor(bank: Bank, connection: Connection) {
    this.#bank = bank;
    this.#connection = connection;
  }

  received(bytes: Buffer): void {
    if (!this.#bank.up || this.#halfOpen) return;
    const { dialect, capture } = this.#bank;
    capture?.('in', bytes);
    const message = decode(dialect.open(bytes), dialect.forms, (one) => dialect.isSignOn(one) && !dialect.signOnSealed);
    if (!dialect.isSignOn(message) && this.#key === undefined) throw new WireError('a message before the sign-on');
    this.#deal(message).catch((error: unknown) => {
      this.#bank.failed(error);
      this.#connection.drop();
    });
  }

  /** The key under which the message is right; `bare` for a sign-on that has no MAC; undefined when it is wrong. */
  #keyOf(message: Received): Buffer | 'bare' | undefined {
    const { dialect, masterKey } = this.#bank;
    const fits = (key: Buffer) => sameMac(dialect.mac(key, message.covered), message.mac);
    if (dialect.isSignOn(message)) return dialect.signOnSealed ? (fits(masterKey) ? masterKey : undefined) : 'bare';
    if (this.#key !== undefined && fits(this.#key)) {
      this.#former = undefined;
      return this.#key;
    }
    return this.#former !== undefined && fits(this.#former) ? this.#former : undefined;
  }

  async #deal(message: Received): Promise<void> {
    const bank = this.#bank;
    const { dialect } = bank;
    const key = this.#keyOf(message);
    const refuse = (code: string) => {
      const seal = key ?? (dialect.isSignOn(message) ? bank.masterKey : this.#key);
      this.#send(dialect.answer(message, undefined, { code }, new Map(), nowOf(bank)), seal);
    };
    if (key === undefined) return refuse('A0');
    const request = dialect.read(message);
    if (request === undefined) return refuse('30');
    const { fields } = request.message;
    const card = fields.get(22) === '071' ? await bank.openCard(fields.get(48) ?? '') : undefined;
    const rule = bank.faults.take(message.mti, card !== undefined && 'pan' in card ? card.pan : undefined);
    if (rule?.do === 'half-open') this.#halfOpen = true;
    if (rule?.do === 'drop-request' || this.#halfOpen) return;
    if (rule?.do === 'sign-on-first') {
      refuse('A0');
      this.#key = undefined;
      this.#former = undefined;
      return;
    }
    if (rule?.do === 'delay-request') await wait(rule.ms);
    if (!bank.up) return;
    const verdict = verdictOf(bank, request, card, rule);
    const more: Fields = new Map();
    if (request.kind === 'sign-on' && verdict.code === '00') more.set(62, this.#newKey());
    const forCard = dataForCard(request, card, verdict.code);
    if (forCard !== undefined) more.set(55, forCard);
    if (request.kind === 'parameters') this.#addPart(message, more);
    if (rule?.do === 'drop-answer') return;
    if (rule?.do === 'delay') await wait(rule.ms);
    if (rule?.do === 'reset') return this.#connection.reset();
    if (!bank.up) return;
    const answer = () => this.#answer(message, request, verdict, key, more, rule);
    if (rule?.do === 'reorder') return this.#hold('next', answer);
    if (rule?.do === 'late-success') return this.#hold(request.stan, answer);
    answer();
    this.#letGo(request);
  }

  #hold(until: 'next' | number, send: () => void): void {
    this.#held.push({ until, send });
  }

  /** Sends the answers that were held back for this one. */
  #letGo(request: Request): void {
    const due = this.#held.filter(({ until }) => until === 'next' || until === request.original?.stan);
    this.#held = this.#held.filter((one) => !due.includes(one));
    for (const { send } of due) send();
  }

  /** The next bytes of the parameters that the terminal does not have. */
  #addPart(message: Message, more: Fields): void {
    const { field, as, most } = this.#bank.dialect.parameters;
    const told = message.fields.get(field) ?? '';
    const question = as === 'hex' ? Buffer.from(told, 'hex').toString('latin1') : told;
    const part = partOf(question, this.#bank.parameters?.(Number(question.slice(0, 9))), most) ?? '';
    more.set(field, as === 'hex' ? Buffer.from(part, 'latin1').toString('hex').toUpperCase() : part);
  }

  #newKey(): string {
    const { key, block } = this.#bank.dialect.newKey(this.#bank.masterKey);
    this.#former ??= this.#key;
    this.#key = key;
    return block;
  }

  #send(answer: Message, seal: Buffer | 'bare' | undefined, twist: (mac: Buffer) => Buffer = (mac) => mac): void {
    const { dialect } = this.#bank;
    const mac = Buffer.isBuffer(seal) ? (covered: Buffer) => twist(dialect.mac(seal, covered)) : undefined;
    const bytes = dialect.close(encode(answer, mac, dialect.forms));
    this.#bank.capture?.('out', bytes);
    this.#connection.send(bytes);
  }

  #answer(
    message: Message,
    request: Request,
    verdict: Verdict,
    seal: Buffer | 'bare',
    more: Fields,
    rule: Rule | undefined,
  ): void {
    const right = this.#bank.dialect.answer(message, request, verdict, more, nowOf(this.#bank));
    if (rule?.do === 'garbage') {
      this.#connection.send(Buffer.from('00 this is no message 00'));
      return;
    }
    const answer =
      rule?.do === 'wrong-amount' ? oneMore(right) : rule?.do === 'foreign-stan' ? otherStan(right) : right;
    const twist = rule?.do === 'wrong-mac' ? wrong : undefined;
    this.#send(answer, seal, twist);
    if (rule?.do === 'duplicate') this.#send(answer, seal, twist);
  }
}
