import { spawnSync } from 'node:child_process';
import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { chain, GENESIS } from '../../main/core/ledger/journal.ts';
import { JOURNAL } from '../../main/core/ledger/recovery.ts';
import { trialBalance } from '../../main/core/ledger/turnover.ts';
import { verifyBook } from '../../main/core/reports/verify.ts';
import { rough } from './branch.ts';
import { openStore } from './opened.ts';
import { Trial } from './trial.ts';

/** docs/verify-journal.mjs stands alone: it is run as an auditor would, and must say what `terminal verify` says. */

const script = join(import.meta.dirname, '../../docs/verify-journal.mjs');
const Found = z.object({
  ok: z.boolean(),
  entries: z.number(),
  head: z.object({ seq: z.number(), hash: z.string() }),
  sums: z.record(z.string(), z.record(z.string(), z.number())),
  firstBreak: z.object({ seq: z.number(), offset: z.number(), what: z.string() }).nullable(),
});

let trial: Trial;
let store: ReturnType<typeof openStore>;
let folder: string;
let sound: Buffer;

beforeAll(async () => {
  trial = new Trial(1, rough);
  folder = mkdtempSync(join(tmpdir(), 'countertap-verifier-'));
  await trial.run({ seed: 1, name: 'audit', acts: 12 });
  await trial.settle();
  store = openStore(trial.data);
  sound = Buffer.from(store.book.journalBytes());
}, 120_000);

afterAll(() => {
  store.book.close();
  trial.end();
  rmSync(folder, { recursive: true, force: true });
});

function audit(bytes: Buffer): { readonly status: number | null; readonly found: z.infer<typeof Found> } {
  const file = join(folder, 'journal');
  writeFileSync(file, bytes);
  const { status, stdout } = spawnSync(process.execPath, [script, file, '--json'], { encoding: 'utf8' });
  return { status, found: Found.parse(JSON.parse(stdout)) };
}

/** What the terminal says of the same bytes. */
function verified(bytes: Buffer): ReturnType<typeof verifyBook> {
  writeFileSync(join(trial.data, JOURNAL), bytes);
  try {
    return verifyBook(store.book);
  } finally {
    writeFileSync(join(trial.data, JOURNAL), sound);
  }
}

test('a good journal: the terminal’s own head, count and sums', () => {
  const { status, found } = audit(sound);
  const own = verified(sound);
  expect(status).toBe(0);
  expect(own.ok).toBe(true);
  expect(found).toMatchObject({ ok: true, firstBreak: null, entries: own.entries, head: { hash: own.headHash } });
  const balances = trialBalance(store.db).map(({ account, balance }) => [account, balance]);
  expect(found.sums['CNY']).toEqual(Object.fromEntries(balances));
});

test('the room that a running terminal keeps at the end is no entry, and nothing may stand behind it', () => {
  const room = Buffer.alloc(9_000);
  expect(audit(Buffer.concat([sound, room]))).toMatchObject({ status: 0, found: { ok: true } });
  const behind = audit(Buffer.concat([sound, room, Buffer.from('more')]));
  expect(behind).toMatchObject({ status: 1, found: { firstBreak: { offset: sound.length } } });
});

/** Where each line begins. */
function begins(): number[] {
  return [0, ...[...sound.keys()].filter((at) => sound[at] === 0x0a).map((at) => at + 1)];
}

const damages: readonly (readonly [string, number, (line: Buffer) => Buffer])[] = [
  ['a bit in a hash', 3, (line) => flipped(line, 10)],
  ['a bit in an entry', 4, (line) => flipped(line, 100)],
  ['an entry taken out', 5, () => Buffer.alloc(0)],
  ['an entry twice', 7, (line) => Buffer.concat([line, line])],
];

function flipped(line: Buffer, at: number): Buffer {
  const copy = Buffer.from(line);
  copy[at] = (copy[at] ?? 0) ^ 1;
  return copy;
}

test.each(damages)('%s is found by both, at the same entry', (_, seq, damage) => {
  const starts = begins();
  const from = starts[seq - 1] ?? 0;
  const to = starts[seq] ?? 0;
  const bytes = Buffer.concat([sound.subarray(0, from), damage(sound.subarray(from, to)), sound.subarray(to)]);
  const { status, found } = audit(bytes);
  const { ok, firstBreak } = verified(bytes);
  expect(ok).toBe(false);
  expect(status).toBe(1);
  expect(found.firstBreak).toMatchObject({ seq: firstBreak?.seq });
  expect(found.firstBreak?.offset).toBe(starts[(firstBreak?.seq ?? 0) - 1] ?? -1);
});

/** The journal's lines with the last ones replaced, each in its right place in the chain. */
function forged(from: number, bodies: readonly string[]): Buffer {
  const lines = sound.toString().split('\n').slice(0, from);
  for (const body of bodies) lines.push(`${chain(lines.at(-1)?.slice(0, 64) ?? GENESIS, body)} ${body}`);
  return Buffer.from(`${lines.join('\n')}\n`);
}

test('two entries that changed places are found by both', () => {
  const lines = sound.toString().split('\n');
  const [fifth = '', sixth = ''] = lines.splice(4, 2);
  lines.splice(4, 0, sixth, fifth);
  const bytes = Buffer.from(lines.join('\n'));
  expect(audit(bytes)).toMatchObject({ status: 1, found: { firstBreak: { seq: 5 } } });
  expect(verified(bytes).firstBreak).toMatchObject({ where: 'journal', seq: 5 });
});

test('a tail cut off between two entries is sound in itself: the terminal says where, and the head gives it away', () => {
  const starts = begins();
  const cut = sound.subarray(0, starts[starts.length - 3]);
  const { status, found } = audit(cut);
  const last = starts.length - 1;
  expect(status).toBe(0);
  expect(found.head.seq).toBe(last - 2);
  expect(found.head.hash).not.toBe(audit(sound).found.head.hash);
  expect(verified(cut).firstBreak).toMatchObject({ where: 'journal', seq: last - 1 });
});

test('a last entry that was forged with a right hash is sound in itself, and not what the database holds', () => {
  const last = begins().length - 1;
  const body = sound.toString().split('\n')[last - 1]?.slice(65) ?? '';
  const other = forged(last - 1, [body.replace(/"at":\d+/, '"at":1')]);
  expect(audit(other)).toMatchObject({ status: 0, found: { head: { seq: last } } });
  expect(verified(other).firstBreak).toMatchObject({ where: 'database', seq: last });
  const more = forged(last, [body.replace(/"seq":\d+/, `"seq":${last + 1}`)]);
  expect(audit(more).status).toBe(0);
  expect(verified(more).firstBreak).toMatchObject({ where: 'database', seq: last + 1 });
});

test('a torn last entry, text behind the end and a file that is not there', () => {
  expect(audit(sound.subarray(0, sound.length - 9))).toMatchObject({
    status: 1,
    found: { firstBreak: { what: 'the last entry is torn' } },
  });
  const file = join(folder, 'longer');
  writeFileSync(file, sound);
  appendFileSync(file, 'more\n');
  expect(spawnSync(process.execPath, [script, file]).status).toBe(1);
  expect(spawnSync(process.execPath, [script, join(folder, 'nothing')]).status).toBe(2);
  expect(spawnSync(process.execPath, [script]).status).toBe(2);
});
