import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { noPrinter } from '../../drivers/printer/none.ts';
import { findMigrations } from '../../main/core/open.ts';
import { openRecord } from '../../main/core/record.ts';
import { openRealWorld } from '../../main/core/world/real.ts';
import { SimulatedReaders } from '../simulation/devices.ts';

const migrations = findMigrations();

/** A terminal's folder, opened and recovered as the product does it. Throws what the product throws. */
export function openStore(folder: string): ReturnType<typeof openRecord> {
  const readers = new SimulatedReaders({ reader: true, printer: undefined, printerBreaks: false });
  const world = openRealWorld(folder, { readers, printer: noPrinter(), scanners: [] });
  return openRecord({ world, migrations, signer: 'chaos', zone: 'Asia/Shanghai' });
}

/** Where folders that are made by the thousand lie: in memory, where there is such a place. */
export const place = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();

/** Makes a folder of these files, and of these folders in it, and nothing else. */
export function layOut(folder: string, files: ReadonlyMap<string, Buffer>, folders: readonly string[] = []): void {
  rmSync(folder, { recursive: true, force: true });
  for (const name of ['', ...folders]) mkdirSync(join(folder, name), { recursive: true, mode: 0o700 });
  for (const [name, bytes] of files) writeFileSync(join(folder, name), bytes, { mode: 0o600 });
}
