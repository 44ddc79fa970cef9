import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { z } from '../../../contract/schema.ts';

const program = fileURLToPath(new URL('./test/fuzz.ts', import.meta.url));
const run = promisify(execFile);
const Told = z.object({ kind: z.string(), seed: z.int(), inputs: z.int(), taken: z.int(), ms: z.int() });

const INPUTS = Number(process.env['FUZZ_INPUTS'] ?? 500_000);
const SEED = Number(process.env['FUZZ_SEED'] ?? Math.trunc(performance.timeOrigin) % 1_000_000_000);

/** Each kind's inputs, cut into as many programs as there are seeds: two run at a time. */
const plan = [
  ['dialogues', 0.5],
  ['dialogues', 0.5],
  ['certificates', 0.5],
  ['certificates', 0.5],
  ['token', 1],
  ['tlv', 1],
  ['dol', 1],
] as const;

test(`nothing that a card may send is believed, forgotten or thrown back (seed ${SEED})`, {
  timeout: 600_000,
}, async () => {
  const told: z.infer<typeof Told>[] = [];
  const left = plan.map(([kind, share], at) => [kind, String(SEED + at), String(Math.ceil(INPUTS * share))]);
  const lane = async (): Promise<void> => {
    for (let next = left.shift(); next; next = left.shift()) {
      const { stdout } = await run(process.execPath, [program, ...next]);
      told.push(Told.parse(JSON.parse(stdout.trim().split('\n').at(-1) ?? '')));
    }
  };
  await Promise.all([lane(), lane()]);
  for (const kind of ['tlv', 'dol', 'certificates', 'dialogues', 'token']) {
    const runs = told.filter((each) => each.kind === kind);
    expect(runs.reduce((sum, each) => sum + each.inputs, 0)).toBeGreaterThanOrEqual(INPUTS);
  }
});
