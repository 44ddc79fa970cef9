import type { Currency } from '../../../contract/money.ts';
import { batchOf } from '../ledger/batch.ts';
import type { Book } from '../ledger/book.ts';
import type { Write } from '../ledger/entry.ts';
import { readCounter, takeTrace } from '../payment/number.ts';
import { originalOf } from '../payment/original.ts';
import { captured, type Payment, type PaymentRow, paymentOf } from '../payment/payment.ts';
import type { Clock } from '../world/world.ts';
import { asNext } from './frozen.ts';
import type { AcquirerLink, BankAnswer, FurtherRequest, Totals, Trace } from './link.ts';

export interface UploadParts {
  readonly clock: Clock;
  readonly book: Book;
  readonly link: AcquirerLink;
}

type Told = Extract<FurtherRequest, { type: 'upload' }>['record'];

/** One line of the batch as it is told to the bank. */
interface Line {
  readonly payment: Payment;
  readonly record: Told;
}

/** How often one line is told before the close gives up for now. */
const TRIES = 3;

/**
 * Tells the bank every payment of a batch whose totals differ, then the totals once more (B4). What was acknowledged is
 * durable: after a crash it goes on with the first line that was not. Undefined when the bank fell silent.
 */
export async function uploadBatch(parts: UploadParts, no: number, totals: Totals): Promise<BankAnswer | undefined> {
  const { book } = parts;
  const lines = linesOf(book, no, totals.debit.currency);
  const stood = readCounter(book.db, counterOf(no));
  let acknowledged = 0;
  for (let done = readCounter(book.db, counterOf(no)); done < lines.length; done++) {
    const line = lines[done];
    if (!line) break;
    asNext(no, stood, acknowledged, done);
    const answer = await tell(parts, no, done, (trace) => uploadOf(line, trace));
    if (!answer) return undefined;
    if (answer.kind !== 'approved') return answer;
    acknowledged += 1;
  }
  const count = lines.length;
  asNext(no, stood, acknowledged, count);
  return tell(parts, no, count, (trace) => ({ type: 'upload-end', trace, totals, count }));
}

function uploadOf({ payment, record }: Line, trace: Trace): FurtherRequest {
  return { type: 'upload', trace, amount: captured(payment), record, original: originalOf(payment) };
}

/** Sends one request under numbers of its own, which are durable before it leaves, together with how far the upload is. */
async function tell(
  { clock, book, link }: UploadParts,
  no: number,
  done: number,
  make: (trace: Trace) => FurtherRequest,
): Promise<BankAnswer | undefined> {
  const at = clock.now();
  const { stan, rrn, writes } = takeTrace(book.db, at);
  const progress: Write = { op: 'put', table: 'counter', key: counterOf(no), value: done };
  const event = { type: 'batch-upload', batch: no, done };
  book.commit({ kind: 'batch', at, by: 'terminal', event, writes: [...writes, progress], transfers: [] }, 'intent');
  for (let attempt = 0; attempt < TRIES; attempt++) {
    const answer = await link.further?.(make({ stan, rrn, at, batch: no, attempt }));
    if (answer && answer.kind !== 'no-answer' && answer.kind !== 'not-sent') return answer;
    if (batchOf(book.db, no)?.state === 'closed') return undefined;
  }
  return undefined;
}

function counterOf(no: number): string {
  return `upload-${no}`;
}

/** The payments that count in a batch, in the order of their numbers; a voided one is told as what it was, then as void. */
function linesOf({ db }: Book, no: number, currency: Currency): Line[] {
  const rows = db
    .prepare<[number, string], PaymentRow>(
      `SELECT * FROM payment WHERE batch IS NOT NULL AND batch = ? AND currency = ? AND kind IN ('purchase', 'completion', 'refund')
         AND tender <> 'cash' AND state IN ('approved', 'saf-approved', 'settled', 'void-due', 'voided', 'refund-due', 'refunded') ORDER BY seq`,
    )
    .all(no, currency);
  return rows.map(paymentOf).flatMap((payment): Line[] => {
    const record = recordOf(payment);
    const told: Line = { payment, record };
    return payment.state === 'voided' ? [told, { payment, record: 'void' }] : [told];
  });
}

function recordOf({ kind, acceptedAt }: Payment): Told {
  if (kind === 'refund' || kind === 'completion') return kind;
  return acceptedAt === null ? 'purchase' : 'advice';
}

/** Whether a bank that answered so can be told the batch line by line. */
export function uploadWanted(link: AcquirerLink, answer: BankAnswer): boolean {
  return link.further !== undefined && answer.kind === 'declined' && (answer.code === '95' || answer.code === '00');
}
