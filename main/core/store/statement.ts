import type { Database, Statement } from 'better-sqlite3';

const compiled = new WeakMap<Database, Map<string, unknown>>();

/**
 * A statement, compiled at its first use and kept as long as its database. Only for texts of which there are few:
 * values are bound, never written into the text.
 */
export function prepared<Bind extends unknown[], Row = unknown>(db: Database, sql: string): Statement<Bind, Row> {
  let statements = compiled.get(db);
  if (!statements) {
    statements = new Map();
    compiled.set(db, statements);
  }
  const known = statements.get(sql);
  if (known) return known as Statement<Bind, Row>;
  const statement = db.prepare<Bind, Row>(sql) as Statement<Bind, Row>;
  statements.set(sql, statement);
  return statement;
}
