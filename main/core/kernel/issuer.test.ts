import { expect, test } from 'vitest';
import { unhex } from './bytes.ts';
import { readIssuerAnswer } from './issuer.ts';

test('scripts of an issuer are counted for the journal', () => {
  const first = '71109F1804000000018607842400000203AA';
  const second = '72098607842400000203AA';
  expect(readIssuerAnswer(unhex(`910A112233445566778830308A023030${first}${second}`))).toEqual({
    authentication: '11223344556677883030',
    responseCode: '3030',
    scripts: [
      { template: '71', id: '00000001', commands: 1 },
      { template: '72', commands: 1 },
    ],
  });
  expect(readIssuerAnswer(new Uint8Array())).toEqual({ scripts: [] });
});

test('what is no TLV is nothing', () => {
  expect(readIssuerAnswer(unhex('7105'))).toBeUndefined();
});
