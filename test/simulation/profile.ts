import type { AcquirerProfile } from '../../main/core/bank/profile.ts';
import { CardRules } from '../../main/core/kernel/config.ts';

/** The rules of the simulated acquirer. Nothing of it reaches a socket, so addresses and certificates are empty. */
export const profile: AcquirerProfile = {
  version: 1,
  id: 'simulated-bank',
  name: 'Simulated Bank',
  link: 'iso8583',
  virtual: true,
  host: 'bank.test',
  port: 1,
  tls: { ca: '', cert: '', key: '', serverName: 'bank.test' },
  terminalId: 'T0000001',
  merchantId: 'M00000000000001',
  nii: '003',
  masterKey: '000102030405060708090a0b0c0d0e0f',
  sealing: {
    kid: 'seal-1',
    jwk: {
      kty: 'EC',
      crv: 'P-256',
      x: 'Fj9J0IdO3cSMEKCFn527yB7UMRp0UYvY0U1130AZRJw',
      y: 'boK2LzaS9AyZk1-jzmBphss4QHO-3AmVdWPSYOrrWnY',
    },
  },
  timers: {
    connectMs: 3_000,
    responseMs: 8_000,
    echoMs: 30_000,
    reconnectMs: [200, 500, 1_000, 2_000, 5_000],
    repeatMs: [0, 1_000, 2_000, 5_000, 15_000, 60_000],
    messageLifetimeMs: 120_000,
  },
  offline: {
    enabled: true,
    hours: 2,
    singleMinor: 5_000,
    totalMinor: 7_000,
    count: 3,
    oncePerCard: true,
    currency: 'CNY',
    schemes: ['unionpay', 'visa'],
  },
  limits: { maxMinor: 5_000_000, contactlessMinor: 5_000_000, cvmMinor: 100_000 },
  wallets: [{ scheme: 'alipay', pattern: '^(2[5-9]|30)\\d{14,22}$' }],
  hold: { percent: 100, days: 7 },
  walletTimers: { firstQueryMs: 3_000, queryMs: 3_000, giveUpMs: 30_000 },
  cards: CardRules.parse({
    country: '156',
    ttq: '36004080',
    applications: [{ aid: 'A000000333010101', kernel: 7, scheme: 'unionpay' }],
    caKeys: [],
  }),
};
