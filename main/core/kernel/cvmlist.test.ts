import { expect, test } from 'vitest';
import { hex, unhex } from './bytes.ts';
import { type CvmSituation, verifyByList } from './cvmlist.ts';

const situation: CvmSituation = { amountMinor: 100, cardCurrency: true, signature: true, noCvm: true };
/** X is 100, Y is 200. */
const XY = '00000064000000C8';

function told(rules: string, change: Partial<CvmSituation> = {}) {
  const { cvm, results, findings, pinAsked } = verifyByList(unhex(XY + rules), { ...situation, ...change });
  return [cvm, hex(results), findings.join(' '), pinAsked];
}

test.each<[string, string, Partial<CvmSituation>, unknown[]]>([
  ['always', '1E00', {}, ['signature', '1E0000', '', false]],
  ['a purchase without cash', '1F02', {}, ['none', '1F0202', '', false]],
  ['cash, which is not sold here', '1E011E041E051F00', {}, ['none', '1F0002', '', false]],
  ['supported, and it is', '1E031F00', {}, ['signature', '1E0300', '', false]],
  ['supported, and it is not', '1E031F00', { signature: false }, ['none', '1F0002', '', false]],
  ['under X', '1E061F00', { amountMinor: 99 }, ['signature', '1E0600', '', false]],
  ['under X, at X', '1E061F00', {}, ['none', '1F0002', '', false]],
  ['over X, at X', '1E071F00', {}, ['none', '1F0002', '', false]],
  ['over X', '1E071F00', { amountMinor: 101 }, ['signature', '1E0700', '', false]],
  ['over X in another currency', '1E071F00', { amountMinor: 101, cardCurrency: false }, ['none', '1F0002', '', false]],
  ['under Y', '1E081F00', { amountMinor: 199 }, ['signature', '1E0800', '', false]],
  ['under Y, at Y', '1E081F00', { amountMinor: 200 }, ['none', '1F0002', '', false]],
  ['over Y, at Y', '1E091F00', { amountMinor: 200 }, ['none', '1F0002', '', false]],
  ['over Y', '1E091F00', { amountMinor: 201 }, ['signature', '1E0900', '', false]],
  ['an unknown condition', '1E801F00', {}, ['none', '1F0002', '', false]],
])('condition: %s', (_, rules, change, expected) => {
  expect(told(rules, change)).toEqual(expected);
});

test.each<[string, string, Partial<CvmSituation>, unknown[]]>([
  ['the card fails it', '0000', {}, ['none', '000001', 'cvmFailed', false]],
  ['the card fails it, whatever follows', '40001E00', {}, ['none', '400001', 'cvmFailed', false]],
  ['a PIN is the only way', '0200', {}, ['none', '020001', 'pinPadMissing cvmFailed', true]],
  ['a PIN, then a signature', '42005E00', {}, ['signature', '5E0000', 'pinPadMissing', false]],
  ['a PIN where one can be entered', '42031F00', {}, ['none', '1F0002', '', false]],
  ['a method of nobody', '20001E00', {}, ['none', '200001', 'cvmUnknown cvmFailed', false]],
  ['a method of nobody, then a signature', '60001E00', {}, ['signature', '1E0000', 'cvmUnknown', false]],
  ['a signature that cannot be, and no next', '1E00', { signature: false }, ['none', '1E0001', 'cvmFailed', false]],
  ['nothing fits', '1E03', { signature: false }, ['none', '3F0001', 'cvmFailed', false]],
])('method: %s', (_, rules, change, expected) => {
  expect(told(rules, change)).toEqual(expected);
});

test('a list that is missing or none', () => {
  expect(verifyByList(undefined, situation)).toMatchObject({ cvm: 'none', findings: ['cardDataMissing'] });
  expect(verifyByList(new Uint8Array(), situation)).toMatchObject({ findings: ['cardDataMissing'] });
  for (const list of [XY, `${XY}1E`, 'FF']) {
    expect(verifyByList(unhex(list), situation).findings).toEqual(['cardDataMissing', 'cvmFailed']);
  }
});
