import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { canonical } from '../../store/canonical.ts';
import type { Pair } from './certificates.ts';

/** Content of a profile as docs/bank-link.md shows it, with short timers. Plain JSON: tests bend it. */
export function profileContent(tls: { readonly ca: string; readonly client: Pair }): Record<string, unknown> {
  const sealing = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ format: 'jwk' });
  return {
    version: 1,
    id: 'virtual-bank',
    name: 'Virtual Bank',
    link: 'iso8583',
    virtual: true,
    host: '127.0.0.1',
    port: 8583,
    tls: { ca: tls.ca, ...tls.client, serverName: 'acquirer.test' },
    terminalId: 'T0000001',
    merchantId: 'M00000000000001',
    nii: '003',
    masterKey: '000102030405060708090a0b0c0d0e0f',
    sealing: { kid: 'seal-1', jwk: { kty: sealing.kty, crv: sealing.crv, x: sealing.x, y: sealing.y } },
    timers: {
      connectMs: 1000,
      responseMs: 5000,
      echoMs: 30000,
      reconnectMs: [10, 20],
      repeatMs: [0, 1000],
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
      schemes: ['unionpay', 'visa'],
    },
    limits: { maxMinor: 5000000, contactlessMinor: 5000000, cvmMinor: 100000 },
    wallets: [{ scheme: 'alipay', pattern: '^(2[5-9]|30)\\d{14,22}$' }],
    hold: { percent: 100, days: 7 },
    walletTimers: { firstQueryMs: 3000, queryMs: 3000, giveUpMs: 30000 },
    cards: {
      country: '156',
      ttq: '36004080',
      applications: [{ aid: 'A000000333010101', kernel: 7, scheme: 'unionpay' }],
      caKeys: [],
    },
  };
}

/** Signs profile content as docs/bank-link.md says and gives the file's bytes. */
export function signProfile(content: Record<string, unknown>, key: KeyObject): Uint8Array {
  const signature = sign(null, Buffer.from(canonical(content) ?? '', 'utf8'), key).toString('base64url');
  const { kty, crv, x } = key.export({ format: 'jwk' });
  return Buffer.from(JSON.stringify({ profile: content, signer: { kty, crv, x }, signature }), 'utf8');
}
