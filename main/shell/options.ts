import { resolve } from 'node:path';

/** What the shell was started with. */
export interface Options {
  /** The folder of books, journal and settings; the shell's own place when not given. */
  readonly data: string | undefined;
  /** A virtual counter was named: its panel gets a window. */
  readonly virtual: boolean;
  readonly kiosk: boolean;
  /** Where to leave pictures of the windows once they are painted. */
  readonly screenshot: string | undefined;
  /** What the core is told, besides its data folder. */
  readonly core: readonly string[];
}

/** Options with a value that go to the core as they are; true where the value is a path. */
const passed: Readonly<Record<string, boolean>> = {
  '--profile': true,
  '--ca-keys': true,
  '--anchor': true,
  '--virtual': false,
  '--acquirer': false,
  '--printer': false,
  '--reader': false,
  '--sealed-reader': false,
  '--scanner': false,
  '--zone': false,
};
const own = ['--data', '--screenshot'];

/** `--name value` and `--name=value` alike; the value, and how many arguments it took. */
function valueAt(argv: readonly string[], at: number): { name: string; value: string | undefined; took: number } {
  const argument = argv[at] ?? '';
  const equals = argument.indexOf('=');
  if (equals > 0) return { name: argument.slice(0, equals), value: argument.slice(equals + 1), took: 1 };
  const next = argv[at + 1];
  return { name: argument, value: next?.startsWith('--') ? undefined : next, took: 2 };
}

/**
 * Reads the shell's arguments. Chromium's own switches stand between them, so what is not known is passed over.
 * Answers a sentence when an option lacks its value. Paths are taken from `cwd`.
 */
export function readOptions(argv: readonly string[], cwd: string): Options | string {
  const core: string[] = [];
  const paths: Record<string, string | undefined> = {};
  let virtual = false;
  let kiosk = false;
  for (let at = 0; at < argv.length; ) {
    const { name, value, took } = valueAt(argv, at);
    if (name === '--kiosk') kiosk = true;
    if (name === '--safe-mode') core.push(name);
    if (!Object.hasOwn(passed, name) && !own.includes(name)) {
      at += 1;
      continue;
    }
    if (value === undefined || value === '') return `${name} needs a value.`;
    if (own.includes(name)) paths[name] = resolve(cwd, value);
    else core.push(name, passed[name] ? resolve(cwd, value) : value);
    if (name === '--virtual') virtual = true;
    at += took;
  }
  return { data: paths['--data'], screenshot: paths['--screenshot'], virtual, kiosk, core };
}
