// Packs the terminal into a folder that runs without this checkout.
//   node build/package.ts [--out DIR] [electron-builder options]
// TERMINAL_E2E=1 packs a build that lets Playwright in; never hand such a build out.
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { run, toolEnv } from './setup/command.ts';
import { root } from './setup/paths.ts';
import type { Runtime } from './setup/runtime.ts';
import { setup } from './setup.ts';

/** The options that make electron-builder take the Electron at hand instead of downloading one. */
export function electronOptions(runtime: Runtime): string[] {
  return [`-c.electronDist=${runtime.folder}`, `-c.electronVersion=${runtime.version}`];
}

/** Packs what is under out/ into `folder`/linux-unpacked; returns electron-builder's exit code and output. */
export async function pack(
  runtime: Runtime,
  folder: string,
  options: { e2e: boolean; show: boolean; more?: string[] },
) {
  const args = ['--dir', `-c.directories.output=${folder}`, ...electronOptions(runtime), ...(options.more ?? [])];
  const env = toolEnv(options.e2e ? { TERMINAL_E2E: '1' } : {});
  return run(join(root, 'node_modules/.bin/electron-builder'), args, { env, show: options.show, limitMs: 600_000 });
}

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    options: { out: { type: 'string', default: 'dist' } },
    allowPositionals: true,
  });
  const ready = await setup('package');
  if (ready?.runtime === undefined) return 1;
  const built = await run(
    join(root, 'node_modules/.bin/vite'),
    ['build', '--app', '--config', 'build/vite.config.ts'],
    { show: true },
  );
  if (built.code !== 0) return built.code;
  const e2e = process.env['TERMINAL_E2E'] === '1';
  const packed = await pack(ready.runtime, values.out, { e2e, show: true, more: positionals });
  if (packed.code !== 0) return packed.code;
  console.log(`Packed into ${join(values.out, 'linux-unpacked')}.`);
  if (ready.runtime.source === 'registry') {
    console.log(
      `It holds Electron ${ready.runtime.version}, which serves development and tests only: do not hand it out.`,
    );
  }
  return 0;
}

if (process.argv[1] === import.meta.filename) process.exit(await main());
