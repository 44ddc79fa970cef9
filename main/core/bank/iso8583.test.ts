import { randomBytes } from 'node:crypto';
import { performance } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { money } from '../../../contract/money.ts';
import { openNetwork } from '../world/network.ts';
import type { Clock, Line, Network } from '../world/world.ts';
import { totalsText } from './dialects/countertap.ts';
import { DIALECTS } from './dialects/named.ts';
import { frame } from './frame.ts';
import { openIsoLink } from './iso8583.ts';
import { type AcquirerLink, alarmed, type BankRequest, type LinkState } from './link.ts';
import { openCmac } from './mac.ts';
import { AcquirerProfile } from './profile.ts';
import { type Authority, makeAuthority, type Pair } from './test/certificates.ts';
import { type Host, isEcho, startHost, unsigned } from './test/host.ts';
import { profileContent } from './test/profile.ts';

const clock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  sleep: (ms, signal) => delay(ms, undefined, { signal }).catch(() => undefined),
};
const network = openNetwork();
const otherKey = openCmac(new Uint8Array(16).fill(9));

describe.each(DIALECTS)('the dialect %s', (dialect) => {
  let authority: Authority;
  let stranger: Authority;
  let client: Pair;
  let profile: AcquirerProfile;
  let host: Host;
  let link: AcquirerLink;

  beforeAll(async () => {
    authority = await makeAuthority('Bank CA');
    stranger = await makeAuthority('Other CA');
    client = await authority.issue('T0000001', 'client');
  });

  beforeEach(async () => {
    profile = AcquirerProfile.parse({ ...profileContent({ ca: authority.cert, client }), dialect });
    host = await startHost(authority, master(), dialect);
    link = open();
  });

  const master = (): Uint8Array => Buffer.from(profile.masterKey ?? '', 'hex');

  afterEach(async () => {
    await link.close();
    host.close();
  });

  function open(change: Partial<AcquirerProfile> = {}, through: Network = network): AcquirerLink {
    const world = { clock, network: through, random: (length: number) => randomBytes(length) };
    return openIsoLink(world, { ...profile, port: host.port, ...change });
  }

  /** Waits until the link's state is as `fits` says. */
  function until(fits: (state: LinkState) => boolean): Promise<LinkState> {
    return new Promise((resolve) => {
      const look = (): void => {
        if (fits(link.state)) resolve(link.state);
      };
      link.onChange(look);
      look();
    });
  }

  const online = (): Promise<LinkState> => until((state) => state.status === 'online');
  const offline = (): Promise<LinkState> => until((state) => state.status === 'offline');

  async function started(): Promise<void> {
    link.start();
    await online();
  }

  function purchase(stan: number, minor = 1280): BankRequest {
    const trace = { stan, rrn: String(stan).padStart(12, '0'), at: 1_795_294_500_000, batch: 1, attempt: 0 };
    const presented = { kind: 'code', scheme: 'alipay', code: '28763443825664394' } as const;
    return { type: 'purchase', trace, amount: money(minor, 'CNY'), presented };
  }

  describe('an exchange', () => {
    beforeEach(started);

    test('approved', async () => {
      host.script = (turn) => turn.answer({ 38: 'A12345' });
      expect(await link.exchange(purchase(1))).toEqual({ kind: 'approved', code: '00', authCode: 'A12345' });
      expect(link.counters).toEqual({ sent: 1, answered: 1, dropped: 0, late: 0 });
    });

    test('declined', async () => {
      host.script = (turn) => turn.answer({ 39: '51' });
      expect(await link.exchange(purchase(1))).toEqual({ kind: 'declined', code: '51' });
    });

    test('not answered: unknown at the deadline, not before, and never sent again', async () => {
      await hurried();
      host.script = () => undefined;
      const from = performance.now();
      expect(await link.exchange(purchase(1))).toMatchObject({ kind: 'no-answer' });
      expect(performance.now() - from).toBeGreaterThanOrEqual(HURRIED - 1);
      await delay(50);
      expect(host.requests.filter(({ mti }) => mti === '0200')).toHaveLength(1);
    });

    test.each<[string, (turn: Parameters<Host['script']>[0]) => void, string]>([
      ['a wrong MAC', (turn) => turn.answer({}, { key: otherKey }), 'MAC'],
      ['another amount', (turn) => turn.answer({ 4: '000000001281' }), 'DE 4'],
      ['another currency', (turn) => turn.answer({ 49: '840' }), 'DE 49'],
      ['a foreign STAN', (turn) => turn.answer({ 11: '000099' }), 'answers nothing of ours'],
      ['another terminal', (turn) => turn.answer({ 41: 'T0000002' }), 'DE 41'],
      ['another merchant', (turn) => turn.answer({ 42: 'M00000000000002' }), 'DE 42'],
      ['another batch', (turn) => turn.answer({ 60: '000009' }), 'DE 60'],
      ['another message type', (turn) => turn.answer({}, { mti: '0230' }), 'MTI'],
      ['its own request back', (turn) => turn.answer({}, { mti: '0200' }), 'MTI'],
      ['no response code', (turn) => turn.answer({ 39: undefined }), 'DE 39'],
    ])('answered with %s: dropped, and the right answer still counts', async (_name, wrong, doubt) => {
      await hurried();
      host.script = wrong;
      expect(await link.exchange(purchase(1))).toMatchObject({ kind: 'no-answer' });
      expect(link.counters).toMatchObject({ dropped: 1, answered: 0, lastDropped: doubt });
      host.script = (turn) => {
        if (turn.request.mti === '0200') wrong(turn);
        turn.answer({ 38: 'LATER ' });
      };
      await online();
      expect(await link.exchange(purchase(2))).toEqual({ kind: 'approved', code: '00', authCode: 'LATER' });
      expect(link.counters).toMatchObject({ dropped: 2, answered: 1 });
    });

    test.runIf(dialect === 'countertap')('with a foreign RRN: dropped', async () => {
      host.script = (turn) => {
        turn.answer({ 37: '000000000099' });
        turn.answer();
      };
      expect(await link.exchange(purchase(1))).toMatchObject({ kind: 'approved' });
      expect(link.counters).toMatchObject({ dropped: 1, lastDropped: 'answers nothing of ours' });
    });

    test('three dropped answers raise the alarm', async () => {
      host.script = (turn) => {
        for (let n = 0; n < 3; n++) turn.answer({}, { key: otherKey });
        turn.answer();
      };
      expect(alarmed(link.counters)).toBe(false);
      expect(await link.exchange(purchase(1))).toMatchObject({ kind: 'approved' });
      expect(alarmed(link.counters)).toBe(true);
      expect(link.state.status).toBe('online');
    });

    test('answered twice: the second changes nothing and is told as late', async () => {
      const lates: unknown[] = [];
      link.onLate((late) => lates.push(late));
      host.script = (turn) => {
        turn.answer();
        turn.answer({ 39: '51' });
      };
      expect(await link.exchange(purchase(7))).toEqual({ kind: 'approved', code: '00' });
      await link.echo();
      expect(lates[0]).toEqual({ stan: 7, rrn: '000000000007', code: '51' });
      expect(link.counters).toMatchObject({ answered: 1, dropped: 0 });
    });

    test('answered after the deadline: unknown, and told as late', async () => {
      await hurried();
      const late = new Promise((resolve) => link.onLate(resolve));
      host.script = (turn) => {
        if (isEcho(turn.request)) turn.answer();
        else setTimeout(() => turn.answer(), HURRIED + 50);
      };
      expect(await link.exchange(purchase(3))).toMatchObject({ kind: 'no-answer' });
      expect(await late).toEqual({ stan: 3, rrn: '000000000003', code: '00' });
      expect(link.counters).toEqual({ sent: 1, answered: 0, dropped: 0, late: 1 });
      expect(link.state.status).toBe('online');
    });

    test('that comes in time by the timers but late by the clock (the computer slept) is late', async () => {
      let slept = 0;
      const sleepy: Clock = {
        ...clock,
        monotonic: () => clock.monotonic() + slept,
        sleep: (_ms, signal) => clock.sleep(60_000, signal),
      };
      await link.close();
      link = openIsoLink({ clock: sleepy, network, random: randomBytes }, { ...profile, port: host.port });
      await started();
      const late = new Promise((resolve) => link.onLate(resolve));
      host.script = (turn) => {
        slept = 3_600_000;
        turn.answer();
      };
      expect(await link.exchange(purchase(4))).toMatchObject({ kind: 'no-answer' });
      expect(await late).toMatchObject({ stan: 4, code: '00' });
    });

    test.each<[string, Uint8Array]>([
      ['a field nobody knows', frame(Buffer.from('02104000000000000000', 'hex'))],
      ['a length of zero', Uint8Array.of(0, 0)],
      ['a length of 65,535', Uint8Array.of(0xff, 0xff)],
      ['a page of HTML', Buffer.from('HTTP/1.1 502 Bad Gateway\r\n\r\n<html>')],
    ])(
      'answered with garbage (%s): the line closes, all under way is unknown at once, then it comes back',
      async (_n, bytes) => {
        host.script = (turn) => {
          if (host.requests.length === 2) turn.raw(bytes);
        };
        const from = performance.now();
        const answers = await Promise.all([link.exchange(purchase(1)), link.exchange(purchase(2))]);
        expect(answers.map(({ kind }) => kind)).toEqual(['no-answer', 'no-answer']);
        expect(performance.now() - from).toBeLessThan(1000);
        host.script = (turn) => turn.answer();
        await online();
        expect(await link.exchange(purchase(3))).toMatchObject({ kind: 'approved' });
      },
    );

    test('reset after it was sent: unknown at once, and the line comes back by itself', async () => {
      host.script = (turn) => turn.reset();
      const from = performance.now();
      expect(await link.exchange(purchase(1))).toMatchObject({ kind: 'no-answer' });
      expect(performance.now() - from).toBeLessThan(1000);
      expect(link.state).toMatchObject({ status: 'offline', reason: 'closed' });
      host.script = (turn) => turn.answer();
      await online();
      expect(await link.exchange(purchase(2))).toMatchObject({ kind: 'approved' });
    });

    test('forty at once, answered in reverse order, each get their own', async () => {
      const turns: Parameters<Host['script']>[0][] = [];
      host.script = (turn) => {
        turns.push(turn);
        if (turns.length < 40) return;
        for (const each of turns.reverse()) each.answer({ 38: each.request.fields.get(11) });
      };
      const answers = await Promise.all(Array.from({ length: 40 }, (_, n) => link.exchange(purchase(n + 1, 100 + n))));
      expect(answers).toEqual(
        Array.from({ length: 40 }, (_, n) => ({
          kind: 'approved',
          code: '00',
          authCode: String(n + 1).padStart(6, '0'),
        })),
      );
    });

    test('the same message while it is under way is not sent', async () => {
      let release = (): void => undefined;
      host.script = (turn) => {
        release = () => turn.answer();
      };
      const first = link.exchange(purchase(1));
      expect(await link.exchange(purchase(1))).toMatchObject({ kind: 'not-sent' });
      while (host.requests.length === 0) await delay(1);
      release();
      expect(await first).toMatchObject({ kind: 'approved' });
      expect(host.requests).toHaveLength(1);
    });

    test('that cannot be packed is not sent', async () => {
      expect(
        await link.exchange({
          ...purchase(1),
          amount: money(1, 'CNY'),
          presented: { kind: 'code', scheme: 'x', code: '1\n' },
        } as BankRequest),
      ).toMatchObject({ kind: 'not-sent' });
      expect(host.requests).toHaveLength(0);
    });

    test('refused for its MAC is unknown, and the link signs on again', async () => {
      host.script = (turn) => turn.answer({ 39: 'A0' });
      expect(await link.exchange(purchase(1))).toMatchObject({ kind: 'no-answer' });
      await online();
      expect(host.signOns).toBe(2);
    });

    test.runIf(dialect === 'countertap')('of totals gets the totals of the host', async () => {
      const totals = { debitCount: 2, debit: money(300, 'CNY'), creditCount: 0, credit: money(0, 'CNY') };
      const { trace } = purchase(5);
      host.script = (turn) => turn.answer({ 63: turn.request.fields.get(63) });
      expect(await link.exchange({ type: 'reconciliation', trace, totals })).toEqual({
        kind: 'approved',
        code: '00',
        hostTotals: totals,
      });
      const theirs = { ...totals, debitCount: 1, debit: money(100, 'CNY') };
      host.script = (turn) => turn.answer({ 39: '95', 63: totalsText(theirs) });
      expect(await link.exchange({ type: 'reconciliation', trace: { ...trace, stan: 6 }, totals })).toEqual({
        kind: 'declined',
        code: '95',
        hostTotals: theirs,
      });
    });
  });

  const HURRIED = 250;

  /** Starts the link anew with little time for an answer. */
  async function hurried(): Promise<void> {
    await link.close();
    link = open({ timers: { ...profile.timers, responseMs: HURRIED } });
    await started();
  }

  describe('the line', () => {
    test('before start and without a host nothing is sent', async () => {
      expect(await link.exchange(purchase(1))).toMatchObject({ kind: 'not-sent' });
      host.close();
      link.start();
      expect(await offline()).toMatchObject({ reason: 'refused' });
      expect(await link.exchange(purchase(1))).toMatchObject({ kind: 'not-sent' });
      expect(await link.echo()).toBeUndefined();
      expect(link.counters.sent).toBe(0);
    });

    test('to a host whose certificate is of another authority: untrusted-host, and no byte', async () => {
      host.close();
      host = await startHost(stranger, master(), dialect);
      link = open();
      link.start();
      expect(await offline()).toMatchObject({ reason: 'untrusted-host' });
      expect(host.signOns).toBe(0);
    });

    test('to a host of another name: untrusted-host', async () => {
      host.close();
      host = await startHost(authority, master(), dialect, 'other.test');
      link = open();
      link.start();
      expect(await offline()).toMatchObject({ reason: 'untrusted-host' });
    });

    test('with a certificate the host does not know: closed, and why it may be', async () => {
      const unknown = await stranger.issue('T0000001', 'client');
      link = open({ tls: { ...profile.tls, ...unknown } });
      link.start();
      const state = await until((now) => now.status === 'offline' && now.detail.includes('certificate'));
      expect(state).toMatchObject({ reason: 'closed' });
      expect(host.signOns).toBe(0);
    });

    test.each<[string, string, Host['signOn']]>([
      ['refused', 'sign-on-refused', (turn) => turn.answer({ 39: '97', 62: undefined })],
      ['answered with a wrong key block', 'protocol', (turn) => turn.answer({ 62: `01${'00'.repeat(19)}` })],
      ['answered without a key', 'protocol', (turn) => turn.answer({ 62: undefined })],
      ['answered with a wrong MAC', 'timed-out', (turn) => turn.answer({}, { key: otherKey })],
      ['not answered', 'timed-out', () => undefined],
    ])('sign-on %s: offline, %s, tried again', async (_name, reason, signOn) => {
      link = open({ timers: { ...profile.timers, responseMs: HURRIED } });
      host.signOn = signOn;
      link.start();
      expect(await offline()).toMatchObject({ reason });
      expect(await link.exchange(purchase(1))).toMatchObject({ kind: 'not-sent' });
      host.signOn = (turn) => turn.answer();
      await online();
      expect(await link.exchange(purchase(2))).toMatchObject({ kind: 'approved' });
    });

    test.runIf(dialect !== 'countertap').each<[string, string, Host['firstEcho']]>([
      ['not answered', 'timed-out', () => undefined],
      ['answered with a wrong MAC', 'timed-out', (turn) => turn.answer({}, { key: otherKey })],
      ['refused', 'protocol', (turn) => turn.answer({ 39: 'A0' })],
    ])('the first echo %s: never in use, %s, tried again', async (_name, reason, firstEcho) => {
      link = open({ timers: { ...profile.timers, responseMs: HURRIED } });
      host.firstEcho = firstEcho;
      const states: string[] = [];
      const forget = link.onChange(() => states.push(link.state.status));
      link.start();
      expect(await offline()).toMatchObject({ reason });
      expect(await link.exchange(purchase(1))).toMatchObject({ kind: 'not-sent' });
      expect(states).not.toContain('online');
      forget();
      host.firstEcho = (turn) => turn.answer();
      await online();
      expect(await link.exchange(purchase(2))).toMatchObject({ kind: 'approved' });
    });

    test('cut and mended is in use again, with a new key', async () => {
      await started();
      for (let n = 1; n <= 3; n++) {
        host.cut();
        await offline();
        await online();
        expect(await link.exchange(purchase(n))).toMatchObject({ kind: 'approved' });
      }
      expect(host.signOns).toBe(4);
    });

    test('that is idle is echoed', async () => {
      link = open({ timers: { ...profile.timers, echoMs: 30 } });
      await started();
      await delay(200);
      const echoes = host.requests.filter(isEcho);
      expect(echoes.length).toBeGreaterThan(2);
      expect(new Set(echoes.map(({ fields }) => fields.get(11))).size).toBe(echoes.length);
      expect(await link.echo()).toBeGreaterThan(0);
      expect(link.state.status).toBe('online');
    });

    test('on which the host has gone silent is offline after the echo, not for ever online', async () => {
      link = open({ timers: { ...profile.timers, echoMs: 30, responseMs: HURRIED } });
      await started();
      host.script = () => undefined;
      host.signOn = () => undefined;
      expect(await offline()).toMatchObject({ reason: 'timed-out' });
      expect(await link.exchange(purchase(1))).toMatchObject({ kind: 'not-sent' });
    });

    test('that takes no byte leaves the exchange not sent', async () => {
      let deaf = false;
      const through: Network = {
        async connect(target, timeoutMs) {
          const connected = await network.connect(target, timeoutMs);
          if (!connected.ok) return connected;
          const { line } = connected;
          return { ok: true, line: { ...bound(line), send: (bytes) => !deaf && line.send(bytes) } };
        },
      };
      link = open({}, through);
      await started();
      deaf = true;
      expect(await link.exchange(purchase(1))).toEqual({ kind: 'not-sent', detail: 'the line is closed' });
      expect(host.requests).toHaveLength(0);
    });

    test('closed by us: under way is unknown, the rest is not sent, and it stays closed', async () => {
      await started();
      host.script = () => undefined;
      const under = link.exchange(purchase(1));
      await delay(20);
      await link.close();
      expect(await under).toMatchObject({ kind: 'no-answer' });
      expect(await link.exchange(purchase(2))).toMatchObject({ kind: 'not-sent' });
      link.start();
      await delay(60);
      expect(link.state).toMatchObject({ status: 'offline', reason: 'stopped' });
      expect(host.signOns).toBe(1);
    });

    test('comes back in growing steps with jitter', async () => {
      host.close();
      const waits: number[] = [];
      const still: Clock = {
        ...clock,
        sleep: (ms, signal) => {
          waits.push(ms);
          return clock.sleep(waits.length > 6 ? 10_000 : 0, signal);
        },
      };
      const timers = { ...profile.timers, reconnectMs: [200, 500, 1000] };
      link = openIsoLink(
        { clock: still, network, random: () => Uint8Array.of(255, 255) },
        { ...profile, port: host.port, timers },
      );
      link.start();
      while (waits.length < 7) await delay(5);
      expect(waits.slice(0, 5)).toEqual([250, 625, 1250, 1250, 1250]);
    });

    test('nearly right but unsigned messages are dropped', async () => {
      await hurried();
      host.script = (turn) => {
        const fields = new Map([...turn.request.fields].filter(([number]) => ![22, 25, 48, 64].includes(number)));
        turn.raw(unsigned({ mti: '0210', fields: fields.set(39, '00') }, dialect));
      };
      expect(await link.exchange(purchase(1))).toMatchObject({ kind: 'no-answer' });
      expect(link.counters).toMatchObject({ dropped: 1 });
    });
  });
});

function bound(line: Line): Line {
  return {
    send: (bytes) => line.send(bytes),
    onBytes: (listener) => line.onBytes(listener),
    onClose: (listener) => line.onClose(listener),
    close: () => line.close(),
  };
}
