import { readFileSync } from 'node:fs';
import { z } from '../../../../contract/schema.ts';
import { hex, sameBytes, unhex } from '../bytes.ts';
import { ClosedLoop } from '../token/config.ts';
import { readToken } from '../token/format.ts';
import { verifyToken } from '../token/verify.ts';
import { type Fuzzed, found } from './fuzzdata.ts';
import { randomFrom, spoil } from './random.ts';

const Vectors = z.object({
  issuers: ClosedLoop.shape.issuers,
  tokens: z.array(z.object({ token: z.string(), valid: z.boolean() })),
});

/** Signatures take a hundred times as long as reading: of the spoilt tokens that can be read, this share is verified too. */
const VERIFIED = 64;

/**
 * A spoilt wallet token is read or refused; what is read has only this encoding; and none but the very token that was
 * issued has signatures that hold.
 */
export function fuzzToken(seed: number, count: number): Fuzzed {
  const path = new URL('../token/vectors/tokens.json', import.meta.url);
  const { issuers, tokens } = Vectors.parse(JSON.parse(readFileSync(path, 'utf8')));
  const good = tokens.filter(({ valid }) => valid).map(({ token }) => unhex(token));
  const random = randomFrom(seed);
  let taken = 0;
  for (let at = 0; at < count; at++) {
    const original = random.pick(good);
    let bytes = random.int(16) === 0 ? random.bytes(random.int(300)) : original;
    for (let n = 1 + random.int(3); n > 0; n--) bytes = spoil(random, bytes);
    const read = readToken(bytes);
    if (!read.ok) continue;
    taken += 1;
    const { wallet, ceilingMinor } = read.token.delegation;
    if (!/^\d{16}$/.test(wallet) || !(ceilingMinor >= 0 && ceilingMinor <= 999_999_999_999)) {
      found(seed, at, 'a value out of its range');
    }
    if (taken % VERIFIED !== 0 || good.some((one) => sameBytes(one, bytes))) continue;
    if (verifyToken(bytes, issuers).ok) found(seed, at, `believed: ${hex(bytes)}`);
  }
  return { inputs: count, taken };
}
