import { Command, InvalidArgumentError } from 'commander';
import { startPrinter } from './printer.ts';
import { type Trouble, troubles } from './status.ts';

function port(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 0 || value > 65535) throw new InvalidArgumentError('use a port, 0 to 65535');
  return value;
}

function known(text: string): Trouble {
  const trouble = troubles.find((one) => one === text);
  if (trouble === undefined) throw new InvalidArgumentError(`use one of ${troubles.join(', ')}`);
  return trouble;
}

const program = new Command('printer')
  .description('A simulated receipt printer: ESC/POS on TCP, status bytes back, receipts as text and PNG in DIR/paper.')
  .option('--dir <dir>', 'folder for the receipts', 'out/counter')
  .option('--port <port>', 'TCP port; 0 takes a free one', port, 9100)
  .option('--host <host>', 'address to listen on', '127.0.0.1')
  .option('--trouble <trouble>', `what is the matter with it: ${troubles.join(', ')}`, known, 'none');

interface Options {
  readonly dir: string;
  readonly port: number;
  readonly host: string;
  readonly trouble: Trouble;
}

try {
  const { trouble, ...options } = program.parse().opts<Options>();
  const printer = await startPrinter({ ...options, warn: (message) => process.stderr.write(`${message}\n`) });
  await printer.setTrouble(trouble);
  process.stdout.write(`${JSON.stringify({ port: printer.port })}\n`);
  const stop = async (): Promise<void> => {
    await printer.close();
    process.exit();
  };
  process.once('SIGINT', stop);
  process.once('SIGTERM', stop);
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
