import type { BankAnswer, BankRequest, FurtherRequest, LinkRequest } from '../../main/core/bank/link.ts';
import type { Random } from './random.ts';

/** How a customer's wallet behaves when its code was presented. */
export type WalletBehaviour =
  | { readonly kind: 'pays' | 'declines' | 'never' }
  | { readonly kind: 'slow'; readonly ms: number };

/** One line in the bank's own book. */
export interface Charge {
  readonly mti: '0200' | '0220';
  readonly stan: number;
  readonly rrn: string;
  readonly minor: number;
  /** What was asked for, where only a part of it was approved. */
  readonly asked?: number;
  readonly batch: number;
  /** The tap or the code by which the customer paid. */
  readonly presented: string;
  state: 'approved' | 'declined' | 'pending' | 'reversed' | 'voided';
  /** When a pending wallet payment is confirmed; undefined for never. */
  readonly confirmAt: number | undefined;
}

/** Money given back of a charge, counted in a batch of its own. */
export interface Refund {
  readonly stan: number;
  readonly rrn: string;
  readonly minor: number;
  readonly batch: number;
  readonly of: Charge;
}

/** An amount held on a customer's card. */
export interface Hold {
  readonly stan: number;
  readonly rrn: string;
  readonly minor: number;
  readonly presented: string;
  state: 'held' | 'completed' | 'reversed' | 'declined';
}

export interface BankTotals {
  debitCount: number;
  debit: number;
  creditCount: number;
  credit: number;
}

interface Remembered {
  readonly answer: BankAnswer;
  readonly body: string;
}

/** What the bank can be made to do wrong. */
export interface BankTrouble {
  /** Answers everything with "system malfunction". */
  refusing: boolean;
  /** The next totals are told wrongly. */
  wrongTotals: boolean;
  /** What is told line by line is not what it has either. */
  disputes: boolean;
  /** Gives nothing back: refuses reversals, voids and refunds. */
  keeps: boolean;
  /** Puts its own book right by hand: agrees to whatever totals it is told. */
  givesIn: boolean;
}

const approved = (authCode?: string): BankAnswer =>
  authCode === undefined ? { kind: 'approved', code: '00' } : { kind: 'approved', code: '00', authCode };
const refused = (code: string): BankAnswer => ({ kind: 'declined', code });
/** How often a card purchase is approved in part. */
const PARTLY = 0.06;

/** No batch: what people at the bank do. */
const BY_HAND = -1;
const goesBack: ReadonlySet<string> = new Set(['reversal', 'void', 'refund', 'charge-refund']);

const notFound: BankAnswer = { kind: 'not-found', code: '25' };

/**
 * A bank that does what docs/bank-link.md says a host does, from whatever reaches it, however late or often. Knows a
 * repeated message by class, STAN and RRN. Shares no code with the terminal.
 */
export class Bank {
  readonly trouble: BankTrouble = {
    refusing: false,
    wrongTotals: false,
    keeps: false,
    givesIn: false,
    disputes: false,
  };
  /** Whether it has refused to give something back that it could have. */
  kept = false;
  readonly charges: Charge[] = [];
  readonly refunds: Refund[] = [];
  readonly holds: Hold[] = [];
  readonly closed = new Map<number, BankTotals>();
  readonly #told = new Map<number, Map<string, number>>();
  readonly #remembered = new Map<string, Remembered>();
  readonly #wallets = new Map<string, WalletBehaviour>();
  readonly #spent = new Set<string>();
  readonly #random: Random;
  readonly #declineRate: number;

  constructor(random: Random, declineRate: number) {
    this.#random = random;
    this.#declineRate = declineRate;
  }

  /** A customer holds out this wallet code. */
  issue(code: string, behaviour: WalletBehaviour): void {
    this.#wallets.set(code, behaviour);
  }

  /** What the customer who presented this has been charged by now, less what went back. */
  charged(presented: string): number {
    return this.charges
      .filter((charge) => charge.presented === presented && charge.state === 'approved')
      .reduce((sum, charge) => sum + charge.minor - this.refunded(charge), 0);
  }

