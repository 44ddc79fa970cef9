import { registerHooks } from 'node:module';
import { mutants } from './mutants.ts';

/**
 * Loaded before everything else (`node --import`): puts the bug named by COUNTERTAP_MUTANT into the source text as it is
 * read, so that the product carries no switch and no file is changed.
 */
const name = process.env['COUNTERTAP_MUTANT'];
const mutant = mutants.find((one) => one.name === name);
if (name !== undefined && !mutant) throw new Error(`there is no mutant "${name}"`);

let planted = false;

if (mutant) {
  registerHooks({
    load(url, context, next) {
      const loaded = next(url, context);
      if (!url.endsWith(`/${mutant.file}`) || loaded.source === undefined) return loaded;
      const source =
        typeof loaded.source === 'string' ? loaded.source : Buffer.from(loaded.source as Uint8Array).toString();
      if (source.split(mutant.from).length !== 2) throw new Error(`mutant ${mutant.name} does not fit ${mutant.file}`);
      planted = true;
      return { ...loaded, source: source.replace(mutant.from, () => mutant.to) };
    },
  });
}

/** Whether the bug was put in: false until the file was read. */
export function isPlanted(): boolean {
  return planted;
}
