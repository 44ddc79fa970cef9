import type { Money } from '../../contract/money.ts';
import type { Card } from '../../drivers/nfc/reader.ts';
import type { AcquirerProfile } from './bank/profile.ts';
import { readInside } from './kernel/inside.ts';
import { type Beside, readCard } from './kernel/kernel.ts';
import { readTag } from './kernel/ndef/tag.ts';
import type { CardOutcome, CardRequest, Vault } from './kernel/outcome.ts';
import { onlyCards } from './kernel/readers.ts';
import { askWallet, type WalletTerminal } from './kernel/token/read.ts';
import { openTornLog } from './kernel/torn.ts';
import type { Book } from './ledger/book.ts';
import { localTime } from './ledger/day.ts';
import type { PaymentTable } from './payment/table.ts';
import type { Blocklist } from './risk/blocklist.ts';
import { walletCounters } from './wallet/counters.ts';
import type { World } from './world/world.ts';

/** Reads one card for an amount; `mayGo` is called when the card may leave. Never rejects. */
export type ReadCard = (
  card: Card,
  amount: Money,
  sequence: number,
  mayGo: () => void,
  /** The application that the customer chose at an earlier tap. */
  chosen?: string,
) => Promise<CardOutcome>;

export interface ReadingParts {
  readonly world: World;
  /** What time it is for dates that cards and banks are told. */
  readonly time: { readonly now: number };
  readonly profile: AcquirerProfile;
  readonly zone: string;
  readonly book: Book;
  readonly payments: PaymentTable;
  readonly vault: Vault;
  readonly blocklist: Pick<Blocklist, 'has'>;
}

/** The kernel as this terminal uses it: its profile, its clock and dates, what it remembers of a card. */
export function openReading(parts: ReadingParts): ReadCard {
  const { world, profile, zone, payments, vault } = parts;
  const { clock, random } = world;
  const torn = openTornLog(clock);
  return (card, amount, sequence, mayGo, chosen) => {
    const local = localTime(parts.time.now, zone);
    const time = [local.hour, local.minute, local.second].map((part) => String(part).padStart(2, '0')).join('');
    const request = {
      amount,
      transactionType: '00',
      date: local.date.slice(2).replaceAll('-', ''),
      time,
      unpredictableNumber: random(4),
      sequence,
      ...(chosen === undefined ? {} : { chosen }),
    } as const;
    const blocked = (token: string) => parts.blocklist.has(token);
    const { kind = 'B', inside } = card;
    if (inside) {
      const { readers, sealing } = profile;
      const terminal = { config: profile, readers, kid: sealing.kid, vault, random, blocked };
      return readInside(inside, request, terminal, clock, mayGo);
    }
    const only = onlyCards(kind, profile.readers);
    const context = {
      random,
      torn,
      blocked,
      onlyCards: only,
      offlineInARow: (token: string) => payments.offlineInARow(token),
    };
    return readCard(card, request, profile, vault, clock, mayGo, beside(parts, card, request), context);
  };
}

/** What a card may be that has no application of the kernels: the bank's own wallet, or a tag for members and coupons. */
function beside(parts: ReadingParts, card: Card, request: CardRequest): Beside {
  const { world, profile } = parts;
  const wallet = walletOf(parts);
  return async (channel) => {
    const token = wallet && (await askWallet(channel, request, wallet));
    if (token) return token;
    const tag = await readTag(card, world.clock, profile.cards);
    if (tag.kind === 'refused') return undefined;
    const { kind } = tag;
    return async () => (kind === 'tag' ? { kind, type: tag.type, records: tag.records } : tag);
  };
}

function walletOf({ world, profile, book, vault, blocklist }: ReadingParts): WalletTerminal | undefined {
  const { closedLoop, terminalId, limits } = profile;
  if (!closedLoop) return undefined;
  const counters = walletCounters(book, world);
  const blocked = (token: string) => blocklist.has(token);
  return { closedLoop, terminalId, verifyFromMinor: limits.cvmMinor, counters, vault, blocked };
}
