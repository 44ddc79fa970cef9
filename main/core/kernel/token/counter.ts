/**
 * The highest counter seen of each wallet, by the keyed token of its id. `advance` is durable when it returns: a token is
 * taken once.
 */
export interface WalletCounters {
  last(wallet: string): number | undefined;
  advance(wallet: string, counter: number): void;
}
