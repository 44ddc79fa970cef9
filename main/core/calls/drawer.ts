import { blind } from '../cash/drawer.ts';
import { drawerLines, moveLines } from '../cash/slip.ts';
import type { Core } from '../core.ts';
import type { Actor } from '../payment/runner.ts';
import { slip } from '../reports/receipt.ts';
import { actorOf, contract, type Port } from './access.ts';
import { approved } from './sale.ts';

export const drawer = {
  shift: contract.drawer.shift.handler(({ context: { core, port } }) => {
    const { shift } = core.drawer;
    return { shift: shift ? (counts(port) ? blind(shift) : shift) : null };
  }),
  open: contract.drawer.open.handler(async ({ input, context: { core, port } }) => {
    const shift = core.drawer.open(input.key, input.float, actorOf(port).staff);
    kick(core, port);
    return { shift: counts(port) ? blind(shift) : shift, printed: true };
  }),
  move: contract.drawer.move.handler(async ({ input, context: { core, port } }) => {
    const { key, ownerPin, ...asked } = input;
    const actor: Actor = asked.kind === 'out' ? await approved(core, port, ownerPin) : actorOf(port);
    const approver = asked.kind === 'out' ? { approver: actor.approver ?? actor.staff } : {};
    const shift = core.drawer.move(key, asked, { staff: actor.staff, ...approver });
    kick(core, port);
    const move = shift.moves.find(({ id }) => id === key);
    const lines = move ? moveLines(move, core.settings.zone, wordsOf(core)) : [];
    const { ok } = await core.world.devices.printer.print(slip(lines, core.receiptContext(false)));
    return { shift: counts(port) ? blind(shift) : shift, printed: ok };
  }),
  count: contract.drawer.count.handler(async ({ input, context: { core, port } }) => {
    const shift = core.drawer.count(input.key, input.counted, actorOf(port).staff);
    const lines = drawerLines(shift, wordsOf(core));
    const { ok } = await core.world.devices.printer.print(slip(lines, core.receiptContext(false)));
    return { shift, printed: ok };
  }),
  kick: contract.drawer.kick.handler(({ context: { core, port } }) => {
    kick(core, port);
    return {};
  }),
};

/** Whoever counts the drawer is not told before what should be in it. */
function counts(port: Port): boolean {
  return port.session?.role === 'cashier';
}

function kick(core: Core, port: Port): void {
  core.world.devices.printer.openDrawer().catch((error: unknown) => core.fatal(error));
  core.note('drawer', 'drawer-pulse', actorOf(port).staff);
}

function wordsOf(core: Core): (key: string, options?: { defaultValue: string }) => string {
  const { words } = core.receiptContext(false);
  return (key, options) => words.t(key, options ?? {});
}
