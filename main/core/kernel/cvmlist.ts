import type { Cvm } from './outcome.ts';
import type { Finding } from './tvr.ts';

/** What rules of a CVM list are measured against. */
export interface CvmSituation {
  readonly amountMinor: number;
  /** Whether the payment is in the card's own currency (tag 9F42). */
  readonly cardCurrency: boolean;
  /** Methods this terminal can do for this amount. */
  readonly signature: boolean;
  readonly noCvm: boolean;
}

export interface CvmOutcome {
  readonly cvm: Exclude<Cvm, 'online-pin' | 'cdcvm'>;
  /** CVM results, three bytes (tag 9F34, EMV Book 4 A4). */
  readonly results: Uint8Array;
  readonly findings: readonly Finding[];
  /** The card insisted on a PIN, which cannot be entered here. */
  readonly pinAsked: boolean;
}

const NEXT_IF_FAILED = 0x40;
const METHOD = 0x3f;
const FAIL = 0x00;
const SIGNATURE = 0x1e;
const NO_CVM = 0x1f;
/** First byte of the results when no method was tried (EMV Book 4 A4). */
const NO_CVM_PERFORMED = 0x3f;
/** Plaintext and enciphered PIN, with and without signature (EMV Book 3 annex C3). */
const pins: ReadonlySet<number> = new Set([0x01, 0x02, 0x03, 0x04, 0x05]);

const result = { unknown: 0, failed: 1, done: 2 } as const;

function bytesNumber(bytes: Uint8Array): number {
  return bytes.reduce((sum, byte) => sum * 256 + byte, 0);
}

interface Rules {
  readonly x: number;
  readonly y: number;
  readonly rules: readonly { readonly code: number; readonly condition: number }[];
}

function readRules(list: Uint8Array): Rules | undefined {
  if (list.length < 10 || list.length % 2 !== 0 || list.length > 252) return undefined;
  const rules: { code: number; condition: number }[] = [];
  for (let at = 8; at < list.length; at += 2) rules.push({ code: list[at]!, condition: list[at + 1]! });
  return { x: bytesNumber(list.subarray(0, 4)), y: bytesNumber(list.subarray(4, 8)), rules };
}

function supported(method: number, situation: CvmSituation): boolean {
  if (method === SIGNATURE) return situation.signature;
  if (method === NO_CVM) return situation.noCvm;
  return method === FAIL;
}

/** Whether a rule's condition holds (EMV Book 3 annex C3, table 44). */
function holds(condition: number, method: number, situation: CvmSituation, { x, y }: Rules): boolean {
  const { amountMinor, cardCurrency } = situation;
  switch (condition) {
    case 0x00:
    case 0x02:
      return true;
    case 0x03:
      return supported(method, situation);
    case 0x06:
      return cardCurrency && amountMinor < x;
    case 0x07:
      return cardCurrency && amountMinor > x;
    case 0x08:
      return cardCurrency && amountMinor < y;
    case 0x09:
      return cardCurrency && amountMinor > y;
    default:
      return false;
  }
}

function tried(code: number, condition: number, outcome: number): Uint8Array {
  return Uint8Array.of(code, condition, outcome);
}

/** No method was due or could be chosen: results 3F 00 00, or 01 when the card's rules all failed. */
function none(outcome: number, findings: readonly Finding[], pinAsked = false): CvmOutcome {
  return { cvm: 'none', results: tried(NO_CVM_PERFORMED, 0, outcome), findings, pinAsked };
}

/**
 * Cardholder verification by the card's list (tag 8E; EMV Book 3, 10.5): the first rule whose condition holds and whose
 * method works. Conditions on cash and cashback never hold: this terminal does neither.
 */
export function verifyByList(list: Uint8Array | undefined, situation: CvmSituation): CvmOutcome {
  if (!list || list.length === 0) return none(result.unknown, ['cardDataMissing']);
  const read = readRules(list);
  if (!read) return none(result.failed, ['cardDataMissing', 'cvmFailed']);
  const findings: Finding[] = [];
  let pinAsked = false;
  for (const { code, condition } of read.rules) {
    const method = code & METHOD;
    if (!holds(condition, method, situation, read)) continue;
    if (method !== FAIL && supported(method, situation)) {
      return method === SIGNATURE
        ? { cvm: 'signature', results: tried(code, condition, result.unknown), findings, pinAsked: false }
        : { cvm: 'none', results: tried(code, condition, result.done), findings, pinAsked: false };
    }
    if (pins.has(method)) {
      pinAsked = true;
      if (!findings.includes('pinPadMissing')) findings.push('pinPadMissing');
    } else if (method !== FAIL && method !== SIGNATURE && method !== NO_CVM && !findings.includes('cvmUnknown')) {
      findings.push('cvmUnknown');
    }
    if ((code & NEXT_IF_FAILED) === 0 || method === FAIL) {
      const results = tried(code, condition, result.failed);
      return { cvm: 'none', results, findings: [...findings, 'cvmFailed'], pinAsked };
    }
  }
  return none(result.failed, [...findings, 'cvmFailed'], pinAsked);
}
