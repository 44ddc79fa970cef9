import { expect, test } from 'vitest';
import { Random } from '../simulation/random.ts';
import { type Operation, PowerDisk } from './replay.ts';

function operation(type: Operation['type'], name: string, data = ''): Operation {
  return { type, name, offset: 0, data: Buffer.from(data) };
}

/** Everything that the disk may hold after these operations, in words. */
function possible(operations: readonly Operation[], before: Readonly<Record<string, string>> = {}): Set<string> {
  const found = new Set<string>();
  for (let seed = 1; seed <= 200; seed += 1) {
    const disk = new PowerDisk();
    const files = new Map(Object.entries(before).map(([name, text]) => [name, Buffer.from(text)]));
    disk.hold({ files, folders: [] });
    for (const one of operations) disk.carryOut(one);
    const cut = disk.cut(new Random(seed));
    found.add([...cut.folders, ...[...cut.files].map(([name, bytes]) => `${name}=${bytes}`)].sort().join(' '));
  }
  return found;
}

test('a name is safe when its folder is synced, its bytes when the file is', () => {
  const write = [operation('create', 'a'), operation('write', 'a', 'one')];
  expect(possible(write)).toEqual(new Set(['', 'a=', 'a=one']));
  expect(possible([...write, operation('sync', 'a')])).toEqual(new Set(['', 'a=one']));
  expect(possible([...write, operation('sync-folder', '')])).toEqual(new Set(['a=', 'a=one']));
});

test('a file takes the place of another whole, or not at all, when it was synced before', () => {
  const renamed = operation('rename', 'a.new', 'a');
  const write = [operation('create', 'a.new'), operation('write', 'a.new', 'two')];
  const safe = possible([...write, operation('sync', 'a.new'), renamed, operation('sync-folder', '')], { a: 'one' });
  expect(safe).toEqual(new Set(['a=two']));
  expect(possible([...write, renamed, operation('sync-folder', '')], { a: 'one' })).toContain('a=');
});

test('what is done in a folder is safe when that is synced, with all that was done before it and nothing after', () => {
  const moved = [
    operation('make-folder', 'old'),
    operation('rename', 'a', 'old/a'),
    operation('sync-folder', 'old'),
    operation('unlink', 'b'),
  ];
  expect(possible(moved, { a: 'one', b: 'two' })).toEqual(new Set(['b=two old old/a=one', 'old old/a=one']));
  const elsewhere = [operation('unlink', 'b'), operation('sync-folder', 'old')];
  expect(possible(elsewhere, { b: 'two' })).toEqual(new Set(['b=two', '']));
});
