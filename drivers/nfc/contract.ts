import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Placed, ScriptedCard } from './fake.ts';
import type { Card, CardReaders, Exchange } from './reader.ts';
import { testCard } from './scripted.ts';

/** A reader family set up for the contract: what the outside world can do to it. */
export interface Rig {
  readonly readers: CardReaders;
  /** Name of the reader that cards are put on. */
  readonly reader: string;
  put(card: ScriptedCard): Placed | Promise<Placed>;
  unplug?(): void | Promise<void>;
  plug?(): void | Promise<void>;
  stopDaemon?(): void | Promise<void>;
  startDaemon?(): void | Promise<void>;
  close(): Promise<void>;
}

export interface Abilities {
  /** Two cards can be in the field at once. */
  readonly collision: boolean;
  readonly unplug: boolean;
  readonly daemon: boolean;
  /** An empty answer reaches the reader as such. */
  readonly emptyAnswer: boolean;
  /** How long the outside world may take to show in a state. */
  readonly patienceMs: number;
}

const SELECT = Uint8Array.of(0x00, 0xa4, 0x04, 0x00, 0x00);
const SILENT = Uint8Array.of(0xff, 0x20, 0x00, 0x00);
const LEAVES = Uint8Array.of(0xff, 0x30, 0x00, 0x00);

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

function faultOf(exchange: Exchange): string {
  return exchange.ok ? `answered ${hex(exchange.response)}` : exchange.fault;
}

