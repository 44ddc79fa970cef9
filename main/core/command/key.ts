import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import { type DialectName, dialectOf } from '../bank/dialects/named.ts';
import {
  checkValue,
  combine,
  KEY_LENGTH,
  openKeyStore,
  PASSPHRASE_LENGTH,
  passphraseSealer,
} from '../bank/keystore.ts';
import { readProfile } from '../bank/profile.ts';
import type { Storage } from '../store/storage.ts';
import { failed, type Result } from './result.ts';

/** Asks for one line that is not shown while it is typed; undefined when there is no more input. */
export type Ask = (question: string) => Promise<string | undefined>;

export interface KeyOptions {
  readonly profile: string;
  readonly storage: Pick<Storage, 'read' | 'replace'>;
  readonly random: (length: number) => Uint8Array;
  readonly tell: (text: string) => void;
}

function dialectIn(path: string): DialectName | Result {
  try {
    const read = readProfile(readFileSync(path));
    return read.ok ? (read.profile.dialect ?? 'countertap') : failed('profile-damaged', `${read.code}: ${read.detail}`);
  } catch {
    return failed('profile-missing', path);
  }
}

/**
 * Loads the terminal master key under dual control: two people type one component each, and each sees the check value of
 * their own. What is typed is neither shown nor logged; the key goes sealed to the disk.
 */
export async function loadKey({ profile, storage, random, tell }: KeyOptions, ask: Ask): Promise<Result> {
  const dialect = dialectIn(profile);
  if (typeof dialect !== 'string') return dialect;
  const first = await component('first', dialect, ask, tell);
  if (typeof first !== 'string') return first;
  const second = await component('second', dialect, ask, tell);
  if (typeof second !== 'string') return second;
  const combined = combine(first, second);
  if (!combined.ok) return failed('input-invalid', combined.code);
  const passphrase = (await ask('Passphrase under which the key is sealed: ')) ?? '';
  if (passphrase.length < PASSPHRASE_LENGTH) {
    return failed('input-invalid', `a passphrase has at least ${PASSPHRASE_LENGTH} characters`);
  }
  const store = openKeyStore(storage, passphraseSealer(passphrase, random));
  store.save(combined.key);
  const check = checkValue(combined.key, dialect);
  tell(`Master key loaded, check value ${check}`);
  const algorithm = dialectOf(dialect).mac === 'aes-cmac' ? 'AES-128' : 'TDES-2';
  return { body: { key: { check, algorithm, sealed: store.kind } }, exit: 0 };
}

async function component(
  which: 'first' | 'second',
  dialect: DialectName,
  ask: Ask,
  tell: (text: string) => void,
): Promise<string | Result> {
  const text = ((await ask(`The ${which} component, ${2 * KEY_LENGTH} hex digits: `)) ?? '').replace(/[\s-]/g, '');
  if (!/^[\dA-Fa-f]+$/.test(text) || text.length !== 2 * KEY_LENGTH) {
    return failed('input-invalid', `the ${which} component is not ${2 * KEY_LENGTH} hex digits`);
  }
  tell(`Check value of the ${which} component: ${checkValue(Buffer.from(text, 'hex'), dialect)}`);
  return text;
}

/** Lines of the standard input, asked for one by one. On a terminal nothing typed is echoed. */
export function openPrompt(): { readonly ask: Ask; close(): void } {
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  const terminal = process.stdin.isTTY === true;
  const lines = createInterface({ input: process.stdin, output: silent, terminal });
  const given = lines[Symbol.asyncIterator]();
  return {
    async ask(question) {
      if (terminal) process.stderr.write(question);
      const { value, done } = await given.next();
      if (terminal) process.stderr.write('\n');
      return done ? undefined : value;
    },
    close: () => lines.close(),
  };
}
