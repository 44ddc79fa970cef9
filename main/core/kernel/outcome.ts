import type { Money } from '../../../contract/money.ts';
import type { NdefRecord } from './ndef/message.ts';

/** Payment schemes whose cards or wallets this kernel reads. */
export type CardScheme = 'unionpay' | 'visa' | 'mastercard' | 'jcb' | 'wallet';

/** What a tap asks of a card. */
export interface CardRequest {
  readonly amount: Money;
  /** EMV tag 9C: 00 purchase, 20 refund. */
  readonly transactionType: '00' | '20';
  /** Local date and time at the counter, digits YYMMDD and hhmmss (tags 9A, 9F21). */
  readonly date: string;
  readonly time: string;
  /** Four random bytes (tag 9F37). */
  readonly unpredictableNumber: Uint8Array;
  /** Transaction sequence counter, the payment's STAN (tag 9F41). */
  readonly sequence: number;
  /** The application that the customer chose at an earlier tap of this payment (`Choice.aid`): no other is taken. */
  readonly chosen?: string;
}

/** One of a card's applications, as its holder is asked about it. */
export interface Choice {
  /** What is selected: the card's AID, with its extended selection behind it where that is used; hex. */
  readonly aid: string;
  /** The card's own name for it, or the scheme's; never a number of the card. */
  readonly label: string;
}

/** What only the acquirer may read of a card: digits, hex of tag 57, YYMM. */
export interface CardSecrets {
  readonly pan: string;
  readonly track2: string;
  readonly expiry: string;
}

/** What only the acquirer may read of a closed-loop wallet: the whole token, base64url. */
export interface WalletSecrets {
  readonly walletToken: string;
}

/**
 * Keeps card secrets from leaving the kernel: the PAN and the track-2 equivalent go in, only sealed or keyed forms come out.
 */
export interface Vault {
  /** Seals PAN and track-2 equivalent to the acquirer's public key: a compact JWE. */
  seal(secrets: CardSecrets | WalletSecrets): Promise<string>;
  /** Keyed token of a PAN or wallet id, for velocity: hex, 32 characters. Nobody but this terminal can make it. */
  token(pan: string): string;
  /** The same for block lists, under a key that the acquirer has too. */
  blockToken(pan: string): string;
}

/** `token`: a closed-loop wallet's signatures (docs/wallet-token.md). */
export type OdaMethod = 'fdda' | 'cda' | 'sda' | 'token' | 'none';

/** Offline data authentication (EMV Book 2). `step` names the place of the first failure. */
export interface OdaResult {
  readonly method: OdaMethod;
  readonly result: 'passed' | 'failed' | 'not-performed';
  readonly step?:
    | 'ca-key'
    | 'issuer-certificate'
    | 'icc-certificate'
    | 'static-data'
    | 'signature'
    | 'data-hash'
    | 'cryptogram-type'
    | 'version'
    /** Of a wallet: its transaction counter has not grown. */
    | 'counter';
  readonly reason?: string;
}

/** How the cardholder was verified. `unknown` never occurs on an approved path. */
export type Cvm = 'none' | 'cdcvm' | 'signature' | 'online-pin';

/** One data object read from the card, safe to show: card data masked. */
export interface CardTag {
  readonly tag: string;
  readonly name: string;
  /** Hex; digits of PAN and track 2 masked to first six and last four. */
  readonly value: string;
  readonly text?: string;
  /** The exchange that brought it, as it stands in the timing. */
  readonly from: string;
}

/** What the rest of the core may know of a card. No full PAN, no track data. */
export interface CardData {
  readonly scheme: CardScheme;
  readonly aid: string;
  readonly label: string;
  /** EMV contactless kernel number; 0 for the closed-loop wallet, which is no EMV. */
  readonly kernel: 0 | 2 | 3 | 7;
  /** First six and last four digits: "621094******0011". */
  readonly maskedPan: string;
  readonly token: string;
  /** YYMM. */
  readonly expiry: string;
  /** Card sequence number (tag 5F34), three digits, when the card has one. */
  readonly panSequence?: string;
  readonly oda: OdaResult;
  readonly cvm: Cvm;
  readonly cryptogram: { readonly type: 'ARQC' | 'TC' | 'AAC'; readonly value: string; readonly atc: number };
  /** Field 55 of ISO 8583, hex TLV in the order of the profile; neither 57 nor 5A. Empty for a wallet. */
  readonly iccData: string;
  /** PAN and track-2 equivalent, or the wallet token, sealed to the acquirer: compact JWE. */
  readonly sealed: string;
  readonly tags: readonly CardTag[];
  readonly timing: CardTiming;
  /** What the terminal found, hex: verification results (tag 95) and status information (tag 9B). */
  readonly findings?: { readonly tvr: string; readonly tsi: string };
  /** The CA keys came from an unsigned file: good for test cards only. */
  readonly keys?: 'unsigned';
  /** The cryptogram is that of an earlier, torn tap of the same payment. */
  readonly recovered?: true;
}

/** Milliseconds on the monotonic clock. */
export interface CardTiming {
  /** One for each exchange: the command's name, time on the card, own time between the exchange before and this one. */
  readonly exchanges: readonly { readonly command: string; readonly ms: number; readonly gapMs?: number }[];
  readonly cardMs: number;
  /** From card in field to card may go, card time taken out. */
  readonly ownMs: number;
}

export type CardRefusal =
  /** Storage card, transport card, or an answer that is no EMV. */
  | 'not-a-payment-card'
  | 'no-supported-application'
  | 'application-blocked'
  /** The card wants another interface (6984) or the amount is above the contactless limit. */
  | 'use-another-interface'
  | 'amount-above-limit'
  /** Bad TLV, missing mandatory data, or data that contradicts itself. */
  | 'card-data-invalid'
  | 'mag-stripe-mode'
  /** A live card of a scheme on a plain reader (class B) that may read test cards only. */
  | 'live-card'
  /** A class A reader that the acquirer does not name. */
  | 'reader-untrusted';

export type CardDecline =
  | 'card-declined'
  /** On the acquirer's block list. */
  | 'card-blocked'
  | 'card-expired'
  | 'not-yet-effective'
  | 'terminal-declined'
  | 'oda-failed';

/** What one tap came to. */
export type CardOutcome =
  /** The issuer must be asked: an ARQC. `deferrable` when offline data authentication passed. */
  | { readonly kind: 'online'; readonly card: CardData; readonly deferrable: boolean }
  /** The card approved offline: a TC, and offline data authentication passed. */
  | { readonly kind: 'approved-offline'; readonly card: CardData }
  | { readonly kind: 'declined'; readonly reason: CardDecline; readonly detail?: string; readonly card?: CardData }
  /** No payment card: a tag for members or coupons, its text fit to be shown and its ids to be looked up. */
  | { readonly kind: 'tag'; readonly type: 'type-2' | 'type-4'; readonly records: readonly NdefRecord[] }
  /** The card leaves it to its holder which application pays. The same attempt goes on with another tap and `chosen`. */
  | { readonly kind: 'choose'; readonly choices: readonly Choice[] }
  /** The same attempt goes on with another tap. */
  | { readonly kind: 'tap-again'; readonly reason: 'torn' | 'see-phone' | 'one-card-only' | 'timed-out' }
  | { readonly kind: 'refused'; readonly reason: CardRefusal; readonly detail: string };
