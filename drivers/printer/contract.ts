import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { PrinterTrouble, Receipt, ReceiptPrinter } from './printer.ts';

export type Mendable = Exclude<PrinterTrouble, 'not-configured'>;

/** A printer family set up for the contract. */
export interface Rig {
  readonly printer: ReceiptPrinter;
  /** Text of everything that came out, one string a receipt, oldest first. */
  papers(): readonly string[];
  kicks(): number;
  /** Puts the device into this state, or mends it. */
  set(trouble: Mendable | 'paper-near-end' | 'none'): void | Promise<void>;
  /** The next job stops after some bytes with this trouble. */
  breakNextJob(trouble: Mendable): void;
  close(): Promise<void>;
}

const receipt: Receipt = {
  lines: [
    { kind: 'text', text: '银联商户', align: 'center', size: 2, bold: true },
    { kind: 'row', left: '金额 AMOUNT', right: '￥12.34', bold: true },
    { kind: 'rule' },
    { kind: 'qr', text: 'https://example.com/r/1' },
    { kind: 'text', text: 'Thank you' },
    { kind: 'feed', lines: 1 },
  ],
};

const mendable: Mendable[] = ['offline', 'paper-end', 'cover-open', 'error', 'no-answer'];

/** What every receipt printer must do, real or not. */
export function describePrinter(family: string, open: () => Promise<Rig>): void {
  describe(`printer: ${family}`, () => {
    let rig: Rig;
    beforeEach(async () => {
      rig = await open();
    });
    afterEach(() => rig.close());

    it('prints, and says so only then', async () => {
      expect(await rig.printer.print(receipt)).toEqual({ ok: true });
      expect(rig.papers()).toHaveLength(1);
      const [paper = ''] = rig.papers();
      expect(paper).toContain('银联商户');
      expect(paper).toContain(`金额 AMOUNT${' '.repeat(rig.printer.columns - 11 - 7)}￥12.34`);
      expect(paper).toContain('[QR https://example.com/r/1]');
    });

    it('prints jobs one after the other, in the order they came', async () => {
      const jobs = [1, 2, 3].map((n) => rig.printer.print({ lines: [{ kind: 'text', text: `receipt ${n}` }] }));
      expect(await Promise.all(jobs)).toEqual([{ ok: true }, { ok: true }, { ok: true }]);
      expect(rig.papers().map((paper) => paper.trim())).toEqual(['receipt 1', 'receipt 2', 'receipt 3']);
    });

    it.each(mendable)('sends nothing while there is trouble (%s), and prints once it is mended', async (trouble) => {
      await rig.set(trouble);
      expect(await rig.printer.print(receipt)).toEqual({ ok: false, sent: false, trouble });
      expect(await rig.printer.openDrawer()).toEqual({ ok: false, sent: false, trouble });
      expect(await rig.printer.refresh()).toMatchObject({ status: 'trouble', trouble });
      expect(rig.papers()).toHaveLength(0);
      expect(rig.kicks()).toBe(0);
      await rig.set('none');
      expect(await rig.printer.print(receipt)).toEqual({ ok: true });
      expect(rig.papers()).toHaveLength(1);
    });

    it.each(mendable)('does not call paper printed when the job stops in the middle (%s)', async (trouble) => {
      rig.breakNextJob(trouble);
      const printed = await rig.printer.print(receipt);
      expect(printed).toMatchObject({ ok: false, sent: true });
      expect(rig.papers()).toHaveLength(0);
    });

    it('sees paper that nears its end and still prints', async () => {
      await rig.set('paper-near-end');
      expect(await rig.printer.refresh()).toEqual({ status: 'ready', paper: 'near-end', drawerOpen: false });
      expect(await rig.printer.print(receipt)).toEqual({ ok: true });
    });

    it('opens the drawer, and no name on a receipt can', async () => {
      expect(await rig.printer.openDrawer()).toEqual({ ok: true });
      expect(rig.kicks()).toBe(1);
      expect(
        await rig.printer.print({ lines: [{ kind: 'text', text: 'Tea\x1bp\x00\x19\xfa\x10\x14\x01\x00\x05' }] }),
      ).toEqual({
        ok: true,
      });
      expect(rig.kicks()).toBe(1);
    });

    it('tells those who watch of a change, until they stop', async () => {
      await rig.printer.refresh();
      const told = vi.fn();
      const stop = rig.printer.onChange(told);
      await rig.set('paper-end');
      await rig.printer.refresh();
      expect(told).toHaveBeenCalled();
      stop();
      told.mockClear();
      await rig.set('none');
      await rig.printer.refresh();
      expect(told).not.toHaveBeenCalled();
    });
  });
}
