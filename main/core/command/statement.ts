import { closeSync, openSync, readFileSync, renameSync, statSync, writeSync } from 'node:fs';
import type { Reconciliation } from '../../../contract/reconciliation.ts';
import type { WordsLanguage } from '../../../renderer/words/words.ts';
import type { Core } from '../core.ts';
import { LARGEST_FILE } from '../reconciliation/unpack.ts';
import { Refused } from '../refused.ts';
import { failed, paymentResult, type Result, sentence } from './result.ts';
import { untilEnd, untilLine } from './sale.ts';

export interface ReportOptions {
  /** Number of the statement; the newest one when not given. */
  readonly statement?: string;
  readonly csv?: string;
  readonly html?: string;
}

/** Imports one file of the bank. Differences are no error: exit 2 says that there are some. */
export async function importStatement(core: Core, path: string): Promise<Result> {
  const imported = await core.reconciliation.import(path, readFile(path), 'terminal');
  if (!imported.ok) {
    const { code, line, detail } = imported;
    const message = sentence(`reconciliation.fault.${code}`, { line: line ?? 0 }) ?? detail;
    return { body: { error: { code, message, line, detail } }, exit: 1 };
  }
  return { body: { known: imported.known, reconciliation: imported.result }, exit: exitOf(imported.result) };
}

function readFile(path: string): Uint8Array {
  try {
    // What no statement can be is not even read: one byte more than the most is enough to be refused.
    if (statSync(path).size > LARGEST_FILE) return new Uint8Array(LARGEST_FILE + 1);
    return readFileSync(path);
  } catch (error) {
    throw new Refused('input-invalid', error instanceof Error ? error.message : path);
  }
}

function exitOf({ differs, unexplained }: Reconciliation): 0 | 2 {
  return differs.count === 0 && unexplained.minor === 0 ? 0 : 2;
}

/** How a statement and the payments agree now; also as files, in the language of the command. */
export async function reportStatement(core: Core, options: ReportOptions, language: WordsLanguage): Promise<Result> {
  const no = options.statement === undefined ? undefined : Number(options.statement);
  if (no !== undefined && !(Number.isSafeInteger(no) && no > 0))
    return failed('input-invalid', 'a statement has a number');
  for (const as of ['csv', 'html'] as const) {
    const path = options[as];
    if (path !== undefined) await write(core.reconciliation.export(no, as, language), path);
  }
  const result = await core.reconciliation.report(no);
  return { body: { reconciliation: result }, exit: exitOf(result) };
}

/** Gives an extra charge of a statement's line back, and waits for the bank's word. */
export async function refundLine(core: Core, line: string, statement: string | undefined): Promise<Result> {
  const no = statement === undefined ? core.reconciliation.statements()[0]?.no : Number(statement);
  if (no === undefined) throw new Refused('statement-not-found');
  await untilLine(core);
  const asked = await core.reconciliation.refund(no, line, 'terminal');
  const refund = asked.lines.find(({ id }) => id === line)?.refund;
  if (!refund) throw new Refused('statement-line-not-found', line);
  return paymentResult(core.view(await untilEnd(core, refund.payment)));
}

/** Writes beside the file and renames: half a report never stands under its name. */
async function write(pieces: AsyncIterable<{ readonly text: string }>, path: string): Promise<void> {
  const temporary = `${path}.new`;
  const file = openSync(temporary, 'w', 0o600);
  try {
    for await (const { text } of pieces) writeSync(file, text);
  } finally {
    closeSync(file);
  }
  renameSync(temporary, path);
}
