import { expect, it } from 'vitest';
import { openFakePrinter } from '../printer/fake.ts';
import { noPrinter } from '../printer/none.ts';
import { drawerOn } from './drawer.ts';

it('opens by way of the printer', async () => {
  const printer = openFakePrinter();
  expect(await drawerOn(printer).open()).toEqual({ ok: true });
  expect(printer.kicks).toBe(1);
});

it('says why it stays shut where there is no printer', async () => {
  expect(await drawerOn(noPrinter()).open()).toEqual({ ok: false, sent: false, trouble: 'not-configured' });
});
