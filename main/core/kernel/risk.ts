import type { CardRules } from './config.ts';
import type { TapContext } from './context.ts';
import type { Risk } from './limits.ts';
import type { CardOutcome, OdaResult, Vault } from './outcome.ts';
import type { Finding } from './tvr.ts';

export type CryptogramType = 'ARQC' | 'TC' | 'AAC';

/** The type in the two highest bits of cryptogram information data (tag 9F27). Undefined for a reserved one. */
export function cryptogramOf(information: number): CryptogramType | undefined {
  return (['AAC', 'TC', 'ARQC'] as const)[information >> 6];
}

/** Issuer application data whose fourth byte is the length of the card verification results has them from byte 5 on. */
const RESULTS_LENGTH = 0x03;

/**
 * The cryptogram's type from tag 9F27, or, when a kernel 3 or 7 card leaves that out, from the card verification results
 * in tag 9F10 (byte 5, bits 6 and 5). Undefined for neither, for a reserved value, and when the two contradict each other.
 */
export function cryptogramType(
  information: Uint8Array | undefined,
  applicationData: Uint8Array,
): { readonly type: CryptogramType; readonly information: Uint8Array } | undefined {
  const results = applicationData[4];
  const bits = information ? information[0]! >> 6 : results === undefined ? 3 : (results >> 4) & 3;
  const type = cryptogramOf(bits << 6);
  if (information && results !== undefined && applicationData[3] === RESULTS_LENGTH && ((results >> 4) & 3) !== bits) {
    return undefined;
  }
  return type && { type, information: information ?? Uint8Array.of(bits << 6) };
}

const TTQ_CONTACT_CHIP = 0x10;
const TTQ_OFFLINE_ONLY = 0x08;
const TTQ_ONLINE_CRYPTOGRAM = 0x80;
/** Card transaction qualifiers, byte 1. */
const CTQ_ONLINE_IF_ODA_FAILS = 0x20;
const CTQ_SWITCH_IF_ODA_FAILS = 0x10;
const CTQ_ONLINE_IF_EXPIRED = 0x08;

export type Decision =
  | { readonly kind: 'online'; readonly deferrable: boolean }
  | { readonly kind: 'approved-offline' }
  | Omit<Extract<CardOutcome, { kind: 'declined' }>, 'card'>
  | Extract<CardOutcome, { kind: 'refused' }>;

/** What a tap of kernels 3 and 7 is judged by. */
export interface Evidence {
  readonly type: CryptogramType;
  readonly oda: OdaResult;
  readonly findings: readonly Finding[];
  /** Terminal's and card's transaction qualifiers (tags 9F66, 9F6C). */
  readonly ttq: Uint8Array;
  readonly ctq: Uint8Array | undefined;
}

function declined(reason: Extract<CardOutcome, { kind: 'declined' }>['reason'], detail: string): Decision {
  return { kind: 'declined', reason, detail };
}

const online: Decision = { kind: 'online', deferrable: false };

/** Proof that can be copied from card to card is none for an approval without the issuer. */
export function isProved(oda: OdaResult): boolean {
  return oda.result === 'passed' && oda.method !== 'sda' && oda.method !== 'none';
}

/** A card that would approve by itself: it may only when its signature holds; else its own wish decides (tag 9F6C). */
function offline({ oda, findings, ttq, ctq }: Evidence): Decision {
  if ((ttq[1]! & TTQ_ONLINE_CRYPTOGRAM) !== 0) {
    return declined('terminal-declined', 'an offline approval where an online one was required');
  }
  const lineExpected = (ttq[0]! & TTQ_OFFLINE_ONLY) === 0;
  if (isProved(oda)) {
    if (!findings.includes('lowerLimitExceeded')) return { kind: 'approved-offline' };
    return lineExpected ? online : declined('terminal-declined', 'too many offline payments in a row');
  }
  const wish = oda.result === 'failed' ? (ctq?.[0] ?? 0) : 0;
  if ((wish & CTQ_ONLINE_IF_ODA_FAILS) !== 0 && lineExpected) return online;
  if ((wish & CTQ_SWITCH_IF_ODA_FAILS) !== 0 && (ttq[0]! & TTQ_CONTACT_CHIP) !== 0) {
    return { kind: 'refused', reason: 'use-another-interface', detail: 'the signature does not hold; the card asks' };
  }
  return declined('oda-failed', oda.reason ?? 'not performed');
}

/** What the card's cryptogram comes to, kernels 3 and 7. An offline approval needs a dynamic signature that holds. */
export function decide(evidence: Evidence): Decision {
  const { type, oda, findings, ttq, ctq } = evidence;
  const found = new Set(findings);
  if (found.has('exceptionFile')) return declined('card-blocked', 'the card is on the block list');
  if (found.has('notYetEffective')) return declined('not-yet-effective', 'before its first day');
  const lineExpected = (ttq[0]! & TTQ_OFFLINE_ONLY) === 0;
  const onlineIfExpired = ((ctq?.[0] ?? 0) & CTQ_ONLINE_IF_EXPIRED) !== 0 && lineExpected;
  if (found.has('expired') && !onlineIfExpired) return declined('card-expired', 'after its last day');
  if (found.has('serviceNotAllowed')) return declined('terminal-declined', 'its usage control forbids this payment');
  if (found.has('cvmFailed')) return declined('terminal-declined', 'the cardholder could not be verified');
  if (type === 'AAC') return declined('card-declined', 'the card declined');
  if (found.has('expired')) return online;
  if (type === 'TC') return offline(evidence);
  return { kind: 'online', deferrable: isProved(oda) && !found.has('upperLimitExceeded') };
}

/**
 * Terminal risk management (EMV Book 3, 10.6) with the lists of the acquirer and those that were handed in. `pan` is
 * compared here and goes no further.
 */
export function riskFindings(
  risk: Risk,
  cards: CardRules,
  context: TapContext,
  vault: Pick<Vault, 'token' | 'blockToken'>,
  pan: string,
): Finding[] {
  const found: Finding[] = [];
  if (risk.floorExceeded) found.push('floorExceeded');
  if (risk.chosenAtRandom) found.push('chosenAtRandom');
  const blocked = cards.blockedBins?.some((bin) => pan.startsWith(bin)) || context.blocked?.(vault.blockToken(pan));
  if (blocked) found.push('exceptionFile');
  const bounds = cards.consecutiveOffline;
  const inARow = bounds ? (context.offlineInARow?.(vault.token(pan)) ?? 0) : 0;
  if (bounds && inARow >= bounds.lower) found.push('lowerLimitExceeded');
  if (bounds && inARow >= bounds.upper) found.push('upperLimitExceeded');
  return found;
}
