import { randomBytes } from 'node:crypto';
import { openDiskStorage } from '../store/disk.ts';
import { openNetwork } from './network.ts';
import type { Clock, Devices, World } from './world.ts';

/** The clocks of this machine. */
export function realClock(): Clock {
  return {
    now: () => Date.now(),
    monotonic: () => performance.now(),
    sleep: (ms, signal) =>
      new Promise((resolve) => {
        if (signal?.aborted) {
          resolve();
          return;
        }
        const timer = setTimeout(done, Math.max(0, ms));
        function done(): void {
          clearTimeout(timer);
          signal?.removeEventListener('abort', done);
          resolve();
        }
        signal?.addEventListener('abort', done);
      }),
  };
}

/** The world as it is: this machine's clocks, randomness, network and disk, with the devices handed in. `anchor`: a file elsewhere. */
export function openRealWorld(folder: string, devices: Devices, anchor?: string): World {
  return {
    clock: realClock(),
    random: (length) => randomBytes(length),
    network: openNetwork(),
    storage: openDiskStorage(folder, anchor),
    devices,
  };
}
