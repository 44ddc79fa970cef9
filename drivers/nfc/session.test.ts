import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Exchange } from './reader.ts';
import { Session } from './session.ts';
import { after } from './timer.ts';

function bytes(hex: string): Uint8Array {
  return Uint8Array.from(Buffer.from(hex, 'hex'));
}

/** A session with a card that gives these answers one after the other, and the commands it was sent. */
function open(answers: readonly (Uint8Array | Promise<Exchange>)[]): {
  session: Session;
  sent: string[];
  ended: () => number;
} {
  const sent: string[] = [];
  let ended = 0;
  const link = {
    atr: bytes('3b80800101'),
    exchange: async (command: Uint8Array): Promise<Exchange> => {
      const answer = answers[sent.length] ?? bytes('9000');
      sent.push(Buffer.from(command).toString('hex'));
      return answer instanceof Uint8Array ? { ok: true, response: answer } : answer;
    },
    end: () => {
      ended += 1;
    },
  };
  return { session: new Session(link, after, () => undefined), sent, ended: () => ended };
}

describe('an exchange', () => {
  it.each([
    ['case 1', '00a40400', '00a4040008'],
    ['case 2', '00b2010c00', '00b2010c08'],
    ['case 3', '00a4040002aabb', '00a4040002aabb08'],
    ['case 4', '00a4040002aabb00', '00a4040002aabb08'],
  ])('corrects Le of %s after 6Cxx', async (_name, command, again) => {
    const { session, sent } = open([bytes('6c08'), bytes('019000')]);
    expect(await session.transmit(bytes(command), 100)).toEqual({ ok: true, response: bytes('019000') });
    expect(sent).toEqual([command, again]);
  });

  it('hands over 6Cxx to a command that has no short form', async () => {
    const extended = `00a40400000003${'aa'.repeat(3)}0000`;
    const { session, sent } = open([bytes('6c08')]);
    expect(await session.transmit(bytes(extended), 100)).toEqual({ ok: true, response: bytes('6c08') });
    expect(sent).toHaveLength(1);
  });

  it('keeps the logical channel in GET RESPONSE and joins what it brings', async () => {
    const { session, sent } = open([bytes('6102'), bytes('aabb6101'), bytes('cc9000')]);
    expect(await session.transmit(bytes('82a40400'), 100)).toEqual({ ok: true, response: bytes('aabbcc9000') });
    expect(sent).toEqual(['82a40400', '02c0000002', '02c0000001']);
  });

  it('refuses more than 64 kB, in one answer or in several', async () => {
    const huge = open([new Uint8Array(65_539)]);
    expect(await huge.session.transmit(bytes('00b2010c00'), 100)).toMatchObject({ ok: false, fault: 'torn' });
    const half = Uint8Array.of(...new Uint8Array(40_000), 0x61, 0x00);
    const several = open([half, half]);
    expect(await several.session.transmit(bytes('00b2010c00'), 100)).toMatchObject({ ok: false, fault: 'torn' });
    const most = open([new Uint8Array(65_538)]);
    expect(await most.session.transmit(bytes('00b2010c00'), 100)).toMatchObject({ ok: true });
  });

  it.each([0, 3, 65_545])('sends no command of %i bytes', async (length) => {
    const { session, sent } = open([]);
    expect((await session.transmit(new Uint8Array(length), 100)).ok).toBe(false);
    expect(sent).toEqual([]);
  });

  it('believes nothing that comes after the deadline', async () => {
    let answer: (exchange: Exchange) => void = () => undefined;
    const { session, sent } = open([new Promise((resolve) => (answer = resolve))]);
    expect(await session.transmit(bytes('00a40400'), 20)).toMatchObject({ fault: 'timed-out' });
    answer({ ok: true, response: bytes('6108') });
    expect(await session.transmit(bytes('00a40400'), 20)).toMatchObject({ fault: 'timed-out' });
    expect(sent).toHaveLength(1);
  });

  it('takes a link that throws for a torn card', async () => {
    const { session } = open([Promise.reject(new Error('broken'))]);
    expect(await session.transmit(bytes('00a40400'), 100)).toMatchObject({ fault: 'torn' });
  });

  it('never rejects and always answers at least two bytes, whatever the card says', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 8 }), async (answers) => {
        const { session, sent } = open(answers);
        const result = await session.transmit(bytes('00b2010c00'), 1_000);
        if (result.ok) expect(result.response.length).toBeGreaterThanOrEqual(2);
        expect(sent.length).toBeLessThanOrEqual(5);
      }),
    );
  });
});

describe('a session', () => {
  it('ends once, however often it is released', async () => {
    const { session, ended } = open([]);
    session.release();
    session.release();
    expect(ended()).toBe(1);
    expect(await session.transmit(bytes('00a40400'), 100)).toMatchObject({ fault: 'torn' });
  });

  it('ends a running exchange when the reader goes', async () => {
    const { session } = open([new Promise(() => undefined)]);
    const running = session.transmit(bytes('00a40400'), 1_000);
    session.break('reader-gone', 'unplugged');
    expect(await running).toMatchObject({ fault: 'reader-gone' });
  });
});
