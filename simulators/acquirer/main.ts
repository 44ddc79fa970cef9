import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { sentence, startControl, untilStopped } from '../control.ts';
import { startAcquirer } from './acquirer.ts';
import { readCaKeys, readTerms } from './profile.ts';

/** The bank by itself. */

const usage = `node simulators/acquirer/main.ts --dir DIR [--port N] [--control N] [--ca-keys FILE] [--terms FILE]
  --dir      folder for keys, book and profile; made when it is not there
  --port     port of the bank; by default the one used last time in this folder
  --control  port of the control port; 0 (the default) takes any
  --ca-keys  JSON array of the keys with which the profile lets cards be verified
  --terms    JSON laid over the acquirer profile before the bank signs it
`;

function readOptions() {
  const { values } = parseArgs({
    options: {
      dir: { type: 'string' },
      port: { type: 'string', default: '0' },
      control: { type: 'string', default: '0' },
      'ca-keys': { type: 'string' },
      terms: { type: 'string' },
    },
  });
  const port = z.coerce.number().int().min(0).max(65535);
  return z
    .object({ dir: z.string(), port, control: port, 'ca-keys': z.string().optional(), terms: z.string().optional() })
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

async function run(): Promise<void> {
  const { dir, port, control, 'ca-keys': caKeys, terms } = options();
  const bank = await startAcquirer({
    dir,
    port,
    ...(caKeys === undefined ? {} : { caKeys: readCaKeys(caKeys) }),
    ...(terms === undefined ? {} : { terms: readTerms(terms) }),
  });
  const door = await startControl({
    port: control,
    commands: { ...bank.commands, status: async () => ({ ...bank.state(), ports: { acquirer: bank.port } }) },
  });
  const ready = {
    ready: true,
    profile: resolve(bank.profile),
    virtual: `127.0.0.1:${door.port}`,
    acquirer: `127.0.0.1:${bank.port}`,
  };
  process.stdout.write(`${JSON.stringify(ready)}\n`);
  await untilStopped();
  await Promise.all([door.close(), bank.close()]);
}

try {
  await run();
  process.exit(0);
} catch (error) {
  process.stderr.write(`${sentence(error)}\n`);
  process.exit(1);
}
