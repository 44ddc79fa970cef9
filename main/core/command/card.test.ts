import { expect, test } from 'vitest';
import type { Read } from '../devices/test.ts';
import { tap, VISA_PAN, visa } from '../kernel/test/setting.ts';
import { type TestCardSpec, testCard } from '../kernel/test/testcard.ts';
import { cardBody } from './card.ts';

async function readOf(spec: TestCardSpec): Promise<Read['outcome']> {
  const { outcome } = await tap(testCard(spec));
  if (outcome.kind === 'choose') throw new Error('no question was expected');
  return outcome;
}

test('card read tells application, kernel, authentication, verification, decision, every data object and every time', async () => {
  const outcome = await readOf(visa);
  const { body, exit } = cardBody({ outcome, choices: [] });
  expect(exit).toBe(0);
  expect(body).toMatchObject({
    card: {
      aid: 'A0000000031010',
      label: 'Test Debit',
      kernel: 3,
      maskedPan: '476173******0119',
      expiry: '3012',
      oda: { method: 'fdda', result: 'passed' },
      cvm: 'none',
      cryptogram: { type: 'ARQC', value: expect.stringMatching(/^[0-9A-F]{16}$/), atc: expect.any(Number) },
      decision: 'online',
      reason: null,
      tags: expect.arrayContaining([
        expect.objectContaining({
          tag: '5A',
          name: expect.any(String),
          value: '476173******0119',
          from: expect.stringMatching(/^READ RECORD/),
        }),
        expect.objectContaining({ tag: '50', text: 'Test Debit', from: 'SELECT' }),
        expect.objectContaining({ tag: '9F26', from: 'GPO' }),
      ]),
      timing: { exchanges: expect.any(Array), cardMs: expect.any(Number), ownMs: expect.any(Number) },
    },
  });
  const { card } = body as {
    card: { tags: { name: string; from: string }[]; timing: { exchanges: { command: string }[] } };
  };
  const commands = card.timing.exchanges.map(({ command }) => command);
  for (const { name, from } of card.tags) {
    expect(commands).toContain(from);
    expect(name).not.toBe('');
  }
  expect(JSON.stringify(body)).not.toContain(VISA_PAN);
  expect(body).not.toHaveProperty('card.sealed');
});

test('a failure of authentication, of the decision and of the card itself have their words', async () => {
  const failed = await readOf({ ...visa, cid: '00' });
  expect(cardBody({ outcome: failed, choices: [] }).body).toMatchObject({
    card: { decision: 'declined', reason: 'card-declined' },
  });
  const refused = { kind: 'refused', reason: 'not-a-payment-card', detail: 'a storage card' } as const;
  expect(cardBody({ outcome: refused, choices: [] })).toMatchObject({
    body: { error: { code: 'not-a-payment-card' } },
    exit: 1,
  });
  const choices = [{ aid: 'A000000333010101', label: 'DEBIT' }];
  const read = await readOf(visa);
  expect(cardBody({ outcome: read, choices }).body).toMatchObject({ card: { choices } });
  const tag = { kind: 'tag', type: 'type-2', records: [{ kind: 'member', id: 'M-0012' }] } as const;
  expect(cardBody({ outcome: tag, choices: [] }).body).toEqual({ tag: { type: 'type-2', records: tag.records } });
});
