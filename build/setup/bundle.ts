import { join } from 'node:path';
import { run, tail } from './command.ts';
import { bundlesFresh, markBuilt } from './fresh.ts';
import { root } from './paths.ts';
import { done, failed, type Outcome, type Say } from './step.ts';

/** Builds shell, core, preload and screens into out/, unless nothing changed since the last time. */
export async function bundle(say: Say): Promise<Outcome> {
  if (bundlesFresh()) return done('nothing changed since the last build');
  say('building');
  const began = new Date();
  const vite = join(root, 'node_modules/.bin/vite');
  const built = await run(vite, ['build', '--app', '--config', 'build/vite.config.ts'], { limitMs: 300_000 });
  if (built.code !== 0) {
    return failed(`The build failed:\n${tail(built.output, 20)}`, 'Mend what it names, then start again.');
  }
  markBuilt(began);
  return done('shell, core, preload and screens');
}
