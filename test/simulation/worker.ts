import { explore, type Search } from './explore.ts';
import { isPlanted } from './plant.ts';

/** One process of an exploration. Forked, it explores what it is sent; by itself, what its arguments say. */
if (process.send) {
  process.on('message', (search: Search) => {
    explore(search).then(
      (explored) => process.send?.(explored),
      (error: unknown) => {
        throw error;
      },
    );
  });
} else {
  const [first = 1, count = 1, failures = 1] = process.argv.slice(2).map(Number);
  const explored = await explore({ first, count, failures });
  if (process.env['COUNTERTAP_MUTANT'] !== undefined && !isPlanted()) throw new Error('the bug was not planted');
  process.stdout.write(`${JSON.stringify(explored)}\n`);
}
