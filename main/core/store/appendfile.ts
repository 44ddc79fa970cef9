import { closeSync, existsSync, fdatasyncSync, fstatSync, fsyncSync, ftruncateSync, openSync, readSync } from 'node:fs';
import { dirname } from 'node:path';
import { syncFolder } from './folder.ts';
import { AT_ONCE, writeAll } from './pieces.ts';
import type { AppendFile } from './storage.ts';

/** How much room is taken at a time, bytes. */
const ROOM = 256 * 1024;

const EMPTY = Buffer.alloc(ROOM);

/** How a system says that a file cannot become longer: the disk, the quota, the largest size allowed. */
const noRoom: ReadonlySet<string> = new Set(['ENOSPC', 'EDQUOT', 'EFBIG']);

/**
 * An append-only file that takes its room ahead, filled with NUL bytes: an append that does not make the file longer is on
 * the disk sooner, since the file system has nothing of its own to write down. The content ends before the NUL bytes; no
 * line ends in one. Closed, the file is as long as its content.
 */
export function openAppendFile(path: string, atOnce = AT_ONCE): AppendFile {
  if (!existsSync(path)) {
    closeSync(openSync(path, 'a', 0o600));
    syncFolder(dirname(path));
  }
  const file = openSync(path, 'r+');
  let length = contentLength(file);
  let room = fstatSync(file).size;
  return {
    // Measured anew: what a stranger has appended is told, and whoever compares it finds out.
    read: () => readAll(file, contentLength(file), atOnce),
    append(bytes) {
      if (length + bytes.length > room) room = takeRoom(file, room, length + bytes.length);
      writeAll(file, bytes, length);
      length += bytes.length;
    },
    sync: () => fdatasyncSync(file),
    truncate(to) {
      ftruncateSync(file, to);
      fsyncSync(file);
      length = to;
      room = to;
    },
    close() {
      try {
        ftruncateSync(file, length);
      } finally {
        closeSync(file);
      }
    },
  };
}

/** Makes the file long enough for `needed` bytes where the disk has room for more than those; how long it is then. */
function takeRoom(file: number, from: number, needed: number): number {
  const bytes = Buffer.alloc(needed - from + ROOM);
  try {
    writeAll(file, bytes, from);
    return from + bytes.length;
  } catch (error) {
    // The disk is full, or nearly: what must be appended may still find its place, or is refused with its own reason.
    if (!(error instanceof Error && 'code' in error && noRoom.has(String(error.code)))) throw error;
    ftruncateSync(file, from);
    return from;
  }
}

/** Bytes up to the last one that is not NUL. */
function contentLength(file: number): number {
  const block = Buffer.alloc(ROOM);
  let end = fstatSync(file).size;
  while (end > 0) {
    const from = Math.max(0, end - block.length);
    const count = readSync(file, block, 0, end - from, from);
    // Compared as a whole: somebody may have made it a gigabyte of nothing.
    if (!block.subarray(0, count).equals(EMPTY.subarray(0, count))) {
      for (let at = count - 1; at >= 0; at -= 1) if (block[at] !== 0) return from + at + 1;
    }
    end = from;
  }
  return 0;
}

function readAll(file: number, length: number, atOnce: number): Uint8Array {
  const bytes = Buffer.allocUnsafe(length);
  let done = 0;
  while (done < length) {
    const count = readSync(file, bytes, done, Math.min(length - done, atOnce), done);
    if (count === 0) break;
    done += count;
  }
  return bytes.subarray(0, done);
}
