import { closeSync, fdatasyncSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { arch, cpus, freemem, loadavg, platform, release, totalmem } from 'node:os';
import { join } from 'node:path';
import { percentile } from './figure.ts';

/** What the figures were taken on. */
export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGiB: number;
  readonly freeGiB: number;
  readonly os: string;
  /** Milliseconds until 4 kB appended to a file are on the disk, median. */
  readonly syncMs: number;
  readonly node: string;
  /** Programs that wanted the processor in the last minute: above `cores`, others were in the way. */
  readonly load: number;
}

const SYNCS = 100;

function gib(bytes: number): number {
  return Math.round(bytes / 2 ** 27) / 8;
}

/** The system's name as its makers write it, else the kernel's. */
function systemName(): string {
  try {
    const name = /^PRETTY_NAME="?(.*?)"?$/m.exec(readFileSync('/etc/os-release', 'utf8'))?.[1];
    if (name !== undefined) return `${name}, ${platform()} ${release()} ${arch()}`;
  } catch {
    // Only Linux has this file.
  }
  return `${platform()} ${release()} ${arch()}`;
}

/** Times of `count` appends of `size` bytes, each synced, in milliseconds. */
function syncTimes(dir: string, size: number, count: number): number[] {
  const path = join(dir, 'sync');
  const file = openSync(path, 'a');
  const bytes = Buffer.alloc(size, 1);
  const found = Array.from({ length: count }, () => {
    const from = performance.now();
    writeSync(file, bytes);
    fdatasyncSync(file);
    return performance.now() - from;
  });
  closeSync(file);
  rmSync(path);
  return found;
}

export function describeMachine(dir: string): Machine {
  const [cpu] = cpus();
  return {
    cpu: cpu?.model.trim() ?? 'unknown',
    cores: cpus().length,
    memoryGiB: gib(totalmem()),
    freeGiB: gib(freemem()),
    os: systemName(),
    syncMs: Math.round(percentile(syncTimes(dir, 4096, SYNCS), 0.5) * 100) / 100,
    node: process.versions.node,
    load: Math.round((loadavg()[0] ?? 0) * 10) / 10,
  };
}
