import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { startControl, untilStopped } from '../control.ts';
import { startAcquirer } from './acquirer.ts';
import type { CaKey, Json } from './profile.ts';

const { values } = parseArgs({
  options: {
    dir: { type: 'string' },
    port: { type: 'string', default: '0' },
    control: { type: 'string', default: '0' },
    'ca-keys': { type: 'string' },
    terms: { type: 'string' },
  },
});
if (values.dir === undefined) {
  process.stderr.write(
    'node simulators/acquirer/main.ts --dir DIR [--port N] [--control N] [--ca-keys FILE] [--terms FILE]\n',
  );
  process.exit(2);
}

const caKeys = values['ca-keys'] === undefined ? [] : (JSON.parse(readFileSync(values['ca-keys'], 'utf8')) as CaKey[]);
const terms = values.terms === undefined ? {} : (JSON.parse(readFileSync(values.terms, 'utf8')) as Json);
const acquirer = await startAcquirer({ dir: values.dir, port: Number(values.port), caKeys, terms });
const control = await startControl({
  port: Number(values.control),
  commands: {
    ...acquirer.commands,
    status: async () => ({ ...acquirer.state(), ports: { acquirer: acquirer.port } }),
  },
});
const ready = {
  ready: true,
  profile: acquirer.profile,
  virtual: `127.0.0.1:${control.port}`,
  acquirer: `127.0.0.1:${acquirer.port}`,
};
process.stdout.write(`${JSON.stringify(ready)}\n`);

await untilStopped();
await control.close();
await acquirer.close();
process.exit(0);
