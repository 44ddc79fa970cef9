import { readFileSync } from 'node:fs';
import type { Core } from '../core.ts';
import { Refused } from '../refused.ts';
import { readBlockFile } from '../risk/blockfile.ts';
import { readSetting } from '../store/settings.ts';
import { failed, type Result } from './result.ts';

/** Version and length of the block list in use. */
export function showBlocklist(core: Core): Result {
  const { version, count } = core.blocklist;
  return { body: { blocklist: { version, count } }, exit: 0 };
}

/** Takes a block list out of a file that the profile's signer has signed. The old one stays when this one is refused. */
export function importBlocklist(core: Core, path: string): Result {
  const file = readBlockFile(textOf(path), readSetting(core.book.db, 'signer') ?? '');
  if (!file.ok) return failed(file.code, file.detail);
  const replaced = core.blocklist.replace(file.version, file.tokens, 'technician');
  if (!replaced.ok) return failed(`blocklist-${replaced.code}`, replaced.detail);
  const { added, removed } = replaced;
  return { body: { blocklist: { version: file.version, count: core.blocklist.count, added, removed } }, exit: 0 };
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new Refused('input-invalid', error instanceof Error ? error.message : path);
  }
}
