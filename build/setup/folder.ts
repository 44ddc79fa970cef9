import { cpSync, existsSync, lstatSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run, tail } from './command.ts';
import { root } from './paths.ts';
import type { Runtime } from './runtime.ts';
import { done, failed, type Outcome } from './step.ts';

/** This checkout's own view of the runtime: Electron looks for the app beside its program. */
export const runtimeFolder = join(root, 'out/runtime');

/** Makes out/runtime: hard links to the runtime, or copies on another disk, with this checkout as its app. */
export async function runtimeView(runtime: Runtime): Promise<Outcome> {
  const mark = join(runtimeFolder, '.countertap');
  const wanted = `${runtime.folder} ${runtime.version}`;
  const made = existsSync(mark) && readFileSync(mark, 'utf8') === wanted;
  if (!made) {
    rmSync(runtimeFolder, { recursive: true, force: true });
    mkdirSync(join(root, 'out'), { recursive: true });
    const linked = await run('cp', ['-al', runtime.folder, runtimeFolder]);
    if (linked.code !== 0) {
      rmSync(runtimeFolder, { recursive: true, force: true });
      try {
        cpSync(runtime.folder, runtimeFolder, { recursive: true, verbatimSymlinks: true });
      } catch (error) {
        const problem = error instanceof Error ? error.message : tail(linked.output, 1);
        return failed(
          `Electron could not be copied to out/runtime: ${problem}`,
          'Make room on the disk, then start again.',
        );
      }
    }
    rmSync(join(runtimeFolder, 'resources/default_app.asar'), { force: true });
    writeFileSync(mark, wanted);
  }
  const app = join(runtimeFolder, 'resources/app');
  if (lstatSync(app, { throwIfNoEntry: false }) === undefined) symlinkSync(root, app, 'dir');
  return done(`Electron ${runtime.version} in out/runtime`);
}
