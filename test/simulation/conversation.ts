import type { BankAnswer } from '../../main/core/bank/link.ts';
import type { Verdict } from '../../simulators/acquirer/host.ts';
import type { Request } from '../../simulators/acquirer/request.ts';
import { encode, Frames, frame, type Message, type Received, WireError } from '../../simulators/acquirer/wire.ts';
import type { Sending, WireHost } from './wirehost.ts';

/** Of the fields that an answer repeats: those of which one may be altered. */
const ECHOED = [4, 11, 37, 41, 42, 49, 60];
const REMEMBERED = 40;
/** After length, TPDU and the first two bytes of the header. */
const ASKED_AT = 9;

function verdictOf(answer: BankAnswer, rrn: string | undefined): Verdict {
  const code = 'code' in answer ? answer.code : '96';
  const totals = 'hostTotals' in answer ? answer.hostTotals : undefined;
  return {
    code,
    ...('authCode' in answer && answer.authCode !== undefined ? { authCode: answer.authCode } : {}),
    ...(answer.kind === 'partial' ? { amount: answer.amount.minor } : {}),
    ...(rrn === undefined ? {} : { rrn }),
    ...(totals
      ? {
          totals: {
            debitCount: totals.debitCount,
            debitMinor: totals.debit.minor,
            creditCount: totals.creditCount,
            creditMinor: totals.credit.minor,
          },
        }
      : {}),
  };
}

/** A message as it is known: its class and its numbers. */
export function wireKey({ mti, fields }: Message, host: WireHost): string {
  const answered = `${mti.slice(0, 2)} ${Number(fields.get(11))}`;
  return host.dialectName === 'countertap' ? `${answered} ${fields.get(37)}` : answered;
}

/** One line's conversation: sign-on first, then any number of requests side by side. */
export class Conversation {
  readonly #host: WireHost;
  readonly #frames = new Frames();
  readonly #send: (sending: Sending) => void;
  readonly #drop: () => void;
  /** Keys of messages that were received here and not answered yet. */
  readonly #open = new Set<string>();
  /** Under which key each message was received here last. */
  readonly #received = new Map<string, Buffer>();
  #key: Buffer | undefined;
  #formerKey: Buffer | undefined;

  constructor(host: WireHost, send: (sending: Sending) => void, drop: () => void) {
    this.#host = host;
    this.#send = send;
    this.#drop = drop;
  }

  received(bytes: Buffer): void {
    try {
      for (const one of this.#frames.push(bytes)) this.#deal(this.#host.open(one));
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      this.#drop();
    }
  }

  /** Under which key a message is right. */
  #keyOf(message: Received): Buffer | 'bare' | undefined {
    const { dialect, master } = this.#host;
    const fits = (key: Buffer): boolean => dialect.mac(key, message.covered).equals(message.mac);
    if (dialect.isSignOn(message)) {
      if (!dialect.signOnSealed) return 'bare';
      const key = Buffer.from(master, 'hex');
      return fits(key) ? key : undefined;
    }
    if (this.#key && fits(this.#key)) {
      this.#formerKey = undefined;
      return this.#key;
    }
    return this.#formerKey && fits(this.#formerKey) ? this.#formerKey : undefined;
  }

  #deal(message: Received): void {
    const host = this.#host;
    const { dialect, faults, random } = host;
    if (!dialect.isSignOn(message) && !this.#key) throw new WireError('a message before the sign-on');
    const seal = this.#keyOf(message);
    if (seal === undefined) {
      this.#refuse(message);
      return;
    }
    if (host.isNetwork(message)) {
      this.#network(message, seal);
      return;
    }
    if (random.chance(faults.forgets)) {
      this.#refuse(message);
      this.#key = undefined;
      this.#formerKey = undefined;
      return;
    }
    const asked = host.read(message);
    const request = dialect.read(message);
    if (!asked || !request || seal === 'bare') throw new WireError('a message that nobody knows');
    const key = wireKey(message, host);
    this.#open.add(key);
    this.#received.set(key, seal);
    host.carry(asked, (answer) => {
      this.#open.delete(key);
      this.#answer(message, request, answer, seal);
    });
    if (random.chance(faults.alters)) this.#again(seal);
  }

  /** Bad MAC, or a new sign-on is wanted. */
  #refuse(message: Received): void {
    const { dialect, master } = this.#host;
    const seal = dialect.isSignOn(message) ? Buffer.from(master, 'hex') : this.#key;
    if (!seal) {
      this.#drop();
      return;
    }
    const answer = dialect.answer(message, undefined, { code: 'A0' }, new Map(), this.#host.now());
    this.#send({ bytes: this.#bytes(answer, seal) });
  }

