import { type ImplementerInternalWithMiddlewares, implement, ORPCError } from '@orpc/server';
import type { WindowName } from '../../../contract/process.ts';
import type { Refusal } from '../../../contract/refusal.ts';
import type { Session } from '../../../contract/role.ts';
import { terminal } from '../../../contract/terminal.ts';
import type { KeyboardScanner } from '../../../drivers/scanner/keyboard.ts';
import { CloseRefused } from '../bank/settlement.ts';
import type { Core } from '../core.ts';
import type { Board } from '../devices/board.ts';
import type { VirtualCounter } from '../devices/virtual.ts';
import { Refused } from '../refused.ts';

/** What a call is made with: the core, and the port it came through. */
export interface Context {
  readonly core: Core;
  readonly board: Board;
  readonly keyboard: KeyboardScanner;
  readonly virtual: { readonly counter: VirtualCounter; readonly reader: string } | undefined;
  readonly port: Port;
}

/** One load of one page: its session ends with it. */
export interface Port {
  readonly window: WindowName;
  session: Session | null;
  /** When the last call came, on the monotonic clock. */
  lastCall: number;
  /** Starts of the calls of the last second. */
  readonly calls: number[];
  /** Starts of the calls that opened a sale in the last seconds. */
  readonly sales: number[];
  /** Counts a call that was refused for its form. */
  readonly misdeed: () => void;
  readonly closed: AbortSignal;
}

/** Calls that one page may make (S16): in all, and those that open a sale, where two a second are more than hands can do. */
const CALLS = { most: 200, inMs: 1_000 };
const SALES = { most: 20, inMs: 10_000 };
const opening: ReadonlySet<string> = new Set(['charge', 'cash', 'show', 'split']);

/** A refusal on its way to the page: typed, never with a stack. */
export function refusal(code: Refusal['code'], detail?: string, waitMs?: number): ORPCError<'REFUSED', Refusal> {
  const data: Refusal = {
    code,
    ...(detail === undefined ? {} : { detail }),
    ...(waitMs === undefined ? {} : { waitMs }),
  };
  return new ORPCError('REFUSED', { status: 403, defined: true, data });
}

/**
 * The contract with the core behind it. Every call is checked here before its handler runs: the window, the role of the
 * session bound to the port, and the rate. What the page says of itself counts for nothing (I21).
 */
const implemented = implement(terminal)
  .$context<Context>()
  .use(async ({ context, procedure, path, next }) => {
    const { port, core } = context;
    const access = procedure['~orpc'].meta;
    const now = core.world.clock.monotonic();
    throttle(port.calls, CALLS, now);
    if (path[0] === 'sale' && opening.has(path[1] ?? '')) throttle(port.sales, SALES, now);
    if (port.window === 'customer' && !access.customerDisplay)
      throw refusal('not-allowed', 'the customer display only looks');
    if (access.roles !== 'anyone') {
      if (!port.session) throw refusal('not-signed-in');
      if (!access.roles.includes(port.session.role)) throw refusal('not-allowed');
    }
    port.lastCall = now;
    try {
      return await next();
    } catch (error) {
      throw told(error, core);
    }
  });

/** What went wrong, as the page is told: why it was refused, that the terminal has stopped, or a fault of this program. */
function told(error: unknown, core: Core): unknown {
  if (error instanceof Refused) return refusal(error.code, error.message, error.waitMs);
  if (error instanceof CloseRefused) return refusal(error.code, error.message);
  // Whatever a call stumbles over after the store has failed, that is what a person can do something about.
  return core.stopped && !(error instanceof ORPCError) ? refusal(core.stopped) : error;
}

/** An answer that comes in pieces: a refusal between two of them is told like one at the beginning. */
export async function* refusing<Piece>(core: Core, pieces: AsyncIterable<Piece>): AsyncGenerator<Piece> {
  try {
    yield* pieces;
  } catch (error) {
    throw told(error, core);
  }
}

/** Named by its type: written out it is longer than a declaration may be. */
export const contract: ImplementerInternalWithMiddlewares<typeof terminal, Context, Context> = implemented;

function throttle(calls: number[], { most, inMs }: typeof CALLS, now: number): void {
  while ((calls[0] ?? now) < now - inMs) calls.shift();
  if (calls.length >= most) throw refusal('too-many-requests');
  calls.push(now);
}

/** Who makes the call, for the record. The access check has seen to it that somebody is signed in. */
export function actorOf(port: Port): { readonly staff: string } {
  if (!port.session) throw refusal('not-signed-in');
  return { staff: port.session.person };
}
