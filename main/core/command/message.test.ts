import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makeAuthority } from '../bank/test/certificates.ts';
import { profileContent, signProfile } from '../bank/test/profile.ts';
import { decodeMessage, encodeMessage } from './message.ts';
import type { Result } from './result.ts';

let dir: string;
const path = (dialect: string): string => join(dir, `${dialect}.json`);

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'message-'));
  const authority = await makeAuthority('Test CA');
  const content = profileContent({ ca: authority.cert, client: await authority.issue('terminal', 'client') });
  const { privateKey } = generateKeyPairSync('ed25519');
  for (const dialect of ['countertap', 'hypercom', 'unionpay']) {
    writeFileSync(path(dialect), signProfile({ ...content, dialect }, privateKey));
  }
});

afterAll(() => rmSync(dir, { recursive: true, force: true }));

interface Decoded {
  readonly mti: string;
  readonly header?: object;
  readonly fields: readonly {
    readonly number: number;
    readonly name: string;
    readonly format: string;
    readonly value: string;
  }[];
  readonly mac: { readonly right: boolean | null } | null;
}

function messageIn(result: Result): Decoded {
  expect(result.exit, JSON.stringify(result.body)).toBe(0);
  return result.body['message'] as Decoded;
}

const KEY = '000102030405060708090a0b0c0d0e0f';
const sale = { mti: '0200', fields: { 3: '000000', 4: '000000001280', 11: '000042', 41: 'T0000001', 49: '156' } };

describe.each(['countertap', 'hypercom', 'unionpay'])('of the dialect %s', (dialect) => {
  test('what is encoded is decoded again, and its MAC is known', () => {
    const options = { profile: path(dialect), macKey: KEY };
    const encoded = encodeMessage(JSON.stringify(sale), options);
    expect(encoded.exit).toBe(0);
    for (const text of [encoded.body['message'], encoded.body['frame']]) {
      const decoded = messageIn(decodeMessage(String(text), options));
      expect(decoded).toMatchObject({ mti: '0200', mac: { field: 64, right: true } });
      expect(decoded.fields.slice(0, 3)).toEqual([
        { number: 3, name: 'processing code', format: 'n6', value: '000000' },
        { number: 4, name: 'amount, transaction', format: 'n12', value: '000000001280' },
        { number: 11, name: 'systems trace audit number', format: 'n6', value: '000042' },
      ]);
    }
    const wrong = messageIn(decodeMessage(String(encoded.body['frame']), { ...options, macKey: `ff${KEY.slice(2)}` }));
    expect(wrong.mac).toMatchObject({ right: false });
    const unchecked = messageIn(decodeMessage(String(encoded.body['frame']), { profile: path(dialect) }));
    expect(unchecked.mac).toMatchObject({ right: null });
  });
});

test('a header is told', () => {
  const encoded = encodeMessage(JSON.stringify(sale), { profile: path('unionpay') });
  expect(messageIn(decodeMessage(String(encoded.body['frame']), { profile: path('unionpay') }))).toMatchObject({
    header: { tpdu: { id: '60', destination: '0003', source: '0000' }, application: '613100310000' },
    mac: null,
  });
});

test('card data comes out masked', () => {
  const pan = '4111111111111111';
  const fields = {
    2: pan,
    35: `${pan}=30121011000012345`,
    45: `B${pan}^TEST/CARD^3012101`,
    52: '0123456789ABCDEF',
    55: 'ABCD',
  };
  const layout = 'iso87-packed';
  const encoded = encodeMessage(JSON.stringify({ mti: '0200', fields }), { layout });
  const text = JSON.stringify(decodeMessage(String(encoded.body['message']), { layout }));
  expect(text).toContain('411111******1111');
  for (const secret of [pan, '30121011', 'TEST/CARD', '0123456789ABCDEF']) expect(text).not.toContain(secret);
});

test('sealed card data, wallet codes and what ICC data tells of the card are not shown', () => {
  const options = { profile: path('countertap') };
  const icc = '5A0841111111111111119F2701809F5D06000000000000';
  const shown = (fields: object): string => {
    const encoded = encodeMessage(JSON.stringify({ mti: '0200', fields }), options);
    return JSON.stringify(messageIn(decodeMessage(String(encoded.body['message']), options)).fields);
  };
  expect(shown({ 48: `eyJhbGciOiJFQ0RILUVTIn0..abc.${'d'.repeat(40)}.tag` })).toMatch(
    /eyJ\w+\.\(sealed, \d+ characters\)/,
  );
  expect(shown({ 48: 'alipay=281234567890123456' })).toContain('alipay=28****************');
  const data = shown({ 55: icc });
  expect(data).toContain('9F27=80');
  expect(data).not.toContain('4111111111111111');
});

test('published images are decoded by their layout', () => {
  const images = JSON.parse(readFileSync(join(import.meta.dirname, '../bank/vectors/images.json'), 'utf8')) as {
    readonly layout: string;
    readonly mti: string;
    readonly hex: string;
  }[];
  for (const { layout, mti, hex } of images) {
    const decoded = messageIn(decodeMessage(hex, { layout }));
    expect(decoded.mti).toBe(mti);
    expect(decoded.fields.every(({ name }) => name !== '')).toBe(true);
  }
});

test.each<[string, () => Result, string]>([
  ['no hex', () => decodeMessage('xy', { layout: 'iso87-packed' }), 'input-invalid'],
  ['an unknown field', () => decodeMessage('02004000000000000000', { profile: path('hypercom') }), 'input-invalid'],
  ['neither profile nor layout', () => decodeMessage('0200', {}), 'input-invalid'],
  ['an unknown layout', () => decodeMessage('0200', { layout: 'iso2003' }), 'input-invalid'],
  ['no such profile', () => decodeMessage('0200', { profile: '/nowhere' }), 'profile-missing'],
  [
    'a key of the wrong length',
    () => decodeMessage('0200', { profile: path('countertap'), macKey: '00' }),
    'input-invalid',
  ],
  ['no JSON', () => encodeMessage('{', { layout: 'iso87-packed' }), 'input-invalid'],
  [
    'fields that are no texts',
    () => encodeMessage('{"mti":"0200","fields":{"3":0}}', { layout: 'iso87-packed' }),
    'input-invalid',
  ],
  [
    'a value too long',
    () => encodeMessage('{"mti":"0200","fields":{"3":"1234567"}}', { layout: 'iso87-packed' }),
    'input-invalid',
  ],
])('%s is refused', (_name, run, code) => {
  expect(run()).toMatchObject({ exit: 1, body: { error: { code } } });
});
