import { appendFileSync } from 'node:fs';
import { Command, InvalidArgumentError } from 'commander';
import { openDeck } from './deck.ts';

/** HOST:PORT, as a reader listens. */
function address(text: string): { host: string; port: number } {
  const at = text.lastIndexOf(':');
  const port = Number(text.slice(at + 1));
  if (at < 1 || !Number.isInteger(port) || port < 1 || port > 65535) throw new InvalidArgumentError('use HOST:PORT');
  return { host: text.slice(0, at), port };
}

function seconds(text: string): number {
  const value = Number(text);
  if (!(value > 0)) throw new InvalidArgumentError('use a number of seconds');
  return value;
}

const program = new Command('card')
  .description('A simulated card or phone for a reader that speaks the vpcd protocol.')
  .option('--dir <dir>', 'folder for the deck’s keys', 'out/counter')
  .option(
    '--card <id>',
    'which card; NAME#N is the N-th of its kind, torn-at-N leaves at the N-th command',
    'unionpay-ok',
  )
  .option('--reader <host:port>', 'where the reader listens', address, { host: '127.0.0.1', port: 35963 })
  .option('--timeout <seconds>', 'how long the card stays in the field', seconds, 10)
  .option('--trace <file>', 'append the dialogue to this file, card numbers masked')
  .option('--list', 'print the cards and the CA keys instead');

interface Options {
  readonly dir: string;
  readonly card: string;
  readonly reader: { readonly host: string; readonly port: number };
  readonly timeout: number;
  readonly trace?: string;
  readonly list?: true;
}

async function run(options: Options): Promise<unknown> {
  const { trace } = options;
  const deck = await openDeck({
    dir: options.dir,
    ...(trace === undefined ? {} : { trace: (line: string) => appendFileSync(trace, `${line}\n`) }),
  });
  if (options.list === true) return { cards: deck.cards(), caKeys: deck.caKeys };
  return deck.tap({ card: options.card, reader: options.reader, timeoutMs: options.timeout * 1000 });
}

try {
  const answer = await run(program.parse().opts<Options>());
  process.stdout.write(`${JSON.stringify(answer)}\n`);
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
