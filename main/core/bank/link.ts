import type { Money } from '../../../contract/money.ts';
import type { IsoMessage } from './codec.ts';
import type { ToldTime } from './told.ts';

/** Identifies one message at the acquirer; kept with the payment and repeated unchanged. */
export interface Trace {
  /** Systems trace audit number, 1 to 999999 (DE 11). */
  readonly stan: number;
  /** Retrieval reference number, twelve characters, made by the terminal (DE 37). */
  readonly rrn: string;
  /** When the payment was made, UTC milliseconds: DE 7, and local DE 12 and DE 13. */
  readonly at: number;
  /** Batch in which the money is to be counted (DE 60). */
  readonly batch: number;
  /** 0 for the first sending, then 1, 2, …: a repeat carries the repeat MTI. */
  readonly attempt: number;
}

/** What was presented to pay with. */
export type Presented =
  | {
      readonly kind: 'card';
      readonly sealed: string;
      readonly iccData: string;
      readonly panSequence?: string;
      readonly expiry: string;
    }
  | { readonly kind: 'code'; readonly scheme: string; readonly code: string };

/** Points at an earlier message (DE 90 and DE 37). */
export interface Original {
  readonly mti: '0100' | '0200' | '0220';
  readonly stan: number;
  readonly rrn: string;
  readonly at: number;
  /** The batch in which it was counted, where that is not the batch of the message that names it. */
  readonly batch?: number;
  readonly authCode?: string;
  /** The host's own RRN, where the host makes one. */
  readonly hostRrn?: string;
}

/** A charge as the bank's own statement names it, where no payment here stands for it. */
export interface Charge {
  /** The bank's reference, one to twelve characters (DE 37). */
  readonly rrn: string;
  /** When it was made, by the bank's clock: YYYY-MM-DD. */
  readonly day: string;
  /** Where the statement has it. */
  readonly stan?: number;
}

/** Counts and sums of one batch in one currency, in minor units. */
export interface Totals {
  readonly debitCount: number;
  readonly debit: Money;
  readonly creditCount: number;
  readonly credit: Money;
}

/** Reason codes for reversals (DE 39 of the request): no answer, customer cancelled, invalid answer, wallet not paid in time. */
export type ReversalReason = 'no-answer' | 'customer-cancel' | 'invalid-answer' | 'not-completed';

/** An entry of the journal and its hash, SHA-256 in hex. */
export interface JournalHead {
  readonly seq: number;
  readonly hash: string;
}

export type BankRequest =
  | { readonly type: 'purchase'; readonly trace: Trace; readonly amount: Money; readonly presented: Presented }
  /** A purchase accepted offline, told afterwards. Repeated until answered, never reversed (R7). */
  | { readonly type: 'advice'; readonly trace: Trace; readonly amount: Money; readonly presented: Presented }
  /** Takes back a purchase whose outcome is not known; also cancels a wallet payment. Same STAN and RRN as the original (R3). */
  | {
      readonly type: 'reversal';
      readonly trace: Trace;
      readonly amount: Money;
      readonly original: Original;
      readonly reason: ReversalReason;
    }
  /** Takes back an approved purchase of the same batch. Repeated until answered. */
  | { readonly type: 'void'; readonly trace: Trace; readonly amount: Money; readonly original: Original }
  /** Asks what became of a wallet payment. */
  | { readonly type: 'query'; readonly trace: Trace; readonly amount: Money; readonly original: Original }
  | {
      readonly type: 'reconciliation';
      readonly trace: Trace;
      readonly totals: Totals;
      /** Where the journal stood when the batch was frozen: the bank keeps it, and knows a shorter or other one (I15). */
      readonly head?: JournalHead;
    }
  /**
   * Gives money of an earlier purchase back, in any batch, in part or whole; several together never more than the charge.
   * Told like an advice: repeated with the same trace until answered, never reversed.
   */
  | {
      readonly type: 'refund';
      readonly trace: Trace;
      readonly amount: Money;
      /** The card or code once more, where the acquirer wants it. */
      readonly presented?: Presented;
      readonly original: Original;
    }
  /** Gives a charge back that only the bank's statement knows. Told like a refund: repeated with the same trace, never reversed. */
  | { readonly type: 'charge-refund'; readonly trace: Trace; readonly amount: Money; readonly charge: Charge }
  /** Holds an amount on the customer's account until it is completed or given up. */
  | { readonly type: 'pre-authorization'; readonly trace: Trace; readonly amount: Money; readonly presented: Presented }
  /** Takes an amount that was held. Repeated until answered. */
  | { readonly type: 'completion'; readonly trace: Trace; readonly amount: Money; readonly original: Original };

/** Requests that not every link takes. */
export type FurtherRequest =
  /** One payment of a batch whose totals differ, told again at its end (B4). */
  | {
      readonly type: 'upload';
      readonly trace: Trace;
      readonly amount: Money;
      readonly record: 'purchase' | 'advice' | 'completion' | 'void' | 'refund';
      readonly original: Original;
    }
  /** All payments of the batch are told: the totals once more. */
  | {
      readonly type: 'upload-end';
      readonly trace: Trace;
      readonly totals: Totals;
      /** How many were uploaded. */
      readonly count: number;
    };

