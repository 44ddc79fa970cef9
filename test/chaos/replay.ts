import type { Random } from '../simulation/random.ts';

/** One line of what the recorder wrote down (recorder.c). Names are from the watched folder on. */
export interface Operation {
  readonly type:
    | 'write'
    | 'truncate'
    | 'sync'
    | 'sync-folder'
    | 'create'
    | 'rename'
    | 'unlink'
    | 'make-folder'
    | 'remove-folder'
    | 'mark';
  readonly name: string;
  readonly offset: number;
  readonly data: Buffer;
}

const types: Readonly<Record<string, Operation['type']>> = {
  W: 'write',
  T: 'truncate',
  S: 'sync',
  D: 'sync-folder',
  C: 'create',
  R: 'rename',
  U: 'unlink',
  K: 'make-folder',
  X: 'remove-folder',
  M: 'mark',
};
/** Room kept back on the disk: nothing is ever read from it. */
export const BALLAST = 'ballast';
const HEAD = 17;
const SECTOR = 512;

/**
 * Reads of a recording what concerns the names that are `wanted`. A last operation that was cut off is left out: the process
 * was killed in it.
 */
export function readRecording(bytes: Buffer, wanted: (name: string) => boolean): Operation[] {
  const operations: Operation[] = [];
  for (let at = 0; at + HEAD <= bytes.length; ) {
    const type = types[String.fromCharCode(bytes[at] ?? 0)];
    const name = at + HEAD + bytes.readUInt32LE(at + 1);
    const data = name + bytes.readUInt32LE(at + 13);
    if (type === undefined || data > bytes.length) break;
    const file = bytes.toString('utf8', at + HEAD, name);
    const offset = Number(bytes.readBigInt64LE(at + 5));
    if (wanted(file)) operations.push({ type, name: file, offset, data: bytes.subarray(name, data) });
    at = data;
  }
  return operations;
}

/** A file as the disk has it, and what was asked of it since and not synced. */
interface OnDisk {
  durable: Image;
  pending: Operation[];
}

/** What a name may stand for, besides a file. */
const FOLDER = 'folder';

/** All names: those that are safe on the disk, and what was done to them since their folders were synced. */
interface Names {
  readonly durable: Map<string, OnDisk | typeof FOLDER>;
  pending: { readonly name: string; readonly found: OnDisk | typeof FOLDER | undefined }[][];
}

/** What may be on a disk after a power cut. */
export interface Found {
  readonly files: ReadonlyMap<string, Buffer>;
  readonly folders: readonly string[];
}

/**
 * A disk that keeps what was synced, and nothing else for certain. Of the rest any part may have got there before the
 * power went, in any order and torn at sectors of 512 bytes; names change in their order, as in the journal of a file system.
 */
export class PowerDisk {
  readonly #names: Names = { durable: new Map(), pending: [] };
  /** What the running system sees. */
  readonly #seen = new Map<string, OnDisk>();
  readonly #lies: (name: string) => boolean;

  /** `lies`: files of which a sync is not one, to show that the search finds what is lost by that. */
  constructor(lies: (name: string) => boolean = () => false) {
    this.#lies = lies;
  }

  /** This was there before, and safe. */
  hold({ files, folders }: Found): void {
    const { durable } = this.#names;
    for (const name of folders) durable.set(name, FOLDER);
    for (const [name, bytes] of files) {
      const file: OnDisk = { durable: { bytes, length: bytes.length }, pending: [] };
      this.#seen.set(name, file);
      durable.set(name, file);
    }
  }

