import Sqlite, { type Database } from 'better-sqlite3';
import type { AppendFile, Storage } from '../store/storage.ts';

/** A data folder in memory whose files tests can look into and damage. One database, kept open from one start to the next. */
export interface MemoryStorage extends Storage {
  readonly files: Map<string, Uint8Array>;
  /** Called before every append; throws where a test wants the process to die. */
  beforeAppend: () => void;
  /** Called before every commit of the database. */
  beforeCommit: () => void;
  /** Free bytes that the volume says it has. */
  room: number;
  /** What stands in the file outside the data folder; undefined when there is none. */
  anchored: Uint8Array | undefined;
  /** As after a deleted database file. */
  dropDatabase(): void;
}

export function openMemoryStorage(): MemoryStorage {
  const files = new Map<string, Uint8Array>();
  let database: Database | undefined;
  const storage: MemoryStorage = {
    files,
    beforeAppend: () => undefined,
    beforeCommit: () => undefined,
    room: 10_000_000_000,
    anchored: undefined,
    dropDatabase() {
      database?.close();
      database = undefined;
    },
    database() {
      database ??= watched(new Sqlite(':memory:'), storage);
      return database;
    },
    appendFile: (name) => openAppend(storage, name),
    exists: (name) => files.has(name),
    read: (name) => files.get(name),
    replace: (name, bytes) => void files.set(name, Uint8Array.from(bytes)),
    remove: (name) => void files.delete(name),
    freeBytes: () => storage.room,
    reserve: (bytes) => void files.set('ballast', new Uint8Array(bytes)),
    release: () => void files.delete('ballast'),
    anchor: {
      read: () => storage.anchored,
      write: async (bytes) => {
        storage.anchored = Uint8Array.from(bytes);
      },
    },
  };
  return storage;
}

function watched(db: Database, storage: MemoryStorage): Database {
  const exec = db.exec.bind(db);
  db.exec = (sql) => {
    if (sql === 'COMMIT') storage.beforeCommit();
    return exec(sql);
  };
  return db;
}

function openAppend(storage: MemoryStorage, name: string): AppendFile {
  const { files } = storage;
  const content = (): Uint8Array => files.get(name) ?? new Uint8Array();
  if (!files.has(name)) files.set(name, content());
  return {
    read: content,
    append(bytes) {
      storage.beforeAppend();
      files.set(name, Buffer.concat([content(), bytes]));
    },
    sync: () => undefined,
    truncate: (length) => void files.set(name, content().slice(0, length)),
    close: () => undefined,
  };
}
