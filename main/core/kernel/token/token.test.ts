import { generateKeyPairSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Currency, money } from '../../../../contract/money.ts';
import { z } from '../../../../contract/schema.ts';
import { hex, unhex } from '../bytes.ts';
import { readCard } from '../kernel.ts';
import type { CardOutcome } from '../outcome.ts';
import { config, opened, request, testClock, vault } from '../test/setting.ts';
import { ClosedLoop } from './config.ts';
import { challengeBytes, readToken } from './format.ts';
import { askWallet, type WalletTerminal } from './read.ts';
import { closedLoop, makeToken, WALLET, type WalletSpec, walletCard } from './test/wallet.ts';
import { verifyToken } from './verify.ts';

const Challenge = z.object({
  terminalId: z.string(),
  minor: z.int(),
  currency: Currency,
  sequence: z.int(),
  unpredictableNumber: z.string(),
  date: z.string(),
  time: z.string(),
  verify: z.boolean(),
});
const Vectors = z.object({
  issuers: ClosedLoop.shape.issuers,
  challenges: z.array(z.object({ challenge: Challenge, bytes: z.string() })),
  tokens: z.array(
    z.object({
      name: z.string(),
      token: z.string(),
      valid: z.boolean(),
      step: z.string().optional(),
      delegation: z
        .object({
          issuer: z.string(),
          wallet: z.string(),
          ceilingMinor: z.int(),
          currencyNumber: z.string(),
          expiry: z.string(),
        })
        .optional(),
      challenge: Challenge.optional(),
      counter: z.int().optional(),
      verified: z.boolean().optional(),
    }),
  ),
});
const vectors = Vectors.parse(JSON.parse(readFileSync(new URL('./vectors/tokens.json', import.meta.url), 'utf8')));

function bytesOf(challenge: z.infer<typeof Challenge>): Uint8Array {
  return challengeBytes({ ...challenge, unpredictableNumber: unhex(challenge.unpredictableNumber) });
}

describe('vectors made by another program', () => {
  test.each(vectors.challenges)('the challenge $bytes', ({ challenge, bytes }) => {
    expect(hex(bytesOf(challenge))).toBe(bytes);
  });

  test.each(vectors.tokens)('$name', ({ token, valid, step, delegation, challenge, counter, verified }) => {
    const result = verifyToken(unhex(token), vectors.issuers);
    expect(result.ok).toBe(valid);
    if (!result.ok) return expect(result.fault.step).toBe(step);
    expect(result.token).toMatchObject({ counter, verified });
    expect(result.token.delegation).toMatchObject(delegation ?? {});
    expect(hex(result.token.challenge)).toBe(challenge && hex(bytesOf(challenge)));
  });

  test('a token with one bit changed anywhere is not believed', () => {
    for (const { token } of vectors.tokens.filter(({ valid }) => valid)) {
      const bytes = unhex(token);
      for (let bit = 0; bit < bytes.length * 8; bit += 3) {
        const bent = bytes.slice();
        bent[bit >> 3]! ^= 1 << (bit & 7);
        expect(verifyToken(bent, vectors.issuers).ok, `bit ${bit}`).toBe(false);
      }
    }
  });
});

test('random bytes and bent tokens are read or refused, never thrown at', () => {
  const good = unhex(vectors.tokens[0]?.token ?? '');
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      const read = readToken(bytes);
      expect(read.ok).toBe(false);
    }),
    { numRuns: 2_000 },
  );
  fc.assert(
    fc.property(fc.nat(good.length - 1), fc.integer({ min: 1, max: 255 }), fc.nat(3), (at, bits, cut) => {
      const bent = good.slice(0, good.length - cut);
      bent[at % bent.length]! ^= bits;
      expect(typeof readToken(bent).ok).toBe('boolean');
    }),
    { numRuns: 2_000 },
  );
});

