import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export type Compiled = { readonly ok: true; readonly path: string } | { readonly ok: false; readonly why: string };

const made = new Map<string, string>();

/** Compiles a C file of this folder with gcc, once for this process; says why where that cannot be done. */
export function compile(source: string, ...options: readonly string[]): Compiled {
  if (process.platform !== 'linux') return { ok: false, why: `${source} is for Linux` };
  const known = made.get(source);
  if (known !== undefined) return { ok: true, path: known };
  const folder = mkdtempSync(join(tmpdir(), 'countertap-compiled-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, source.replace(/\.c$/, ''));
  const args = ['-O2', ...options, join(import.meta.dirname, source), '-o', path, '-ldl'];
  const { error, status, stderr } = spawnSync('gcc', args, { encoding: 'utf8' });
  if (error) return { ok: false, why: `there is no gcc to compile ${source} with` };
  if (status !== 0) return { ok: false, why: `${source} does not compile: ${stderr.slice(0, 300)}` };
  made.set(source, path);
  return { ok: true, path };
}
