import { createPrivateKey, generateKeyPairSync } from 'node:crypto';
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { canonical } from '../store/canonical.ts';
import { readProfile } from './profile.ts';
import { makeAuthority, type Pair } from './test/certificates.ts';
import { profileContent, signProfile } from './test/profile.ts';

const { privateKey } = generateKeyPairSync('ed25519');
let content: Record<string, unknown>;
let other: Pair;

beforeAll(async () => {
  const authority = await makeAuthority('Bank CA');
  content = profileContent({ ca: authority.cert, client: await authority.issue('T0000001', 'client') });
  other = await authority.issue('T0000002', 'client');
});

/** The content with the value at a dotted path replaced (undefined removes it). */
function bent(path: string, value: unknown): Record<string, unknown> {
  const copy: Record<string, unknown> = structuredClone(content);
  const names = path.split('.');
  const last = names.pop() ?? '';
  let at: Record<string, unknown> = copy;
  for (const name of names) at = at[name] as Record<string, unknown>;
  at[last] = value;
  return JSON.parse(JSON.stringify(copy)) as Record<string, unknown>;
}

const codeOf = (bytes: Uint8Array, known = {}): string => {
  const result = readProfile(bytes, known);
  return result.ok ? 'ok' : result.code;
};

describe('canonical JSON', () => {
  test('sorts members by UTF-16 code units, as the example of RFC 8785 clause 3.2.3', () => {
    const input = { '\u20ac': 1, '\r': 2, '\ufb33': 3, '1': 4, '\ud83d\ude00': 5, '\u0080': 6, '\u00f6': 7 };
    const order = ['\r', '1', '\u0080', '\u00f6', '\u20ac', '\ud83d\ude00', '\ufb33'];
    expect(Object.keys(JSON.parse(canonical(input) ?? '') as object).sort()).toEqual([...order].sort());
    const positions = order.map((key) => (canonical(input) ?? '').indexOf(JSON.stringify(key)));
    expect(positions).toEqual([...positions].sort((a, b) => a - b));
  });
  test('writes numbers and strings as RFC 8785 clause 3.2.2 does', () => {
    const input = {
      numbers: [333333333.3333333, 1e30, 4.5, 2e-3, 1e-27],
      string: '\u20ac$\u000f\nA\'B"\\\\"/',
      literals: [null, true, false],
    };
    expect(canonical(input)).toBe(
      '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}',
    );
  });
  test('gives up on what is nested too deeply', () => {
    expect(canonical(JSON.parse('['.repeat(40) + ']'.repeat(40)))).toBeUndefined();
  });
});

describe('a signed profile', () => {
  test('is read, and its signer is the same each time', () => {
    const first = readProfile(signProfile(content, privateKey));
    expect(first).toMatchObject({ ok: true, profile: { id: 'virtual-bank', timers: { responseMs: 5000 } } });
    const signer = first.ok ? first.signer : '';
    expect(signer).toMatch(/^[A-Za-z0-9_-]{43}$/);
    expect(codeOf(signProfile(bent('version', 2), privateKey), { signer, version: 1 })).toBe('ok');
    expect(codeOf(signProfile(content, privateKey), { signer, version: 2 })).toBe('profile-older');
    expect(codeOf(signProfile(content, generateKeyPairSync('ed25519').privateKey), { signer })).toBe('profile-foreign');
  });

  test('has the thumbprint of RFC 8037 clause A.3', () => {
    const x = '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo';
    const d = 'nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A';
    const key = { kty: 'OKP', crv: 'Ed25519', x, d };
    const result = readProfile(signProfile(content, createPrivateKey({ key, format: 'jwk' })));
    expect(result).toMatchObject({ ok: true, signer: 'kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k' });
  });

  test.each([
    ['nothing', '', 'profile-damaged'],
    ['half a file', '{"profile": {', 'profile-damaged'],
    ['a list', '[]', 'profile-damaged'],
    ['no signature', '{"profile": {}}', 'profile-unsigned'],
    ['a signature of the wrong length', '{"profile":{},"signer":{},"signature":"AA"}', 'profile-damaged'],
  ])('%s is refused', (_name, text, code) => expect(codeOf(Buffer.from(text))).toBe(code));

  test('with one character changed anywhere is refused', () => {
    const bytes = signProfile(content, privateKey);
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 127 }), (at, flip) => {
        const damaged = Uint8Array.from(bytes);
        damaged[at]! ^= flip;
        // White space for white space, or an equal last base64url character, is the same profile.
        const result = readProfile(damaged);
        if (result.ok) expect(result.profile).toMatchObject({ id: 'virtual-bank', masterKey: content['masterKey'] });
        else expect(result.code).toMatch(/^profile-(?:damaged|unsigned|forged)$/);
      }),
      { numRuns: 300 },
    );
  });

  test.each<[string, unknown]>([
    ['surprise', 1],
    ['terminalId', undefined],
    ['terminalId', 'T00000001'],
    ['port', 0],
    ['masterKey', '00'],
    ['link', 'http'],
    ['timers.reconnectMs', []],
    ['timers.responseMs', 1.5],
    ['offline.singleMinor', -1],
    ['offline.currency', 'ZZZ'],
    ['wallets', [{ scheme: 'alipay', pattern: '(' }]],
    ['tls.ca', 'no certificate'],
    ['tls.key', 'no key'],
    ['sealing.jwk.crv', 'P-384'],
    ['cards.ttq', '36'],
    ['limits.maxMinor', 0.5],
    ['closedLoop', { aid: 'A0000000041010', issuers: [] }],
    ['closedLoop', { aid: 'F043545057414C01', issuers: [{ id: 'BANK', alg: 'EdDSA', jwk: { kty: 'EC' } }] }],
    ['cards.caKeys', [{ rid: 'A000000333', index: '09', modulus: 'ZZ', exponent: '03', sha1: '00' }]],
  ])('with %s %j is invalid, and the detail shows no value', (path, value) => {
    const result = readProfile(signProfile(bent(path, value), privateKey));
    expect(result).toMatchObject({ ok: false, code: 'profile-invalid' });
    expect(result.ok ? '' : result.detail).not.toContain(String(content['masterKey']));
  });

  test('may name the issuers of the bank’s own wallet', () => {
    const { x } = generateKeyPairSync('ed25519').publicKey.export({ format: 'jwk' });
    const issuers = [{ id: 'BANK', alg: 'EdDSA', jwk: { kty: 'OKP', crv: 'Ed25519', x } }];
    const closedLoop = { aid: 'F043545057414C01', label: 'Bank Wallet', issuers };
    const result = readProfile(signProfile(bent('closedLoop', closedLoop), privateKey));
    expect(result).toMatchObject({ ok: true, profile: { closedLoop } });
  });

  test('of a bank that is not virtual may hold no key in the clear', () => {
    expect(codeOf(signProfile(bent('virtual', false), privateKey))).toBe('profile-invalid');
    const sealed = { ...bent('virtual', false) };
    delete sealed['masterKey'];
    expect(codeOf(signProfile(sealed, privateKey))).toBe('ok');
  });

  test('with the key of another certificate is invalid', () => {
    expect(codeOf(signProfile(bent('tls.key', other.key), privateKey))).toBe('profile-invalid');
  });
});
