import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** The checkout's top folder. */
export const root = join(import.meta.dirname, '../..');

/** Where runtimes and built native files are kept between runs; `XDG_CACHE_HOME` moves it. */
export function cacheFolder(env: NodeJS.ProcessEnv): string {
  return join(env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'countertap');
}

/** The version of an installed package, or undefined where it is not installed. */
export function installedVersion(name: string): string | undefined {
  const path = join(root, 'node_modules', name, 'package.json');
  if (!existsSync(path)) return undefined;
  const parsed: unknown = JSON.parse(readFileSync(path, 'utf8'));
  if (typeof parsed !== 'object' || parsed === null || !('version' in parsed)) return undefined;
  return String(parsed.version);
}

/** True where this process may install packages and add users. */
export function isRoot(): boolean {
  return process.getuid?.() === 0;
}
