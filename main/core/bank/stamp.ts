import { localTime } from '../ledger/day.ts';

/** DE 7: MMDDhhmmss in UTC. */
export function utcStamp(at: number): string {
  const text = new Date(at).toISOString();
  return text.slice(5, 19).replace(/\D/g, '');
}

/** Local date MMDD (DE 13) and time hhmmss (DE 12) of an instant in UTC milliseconds. */
export type LocalStamp = (at: number) => { readonly date: string; readonly time: string };

/** Stamps in an IANA zone ("Asia/Shanghai"). Throws RangeError for a zone that does not exist. */
export function localStamp(zone: string): LocalStamp {
  const stamp: LocalStamp = (at) => {
    const { date, hour, minute, second } = localTime(at, zone);
    const time = [hour, minute, second].map((part) => String(part).padStart(2, '0')).join('');
    return { date: date.slice(5).replace('-', ''), time };
  };
  stamp(0);
  return stamp;
}
