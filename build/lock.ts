// Completes package-lock.json: node build/lock.ts [--check]
// npm leaves a package built for another system out of the lock when the registry at hand does not carry it, and
// `npm ci` then refuses the lock everywhere. This writes those entries from what their parents ask for.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

interface Entry {
  readonly version?: string;
  readonly dev?: boolean;
  readonly optional?: boolean;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly cpu?: readonly string[];
  readonly os?: readonly string[];
  readonly libc?: readonly string[];
}

interface Lock {
  readonly packages: Record<string, Entry>;
}

const systems: Readonly<Record<string, string>> = { macos: 'darwin', windows: 'win32', linuxmusl: 'linux' };
const processors: Readonly<Record<string, string>> = {
  aarch64: 'arm64',
  armv7: 'arm',
  x86: 'ia32',
  x86_64: 'x64',
  wasm32: 'wasm32',
};
const knownSystems = [
  'aix',
  'android',
  'darwin',
  'freebsd',
  'linux',
  'netbsd',
  'openbsd',
  'openharmony',
  'sunos',
  'win32',
];
const knownProcessors = ['arm', 'arm64', 'ia32', 'loong64', 'mips64el', 'ppc64', 'riscv64', 's390x', 'x64'];

/** What a package's name says about the system it is built for; undefined where it says nothing. */
export function platform(name: string): Pick<Entry, 'os' | 'cpu' | 'libc'> | undefined {
  const words = name.split(/[/-]/).flatMap((word) => [systems[word] ?? processors[word] ?? word]);
  const os = words.filter((word) => knownSystems.includes(word));
  const cpu = words.filter((word) => knownProcessors.includes(word) || word === 'wasm32');
  if (os.length === 0 && cpu.length === 0) return name === 'fsevents' ? { os: ['darwin'] } : undefined;
  const libc = words.includes('musl') ? ['musl'] : words.includes('gnu') && os.includes('linux') ? ['glibc'] : [];
  return { ...(cpu.length > 0 && { cpu }), ...(os.length > 0 && { os }), ...(libc.length > 0 && { libc }) };
}

/** True where `parent` finds a package called `name`: in its own folder or in one above. */
function found(packages: Lock['packages'], parent: string, name: string): boolean {
  const parts = parent.split('/node_modules/');
  for (let depth = parts.length; depth >= 0; depth -= 1) {
    const above = parts.slice(0, depth).join('/node_modules/');
    if (packages[`${above === '' ? '' : `${above}/`}node_modules/${name}`] !== undefined) return true;
  }
  return false;
}

/** The entries that the lock lacks, by their keys. */
export function missingEntries(lock: Lock): Record<string, Entry> {
  const missing: Record<string, Entry> = {};
  for (const [parent, entry] of Object.entries(lock.packages)) {
    for (const [name, range] of Object.entries(entry.optionalDependencies ?? {})) {
      if (found(lock.packages, parent, name)) continue;
      const version = range.replace(/^[\^~=v]+/, '');
      const key = `node_modules/${name}`;
      const place = missing[key] !== undefined && missing[key].version !== version ? `${parent}/${key}` : key;
      missing[place] = { version, ...(entry.dev && { dev: true }), optional: true, ...platform(name) };
    }
  }
  return missing;
}

if (process.argv[1] === import.meta.filename) {
  const path = join(import.meta.dirname, '../package-lock.json');
  const lock = JSON.parse(readFileSync(path, 'utf8')) as Lock;
  const missing = missingEntries(lock);
  const names = Object.keys(missing);
  for (const name of names.filter((key) => missing[key]?.os === undefined && missing[key]?.cpu === undefined)) {
    console.error(`${name}: its name does not say for which system it is; look at it by hand.`);
  }
  if (process.argv.includes('--check')) {
    for (const name of names) console.error(`${name} is not in package-lock.json.`);
    process.exit(names.length === 0 ? 0 : 1);
  }
  const packages = Object.fromEntries(
    Object.entries({ ...lock.packages, ...missing }).sort(([a], [b]) => a.localeCompare(b, 'en')),
  );
  writeFileSync(path, `${JSON.stringify({ ...lock, packages }, null, 2)}\n`);
  console.log(`${names.length} entries added.`);
}
