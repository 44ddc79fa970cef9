import type { DayReport } from '../../../contract/day.ts';
import type { Receipt, ReceiptLine } from '../../../drivers/printer/printer.ts';

/** A day report was about to be printed without what it must say: nothing is printed, and a close stops the core. */
export class NotWhole extends Error {
  override name = 'NotWhole';
}

function textOf(line: ReceiptLine): string {
  if (line.kind === 'text') return line.text;
  return line.kind === 'row' ? `${line.left} ${line.right}` : '';
}

/**
 * Holds the paper of a day report to what it must say, whatever composed it (B8): the range of the journal and its whole head, how
 * many numbers were passed over and answers came late, every decision with its name, everything carried over, alarms.
 * @throws NotWhole
 */
export function asWhole(report: DayReport, receipt: Receipt): Receipt {
  const lines = receipt.lines.map(textOf);
  const { journal, irregular, decisions, carriedOver, alarms } = report;
  const words = (line: string): string[] => line.split(/\s+/);
  const said = (...parts: readonly (string | number)[]): boolean =>
    lines.some((line) => parts.every((part) => words(line).includes(String(part))));
  const missing = [
    /^[0-9a-f]{64}$/.test(journal.hash) && said(journal.hash) ? undefined : 'the head of the journal',
    journal.last >= journal.first && said(journal.first, journal.last) ? undefined : 'the range of the journal',
    ...Object.entries(irregular ?? {}).map(([what, n]) => (!n || said(n) ? undefined : what)),
    ...decisions.map(({ receiptNo }) => (said(receiptNo) ? undefined : `the decision about ${receiptNo}`)),
    lines.length >= carriedOver.length + decisions.length ? undefined : 'what is carried over',
    alarms === 0 || said(alarms) ? undefined : 'how often the record was found rolled back',
  ].filter((one) => one !== undefined);
  if (missing.length > 0) throw new NotWhole(`the report of batch ${report.batch} does not say ${missing.join(', ')}`);
  return receipt;
}
