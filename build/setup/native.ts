import { copyFileSync, cpSync, existsSync, mkdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { run, tail, toolEnv } from './command.ts';
import { cacheFolder, installedVersion, root } from './paths.ts';
import type { Runtime } from './runtime.ts';
import { done, failed, type Outcome, type Say } from './step.ts';
import { buildPackages, packages } from './system.ts';

/** better-sqlite3's shipped file wants Node-API 10, which Electron has had since version 36. */
export function needsOwnBuild(electronVersion: string): boolean {
  return Number(electronVersion.split('.')[0]) < 36;
}

/** The folders in which node-gyp may find Node's headers, best first. */
export function headerFolders(top: string, nodePath: string): string[] {
  const own = ['linux-x64', 'linux-arm64', 'darwin-x64', 'darwin-arm64'].map((name) =>
    join(top, 'node_modules/node/node_modules', `node-${name}`),
  );
  return [...own, dirname(dirname(nodePath)), '/usr/local', '/usr'];
}

async function build(target: string, version: string, say: Say): Promise<Outcome> {
  const tools = await packages(buildPackages, say);
  if (!tools.ok) return tools;
  const work = `${target}.${process.pid}.partial`;
  rmSync(work, { recursive: true, force: true });
  try {
    for (const name of ['better-sqlite3', 'node-addon-api']) {
      cpSync(join(root, 'node_modules', name), join(work, 'node_modules', name), { recursive: true });
    }
    const folder = join(work, 'node_modules/better-sqlite3');
    rmSync(join(folder, 'build'), { recursive: true, force: true });
    const headers = headerFolders(root, process.execPath).find((at) => existsSync(join(at, 'include/node/node_api.h')));
    say(`building better-sqlite3 ${version} for this Electron, once, about 80 s`);
    const env = toolEnv({
      CXXFLAGS: '-UNAPI_VERSION -DNAPI_EXPERIMENTAL -DNODE_API_EXPERIMENTAL_NOGC_ENV_OPT_OUT',
      JOBS: 'max',
    });
    const gyp = join(root, 'node_modules/node-gyp/bin/node-gyp.js');
    const args = [
      gyp,
      'rebuild',
      '--release',
      '--force_build=1',
      ...(headers === undefined ? [] : [`--nodedir=${headers}`]),
    ];
    const built = await run(process.execPath, args, { cwd: folder, env, limitMs: 900_000 });
    const file = join(folder, 'build/Release/better_sqlite3.node');
    if (built.code !== 0 || !existsSync(file)) {
      return failed(
        `Building better-sqlite3 failed: ${tail(built.output, 6)}`,
        'Check that python3, make and g++ work, then start again.',
      );
    }
    renameSync(file, target);
    return done('built');
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

function put(file: string): void {
  const place = join(root, 'node_modules/better-sqlite3/build/Release/better_sqlite3.node');
  if (existsSync(place) && statSync(place).size === statSync(file).size) return;
  mkdirSync(dirname(place), { recursive: true });
  const beside = `${place}.${process.pid}`;
  copyFileSync(file, beside);
  renameSync(beside, place);
}

/** A file built for the wrong Node kills the process instead of failing, so it is tried in another one. */
async function loads(): Promise<Outcome> {
  const script = `
    const Database = require('better-sqlite3');
    const version = new Database(':memory:').prepare('select sqlite_version()').pluck().get();
    require('serialport');
    require('pcsc-mini');
    console.log(version);
  `;
  const tried = await run(process.execPath, ['-e', script], { limitMs: 60_000 });
  if (tried.code === 0) return done(`SQLite ${tried.output.trim()}, serial ports, PC/SC`);
  return failed(
    `The native modules do not load in Node ${process.versions.node}: ${tail(tried.output, 3)}`,
    'Type: npm ci',
  );
}

/** Sees to native modules that load in Node and, where a runtime is given, in that Electron too. */
export async function natives(runtime: Runtime | undefined, say: Say): Promise<Outcome> {
  const version = installedVersion('better-sqlite3');
  if (version === undefined) return failed('The package better-sqlite3 is not installed.', 'Type: npm ci');
  if (runtime !== undefined && needsOwnBuild(runtime.version)) {
    const name = `better-sqlite3-${version}-napi9-${process.platform}-${process.arch}.node`;
    const file = join(cacheFolder(process.env), name);
    if (!existsSync(file)) {
      mkdirSync(dirname(file), { recursive: true });
      const built = await build(file, version, say);
      if (!built.ok) return built;
    }
    put(file);
  }
  return loads();
}
