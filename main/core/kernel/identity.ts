import { hex } from './bytes.ts';
import { luhn } from './mask.ts';

/** Who the card says it is. Never leaves the kernel. */
export interface Identity {
  readonly pan: string;
  /** Hex of tag 57. */
  readonly track2: string;
  /** YYMM. */
  readonly expiry: string;
  /** Last day of validity, YYMMDD. */
  readonly lastDay: string;
  /** First day of validity, YYMMDD, when the card tells. */
  readonly firstDay?: string;
}

export type IdentityResult =
  | { readonly ok: true; readonly identity: Identity }
  | { readonly ok: false; readonly detail: string };

function no(detail: string): { readonly ok: false; readonly detail: string } {
  return { ok: false, detail };
}

const DATE = /^\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])$/;
/** PAN, separator, YYMM, service code, discretionary data, padding (ISO/IEC 7813; EMV Book 3 annex A). */
const TRACK2 = /^(\d{12,19})D(\d\d(?:0[1-9]|1[0-2]))\d{3}\d*F?$/;

/** PAN, expiry and validity from 57, 5A, 5F24 and 5F25; refused when they contradict each other or break the format. */
export function readIdentity(data: ReadonlyMap<string, Uint8Array>): IdentityResult {
  const text = (tag: string) => {
    const value = data.get(tag);
    return value && hex(value);
  };
  const track2 = text('57');
  if (track2 === undefined) return no('no track-2 equivalent data');
  const track = track2.length <= 38 ? TRACK2.exec(track2) : null;
  const [, pan, expiry] = track ?? [];
  if (!pan || !expiry) return no('track-2 equivalent data');
  if (!luhn(pan)) return no('PAN check digit');
  const stated = text('5A');
  if (stated !== undefined && (stated.length > 20 || stated.replace(/F*$/, '') !== pan)) {
    return no('5A and 57 differ in the PAN');
  }
  const lastDay = text('5F24');
  if (lastDay !== undefined && !DATE.test(lastDay)) return no('expiration date');
  if (lastDay !== undefined && lastDay.slice(0, 4) !== expiry) return no('5F24 and 57 differ in the expiry');
  const firstDay = text('5F25');
  if (firstDay !== undefined && !DATE.test(firstDay)) return no('effective date');
  const identity = { pan, track2, expiry, lastDay: lastDay ?? `${expiry}31` };
  return { ok: true, identity: firstDay === undefined ? identity : { ...identity, firstDay } };
}
