import { concat, hex, sameBytes, unhex } from '../bytes.ts';
import { type OdaInput, provedDynamic } from '../oda.ts';
import { type Fuzzed, found } from './fuzzdata.ts';
import { randomFrom, spoil } from './random.ts';
import { caKeyOf, certify, makeKeys, signedBlock } from './testcard.ts';

const PAN = '6210948000000011';
const suffix = unhex('01020304');

/** A card's whole chain with the smallest keys, and its signature. */
function chain(): { input: OdaInput; block: Uint8Array } {
  const keys = makeKeys({ ca: 768, issuer: 640, icc: 512 });
  const profile = unhex('2000');
  const signed = unhex(`5A08${PAN}5F2403301231`);
  const until = unhex('1249');
  const first = certify(
    keys.ca,
    keys.issuer,
    concat(unhex('02621094FF'), until, unhex('000001')),
    36,
    new Uint8Array(),
  );
  const head = concat(unhex(`04${PAN.padEnd(20, 'F')}`), until, unhex('000002'));
  const second = certify(keys.issuer, keys.icc, head, 42, concat(signed, profile));
  const data = new Map([
    ['8F', unhex('F0')],
    ['9F32', unhex('03')],
    ['90', first.certificate],
    ['92', first.remainder],
    ['9F47', unhex('03')],
    ['9F46', second.certificate],
    ['9F48', second.remainder],
    ['9F4A', unhex('82')],
  ]);
  const caKeys = [caKeyOf(keys, 'A000000333')];
  const input = { caKeys, aid: 'A000000333010101', pan: PAN, today: '261121', profile, data, signed };
  return { input, block: signedBlock(keys.icc, unhex('0501020400'), suffix) };
}

/** Nothing that was changed anywhere in the chain holds, and every failure names its place. */
export function fuzzCertificates(seed: number, count: number): Fuzzed {
  const random = randomFrom(seed);
  const { input, block } = chain();
  if (!provedDynamic(input, { format: 0x05, block, suffix }).ok) found(seed, 0, 'the sound chain does not hold');
  const tags = [...input.data.keys()];
  let taken = 0;
  for (let at = 0; at < count; at++) {
    const data = new Map(input.data);
    let [signed, profile, signature, covered] = [input.signed!, input.profile, block, suffix];
    let changed = false;
    for (let n = 1 + random.int(2); n > 0; n--) {
      const place = random.int(tags.length + 4);
      const tag = tags[place];
      if (tag !== undefined) data.set(tag, spoil(random, data.get(tag)!));
      else if (place === tags.length) signed = spoil(random, signed);
      else if (place === tags.length + 1) profile = spoil(random, profile);
      else if (place === tags.length + 2) signature = spoil(random, signature);
      else covered = spoil(random, covered);
    }
    changed =
      tags.some((tag) => !sameBytes(data.get(tag)!, input.data.get(tag)!)) ||
      hex(concat(signed, profile)) !== hex(concat(input.signed!, input.profile)) ||
      !sameBytes(signature, block) ||
      !sameBytes(covered, suffix);
    const proved = provedDynamic(
      { ...input, data, signed, profile },
      { format: 0x05, block: signature, suffix: covered },
    );
    if (proved.ok && changed) found(seed, at, 'a changed chain holds');
    if (!proved.ok && proved.reason === '') found(seed, at, 'a failure without its reason');
    if (proved.ok) taken += 1;
  }
  return { inputs: count, taken };
}
