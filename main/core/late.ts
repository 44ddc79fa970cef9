import type { Book } from './ledger/book.ts';
import type { Clock } from './world/world.ts';

/** An answer that came after its deadline. */
export interface Late {
  readonly stan: number;
  readonly rrn: string;
  readonly code: string;
}

/**
 * It changes nothing, but it is kept (I6). A book that takes no more entries has said so already to whoever listens to it:
 * the link that brought the answer has nothing to do with it.
 */
export function keepLate(book: Book, clock: Clock, { stan, rrn, code }: Late): void {
  if (book.failed) return;
  const event = { type: 'late', stan, rrn, code };
  try {
    book.commit({ kind: 'core', at: clock.now(), by: 'terminal', event, writes: [], transfers: [] }, 'outcome');
  } catch (error) {
    if (!book.failed) throw error;
  }
}
