import { existsSync, mkdirSync, readdirSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { root } from './paths.ts';

/** What the bundles are made of. */
const sources = ['contract', 'drivers', 'main', 'renderer', 'build/vite.config.ts', 'package-lock.json'];
const stamp = join(root, 'out/.built');
const bundles = ['out/shell.js', 'out/core.js', 'out/preload.cjs'];

/** The time at which the newest file below a path was changed, in ms; tests are not looked at. */
export function newest(path: string): number {
  if (!existsSync(path)) return 0;
  const stat = statSync(path);
  if (!stat.isDirectory()) return /\.test\.tsx?$/.test(path) ? 0 : stat.mtimeMs;
  return Math.max(stat.mtimeMs, ...readdirSync(path).map((name) => newest(join(path, name))));
}

/** True when no source is newer than the bundles. */
export function bundlesFresh(): boolean {
  if (!existsSync(stamp) || bundles.some((name) => !existsSync(join(root, name)))) return false;
  return Math.max(...sources.map((name) => newest(join(root, name)))) <= statSync(stamp).mtimeMs;
}

/** Remembers that sources as old as `since` are built; what changed meanwhile is built again next time. */
export function markBuilt(since: Date): void {
  mkdirSync(dirname(stamp), { recursive: true });
  writeFileSync(stamp, '');
  utimesSync(stamp, since, since);
}
