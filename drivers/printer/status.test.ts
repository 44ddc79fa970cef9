import { expect, it } from 'vitest';
import { answerReader, askStatus, stateOf } from './status.ts';

const idle = { printer: 0x12, cause: 0x12, paper: 0x12 };

it.each([
  [idle, { status: 'ready', paper: 'ok', drawerOpen: false }],
  [
    { ...idle, printer: 0x16 },
    { status: 'ready', paper: 'ok', drawerOpen: true },
  ],
  [
    { ...idle, paper: 0x1e },
    { status: 'ready', paper: 'near-end', drawerOpen: false },
  ],
  [
    { ...idle, printer: 0x1a },
    { status: 'trouble', trouble: 'offline' },
  ],
  [
    { ...idle, printer: 0x1a, cause: 0x16 },
    { status: 'trouble', trouble: 'cover-open' },
  ],
  [
    { ...idle, printer: 0x1a, cause: 0x32 },
    { status: 'trouble', trouble: 'paper-end' },
  ],
  [
    { ...idle, paper: 0x72 },
    { status: 'trouble', trouble: 'paper-end' },
  ],
  [
    { ...idle, cause: 0x52 },
    { status: 'trouble', trouble: 'error' },
  ],
])('reads %j', (bytes, state) => {
  expect(stateOf(bytes)).toMatchObject(state);
});

it('asks by DLE EOT', () => {
  expect([...askStatus('paper')]).toEqual([0x10, 0x04, 4]);
});

it('tells answers from automatic status backs, over any split', () => {
  const bytes = [0x12, 0x10, 0x00, 0x00, 0x0f, 0x00, 0x16, 0x91, 0x0c];
  const wanted = [
    { to: 'real-time', byte: 0x12 },
    { to: 'when-done', byte: 0x00 },
    { to: 'real-time', byte: 0x16 },
    { to: 'when-done', byte: 0x0c },
  ];
  for (let split = 0; split <= bytes.length; split++) {
    const read = answerReader();
    const first = read(Uint8Array.from(bytes.slice(0, split)));
    expect([...first, ...read(Uint8Array.from(bytes.slice(split)))]).toEqual(wanted);
  }
});
