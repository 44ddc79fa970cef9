import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { openLog, redact } from './log.ts';

const folders: string[] = [];
const folder = () => {
  const made = mkdtempSync(join(tmpdir(), 'shell-log-'));
  folders.push(made);
  return made;
};
afterEach(() => {
  for (const made of folders.splice(0)) rmSync(made, { recursive: true });
});

// 4111 1111 1111 1111 is the test number that card schemes publish.
it.each(['4111111111111111', '4111 1111 1111 1111', '4111-1111-1111-1111', 'x4111111111111111=2512'])(
  'takes the card number out of %s',
  (text) => {
    expect(redact(`before ${text} after`)).not.toMatch(/4111|1111/);
  },
);

it('leaves shorter numbers alone', () => {
  expect(redact('code 12, port 35963, 123456789012')).toBe('code 12, port 35963, 123456789012');
});

it('writes one JSON object a line, redacted, for the owner of the folder alone', () => {
  const dir = folder();
  openLog(dir).write('core-said', { text: 'card 4111111111111111 seen', n: 4 });
  const path = join(dir, 'shell.log');
  const line: unknown = JSON.parse(readFileSync(path, 'utf8'));
  expect(line).toMatchObject({ event: 'core-said', text: 'card [removed] seen', n: 4 });
  expect(statSync(path).mode & 0o077).toBe(0);
});

it('keeps a large log beside the new one', () => {
  const dir = folder();
  writeFileSync(join(dir, 'shell.log'), 'x'.repeat(1_000_001));
  openLog(dir).write('start');
  expect(statSync(join(dir, 'shell.log.1')).size).toBe(1_000_001);
  expect(statSync(join(dir, 'shell.log')).size).toBeLessThan(100);
});