  #network(message: Received, seal: Buffer | 'bare'): void {
    const host = this.#host;
    const { dialect, faults, random, timeline } = host;
    const request = dialect.read(message);
    const answer = (code: string, more = new Map<number, string>()): void =>
      this.#send({ bytes: this.#bytes(dialect.answer(message, request, { code }, more, host.now()), seal) });
    if (!dialect.isSignOn(message)) {
      answer('00');
      return;
    }
    const signOn = (): void => {
      if (random.chance(faults.refusesSignOn)) {
        answer('96');
        return;
      }
      const { key, block } = host.newKey();
      this.#formerKey ??= this.#key;
      this.#key = key;
      answer('00', new Map([[62, block]]));
    };
    if (random.chance(faults.slowSignOn)) timeline.after(random.int(500, 12_000), signOn);
    else signOn();
  }

  #bytes(message: Message, seal: Buffer | 'bare', sign?: (covered: Buffer) => Buffer): Buffer {
    const { dialect } = this.#host;
    const mac = seal === 'bare' ? undefined : (sign ?? ((covered: Buffer) => dialect.mac(seal, covered)));
    return frame(dialect.close(encode(message, mac, dialect.forms)));
  }

  #answer(message: Received, request: Request, answer: BankAnswer, seal: Buffer): void {
    const host = this.#host;
    const { random, faults, dialect } = host;
    const right = dialect.answer(message, request, verdictOf(answer, host.hostRrn(request)), new Map(), host.now());
    const key = wireKey(message, host);
    const bytes = this.#asking(this.#bytes(right, seal));
    const genuine = { bytes, genuine: { key, answer } };
    host.former.push({ sending: genuine, key, seal, at: host.timeline.now });
    if (host.former.length > REMEMBERED) host.former.shift();
    const altered = random.chance(faults.alters);
    this.#send(altered ? { bytes: this.#altered(right, seal) } : genuine);
    if (!altered) return;
    // Whoever alters it may hold the right one back for good.
    if (random.chance(0.4)) host.timeline.after(random.int(1, 9_000), () => this.#send(genuine));
    if (random.chance(0.2)) host.timeline.after(random.int(1, 9_000), () => this.#send(genuine));
  }

  /** The header of some dialects has a digit by which the host asks for a new sign-on. */
  #asking(bytes: Buffer): Buffer {
    const { dialectName, random, faults } = this.#host;
    if (dialectName === 'unionpay' && random.chance(faults.asksSignOn)) bytes[ASKED_AT] = 3;
    return bytes;
  }

  /** An answer with something in it that is not the bank's. */
  #altered(right: Message, seal: Buffer): Buffer {
    const { dialect, random, dialectName } = this.#host;
    const kind = random.int(1, 10);
    if (kind <= 2)
      return this.#bytes(right, seal, (covered) => Buffer.from(dialect.mac(seal, covered).map((byte) => byte ^ 1)));
    if (kind <= 6) {
      // Its code turned into the opposite, under the MAC of what the bank said.
      const code = right.fields.get(39) === '00' ? random.pick(['51', '25', '96', '09']) : '00';
      const mac = this.#bytes(right, seal).subarray(-8);
      return this.#bytes({ ...right, fields: new Map(right.fields).set(39, code) }, seal, () => mac);
    }
    const fields = new Map(right.fields);
    const [first = 11, ...others] = ECHOED.filter(
      (number) => fields.has(number) && (number !== 37 || dialectName === 'countertap'),
    );
    const number = random.pick([first, ...others]);
    const part = number === 4 && fields.get(39) === '10';
    fields.set(number, part ? '0'.repeat(12) : otherwise(fields.get(number) ?? '', number));
    return this.#bytes({ ...right, fields }, seal);
  }

  /**
   * Sends once more what was sent under another key, however long ago; under the same one, what was sent a moment ago. Nobody but
   * the host could do more than that: a line has TLS around it.
   */
  #again(seal: Buffer): void {
    const { random, former, timeline } = this.#host;
    const known = former.filter((one) => one.seal !== seal || timeline.now - one.at < 10_000);
    const waited = known.filter(({ key }) => this.#open.has(key));
    const [first, ...others] = waited.length > 0 ? waited : known;
    if (!first) return;
    const again = random.pick([first, ...others]);
    // Somebody may have held it back for good: to whom it was meant it is the bank's answer all the same.
    const meant = this.#received.get(again.key) === again.seal;
    const sending = meant ? again.sending : { bytes: again.sending.bytes };
    timeline.after(random.int(1, 300), () => this.#send(sending));
  }
}

/** Another value of a field, as long as it was; another STAN is one that no terminal of the day takes. */
function otherwise(value: string, number: number): string {
  if (number === 11) return String(Number(value) + 500_000).padStart(6, '0');
  if (number === 4) return String(Number(value) + 1).padStart(12, '0');
  const last = value.trimEnd().length - 1;
  return `${value.slice(0, last)}${value[last] === '1' ? '2' : '1'}${value.slice(last + 1)}`;
}
