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

export function localTime(at: number, zone: string): LocalTime {
  const instant = Math.floor(at / 1000);
  const known = latest.get(zone);
  if (known?.instant === instant) return known.time;
  const time = formatted(at, zone);
  latest.set(zone, { instant, time });
  return time;
}

/** What was asked last: one sale asks several times within a second. */
const latest = new Map<string, { readonly instant: number; readonly time: LocalTime }>();

function formatted(at: number, zone: string): LocalTime {
  const parts = Object.fromEntries(
    formatter(zone)
      .formatToParts(at)
      .map(({ type, value }) => [type, value]),
  );
  return {
    date: `${parts['year']}-${parts['month']}-${parts['day']}`,
    hour: Number(parts['hour']),
    minute: Number(parts['minute']),
    second: Number(parts['second']),
  };
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