test('a profile whose issuer key is no point of the curve is refused', () => {
  const jwk = { kty: 'EC', crv: 'P-256', x: 'A'.repeat(43), y: 'A'.repeat(43) };
  const read = ClosedLoop.safeParse({ aid: closedLoop.aid, issuers: [{ id: 'X', alg: 'ES256', jwk }] });
  expect(read.success).toBe(false);
  expect(ClosedLoop.safeParse({ ...closedLoop, aid: 'A0000000041010' }).success).toBe(false);
});

interface Tapped {
  readonly outcome: CardOutcome;
  readonly counters: Map<string, number>;
}

async function tap(
  spec: WalletSpec,
  {
    minor = 1280,
    seen,
    card = walletCard(spec),
    blocked = () => false,
  }: {
    minor?: number;
    seen?: number;
    card?: ReturnType<typeof walletCard>;
    blocked?: (token: string) => boolean;
  } = {},
): Promise<Tapped> {
  const counters = new Map<string, number>(seen === undefined ? [] : [[vault.token(WALLET), seen]]);
  const terminal: WalletTerminal = {
    closedLoop,
    terminalId: 'T0000001',
    verifyFromMinor: config.limits.cvmMinor,
    counters: {
      last: (wallet) => counters.get(wallet),
      advance: (wallet, counter) => void counters.set(wallet, counter),
    },
    vault,
    blocked,
  };
  let gone = 0;
  const asked = { ...request, amount: money(minor, 'CNY') };
  const outcome = await readCard(
    card,
    asked,
    config,
    vault,
    testClock(),
    () => {
      gone += 1;
    },
    (channel) => askWallet(channel, asked, terminal),
  );
  expect(gone).toBe(1);
  return { outcome, counters };
}

const flip = (at: number) => (bytes: Uint8Array) => {
  const bent = bytes.slice();
  bent[at < 0 ? bent.length + at : at]! ^= 1;
  return bent;
};

