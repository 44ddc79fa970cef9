import { writeSync } from 'node:fs';

/** No system call and no hash takes more than two gigabytes. */
export const AT_ONCE = 1024 ** 3;

/** Writes all bytes, from the place `at` on where one is given, else where the file stands. */
export function writeAll(file: number, bytes: Uint8Array, at?: number): void {
  for (let done = 0; done < bytes.length; ) {
    const place = at === undefined ? null : at + done;
    done += writeSync(file, bytes, done, Math.min(bytes.length - done, AT_ONCE), place);
  }
}
