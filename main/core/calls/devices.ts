import { readFile } from 'node:fs/promises';
import { VirtualCard, type VirtualPaper, VirtualStatus } from '../../../contract/device.ts';
import { z } from '../../../contract/schema.ts';
import { runTest } from '../devices/test.ts';
import { verifyBook } from '../reports/verify.ts';
import { type Context, contract, refusal } from './access.ts';
import { watch } from './stream.ts';

export const devices = {
  watch: contract.devices.watch.handler(({ context: { core, board, port }, signal }) =>
    watch(core, [signal, port.closed], () => board.list()),
  ),
  test: contract.devices.test.handler(async ({ input, context: { core, board } }) => {
    const device = board.list().find(({ id }) => id === input.device);
    if (!device?.tests.includes(input.test)) return { ok: false, code: 'no-device', values: {} };
    return runTest(core, input.test, device.kind === 'reader' && device.name !== '' ? device.name : undefined);
  }),
  verify: contract.devices.verify.handler(({ context: { core } }) => {
    const from = core.world.clock.monotonic();
    return { ...verifyBook(core.book), ms: core.world.clock.monotonic() - from };
  }),
};

/** Asks the virtual counter, and takes from its answer what the contract knows. */
async function ask<T>(
  context: Context,
  command: string,
  fields: Readonly<Record<string, unknown>>,
  schema: z.ZodType<T>,
): Promise<T> {
  if (!context.virtual) throw refusal('not-virtual');
  const answer = await context.virtual.counter.ask(command, fields);
  if (!answer.ok) throw refusal('counter-silent', answer.error);
  const parsed = schema.safeParse(answer.body);
  if (!parsed.success) throw refusal('counter-silent', 'the virtual counter answers something else');
  return parsed.data;
}

const Done = z.object({});

async function status(context: Context): Promise<VirtualStatus> {
  const { line, bank, printer } = await ask(context, 'status', {}, VirtualStatus.omit({ drawerOpened: true }));
  const { opened } = await ask(context, 'drawer', {}, z.object({ opened: z.int() }));
  return { line, bank, printer, drawerOpened: opened };
}

const Paper = z.object({
  receipts: z.array(z.object({ n: z.int(), at: z.iso.datetime(), text: z.string(), png: z.string() })),
});
const MOST_PAPER = 12;

async function picture(path: string): Promise<string> {
  const bytes = await readFile(path).catch(() => undefined);
  return bytes ? `data:image/png;base64,${bytes.toString('base64')}` : '';
}

export const virtual = {
  status: contract.virtual.status.handler(({ context }) => status(context)),
  cards: contract.virtual.cards.handler(
    async ({ context }) => (await ask(context, 'cards', {}, z.object({ cards: z.array(VirtualCard) }))).cards,
  ),
  tap: contract.virtual.tap.handler(({ input, context }) =>
    ask(context, 'tap', { card: input.card, reader: context.virtual?.reader }, z.object({ left: z.string() })),
  ),
  code: contract.virtual.code.handler(({ input, context }) =>
    ask(context, 'code', input, z.object({ code: z.string() })),
  ),
  scan: contract.virtual.scan.handler(({ input, context }) => {
    if (!context.virtual) throw refusal('not-virtual');
    context.keyboard.typed(input.text);
    return {};
  }),
  payShown: contract.virtual.payShown.handler(({ context }) => {
    const { now } = context.core.counter;
    if (now.phase !== 'showing') throw refusal('no-code-expected');
    return ask(context, 'pay-shown', { code: now.code }, z.object({ paid: z.boolean(), why: z.string() }));
  }),
  line: contract.virtual.line.handler(async ({ input, context }) => {
    await ask(context, 'line', input, Done);
    return status(context);
  }),
  bank: contract.virtual.bank.handler(async ({ input, context }) => {
    await ask(context, 'bank', input, Done);
    return status(context);
  }),
  printer: contract.virtual.printer.handler(async ({ input, context }) => {
    await ask(context, 'printer', input, Done);
    return status(context);
  }),
  paper: contract.virtual.paper.handler(async ({ input, context }): Promise<VirtualPaper[]> => {
    const { receipts } = await ask(context, 'paper', { since: input.since }, Paper);
    const last = receipts.slice(-MOST_PAPER);
    return Promise.all(
      last.map(async ({ n, at, text, png }) => ({ n, at: Date.parse(at), text, image: await picture(png) })),
    );
  }),
};
