import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Migration, readMigrations } from '../store/database.ts';

const folder = join(import.meta.dirname, '../../../migrations');
const files = readdirSync(folder).map((name) => ({ name, sql: readFileSync(join(folder, name), 'utf8') }));

/** The schema as it is shipped. */
export const migrations: readonly Migration[] = readMigrations(files);