/** What every family of readers must do, real or not. */
export function describeReaders(family: string, open: () => Promise<Rig>, able: Abilities): void {
  describe(`readers: ${family}`, () => {
    let rig: Rig;
    beforeEach(async () => {
      rig = await open();
      await status('ready');
    }, 30_000);
    afterEach(() => rig.close(), 30_000);

    const state = () => rig.readers.list().find((reader) => reader.name === rig.reader)?.state.status;
    const status = (wanted: string) =>
      vi.waitFor(() => expect(state()).toBe(wanted), { timeout: able.patienceMs, interval: 10 });
    const next = (ms = able.patienceMs) => rig.readers.nextCard(AbortSignal.timeout(ms), rig.reader);
    const tap = async (card: ScriptedCard = testCard()): Promise<{ card: Card; placed: Placed }> => {
      const placed = await rig.put(card);
      const found = await next();
      if (!found) throw new Error('no card was found');
      return { card: found, placed };
    };

    it('waits in vain without a card', async () => {
      expect(await next(50)).toBeUndefined();
      expect(await rig.readers.nextCard(AbortSignal.abort())).toBeUndefined();
    });

    it('hands out a card, talks to it, and sees it leave', async () => {
      const { card, placed } = await tap();
      expect(hex(card.atr)).toBe('3b80800101');
      expect(state()).toBe('card');
      expect(await card.transmit(SELECT, 2_000)).toEqual({ ok: true, response: Uint8Array.of(0x90, 0x00) });
      placed.remove();
      await status('ready');
      expect(faultOf(await card.transmit(SELECT, 2_000))).toBe('torn');
    });

    it('counts a card that lies there already, once', async () => {
      await rig.put(testCard());
      await status('card');
      expect(await next()).toBeDefined();
      expect(await next(200)).toBeUndefined();
    });

    it('counts a released card again only after it left', async () => {
      const { card, placed } = await tap();
      await card.transmit(SELECT, 2_000);
      card.release();
      expect(faultOf(await card.transmit(SELECT, 2_000))).toBe('torn');
      expect(await next(300)).toBeUndefined();
      placed.remove();
      await status('ready');
      const again = await tap();
      expect((await again.card.transmit(SELECT, 2_000)).ok).toBe(true);
    });

    it('calls a card torn that leaves in the middle of an exchange', async () => {
      const { card } = await tap();
      expect(faultOf(await card.transmit(LEAVES, 3_000))).toBe('torn');
      expect(faultOf(await card.transmit(SELECT, 2_000))).toBe('torn');
      await status('ready');
    });

    it.each(able.emptyAnswer ? [0, 1] : [1])('calls an answer of %i bytes torn', async (length) => {
      const { card } = await tap(testCard({ answer: () => new Uint8Array(length).fill(0x90) }));
      expect(faultOf(await card.transmit(SELECT, 3_000))).toBe('torn');
    });

    it('gives up on a card that does not answer in time, and is ready again after it left', async () => {
      const { card, placed } = await tap();
      expect(faultOf(await card.transmit(SILENT, 100))).toBe('timed-out');
      expect(faultOf(await card.transmit(SELECT, 2_000))).toBe('timed-out');
      expect(state()).toBe('unresponsive');
      placed.remove();
      await status('ready');
      const again = await tap();
      expect((await again.card.transmit(SELECT, 2_000)).ok).toBe(true);
    });

    it('refuses a second exchange while one runs and lets the first one end', async () => {
      const { card } = await tap();
      const first = card.transmit(SELECT, 2_000);
      expect(faultOf(await card.transmit(SELECT, 2_000))).toBe('busy');
      expect((await first).ok).toBe(true);
      expect((await card.transmit(SELECT, 2_000)).ok).toBe(true);
    });

    it('fetches what 61xx announces and repeats what 6Cxx corrects', async () => {
      const asked: string[] = [];
      const { card } = await tap(
        testCard({
          answer: (command) => {
            asked.push(hex(command));
            if (asked.length === 1) return Uint8Array.of(0x6c, 0x08);
            if (asked.length === 2) return Uint8Array.of(0xaa, 0xbb, 0x61, 0x03);
            return Uint8Array.of(0xcc, 0x90, 0x00);
          },
        }),
      );
      const answer = await card.transmit(Uint8Array.of(0x00, 0xb2, 0x01, 0x0c, 0x00), 2_000);
      expect(answer).toEqual({ ok: true, response: Uint8Array.of(0xaa, 0xbb, 0xcc, 0x90, 0x00) });
      expect(asked).toEqual(['00b2010c00', '00b2010c08', '00c0000003']);
    });

    it.each([0x61, 0x6c])('ends a card that answers %i for ever', async (sw1) => {
      let asked = 0;
      const answer = () => {
        asked += 1;
        return Uint8Array.of(sw1, asked);
      };
      const { card } = await tap(testCard({ answer }));
      expect(faultOf(await card.transmit(SELECT, 3_000))).toBe('torn');
      expect(asked).toBe(5);
    });

    it('carries a whole short response', async () => {
      const { card } = await tap();
      const answer = await card.transmit(Uint8Array.of(0xff, 0x10, 0x01, 0x00, 0x00), 2_000);
      expect(answer.ok && answer.response.length).toBe(258);
    });

    it('tells those who watch, until they stop', async () => {
      let told = 0;
      const stop = rig.readers.onChange(() => {
        told += 1;
      });
      const { placed } = await tap();
      expect(told).toBeGreaterThan(0);
      stop();
      const before = told;
      placed.remove();
      await status('ready');
      expect(told).toBe(before);
    });

    it('gives one card to one of two who wait', async () => {
      const stop = new AbortController();
      const waiting = [1, 2].map(() => rig.readers.nextCard(stop.signal, rig.reader));
      await rig.put(testCard());
      expect(await Promise.race(waiting)).toBeDefined();
      await new Promise((resolve) => setTimeout(resolve, 100));
      stop.abort();
      expect((await Promise.all(waiting)).filter(Boolean)).toHaveLength(1);
    });

    it('ends every wait when it is closed', async () => {
      const waiting = next();
      await rig.readers.close();
      expect(await waiting).toBeUndefined();
    });

    it.runIf(able.collision)('chooses neither of two cards, and takes the one that stays', async () => {
      const { card, placed } = await tap();
      const second = await rig.put(testCard({ atr: Uint8Array.of(0x3b, 0x81, 0x80, 0x01, 0x55, 0x55) }));
      await status('collision');
      expect(faultOf(await card.transmit(SELECT, 2_000))).toBe('collision');
      expect(await next(100)).toBeUndefined();
      placed.remove();
      const remaining = await next();
      expect(remaining && hex(remaining.atr)).toBe('3b8180015555');
      second.remove();
      await status('ready');
    });

    it.runIf(able.collision)('ends the exchange that runs when a second card comes, and says so', async () => {
      const { card } = await tap();
      const running = card.transmit(SILENT, 3_000);
      await rig.put(testCard());
      expect(faultOf(await running)).toBe('collision');
    });

    it.runIf(able.collision)('does not count a released card again because another one came and went', async () => {
      const { card } = await tap();
      card.release();
      const second = await rig.put(testCard());
      await status('collision');
      second.remove();
      await status('card');
      expect(await next(200)).toBeUndefined();
    });

    it.runIf(able.unplug)(
      'ends the dialogue when the reader is unplugged, and uses it again when it is back',
      async () => {
        const { card } = await tap();
        await rig.unplug?.();
        await status('unplugged');
        expect(rig.readers.state.status).toBe('none');
        expect(faultOf(await card.transmit(SELECT, 2_000))).toBe('reader-gone');
        const waiting = next();
        await rig.plug?.();
        await status('ready');
        await rig.put(testCard());
        expect((await (await waiting)?.transmit(SELECT, 2_000))?.ok).toBe(true);
      },
    );

    it.runIf(able.daemon)(
      'waits through the loss of the daemon and reads again when it is back',
      async () => {
        const { card } = await tap();
        await rig.stopDaemon?.();
        await vi.waitFor(() => expect(rig.readers.state.status).toBe('no-daemon'), { timeout: able.patienceMs });
        expect(faultOf(await card.transmit(SELECT, 2_000))).toBe('reader-gone');
        const waiting = next(20_000);
        await rig.startDaemon?.();
        await status('ready');
        await rig.put(testCard());
        expect((await (await waiting)?.transmit(SELECT, 2_000))?.ok).toBe(true);
      },
      30_000,
    );
  });
}
