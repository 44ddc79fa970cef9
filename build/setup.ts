// Sees to what the machine must have, mends what it may, and says what it cannot. Safe to run again at any time.
//   node build/setup.ts --for start|test|package|node
// Switches (environment):
//   COUNTERTAP_RUNTIME=release|registry   which Electron to take; by itself the release, else the registry's
//   XDG_CACHE_HOME                        where runtimes and built files are kept (else ~/.cache)
import { parseArgs } from 'node:util';
import { ordinaryUser } from './setup/account.ts';
import { natives } from './setup/native.ts';
import { findRuntime, type Runtime } from './setup/runtime.ts';
import { done, failed, type Outcome, runSteps, type Step } from './setup/step.ts';
import { packages, screenPackages, testPackages } from './setup/system.ts';

export type Purpose = 'start' | 'test' | 'package' | 'node';

export interface Ready {
  /** The Electron to run; absent for `node`, which needs none. */
  readonly runtime?: Runtime;
}

/** True from the Node that runs TypeScript as it stands and loads the native modules. */
export function nodeServes(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major > 22 || (major === 22 && minor >= 18);
}

async function checkNode(): Promise<Outcome> {
  const version = process.versions.node;
  if (nodeServes(version)) return done(version);
  return failed(`Node ${version} is too old.`, 'Type: npm ci (it brings a Node 24 of its own), and start by npm.');
}

/** Runs the set-up for a purpose; undefined when something is missing that it cannot mend, which it has said. */
export async function setup(purpose: Purpose): Promise<Ready | undefined> {
  let runtime: Runtime | undefined;
  const wanted = purpose === 'test' ? [...screenPackages, ...testPackages] : screenPackages;
  const node: Step = { name: 'node', run: checkNode };
  const system: Step = { name: 'system', run: (say) => packages(wanted, say) };
  const electron: Step = {
    name: 'electron',
    run: async (say) => {
      const found = await findRuntime(say);
      runtime = found.runtime;
      return found.outcome;
    },
  };
  const native: Step = { name: 'native', run: (say) => natives(runtime, say) };
  const user: Step = { name: 'user', run: ordinaryUser };
  const steps: Record<Purpose, readonly Step[]> = {
    node: [node, native],
    start: [node, system, electron, native],
    package: [node, system, electron, native],
    test: [node, system, user, electron, native],
  };
  const ready = await runSteps(steps[purpose], (text) => console.log(text));
  if (!ready) return undefined;
  return runtime === undefined ? {} : { runtime };
}

function isPurpose(text: string): text is Purpose {
  return ['start', 'test', 'package', 'node'].includes(text);
}

if (process.argv[1] === import.meta.filename) {
  const { values } = parseArgs({ options: { for: { type: 'string', default: 'start' } } });
  if (!isPurpose(values.for)) {
    console.error(`--for takes start, test, package or node, not ${values.for}.`);
    process.exit(1);
  }
  process.exit((await setup(values.for)) === undefined ? 1 : 0);
}
