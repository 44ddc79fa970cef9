import { readFileSync } from 'node:fs';
import { z } from '../../../../contract/schema.ts';
import { unhex } from '../bytes.ts';

const Keys = z.object({
  source: z.string(),
  keys: z.array(
    z.object({ rid: z.string(), index: z.string(), exponent: z.string(), modulus: z.string(), sha1: z.string() }),
  ),
});
const Trace = z.object({ source: z.string(), exchanges: z.array(z.tuple([z.string(), z.string()])) });
const Fields = z.object({ source: z.string(), fields: z.record(z.string(), z.string()) });

function load(name: string): unknown {
  return JSON.parse(readFileSync(new URL(`../vectors/${name}.json`, import.meta.url), 'utf8'));
}

export function publishedKeys() {
  return Keys.parse(load('cakeys')).keys;
}

/** The responses of a recorded dialogue, by command, without their status word. */
export function recorded(name: string): ReadonlyMap<string, Uint8Array> {
  return new Map(
    Trace.parse(load(name)).exchanges.map(([command, response]) => [command, unhex(response).slice(0, -2)]),
  );
}

export function recordedFields(name: string): Readonly<Record<string, string>> {
  return Fields.parse(load(name)).fields;
}

/** A recorded dialogue as it was: response, status word included, by command. */
export function recordedDialogue(name: string): ReadonlyMap<string, string> {
  return new Map(Trace.parse(load(name)).exchanges);
}
