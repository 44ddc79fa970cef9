import { randomFillSync } from 'node:crypto';
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

/** Random bytes, drawn from the system in blocks: the way there costs more than the bytes. None is given out twice. */
function openRandom(): World['random'] {
  const block = Buffer.alloc(4_096);
  let next = block.length;
  return (length) => {
    const bytes = Buffer.alloc(length);
    for (let done = 0; done < length; ) {
      if (next === block.length) {
        randomFillSync(block);
        next = 0;
      }
      const taken = block.copy(bytes, done, next);
      block.fill(0, next, next + taken);
      next += taken;
      done += taken;
    }
    return bytes;
  };
}

/** The world as it is: this machine's clocks, randomness, network and disk, with the devices handed in. `anchor`: a file elsewhere. */
export function openRealWorld(folder: string, devices: Devices, anchor?: string): World {
  return {
    clock: realClock(),
    random: openRandom(),
    network: openNetwork(),
    storage: openDiskStorage(folder, anchor),
    devices,
  };
}
