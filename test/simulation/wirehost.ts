import { createCipheriv } from 'node:crypto';
import type { DialectName } from '../../main/core/bank/dialects/named.ts';
import type { BankAnswer, LinkRequest, Presented, Totals } from '../../main/core/bank/link.ts';
import type { Dialect } from '../../simulators/acquirer/dialects/dialect.ts';
import { dialectNamed } from '../../simulators/acquirer/dialects/named.ts';
import { cmac, type NewKey } from '../../simulators/acquirer/mac.ts';
import { type Request, readTotals } from '../../simulators/acquirer/request.ts';
import { decode, type Message, type Received, WireError } from '../../simulators/acquirer/wire.ts';
import { profile } from './profile.ts';
import type { Random } from './random.ts';
import type { Timeline } from './timeline.ts';

/** What goes wrong at the bank's end of a line: how often of a message, and how long a sign-on takes. */
export interface HostFaults {
  /** An answer is not, or not only, what the bank answered. */
  alters: number;
  /** The bank wants a new sign-on before it carries out this message. */
  forgets: number;
  slowSignOn: number;
  /** With an answer it asks for a new sign-on on the same line, where the dialect can. */
  asksSignOn: number;
  refusesSignOn: number;
}

/** An answer of the bank on its way to the terminal. */
export interface Sending {
  readonly bytes: Buffer;
  /** The answer as the bank meant it, and the message that it answers. Absent where somebody altered it. */
  readonly genuine?: { readonly key: string; readonly answer: BankAnswer };
}

/** What was sent once, for somebody to send again. */
interface Former {
  readonly sending: Sending;
  readonly key: string;
  readonly seal: Buffer;
  readonly at: number;
}

/** The payment that a message is about. */
interface Named {
  readonly mti: '0100' | '0200' | '0220';
  readonly rrn: string;
  readonly transmitted: string;
  /** The number that the host gave it, where it gives one. */
  readonly hostRrn: string;
}

const CNY = 'CNY';

/** What is around the bank's end of the lines. */
export interface HostSurroundings {
  readonly timeline: Timeline;
  readonly now: () => number;
  /** Takes what a message asks for to the bank. */
  readonly carry: (request: LinkRequest, answer: (answer: BankAnswer) => void) => void;
}

/** The bank's end of all lines: knows keys and numbers, and reads and writes messages by the tables of the simulated acquirer. */
export class WireHost {
  readonly faults: HostFaults = { alters: 0, forgets: 0, slowSignOn: 0, asksSignOn: 0, refusesSignOn: 0 };
  readonly dialect: Dialect;
  readonly dialectName: DialectName;
  master = profile.masterKey ?? '';
  readonly random: Random;
  readonly timeline: Timeline;
  readonly now: () => number;
  readonly carry: HostSurroundings['carry'];
  readonly former: Former[] = [];
  readonly #named = new Map<number, Named>();
  /** What the terminal calls each message, where the dialect does not say so. */
  readonly #references = new Map<number, string>();

  constructor(dialect: DialectName, random: Random, { timeline, now, carry }: HostSurroundings) {
    this.dialectName = dialect;
    this.dialect = dialectNamed(dialect);
    this.random = random;
    this.timeline = timeline;
    this.now = now;
    this.carry = carry;
  }

  /** Whether a message is about the line itself, and not about money. */
  isNetwork(message: Message): boolean {
    return message.mti.startsWith('08');
  }

  /** Takes a message apart that came in a frame. Throws WireError for one that cannot be read. */
  open(bytes: Buffer): Received {
    const { dialect } = this;
    return decode(dialect.open(bytes), dialect.forms, (one) => dialect.isSignOn(one) && !dialect.signOnSealed);
  }

