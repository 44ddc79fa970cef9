import { localTime } from '../ledger/day.ts';

/**
 * What the bank has said of the time, UTC milliseconds. Where it told no year, the instant nearest to `near` is taken;
 * undefined where no such date is within a year of it.
 */
export type ToldTime = (near: number) => number | undefined;

/** ISO 8601 in UTC, with milliseconds or as the digits YYYYMMDDhhmmss; undefined when it is no time. */
export function utcTold(text = ''): ToldTime | undefined {
  const [, year, month, day, hour, minute, second] = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)$/.exec(text) ?? [];
  const at = instantOf(year === undefined ? text : `${year}-${month}-${day}T${hour}:${minute}:${second}.000Z`);
  return at === undefined ? undefined : () => at;
}

/** Date MMDD (DE 13) and time hhmmss (DE 12) in a zone, without a year as most hosts tell them; undefined when they are none. */
export function localTold(date = '', time = '', zone: string): ToldTime | undefined {
  const [, month, day, hour, minute, second] = /^(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)$/.exec(date + time) ?? [];
  if (month === undefined) return undefined;
  return (near) => {
    const year = new Date(near).getUTCFullYear();
    const found = [year - 1, year, year + 1].flatMap((one) =>
      shownAt(`${one}-${month}-${day}`, `${hour}:${minute}:${second}`, zone),
    );
    return found.reduce<number | undefined>(
      (best, at) => (best === undefined || Math.abs(at - near) < Math.abs(best - near) ? at : best),
      undefined,
    );
  };
}

/** When a clock of the zone shows this: once, twice where it is set back, never where it is set forward or no such day is. */
function shownAt(date: string, time: string, zone: string): number[] {
  const utc = instantOf(`${date}T${time}.000Z`);
  if (utc === undefined) return [];
  // No zone is further from UTC than this, and none is changed twice within two days.
  const around = [utc - 86_400_000, utc + 86_400_000].map((at) => utc - (shown(at, zone) - at));
  return [...new Set(around)].filter((at) => shown(at, zone) === utc);
}

/** What a clock in the zone shows, as if that were UTC. */
function shown(at: number, zone: string): number {
  const { date, hour, minute, second } = localTime(at, zone);
  return Date.parse(`${date}T00:00:00Z`) + ((hour * 60 + minute) * 60 + second) * 1_000;
}

/** Of a text as `toISOString` writes it; a 30 February is none. */
function instantOf(text: string): number | undefined {
  const at = Date.parse(text);
  return !Number.isNaN(at) && new Date(at).toISOString() === text ? at : undefined;
}
