import type { Identity } from './identity.ts';
import type { CardDecline, CardOutcome, OdaResult } from './outcome.ts';

export type CryptogramType = 'ARQC' | 'TC' | 'AAC';

/**
 * The cryptogram's type from tag 9F27, or, when a kernel 3 or 7 card leaves that out, from the card verification results
 * in tag 9F10 (byte 5, bits 6 and 5). Undefined for neither or a reserved value.
 */
export function cryptogramType(
  information: Uint8Array | undefined,
  applicationData: Uint8Array,
): { readonly type: CryptogramType; readonly information: Uint8Array } | undefined {
  const results = applicationData[4];
  const bits = information ? information[0]! >> 6 : results === undefined ? 3 : (results >> 4) & 3;
  const type = (['AAC', 'TC', 'ARQC'] as const)[bits];
  return type && { type, information: information ?? Uint8Array.of(bits << 6) };
}

/** Dates YYMMDD with the years 50 to 99 in the last century (EMV Book 4, 6.7.3). */
function dayNumber(date: string): number {
  return Number((Number(date.slice(0, 2)) < 50 ? '20' : '19') + date);
}

/** Processing restrictions: the card's days of validity against today, YYMMDD. */
export function restriction(identity: Identity, today: string): CardDecline | undefined {
  if (dayNumber(identity.lastDay) < dayNumber(today)) return 'card-expired';
  if (identity.firstDay !== undefined && dayNumber(identity.firstDay) > dayNumber(today)) return 'not-yet-effective';
  return undefined;
}

const TTQ_ONLINE_CRYPTOGRAM = 0x80;

export type Decision =
  | { readonly kind: 'online'; readonly deferrable: boolean }
  | { readonly kind: 'approved-offline' }
  | Omit<Extract<CardOutcome, { kind: 'declined' }>, 'card'>;

/** What the card's cryptogram comes to. An offline approval needs offline data authentication to have passed. */
export function decide(type: CryptogramType, oda: OdaResult, ttq: Uint8Array): Decision {
  const authentic = oda.result === 'passed';
  switch (type) {
    case 'ARQC':
      return { kind: 'online', deferrable: authentic };
    case 'AAC':
      return { kind: 'declined', reason: 'card-declined' };
    case 'TC':
      if ((ttq[1]! & TTQ_ONLINE_CRYPTOGRAM) !== 0) return { kind: 'declined', reason: 'terminal-declined' };
      return authentic ? { kind: 'approved-offline' } : { kind: 'declined', reason: 'oda-failed' };
  }
}
