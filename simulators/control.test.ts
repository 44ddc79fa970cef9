import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { z } from 'zod';
import { type Commands, command, startControl } from './control.ts';

let door: Awaited<ReturnType<typeof startControl>>;
let socket: Socket;
let lines: AsyncIterator<string>;
let release: () => void;

const commands: Commands = {
  double: command(z.strictObject({ n: z.int() }), async ({ n }) => ({ twice: n * 2 })),
  wait: command(z.strictObject({}), async () => {
    await new Promise<void>((resolve) => {
      release = resolve;
    });
    return { done: true };
  }),
  break: command(z.strictObject({}), async () => {
    throw new Error('It broke.');
  }),
};

beforeEach(async () => {
  door = await startControl({ port: 0, commands });
  socket = connect(door.port, '127.0.0.1');
  await once(socket, 'connect');
  lines = createInterface({ input: socket })[Symbol.asyncIterator]();
});

afterEach(async () => {
  socket.destroy();
  await door.close();
});

const say = (text: string) => socket.write(`${text}\n`);
const hear = async () => JSON.parse((await lines.next()).value ?? 'null');

test('a line is answered by a line', async () => {
  say('{"id":7,"do":"double","n":21}');
  expect(await hear()).toEqual({ id: 7, ok: true, twice: 42 });
});

test('a slow command does not hold up a quick one', async () => {
  say('{"id":1,"do":"wait"}\n{"id":2,"do":"double","n":1}');
  expect(await hear()).toMatchObject({ id: 2, ok: true });
  release();
  expect(await hear()).toEqual({ id: 1, ok: true, done: true });
});

test.each([
  ['no JSON', 'hello', null],
  ['no command', '{"id":1}', null],
  ['an unknown command', '{"id":1,"do":"constructor"}', 1],
  ['something that does not fit', '{"id":1,"do":"double","n":"x"}', 1],
  ['something too much', '{"id":1,"do":"double","n":1,"m":2}', 1],
  ['a command that fails', '{"id":1,"do":"break"}', 1],
])('%s is answered by a sentence, and the port goes on', async (_, line, id) => {
  say(line);
  const answer = await hear();
  expect(answer).toMatchObject({ id, ok: false });
  expect(answer.error).toMatch(/^\S[^\n]+$/);
  say('{"id":2,"do":"double","n":1}');
  expect(await hear()).toMatchObject({ id: 2, ok: true });
});

test('a line without an end is cut off', async () => {
  socket.write('x'.repeat(70_000));
  await once(socket, 'close');
});
