import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { openToken } from './token.ts';

// The vectors of docs/wallet-token.md, made by a third program.
const file = new URL('../../main/core/kernel/token/vectors/tokens.json', import.meta.url);
const Challenge = z.object({ terminalId: z.string(), minor: z.int(), currencyNumber: z.string(), sequence: z.int() });
const { issuers, tokens } = z
  .object({
    issuers: z.array(
      z.object({ id: z.string(), alg: z.enum(['EdDSA', 'ES256']), jwk: z.record(z.string(), z.string()) }),
    ),
    tokens: z.array(
      z.object({
        name: z.string(),
        token: z.string(),
        valid: z.boolean(),
        counter: z.int().optional(),
        delegation: z.object({ wallet: z.string(), ceilingMinor: z.int(), currencyNumber: z.string() }).optional(),
        challenge: Challenge.optional(),
      }),
    ),
  })
  .parse(JSON.parse(readFileSync(file, 'utf8')));

test.each(tokens)('$name', ({ token, valid, counter, delegation, challenge }) => {
  const opened = openToken(Buffer.from(token, 'hex').toString('base64url'), issuers);
  expect(opened !== undefined).toBe(valid);
  if (opened === undefined) return;
  expect(opened).toMatchObject({
    wallet: delegation?.wallet,
    ceiling: delegation?.ceilingMinor,
    currency: delegation?.currencyNumber,
    counter,
    challenge: {
      terminal: challenge?.terminalId,
      amount: challenge?.minor,
      currency: challenge?.currencyNumber,
      stan: challenge?.sequence,
    },
  });
});

test('no bit of a token can be changed', () => {
  const good = Buffer.from(tokens[1]?.token ?? '', 'hex');
  expect(openToken(good.toString('base64url'), issuers)).toBeDefined();
  for (let bit = 0; bit < good.length * 8; bit += 5) {
    const bent = Buffer.from(good);
    bent[bit >> 3] = (bent[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    expect(openToken(bent.toString('base64url'), issuers), `bit ${bit}`).toBeUndefined();
  }
});
