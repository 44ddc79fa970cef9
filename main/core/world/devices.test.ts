import { expect, it } from 'vitest';
import { insert, testCard } from '../../../drivers/nfc/scripted.ts';
import { openDevices } from './devices.ts';

it('opens with no device at all and says what is missing', async () => {
  const devices = await openDevices({ readers: { pcsc: false, allowVirtual: false }, scanners: {} });
  expect(devices.readers.state).toEqual({ status: 'none' });
  expect(devices.printer.state).toMatchObject({ status: 'trouble', trouble: 'not-configured' });
  expect(devices.scanners.map(({ state }) => state.status)).toEqual(['ready']);
  expect(await devices.readers.nextCard(AbortSignal.timeout(20))).toBeUndefined();
  await devices.close();
});

it('reads a card on the virtual reader beside PC/SC', async () => {
  const devices = await openDevices({ readers: { pcsc: true, allowVirtual: false, virtualPort: 0 }, scanners: {} });
  const placed = await insert(devices.virtual?.port ?? 0, testCard());
  const card = await devices.readers.nextCard(AbortSignal.timeout(15_000), 'Virtual counter');
  expect(await card?.transmit(Uint8Array.of(0, 0xa4, 4, 0, 0), 15_000)).toMatchObject({ ok: true });
  placed.remove();
  await devices.close();
}, 40_000);

it('hands over what the page read, and a printer and a serial line that are not there are waited for', async () => {
  const devices = await openDevices({
    readers: { pcsc: false, allowVirtual: false },
    printer: { host: '127.0.0.1', port: 1, columns: 32 },
    scanners: { serial: [{ path: '/dev/does-not-exist' }] },
  });
  const scans: string[] = [];
  for (const scanner of devices.scanners) scanner.onScan(({ text }) => scans.push(text));
  devices.keyboard.typed('284612345678901234');
  expect(scans).toEqual(['284612345678901234']);
  expect(await devices.printer.print({ lines: [] })).toEqual({ ok: false, sent: false, trouble: 'offline' });
  expect(devices.scanners[1]?.state.status).toBe('absent');
  await devices.close();
});
