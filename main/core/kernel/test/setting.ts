import { generateKeyPairSync } from 'node:crypto';
import { compactDecrypt } from 'jose';
import { money } from '../../../../contract/money.ts';
import type { Card } from '../../../../drivers/nfc/reader.ts';
import { unhex } from '../bytes.ts';
import { type CardConfig, CardLimits, CardRules } from '../config.ts';
import type { TapContext } from '../context.ts';
import { readCard } from '../kernel.ts';
import type { CardOutcome, CardRequest } from '../outcome.ts';
import { openVault } from '../vault.ts';
import type { CombinedCardSpec } from './combinedcard.ts';
import { caKeyOf, makeKeys, type TestCardSpec } from './testcard.ts';

/** Issuer and ICC keys that need a remainder each, as most real ones do. */
export const keys = makeKeys({ ca: 1152, issuer: 1024, icc: 1024 });
const acquirer = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const { x, y } = acquirer.publicKey.export({ format: 'jwk' });
const sealing = { kid: 'test', jwk: { kty: 'EC', crv: 'P-256', x: x ?? '', y: y ?? '' } } as const;

export const vault = openVault(sealing, new Uint8Array(32).fill(7), new Uint8Array(32).fill(9));

/** What the acquirer reads in a seal. */
export async function opened(sealed: string): Promise<unknown> {
  const { plaintext } = await compactDecrypt(sealed, acquirer.privateKey);
  return JSON.parse(new TextDecoder().decode(plaintext));
}

export const config: CardConfig = {
  cards: CardRules.parse({
    country: '156',
    ttq: '36004080',
    applications: [
      { aid: 'A000000333010101', kernel: 7, scheme: 'unionpay' },
      { aid: 'A000000333010102', kernel: 7, scheme: 'unionpay' },
      { aid: 'A0000000031010', kernel: 3, scheme: 'visa' },
      { aid: 'A0000000041010', kernel: 2, scheme: 'mastercard' },
    ],
    caKeys: [caKeyOf(keys, 'A000000333'), caKeyOf(keys, 'A000000003'), caKeyOf(keys, 'A000000004')],
  }),
  limits: CardLimits.parse({ maxMinor: 5_000_000, contactlessMinor: 500_000, cvmMinor: 100_000 }),
};

/** Published UnionPay test card (binaryfoo/emv-bertlv contact-upi-in) and Visa test card (openemv/emv-utils). */
export const UNIONPAY_PAN = '6210948000000011';
export const VISA_PAN = '4761739001010119';

export const unionpay: TestCardSpec = {
  keys,
  aid: 'A000000333010101',
  pan: UNIONPAY_PAN,
  expiry: '3012',
  cid: '80',
  ctq: '0000',
};

export const visa: TestCardSpec = { ...unionpay, aid: 'A0000000031010', pan: VISA_PAN };

/** Published Mastercard test card (binaryfoo/emv-bertlv contactless-mastercard-in). */
export const MASTERCARD_PAN = '5413330089600044';

export const mastercard: CombinedCardSpec = {
  keys,
  aid: 'A0000000041010',
  pan: MASTERCARD_PAN,
  expiry: '3012',
  gives: 'ARQC',
};

/** The settings with a floor limit for Mastercard, so that small payments may be approved offline. */
export const withFloor: CardConfig = {
  ...config,
  cards: {
    ...config.cards,
    applications: config.cards.applications.map((each) =>
      each.kernel === 2 ? { ...each, limits: { floorMinor: 5_000 } } : each,
    ),
  },
};

export const request: CardRequest = {
  amount: money(1280, 'CNY'),
  transactionType: '00',
  date: '261121',
  time: '205500',
  unpredictableNumber: unhex('01020304'),
  sequence: 42,
};

export function testClock() {
  let now = 1_000;
  return {
    monotonic: () => now,
    advance(ms: number) {
      now += ms;
    },
  };
}

/** One tap with the settings above; `gone` counts how often the customer was told to take the card away. */
export async function tap(
  card: Card,
  changes: {
    request?: Partial<CardRequest>;
    config?: CardConfig;
    clock?: { monotonic(): number };
    context?: TapContext;
  } = {},
): Promise<{ outcome: CardOutcome; gone: number }> {
  let gone = 0;
  const outcome = await readCard(
    card,
    { ...request, ...changes.request },
    changes.config ?? config,
    vault,
    changes.clock ?? testClock(),
    () => {
      gone += 1;
    },
    undefined,
    changes.context,
  );
  return { outcome, gone };
}
