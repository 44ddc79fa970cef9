import { existsSync } from 'node:fs';
import { run, tail } from './command.ts';
import { isRoot } from './paths.ts';
import { done, failed, type Outcome, type Say } from './step.ts';

/** A package by its names in the releases of Debian and Ubuntu; the first that is known is installed. */
export type Package = readonly [string, ...string[]];

/** What Electron needs to open a window and show Chinese. */
export const screenPackages: readonly Package[] = [
  ['xvfb'],
  ['xauth'],
  ['libgtk-3-0', 'libgtk-3-0t64'],
  ['libnss3'],
  ['libasound2', 'libasound2t64'],
  ['libgbm1'],
  ['libxss1'],
  ['libdrm2'],
  ['libxkbcommon0'],
  ['libpcsclite1'],
  ['fonts-noto-cjk'],
];

/** The card daemon with its virtual reader, pseudo-terminals for scanners, and certificates made by another program. */
export const testPackages: readonly Package[] = [['pcscd'], ['vsmartcard-vpcd'], ['socat'], ['openssl']];

/** A compiler, for the one native file that may have to be built. */
export const buildPackages: readonly Package[] = [['python3'], ['make'], ['g++']];

export const unpackPackages: readonly Package[] = [['unzip']];

/** The packages of which no name is installed, given what `dpkg-query` printed as `name status` lines. */
export function missingPackages(wanted: readonly Package[], listing: string): Package[] {
  const installed = new Set<string>();
  for (const entry of listing.split('\n')) {
    const [name, status] = entry.trim().split(' ');
    if (name !== undefined && status === 'installed') installed.add(name);
  }
  return wanted.filter((names) => !names.some((name) => installed.has(name)));
}

/** The command that a person types to install these packages. */
export function installCommand(names: readonly string[]): string {
  return `sudo apt-get update && sudo apt-get install -y ${names.join(' ')}`;
}

async function knownName(names: Package): Promise<string> {
  for (const name of names) {
    const shown = await run('apt-cache', ['show', '--no-all-versions', name]);
    if (shown.code === 0 && shown.output.includes('Package:')) return name;
  }
  return names[0];
}

async function apt(args: readonly string[], limitMs: number) {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  return run('apt-get', ['-o', 'DPkg::Lock::Timeout=300', '-qq', ...args], { env, limitMs });
}

async function install(missing: readonly Package[], say: Say): Promise<Outcome> {
  say(`installing ${missing.map((names) => names[0]).join(' ')}`);
  const updated = await apt(['update'], 180_000);
  if (updated.code !== 0) await apt(['update'], 180_000);
  const names = await Promise.all(missing.map(knownName));
  let installed = await apt(['install', '-y', '--no-install-recommends', ...names], 900_000);
  if (installed.code !== 0) installed = await apt(['install', '-y', '--no-install-recommends', ...names], 900_000);
  if (installed.code === 0) return done(`installed ${names.length} packages`);
  return failed(
    `Installing ${names.join(' ')} failed: ${tail(installed.output, 3)}`,
    `Check the line to Debian's servers, then type: ${installCommand(names)}`,
  );
}

/** Sees to the packages: installs as root on Debian, says the one command to type otherwise. */
export async function packages(wanted: readonly Package[], say: Say): Promise<Outcome> {
  if (process.platform !== 'linux') return done('nothing to install on this system');
  if (!existsSync('/usr/bin/dpkg-query')) {
    return done("no Debian packages here; Electron's usual libraries are taken to be present");
  }
  const listing = await run('dpkg-query', ['-W', '-f=${Package} ${db:Status-Status}\n', ...wanted.flat()]);
  const missing = missingPackages(wanted, listing.output);
  if (missing.length === 0) return done(`${wanted.length} packages present`);
  if (isRoot()) return install(missing, say);
  const names = await Promise.all(missing.map(knownName));
  return failed(`These packages are missing: ${names.join(' ')}.`, `Type: ${installCommand(names)}`);
}
