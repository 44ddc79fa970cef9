import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';

/** What the preloaded recorder (recorder.c) is to do with a process. */
export interface Orders {
  /** The data folder that it watches. */
  readonly folder: string;
  /** Writes down every operation. */
  readonly trace?: string;
  /** Ends the process at its n-th operation, or after half of that write. */
  readonly kill?: { readonly at: number; readonly half: boolean };
  /** File to which is written how many operations there were between the lines `begin` and `end`; no others are counted. */
  readonly between?: string;
  readonly fail?: Failing;
  /** File with nanoseconds by which the wall clock is wrong. */
  readonly clock?: string;
}

/** How the n-th operation fails, and how many in a row. `short`: half is written and the next write finds no space. */
export interface Failing {
  readonly at: number;
  readonly how: 'EIO' | 'ENOSPC' | 'short';
  readonly times: number;
}

let built: string | undefined;

/** Compiles the recorder once for this process; says why where that cannot be done. */
export function buildRecorder():
  | { readonly ok: true; readonly path: string }
  | { readonly ok: false; readonly why: string } {
  if (process.platform !== 'linux') return { ok: false, why: 'the recorder is for Linux' };
  if (built !== undefined) return { ok: true, path: built };
  const folder = mkdtempSync(join(tmpdir(), 'countertap-recorder-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, 'recorder.so');
  const source = join(import.meta.dirname, 'recorder.c');
  const made = spawnSync('gcc', ['-O2', '-shared', '-fPIC', source, '-o', path, '-ldl'], { encoding: 'utf8' });
  if (made.error) return { ok: false, why: 'there is no gcc to compile the recorder with' };
  if (made.status !== 0) return { ok: false, why: `the recorder does not compile: ${made.stderr.slice(0, 300)}` };
  built = path;
  return { ok: true, path };
}

/** The environment in which a process runs under the recorder. */
export function recorded(path: string, orders: Orders): NodeJS.ProcessEnv {
  const { folder, trace, kill, between, fail, clock } = orders;
  return {
    LD_PRELOAD: path,
    CHAOS_FOLDER: folder,
    ...(trace === undefined ? {} : { CHAOS_TRACE: trace }),
    ...(kill === undefined ? {} : { CHAOS_KILL: String(kill.at), CHAOS_HALF: kill.half ? '1' : '0' }),
    ...(between === undefined ? {} : { CHAOS_BETWEEN: between }),
    ...(fail === undefined
      ? {}
      : {
          CHAOS_FAIL: String(fail.at),
          CHAOS_ERRNO: String(fail.how === 'short' ? 0 : constants.errno[fail.how]),
          CHAOS_TIMES: String(fail.times),
        }),
    ...(clock === undefined ? {} : { CHAOS_CLOCK: clock }),
  };
}
