import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openFakeReaders } from '../../../drivers/nfc/fake.ts';
import { noPrinter } from '../../../drivers/printer/none.ts';
import { openRealWorld } from './real.ts';

test('no byte of the system’s randomness is given out twice, and a long wish is filled to its end', () => {
  const folder = mkdtempSync(join(tmpdir(), 'countertap-random-'));
  const { random } = openRealWorld(folder, { readers: openFakeReaders(), printer: noPrinter(), scanners: [] });
  const drawn = Array.from({ length: 2_000 }, () => Buffer.from(random(16)).toString('hex'));
  expect(new Set(drawn).size).toBe(drawn.length);
  const long = random(10_000);
  expect(long.length).toBe(10_000);
  // 16 NUL bytes in a row come once in 2^100 tries: a part that was never filled would be longer.
  expect(Buffer.from(long).includes(Buffer.alloc(16))).toBe(false);
  rmSync(folder, { recursive: true });
});
