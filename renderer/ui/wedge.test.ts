import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Held, HOLD_MS, passTime, pressKey, SCAN_GAP_MS, textOfKey, type WedgeKey } from './wedge.ts';

const key = (text: string, at: number): WedgeKey => ({ name: text, text, at });
const enter = (at: number): WedgeKey => ({ name: 'Enter', text: null, at });

/** Plays keys with the timer that the page runs, and collects what comes out. */
function play(keys: readonly WedgeKey[]) {
  let held: Held = [];
  const released: WedgeKey[] = [];
  const scans: string[] = [];
  const take = (step: ReturnType<typeof pressKey>) => {
    held = step.held;
    released.push(...step.released);
    if (step.scan !== null) scans.push(step.scan);
  };
  for (const one of keys) {
    take(passTime(held, one.at));
    take(pressKey(held, one));
  }
  take(passTime(held, Number.POSITIVE_INFINITY));
  return { released: released.map((one) => one.name), scans, held };
}

const typed = (text: string, gap: number, from = 0) => [...text].map((one, index) => key(one, from + index * gap));

describe('a keyboard-wedge scanner', () => {
  test('is told by its speed and its Enter', () => {
    const keys = [...typed('281234567890123456', 8), enter(18 * 8)];
    expect(play(keys)).toEqual({ released: [], scans: ['281234567890123456'], held: [] });
  });

  test('may end with Tab', () => {
    const keys: WedgeKey[] = [...typed('621234', 8), { name: 'Tab', text: null, at: 48 }];
    expect(play(keys).scans).toEqual(['621234']);
  });

  test('five fast characters are a person', () => {
    expect(play([...typed('12.80', 10), enter(50)])).toEqual({
      released: ['1', '2', '.', '8', '0', 'Enter'],
      scans: [],
      held: [],
    });
  });

  test('a person who types an amount and then scans gets both', () => {
    const keys = [...typed('12', 150), ...typed('281234567890123456', 9, 600), enter(600 + 18 * 9)];
    expect(play(keys)).toEqual({ released: ['1', '2'], scans: ['281234567890123456'], held: [] });
  });

  test('an Enter that comes late is a person’s', () => {
    const keys = [...typed('123456', 8), enter(5 * 8 + SCAN_GAP_MS)];
    expect(play(keys).released).toEqual([...'123456', 'Enter']);
  });

  test('nobody waits longer than 40 ms for a key', () => {
    const { held } = pressKey([], key('7', 100));
    expect(passTime(held, 100 + HOLD_MS - 1).released).toEqual([]);
    expect(passTime(held, 100 + HOLD_MS).released).toEqual([key('7', 100)]);
  });
});

const anyKey = fc.record({
  name: fc.constantFrom(...'0123456789.', 'Enter', 'Backspace', 'Escape', 'Tab'),
  gap: fc.integer({ min: 0, max: 90 }),
});

function timed(presses: readonly { readonly name: string; readonly gap: number }[]): WedgeKey[] {
  let at = 0;
  return presses.map(({ name, gap }) => {
    at += gap;
    return { name, text: name.length === 1 ? name : null, at };
  });
}

test('no key is lost, doubled or moved before an earlier one', () => {
  fc.assert(
    fc.property(fc.array(anyKey, { maxLength: 60 }), (presses) => {
      const keys = timed(presses);
      const out = play(keys);
      const scanned = out.scans.reduce((sum, text) => sum + text.length + 1, 0);
      expect(out.held).toEqual([]);
      expect(out.released.length + scanned).toBe(keys.length);
      let from = 0;
      const names = keys.map((one) => one.name);
      for (const name of out.released) {
        from = names.indexOf(name, from) + 1;
        expect(from).toBeGreaterThan(0);
      }
    }),
  );
});

test('what a person types slowly is never a scan', () => {
  fc.assert(
    fc.property(fc.array(anyKey, { maxLength: 40 }), (presses) => {
      const slow = timed(presses.map((press) => ({ ...press, gap: press.gap + SCAN_GAP_MS })));
      const out = play(slow);
      expect(out.scans).toEqual([]);
      expect(out.released).toEqual(slow.map((one) => one.name));
    }),
  );
});

test('whatever a scanner types fast comes out whole', () => {
  const text = fc.string({ minLength: 6, maxLength: 200, unit: fc.constantFrom(...'0123456789ABCDEFabcdef./:?=-') });
  fc.assert(
    fc.property(text, fc.integer({ min: 0, max: SCAN_GAP_MS - 1 }), (code, gap) => {
      expect(play([...typed(code, gap), enter(code.length * gap)])).toEqual({ released: [], scans: [code], held: [] });
    }),
  );
});

test('characters are read by the key’s place, whatever input method is on', () => {
  expect(textOfKey('KeyA', false, false)).toBe('a');
  expect(textOfKey('KeyA', true, false)).toBe('A');
  expect(textOfKey('KeyA', false, true)).toBe('A');
  expect(textOfKey('KeyA', true, true)).toBe('a');
  expect(textOfKey('Numpad7', false, false)).toBe('7');
  expect(textOfKey('Digit7', true, false)).toBe('&');
  expect(textOfKey('Slash', true, false)).toBe('?');
  expect(textOfKey('F2', false, false)).toBeNull();
  expect(textOfKey('Enter', false, false)).toBeNull();
});