  refunded(charge: Charge): number {
    return this.refunds.reduce((sum, refund) => sum + (refund.of === charge ? refund.minor : 0), 0);
  }

  /** What is held by now on the card that was presented so. */
  held(presented: string): number {
    return this.holds
      .filter((hold) => hold.presented === presented && hold.state === 'held')
      .reduce((sum, hold) => sum + hold.minor, 0);
  }

  totals(batch: number): BankTotals {
    const totals = { debitCount: 0, debit: 0, creditCount: 0, credit: 0 };
    for (const { minor, state, batch: counted } of this.charges) {
      if (counted !== batch || (state !== 'approved' && state !== 'voided')) continue;
      totals.debitCount += 1;
      totals.debit += minor;
      if (state !== 'voided') continue;
      totals.creditCount += 1;
      totals.credit += minor;
    }
    for (const { minor, batch: counted } of this.refunds) {
      if (counted !== batch) continue;
      totals.creditCount += 1;
      totals.credit += minor;
    }
    return totals;
  }

  /** Wallets whose customers have confirmed by now. */
  confirm(now: number): void {
    for (const charge of this.charges) {
      if (charge.state === 'pending' && charge.confirmAt !== undefined && charge.confirmAt <= now) {
        charge.state = 'approved';
      }
    }
  }

  /** Carries out what has arrived. */
  handle(request: LinkRequest, now: number): BankAnswer {
    this.confirm(now);
    if (request.type === 'upload' || request.type === 'upload-end') return this.#hearsAgain(request);
    if (request.type === 'reconciliation') return this.#compare(request);
    if (request.type === 'query') return this.trouble.refusing ? refused('96') : this.#query(request);
    const known = this.#remembered.get(keyOf(request));
    if (known) return known.body === bodyOf(request) ? known.answer : refused('94');
    const answer = this.#carryOut(request, now);
    const pays = ['purchase', 'advice', 'pre-authorization'].includes(request.type);
    const code = 'code' in answer ? answer.code : '';
    // A refund that was not permitted is not paid out to a copy that comes later; a reversal may be heard yet.
    const never = code === '57' && request.type !== 'reversal';
    if (code !== '25' && ((code !== '96' && code !== '57') || pays || never)) {
      this.#remembered.set(keyOf(request), { answer, body: bodyOf(request) });
    }
    return answer;
  }

  /** Somebody looks whether a message was carried out. If not, it never will be, however late it comes. */
  carriedOut(key: string): boolean {
    const known = this.#remembered.get(key);
    if (!known) this.#remembered.set(key, { answer: refused('12'), body: '' });
    return known?.answer.kind === 'approved';
  }

  /** A charge, or an amount held, is taken back by hand; one that has not come yet will be refused. */
  takesBack({ stan, rrn, kind }: { readonly stan: number; readonly rrn: string; readonly kind: string }): void {
    const found = [...this.charges, ...this.holds].filter((one) => one.stan === stan && one.rrn === rrn);
    if (found.length === 0) this.carriedOut(`${kind === 'purchase' ? '0200' : '0100'} ${stan} ${rrn}`);
    for (const one of found) if (one.state !== 'declined') one.state = 'reversed';
  }

  /** Money of a charge goes back outside every batch. */
  givesBack({ stan, rrn }: { readonly stan: number; readonly rrn: string }): void {
    for (const of of this.charges) {
      if (of.stan !== stan || of.rrn !== rrn || of.state !== 'approved') continue;
      this.refunds.push({ stan: 0, rrn: '', minor: of.minor - this.refunded(of), batch: BY_HAND, of });
    }
  }

