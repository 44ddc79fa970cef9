import { sameBytes } from './bytes.ts';
import type { Identity } from './identity.ts';
import type { Finding } from './tvr.ts';

/** Dates YYMMDD with the years 50 to 99 in the last century (EMV Book 4, 6.7.3). */
function dayNumber(date: string): number {
  return Number((Number(date.slice(0, 2)) < 50 ? '20' : '19') + date);
}

const DOMESTIC = 0x20 | 0x08;
const INTERNATIONAL = 0x10 | 0x04;
const NOT_AT_CASH_MACHINES = 0x01;

/** Whether usage control (tag 9F07) allows goods or services here (EMV Book 3, 10.4.2 and annex C2). */
function usable(control: Uint8Array, issuerCountry: Uint8Array | undefined, country: Uint8Array): boolean {
  const uses = control[0] ?? 0;
  if ((uses & NOT_AT_CASH_MACHINES) === 0) return false;
  if (!issuerCountry) return true;
  return (uses & (sameBytes(issuerCountry, country) ? DOMESTIC : INTERNATIONAL)) !== 0;
}

/**
 * Processing restrictions (EMV Book 3, 10.4): application version, usage control, first and last day. `today` is YYMMDD;
 * usage control speaks of purchases only.
 */
export function restrictions(
  data: ReadonlyMap<string, Uint8Array>,
  terminal: ReadonlyMap<string, Uint8Array>,
  identity: Identity,
  today: string,
): Finding[] {
  const found: Finding[] = [];
  const version = data.get('9F08');
  if (version && !sameBytes(version, terminal.get('9F09')!)) found.push('versionsDiffer');
  const control = data.get('9F07');
  const purchase = terminal.get('9C')![0] === 0;
  if (control && purchase && !usable(control, data.get('5F28'), terminal.get('9F1A')!)) {
    found.push('serviceNotAllowed');
  }
  if (identity.firstDay !== undefined && dayNumber(identity.firstDay) > dayNumber(today)) found.push('notYetEffective');
  if (dayNumber(identity.lastDay) < dayNumber(today)) found.push('expired');
  return found;
}
