import { randomBytes } from 'node:crypto';
import { performance } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { money } from '../../../contract/money.ts';
import { openManualClock } from '../test/clock.ts';
import { openNetwork } from '../world/network.ts';
import { type Hosts, openHosts } from './hosts.ts';
import { openIsoLink } from './iso8583.ts';
import type { AcquirerLink, BankRequest } from './link.ts';
import { AcquirerProfile } from './profile.ts';
import { type Authority, makeAuthority, type Pair } from './test/certificates.ts';
import { type Host, isEcho, startHost } from './test/host.ts';
import { profileContent } from './test/profile.ts';

const clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  sleep: (ms: number, signal?: AbortSignal) => delay(ms, undefined, { signal }).catch(() => undefined),
};

describe('which host', () => {
  const place = { host: 'a', port: 1 };
  const time = openManualClock();
  const fail = (hosts: Hosts, times: number): void => {
    for (let n = 0; n < times; n++) hosts.failed();
  };

  test('stays the only one where there is no backup', () => {
    const hosts = openHosts(place, time);
    fail(hosts, 100);
    expect(hosts).toMatchObject({ which: 'primary', current: place });
    expect(hosts.due()).toBeUndefined();
  });

  test('is the backup after the profile’s number of failures in a row, and the primary after as many', () => {
    const hosts = openHosts({ ...place, backup: { host: 'b', port: 2, afterFailures: 2 } }, time);
    expect([hosts.failed(), hosts.which]).toEqual([false, 'primary']);
    hosts.reached('primary');
    expect([hosts.failed(), hosts.which]).toEqual([false, 'primary']);
    expect([hosts.failed(), hosts.which]).toEqual([true, 'backup']);
    expect(hosts.current).toEqual({ host: 'b', port: 2 });
    fail(hosts, 2);
    expect(hosts.which).toBe('primary');
  });

  test('is due to be the primary again after its time, and not at once after a vain attempt', async () => {
    const hosts = openHosts({ ...place, backup: { host: 'b', port: 2, returnMs: 1000 } }, time);
    fail(hosts, 3);
    await time.advance(999);
    expect(hosts.due()).toBeUndefined();
    await time.advance(1);
    expect(hosts.due()).toEqual(place);
    hosts.notYet();
    expect(hosts.due()).toBeUndefined();
    await time.advance(1000);
    hosts.reached('primary');
    expect([hosts.which, hosts.due()]).toEqual(['primary', undefined]);
  });
});

describe('two hosts on real sockets', () => {
  let authority: Authority;
  let client: Pair;
  let primary: Host;
  let backup: Host;
  let profile: AcquirerProfile;
  let link: AcquirerLink;

  beforeAll(async () => {
    authority = await makeAuthority('Bank CA');
    client = await authority.issue('T0000001', 'client');
  });

  beforeEach(async () => {
    profile = AcquirerProfile.parse(profileContent({ ca: authority.cert, client }));
    const master = Buffer.from(profile.masterKey ?? '', 'hex');
    primary = await startHost(authority, master);
    backup = await startHost(authority, master);
  });

  afterEach(async () => {
    await link.close();
    primary.close();
    backup.close();
  });

  function open(firstPort = primary.port): void {
    const timers = { ...profile.timers, echoMs: 20, responseMs: 1000 };
    const second = { host: '127.0.0.1', port: backup.port, afterFailures: 2, returnMs: 150 };
    const world = { clock, network: openNetwork(), random: (length: number) => randomBytes(length) };
    link = openIsoLink(world, { ...profile, port: firstPort, timers, backup: second });
    link.start();
  }

  const pay = (stan: number): BankRequest => ({
    type: 'purchase',
    trace: { stan, rrn: String(stan).padStart(12, '0'), at: 1_795_294_500_000, batch: 1, attempt: 0 },
    amount: money(1280, 'CNY'),
    presented: { kind: 'code', scheme: 'alipay', code: '28763443825664394' },
  });
  const stans = (host: Host) => host.requests.filter((one) => !isEcho(one)).map(({ fields }) => Number(fields.get(11)));

  test('the backup is used when the primary refuses, and the primary again when it is back', async () => {
    const port = primary.port;
    primary.close();
    open(port);
    await expect.poll(() => link.state, { timeout: 5000 }).toMatchObject({ status: 'online', backup: true });
    expect(await link.exchange(pay(1))).toMatchObject({ kind: 'approved' });
    expect(stans(backup)).toEqual([1]);
  });

  test('a primary that does not sign us on counts as out of reach; once it does, it is used again', async () => {
    primary.signOn = (turn) => turn.answer({ 39: '91', 62: undefined });
    open();
    await expect.poll(() => link.state, { timeout: 5000 }).toMatchObject({ status: 'online', backup: true });
    await delay(300);
    expect(link.state).toMatchObject({ status: 'online', backup: true });
    primary.signOn = (turn) => turn.answer();
    await expect.poll(() => 'backup' in link.state, { timeout: 5000 }).toBe(false);
    expect(link.state.status).toBe('online');
    expect(await link.exchange(pay(2))).toMatchObject({ kind: 'approved' });
    expect([stans(primary), stans(backup)]).toEqual([[2], []]);
  });

  test('a message under way at the change is waited for where it is, and sent to one host only', async () => {
    primary.signOn = (turn) => turn.answer({ 39: '91', 62: undefined });
    open();
    await expect.poll(() => link.state, { timeout: 5000 }).toMatchObject({ status: 'online', backup: true });
    let answer = (): void => undefined;
    backup.script = (turn) => {
      if (isEcho(turn.request)) turn.answer();
      else answer = () => turn.answer({ 38: 'BACKUP' });
    };
    const waiting = link.exchange(pay(3));
    primary.signOn = (turn) => turn.answer();
    await expect.poll(() => 'backup' in link.state, { timeout: 5000 }).toBe(false);
    expect(await link.exchange(pay(4))).toMatchObject({ kind: 'approved' });
    answer();
    expect(await waiting).toMatchObject({ kind: 'approved', authCode: 'BACKUP' });
    expect([stans(primary), stans(backup)]).toEqual([[4], [3]]);
    expect(link.state.status).toBe('online');
  });
});