export type LinkRequest = BankRequest | FurtherRequest;

/** What an exchange came to. Only answers whose MAC, STAN, RRN, terminal, merchant, amount and currency match get this far (I5). */
export type BankAnswer =
  | {
      readonly kind: 'approved';
      readonly code: string;
      readonly authCode?: string;
      /** The host's own RRN, where the host makes one; a void or refund of this payment names it. */
      readonly hostRrn?: string;
      readonly hostTotals?: Totals;
      /** What the issuer has for the card (DE 55), hex. */
      readonly iccData?: string;
    }
  /** Less than was asked for (DE 39 10, DE 4): only ever of a purchase. */
  | {
      readonly kind: 'partial';
      readonly code: string;
      readonly authCode?: string;
      readonly hostRrn?: string;
      readonly amount: Money;
    }
  /** The host said no. For a reconciliation: the totals differ. */
  | { readonly kind: 'declined'; readonly code: string; readonly hostTotals?: Totals; readonly iccData?: string }
  /** A wallet payment that the customer has not confirmed yet (DE 39 09). */
  | { readonly kind: 'pending'; readonly code: string }
  /** The host knows no such original (DE 39 25). Not final for a reversal until R6 is satisfied. */
  | { readonly kind: 'not-found'; readonly code: string }
  /** It may have left; no believable answer by the deadline. The truth is unknown. */
  | { readonly kind: 'no-answer'; readonly detail: string }
  /** Not a byte was handed to the line. */
  | { readonly kind: 'not-sent'; readonly detail: string };

export type LinkState =
  | {
      readonly status: 'online';
      readonly since: number;
      readonly latencyMs: number | undefined;
      /** On the acquirer's second host. */
      readonly backup?: true;
    }
  | { readonly status: 'connecting' }
  | { readonly status: 'offline'; readonly reason: LinkFault; readonly detail: string; readonly since: number };

export type LinkFault =
  | 'refused'
  | 'unreachable'
  | 'timed-out'
  | 'untrusted-host'
  | 'client-refused'
  | 'closed'
  | 'sign-on-refused'
  /** No master key is loaded. */
  | 'no-key'
  | 'protocol'
  | 'stopped';

/** What the link counted since it was started, for the technician. */
export interface LinkCounters {
  readonly sent: number;
  readonly answered: number;
  /** Answers dropped because something in them did not match (I5). */
  readonly dropped: number;
  /** What was wrong with the last one: "MAC", "DE 4", … */
  readonly lastDropped?: string;
  readonly late: number;
  /** The host said that a repeat was not the message it repeats: a fault of this program. */
  readonly conflicts?: number;
}

/** After so many dropped answers the technician is alarmed: somebody or something meddles with the line. */
export const DROPPED_ALARM = 3;

/** Whether the counters call for a technician. */
export function alarmed(counters: LinkCounters): boolean {
  return counters.dropped >= DROPPED_ALARM || (counters.conflicts ?? 0) > 0;
}

/** What a host answers to the question for newer parameters (docs/bank-link.md, "Parameters"). */
export type ParameterAnswer =
  | { readonly kind: 'newer'; readonly bundle: Uint8Array }
  | { readonly kind: 'none' }
  | { readonly kind: 'no-answer'; readonly detail: string };

/** The key of the connection in use, for the technician: never the key itself. */
export interface LinkSession {
  /** UTC milliseconds. */
  readonly since: number;
  /** Whether a message's MAC is right under it or the one before. */
  fits(bytes: Uint8Array, message: IsoMessage): boolean;
}

/** The line to one acquirer, over ISO 8583 or over HTTPS. */
export interface AcquirerLink {
  readonly state: LinkState;
  readonly counters: LinkCounters;
  /** Absent while the line is down, and where messages are not signed under a key of the connection. */
  readonly session?: LinkSession | undefined;
  onChange(listener: () => void): () => void;
  /** Connects, signs on, echoes, and reconnects with back-off until closed. */
  start(): void;
  /** Asks the host whether it is there (0800 echo): milliseconds, undefined when it did not answer. */
  echo(): Promise<number | undefined>;
  /**
   * Sends one request once and waits for its answer until the profile's deadline. Never rejects, never resends.
   * The caller has made its intent durable before (I3). Several exchanges may run at the same time.
   */
  exchange(request: BankRequest): Promise<BankAnswer>;
  /** Like `exchange`; absent where the link has no such messages. */
  further?(request: FurtherRequest): Promise<BankAnswer>;
  /** Asks for parameters newer than version `have`; absent where the link has no such message. Never rejects. */
  parameters?(have: number): Promise<ParameterAnswer>;
  /** An answer that came after its deadline, or twice (journalled as LATE; changes nothing, I6). */
  onLate(listener: (late: { readonly stan: number; readonly rrn: string; readonly code: string }) => void): () => void;
  /** What the bank says of the time, from answers that were believed only; absent where it tells none. */
  onTime?(listener: (told: ToldTime) => void): () => void;
  /** Takes another master key (hex) into use; what is under way is unknown then. Absent where there is none. */
  rekey?(masterKey: string): void;
  close(): Promise<void>;
}
