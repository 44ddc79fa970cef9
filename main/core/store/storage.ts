import type { Database } from 'better-sqlite3';

/** The data folder of one terminal. Every call is synchronous and durable when it returns where it says so. */
export interface Storage {
  /** Opens (creates) the SQLite file `name` in the data folder. The caller sets and reads back its pragmas. */
  database(name: string): Database;
  /** Opens (creates) an append-only file in the data folder. */
  appendFile(name: string): AppendFile;
  /** Whether a file of that name is there. */
  exists(name: string): boolean;
  /** Reads a whole file, undefined when it is not there. */
  read(name: string): Uint8Array | undefined;
  /** Writes a whole file so that after a crash either the old or the new content is there (write, sync, rename, sync). */
  replace(name: string, bytes: Uint8Array): void;
  /** Removes a file; does nothing when it is not there. */
  remove(name: string): void;
  /** Free bytes on the volume. */
  freeBytes(): number;
  /** Takes so many bytes of the volume, to be given back when there are no others. Does nothing when they are taken already. */
  reserve?(bytes: number): void;
  /** Gives back what was reserved. */
  release?(): void;
  /** Takes the folder for this process alone, until the append-only file is closed or it is let go. Throws as SQLite does. */
  hold?(): void;
  letGo?(): void;
  /** The name of a file that is open and no longer the one in the folder: removed, replaced, or moved with it. */
  moved?(): string | undefined;
  /** Closes a database that is not to be believed, and leaves every byte of its files as it was found. */
  leave?(db: Database, name: string): void;
  /** Removes what is half written because a process was ended in it. For whoever holds the folder alone. */
  tidy?(): void;
  /** The folder that backups are kept in, where the terminal keeps any. */
  readonly copies?: Copies;
  /** A small file outside the data folder, where the terminal keeps one. */
  readonly anchor?: AnchorFile;
}

/** Whole files, kept beside the record. */
export interface Copies {
  list(): string[];
  read(name: string): Uint8Array;
  /** On the disk under its name, whole, when it returns. */
  write(name: string, bytes: Uint8Array): void;
  remove(name: string): void;
}

/** A file that is not rolled back together with the data folder. */
export interface AnchorFile {
  read(): Uint8Array | undefined;
  /** Replaces the content; the new one is on the disk when it resolves. Rejects when it cannot be written. */
  write(bytes: Uint8Array): Promise<void>;
}

export interface AppendFile {
  /** The whole content so far. */
  read(): Uint8Array;
  append(bytes: Uint8Array): void;
  /** Returns when everything appended is on the disk (fdatasync). */
  sync(): void;
  /** Cuts the file to `length` bytes and syncs. Only for a torn tail. */
  truncate(length: number): void;
  close(): void;
}
