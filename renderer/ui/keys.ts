import { useEffect, useRef } from 'react';
import { type Held, HOLD_MS, passTime, pressKey, textOfKey, type WedgeKey, type WedgeStep } from './wedge.ts';

/** Whether what is typed now belongs to a field and to nobody else: a PIN above all. */
function inField(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.closest('input, textarea, select, [contenteditable]') !== null;
}

/** Whether Enter and Space belong to what has the focus. */
function onControl(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.closest('button, a[href], summary') !== null;
}

export interface KeyHandlers {
  /** A key that a person pressed: '1', '.', 'Enter', 'Escape', 'F2', … */
  readonly onKey: (name: string) => void;
  readonly onScan: (text: string) => void;
}

const taken = /^(F[1-9]|F10|Enter|Escape|Backspace|\?)$/;

function readKey(event: KeyboardEvent): WedgeKey {
  const text = textOfKey(event.code, event.shiftKey, event.getModifierState('CapsLock'));
  const name = event.code === 'NumpadEnter' ? 'Enter' : (text ?? event.code);
  return { name, text, at: event.timeStamp };
}

/**
 * Listens to the whole window, whatever has the focus: a person's keys one by one, a scanner's codes whole.
 * Text fields keep their keys; a sheet keeps Escape and a focused button its Enter, unless a scanner typed it.
 */
export function useKeys(handlers: KeyHandlers): void {
  const latest = useRef(handlers);
  latest.current = handlers;
  useEffect(() => {
    let held: Held = [];
    let timer: ReturnType<typeof setTimeout> | undefined;
    const take = (step: WedgeStep) => {
      held = step.held;
      const sheetOpen = document.querySelector('dialog[open]') !== null;
      if (!sheetOpen) for (const key of step.released) latest.current.onKey(key.name);
      if (step.scan !== null) latest.current.onScan(step.scan);
    };
    const onKeyDown = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.altKey || event.metaKey || inField(event.target)) return;
      const key = readKey(event);
      // Who types an amount is done with whatever was touched before: Enter then charges and presses nothing else.
      const target = event.target;
      const sheetOpen = document.querySelector('dialog[open]') !== null;
      if (key.text !== null && key.name !== ' ' && !sheetOpen && target instanceof HTMLElement) target.blur();
      if (event.repeat && key.name !== 'Backspace') {
        if (key.name === 'Enter') event.preventDefault();
        return;
      }
      const bursting = held.length > 0;
      const native = onControl(document.activeElement) && (key.name === 'Enter' || key.name === ' ');
      if (!bursting && native) return;
      if (key.name === 'Tab' && !bursting) return;
      if (sheetOpen && !bursting && key.text === null) return;
      const step = pressKey(held, key);
      const swallowed = step.scan !== null || (bursting && (native || key.name === ' '));
      if (swallowed || taken.test(key.name)) event.preventDefault();
      clearTimeout(timer);
      take(step);
      // Fires only when no key came meanwhile.
      if (held.length > 0) timer = setTimeout(() => take(passTime(held, key.at + HOLD_MS)), HOLD_MS);
    };
    addEventListener('keydown', onKeyDown, { capture: true });
    return () => {
      clearTimeout(timer);
      removeEventListener('keydown', onKeyDown, { capture: true });
    };
  }, []);
}
