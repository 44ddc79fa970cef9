import { writeSync } from 'node:fs';
import { Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { Cashier, type Desk, openDesk } from './desk.ts';
import type { Asked } from './pipe.ts';

/**
 * A terminal that sells until it is killed. What it shows it says on stdout before anything else happens, one line a
 * result. The bank is at the other end of file descriptor 3.
 *   node test/chaos/till.ts FOLDER NAME SEED ACTS PATIENCE
 */

const [folder = '', name = '', seed = '1', acts = '1000000', patience = '1'] = process.argv.slice(2);

function say(line: object): void {
  writeSync(1, `${JSON.stringify(line)}\n`);
}

const wire = new Socket({ fd: 3 });
const send = (asked: Asked): void => {
  const { type, trace } = asked.request;
  say({ sent: { type, stan: trace.stan, rrn: trace.rrn } });
  wire.write(`${JSON.stringify(asked)}\n`);
};

/** Nothing more may be sold once the core has stopped itself: try, and say what it answers. */
function stopped(desk: Desk | undefined, error: unknown): void {
  say({ stopped: error instanceof Error ? error.message : String(error) });
  setTimeout(() => {
    try {
      desk?.core.cash('after-the-stop', { minor: 100, currency: 'CNY' }, { staff: 'cashier' });
      if (desk) say({ soldAfterStop: true });
    } catch (refusal) {
      say({ refused: refusal instanceof Error && 'code' in refusal ? String(refusal.code) : String(refusal) });
    }
    process.exit(3);
  }, 30);
}

let desk: Desk | undefined;
let over = false;
try {
  const onFatal = (error: unknown): void => {
    over = true;
    stopped(desk, error);
  };
  desk = openDesk(folder, send, onFatal, Number(patience));
  const { core, link } = desk;
  createInterface({ input: wire }).on('line', (line) => link.heard(JSON.parse(line)));
  core.onChange(() => {
    const { now } = core.counter;
    if (now.phase !== 'result') return;
    const { id, kind, state } = now.payment;
    // Of a purchase that is being voided nothing is promised yet: the bank may refuse.
    if (state !== 'void-due') say({ told: { id, kind, outcome: now.outcome } });
  });
  core.start();
  say({ ready: true });
  const cashier = new Cashier(desk, name, Number(seed), {
    asked: (key, id) => say({ asked: { key, id } }),
    refused: (code) => say({ refused: code }),
  });
  for (let n = 0; n < Number(acts) && !over; n += 1) await cashier.act(n);
  if (!over) say({ done: true });
  if (!over) process.exit(0);
} catch (error) {
  if (!over) stopped(desk, error);
}
