import { describe, expect, test } from 'vitest';
import { type IsoMessage, type Layout, pack, unpack } from './codec.ts';
import type { Field } from './fields.ts';
import { layouts } from './layouts/test/all.ts';

/** Inputs for each layout; with nine layouts that makes more than half a million. */
const INPUTS = 60_000;
/** Milliseconds that one input may take at most, on a machine that is busy; a hang would take for ever. */
const LONGEST_MS = 5_000;

/** A cheap generator whose seed tells the whole run (a linear congruential one, Numerical Recipes' constants). */
function seeded(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

function someValue(field: Field, random: (below: number) => number): string {
  const length = field.indicator === 0 ? field.length : random(Math.min(field.length, 24) + 1);
  if (field.format === 'xn') return `C${'7'.repeat(field.length - 1)}`;
  if (field.format === 'b') return 'A5'.repeat(length);
  return String(random(10)).repeat(length);
}

/** Right messages of a layout, to be damaged. */
function samples(layout: Layout, random: (below: number) => number): Uint8Array[] {
  const all = [...layout.fields.values()];
  return Array.from({ length: 64 }, () => {
    const chosen = all.filter(() => random(3) === 0).slice(0, 20);
    const fields = new Map(chosen.map((field): [number, string] => [field.number, someValue(field, random)]));
    const message: IsoMessage = { mti: layout.encodings.mti ? '0200' : '', fields };
    return pack(message, layout);
  });
}

function damaged(clean: Uint8Array, random: (below: number) => number): Uint8Array {
  const bytes = Uint8Array.from(clean);
  for (let flips = 1 + random(3); flips > 0 && bytes.length > 0; flips--) {
    const at = random(2) === 0 ? random(Math.min(bytes.length, 24)) : random(bytes.length);
    bytes[at] = random(2) === 0 ? random(256) : bytes[at]! ^ (1 << random(8));
  }
  const cut = random(5);
  if (cut === 0) return bytes.subarray(0, random(bytes.length + 1));
  return cut === 1 ? Buffer.concat([bytes, Uint8Array.of(random(256))]) : bytes;
}

describe.each(layouts)('%s', (name, layout) => {
  test(`${INPUTS} damaged messages are refused, or say exactly their bytes and nothing else`, () => {
    const random = seeded(0x2545f491 + name.length);
    const clean = samples(layout, random);
    let refused = 0;
    let slowest = 0;
    for (let run = 0; run < INPUTS; run++) {
      const noise = run % 8 === 0;
      const input = noise
        ? Uint8Array.from({ length: random(80) }, () => random(256))
        : damaged(clean[random(clean.length)]!, random);
      const from = performance.now();
      const result = unpack(input, layout);
      slowest = Math.max(slowest, performance.now() - from);
      if (!result.ok) refused++;
      else if (Buffer.compare(pack(result.message, layout), input) !== 0) {
        expect.fail(`accepted but not the same again: ${Buffer.from(input).toString('hex')}`);
      }
    }
    expect(refused).toBeGreaterThan(INPUTS / 4);
    expect(refused).toBeLessThan(INPUTS);
    expect(slowest).toBeLessThan(LONGEST_MS);
  }, 60_000);
});
