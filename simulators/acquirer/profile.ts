import { createPrivateKey, sign } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { type Identity, SERVER_NAME } from './identity.ts';

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

const hex = z.string().regex(/^([0-9A-Fa-f]{2})+$/);
const CaKey = z
  .object({ rid: hex, index: hex, modulus: hex, exponent: hex, sha1: hex, expires: z.iso.date().optional() })
  .readonly();
/** A certification authority's key as cards are verified with it: upper-case hex. */
export type CaKey = z.infer<typeof CaKey>;

/** Reads a file of CA keys, a JSON array. Throws when it is none. */
export function readCaKeys(file: string): CaKey[] {
  return z.array(CaKey).parse(JSON.parse(readFileSync(file, 'utf8')));
}

const WalletIssuer = z.object({
  id: z.string(),
  alg: z.enum(['EdDSA', 'ES256']),
  jwk: z.record(z.string(), z.string()),
});
export type WalletIssuer = Readonly<z.infer<typeof WalletIssuer>>;

/** The bank's own wallet on the card reader: its AID and who may issue it (docs/wallet-token.md). */
export interface ClosedLoop {
  readonly aid: string;
  readonly issuers: readonly WalletIssuer[];
}

const ClosedLoopFile = z.object({ aid: hex, issuers: z.array(WalletIssuer) });

/** Reads a file with AID and issuers of closed-loop wallets. Throws when it is none. */
export function readClosedLoop(file: string): ClosedLoop {
  return ClosedLoopFile.parse(JSON.parse(readFileSync(file, 'utf8')));
}

/** Reads what is to be laid over the bank's terms, a JSON object. Throws when it is none. */
export function readTerms(file: string): Json {
  return z.record(z.string(), z.json()).parse(JSON.parse(readFileSync(file, 'utf8')));
}

/** Id of the n-th terminal of the bank's merchant, from 1. */
export function terminalId(n: number): string {
  return `T${String(n).padStart(7, '0')}`;
}

export const MERCHANT_ID = 'M00000000000001';

/** Wallets whose codes the bank takes, with the form of a code (docs/bank-link.md). */
export const wallets = [
  { scheme: 'alipay', pattern: '^(2[5-9]|30)\\d{14,22}$' },
  { scheme: 'wechat', pattern: '^1[0-5]\\d{16}$' },
  { scheme: 'unionpay-code', pattern: '^62\\d{17}$' },
  { scheme: 'e-cny', pattern: '^01\\d{17}$' },
] as const;

/** Whatever the scheme, the bank keeps the same of a payment. */
const schemes = ['unionpay', 'visa', 'mastercard', 'jcb', 'wallet', ...wallets.map(({ scheme }) => scheme)];

function isObject(value: Json | undefined): value is { readonly [key: string]: Json } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Canonical JSON: keys sorted, no white space. */
export function canonical(value: Json): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (!isObject(value)) return JSON.stringify(value);
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, item]) => `${JSON.stringify(key)}:${canonical(item)}`).join(',')}}`;
}

/** `over` laid over `base`, member by member. */
export function merged(base: Json | undefined, over: Json): Json {
  if (!isObject(base) || !isObject(over)) return over;
  const changed = Object.entries(over).map(([key, value]) => [key, merged(base[key], value)]);
  return { ...base, ...Object.fromEntries(changed) };
}

/** A member that is laid over as null is left out. */
function withoutNulls(profile: Json): Json {
  if (!isObject(profile)) return profile;
  return Object.fromEntries(Object.entries(profile).filter(([, value]) => value !== null));
}

function terms(identity: Identity, caKeys: readonly CaKey[], closedLoop: ClosedLoop | undefined): Json {
  const { kty, crv, x, y } = identity.sealing.jwk;
  return {
    version: 1,
    id: 'virtual-bank',
    name: 'Virtual Bank',
    link: 'iso8583',
    hostZone: 'UTC',
    virtual: true,
    host: '127.0.0.1',
    port: identity.port,
    tls: { ca: identity.ca, cert: identity.client.cert, key: identity.client.key, serverName: SERVER_NAME },
    terminalId: terminalId(1),
    merchantId: MERCHANT_ID,
    nii: '003',
    masterKey: identity.masterKey,
    sealing: { kid: identity.sealing.kid, jwk: { kty: kty ?? '', crv: crv ?? '', x: x ?? '', y: y ?? '' } },
    timers: {
      connectMs: 3000,
      responseMs: 8000,
      echoMs: 30000,
      reconnectMs: [200, 500, 1000, 2000, 5000],
      repeatMs: [0, 1000, 2000, 5000, 15000, 60000, 300000],
      messageLifetimeMs: 120000,
    },
    offline: {
      enabled: true,
      hours: 24,
      singleMinor: 5000,
      totalMinor: 100000,
      count: 50,
      oncePerCard: true,
      currency: 'CNY',
      schemes: ['unionpay', 'visa', 'mastercard', 'wallet'],
    },
    limits: { maxMinor: 5000000, contactlessMinor: 5000000, cvmMinor: 100000 },
    wallets: wallets.map((wallet) => ({ ...wallet })),
    partialApproval: true,
    shown: {
      scheme: 'unionpay-code',
      validMs: 60000,
      account: { id: '26', guid: 'cn.countertap', merchant: MERCHANT_ID },
      category: '5411',
      country: 'CN',
      name: 'COUNTERTAP STORE',
      city: 'SHANGHAI',
    },
    hold: { percent: 100, days: 7 },
    walletTimers: { firstQueryMs: 3000, queryMs: 3000, giveUpMs: 30000 },
    fees: schemes.map((scheme) => ({ scheme, basisPoints: 38, minMinor: 1 })),
    settlement: { zone: 'Asia/Shanghai', cutOff: '24:00' },
    cards: {
      country: '156',
      ttq: '36004080',
      applications: [
        { aid: 'A000000333010101', kernel: 7, scheme: 'unionpay' },
        { aid: 'A000000333010102', kernel: 7, scheme: 'unionpay' },
        { aid: 'A000000333010103', kernel: 7, scheme: 'unionpay' },
        { aid: 'A0000000031010', kernel: 3, scheme: 'visa' },
        { aid: 'A0000000041010', kernel: 2, scheme: 'mastercard' },
      ],
      caKeys: caKeys.map(({ rid, index, modulus, exponent, sha1, expires }) => ({
        rid,
        index,
        modulus,
        exponent,
        sha1,
        ...(expires === undefined ? {} : { expires }),
      })),
    },
    // The first digits of the simulated cards: plain readers may read no other card of a scheme.
    readers: { testCards: ['621094', '476173', '541333'] },
    ...(closedLoop === undefined ? {} : { closedLoop: { ...closedLoop, label: 'Bank Wallet' } }),
  };
}

/** The signed profile that terminals load, as text. `over` is laid over the bank's own terms before they are signed. */
export function profileText(
  identity: Identity,
  cards: { readonly caKeys: readonly CaKey[]; readonly closedLoop?: ClosedLoop },
  over: Json = {},
): string {
  const profile = withoutNulls(merged(terms(identity, cards.caKeys, cards.closedLoop), over));
  const { kty, crv, x } = identity.signing;
  const key = createPrivateKey({ key: { ...identity.signing }, format: 'jwk' });
  const signature = sign(null, Buffer.from(canonical(profile), 'utf8'), key).toString('base64url');
  return `${JSON.stringify({ profile, signer: { kty, crv, x }, signature }, null, 2)}\n`;
}
