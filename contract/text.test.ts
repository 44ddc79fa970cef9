import { expect, test } from 'vitest';
import { LateNote } from './queue.ts';
import { DoneInput, ImportInput } from './reconciliation.ts';
import { ownWords } from './text.ts';

const kept = ['电话打过了', 'Mr O’Neill, 12:30', '退货 👍🏽', '👩‍👩‍👧', 'a\u00a0b'];
const refused = [
  'half \ud83d',
  '\ude00',
  'a\0b',
  '\0',
  'two\nlines',
  'bell\u0007',
  'a\u202egnp.exe',
  '\u2066x',
  'a\u2028b',
  '\u0085',
];

test('the words of people are kept as they are', () => {
  for (const words of kept) expect(LateNote.safeParse(words).data, JSON.stringify(words)).toBe(words);
  expect(ownWords(1, 40).safeParse('  kept  ').data).toBe('kept');
});

test('what no database keeps and no paper shows as it stands is refused, wherever people write something', () => {
  const key = '0198f0a0-0000-7000-8000-000000000001';
  for (const words of refused) {
    expect(LateNote.safeParse(`x ${words} x`).success, JSON.stringify(words)).toBe(false);
    expect(ImportInput.safeParse({ key, name: `${words}.csv` }).success, JSON.stringify(words)).toBe(false);
    expect(DoneInput.safeParse({ statement: 1, line: '1-2', how: `x ${words} x` }).success).toBe(false);
  }
  for (const words of ['', '   ', 'x'.repeat(41)]) expect(ownWords(1, 40).safeParse(words).success).toBe(false);
});