  #carryOut(request: Exclude<BankRequest, { type: 'query' | 'reconciliation' }>, now: number): BankAnswer {
    if (this.trouble.keeps && goesBack.has(request.type)) {
      this.kept = true;
      return refused('57');
    }
    switch (request.type) {
      case 'purchase':
      case 'advice':
        return this.#pay(request, now);
      case 'reversal':
        return this.trouble.refusing ? refused(this.#random.pick(['96', '57'])) : this.#reverse(request);
      case 'void':
        return this.trouble.refusing ? refused('96') : this.#void(request);
      case 'refund':
        return this.trouble.refusing ? refused('96') : this.#refund(request, this.#find(request));
      case 'charge-refund':
        return this.trouble.refusing ? refused('96') : this.#giveBack(request);
      case 'pre-authorization':
        return this.#hold(request);
      case 'completion':
        return this.trouble.refusing ? refused('96') : this.#complete(request);
    }
  }

  #pay(request: Extract<BankRequest, { type: 'purchase' | 'advice' }>, now: number): BankAnswer {
    const { trace, amount, presented } = request;
    if (this.closed.has(trace.batch)) return refused('12');
    const enter = (state: Charge['state'], confirmAt?: number): void => {
      this.charges.push({
        mti: request.type === 'purchase' ? '0200' : '0220',
        stan: trace.stan,
        rrn: trace.rrn,
        minor: amount.minor,
        batch: trace.batch,
        presented: presented.kind === 'card' ? presented.sealed : presented.code,
        state,
        confirmAt,
      });
    };
    const authCode = String(this.charges.length + 1).padStart(6, '0');
    if (this.trouble.refusing) {
      enter('declined');
      return refused('96');
    }
    if (presented.kind === 'card' && request.type === 'purchase' && amount.minor > 1 && this.#random.chance(PARTLY)) {
      enter('approved');
      const part = this.#random.int(1, amount.minor - 1);
      const whole = this.charges.pop();
      if (whole) this.charges.push({ ...whole, minor: part, asked: amount.minor });
      return { kind: 'partial', code: '10', authCode, amount: { minor: part, currency: amount.currency } };
    }
    if (presented.kind === 'card') {
      const declined = this.#random.chance(this.#declineRate);
      enter(declined ? 'declined' : 'approved');
      return declined ? refused('51') : approved(authCode);
    }
    if (presented.scheme === 'shown') {
      // Its customer scans it, at once or too late, or nobody does.
      enter('pending', this.#random.chance(0.7) ? now + this.#random.int(500, 60_000) : undefined);
      return { kind: 'pending', code: '09' };
    }
    const behaviour = this.#wallets.get(presented.code);
    const spent = this.#spent.has(presented.code);
    this.#spent.add(presented.code);
    if (!behaviour || spent || behaviour.kind === 'declines') {
      enter('declined');
      return refused('05');
    }
    if (behaviour.kind === 'pays') {
      enter('approved');
      return approved(authCode);
    }
    enter('pending', behaviour.kind === 'slow' ? now + behaviour.ms : undefined);
    return { kind: 'pending', code: '09' };
  }