  /** The terminal has begun a payment under these numbers: by them the bank will know it. */
  learn(request: LinkRequest, message: Message): void {
    const { stan, rrn } = request.trace;
    const kinds = ['purchase', 'advice', 'pre-authorization', 'completion', 'void', 'refund', 'charge-refund'];
    this.#references.set(stan, rrn);
    if ('original' in request) this.#learnOriginal(request.original);
    if (!kinds.includes(request.type) || this.#named.has(stan)) return;
    const mti = request.type === 'pre-authorization' ? '0100' : request.type === 'purchase' ? '0200' : '0220';
    const hostRrn = this.dialect.read(message)?.rrn ?? '';
    this.#named.set(stan, { mti, rrn, transmitted: message.fields.get(7) ?? '', hostRrn });
  }

  /** A payment that the power kept from leaving is asked after all the same. */
  #learnOriginal({ mti, stan, rrn, at }: Extract<LinkRequest, { type: 'void' }>['original']): void {
    if (this.#named.has(stan)) return;
    const transmitted = new Date(at).toISOString().slice(5, 19).replace(/\D/g, '');
    this.#named.set(stan, { mti, rrn, transmitted, hostRrn: '' });
  }

  /** What a message asks of the bank; undefined for one that it does not know. */
  read(message: Message): LinkRequest | undefined {
    const request = this.dialect.read(message);
    if (!request) return undefined;
    const { stan, rrn, transmitted, batch } = request;
    const own = this.dialectName === 'countertap' ? rrn : (this.#references.get(stan) ?? '');
    const trace = { stan, rrn: own, at: Number(transmitted), batch, attempt: 0 };
    return this.#asks(request, trace);
  }

  #asks(request: Request, trace: LinkRequest['trace']): LinkRequest | undefined {
    const { kind, message } = request;
    const amount = { minor: request.amount, currency: CNY } as const;
    const presented = presentedOf(message);
    switch (kind) {
      case 'sign-on':
      case 'echo':
      case 'parameters':
        return undefined;
      case 'purchase':
      case 'advice':
        return presented && { type: kind, trace, amount, presented };
      case 'authorization':
        return presented && { type: 'pre-authorization', trace, amount, presented };
      case 'refund':
        return this.#refund(request, trace, amount, presented);
      case 'reversal':
        return { type: kind, trace, amount, original: this.#original(request), reason: 'no-answer' };
      case 'void':
      case 'query':
      case 'completion':
        return { type: kind, trace, amount, original: this.#original(request) };
      case 'upload': {
        const record = message.fields.get(3) === '000000' ? 'purchase' : 'void';
        return { type: kind, trace, amount, original: this.#original(request), record };
      }
      case 'totals':
        return { type: 'reconciliation', trace, totals: totalsOf(message) };
      case 'upload-end':
        return {
          type: kind,
          trace,
          totals: request.count === undefined ? totalsOf(message) : noTotals,
          count: request.count ?? 0,
        };
    }
  }

  #refund(
    request: Request,
    trace: LinkRequest['trace'],
    amount: Extract<LinkRequest, { type: 'refund' }>['amount'],
    presented: Presented | undefined,
  ): LinkRequest {
    if (request.message.fields.has(61) && this.dialectName === 'countertap') {
      return { type: 'charge-refund', trace, amount, charge: { rrn: request.original?.rrn ?? '', day: '' } };
    }
    const original = this.#original(request);
    return { type: 'refund', trace, amount, original, ...(presented ? { presented } : {}) };
  }

  #original({ original }: Request): Extract<LinkRequest, { type: 'void' }>['original'] {
    const stan = original?.stan ?? 0;
    const named = this.#named.get(stan);
    const meant = named && (original?.transmitted === undefined || original.transmitted === named.transmitted);
    const mti = named?.mti ?? '0200';
    return { mti, stan, rrn: meant ? named.rrn : '', at: 0 };
  }

  /** A new session key and its block. */
  newKey(): NewKey {
    const { dialect, random } = this;
    const master = Buffer.from(this.master, 'hex');
    if (this.dialectName !== 'countertap') return dialect.newKey(master);
    const key = Buffer.from(random.bytes(16));
    const cipher = createCipheriv('aes-128-ecb', master, null).setAutoPadding(false);
    const check = cmac(key, Buffer.alloc(16)).subarray(0, 3);
    const block = Buffer.concat([Buffer.from([1]), cipher.update(key), cipher.final(), check]);
    return { key, block: block.toString('hex').toUpperCase() };
  }

  /** Under which number the host has the payment that is asked after. */
  hostRrn({ kind, original }: Request): string | undefined {
    if (kind !== 'query' || this.dialectName === 'countertap') return undefined;
    return this.#named.get(original?.stan ?? 0)?.hostRrn || undefined;
  }
}

function presentedOf({ fields }: Message): Presented | undefined {
  const text = fields.get(48);
  if (text === undefined || !fields.has(22)) return undefined;
  if (fields.get(22) === '071') {
    return { kind: 'card', sealed: text, iccData: fields.get(55) ?? '', expiry: fields.get(14) ?? '' };
  }
  const [scheme = '', code = ''] = text.split('=');
  return { kind: 'code', scheme, code };
}

const nothing = { minor: 0, currency: CNY } as const;
const noTotals: Totals = { debitCount: 0, debit: nothing, creditCount: 0, credit: nothing };

function totalsOf({ fields }: Message): Totals {
  const told = readTotals(fields.get(63) ?? '');
  if (!told) throw new WireError('no totals');
  const { debitCount, debitMinor, creditCount, creditMinor } = told;
  const sum = (minor: number): Totals['debit'] => ({ minor, currency: CNY });
  return { debitCount, debit: sum(debitMinor), creditCount, credit: sum(creditMinor) };
}
