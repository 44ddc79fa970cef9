import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { money } from '../../../contract/money.ts';
import { openNetwork } from '../world/network.ts';
import { realClock } from '../world/real.ts';
import type { Network } from '../world/world.ts';
import type { AcquirerLink, BankAnswer, BankRequest } from './link.ts';
import { openLink } from './open.ts';
import { AcquirerProfile } from './profile.ts';
import { Session } from './session.ts';
import { makeAuthority } from './test/certificates.ts';
import { type Host, startHost } from './test/host.ts';
import { profileContent } from './test/profile.ts';
import { LinkError, Witness } from './witness.ts';

function purchase(stan = 1, attempt = 0): BankRequest {
  const trace = { stan, rrn: String(stan).padStart(12, '0'), at: 1_795_294_500_000, batch: 1, attempt };
  const presented = { kind: 'code', scheme: 'alipay', code: '28763443825664394' } as const;
  return { type: 'purchase', trace, amount: money(1_280, 'CNY'), presented };
}

const notSent: BankAnswer = { kind: 'not-sent', detail: 'so it says' };

describe('a link over ISO 8583', () => {
  let host: Host;
  let link: AcquirerLink;

  beforeEach(async () => {
    const authority = await makeAuthority('Bank CA');
    const client = await authority.issue('T0000001', 'client');
    const profile = AcquirerProfile.parse(profileContent({ ca: authority.cert, client }));
    host = await startHost(authority, Buffer.from(profile.masterKey ?? '', 'hex'));
    const world = { clock: realClock(), network: openNetwork(), random: (length: number) => randomBytes(length) };
    link = openLink(world, { ...profile, port: host.port }, 'Asia/Shanghai');
    link.start();
    await expect.poll(() => link.state.status, { timeout: 10_000 }).toBe('online');
  });

  afterEach(async () => {
    vi.restoreAllMocks();
    await link.close();
    host.close();
  });

  test('that takes for not sent what was handed to the line is stopped (I7)', async () => {
    expect(await link.exchange(purchase())).toMatchObject({ kind: 'approved' });
    const ask = Session.prototype.ask;
    vi.spyOn(Session.prototype, 'ask').mockImplementation(async function (this: Session, ...given) {
      await ask.apply(this, given);
      return { kind: 'not-sent', detail: 'so it says' };
    });
    await expect(link.exchange(purchase(2))).rejects.toThrow(LinkError);
    await expect(link.exchange(purchase(3))).rejects.toThrow('000000000003 was handed to the line');
  });

  test('that handed over nothing may say so', async () => {
    vi.spyOn(Session.prototype, 'ask').mockResolvedValue({ kind: 'not-sent', detail: 'the line is closed' });
    expect(await link.exchange(purchase())).toMatchObject({ kind: 'not-sent' });
  });
});

describe('a link over HTTPS', () => {
  const witness = new Witness();
  const silent: Network = {
    connect: async () => ({
      ok: true,
      line: { send: () => true, onBytes: () => undefined, onClose: () => undefined, close: () => undefined },
    }),
  };
  const network = witness.over(silent);
  const post = (key: string, body: string): Buffer =>
    Buffer.from(`POST /v1/purchases HTTP/1.1\r\nIdempotency-Key: ${key}\r\nContent-Length: 9\r\n\r\n${body}`);

  async function send(bytes: Uint8Array): Promise<void> {
    const connected = await network.connect({ host: 'bank.test', port: 1 }, 100);
    if (connected.ok) connected.line.send(bytes);
  }

  test('is known by the key of its message, whatever else is under way', async () => {
    const sent = witness.exchange(purchase(7), async () => {
      await send(post('T0000001-purchase-000000000007', '{"a":1}'));
      return notSent;
    });
    const beside = witness.exchange(purchase(8), async () => {
      await send(Buffer.from('GET /v1/echo HTTP/1.1\r\n\r\n'));
      return notSent;
    });
    await expect(sent).rejects.toThrow(LinkError);
    expect(await beside).toBe(notSent);
  });

  test('sends no other body under a key that has left before (R9)', async () => {
    await send(post('T0000001-purchase-000000000009', '{"attempt":0}'));
    await send(post('T0000001-purchase-000000000009', '{"attempt":0}'));
    await send(post('T0000001-refund-000000000009', '{"attempt":1}'));
    await expect(send(post('T0000001-purchase-000000000009', '{"attempt":1}'))).rejects.toThrow('another body');
  });
});
