import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { account } from './account.ts';
import { type Count, countPlaywright, oneFailed } from './checks.ts';
import { run } from './command.ts';
import { hasDisplay } from './display.ts';
import { isRoot, root } from './paths.ts';

/** Where `npm test` packs the terminal, and the program in it. */
export const packedFolder = join(root, 'out/packed');
const program = 'out/packed/linux-unpacked/countertap';

interface Person {
  /** Arguments that run a command as this person; empty for oneself. */
  readonly as: readonly string[];
  readonly env: NodeJS.ProcessEnv;
}

/** Who runs the tests: the ordinary user where we are root, since Chromium's sandbox refuses root. */
async function person(): Promise<Person> {
  if (!isRoot()) return { as: [], env: process.env };
  const entry = await run('getent', ['passwd', account]);
  const home = entry.output.split(':')[5] ?? `/home/${account}`;
  const env = { HOME: home, USER: account, LOGNAME: account, LANG: 'C.UTF-8', PATH: process.env['PATH'] ?? '' };
  return { as: ['runuser', '-u', account, '--'], env };
}

async function runAs(who: Person, command: readonly string[], options: Parameters<typeof run>[2] = {}) {
  const [first = 'true', ...rest] = [...who.as, ...command];
  return run(first, rest, { env: who.env, ...options });
}

const needed = [
  'contract',
  'drivers',
  'main',
  'migrations',
  'renderer',
  'simulators',
  'test',
  'node_modules',
  'out/packed',
];

async function reads(who: Person, checkout: string): Promise<boolean> {
  const files = [program, 'node_modules/playwright/package.json', 'test/e2e/playwright.config.ts'];
  const tests = files.map((name) => `test -r '${join(checkout, name)}'`).join(' && ');
  return (await runAs(who, ['sh', '-c', tests], { cwd: '/' })).code === 0;
}

/** The checkout itself where that person can read it, else a copy that he can: hard links, or copies on another disk. */
async function readableCheckout(who: Person, work: string): Promise<string> {
  if (await reads(who, root)) return root;
  const parts = [...needed, 'package.json'].filter((name) => existsSync(join(root, name)));
  for (const way of ['-al', '-a']) {
    const copy = join(work, `checkout${way}`);
    mkdirSync(copy);
    const copied = await run('cp', [way, '--parents', ...parts, copy]);
    if (way === '-a') await run('chmod', ['-R', 'a+rX', copy]);
    if (copied.code === 0 && (await reads(who, copy))) return copy;
    rmSync(copy, { recursive: true, force: true });
  }
  return root;
}

/** Drives the packed terminal by Playwright with the sandbox on; its pictures and results end up in out/e2e. */
export async function endToEnd(): Promise<Count> {
  if (!existsSync(join(root, program))) {
    console.log('There is no packed terminal to test.');
    return oneFailed;
  }
  const work = mkdtempSync(join(tmpdir(), 'countertap-e2e-'));
  try {
    const who = await person();
    const [artefacts, temporary] = [join(work, 'artefacts'), join(work, 'tmp')];
    for (const folder of [artefacts, temporary]) mkdirSync(folder);
    await run('chmod', ['755', work]);
    if (isRoot()) await run('chown', [account, artefacts, temporary]);
    const checkout = await readableCheckout(who, work);
    const env = {
      ...who.env,
      PATH: [join(checkout, 'node_modules/.bin'), process.env['PATH'] ?? ''].join(delimiter),
      COUNTERTAP_APP: join(checkout, program),
      COUNTERTAP_ARTEFACTS: artefacts,
      TMPDIR: temporary,
    };
    const screen = hasDisplay(process.platform, who.env) ? [] : ['xvfb-run', '-a', '-s', '-screen 0 1920x1080x24'];
    const playwright = [join(checkout, 'node_modules/.bin/playwright'), 'test'];
    const config = ['--config', join(checkout, 'test/e2e/playwright.config.ts')];
    const options = { cwd: checkout, env, show: true, limitMs: 15 * 60_000 };
    const finished = await runAs(who, [...screen, ...playwright, ...config], options);
    rmSync(join(root, 'out/e2e'), { recursive: true, force: true });
    cpSync(artefacts, join(root, 'out/e2e'), { recursive: true });
    const results = join(root, 'out/e2e/results.json');
    if (!existsSync(results)) return oneFailed;
    return countPlaywright(JSON.parse(readFileSync(results, 'utf8')), finished.code);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}
