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
  statSync,
} from 'node:fs';
import { open, rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import Sqlite, { type Database } from 'better-sqlite3';
import { openAppendFile } from './appendfile.ts';
import { makeFolder, syncFolder } from './folder.ts';
import { writeAll } from './pieces.ts';
import type { AnchorFile, Copies, Storage } from './storage.ts';

const RESERVED = 'ballast';
const LOCK = 'lock';
/** What a database is called while it is closed without its log being written back. */
const LEFT = '.left';
/** What a file is called while it is written that then takes the place of an older one. */
const HALF = '.new';
/** The files of a terminal that are replaced whole: half of one is of no use to anybody. */
const REPLACED = /^(countertap\..+|device\.key|master\.key|parameters\.json|ballast|restoring)\.new$/;

/**
 * The data folder on a real disk, readable by its owner alone. `anchor` is a file in another folder.
 * @throws Error of the system when there can be no such folder
 */
export function openDiskStorage(folder: string, anchor?: string): Storage {
  makeFolder(folder);
  const path = (name: string): string => join(folder, name);
  const opened = new Map<string, string>();
  const note = (name: string): void => void opened.set(name, identityOf(path(name)) ?? '');
  let lock: Database | undefined;
  const letGo = (): void => {
    lock?.close();
    lock = undefined;
  };
  return {
    database(name) {
      if (!existsSync(path(name)) && existsSync(path(name + LEFT))) renameSync(path(name + LEFT), path(name));
      const db = new Sqlite(path(name));
      note(name);
      return db;
    },
    appendFile(name) {
      const file = openAppendFile(path(name));
      note(name);
      return {
        ...file,
        close() {
          file.close();
          letGo();
        },
      };
    },
    hold() {
      letGo();
      lock = openLock(path(LOCK));
      note(LOCK);
    },
    letGo,
    moved: () => [...opened].find(([name, identity]) => identityOf(path(name)) !== identity)?.[0],
    leave: (db, name) => closeUnwritten(db, path(name)),
    exists: (name) => existsSync(path(name)),
    read: (name) => (existsSync(path(name)) ? readFileSync(path(name)) : undefined),
    replace: (name, bytes) => replaceFile(folder, name, bytes),
    remove: (name) => rmSync(path(name), { force: true }),
    freeBytes() {
      const { bavail, bsize } = statfsSync(folder);
      return bavail * bsize;
    },
    reserve(bytes) {
      // Less than that is what a start of an older program was ended in.
      if ((statSync(path(RESERVED), { throwIfNoEntry: false })?.size ?? 0) >= bytes) return;
      try {
        reserveFile(path(RESERVED + HALF), bytes);
        renameSync(path(RESERVED + HALF), path(RESERVED));
      } catch (error) {
        // What cannot be kept back is not kept back at all.
        for (const name of [RESERVED, RESERVED + HALF]) rmSync(path(name), { force: true });
        if (!(error instanceof Error && 'code' in error && error.code === 'ENOSPC')) throw error;
      }
    },
    release() {
      for (const name of [RESERVED, RESERVED + HALF]) rmSync(path(name), { force: true });
    },
    tidy() {
      for (const name of readdirSync(folder).filter((one) => REPLACED.test(one))) rmSync(path(name), { force: true });
      const copies = path('backups');
      const cut = existsSync(copies) ? readdirSync(copies).filter((one) => one.endsWith(`.backup${HALF}`)) : [];
      for (const name of cut) rmSync(join(copies, name), { force: true });
    },
    copies: openCopies(path('backups')),
    ...(anchor === undefined ? {} : { anchor: openAnchor(anchor) }),
  };
}

/** Which file it is, whatever it is called; undefined when there is none. */
function identityOf(path: string): string | undefined {
  const found = statSync(path, { throwIfNoEntry: false });
  return found && `${found.dev} ${found.ino}`;
}

/**
 * SQLite's lock on a file of its own, in which nothing is ever written: it is held whatever becomes of the database's file, and goes
 * with the process. One that somebody has written in is begun anew.
 * @throws SqliteError BUSY while another process holds it
 */
function openLock(path: string): Database {
  const locked = tryLock(path);
  if (locked instanceof Sqlite) return locked;
  if (!(locked instanceof Sqlite.SqliteError && locked.code === 'SQLITE_NOTADB')) throw locked;
  rmSync(path);
  const again = tryLock(path);
  if (again instanceof Sqlite) return again;
  throw again;
}

function tryLock(path: string): unknown {
  const lock = new Sqlite(path);
  try {
    lock.pragma('busy_timeout = 0');
    lock.pragma('locking_mode = EXCLUSIVE');
    lock.pragma('journal_mode = MEMORY');
    lock.exec('BEGIN EXCLUSIVE; ROLLBACK');
    return lock;
  } catch (error) {
    lock.close();
    return error;
  }
}

/**
 * SQLite writes a log back into its database when that is closed, unless the file has gone from its name by then. Where it
 * cannot be renamed, as on Windows while it is open, it is closed as ever. A name that was not given back is at the next start.
 */
function closeUnwritten(db: Database, path: string): void {
  try {
    renameSync(path, path + LEFT);
  } catch {
    db.close();
    return;
  }
  try {
    db.close();
  } finally {
    renameSync(path + LEFT, path);
  }
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

/** Writes a file whole: what is there under the name is the old one or the new one, whenever the power goes. */
export function replaceFile(folder: string, name: string, bytes: Uint8Array): void {
  const path = join(folder, name);
  const file = openSync(path + HALF, 'w', 0o600);
  try {
    writeAll(file, bytes);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(path + HALF, path);
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
      const file = await open(path + HALF, 'w', 0o600);
      try {
        await file.writeFile(bytes);
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(path + HALF, path);
      syncFolder(dirname(path));
    },
  };
}
