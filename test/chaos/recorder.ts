import { constants } from 'node:os';
import { type Compiled, compile } from './compile.ts';

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

/** Compiles the recorder; says why where that cannot be done. */
export function buildRecorder(): Compiled {
  return compile('recorder.c', '-shared', '-fPIC');
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
