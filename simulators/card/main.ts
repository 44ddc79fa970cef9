import { appendFileSync, readFileSync } from 'node:fs';
import { Command, InvalidArgumentError } from 'commander';
import { openDeck } from './deck.ts';
import { readDialogue, replayed } from './dialogue.ts';
import { present } from './vpcd.ts';

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
  .option('--record <file>', 'append the dialogue to this file as it was, to be replayed')
  .option('--replay <file>', 'be the card of a recorded dialogue: lines => COMMAND and <= ANSWER, in hex')
  .option('--atr <hex>', 'answer to reset of the replayed card', '3B80800101')
  .option('--list', 'print the cards, the CA keys and the wallets’ issuers instead');

interface Options {
  readonly dir: string;
  readonly card: string;
  readonly reader: { readonly host: string; readonly port: number };
  readonly timeout: number;
  readonly trace?: string;
  readonly record?: string;
  readonly replay?: string;
  readonly atr: string;
  readonly list?: true;
}

const appendTo = (file: string) => (line: string) => appendFileSync(file, `${line}\n`);

async function replay(file: string, { reader, timeout, atr, trace }: Options): Promise<unknown> {
  const chip = replayed(readDialogue(readFileSync(file, 'utf8')), Buffer.from(atr, 'hex'));
  const allow = { fieldMs: timeout * 1000, lingerMs: 60, idleMs: 700 };
  const { end, exchanges } = await present(
    chip,
    reader,
    allow,
    trace === undefined ? () => undefined : appendTo(trace),
  );
  return { left: end, exchanges };
}

async function run(options: Options): Promise<unknown> {
  const { trace, record } = options;
  if (options.replay !== undefined) return replay(options.replay, options);
  const deck = await openDeck({
    dir: options.dir,
    ...(trace === undefined ? {} : { trace: appendTo(trace) }),
    ...(record === undefined ? {} : { record: appendTo(record) }),
  });
  if (options.list === true) return { cards: deck.cards('all'), caKeys: deck.caKeys, closedLoop: deck.closedLoop };
  return deck.tap({ card: options.card, reader: options.reader, timeoutMs: options.timeout * 1000 });
}

try {
  const answer = await run(program.parse().opts<Options>());
  process.stdout.write(`${JSON.stringify(answer)}\n`);
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