  /** Never more than was charged, however many refunds of one charge there are. */
  #refund({ trace, amount }: Extract<BankRequest, { type: 'refund' }>, of?: Charge): BankAnswer {
    if (!of) return notFound;
    if (this.closed.has(trace.batch) || of.state !== 'approved') return refused('12');
    if (amount.minor > of.minor - this.refunded(of)) return refused('13');
    this.refunds.push({ stan: trace.stan, rrn: trace.rrn, minor: amount.minor, batch: trace.batch, of });
    return approved();
  }

  /** Of what was charged by mistake it keeps no count: every refund under new numbers is carried out. */
  #giveBack({ trace, amount, charge: { rrn } }: Extract<BankRequest, { type: 'charge-refund' }>): BankAnswer {
    const of = this.charges.find((charge) => charge.rrn === rrn && charge.state === 'approved');
    if (!of) return notFound;
    if (this.closed.has(trace.batch)) return refused('12');
    this.refunds.push({ stan: trace.stan, rrn: trace.rrn, minor: amount.minor, batch: trace.batch, of });
    return approved();
  }

  #hold({ trace, amount, presented }: Extract<BankRequest, { type: 'pre-authorization' }>): BankAnswer {
    const by = presented.kind === 'card' ? presented.sealed : presented.code;
    const declined = this.trouble.refusing || this.#random.chance(this.#declineRate);
    const { stan, rrn } = trace;
    this.holds.push({ stan, rrn, minor: amount.minor, presented: by, state: declined ? 'declined' : 'held' });
    if (this.trouble.refusing) return refused('96');
    return declined ? refused('51') : approved(`H${String(this.holds.length).padStart(5, '0')}`);
  }

  #findHold({ original }: Extract<BankRequest, { type: 'reversal' | 'completion' }>): Hold | undefined {
    return this.holds.find(({ stan, rrn }) => stan === original.stan && rrn === original.rrn);
  }

  #complete(request: Extract<BankRequest, { type: 'completion' }>): BankAnswer {
    const { trace, amount } = request;
    const hold = this.#findHold(request);
    if (!hold) return notFound;
    if (this.closed.has(trace.batch) || hold.state !== 'held') return refused('12');
    if (amount.minor > hold.minor) return refused('13');
    hold.state = 'completed';
    const { stan, rrn, batch } = trace;
    const { presented } = hold;
    const minor = amount.minor;
    this.charges.push({ mti: '0220', stan, rrn, minor, batch, presented, state: 'approved', confirmAt: undefined });
    return approved('000000');
  }

  #release(request: Extract<BankRequest, { type: 'reversal' }>): BankAnswer {
    const hold = this.#findHold(request);
    if (!hold) return notFound;
    if (hold.minor !== request.amount.minor) return refused('13');
    if (hold.state === 'completed') return refused('12');
    if (hold.state === 'held') hold.state = 'reversed';
    return approved();
  }

  #find(request: Extract<BankRequest, { type: 'reversal' | 'void' | 'query' | 'refund' }>): Charge | undefined {
    const { mti, stan, rrn } = request.original;
    return this.charges.find((charge) => charge.mti === mti && charge.stan === stan && charge.rrn === rrn);
  }

  #reverse(request: Extract<BankRequest, { type: 'reversal' }>): BankAnswer {
    if (request.original.mti === '0100') return this.#release(request);
    const charge = this.#find(request);
    if (!charge) return notFound;
    if ((charge.asked ?? charge.minor) !== request.amount.minor) return refused('13');
    if (charge.state === 'declined' || charge.state === 'reversed') return approved();
    const gone = charge.state === 'voided' || this.refunded(charge) > 0;
    if (gone || this.closed.has(charge.batch)) return refused('12');
    // Some wallets take nothing back once it is paid: only a refund does (R8).
    if (wallet(charge) && charge.state === 'approved' && charge.stan % 2 === 0) return refused('12');
    charge.state = 'reversed';
    return approved();
  }

  #void(request: Extract<BankRequest, { type: 'void' }>): BankAnswer {
    const charge = this.#find(request);
    if (!charge) return notFound;
    if (charge.minor !== request.amount.minor) return refused('13');
    const open = charge.batch === request.trace.batch && !this.closed.has(charge.batch);
    if (charge.state !== 'approved' || !open || this.refunded(charge) > 0) return refused('12');
    charge.state = 'voided';
    return approved('000000');
  }

  #query(request: Extract<BankRequest, { type: 'query' }>): BankAnswer {
    const charge = this.#find(request);
    if (!charge) return notFound;
    if (charge.state === 'approved') return approved('000000');
    if (charge.state === 'pending') return { kind: 'pending', code: '09' };
    return refused(charge.state === 'declined' ? '05' : '12');
  }

  /** Of a batch whose totals differ each payment is told; then it is closed as it was told (B4). */
  #hearsAgain(request: FurtherRequest): BankAnswer {
    const { batch } = request.trace;
    const told = this.#told.get(batch) ?? new Map<string, number>();
    this.#told.set(batch, told);
    if (this.trouble.refusing) return refused('96');
    if (request.type === 'upload') {
      const { original, record, amount } = request;
      told.set(`${original.rrn} ${record}`, record === 'void' || record === 'refund' ? -amount.minor : amount.minor);
      return this.closed.has(batch) ? refused('12') : approved();
    }
    const lines = [...told.values()];
    const sum = (of: number[]): number => of.reduce((total, minor) => total + Math.abs(minor), 0);
    const [debits, credits] = [lines.filter((minor) => minor > 0), lines.filter((minor) => minor < 0)];
    const { totals } = request;
    const own = {
      debitCount: debits.length,
      debit: { ...totals.debit, minor: sum(debits) },
      creditCount: credits.length,
      credit: { ...totals.credit, minor: sum(credits) },
    };
    if (this.trouble.disputes)
      return { kind: 'declined', code: '95', hostTotals: { ...own, debitCount: own.debitCount + 1 } };
    const { debitCount, creditCount, debit, credit } = own;
    if (!this.closed.has(batch)) {
      // What was not told is not settled: nobody is charged for it.
      for (const charge of this.charges) {
        const open = charge.batch === batch && charge.state === 'approved';
        if (open && ![...told.keys()].some((line) => line.startsWith(`${charge.rrn} `))) charge.state = 'reversed';
      }
      this.#close(batch, { debitCount, debit: debit.minor, creditCount, credit: credit.minor });
    }
    return { kind: 'approved', code: '00', hostTotals: own };
  }

  #close(batch: number, totals: BankTotals): void {
    this.closed.set(batch, totals);
    for (const charge of this.charges) {
      if (charge.batch === batch && charge.state === 'pending') charge.state = 'declined';
    }
  }

  #compare(request: Extract<BankRequest, { type: 'reconciliation' }>): BankAnswer {
    const { batch } = request.trace;
    const { debitCount, debit, creditCount, credit } = request.totals;
    const own = this.totals(batch);
    const currency = debit.currency;
    const tell = (
      totals: BankTotals,
    ): { debitCount: number; creditCount: number; debit: typeof debit; credit: typeof debit } => ({
      debitCount: totals.debitCount,
      debit: { minor: totals.debit, currency },
      creditCount: totals.creditCount,
      credit: { minor: totals.credit, currency },
    });
    if (this.trouble.refusing) return { ...refused('96'), hostTotals: tell(own) } as BankAnswer;
    if (this.trouble.wrongTotals) {
      this.trouble.wrongTotals = false;
      return { kind: 'declined', code: '95', hostTotals: tell({ ...own, debit: own.debit + 100 }) };
    }
    const agree =
      own.debitCount === debitCount &&
      own.debit === debit.minor &&
      own.creditCount === creditCount &&
      own.credit === credit.minor;
    if (!agree && !this.trouble.givesIn) return { kind: 'declined', code: '95', hostTotals: tell(own) };
    const told = { debitCount, debit: debit.minor, creditCount, credit: credit.minor };
    if (!this.closed.has(batch)) this.#close(batch, told);
    return { kind: 'approved', code: '00', hostTotals: tell(told) };
  }
}

/** Paid by a code, which is all digits: what a tap sealed is not. */
function wallet({ presented }: Charge): boolean {
  return /^\d+$/.test(presented);
}

const classes = {
  purchase: '0200',
  void: '0200',
  advice: '0220',
  reversal: '0420',
  query: '0100',
  refund: '0220',
  'charge-refund': '0220',
  'pre-authorization': '0100',
  completion: '0220',
  reconciliation: '0500',
  upload: '0320',
  'upload-end': '0500',
};

/** A repeat is known by the message class and its numbers. */
export function keyOf(request: LinkRequest): string {
  return `${classes[request.type]} ${request.trace.stan} ${request.trace.rrn}`;
}

/** As {@link keyOf} names the message of a payment of its own. */
export function messageKey(kind: string, { stan, rrn }: { readonly stan: number; readonly rrn: string }): string {
  return `${kind === 'void' ? classes.void : classes.refund} ${stan} ${rrn}`;
}

/** What must be the same in every repeat. */
export function bodyOf(request: LinkRequest): string {
  const { attempt: _, ...trace } = request.trace;
  const amount = 'amount' in request ? request.amount : request.totals;
  return JSON.stringify([request.type, trace, amount, 'presented' in request ? request.presented : null]);
}
