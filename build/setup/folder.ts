import { cpSync, existsSync, lstatSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run, tail } from './command.ts';
import { root } from './paths.ts';
import type { Runtime } from './runtime.ts';
import { done, failed, type Outcome } from './step.ts';

/** This checkout's own view of the registry's runtime, which looks for the app beside its program. */
const runtimeFolder = join(root, 'out/runtime');

/** How to start this checkout by a runtime: its program and the arguments that come first. */
export function launcher(runtime: Runtime): { readonly program: string; readonly first: readonly string[] } {
  if (runtime.source === 'registry') return { program: join(runtimeFolder, 'electron'), first: [] };
  const path = readFileSync(join(root, 'node_modules/electron/path.txt'), 'utf8').trim();
  return { program: join(runtime.folder, path), first: [root] };
}

/**
 * Makes out/runtime for the registry's runtime: hard links to it, or copies on another disk, with this checkout as
 * its app, so that two checkouts do not fight over one folder. A release is told the app by an argument.
 */
export async function runtimeView(runtime: Runtime): Promise<Outcome> {
  if (runtime.source === 'release') return done(`Electron ${runtime.version}`);
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
    writeFileSync(mark, wanted);
  }
  const app = join(runtimeFolder, 'resources/app');
  if (lstatSync(app, { throwIfNoEntry: false }) === undefined) symlinkSync(root, app, 'dir');
  return done(`Electron ${runtime.version} in out/runtime`);
}
