import type { WalletCounters } from '../kernel/token/counter.ts';
import type { Book } from '../ledger/book.ts';
import type { World } from '../world/world.ts';

/** Counters of closed-loop wallets in the store: journalled, so that a token is taken once also after a restart. */
export function walletCounters(book: Book, world: Pick<World, 'clock'>): WalletCounters {
  const nameOf = (wallet: string) => `wallet ${wallet}`;
  return {
    last: (wallet) =>
      book.db.prepare<[string], { value: number }>('SELECT value FROM counter WHERE name = ?').get(nameOf(wallet))
        ?.value,
    advance(wallet, counter) {
      const event = { type: 'wallet-counter', wallet, counter };
      const writes = [{ op: 'put', table: 'counter', key: nameOf(wallet), value: counter }] as const;
      book.commit({ kind: 'core', at: world.clock.now(), by: 'terminal', event, writes, transfers: [] }, 'outcome');
    },
  };
}
