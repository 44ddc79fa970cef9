const DEEPEST = 32;

/**
 * Canonical JSON (RFC 8785): members sorted by their UTF-16 code units, no white space; undefined members are left out.
 * Undefined when it is nested more than 32 deep.
 */
export function canonical(value: unknown, depth = 0): string | undefined {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  if (depth >= DEEPEST) return undefined;
  const parts = Array.isArray(value)
    ? value.map((entry) => canonical(entry, depth + 1))
    : Object.entries(value)
        .filter(([, entry]) => entry !== undefined)
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([key, entry]) => prefixed(key, canonical(entry, depth + 1)));
  if (parts.includes(undefined)) return undefined;
  return Array.isArray(value) ? `[${parts.join(',')}]` : `{${parts.join(',')}}`;
}

function prefixed(key: string, text: string | undefined): string | undefined {
  return text === undefined ? undefined : `${JSON.stringify(key)}:${text}`;
}
