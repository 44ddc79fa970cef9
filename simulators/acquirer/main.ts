import { copyFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { Command } from 'commander';
import { z } from 'zod';
import { portOption, sentence, startControl, untilStopped } from '../control.ts';
import { type Acquirer, startAcquirer } from './acquirer.ts';
import { readCaKeys, readClosedLoop, readTerms } from './profile.ts';

/** The bank by itself. */

const program = new Command('acquirer')
  .description('A simulated acquirer host: ISO 8583 over TLS, its own book, faults on request.')
  .requiredOption('--dir <dir>', 'folder for keys, book and profile; made when it is not there')
  .option('--port <port>', 'port of the bank; 0 takes the one used last in this folder', portOption, 0)
  .option('--control <port>', 'control port; 0 takes a free one', portOption, 0)
  .option('--ca-keys <file>', 'JSON array of the keys with which the profile lets cards be verified')
  .option('--wallets <file>', 'JSON with AID and issuers of the wallets that pay at the card reader')
  .option('--terminals <count>', 'how many terminals the merchant has', wholeOption(1), 1)
  .option('--capture <file>', 'append every frame in hex to this file, card data masked')
  .option('--https', 'serve HTTPS too, on the port above', false)
  .option('--fault-seed <seed>', 'let one message in ten go wrong, the same ones for the same seed', wholeOption(0))
  .option('--statement <file>', 'write the statement of the book to this file when the bank stops')
  .option('--terms <file>', 'JSON laid over the acquirer profile before the bank signs it');

interface Options {
  readonly dir: string;
  readonly port: number;
  readonly control: number;
  readonly caKeys?: string;
  readonly wallets?: string;
  readonly terms?: string;
  readonly statement?: string;
  readonly terminals: number;
  readonly capture?: string;
  readonly faultSeed?: number;
  readonly https: boolean;
}

/** A whole number from `least` on. Throws for anything else. */
function wholeOption(least: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!Number.isInteger(value) || value < least) throw new Error(`"${text}" is no whole number from ${least} on.`);
    return value;
  };
}

async function run({
  dir,
  port,
  control,
  caKeys,
  wallets,
  terms,
  statement,
  terminals,
  capture,
  faultSeed,
  https,
}: Options): Promise<void> {
  const bank = await startAcquirer({
    dir,
    port,
    terminals,
    https,
    ...(capture === undefined ? {} : { capture }),
    ...(faultSeed === undefined ? {} : { faultSeed }),
    ...(caKeys === undefined ? {} : { caKeys: readCaKeys(caKeys) }),
    ...(wallets === undefined ? {} : { closedLoop: readClosedLoop(wallets) }),
    ...(terms === undefined ? {} : { terms: readTerms(terms) }),
  });
  const door = await startControl({
    port: control,
    commands: { ...bank.commands, status: async () => ({ ...bank.state(), ports: { acquirer: bank.port } }) },
  });
  const ready = {
    ready: true,
    profile: resolve(bank.profile),
    ...(bank.profiles.length > 1 ? { profiles: bank.profiles.map((path) => resolve(path)) } : {}),
    virtual: `127.0.0.1:${door.port}`,
    acquirer: `127.0.0.1:${bank.port}`,
  };
  const stopped = untilStopped();
  process.stdout.write(`${JSON.stringify(ready)}\n`);
  await stopped;
  if (statement !== undefined) await writeStatement(bank, statement);
  await Promise.all([door.close(), bank.close()]);
}

/** The form follows the name: zipped when it ends in .zip. */
async function writeStatement(bank: Acquirer, file: string): Promise<void> {
  const wrote = await bank.commands['statement']?.({ zip: file.endsWith('.zip') });
  copyFileSync(z.object({ path: z.string() }).parse(wrote).path, file);
}

try {
  await run(program.parse().opts<Options>());
  process.exit(0);
} catch (error) {
  process.stderr.write(`${sentence(error)}\n`);
  process.exit(1);
}
