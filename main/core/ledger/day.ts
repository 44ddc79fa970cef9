const formatters = new Map<string, Intl.DateTimeFormat>();

function formatter(zone: string): Intl.DateTimeFormat {
  let found = formatters.get(zone);
  if (!found) {
    found = new Intl.DateTimeFormat('en-CA', {
      timeZone: zone,
      hourCycle: 'h23',
      year: 'numeric',
      month: '2-digit',
      day: '2-digit',
      hour: '2-digit',
      minute: '2-digit',
      second: '2-digit',
    });
    formatters.set(zone, found);
  }
  return found;
}

/** The wall clock at the counter. */
export interface LocalTime {
  /** YYYY-MM-DD */
  readonly date: string;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
}

/** Clocks of a zone are changed at a full quarter of an hour: within one, local time is UTC and a difference. */
const QUARTER_MS = 15 * 60_000;
const differences = new Map<string, { readonly quarter: number; readonly ms: number; readonly date: string }>();

export function localTime(at: number, zone: string): LocalTime {
  const quarter = Math.floor(at / QUARTER_MS);
  let found = differences.get(zone);
  if (found?.quarter !== quarter) {
    const ms = differenceAt(at, zone);
    found = { quarter, ms, date: new Date(at + ms).toISOString().slice(0, 10) };
    differences.set(zone, found);
  }
  const local = new Date(at + found.ms);
  return {
    date: found.date,
    hour: local.getUTCHours(),
    minute: local.getUTCMinutes(),
    second: local.getUTCSeconds(),
  };
}

/** What a clock in the zone shows less what one in UTC shows, milliseconds. */
function differenceAt(at: number, zone: string): number {
  const parts = Object.fromEntries(
    formatter(zone)
      .formatToParts(at)
      .map(({ type, value }) => [type, value]),
  );
  const { year, month, day, hour, minute, second } = parts;
  return Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`) - Math.floor(at / 1_000) * 1_000;
}

/** The store's own day at an instant: before the cut-off ("04:00") it is still yesterday. */
export function businessDay(at: number, zone: string, cut: string): string {
  const local = localTime(at, zone);
  const [hours = 0, minutes = 0] = cut.split(':').map(Number);
  return local.hour * 60 + local.minute < hours * 60 + minutes ? dayBefore(local.date) : local.date;
}

/** The calendar day before a YYYY-MM-DD. */
export function dayBefore(date: string): string {
  return new Date(Date.parse(`${date}T00:00:00Z`) - 86_400_000).toISOString().slice(0, 10);
}