  carryOut(operation: Operation): void {
    const { type, name } = operation;
    switch (type) {
      case 'write':
      case 'truncate':
        this.#file(name).pending.push(operation);
        return;
      case 'sync':
        if (!this.#lies(name)) keep(this.#file(name));
        return;
      case 'sync-folder':
        this.#syncFolder(name);
        return;
      case 'create':
        this.#file(name);
        return;
      case 'unlink':
      case 'remove-folder':
        this.#seen.delete(name);
        this.#names.pending.push([{ name, found: undefined }]);
        return;
      case 'make-folder':
        this.#names.pending.push([{ name, found: FOLDER }]);
        return;
      case 'rename': {
        const to = operation.data.toString('utf8');
        const file = this.#file(name);
        this.#seen.delete(name);
        this.#seen.set(to, file);
        this.#names.pending.push([
          { name, found: undefined },
          { name: to, found: file },
        ]);
        return;
      }
      case 'mark':
        return;
    }
  }

  #file(name: string): OnDisk {
    const known = this.#seen.get(name);
    if (known) return known;
    const file: OnDisk = { durable: { bytes: Buffer.alloc(0), length: 0 }, pending: [] };
    this.#seen.set(name, file);
    this.#names.pending.push([{ name, found: file }]);
    return file;
  }

  /** What was done in this folder is safe, and with it all that was done before in others. */
  #syncFolder(folder: string): void {
    const { durable, pending } = this.#names;
    const last = pending.findLastIndex((changes) => changes.some(({ name }) => folderOf(name) === folder));
    for (const changes of pending.splice(0, last + 1)) change(durable, changes);
  }

  /** Whether anything is there that a power cut could take away. */
  get uncertain(): boolean {
    return this.#names.pending.length > 0 || [...this.#seen.values()].some(({ pending }) => pending.length > 0);
  }

  /** What may be found on the disk when the power goes now. */
  cut(random: Random): Found {
    const names = new Map(this.#names.durable);
    const { pending } = this.#names;
    for (const changes of pending.slice(0, random.int(0, pending.length))) change(names, changes);
    const files = new Map<string, Buffer>();
    const folders: string[] = [];
    for (const [name, found] of names) {
      if (found === FOLDER) folders.push(name);
      else files.set(name, survivor(found, random));
    }
    return { files, folders };
  }
}

function folderOf(name: string): string {
  return name.slice(0, Math.max(0, name.lastIndexOf('/')));
}

function change(names: Names['durable'], changes: Names['pending'][number]): void {
  for (const { name, found } of changes) {
    if (found) names.set(name, found);
    else names.delete(name);
  }
}

/** The content of a file, with room to grow behind it. */
interface Image {
  readonly bytes: Buffer;
  readonly length: number;
}

function keep(file: OnDisk): void {
  file.durable = image(file.durable, file.pending, () => () => true);
  file.pending = [];
}

/** Some, all or none of what was not synced. */
function survivor({ durable, pending }: OnDisk, random: Random): Buffer {
  const kind = random.int(1, 10);
  const part = random.int(2, 8) / 10;
  const kept =
    kind === 1
      ? []
      : kind === 2
        ? pending
        : kind <= 4
          ? pending.slice(0, random.int(0, pending.length))
          : pending.filter(() => random.chance(part));
  const copy = { bytes: Buffer.from(durable.bytes.subarray(0, durable.length)), length: durable.length };
  const { bytes, length } = image(copy, kept, () => {
    const torn = kind > 2 && random.chance(0.3);
    return () => !torn || random.chance(0.5);
  });
  return bytes.subarray(0, length);
}

/** The content after some operations, of each of which the sectors arrive that `arriving` says. Writes into the old one. */
function image(before: Image, operations: readonly Operation[], arriving: () => () => boolean): Image {
  const most = operations.reduce((end, { offset, data }) => Math.max(end, offset + data.length), before.length);
  const bytes = most <= before.bytes.length ? before.bytes : Buffer.alloc(most * 2);
  if (bytes !== before.bytes) before.bytes.copy(bytes, 0, 0, before.length);
  let { length } = before;
  for (const { type, offset, data } of operations) {
    const arrives = arriving();
    if (type === 'truncate') {
      if (!arrives()) continue;
      bytes.fill(0, Math.min(offset, length), Math.max(offset, length));
      length = offset;
      continue;
    }
    for (let at = offset; at < offset + data.length; ) {
      const next = Math.min(offset + data.length, (Math.floor(at / SECTOR) + 1) * SECTOR);
      if (arrives()) {
        data.copy(bytes, at, at - offset, next - offset);
        length = Math.max(length, next);
      }
      at = next;
    }
  }
  return { bytes, length };
}
