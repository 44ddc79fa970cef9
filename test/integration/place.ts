import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { joinReaders } from '../../drivers/nfc/join.ts';
import type { CardReaders } from '../../drivers/nfc/reader.ts';
import { openVirtualReader, type VirtualReader } from '../../drivers/nfc/virtual.ts';
import { type FakePrinter, openFakePrinter } from '../../drivers/printer/fake.ts';
import { type FakeScanner, openFakeScanner } from '../../drivers/scanner/fake.ts';
import { readProfile } from '../../main/core/bank/profile.ts';
import { Core } from '../../main/core/core.ts';
import { findMigrations } from '../../main/core/open.ts';
import { openRealWorld } from '../../main/core/world/real.ts';
import { type Acquirer, startAcquirer } from '../../simulators/acquirer/acquirer.ts';
import type { Json } from '../../simulators/acquirer/profile.ts';
import { type Deck, openDeck } from '../../simulators/card/deck.ts';

/** Short enough for a test, long enough for a busy machine. */
const terms = {
  timers: {
    connectMs: 2_000,
    responseMs: 600,
    reconnectMs: [20, 50],
    repeatMs: [0, 50, 100],
    messageLifetimeMs: 700,
  },
  walletTimers: { firstQueryMs: 50, queryMs: 100, giveUpMs: 1_500 },
};

/** A bank and cards in this process, and a folder for the terminal: what is there before a terminal is started. */
export interface Place {
  readonly dir: string;
  readonly data: string;
  readonly bank: Acquirer;
  readonly deck: Deck;
  close(): Promise<void>;
}

/** `more` is laid over the bank's terms. */
export async function openPlace(more: { readonly [key: string]: Json } = {}): Promise<Place> {
  const dir = mkdtempSync(join(tmpdir(), 'countertap-'));
  const deck = await openDeck({ dir, lingerMs: 20 });
  const bank = await startAcquirer({ dir, caKeys: deck.caKeys, terms: { ...terms, ...more } });
  return {
    dir,
    data: join(dir, 'till'),
    bank,
    deck,
    close: async () => {
      await bank.close();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

/** A terminal on a real disk and a real line, with its own virtual reader. */
export interface Terminal {
  readonly core: Core;
  readonly reader: VirtualReader;
  readonly printer: FakePrinter;
  readonly scanner: FakeScanner;
  readonly fatal: readonly unknown[];
}

export async function openTerminal(
  profile: string,
  data: string,
  beside: readonly CardReaders[] = [],
): Promise<Terminal> {
  const read = readProfile(readFileSync(profile));
  if (!read.ok) throw new Error(read.detail);
  const reader = await openVirtualReader({ port: 0 });
  const printer = openFakePrinter();
  const scanner = openFakeScanner();
  const fatal: unknown[] = [];
  const core = new Core({
    world: openRealWorld(data, { readers: joinReaders([reader, ...beside]), printer, scanners: [scanner] }),
    migrations: findMigrations(),
    profile: read.profile,
    signer: read.signer,
    zone: 'Asia/Shanghai',
    onFatal: (error) => fatal.push(error),
  });
  core.start();
  await until(() => core.link.state.status === 'online');
  return { core, reader, printer, scanner, fatal };
}

/** Waits until `holds` does; false after `ms`. */
export async function until(holds: () => boolean, ms = 8_000): Promise<boolean> {
  const deadline = performance.now() + ms;
  while (!holds()) {
    if (performance.now() > deadline) return false;
    await wait(4);
  }
  return true;
}

let keys = 0;

/** A key as a page makes it, never the same in two processes. */
export function newKey(): string {
  keys += 1;
  return `0198f0a0-0000-7000-8000-${String(process.pid % 1_000_000).padStart(6, '0')}${String(keys).padStart(6, '0')}`;
}
