import { expect, test } from 'vitest';
import { cardKey, issuerMasterKey, mac, pad, sessionKey } from '../card/cryptogram.ts';
import { cryptogramFits } from './cryptogram.ts';

// UnionPay test number of the UnionPay trace in binaryfoo/emv-bertlv; published Visa test number.
const unionpay = '6210948000000011';
const visa = '4761739001010119';

const amount = '000000001280';
/** Amounts, country, TVR, currency, date, type, unpredictable number, AIP, ATC, card verification results. */
const text = Buffer.from(`${amount}00000000000001560000000000015626112100112233447C00000103A00000`, 'hex');
const atc = Buffer.from('0001', 'hex');

const iccData = (cryptogram: Buffer, issuerData: string, minor = amount) =>
  `9F2608${cryptogram.toString('hex')}9F2701809F10${issuerData}9F3704112233449F36020001950500000000009A032611219C0100` +
  `9F0206${minor}5F2A02015682027C009F1A0201569F0306000000000000`;

const secrets = (pan: string) => ({ pan, track2: `${pan}D3512201`, expiry: '3512' });

test('a UnionPay cryptogram is made again under the session key', () => {
  const cryptogram = mac(sessionKey(cardKey(issuerMasterKey, unionpay, '01'), atc), pad(text, 2));
  const data = iccData(cryptogram, '0807010103A0000001');
  expect(cryptogramFits(secrets(unionpay), '001', data)).toBe(true);
  expect(cryptogramFits(secrets(unionpay), '002', data)).toBe(false);
  expect(cryptogramFits(secrets(unionpay), '001', iccData(cryptogram, '0807010103A0000001', '000000001281'))).toBe(
    false,
  );
});

test('a Visa cryptogram is made again under the card’s own key', () => {
  const cryptogram = mac(cardKey(issuerMasterKey, visa, '01'), pad(text, 1));
  expect(cryptogramFits(secrets(visa), '001', iccData(cryptogram, '0706010A03A00000'))).toBe(true);
  expect(cryptogramFits(secrets(unionpay), '001', iccData(cryptogram, '0706010A03A00000'))).toBe(false);
});

test.each([
  ['nothing', ''],
  ['something cut off', '9F2608AABB'],
  ['too little', '9F2608AABBCCDDEEFF0011'],
])('%s does not fit', (_, data) => {
  expect(cryptogramFits(secrets(unionpay), '001', data)).toBe(false);
});
