import {
  closeSync,
  existsSync,
  fdatasyncSync,
  fsyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  statfsSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import type { AppendFile, Storage } from './storage.ts';

/** The data folder on a real disk, readable by its owner alone. */
export function openDiskStorage(folder: string): Storage {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const path = (name: string): string => join(folder, name);
  return {
    database: (name) => new Sqlite(path(name)),
    appendFile: (name) => openAppendFile(folder, path(name)),
    exists: (name) => existsSync(path(name)),
    read: (name) => (existsSync(path(name)) ? readFileSync(path(name)) : undefined),
    replace(name, bytes) {
      const temporary = path(`${name}.new`);
      const file = openSync(temporary, 'w', 0o600);
      writeAll(file, bytes);
      fsyncSync(file);
      closeSync(file);
      renameSync(temporary, path(name));
      syncFolder(folder);
    },
    freeBytes() {
      const { bavail, bsize } = statfsSync(folder);
      return bavail * bsize;
    },
  };
}

function openAppendFile(folder: string, path: string): AppendFile {
  const isNew = !existsSync(path);
  const file = openSync(path, 'a', 0o600);
  if (isNew) syncFolder(folder);
  return {
    read: () => readFileSync(path),
    append: (bytes) => writeAll(file, bytes),
    sync: () => fdatasyncSync(file),
    truncate(length) {
      ftruncateSync(file, length);
      fsyncSync(file);
    },
    close: () => closeSync(file),
  };
}

function writeAll(file: number, bytes: Uint8Array): void {
  for (let done = 0; done < bytes.length; ) done += writeSync(file, bytes, done);
}

/** A new name is on the disk only when its folder is. Windows has no such call and needs none. */
function syncFolder(folder: string): void {
  if (process.platform === 'win32') return;
  const handle = openSync(folder, 'r');
  fsyncSync(handle);
  closeSync(handle);
}
