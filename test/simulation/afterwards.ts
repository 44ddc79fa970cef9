import type { Mutant } from './mutants.ts';

const RUNNER = 'main/core/payment/runner.ts';
const AFTERSALE = 'main/core/payment/aftersale.ts';

/** Bugs in what people see to afterwards: decisions by name, statements of the bank, a batch whose totals differ. */
export const afterwards: readonly Mutant[] = [
  {
    name: 'decided-by-nobody',
    invariant: 'I9',
    file: AFTERSALE,
    from: "{ type: 'decide', done, cause }, { by: actor.staff });",
    to: "{ type: 'decide', done, cause });",
  },
  {
    name: 'decided-too-soon',
    invariant: 'I9',
    file: 'main/core/payment/decision.ts',
    from: '      return payment.attempt >= ALERT_ATTEMPTS;\n',
    to: '      return payment.attempt > 1;\n',
  },
  {
    name: 'decision-not-reported',
    invariant: 'I9',
    file: RUNNER,
    from: "const kind = event.type === 'decide' ? 'decision' : 'payment';",
    to: "const kind = event.type === 'decide' && !event.done ? 'decision' : 'payment';",
  },
  {
    name: 'decision-overturned',
    invariant: 'I9',
    file: 'main/core/payment/transition.ts',
    from: "  switch (event.type) {\n    case 'answer':\n    case 'restart':",
    to: `  if (event.type === 'answer' && event.to === 'reversal' && event.answer.kind === 'declined') return outcome({ state: 'reversal-due' });
  switch (event.type) {\n    case 'answer':\n    case 'restart':`,
  },
  {
    name: 'late-answer-not-kept',
    invariant: 'I9',
    file: 'main/core/late.ts',
    from: '  if (book.failed) return;\n',
    to: "  if (book.failed || book.db.prepare('SELECT 1 FROM payment WHERE rrn = ?').get(rrn)) return;\n",
  },
  {
    name: 'charge-refunded-again',
    invariant: 'I16',
    file: 'main/core/reconciliation/reconciliation.ts',
    from: '      if (refundable && extra) {\n',
    to: '      if (extra) {\n',
  },
  {
    name: 'charge-refund-begun-is-done',
    invariant: 'P3',
    file: 'main/core/reconciliation/refund.ts',
    from: "standingOf(last.state) !== 'stands' || doneOf(db, line)",
    to: "standingOf(last.state) === 'undone' || doneOf(db, line)",
  },
  {
    name: 'charge-refund-is-a-loss',
    invariant: 'P5',
    file: 'main/core/reconciliation/reconciliation.ts',
    from: "[{ op: 'insert', table: 'difference_done', values }], [transfer]);",
    to: "[{ op: 'insert', table: 'difference_done', values }], transfer.amount.minor > 0 ? [] : [transfer]);",
  },
  {
    name: 'upload-skips-a-line',
    invariant: 'B4',
    file: 'main/core/bank/upload.ts',
    from: 'let done = readCounter(book.db, counterOf(no));',
    to: 'let done = readCounter(book.db, counterOf(no)) + 1;',
  },
  {
    name: 'late-answers-not-counted',
    invariant: 'B8',
    file: 'main/core/reports/irregular.ts',
    from: 'lateAnswers: answers?.n ?? 0,',
    to: 'lateAnswers: answers ? 0 : 0,',
  },
  {
    name: 'report-of-another-head',
    invariant: 'B8',
    file: 'main/core/bank/settlement.ts',
    from: 'journal: { first: batch.opened_seq, last: book.head.seq, hash: book.head.hash },',
    to: 'journal: { first: batch.opened_seq, last: book.head.seq - 1, hash: book.head.hash },',
  },
];
