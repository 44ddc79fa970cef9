import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Migration, readMigrations } from '../store/database.ts';

const name = '0001-counter.sql';
const sql = readFileSync(join(import.meta.dirname, '../../../migrations', name), 'utf8');

/** The schema as it is shipped. */
export const migrations: readonly Migration[] = readMigrations([{ name, sql }]);
