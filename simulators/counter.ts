import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { Command } from 'commander';
import { z } from 'zod';
import { type Acquirer, startAcquirer } from './acquirer/acquirer.ts';
import { writeWhole } from './acquirer/identity.ts';
import { readTerms } from './acquirer/profile.ts';
import { type Deck, openDeck } from './card/deck.ts';
import { type Commands, command, portOption, sentence, startControl, untilStopped } from './control.ts';
import { type Printer, startPrinter } from './printer/printer.ts';
import { troubles } from './printer/status.ts';

/** The whole virtual counter in one program: bank, cards, printer and the control port (docs/virtual-counter.md). */

const program = new Command('counter')
  .description('The virtual counter: a bank, cards, a receipt printer, and one port to control them.')
  .requiredOption('--dir <dir>', 'folder for keys, book, profile and paper; made when it is not there')
  .option('--control <port>', 'control port; 0 takes a free one', portOption, 0)
  .option('--acquirer <port>', 'the bank’s port; 0 takes the one used last in this folder', portOption, 0)
  .option('--printer <port>', 'the printer’s port; 0 takes the one used last in this folder', portOption, 0)
  .option('--terms <file>', 'JSON laid over the acquirer profile before the bank signs it');

interface Options {
  readonly dir: string;
  readonly control: number;
  readonly acquirer: number;
  readonly printer: number;
  readonly terms?: string;
}

/** How long a customer holds the card out. */
const FIELD_MS = 10_000;

function address(text: string): { readonly host: string; readonly port: number } {
  const at = text.lastIndexOf(':');
  return { host: text.slice(0, at), port: Number(text.slice(at + 1)) };
}

function commands(acquirer: Acquirer, deck: Deck, printer: Printer): Commands {
  return {
    ...acquirer.commands,
    cards: command(z.strictObject({}), async () => ({ cards: deck.cards() })),
    tap: command(z.strictObject({ card: z.string(), reader: z.string().regex(/^.+:\d{1,5}$/) }), ({ card, reader }) =>
      deck.tap({ card, reader: address(reader), timeoutMs: FIELD_MS }),
    ),
    paper: command(z.strictObject({ since: z.int().min(0).optional() }), async ({ since }) => {
      await printer.settled();
      return { receipts: printer.receipts(since).map(({ n, at, text, png }) => ({ n, at, text, png: resolve(png) })) };
    }),
    printer: command(z.strictObject({ trouble: z.enum(troubles) }), async ({ trouble }) => {
      await printer.setTrouble(trouble);
      return { trouble };
    }),
    drawer: command(z.strictObject({}), async () => ({ opened: printer.drawerCount() })),
    status: command(z.strictObject({}), async () => ({
      ...acquirer.state(),
      printer: printer.trouble(),
      ports: { acquirer: acquirer.port, printer: printer.port },
    })),
  };
}

/** Starts the printer on the port it had in this folder, so that a terminal finds it again; when that is taken, on any. */
async function openPrinter(dir: string, port: number): Promise<Printer> {
  const file = join(dir, 'printer.json');
  const last = port === 0 && existsSync(file) ? z.int().parse(JSON.parse(readFileSync(file, 'utf8'))) : port;
  const warn = (message: string) => process.stderr.write(`The printer: ${message}\n`);
  const start = (on: number) => startPrinter({ dir, port: on, warn });
  const printer = await start(last).catch((error: unknown) => {
    if (port !== 0) throw error;
    return start(0);
  });
  writeWhole(file, `${printer.port}\n`);
  return printer;
}

async function run({ dir, control, acquirer, printer, terms }: Options): Promise<void> {
  const deck = await openDeck({ dir });
  const bank = await startAcquirer({
    dir,
    port: acquirer,
    caKeys: [...deck.caKeys, ...deck.expiredCaKeys],
    closedLoop: deck.closedLoop,
    ...(terms === undefined ? {} : { terms: readTerms(terms) }),
  });
  const paper = await openPrinter(dir, printer);
  const door = await startControl({ port: control, commands: commands(bank, deck, paper) });
  const ready = {
    ready: true,
    profile: resolve(bank.profile),
    virtual: `127.0.0.1:${door.port}`,
    printer: `127.0.0.1:${paper.port}`,
    acquirer: `127.0.0.1:${bank.port}`,
  };
  const stopped = untilStopped();
  process.stdout.write(`${JSON.stringify(ready)}\n`);
  await stopped;
  await Promise.all([door.close(), bank.close(), paper.close()]);
}

try {
  await run(program.parse().opts<Options>());
  process.exit(0);
} catch (error) {
  process.stderr.write(`${sentence(error)}\n`);
  process.exit(1);
}
