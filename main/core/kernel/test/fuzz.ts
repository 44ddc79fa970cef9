// Throws spoilt input at the kernel: node main/core/kernel/test/fuzz.ts KIND SEED COUNT. The last line of what it prints is
// what it did; anything the kernel must not do ends it with the seed and the input's number.
import { parseArgs } from 'node:util';
import { fuzzCertificates } from './fuzzcertificates.ts';
import { fuzzDol, fuzzTlv } from './fuzzdata.ts';
import { fuzzDialogues } from './fuzzdialogues.ts';
import { fuzzToken } from './fuzztoken.ts';

const kinds = {
  tlv: fuzzTlv,
  dol: fuzzDol,
  certificates: fuzzCertificates,
  dialogues: fuzzDialogues,
  token: fuzzToken,
} as const;

function isKind(text: string): text is keyof typeof kinds {
  return Object.hasOwn(kinds, text);
}

const [kind = '', seed = '1', count = '1000'] = parseArgs({ allowPositionals: true }).positionals;
if (!isKind(kind)) throw new Error(`KIND is one of ${Object.keys(kinds).join(', ')}`);
const from = performance.now();
const told = await kinds[kind](Number(seed), Number(count));
console.log(JSON.stringify({ kind, seed: Number(seed), ...told, ms: Math.round(performance.now() - from) }));
