import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { concat, hex, unhex } from './bytes.ts';
import { iccKey, issuerKey, openDynamic, recover } from './certificate.ts';
import { CaKey } from './config.ts';
import { cardKey, type OdaInput, provedDynamic } from './oda.ts';
import { makeKeys, signedBlock } from './test/testcard.ts';
import { publishedKeys, recorded, recordedFields } from './test/vectors.ts';
import { decode, find, leaves } from './tlv.ts';

const caKeys = publishedKeys().map((key) => CaKey.parse(key));

function values(bytes: Uint8Array): [string, Uint8Array][] {
  const read = decode(bytes);
  if (!read.ok) throw new Error(read.code);
  return leaves(read.nodes).map((leaf) => [leaf.tag, leaf.value]);
}

/** The value of a record's template 70. */
function content(record: Uint8Array): Uint8Array {
  const read = decode(record);
  if (!read.ok) throw new Error(read.code);
  return find(read.nodes, '70')!.value;
}

function unionpay(): OdaInput {
  const trace = recorded('unionpay-dda');
  const records = [...trace].filter(([command]) => /^00B2..(0C|14|24)00$/.test(command)).map(([, record]) => record);
  const signed = trace.get('00B2011400')!;
  return {
    caKeys,
    aid: 'A000000333010102',
    pan: '6210948000000011',
    today: '260101',
    profile: unhex('7C00'),
    data: new Map(records.filter((record) => record[0] === 0x70).flatMap(values)),
    signed: content(signed),
  };
}

test('UnionPay test card: issuer and ICC certificates open, the DDA signature holds', () => {
  const input = unionpay();
  // 80 ‖ length ‖ signature: format 1 of INTERNAL AUTHENTICATE.
  const block = recorded('unionpay-dda').get('00880000047863AFC600')!.slice(3);
  const proved = provedDynamic(input, { format: 0x05, block, suffix: unhex('7863AFC6') });
  expect(proved.ok && hex(proved.value)).toBe('07000659A2F145F4');
});

test('Mastercard test card: CDA signature and transaction data hash hold', () => {
  const trace = recorded('mastercard-cda');
  const records = [...trace].filter(([command]) => command.startsWith('00B2')).map(([, record]) => record);
  const command = [...trace.keys()].find((each) => each.startsWith('80AE'))!;
  const answer = trace.get(command)!;
  const data = new Map([...records.flatMap(values), ...values(answer)]);
  const input: OdaInput = {
    caKeys,
    aid: 'A0000000041010',
    pan: '5413330089600044',
    today: '141201',
    profile: unhex('5980'),
    data,
    signed: content(trace.get('00B2011400')!),
  };
  const block = data.get('9F4B')!;
  const proved = provedDynamic(input, { format: 0x05, block, suffix: unhex('000EEC85') });
  const dynamic = proved.ok ? hex(proved.value) : proved.reason;
  const lists = values(answer).filter(([tag]) => tag !== '9F4B');
  const objects = lists.map(([tag, value]) => concat(unhex(tag), Uint8Array.of(value.length), value));
  const digest = createHash('sha1')
    .update(concat(unhex(command).slice(5, -1), ...objects))
    .digest();
  expect(dynamic).toBe(`0836DF6D9E2104092E40D58B731AF5885C06${hex(digest)}`);
  expect(hex(digest)).toBe('7BE29D015DD4C9454026810F0879E219B8A7DCD0');
  expect(cardKey({ ...input, today: '150101' })).toMatchObject({
    ok: false,
    step: 'issuer-certificate',
    reason: 'expired',
  });
});

test('a published CDA signature holds, and one bit of it does not', () => {
  const fields = recordedFields('mastercard-signature');
  const field = (name: string) => unhex(fields[name] ?? '');
  const authority = caKeys.find((key) => key.rid === 'A000000004' && key.index === 'F1')!;
  const issuer = issuerKey(
    { modulus: unhex(authority.modulus), exponent: unhex(authority.exponent) },
    { certificate: field('90'), remainder: field('92'), exponent: field('9F32') },
    fields['PAN']!,
    '271201',
  );
  expect(issuer).toMatchObject({ ok: true });
  const key = issuer.ok ? issuer.value : { modulus: new Uint8Array(), exponent: new Uint8Array() };
  const certificate = { certificate: field('9F46'), remainder: field('9F48'), exponent: field('9F47') };
  // The published vector leaves out the static data, so its certificate cannot be checked whole, only opened.
  expect(iccKey(key, certificate, new Uint8Array(), fields['PAN']!, '271201')).toEqual({ ok: false, reason: 'hash' });
  const left = recover(key, field('9F46')).slice(21, -21);
  const icc = { modulus: concat(left, field('9F48')), exponent: field('9F47') };
  const signature = { format: 0x05, block: field('9F4B'), suffix: field('UN') } as const;
  const proved = openDynamic(icc, signature);
  expect(proved.ok && hex(proved.value)).toBe(
    '08537EB5E03CC433C80055B6408DBC985131A04620C52455EA8F2370647AF36748A2CA4AA9F6',
  );
  const block = signature.block.with(-1, 0x47);
  expect(openDynamic(icc, { ...signature, block })).toMatchObject({ ok: false });
});

