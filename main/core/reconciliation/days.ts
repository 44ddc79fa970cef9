import { dayBefore, localTime } from '../ledger/day.ts';

/** How the bank counts its days: settlement day D runs from the cut-off of the day before to the cut-off of D. */
export interface BankDays {
  readonly zone: string;
  /** HH:MM; 24:00 is midnight. */
  readonly cutOff: string;
  /** How far the two clocks may be apart, and a message under way, around the cut-off. */
  readonly graceMs: number;
}

const DAY_MS = 86_400_000;

function minutesOf(cutOff: string): number {
  const [hours = 0, minutes = 0] = cutOff.split(':').map(Number);
  return hours * 60 + minutes;
}

/** The settlement day of an instant, YYYY-MM-DD. */
export function bankDay(at: number, { zone, cutOff }: BankDays): string {
  const local = localTime(at, zone);
  return local.hour * 60 + local.minute < minutesOf(cutOff) ? local.date : dayAfter(local.date);
}

export function dayAfter(date: string): string {
  return new Date(Date.parse(`${date}T00:00:00Z`) + DAY_MS).toISOString().slice(0, 10);
}

/** The instants [start, end) of a settlement day, UTC milliseconds. */
export function bankDayWindow(day: string, days: BankDays): { readonly start: number; readonly end: number } {
  return { start: cutOffAt(dayBefore(day), days), end: cutOffAt(day, days) };
}

/** When the cut-off of a calendar day comes: local wall time to UTC, corrected twice for a change of the clocks between. */
function cutOffAt(date: string, { zone, cutOff }: BankDays): number {
  const wall = Date.parse(`${date}T00:00:00Z`) + minutesOf(cutOff) * 60_000;
  let at = wall;
  for (let round = 0; round < 2; round += 1) {
    const local = localTime(at, zone);
    const shown = Date.parse(`${local.date}T00:00:00Z`) + ((local.hour * 60 + local.minute) * 60 + local.second) * 1000;
    at += wall - shown;
  }
  return at;
}
