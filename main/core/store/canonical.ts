const DEEPEST = 32;
const MOST_NAMES = 1_000;
const names = new Map<string, string>();

/** What stands in a JSON text as it is: no quote, no backslash, no control character, no half of a surrogate pair. */
const PLAIN = /^[ !#-[\]-\ud7ff\ue000-\uffff]*$/;

function scalar(value: unknown): string | undefined {
  if (typeof value === 'string' && PLAIN.test(value)) return `"${value}"`;
  return Number.isSafeInteger(value) ? String(value) : JSON.stringify(value);
}

/** A member's name in quotes. There are few, and they come again in every record. */
function quoted(name: string): string {
  const known = names.get(name);
  if (known !== undefined) return known;
  const text = JSON.stringify(name);
  if (names.size < MOST_NAMES) names.set(name, text);
  return text;
}

/**
 * Canonical JSON (RFC 8785): members sorted by their UTF-16 code units, no white space; undefined members are left out.
 * Undefined when it is nested more than 32 deep.
 */
export function canonical(value: unknown, depth = 0): string | undefined {
  if (typeof value !== 'object' || value === null) return scalar(value);
  if (depth >= DEEPEST) return undefined;
  return Array.isArray(value) ? list(value, depth + 1) : members(value as Readonly<Record<string, unknown>>, depth + 1);
}

function list(values: readonly unknown[], depth: number): string | undefined {
  let text = '';
  for (const value of values) {
    const part = canonical(value, depth);
    if (part === undefined) return undefined;
    text += text === '' ? part : `,${part}`;
  }
  return `[${text}]`;
}

function members(record: Readonly<Record<string, unknown>>, depth: number): string | undefined {
  let text = '';
  for (const key of Object.keys(record).sort()) {
    const value = record[key];
    if (value === undefined) continue;
    const part = canonical(value, depth);
    if (part === undefined) return undefined;
    text += `${text === '' ? '' : ','}${quoted(key)}:${part}`;
  }
  return `{${text}}`;
}
