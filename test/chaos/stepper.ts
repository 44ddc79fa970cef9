import { writeSync } from 'node:fs';
import { Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { openDesk } from './desk.ts';
import type { Asked } from './pipe.ts';
import { type Facts, rares } from './rare.ts';
import { hear, Place } from './shop.ts';
import { Testimony } from './trial.ts';

/**
 * A terminal that does one rare thing and ends, if nobody ends it before. Between the lines `begin` and `end` it does that
 * and nothing else. The bank is at the other end of file descriptor 3.
 *   node test/chaos/stepper.ts FOLDER NAME FACTS
 */

const [folder = '', name = '', facts = '{}'] = process.argv.slice(2);

function say(line: object): void {
  writeSync(1, `${JSON.stringify(line)}\n`);
}

/** Tells the reader on stdout what the counter shows. */
class Spoken extends Testimony {
  override hear(line: Parameters<Testimony['hear']>[0]): void {
    say(line);
  }
}

const rare = rares.find((one) => one.name === name);
if (!rare) throw new Error(`nothing is called ${name}`);
const place = new Place(folder);
const wire = new Socket({ fd: 3 });
const send = (asked: Asked): void => void wire.write(`${JSON.stringify(asked)}\n`);
const fail = (error: unknown): void => {
  process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
  process.exit(3);
};
const own: Facts = JSON.parse(facts);

if (rare.alone) {
  say({ begin: true });
  await rare.alone(place);
  say({ end: true });
} else {
  if (!rare.work) say({ begin: true });
  const desk = openDesk(place.data, send, fail, 10, { anchor: place.anchor, ...rare.own?.(place, own) });
  createInterface({ input: wire }).on('line', (line) => desk.link.heard(JSON.parse(line)));
  hear(desk, new Spoken());
  desk.core.start();
  if (rare.work) {
    say({ begin: true });
    await rare.work(desk, place);
  }
  await desk.core.close();
  say({ end: true });
}
process.exit(0);
