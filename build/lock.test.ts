import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { missingEntries, platform } from './lock.ts';

describe('package-lock.json', () => {
  it('names every package that another system would install (mend it by: node build/lock.ts)', () => {
    const lock = JSON.parse(readFileSync(join(import.meta.dirname, '../package-lock.json'), 'utf8'));
    expect(Object.keys(missingEntries(lock))).toEqual([]);
  });

  it('is completed from what the parents ask for', () => {
    const packages = {
      'node_modules/a': {
        version: '2.0.0',
        dev: true,
        optionalDependencies: { '@a/darwin-arm64': '2.0.0', c: '1.0.0' },
      },
      'node_modules/a/node_modules/c': { version: '1.0.0' },
      'node_modules/b': { version: '1.0.0', optionalDependencies: { '@b/linux-x64-musl': '~1.0.0' } },
    };
    expect(missingEntries({ packages })).toEqual({
      'node_modules/@a/darwin-arm64': { version: '2.0.0', dev: true, optional: true, cpu: ['arm64'], os: ['darwin'] },
      'node_modules/@b/linux-x64-musl': {
        version: '1.0.0',
        optional: true,
        cpu: ['x64'],
        os: ['linux'],
        libc: ['musl'],
      },
    });
  });

  it("reads a package's system from its name", () => {
    expect(platform('@oxc-parser/binding-win32-ia32-msvc')).toEqual({ cpu: ['ia32'], os: ['win32'] });
    expect(platform('@pcsc-mini/macos-x86_64')).toEqual({ cpu: ['x64'], os: ['darwin'] });
    expect(platform('@oxc-parser/binding-linux-ppc64-gnu')).toEqual({ cpu: ['ppc64'], os: ['linux'], libc: ['glibc'] });
    expect(platform('left-pad')).toBeUndefined();
  });
});
