import { run, tail } from './command.ts';
import { isRoot } from './paths.ts';
import { done, failed, type Outcome } from './step.ts';

/** Chromium's sandbox does not work for root, so root runs the end-to-end tests as this ordinary user. */
export const account = 'pos';

/** Sees to the ordinary user where root runs the tests. */
export async function ordinaryUser(): Promise<Outcome> {
  if (!isRoot()) return done('tests run as you, with the sandbox on');
  if ((await run('id', ['-u', account])).code === 0) return done(`${account}, for the sandbox`);
  const added = await run('useradd', ['--create-home', '--shell', '/bin/bash', account]);
  if (added.code === 0) return done(`added ${account}, for the sandbox`);
  return failed(`The user ${account} could not be added: ${tail(added.output, 2)}`, `Type: useradd -m ${account}`);
}
