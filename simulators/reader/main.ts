import { generateKeyPairSync } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from 'commander';
import { z } from 'zod';
import { writeWhole } from '../acquirer/identity.ts';
import { openDeck } from '../card/deck.ts';
import { command, portOption, sentence, startControl, untilStopped } from '../control.ts';
import { startReader } from './reader.ts';

/** A class A reader by itself (docs/encrypting-reader.md). */

const program = new Command('reader')
  .description(
    'A simulated reader of class A: it speaks to the card, seals, signs. One control port: {"do":"tap","card":"visa-ok"}.',
  )
  .requiredOption('--dir <dir>', 'folder of the virtual counter: its cards, its profile, and the reader’s own key')
  .option('--port <port>', 'where terminals connect; 0 takes a free one', portOption, 0)
  .option('--control <port>', 'control port; 0 takes a free one', portOption, 0)
  .option('--serial <serial>', 'serial number', 'SIM-0001');

interface Options {
  readonly dir: string;
  readonly port: number;
  readonly control: number;
  readonly serial: string;
}

const Profile = z.object({
  profile: z.object({
    sealing: z.object({
      kid: z.string(),
      jwk: z.object({ kty: z.string(), crv: z.string(), x: z.string(), y: z.string() }),
    }),
  }),
});

/** The reader's own key, made at its first start. */
function keyIn(dir: string): string {
  mkdirSync(dir, { recursive: true });
  const path = join(dir, 'reader.pem');
  if (!existsSync(path)) {
    const { privateKey } = generateKeyPairSync('ed25519');
    writeWhole(path, privateKey.export({ format: 'pem', type: 'pkcs8' }).toString());
  }
  return readFileSync(path, 'utf8');
}

async function run({ dir, port, control, serial }: Options): Promise<void> {
  const reader = await startReader({ port, serial, key: keyIn(dir) });
  writeWhole(join(dir, 'reader-terms.json'), `${JSON.stringify({ readers: { sealed: [reader.known] } })}\n`);
  const profile = join(dir, 'profile.json');
  if (existsSync(profile)) reader.load(Profile.parse(JSON.parse(readFileSync(profile, 'utf8'))).profile.sealing);
  const deck = await openDeck({ dir });
  const tap = command(z.strictObject({ card: z.string() }), async ({ card }) => ({
    left: await reader.tap(deck.inProcess(card)),
  }));
  const door = await startControl({ port: control, commands: { tap } });
  const ready = {
    ready: true,
    reader: `127.0.0.1:${reader.port}`,
    control: `127.0.0.1:${door.port}`,
    known: reader.known,
  };
  const stopped = untilStopped();
  process.stdout.write(`${JSON.stringify(ready)}\n`);
  await stopped;
  await Promise.all([door.close(), reader.close()]);
}

try {
  await run(program.parse().opts<Options>());
  process.exit(0);
} catch (error) {
  process.stderr.write(`${sentence(error)}\n`);
  process.exit(1);
}
