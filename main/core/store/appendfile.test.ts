import {
  appendFileSync,
  closeSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openAppendFile } from './appendfile.ts';

let folder: string;
let path: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'countertap-append-'));
  path = join(folder, 'journal');
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

const text = (file: { read(): Uint8Array }): string => Buffer.from(file.read()).toString();

test('room is taken ahead and given back at the end; a file that was left behind with it has the same content', () => {
  const left = openAppendFile(path);
  left.append(Buffer.from('one\n'));
  left.sync();
  expect(statSync(path).size).toBeGreaterThan(100_000);
  expect(text(left)).toBe('one\n');
  const found = openAppendFile(path);
  expect(text(found)).toBe('one\n');
  found.append(Buffer.from('two\n'));
  found.close();
  expect(readFileSync(path, 'utf8')).toBe('one\ntwo\n');
});

test('an append that fills the room takes more: the file does not become longer with each', () => {
  const file = openAppendFile(path);
  const line = Buffer.from(`${'x'.repeat(999)}\n`);
  const sizes = new Set<number>();
  for (let n = 0; n < 600; n += 1) {
    file.append(line);
    sizes.add(statSync(path).size);
  }
  expect(sizes.size).toBe(3);
  expect(file.read().length).toBe(600_000);
  file.close();
  expect(statSync(path).size).toBe(600_000);
});

test('a file that is longer than one call may read is read in pieces', () => {
  const file = openAppendFile(path, 7);
  for (let n = 0; n < 40; n += 1) file.append(Buffer.from(`line ${n}\n`));
  expect(text(file)).toBe(Array.from({ length: 40 }, (_, n) => `line ${n}\n`).join(''));
  file.close();
});

test('what a stranger put behind the room is part of what is read', () => {
  const file = openAppendFile(path);
  file.append(Buffer.from('one\n'));
  appendFileSync(path, 'more');
  expect(text(file)).toMatch(/^one\n\0+more$/);
  file.close();
});

test('a gigabyte of nothing behind the content is passed over at once', () => {
  const file = openAppendFile(path);
  file.append(Buffer.from('one\n'));
  truncateSync(path, 1024 ** 3);
  const found = openAppendFile(path);
  expect(text(found)).toBe('one\n');
  found.close();
  expect(statSync(path).size).toBe(4);
});

test('an end that was cut off in the middle of a line is found there', () => {
  const file = openAppendFile(path);
  file.append(Buffer.from('one\ntw'));
  const torn = openAppendFile(path);
  expect(text(torn)).toBe('one\ntw');
  torn.truncate(4);
  torn.append(Buffer.from('two\n'));
  expect(text(torn)).toBe('one\ntwo\n');
  torn.close();
});

test('sectors of an append that came to the disk out of order leave no more than a torn end', () => {
  openAppendFile(path).append(Buffer.from('one\n'));
  const raw = openSync(path, 'r+');
  writeSync(raw, 'end of two\n', 516);
  closeSync(raw);
  const file = openAppendFile(path);
  expect(text(file)).toBe(`one\n${'\0'.repeat(512)}end of two\n`);
  file.close();
});

const act = fc.oneof(
  fc.record({ append: fc.string({ unit: fc.constantFrom('a', 'b', 'é', '\n'), minLength: 1, maxLength: 2_000 }) }),
  fc.record({ cutTo: fc.double({ min: 0, max: 1, noNaN: true }) }),
  fc.constant({ reopen: true }),
  fc.constant({ leave: true }),
);

test('whatever is done, the content is what was appended', () => {
  fc.assert(
    fc.property(fc.array(act, { maxLength: 40 }), (acts) => {
      rmSync(path, { force: true });
      let file = openAppendFile(path);
      let content = Buffer.alloc(0);
      for (const one of acts) {
        if ('append' in one) {
          file.append(Buffer.from(one.append));
          content = Buffer.concat([content, Buffer.from(one.append)]);
        } else if ('cutTo' in one) {
          content = content.subarray(0, Math.floor(content.length * one.cutTo));
          file.truncate(content.length);
        } else {
          if ('reopen' in one) file.close();
          file = openAppendFile(path);
        }
        expect(Buffer.from(file.read()).equals(content)).toBe(true);
      }
      file.close();
      expect(readFileSync(path).equals(content)).toBe(true);
    }),
    { numRuns: 60 },
  );
});
