import { afterEach, describe, expect, it, vi } from 'vitest';
import { describePrinter } from './contract.ts';
import { openNetworkPrinter } from './network.ts';
import type { ReceiptPrinter } from './printer.ts';
import { TestPrinter } from './testprinter.ts';

async function openRig(knowsWhenDone = true) {
  const device = new TestPrinter();
  device.knowsWhenDone = knowsWhenDone;
  await device.listen();
  const timing = { connectMs: 300, answerMs: 150, finishMs: 800, pollMs: 0 };
  const printer = openNetworkPrinter({ host: '127.0.0.1', port: device.port, columns: 48, ...timing });
  return {
    device,
    printer,
    papers: () => device.papers,
    kicks: () => device.kicks,
    set: (trouble: TestPrinter['trouble']) => device.set(trouble),
    breakNextJob: (trouble: TestPrinter['breakAs']) => {
      device.breakAs = trouble;
    },
    close: async () => {
      await printer.close();
      await device.close();
      expect(device.unknown).toEqual([]);
    },
  };
}

describePrinter('network', () => openRig());
describePrinter('network, one that does not know GS r', () => openRig(false));

describe('network printer', () => {
  let printer: ReceiptPrinter | undefined;
  let device: TestPrinter | undefined;
  afterEach(async () => {
    await printer?.close();
    await device?.close();
  });

  it('finds by itself that the printer went and came back', async () => {
    device = new TestPrinter();
    await device.listen();
    printer = openNetworkPrinter({ host: '127.0.0.1', port: device.port, columns: 32, pollMs: 30 });
    const status = (wanted: string) => vi.waitFor(() => expect(printer?.state.status).toBe(wanted), { timeout: 3_000 });
    await status('ready');
    await device.set('offline');
    await status('trouble');
    expect(printer.state).toMatchObject({ trouble: 'offline', detail: expect.stringContaining('ECONNREFUSED') });
    await device.set('none');
    await status('ready');
  });

  it('says what is wrong inside', async () => {
    device = new TestPrinter();
    await device.listen();
    device.trouble = 'error';
    printer = openNetworkPrinter({ host: '127.0.0.1', port: device.port, columns: 32, pollMs: 0 });
    expect(await printer.refresh()).toMatchObject({ trouble: 'error', detail: 'The cutter is jammed.' });
  });

  it('prints nothing any more once it is closed', async () => {
    device = new TestPrinter();
    await device.listen();
    printer = openNetworkPrinter({ host: '127.0.0.1', port: device.port, columns: 32, pollMs: 0 });
    await printer.close();
    expect(await printer.print({ lines: [{ kind: 'rule' }] })).toMatchObject({ ok: false, sent: false });
    expect(device.papers).toEqual([]);
  });
});
