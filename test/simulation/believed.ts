import type { Mutant } from './mutants.ts';

const SESSION = 'main/core/bank/session.ts';

/** Bugs in what is believed: of a line to the bank, of what it means when that breaks, of a record that somebody put there. */
export const believed: readonly Mutant[] = [
  {
    name: 'mac-not-compared',
    invariant: 'I5',
    file: SESSION,
    from: 'return macs.some((mac) => mac !== undefined && trusted(bytes, answer, mac));',
    to: 'return macs.some((mac) => mac !== undefined) || bytes.length === 0 || answer.mti === "";',
  },
  {
    name: 'amount-not-compared',
    invariant: 'I5',
    file: 'main/core/bank/messages.ts',
    from: 'return !(number === 4 && partlyApproved(sent, answer, dialect));',
    to: 'return number !== 4;',
  },
  {
    name: 'terminal-not-compared',
    invariant: 'I5',
    file: 'main/core/bank/messages.ts',
    from: 'return !(number === 4 && partlyApproved(sent, answer, dialect));',
    to: 'return number < 41 && !(number === 4 && partlyApproved(sent, answer, dialect));',
  },
  {
    name: 'line-of-before-believed',
    invariant: 'I5',
    file: SESSION,
    from: 'const macs = seal ? [seal] : [this.#mac, this.#formerMac];',
    to: 'const macs = ((globalThis as { macs?: Mac[] }).macs ??= []);\n    for (const mac of [seal, this.#mac]) if (mac && !macs.includes(mac)) macs.push(mac);',
  },
  {
    name: 'reset-means-not-sent',
    invariant: 'I7',
    file: SESSION,
    from: "for (const waiting of [...this.#waiting.values()]) waiting.settle({ kind: 'silent', detail });",
    to: "for (const waiting of [...this.#waiting.values()]) waiting.settle({ kind: 'not-sent', detail });",
  },
  {
    name: 'silence-means-not-sent',
    invariant: 'I7',
    file: SESSION,
    from: "settle({ kind: 'silent', detail: `no answer within ${timeoutMs} ms` });",
    to: "settle({ kind: 'not-sent', detail: `no answer within ${timeoutMs} ms` });",
  },
  {
    name: 'sent-again-by-the-line',
    invariant: 'I3',
    file: SESSION,
    from: 'if (!this.#line.send(bytes)) {\n        settle',
    to: 'if (!this.#line.send(bytes) || (sent.mti.startsWith("042") && !this.#line.send(bytes))) {\n        settle',
  },
  {
    name: 'bad-mac-is-a-refusal',
    invariant: 'I5',
    file: 'main/core/bank/dialects/dialect.ts',
    from: "return code === 'A0' ? BAD_MAC : { kind: 'declined', code, ...forCard };",
    to: "return { kind: 'declined', code, ...forCard };",
  },
  {
    name: 'older-record-sold-on',
    invariant: 'I15',
    file: 'main/core/ledger/anchor.ts',
    from: "  if (anchored.seq > head.seq) return { found: 'shorter', anchored, head };\n",
    to: '  if (anchored.seq > head.seq) return undefined;\n',
  },
  {
    name: 'anchor-not-kept',
    invariant: 'I15',
    file: 'main/core/custody.ts',
    from: '    await this.#anchor?.keep().catch(() => undefined);\n',
    to: '',
  },
  {
    name: 'numbers-of-before-again',
    invariant: 'I2',
    file: 'main/core/custody.ts',
    from: '        ...burnNumbers(book.db, Math.max(0, anchored.seq - head.seq), anchored.counted),\n',
    to: '',
  },
  {
    name: 'held-and-sold-for-cash',
    invariant: 'I15',
    file: 'main/core/core.ts',
    from: '    if (this.custody.held) throw new Refused(this.custody.held);\n',
    to: "    if (this.custody.held === 'disk-full') throw new Refused(this.custody.held);\n",
  },
];
