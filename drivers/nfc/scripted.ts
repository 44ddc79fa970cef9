import { connect } from 'node:net';
import type { Placed, ScriptedCard } from './fake.ts';

/** A card for tests of readers: `FF10nnnn` answers n bytes of data, `FF20` never answers, `FF30` leaves, else 9000. */
export function testCard(overrides: Partial<ScriptedCard> = {}): ScriptedCard {
  return {
    atr: Uint8Array.of(0x3b, 0x80, 0x80, 0x01, 0x01),
    answer: (command) => {
      const [cla, ins, high = 0, low = 0] = command;
      if (cla !== 0xff) return Uint8Array.of(0x90, 0x00);
      if (ins === 0x10) return Uint8Array.of(...new Uint8Array(high * 256 + low).fill(0xa5), 0x90, 0x00);
      if (ins === 0x20) return new Promise(() => undefined);
      return undefined;
    },
    ...overrides,
  };
}

/** Puts a scripted card on a reader that speaks the vpcd protocol on 127.0.0.1. */
export async function insert(port: number, card: ScriptedCard): Promise<Placed> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  await new Promise<void>((resolve, reject) => socket.once('connect', resolve).once('error', reject));
  socket.on('error', () => socket.destroy());
  const send = (message: Uint8Array) => {
    const length = Buffer.alloc(2);
    length.writeUInt16BE(message.length);
    socket.write(Buffer.concat([length, message]));
  };
  let received = Buffer.alloc(0);
  socket.on('data', async (chunk) => {
    received = Buffer.concat([received, chunk]);
    while (received.length >= 2 && received.length >= 2 + received.readUInt16BE(0)) {
      const end = 2 + received.readUInt16BE(0);
      const message = Uint8Array.from(received.subarray(2, end));
      received = received.subarray(end);
      if (message.length > 1) {
        const answer = await card.answer(message);
        if (answer) send(answer);
        else socket.destroy();
      } else if (message[0] === 4) send(card.atr);
    }
  });
  return { remove: () => socket.destroy() };
}
