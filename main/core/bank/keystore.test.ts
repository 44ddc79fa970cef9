import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { openMemoryStorage } from '../test/storage.ts';
import { checkValue, combine, openKeyStore, passphraseSealer, type Sealer } from './keystore.ts';

const first = '0123456789ABCDEF0011223344556677';
const second = 'FEDCBA9876543210FFEEDDCCBBAA9989';
const PASSPHRASE = 'correct horse battery';
const key = Buffer.from('000102030405060708090a0b0c0d0e0f', 'hex');

describe('two components', () => {
  test('make one key, whichever comes first and however it is spaced', () => {
    const made = combine(first, second);
    expect(made).toEqual(combine(second, first.replace(/(.{4})/g, '$1 ').toLowerCase()));
    expect(made.ok && Buffer.from(made.key).toString('hex').toUpperCase()).toBe('FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFE');
  });
  test.each([
    ['equal', first, first, 'components-equal'],
    ['too short', first.slice(2), second, 'component-invalid'],
    ['no hex', `${first.slice(1)}G`, second, 'component-invalid'],
    ['one byte throughout', '00'.repeat(16), second, 'key-weak'],
    [
      'whose sum has two equal halves',
      `${'01'.repeat(8)}${'02'.repeat(8)}`,
      `${'03'.repeat(8)}${'00'.repeat(8)}`,
      'key-weak',
    ],
  ])('%s are refused', (_name, a, b, code) => expect(combine(a, b)).toEqual({ ok: false, code }));
  test('one alone says nothing of the key, which may still be every key', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 16, maxLength: 16 }), (wanted) => {
        const other = Buffer.from(wanted.map((byte, index) => byte ^ Buffer.from(first, 'hex')[index]!)).toString(
          'hex',
        );
        const made = combine(first, other);
        if (made.ok) expect(Uint8Array.from(made.key)).toEqual(wanted);
      }),
    );
  });
});

describe('a sealed key', () => {
  test('comes back with its passphrase, and the file does not hold it', () => {
    const storage = openMemoryStorage();
    openKeyStore(storage, passphraseSealer(PASSPHRASE, randomBytes)).save(key);
    const file = Buffer.from(storage.read('master.key') ?? []).toString('latin1');
    for (const form of ['hex', 'base64', 'base64url', 'latin1'] as const)
      expect(file).not.toContain(key.toString(form));
    const loaded = openKeyStore(storage, passphraseSealer(PASSPHRASE, randomBytes)).load();
    expect(loaded.ok && Buffer.from(loaded.key)).toEqual(key);
  });
  test('stays locked without it, or under another kind of sealer', () => {
    const storage = openMemoryStorage();
    openKeyStore(storage, passphraseSealer(PASSPHRASE, randomBytes)).save(key);
    const wrong = passphraseSealer('another passphrase', randomBytes);
    expect(openKeyStore(storage, wrong).load()).toEqual({ ok: false, code: 'locked' });
    const system: Sealer = { kind: 'safe-storage', seal: (bytes) => bytes, open: (bytes) => bytes };
    expect(openKeyStore(storage, system).load()).toEqual({ ok: false, code: 'locked' });
  });
  test('that was changed anywhere is not opened', () => {
    const sealer = passphraseSealer(PASSPHRASE, randomBytes);
    const sealed = sealer.seal(key);
    for (const at of [0, 16, 28, 44, sealed.length - 1]) {
      const damaged = Uint8Array.from(sealed);
      damaged[at]! ^= 1;
      expect(sealer.open(damaged), `byte ${at}`).toBeUndefined();
    }
    expect(sealer.open(sealed.subarray(0, 20))).toBeUndefined();
  });
  test.each([
    ['is not there', undefined, 'absent'],
    ['is no JSON', '{', 'damaged'],
    ['is of another version', '{"version":2,"kind":"passphrase","sealed":""}', 'damaged'],
    ['holds nothing', '{"version":1,"kind":"passphrase","sealed":""}', 'locked'],
  ])('whose file %s', (_name, content, code) => {
    const storage = openMemoryStorage();
    if (content !== undefined) storage.replace('master.key', Buffer.from(content));
    expect(openKeyStore(storage, passphraseSealer(PASSPHRASE, randomBytes)).load()).toEqual({ ok: false, code });
  });
  test('wants a passphrase that is one', () => {
    expect(() => passphraseSealer('short', randomBytes)).toThrow(RangeError);
  });
});

test('check values are those of the kind of key', () => {
  // AES-CMAC of sixteen zero bytes and the DES check value of published keys.
  expect(checkValue(Buffer.from('0123456789ABCDEFFEDCBA9876543210', 'hex'), 'hypercom')).toBe('08D7B4');
  expect(checkValue(key, 'countertap')).toMatch(/^[0-9A-F]{6}$/);
});
