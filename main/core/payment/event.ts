import type { ReversalReason } from '../bank/link.ts';
import type { OfflineUse } from './offline.ts';

/** What a card that was read says about itself; the sealed secrets travel beside the event, never in it. */
export interface PresentedCard {
  readonly scheme: string;
  readonly maskedPan: string;
  readonly token: string;
  readonly label: string;
  readonly aid: string;
  readonly cvm: string;
  readonly oda: string;
  readonly expiry: string;
  readonly panSequence: string | null;
  readonly iccData: string;
}

/** The state of the world in the same commit in which the decision is made. */
export interface Facts {
  /** The acquirer link is signed on. */
  readonly online: boolean;
  /** Open batch: the one in which money sent now is counted. */
  readonly batch: number;
  /** Business day now, YYYY-MM-DD. */
  readonly day: string;
  /** The batch in which the payment would be counted is closed: what the host has of it is in the open one. */
  readonly counted: boolean;
  /** Reversals not yet delivered to the host once (I10). */
  readonly reversalsDue: boolean;
  readonly offline: OfflineUse;
  /** UTC milliseconds: a label. */
  readonly now: number;
  /** Milliseconds that have certainly passed since a stamp of this payment, whatever was done to the clock (I20). */
  readonly waited: (stamp: number) => number;
}

/** How many issuer scripts came for a card that has left: only the journal hears of them. */
export type IssuerScripts = number | 'unreadable';

/** What the bank made of an exchange, as the payment needs to know it. */
export type Answer =
  | {
      readonly kind: 'approved';
      readonly code: string;
      readonly authCode: string | null;
      /** The host's own RRN, where it makes one. */
      readonly hostRrn?: string;
      readonly scripts?: IssuerScripts;
    }
  | { readonly kind: 'declined'; readonly code: string; readonly scripts?: IssuerScripts }
  /** Less than was asked for (DE 39 10): `minor` units. */
  | {
      readonly kind: 'partial';
      readonly code: string;
      readonly authCode: string | null;
      readonly hostRrn?: string;
      readonly minor: number;
    }
  | { readonly kind: 'pending' | 'not-found'; readonly code: string }
  | { readonly kind: 'no-answer' | 'not-sent' };

export type PaymentEvent =
  | {
      readonly type: 'card';
      readonly decision: 'online' | 'approved-offline' | 'declined';
      readonly deferrable: boolean;
      readonly reason: string | null;
      readonly card: PresentedCard | null;
    }
  | { readonly type: 'code'; readonly scheme: string; readonly codeHash: string }
  /** A code is to be shown: the bank is told of the order first. */
  | { readonly type: 'show'; readonly scheme: string }
  | { readonly type: 'cash'; readonly tendered?: number }
  /** A person takes what the bank approved where that is less than was asked. */
  | { readonly type: 'accept' }
  | { readonly type: 'cancel' }
  /** A card payment that waited for older reversals may go now. */
  | { readonly type: 'clear' }
  /** The time has come for the next automatic step. */
  | { readonly type: 'due' }
  | { readonly type: 'answer'; readonly to: Exchange; readonly answer: Answer }
  /** A wallet payment has not been confirmed in time. */
  | { readonly type: 'give-up' }
  /** The terminal starts again after it was stopped or killed. */
  | { readonly type: 'restart' }
  | { readonly type: 'expire' }
  /** A void of this payment was asked for, or has come to its end. */
  | { readonly type: 'void' }
  | { readonly type: 'void-end'; readonly approved: boolean }
  /** The refund by which it goes back has come to its end: `not-sent` when the bank never heard of it. */
  | { readonly type: 'refund-end'; readonly end: 'approved' | 'refused' | 'not-sent' }
  /** The held amount is to be taken, or its taking has come to its end. */
  | { readonly type: 'complete' }
  | { readonly type: 'complete-end'; readonly approved: boolean }
  /** The held amount is given up. */
  | { readonly type: 'release' }
  /** The owner says by name what became of it: it was done at the bank, or it was not (I9). */
  | { readonly type: 'decide'; readonly done: boolean; readonly cause: string };

/** `purchase` asks for the money, or for the hold on it where the payment is a pre-authorization. */
export type Exchange = 'purchase' | 'advice' | 'reversal' | 'query' | 'void' | 'refund' | 'completion';

/** What must happen outside once the step is durable. */
export type Effect =
  | { readonly type: 'exchange'; readonly exchange: Exchange; readonly reason?: ReversalReason }
  /** Look at this payment again after so many milliseconds. */
  | { readonly type: 'later'; readonly ms: number }
  /** Deliver what is due to the host first, then say `clear`. */
  | { readonly type: 'reversals-first' }
  /** A person must be told that it does not come to its end. */
  | { readonly type: 'alert' }
  /** The whole of it goes back, by a payment of its own. */
  | { readonly type: 'refund' }
  | { readonly type: 'print' }
  | { readonly type: 'drawer' };
