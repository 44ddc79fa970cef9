import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { z } from 'zod';
import type { Outcome } from '../../contract/payment.ts';
import type { Core } from '../../main/core/core.ts';
import { verifyBook } from '../../main/core/reports/verify.ts';
import { openPlace, openTerminal, type Place, until } from '../integration/place.ts';

/** So often a terminal in mid-sale is killed, in each of two lanes with a bank of its own. */
const KILLS = Number(process.env['KILLS'] ?? 40) / 2;

const Line = z.object({ id: z.string().optional(), outcome: z.string().optional(), ready: z.boolean().optional() });

interface Told {
  readonly id: string;
  readonly outcome: string;
}

/**
 * Lets a terminal sell and kills it (SIGKILL) `ms` after it has told `results` of them, or nothing for a while; answers
 * what it had told people by then.
 */
async function sellUntilKilled(place: Place, round: number, results: number, ms: number): Promise<Told[]> {
  const program = import.meta.resolve('./till.ts');
  const child = spawn(
    process.execPath,
    [fileURLToPath(program), place.bank.profile, place.data, place.dir, String(round)],
    {
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  let text = '';
  let problem = '';
  child.stdout.on('data', (chunk: Buffer) => {
    text += chunk.toString('utf8');
  });
  child.stderr.on('data', (chunk: Buffer) => {
    problem += chunk.toString('utf8');
  });
  const ended = once(child, 'close');
  const ready = await Promise.race([until(() => text.includes('ready'), 30_000), ended.then(() => false)]);
  expect(ready, problem).toBe(true);
  await until(() => new Set(text.match(/"id":"[^"]+"/g)).size >= results, 2_000);
  await wait(ms);
  expect(child.exitCode, problem).toBeNull();
  child.kill('SIGKILL');
  await ended;
  const lines = text
    .slice(0, text.lastIndexOf('\n') + 1)
    .split('\n')
    .slice(0, -1);
  return lines
    .map((line) => Line.parse(JSON.parse(line)))
    .flatMap(({ id, outcome }) => (id && outcome ? [{ id, outcome }] : []));
}

const Book = z.object({
  payments: z.array(z.object({ rrn: z.string(), mti: z.string(), amount: z.int(), state: z.string() })),
});

async function bankBook(place: Place): Promise<Map<string, { amount: number; state: string }>> {
  const command = place.bank.commands['book'];
  const { payments } = Book.parse(await command?.({}));
  return new Map(payments.map((payment) => [payment.rrn, payment]));
}

const sold = ['approved', 'settled', 'saf-approved'];

/** Every payment of the terminal beside what the bank wrote down: the same, to the minor unit. */
function compare(core: Core, bank: ReadonlyMap<string, { amount: number; state: string }>): void {
  const rows = core.book.db
    .prepare<[], { rrn: string; state: string; amount: number; tender: string | null }>(
      "SELECT rrn, state, amount, tender FROM payment WHERE kind = 'purchase'",
    )
    .all();
  const own = new Map(rows.map((row) => [row.rrn, row]));
  for (const { rrn, state, amount, tender } of rows) {
    if (tender === 'cash') continue;
    const theirs = bank.get(rrn);
    const same = sold.includes(state) ? 'approved' : state === 'voided' ? 'voided' : undefined;
    if (same !== undefined) expect(theirs, `${rrn} ${state}`).toMatchObject({ state: same, amount });
    else expect(['approved', 'voided', 'pending'], `${rrn} ${state}`).not.toContain(theirs?.state);
  }
  for (const [rrn, { state }] of bank) if (state === 'approved') expect(own.get(rrn), rrn).toBeDefined();
}

/** How a payment may stand of which people were told so. */
const stands: Partial<Record<Outcome, readonly string[]>> = {
  approved: [...sold, 'voided', 'void-due'],
  offline: ['saf-accepted', 'saf-sending', 'saf-unknown', 'saf-declined', ...sold],
  voided: ['approved', 'settled', 'voided'],
  declined: ['declined'],
  'void-refused': ['declined'],
  cancelled: ['reversed', 'cancelled', 'abandoned'],
};

async function lane(seed: number): Promise<{ told: number; open: number }> {
  const place = await openPlace();
  const told: Told[] = [];
  let open = 0;
  for (let round = 0; round < KILLS; round += 1) {
    // Spread over the first moments after the start, where recovery still goes on, and over the selling.
    const ms = (round * 37 + seed * 61) % 90;
    told.push(...(await sellUntilKilled(place, seed * 1_000 + round, round % 4, ms)));
  }
  const till = await openTerminal(place.bank.profile, place.data);
  const { core } = till;
  open =
    core.book.db
      .prepare<[], { n: number }>('SELECT count(*) AS n FROM entry WHERE body LIKE \'%"type":"restart"%\'')
      .get()?.n ?? 0;
  expect(await until(() => core.pending.left() === 0, 20_000), 'every unknown outcome comes to its end').toBe(true);
  for (const { id, outcome } of told) {
    const payment = core.payments.find(id);
    expect(payment, `${id} was told to be ${outcome} and is lost`).toBeDefined();
    const allowed = stands[outcome as Outcome];
    if (allowed) expect(allowed, `${id} was told to be ${outcome}`).toContain(payment?.state);
  }
  compare(core, await bankBook(place));
  expect(verifyBook(core.book)).toMatchObject({ ok: true, firstBreak: null });
  for await (const step of core.settlement.close()) {
    if (step.step === 'done') expect(step.report, 'terminal = ledger = journal = bank').toMatchObject({ agreed: true });
  }
  expect(till.fatal).toEqual([]);
  await core.close();
  await place.close();
  return { told: new Set(told.map(({ id, outcome }) => id + outcome)).size, open };
}

test(`killed ${KILLS * 2} times in mid-sale: no acknowledged sale is lost, and terminal and bank agree`, async () => {
  const ends = await Promise.all([lane(1), lane(2)]);
  const told = ends.reduce((sum, end) => sum + end.told, 0);
  const open = ends.reduce((sum, end) => sum + end.open, 0);
  process.stdout.write(`${KILLS * 2} kills: ${told} results told, ${open} payments found open at a start\n`);
  expect(told).toBeGreaterThan(KILLS);
  expect(open, 'no kill ever hit a sale: the test proves nothing').toBeGreaterThan(0);
}, 240_000);
