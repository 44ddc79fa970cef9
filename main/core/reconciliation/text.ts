import type { i18n } from 'i18next';
import { formatAmount, type Money } from '../../../contract/money.ts';
import type { ReconciliationLine } from '../../../contract/reconciliation.ts';
import { prepared } from '../store/statement.ts';
import { depositsOf } from './deposits.ts';
import { gapsOf } from './gaps.ts';
import { depositView, gapView, lineView, type ReportContext } from './report.ts';
import type { LineRow, StatementRow } from './statements.ts';

/** Lines read at a time. */
const SLICE = 500;

const columns = [
  'verdictColumn',
  'reasonColumn',
  'nextColumn',
  'kindColumn',
  'day',
  'time',
  'terminal',
  'stan',
  'rrn',
  'receiptNo',
  'scheme',
  'card',
  'tillAmount',
  'bankAmount',
  'fee',
  'expectedFee',
  'net',
  'currency',
  'doneColumn',
] as const;

/**
 * Every line of a statement as the screens name it: the bank's lines in the order of the file, then its deposits that do not
 * agree, then the payments that it does not list. Lines of other terminals of the shop are left out.
 */
export function* allLines(context: ReportContext, statement: StatementRow): Generator<ReconciliationLine> {
  for (let after = 0; ; ) {
    const rows = prepared<[number, number, number], LineRow>(
      context.db,
      `SELECT * FROM statement_line WHERE statement = ? AND n > ? AND kind <> 'deposit' ORDER BY n LIMIT ?`,
    ).all(statement.no, after, SLICE);
    const last = rows.at(-1);
    if (!last) break;
    after = last.n;
    for (const row of rows) if (row.verdict !== 'other') yield lineView(context, row);
  }
  for (const deposit of depositsOf(context.db, statement)) yield depositView(context, deposit);
  for (const gap of gapsOf(context.db, statement, context.days)) yield gapView(context, gap);
}

/** The result as CSV in a person's language (RFC 4180, UTF-8 with its mark, so that spreadsheets read it right), piece by piece. */
export function* csvOf(context: ReportContext, statement: StatementRow, words: i18n): Generator<string> {
  const head = columns.map((name) => words.t(`reconciliation.${name}`));
  let piece = `\uFEFF${record(head)}`;
  for (const line of allLines(context, statement)) {
    piece += record(cellsOf(line, words));
    if (piece.length < 100_000) continue;
    yield piece;
    piece = '';
  }
  yield piece;
}

function plain(amount: Money | null): string {
  return amount === null ? '' : formatAmount(amount).replaceAll(',', '');
}

function cellsOf(line: ReconciliationLine, words: i18n): readonly string[] {
  const { reason, done } = line;
  const word = (key: string): string => words.t(`reconciliation.${key}`);
  return [
    word(`verdict.${line.verdict}`),
    reason === null ? '' : word(`reason.${reason}`),
    reason === null ? '' : word(`next.${reason}`),
    word(`kind.${line.kind}`),
    line.day,
    line.time,
    line.terminal,
    line.stan === null ? '' : String(line.stan),
    line.rrn,
    line.receiptNo ?? '',
    line.scheme === null ? '' : words.t(`scheme.${line.scheme}`, { defaultValue: line.scheme }),
    line.maskedPan ?? '',
    plain(line.till),
    plain(line.bank),
    plain(line.fee),
    plain(line.expectedFee),
    plain(line.net),
    (line.bank ?? line.till)?.currency ?? '',
    done
      ? words.t('reconciliation.doneBy', { by: words.t(`person.${done.by}`, { defaultValue: done.by }), how: done.how })
      : '',
  ];
}

function record(cells: readonly string[]): string {
  return `${cells.map(cell).join(',')}\r\n`;
}

/** A plain decimal is a number and may begin with a minus; any other text must not be taken for a formula by a spreadsheet. */
export function cell(text: string): string {
  const safe = /^[=+\-@\t\r]/.test(text) && !/^-?\d+(\.\d+)?$/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
