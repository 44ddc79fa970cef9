import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Scan, Scanner } from './scanner.ts';

/** A scanner family set up for the contract. */
export interface Rig {
  readonly scanner: Scanner;
  /** Reads a code as the device would hand it over. */
  scan(text: string): void | Promise<void>;
  unplug?(): void | Promise<void>;
  plug?(): void | Promise<void>;
  close(): Promise<void>;
}

/** What every scanner must do, real or not. */
export function describeScanner(family: string, open: () => Promise<Rig>, able: { unplug: boolean }): void {
  describe(`scanner: ${family}`, () => {
    let rig: Rig;
    let scans: Scan[];
    let rejects: string[];
    const status = (wanted: string) =>
      vi.waitFor(() => expect(rig.scanner.state.status).toBe(wanted), { timeout: 4_000 });
    const settled = (wanted: () => void) => vi.waitFor(wanted, { timeout: 2_000 });

    beforeEach(async () => {
      rig = await open();
      scans = [];
      rejects = [];
      rig.scanner.onScan((scan) => scans.push(scan));
      rig.scanner.onReject((reason) => rejects.push(reason));
      await status('ready');
    });
    afterEach(() => rig.close());

    it.each(['284612345678901234', '付款码 1234', 'https://example.com/pay?a=1&b=2', 'x'.repeat(4_096)])(
      'hands over %s',
      async (text) => {
        await rig.scan(text);
        await settled(() => expect(scans).toEqual([{ text, scanner: rig.scanner.name }]));
        expect(rejects).toEqual([]);
      },
    );

    it.each(['28\u001b4612', 'a\u202eb', 'x'.repeat(4_097), 'x'.repeat(20_000)])(
      'refuses no code at all',
      async (text) => {
        await rig.scan(text);
        await settled(() => expect(rejects).toHaveLength(1));
        expect(scans).toEqual([]);
        expect(rejects[0]).not.toContain(text.slice(0, 5));
        await rig.scan('1234');
        await settled(() => expect(scans).toHaveLength(1));
      },
    );

    it('tells nobody who has stopped listening', async () => {
      const told = vi.fn();
      rig.scanner.onScan(told)();
      await rig.scan('1234');
      await settled(() => expect(scans).toHaveLength(1));
      expect(told).not.toHaveBeenCalled();
    });

    it.runIf(able.unplug)('is in use again after it was unplugged', async () => {
      await rig.unplug?.();
      await status('absent');
      await rig.plug?.();
      await status('ready');
      await rig.scan('1234');
      await settled(() => expect(scans.map(({ text }) => text)).toEqual(['1234']));
    });
  });
}