test.each([
  ['90', 'issuer-certificate'],
  ['92', 'issuer-certificate'],
  ['9F46', 'icc-certificate'],
  ['9F48', 'icc-certificate'],
])('a bit changed in %s fails at the %s', (tag, step) => {
  const input = unionpay();
  const value = input.data.get(tag)!;
  const data = new Map(input.data).set(tag, value.with(9, value[9]! ^ 1));
  expect(cardKey({ ...input, data })).toMatchObject({ ok: false, step });
});

test('a missing piece names its step', () => {
  const input = unionpay();
  const without = (tag: string) => ({ ...input, data: new Map([...input.data].filter(([each]) => each !== tag)) });
  expect(cardKey(input)).toMatchObject({ ok: true });
  expect(cardKey(without('8F'))).toMatchObject({ step: 'ca-key' });
  expect(cardKey({ ...input, caKeys: [] })).toMatchObject({ step: 'ca-key' });
  expect(cardKey({ ...input, aid: 'A0000000651010' })).toMatchObject({ step: 'ca-key' });
  expect(cardKey(without('90'))).toMatchObject({ step: 'issuer-certificate', reason: 'missing' });
  expect(cardKey(without('9F47'))).toMatchObject({ step: 'icc-certificate', reason: 'missing' });
  expect(cardKey({ ...input, signed: undefined })).toMatchObject({ step: 'static-data' });
  expect(cardKey({ ...input, data: new Map(input.data).set('9F4A', unhex('8284')) })).toMatchObject({
    step: 'static-data',
  });
  expect(cardKey(without('9F4A'))).toMatchObject({ step: 'icc-certificate', reason: 'hash' });
  expect(cardKey({ ...input, profile: unhex('7C01') })).toMatchObject({ step: 'icc-certificate', reason: 'hash' });
  expect(cardKey({ ...input, signed: input.signed!.with(0, 0) })).toMatchObject({
    step: 'icc-certificate',
    reason: 'hash',
  });
  expect(cardKey({ ...input, today: '310101' })).toMatchObject({ step: 'issuer-certificate', reason: 'expired' });
});

test('another PAN than the certificate names is refused', () => {
  const input = unionpay();
  expect(cardKey({ ...input, pan: '4761739001010119' })).toMatchObject({ step: 'issuer-certificate' });
  expect(cardKey({ ...input, pan: '6210948000000029' })).toMatchObject({ step: 'icc-certificate' });
});

test('a signature of another format, length or key does not open', () => {
  const block = recorded('unionpay-dda').get('00880000047863AFC600')!.slice(3);
  const key = cardKey(unionpay());
  const icc = key.ok ? key.value : { modulus: new Uint8Array(), exponent: new Uint8Array() };
  const suffix = unhex('7863AFC6');
  expect(openDynamic(icc, { format: 0x05, block, suffix })).toMatchObject({ ok: true });
  expect(openDynamic(icc, { format: 0x95, block, suffix })).toEqual({ ok: false, reason: 'format' });
  expect(openDynamic(icc, { format: 0x05, block, suffix: unhex('7863AFC7') })).toEqual({ ok: false, reason: 'hash' });
  expect(openDynamic(icc, { format: 0x05, block: block.slice(1), suffix })).toMatchObject({ ok: false });
  expect(openDynamic(icc, { format: 0x05, block: block.map(() => 0xff), suffix })).toMatchObject({ ok: false });
});

test('padding and lengths inside a signed block must be right, even when its hash is', () => {
  const { ca, issuer } = makeKeys({ ca: 1152, issuer: 512, icc: 512 });
  const pan = '6210948000000011';
  const head = `02621094FF${'1249'}0000010101`;
  const authority = { modulus: ca.modulus, exponent: unhex('03') };
  const open = (text: string) => {
    const certificate = signedBlock(ca, unhex(head + text), unhex('03'));
    return issuerKey(authority, { certificate, remainder: new Uint8Array(), exponent: unhex('03') }, pan, '261121');
  };
  expect(open(`4001${hex(issuer.modulus)}`)).toMatchObject({ ok: true });
  expect(open(`4001${hex(issuer.modulus)}00`)).toEqual({ ok: false, reason: 'padding' });
  expect(open(`4003${hex(issuer.modulus)}`)).toEqual({ ok: false, reason: 'exponent length' });
  expect(open(`8001${hex(issuer.modulus)}`)).toEqual({ ok: false, reason: 'remainder length' });
  expect(open(`0001${hex(issuer.modulus)}`)).toMatchObject({ ok: false });
  const dynamic = (text: string) =>
    openDynamic(authority, {
      format: 0x95,
      block: signedBlock(ca, unhex(text), new Uint8Array()),
      suffix: new Uint8Array(),
    });
  expect(dynamic('950103021234')).toMatchObject({ ok: true, value: unhex('021234') });
  expect(dynamic('95010302123400')).toEqual({ ok: false, reason: 'padding' });
  expect(dynamic('9501FF021234')).toEqual({ ok: false, reason: 'padding' });
  expect(dynamic('950203021234')).toEqual({ ok: false, reason: 'algorithm' });
});
