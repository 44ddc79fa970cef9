/** DE 7: MMDDhhmmss in UTC. */
export function utcStamp(at: number): string {
  const text = new Date(at).toISOString();
  return text.slice(5, 19).replace(/\D/g, '');
}

/** Local date MMDD (DE 13) and time hhmmss (DE 12) of an instant in UTC milliseconds. */
export type LocalTime = (at: number) => { readonly date: string; readonly time: string };

/** A formatter is slow to make, and there is one zone. */
const known = new Map<string, LocalTime>();

/** Local time of an IANA zone ("Asia/Shanghai"). Throws RangeError for a zone that does not exist. */
export function localTime(zone: string): LocalTime {
  const made = known.get(zone) ?? makeLocalTime(zone);
  known.set(zone, made);
  return made;
}

function makeLocalTime(zone: string): LocalTime {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone: zone,
    hourCycle: 'h23',
    calendar: 'gregory',
    numberingSystem: 'latn',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
  });
  return (at) => {
    const digits = format.format(at).replace(/\D/g, '');
    return { date: digits.slice(0, 4), time: digits.slice(4) };
  };
}
