import { describePrinter, type Mendable } from './contract.ts';
import { openFakePrinter } from './fake.ts';
import type { PrinterState } from './printer.ts';
import { trouble } from './status.ts';

function stateFor(wanted: Mendable | 'paper-near-end' | 'none'): PrinterState {
  if (wanted === 'none') return { status: 'ready', paper: 'ok', drawerOpen: false };
  if (wanted === 'paper-near-end') return { status: 'ready', paper: 'near-end', drawerOpen: false };
  return trouble(wanted, 'for a test');
}

describePrinter('fake', async () => {
  const printer = openFakePrinter();
  return {
    printer,
    papers: () => printer.printed.map(({ text }) => text),
    kicks: () => printer.kicks,
    set: (wanted) => printer.setState(stateFor(wanted)),
    breakNextJob: (kind) => printer.breakNextJob(kind),
    close: () => printer.close(),
  };
});
