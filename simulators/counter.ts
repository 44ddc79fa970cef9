import { stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { type Acquirer, startAcquirer } from './acquirer/acquirer.ts';
import { readTerms } from './acquirer/profile.ts';
import { type Deck, openDeck } from './card/deck.ts';
import { type Commands, command, sentence, startControl, untilStopped } from './control.ts';

/** The whole virtual counter in one program: bank, cards, printer and the control port (docs/virtual-counter.md). */

const usage = `node simulators/counter.ts --dir DIR [--control PORT] [--acquirer PORT] [--printer PORT] [--terms FILE]
  --dir       folder for keys, book, profile and paper; made when it is not there
  --control   port of the control port; 0 (the default) takes any
  --acquirer  port of the bank; by default the one used last time in this folder
  --printer   port of the printer; 0 (the default) takes any
  --terms     JSON laid over the acquirer profile before the bank signs it
`;

function readOptions() {
  const { values } = parseArgs({
    options: {
      dir: { type: 'string' },
      control: { type: 'string', default: '0' },
      acquirer: { type: 'string', default: '0' },
      printer: { type: 'string', default: '0' },
      terms: { type: 'string' },
    },
  });
  const port = z.coerce.number().int().min(0).max(65535);
  return z
    .object({ dir: z.string(), control: port, acquirer: port, printer: port, terms: z.string().optional() })
    .parse(values);
}

function options() {
  try {
    return readOptions();
  } catch (error) {
    process.stderr.write(`${sentence(error)}\n${usage}`);
    process.exit(2);
  }
}

type Trouble = 'none' | 'paper-end' | 'cover-open' | 'offline' | 'paper-near-end';

interface Printer {
  readonly port: number;
  receipts(since?: number): unknown;
  setTrouble(trouble: Trouble): unknown;
  drawerCount(): number;
  close(): Promise<void>;
}

async function openPrinter(port: number, dir: string): Promise<Printer> {
  const here = await stat(new URL('./printer/printer.ts', import.meta.url)).catch(() => undefined);
  if (here === undefined) {
    return { port: 0, receipts: () => [], setTrouble: () => {}, drawerCount: () => 0, close: async () => {} };
  }
  const module: { startPrinter(options: { port: number; dir: string }): Promise<Printer> } = await import(
    new URL('./printer/printer.ts', import.meta.url).href
  );
  return module.startPrinter({ port, dir });
}

const FIELD_MS = 10_000;

function address(text: string): { readonly host: string; readonly port: number } {
  const at = text.lastIndexOf(':');
  return { host: text.slice(0, at), port: Number(text.slice(at + 1)) };
}

function commands(acquirer: Acquirer, deck: Deck, printer: Printer): Commands {
  let trouble = 'none';
  return {
    ...acquirer.commands,
    cards: command(z.strictObject({}), async () => ({ cards: deck.cards() })),
    tap: command(z.strictObject({ card: z.string(), reader: z.string().regex(/^.+:\d{1,5}$/) }), ({ card, reader }) =>
      deck.tap({ card, reader: address(reader), timeoutMs: FIELD_MS }),
    ),
    paper: command(z.strictObject({ since: z.int().min(0).optional() }), async ({ since }) => ({
      receipts: await printer.receipts(since),
    })),
    printer: command(
      z.strictObject({ trouble: z.enum(['none', 'paper-end', 'cover-open', 'offline', 'paper-near-end']) }),
      async (wanted) => {
        await printer.setTrouble(wanted.trouble);
        trouble = wanted.trouble;
        return { trouble };
      },
    ),
    drawer: command(z.strictObject({}), async () => ({ opened: printer.drawerCount() })),
    status: command(z.strictObject({}), async () => ({
      ...acquirer.state(),
      printer: trouble,
      ports: { acquirer: acquirer.port, printer: printer.port },
    })),
  };
}

async function run(): Promise<void> {
  const { dir, control, acquirer, printer, terms } = options();
  const deck = await openDeck({ dir });
  const bank = await startAcquirer({
    dir,
    port: acquirer,
    caKeys: deck.caKeys,
    ...(terms === undefined ? {} : { terms: readTerms(terms) }),
  });
  const paper = await openPrinter(printer, join(dir, 'paper'));
  const port = await startControl({ port: control, commands: commands(bank, deck, paper) });
  const ready = {
    ready: true,
    profile: resolve(bank.profile),
    virtual: `127.0.0.1:${port.port}`,
    printer: `127.0.0.1:${paper.port}`,
    acquirer: `127.0.0.1:${bank.port}`,
  };
  process.stdout.write(`${JSON.stringify(ready)}\n`);
  await untilStopped();
  await Promise.all([port.close(), bank.close(), paper.close()]);
}

try {
  await run();
  process.exit(0);
} catch (error) {
  process.stderr.write(`${sentence(error)}\n`);
  process.exit(1);
}
