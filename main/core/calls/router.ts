import type { Router } from '@orpc/server';
import type { terminal } from '../../../contract/terminal.ts';
import { type Context, contract } from './access.ts';
import { day, record } from './day.ts';
import { devices, virtual } from './devices.ts';
import { drawer } from './drawer.ts';
import { keys, messages } from './keys.ts';
import { payments } from './payments.ts';
import { queue } from './queue.ts';
import { reconciliation } from './reconciliation.ts';
import { counter, sale } from './sale.ts';
import { session, setup } from './session.ts';

/** Every call of the contract with its handler: a missing one does not compile. */
export const router: Router<typeof terminal, Context> = contract.router({
  setup,
  session,
  counter,
  sale,
  payments,
  queue,
  day,
  reconciliation,
  record,
  drawer,
  devices,
  keys,
  messages,
  virtual,
});
