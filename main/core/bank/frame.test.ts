import fc from 'fast-check';
import { expect, test } from 'vitest';
import { frame, openDeframer } from './frame.ts';

test('messages cut into any chunks come back whole and in order', () => {
  const message = fc.uint8Array({ minLength: 1, maxLength: 300 });
  fc.assert(
    fc.property(
      fc.array(message, { maxLength: 8 }),
      fc.infiniteStream(fc.integer({ min: 1, max: 50 })),
      (sent, sizes) => {
        const stream = Buffer.concat(sent.map(frame));
        const take = openDeframer();
        const received: string[] = [];
        for (let at = 0; at < stream.length; ) {
          const size = sizes.next().value;
          const result = take(stream.subarray(at, at + size));
          expect(result.broken).toBe(false);
          received.push(...result.messages.map((bytes) => Buffer.from(bytes).toString('hex')));
          at += size;
        }
        expect(received).toEqual(sent.map((bytes) => Buffer.from(bytes).toString('hex')));
      },
    ),
  );
});

test.each([
  ['zero', '0000'],
  ['8,193', '2001'],
  ['65,535', 'ffff00'],
])('a length of %s breaks the line, what came before it counts', (_name, hex) => {
  const result = openDeframer()(Buffer.concat([frame(Buffer.from('0800', 'hex')), Buffer.from(hex, 'hex')]));
  expect(result).toEqual({ messages: [Buffer.from('0800', 'hex')], broken: true });
});

test('a message of 8,192 bytes passes', () => {
  const [message] = openDeframer()(frame(new Uint8Array(8192))).messages;
  expect(message?.length).toBe(8192);
});