describe('a wallet on the reader', () => {
  test.each(['EdDSA', 'ES256'] as const)('with a device key for %s pays, online or later', async (device) => {
    const { outcome, counters } = await tap({ device, counter: 5 });
    if (outcome.kind !== 'online') throw new Error(JSON.stringify(outcome));
    expect(outcome.deferrable).toBe(true);
    expect(outcome.card).toMatchObject({
      scheme: 'wallet',
      kernel: 0,
      label: 'Test Wallet',
      maskedPan: '990000******0017',
      expiry: '3012',
      iccData: '',
      cvm: 'none',
      oda: { method: 'token', result: 'passed' },
      cryptogram: { atc: 5 },
    });
    expect(outcome.card.timing.exchanges.map(({ command }) => command)).toEqual([
      'SELECT PPSE',
      'SELECT WALLET',
      'SIGN PAYMENT',
    ]);
    expect([...counters]).toEqual([[vault.token(WALLET), 5]]);
    const sealed = z.strictObject({ walletToken: z.string() }).parse(await opened(outcome.card.sealed));
    expect(verifyToken(Buffer.from(sealed.walletToken, 'base64url'), closedLoop.issuers).ok).toBe(true);
    const { sealed: _, ...shown } = outcome.card;
    expect(JSON.stringify(shown)).not.toContain(WALLET);
  });

  test('fits sealed into field 48', async () => {
    const { outcome } = await tap({ device: 'ES256', verified: true });
    expect(outcome.kind === 'online' && outcome.card.sealed.length).toBeLessThanOrEqual(999);
  });

  const foreign = generateKeyPairSync('ed25519').privateKey;
  test.each<[string, WalletSpec, object]>([
    ['signed by somebody else', { issuerKey: foreign }, { reason: 'oda-failed', step: 'issuer-certificate' }],
    ['of an unknown issuer', { issuer: 'NOBODY' }, { reason: 'oda-failed', step: 'ca-key' }],
    ['with a spoilt device signature', { spoil: flip(-1) }, { reason: 'oda-failed', step: 'signature' }],
    ['out of date', { expiry: '261120' }, { reason: 'card-expired' }],
    ['of another currency', { currency: '840' }, { reason: 'terminal-declined' }],
  ])('%s is declined', async (_name, spec, expected) => {
    const { outcome, counters } = await tap(spec);
    expect(outcome.kind).toBe('declined');
    if (outcome.kind !== 'declined') return;
    expect({ reason: outcome.reason, step: outcome.card?.oda.step }).toMatchObject(expected);
    expect(counters.size).toBe(0);
  });

  test('on the block list is declined, and its counter is not taken', async () => {
    const { outcome, counters } = await tap({}, { blocked: (token) => token === vault.blockToken(WALLET) });
    expect(outcome).toMatchObject({ kind: 'declined', reason: 'card-blocked' });
    expect(counters.size).toBe(0);
    expect((await tap({}, { blocked: (token) => token === vault.token(WALLET) })).outcome.kind).toBe('online');
  });

  test('is good on its last day', async () => {
    expect((await tap({ expiry: request.date })).outcome.kind).toBe('online');
  });

  test('pays exactly its ceiling and not a cent more', async () => {
    expect((await tap({ ceilingMinor: 1280 })).outcome.kind).toBe('online');
    expect((await tap({ ceilingMinor: 1279 })).outcome).toMatchObject({
      kind: 'refused',
      reason: 'amount-above-limit',
    });
  });

  test('must have verified its owner from the limit on', async () => {
    expect((await tap({}, { minor: 100_000 })).outcome).toMatchObject({
      kind: 'declined',
      reason: 'terminal-declined',
    });
    expect((await tap({ verified: true }, { minor: 100_000 })).outcome).toMatchObject({
      kind: 'online',
      card: { cvm: 'cdcvm' },
    });
    expect((await tap({}, { minor: 99_999 })).outcome.kind).toBe('online');
  });

  test.each([
    [6, 'online'],
    [7, 'declined'],
    [8, 'declined'],
  ])('whose counter 7 follows %i is %s', async (seen, kind) => {
    const { outcome, counters } = await tap({ counter: 7 }, { seen });
    expect(outcome.kind).toBe(kind);
    expect(counters.get(vault.token(WALLET))).toBe(Math.max(7, seen));
    if (outcome.kind === 'declined') expect(outcome.card?.oda).toMatchObject({ result: 'failed', step: 'counter' });
  });

  test.each<[string, WalletSpec, object]>([
    ['answers an old token', { bend: flip(17) }, { kind: 'refused', reason: 'card-data-invalid' }],
    ['answers nonsense', { spoil: (token) => token.slice(0, 40) }, { kind: 'refused', reason: 'card-data-invalid' }],
    [
      'is selected as another one',
      { selectedAs: '9900000000000033' },
      { kind: 'refused', reason: 'card-data-invalid' },
    ],
    ['wants to be unlocked', { payStatus: '6986' }, { kind: 'tap-again', reason: 'see-phone' }],
    ['does not want to', { payStatus: '6985' }, { kind: 'declined', reason: 'card-declined' }],
    ['is blocked', { selectStatus: '6283' }, { kind: 'refused', reason: 'application-blocked' }],
    ['does not understand', { payStatus: '6D00' }, { kind: 'refused', reason: 'card-data-invalid' }],
    ['is not there', { selectStatus: '6A82' }, { kind: 'refused', reason: 'not-a-payment-card' }],
  ])('that %s', async (_name, spec, expected) => {
    const { outcome, counters } = await tap(spec);
    expect(outcome).toMatchObject(expected);
    expect(counters.size).toBe(0);
  });

  test.each([1, 2])('that leaves in exchange %i asks for another tap', async (index) => {
    for (const fault of ['torn', 'timed-out', 'reader-gone'] as const) {
      const card = walletCard({}, (at) => (at === index ? fault : undefined));
      const { outcome, counters } = await tap({}, { card });
      expect(outcome.kind).toBe('tap-again');
      expect(counters.size).toBe(0);
    }
  });
});

test('a token is at most 256 bytes', () => {
  const challenge = bytesOf(vectors.challenges[0]!.challenge);
  expect(makeToken({ device: 'ES256' }, challenge).length).toBe(255);
});
