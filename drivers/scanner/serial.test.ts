import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { describeScanner } from './contract.ts';
import { openSerialScanner } from './serial.ts';

const socat = spawnSync('socat', ['-V']).status === 0;

/** A pseudo-terminal pair: the scanner's end is a file that bytes are written to. */
async function openLine(directory: string): Promise<ChildProcess> {
  const ends = ['near', 'far'].map((end) => `pty,raw,echo=0,link=${join(directory, end)}`);
  const line = spawn('socat', ends, { stdio: 'ignore' });
  await vi.waitFor(() => expect(existsSync(join(directory, 'near')) && existsSync(join(directory, 'far'))).toBe(true));
  return line;
}

async function closeLine(line: ChildProcess): Promise<void> {
  const gone = new Promise((resolve) => line.once('exit', resolve));
  line.kill();
  await gone;
}

async function openRig() {
  const directory = await mkdtemp(join(tmpdir(), 'scanner-'));
  let line = await openLine(directory);
  const scanner = openSerialScanner({ path: join(directory, 'near') });
  return {
    scanner,
    send: (bytes: string) => writeFile(join(directory, 'far'), bytes),
    scan: (text: string) => writeFile(join(directory, 'far'), `${text}\r\n`),
    unplug: () => closeLine(line),
    plug: async () => {
      line = await openLine(directory);
    },
    close: async () => {
      await scanner.close();
      await closeLine(line);
      await rm(directory, { recursive: true });
    },
  };
}

// The set-up installs socat. Where somebody runs the tests without it, these are counted as skipped and not as passed:
// there is no other serial line to try.
describe.skipIf(!socat)('a serial line made by socat', () => describeScanner('serial', openRig, { unplug: true }));

describe('serial scanner', () => {
  it.runIf(socat)('does not take a code that was cut off', async () => {
    const rig = await openRig();
    await vi.waitFor(() => expect(rig.scanner.state.status).toBe('ready'));
    const scans: string[] = [];
    const rejects: string[] = [];
    rig.scanner.onScan(({ text }) => scans.push(text));
    rig.scanner.onReject((reason) => rejects.push(reason));
    await rig.send('2846123');
    await vi.waitFor(() => expect(rejects).toHaveLength(1), { timeout: 2_000 });
    await rig.send('456\r');
    await vi.waitFor(() => expect(scans).toEqual(['456']));
    await rig.close();
  });

  it('says that its line is not there', async () => {
    const scanner = openSerialScanner({ path: '/dev/does-not-exist' });
    await vi.waitFor(() => expect(scanner.state).toMatchObject({ detail: expect.stringContaining('No such file') }));
    await scanner.close();
  });
});
