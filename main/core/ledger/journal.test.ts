import fc from 'fast-check';
import { expect, test } from 'vitest';
import { openMemoryStorage } from '../test/storage.ts';
import { chain, GENESIS, Journal, readJournal } from './journal.ts';

/** A journal file of these bodies, as the terminal writes it. */
function written(bodies: readonly string[]): { bytes: Buffer; journal: Journal } {
  const storage = openMemoryStorage();
  const journal = new Journal(storage.appendFile('j'), 0, GENESIS);
  bodies.forEach((body, index) => {
    journal.append({ seq: index + 1, hash: chain(journal.hash, body), body });
  });
  return { bytes: Buffer.from(storage.read('j') ?? []), journal };
}

const bodies = fc.array(
  fc.record({ seq: fc.nat(), text: fc.string({ unit: 'binary' }) }).map((entry) => JSON.stringify(entry)),
  { minLength: 1, maxLength: 8 },
);

test('what was appended is read back, with the chain in order', () => {
  fc.assert(
    fc.property(bodies, (texts) => {
      const { bytes, journal } = written(texts);
      const read = readJournal(bytes);
      expect(read.broken).toBeUndefined();
      expect(read.length).toBe(bytes.length);
      expect(read.lines.map((line) => line.body)).toEqual(texts);
      expect(read.lines.at(-1)?.hash).toBe(journal.hash);
      expect(journal.seq).toBe(texts.length);
    }),
  );
});

test('the chain is SHA-256 over the hash before and the bytes of the entry', () => {
  // sha256(64 zeros followed by "{}"), made with coreutils: printf '%064d{}' 0 | sha256sum
  expect(chain(GENESIS, '{}')).toBe('5508d2b710e64bc470079e1b211d9c58e21011e59d0559e422345dc19d659a75');
});

test('an empty journal is sound', () => {
  expect(readJournal(new Uint8Array())).toEqual({ lines: [], length: 0, broken: undefined });
});

test('one flipped bit anywhere is found, and every entry before it is kept', () => {
  fc.assert(
    fc.property(bodies, fc.nat(), fc.integer({ min: 0, max: 7 }), (texts, where, bit) => {
      const { bytes } = written(texts);
      const at = where % bytes.length;
      bytes[at] = (bytes[at] ?? 0) ^ (1 << bit);
      const read = readJournal(bytes);
      expect(read.broken).toBeDefined();
      expect(read.length).toBeLessThanOrEqual(at);
      expect(read.lines.map((line) => line.body)).toEqual(texts.slice(0, read.lines.length));
      expect(read.broken?.seq).toBe(read.lines.length + 1);
    }),
    { numRuns: 1_000 },
  );
});

test('cut off at any byte, the journal keeps its whole entries and says that one is torn', () => {
  const texts = ['{"a":1}', '{"b":"重印"}', '{"c":[1,2,3]}'];
  const { bytes } = written(texts);
  for (let length = 0; length <= bytes.length; length += 1) {
    const read = readJournal(bytes.subarray(0, length));
    const whole = bytes.subarray(0, length).toString('latin1').split('\n').length - 1;
    expect(read.lines).toHaveLength(whole);
    expect(read.broken === undefined).toBe(length === read.length);
  }
});

test('an entry taken out, put twice, or moved breaks the chain', () => {
  const { bytes } = written(['{"n":1}', '{"n":2}', '{"n":3}']);
  const lines = bytes.toString('utf8').trimEnd().split('\n');
  const [one = '', two = '', three = ''] = lines;
  for (const forged of [
    [two, three],
    [one, three],
    [one, one, two, three],
    [one, three, two],
  ]) {
    expect(readJournal(Buffer.from(`${forged.join('\n')}\n`)).broken).toBeDefined();
  }
});

test('a file that is longer than what is searched at once is read the same', () => {
  const bodies = Array.from({ length: 60 }, (_, n) => JSON.stringify({ seq: n + 1, text: 'é'.repeat((n * 37) % 90) }));
  const whole = Buffer.from(written(bodies).journal.read());
  const read = (bytes: Uint8Array, window?: number): unknown => {
    const { lines, length, broken } = readJournal(bytes, window);
    return { lines: lines.map(({ seq, hash, body }) => [seq, hash, body]), length, broken };
  };
  for (const bytes of [whole, whole.subarray(0, -20), Buffer.concat([whole.subarray(0, 5_000), whole.subarray(5_001)])])
    for (const window of [700, 701, 1_024, 4_096]) expect(read(bytes, window), `${window}`).toEqual(read(bytes));
  expect(readJournal(whole, 700).lines).toHaveLength(60);
});

test('an entry out of its turn is not appended', () => {
  const { journal } = written(['{}']);
  expect(() => journal.append({ seq: 3, hash: 'x', body: '{}' })).toThrow(/does not follow/);
  expect(journal.seq).toBe(1);
});
