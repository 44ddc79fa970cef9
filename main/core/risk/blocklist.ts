import type { Book } from '../ledger/book.ts';
import type { Write } from '../ledger/entry.ts';
import { readSetting } from '../store/settings.ts';
import { prepared } from '../store/statement.ts';
import type { World } from '../world/world.ts';

/** What became of a new list. `older`: not above the version in use. `invalid`: too long, or not made of tokens. */
export type Replaced =
  | { readonly ok: true; readonly added: number; readonly removed: number }
  | { readonly ok: false; readonly code: 'older' | 'invalid'; readonly detail: string };

/** The cards that the acquirer does not want, by the tokens that it can make itself (docs/kernel.md, “Block list”). */
export interface Blocklist {
  /** Of the list in use; 0 before the first one. */
  readonly version: number;
  readonly count: number;
  has(token: string): boolean;
  /**
   * Takes a newer list whole: durable, and journalled with what it changes, when this returns. A list that is refused
   * changes nothing. The version in use with the tokens in use is taken again and changes nothing either.
   */
  replace(version: number, tokens: readonly string[], by?: string): Replaced;
}

/** 32 hex digits, lower case: the first 16 bytes of an HMAC-SHA-256. */
const TOKEN = /^[0-9a-f]{32}$/;
const MOST_TOKENS = 50_000;
const VERSION = 'blocklist-version';

function checked(version: number, tokens: ReadonlySet<string>): string | undefined {
  if (!Number.isSafeInteger(version) || version < 1) return 'the version is no positive number';
  if (tokens.size > MOST_TOKENS) return `more than ${MOST_TOKENS} tokens`;
  for (const token of tokens) if (!TOKEN.test(token)) return 'not a token of 32 hex digits';
  return undefined;
}

/** The block list in the store. */
export function openBlocklist(book: Book, world: Pick<World, 'clock'>): Blocklist {
  const { db } = book;
  const listed = (): Set<string> => {
    const rows = db.prepare<[], { name: string }>('SELECT name FROM blocked WHERE value > 0').all();
    return new Set(rows.map(({ name }) => name));
  };
  const list: Blocklist = {
    get version() {
      return Number(readSetting(db, VERSION) ?? 0);
    },
    get count() {
      return db.prepare<[], { n: number }>('SELECT count(*) AS n FROM blocked WHERE value > 0').get()?.n ?? 0;
    },
    has: (token) => {
      const sql = 'SELECT value FROM blocked WHERE name = ?';
      return (prepared<[string], { value: number }>(db, sql).get(token)?.value ?? 0) > 0;
    },
    replace(version, tokens, by = 'terminal') {
      const wanted = new Set(tokens);
      const detail = checked(version, wanted);
      if (detail !== undefined) return { ok: false, code: 'invalid', detail };
      const known = listed();
      const added = [...wanted].filter((token) => !known.has(token));
      const removed = [...known].filter((token) => !wanted.has(token));
      const same = added.length === 0 && removed.length === 0;
      if (version === list.version && same) return { ok: true, added: 0, removed: 0 };
      if (version <= list.version) {
        return { ok: false, code: 'older', detail: `version ${version}, in use is ${list.version}` };
      }
      const put = (value: number) => (key: string) => ({ op: 'put', table: 'blocked', key, value }) as const;
      const writes: Write[] = [
        ...added.map(put(version)),
        ...removed.map(put(0)),
        { op: 'put', table: 'setting', key: VERSION, value: String(version) },
      ];
      const event = { type: 'blocklist', version, added: added.length, removed: removed.length };
      book.commit({ kind: 'setting', at: world.clock.now(), by, event, writes, transfers: [] }, 'outcome');
      return { ok: true, added: added.length, removed: removed.length };
    },
  };
  return list;
}
