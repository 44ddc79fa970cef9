import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import { money } from '../../contract/money.ts';
import type { AcquirerLink, BankAnswer, LinkRequest, Original, Trace } from '../../main/core/bank/link.ts';
import { openLink } from '../../main/core/bank/open.ts';
import { type AcquirerProfile, readProfile } from '../../main/core/bank/profile.ts';
import { openNetwork } from '../../main/core/world/network.ts';
import { realClock } from '../../main/core/world/real.ts';
import { type Acquirer, startAcquirer } from '../../simulators/acquirer/acquirer.ts';
import type { Json } from '../../simulators/acquirer/profile.ts';

/** The bank of a test, and the product's own link to it. */
export interface Place {
  readonly bank: Acquirer;
  readonly link: AcquirerLink;
  readonly profile: AcquirerProfile;
  rule(rule: object): Promise<void>;
  book(): Promise<Book>;
  trace(batch?: number): Trace;
  buy(minor: number, own?: Trace): Promise<[Trace, BankAnswer]>;
  send(request: LinkRequest): Promise<BankAnswer>;
  close(): Promise<void>;
}

export interface Book {
  readonly payments: readonly { readonly state: string; readonly amount: number; readonly stan: number }[];
  readonly totals: { readonly debitCount: number; readonly debitMinor: number; readonly creditMinor: number };
  readonly closed: readonly number[];
}

export async function openPlace(terms: { readonly [key: string]: Json }): Promise<Place> {
  const dir = mkdtempSync(join(tmpdir(), 'link-'));
  const bank = await startAcquirer({ dir, terms });
  const read = readProfile(readFileSync(bank.profile));
  if (!read.ok) throw new Error(read.detail);
  const { profile } = read;
  const world = { clock: realClock(), network: openNetwork(), random: (length: number) => randomBytes(length) };
  const link = openLink(world, profile, 'Asia/Shanghai');
  link.start();
  await expect.poll(() => link.state.status, { timeout: 10_000 }).toBe('online');
  let stan = 0;
  const place: Place = {
    bank,
    link,
    profile,
    rule: async (rule) => {
      await bank.commands['rule']?.({ rule });
    },
    book: () => bank.commands['book']?.({}) as Promise<Book>,
    trace(batch = 1) {
      stan += 1;
      return { stan, rrn: `R${String(stan).padStart(11, '0')}`, at: Date.now(), batch, attempt: 0 };
    },
    async buy(minor, own = place.trace()) {
      const code = `28${String(Date.now()).slice(-7)}${String(own.stan).padStart(7, '0')}`;
      const presented = { kind: 'code', scheme: 'alipay', code } as const;
      return [own, await place.send({ type: 'purchase', trace: own, amount: money(minor, 'CNY'), presented })];
    },
    send(request) {
      if (!link.further) throw new Error('this link has no further messages');
      return link.further(request as Parameters<typeof link.further>[0]);
    },
    async close() {
      await link.close();
      await bank.close();
      rmSync(dir, { recursive: true, force: true });
    },
  };
  return place;
}

/** Names an earlier purchase. */
export function about(of: Trace): Original {
  return { mti: '0200', stan: of.stan, rrn: of.rrn, at: of.at };
}
