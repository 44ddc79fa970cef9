import {
  closeSync,
  existsSync,
  fsyncSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statfsSync,
  writeSync,
} from 'node:fs';
import { open, rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { openAppendFile } from './appendfile.ts';
import { makeFolder, syncFolder } from './folder.ts';
import type { AnchorFile, Copies, Storage } from './storage.ts';

const RESERVED = 'ballast';

/**
 * The data folder on a real disk, readable by its owner alone. `anchor` is a file in another folder.
 * @throws Error of the system when there can be no such folder
 */
export function openDiskStorage(folder: string, anchor?: string): Storage {
  makeFolder(folder);
  const path = (name: string): string => join(folder, name);
  return {
    database: (name) => new Sqlite(path(name)),
    appendFile: (name) => openAppendFile(path(name)),
    exists: (name) => existsSync(path(name)),
    read: (name) => (existsSync(path(name)) ? readFileSync(path(name)) : undefined),
    replace: (name, bytes) => replaceFile(folder, name, bytes),
    remove: (name) => rmSync(path(name), { force: true }),
    freeBytes() {
      const { bavail, bsize } = statfsSync(folder);
      return bavail * bsize;
    },
    reserve(bytes) {
      if (existsSync(path(RESERVED))) return;
      try {
        reserveFile(path(RESERVED), bytes);
      } catch (error) {
        // What cannot be kept back is not kept back at all.
        rmSync(path(RESERVED), { force: true });
        if (!(error instanceof Error && 'code' in error && error.code === 'ENOSPC')) throw error;
      }
    },
    release: () => rmSync(path(RESERVED), { force: true }),
    copies: openCopies(path('backups')),
    ...(anchor === undefined ? {} : { anchor: openAnchor(anchor) }),
  };
}

/** Written and not only sized: a sparse file keeps no room. */
function reserveFile(path: string, bytes: number): void {
  const file = openSync(path, 'w', 0o600);
  try {
    const block = Buffer.alloc(1024 * 1024, 0x5a);
    for (let left = bytes; left > 0; left -= block.length)
      writeAll(file, block.subarray(0, Math.min(left, block.length)));
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

function replaceFile(folder: string, name: string, bytes: Uint8Array): void {
  const path = join(folder, name);
  const file = openSync(`${path}.new`, 'w', 0o600);
  try {
    writeAll(file, bytes);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(`${path}.new`, path);
  syncFolder(folder);
}

function openCopies(folder: string): Copies {
  return {
    list: () => (existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith('.backup')) : []),
    read: (name) => readFileSync(join(folder, name)),
    write(name, bytes) {
      makeFolder(folder);
      replaceFile(folder, name, bytes);
    },
    remove: (name) => rmSync(join(folder, name), { force: true }),
  };
}

function openAnchor(path: string): AnchorFile {
  return {
    read: () => (existsSync(path) ? readFileSync(path) : undefined),
    async write(bytes) {
      makeFolder(dirname(path));
      const file = await open(`${path}.new`, 'w', 0o600);
      try {
        await file.writeFile(bytes);
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(`${path}.new`, path);
      syncFolder(dirname(path));
    },
  };
}

function writeAll(file: number, bytes: Uint8Array): void {
  for (let done = 0; done < bytes.length; ) done += writeSync(file, bytes, done);
}
