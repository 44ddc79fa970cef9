import { sameBytes } from './bytes.ts';
import type { Cvm } from './outcome.ts';

const PIN_REQUIRED = 0x80;
const SIGNATURE_REQUIRED = 0x40;
const CDCVM_PERFORMED = 0x80;
const TTQ_SIGNATURE = 0x02;
const TTQ_CVM_REQUIRED = 0x40;

export type Verification =
  | { readonly ok: true; readonly cvm: Exclude<Cvm, 'online-pin'> }
  /** The card wants a PIN, which cannot be entered here. */
  | { readonly ok: false; readonly reason: 'pin-required' }
  /** Verification is due and no method is common, or the card contradicts itself about it. */
  | { readonly ok: false; readonly reason: 'not-verified' };

/**
 * How the cardholder is verified, from the card's transaction qualifiers (9F6C) against the terminal's (9F66), kernels 3
 * and 7. A verification on the customer's device counts only when the signed 9F69, if there is one, says the same.
 */
export function verification(
  ttq: Uint8Array,
  ctq: Uint8Array | undefined,
  related: Uint8Array | undefined,
): Verification {
  const due = (ttq[1]! & TTQ_CVM_REQUIRED) !== 0;
  const signatureHere = (ttq[0]! & TTQ_SIGNATURE) !== 0;
  const unverified = { ok: false, reason: 'not-verified' } as const;
  if (!ctq) {
    if (!due) return { ok: true, cvm: 'none' };
    return signatureHere ? { ok: true, cvm: 'signature' } : unverified;
  }
  if ((ctq[1]! & CDCVM_PERFORMED) !== 0) {
    const agrees = !related || (related.length >= 7 && sameBytes(related.slice(5, 7), ctq));
    return agrees ? { ok: true, cvm: 'cdcvm' } : unverified;
  }
  const signatureAsked = (ctq[0]! & SIGNATURE_REQUIRED) !== 0;
  if (signatureAsked && signatureHere) return { ok: true, cvm: 'signature' };
  if ((ctq[0]! & PIN_REQUIRED) !== 0) return { ok: false, reason: 'pin-required' };
  return due || signatureAsked ? unverified : { ok: true, cvm: 'none' };
}

/** CVM results (tag 9F34, EMV Book 4 A4): method, condition, result. */
export function cvmResults(cvm: Exclude<Cvm, 'online-pin'>): string {
  return cvm === 'signature' ? '1E0300' : '1F0302';
}
