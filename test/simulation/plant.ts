import { registerHooks } from 'node:module';
import { type Mutant, mutants } from './mutants.ts';

/**
 * Loaded before everything else (`node --import`): puts the bug named by COUNTERTAP_MUTANT into the source text as it is
 * read, so that the product carries no switch and no file is changed. The core's own assertions over its steps are taken
 * out with it: the oracle must find each bug by itself.
 */
const name = process.env['COUNTERTAP_MUTANT'];
const mutant = mutants.find((one) => one.name === name);
if (name !== undefined && !mutant) throw new Error(`there is no mutant "${name}"`);

const unasserted: readonly Omit<Mutant, 'invariant'>[] = [
  {
    name: 'undrawn',
    file: 'main/core/payment/step.ts',
    from: 'return asDrawn(payment, event, stepKind(payment, event, facts, rules), facts, rules);',
    to: 'return stepKind(payment, event, facts, rules);',
  },
  {
    name: 'not-stored',
    file: 'main/core/payment/stored.ts',
    from: 'if (!same || stored.amount.minor !== amount.minor) throw new NotStored(payment, stored);',
    to: '',
  },
  {
    name: 'handed-over',
    file: 'main/core/bank/witness.ts',
    from: "if (answer.kind === 'not-sent' && exchange.handed)",
    to: "if (answer.kind === 'not-sent' && exchange.handed && type === undefined)",
  },
  {
    name: 'out-of-order',
    file: 'main/core/payment/stored.ts',
    from: 'if (before && before.seq >= seq) throw',
    to: 'if (before && before.seq < 0 && before.seq >= seq) throw',
  },
  {
    name: 'other-repeat',
    file: 'main/core/payment/repeat.ts',
    from: 'if (before && before.digest !== digest)',
    to: 'if (before && before.digest === "")',
  },
  {
    name: 'not-frozen',
    file: 'main/core/bank/frozen.ts',
    from: 'const { stan, rrn, at, sums, list } = frozenOf(db, no);',
    to: 'return; const { stan, rrn, at, sums, list } = frozenOf(db, no);',
  },
  {
    name: 'not-agreed',
    file: 'main/core/bank/frozen.ts',
    from: 'const { sums } = frozenOf(db, no);',
    to: 'return; const { sums } = frozenOf(db, no);',
  },
  {
    name: 'not-resumed',
    file: 'main/core/bank/frozen.ts',
    from: "const to = String(values['state'] ?? state);",
    to: "return; const to = String(values['state'] ?? state);",
  },
  {
    name: 'not-next',
    file: 'main/core/bank/frozen.ts',
    from: 'if (line !== stood + acknowledged)',
    to: 'return; if (line !== stood + acknowledged)',
  },
];

let planted = false;

if (mutant) {
  registerHooks({
    load(url, context, next) {
      const loaded = next(url, context);
      const here = [mutant, ...unasserted].filter(({ file }) => url.endsWith(`/${file}`));
      if (here.length === 0 || loaded.source === undefined) return loaded;
      let source =
        typeof loaded.source === 'string' ? loaded.source : Buffer.from(loaded.source as Uint8Array).toString();
      for (const { name, file, from, to } of here) {
        if (source.split(from).length !== 2) throw new Error(`mutant ${name} does not fit ${file}`);
        source = source.replace(from, () => to);
        planted ||= name === mutant.name;
      }
      return { ...loaded, source };
    },
  });
}

/** Whether the bug was put in: false until the file was read. */
export function isPlanted(): boolean {
  return planted;
}
