import { expect, it } from 'vitest';
import { safeEnvironment } from './environment.ts';

it('keeps what the core may know and drops what would change how it runs', () => {
  const env = {
    PATH: '/usr/bin',
    LANG: 'zh_CN.UTF-8',
    PCSCLITE_CSOCK_NAME: '/run/pcscd/pcscd.comm',
    NODE_OPTIONS: '--require ./evil.js',
    NODE_EXTRA_CA_CERTS: 'evil.pem',
    NODE_TLS_REJECT_UNAUTHORIZED: '0',
    ELECTRON_RUN_AS_NODE: '1',
    LD_PRELOAD: 'evil.so',
    SSLKEYLOGFILE: 'keys.txt',
    EMPTY: undefined,
  };
  expect(safeEnvironment(env)).toEqual({
    PATH: '/usr/bin',
    LANG: 'zh_CN.UTF-8',
    PCSCLITE_CSOCK_NAME: '/run/pcscd/pcscd.comm',
  });
});
