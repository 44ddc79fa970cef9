import { afterwards } from './afterwards.ts';
import { believed } from './believed.ts';

/** A bug that could have been made: one piece of a source file, and what stands there instead. */
export interface Mutant {
  readonly name: string;
  /** The invariant, rule or promise that it breaks (docs/reliability.md). */
  readonly invariant: string;
  readonly file: string;
  /** Occurs exactly once in the file. */
  readonly from: string;
  readonly to: string;
}

const RUNNER = 'main/core/payment/runner.ts';
const PURCHASE = 'main/core/payment/purchase.ts';
const TAKEBACK = 'main/core/payment/takeback.ts';
const FORWARD = 'main/core/payment/forward.ts';
const VOID = 'main/core/payment/void.ts';
const AFTERSALE = 'main/core/payment/aftersale.ts';
const REPEATED = 'main/core/payment/repeated.ts';
const OFFLINE = 'main/core/payment/offline.ts';
const PRINTING = 'main/core/payment/printing.ts';
const SETTLEMENT = 'main/core/bank/settlement.ts';
const BOOK = 'main/core/ledger/book.ts';

/** Bugs that the explorer must find, each for a promise that it would break. */
export const mutants: readonly Mutant[] = [
  {
    name: 'send-before-intent',
    invariant: 'I3',
    file: RUNNER,
    from: '    if (beside.code !== undefined) this.#codes.set(id, beside.code);\n',
    to: `    if (beside.code !== undefined) this.#codes.set(id, beside.code);
    for (const effect of next.effects) {
      if (effect.type === 'exchange') this.#exchange({ ...payment, ...next.change }, effect.exchange, effect.reason);
    }
`,
  },
  {
    name: 'attempt-not-counted',
    invariant: 'I3',
    file: TAKEBACK,
    from: 'return intent({ attempt: payment.attempt + 1 }, [',
    to: 'return intent({ attempt: 1 }, [',
  },
  {
    name: 'journal-not-synced',
    invariant: 'I14',
    file: 'main/core/ledger/journal.ts',
    from: '    this.#file.sync();\n',
    to: '',
  },
  {
    name: 'outcome-not-journalled',
    invariant: 'I14',
    file: BOOK,
    from: "      if (order === 'outcome') append();\n",
    to: "      if (order === 'outcome' && entries.every((entry) => entry.transfers.length === 0)) append();\n",
  },
  {
    name: 'kept-row-outlives-its-write',
    invariant: 'I6',
    file: BOOK,
    from: "    this.#count(write.op === 'settle' ? 'payment' : write.table);\n",
    to: "    if (write.op === 'insert') this.#count(write.table);\n",
  },
  {
    name: 'told-before-commit',
    invariant: 'I4',
    file: RUNNER,
    from: '    const original = next.original ? this.#original(payment, next.original) : undefined;\n',
    to: `    const original = next.original ? this.#original(payment, next.original) : undefined;
    if (next.change.state === 'approved') this.#parts.changed({ ...payment, ...next.change });
`,
  },
  {
    name: 'resent-after-restart',
    invariant: 'I8',
    file: PURCHASE,
    from: "      return outcome({ state: 'unknown', reason: 'restarted' }, [{ type: 'later', ms: 0 }]);",
    to: "      return intent({ attempt: payment.attempt + 1 }, [{ type: 'exchange', exchange: 'purchase' }]);",
  },
  {
    name: 'abandoned-after-restart',
    invariant: 'I8',
    file: PURCHASE,
    from: "      return outcome({ state: 'unknown', reason: 'restarted' }, [{ type: 'later', ms: 0 }]);",
    to: "      return { ...outcome({ state: 'abandoned', reason: 'restarted' }), shred: true };",
  },
  {
    name: 'timeout-is-decline',
    invariant: 'R1',
    file: PURCHASE,
    from: ": takeBack('no-answer');",
    to: ": decline(payment, 'no-answer');",
  },
  {
    name: 'repeat-with-new-numbers',
    invariant: 'R3',
    file: RUNNER,
    from: "      case 'advice':\n        return { type: exchange, trace, amount,",
    to: "      case 'advice':\n        return { type: exchange, trace: payment.attempt > 1 ? { ...trace, ...this.#ownTrace() } : trace, amount,",
  },
  {
    name: 'reversal-given-up',
    invariant: 'I9',
    file: TAKEBACK,
    from: "    case 'due':\n      return intent(",
    to: "    case 'due':\n      if (payment.attempt >= 3) return takenBack(payment);\n      return intent(",
  },
  {
    name: 'refused-reversal-is-done',
    invariant: 'I9',
    file: TAKEBACK,
    from: "    case 'declined':\n      // A bank that does not cancel",
    to: "    case 'declined':\n      if (payment.attempt > 0) return takenBack(payment);\n      // A bank that does not cancel",
  },
  {
    name: 'not-found-is-final',
    invariant: 'R6',
    file: TAKEBACK,
    from: 'if (since === null) return outcome({ notFoundAt: facts.now }, [again]);',
    to: 'if (since === null) return takenBack(payment);',
  },
  {
    name: 'clock-not-marked',
    invariant: 'I20',
    file: RUNNER,
    from: 'const clockSuspect = time.suspect;',
    to: 'const clockSuspect = false;',
  },
  {
    name: 'day-by-wrong-clock',
    invariant: 'I20',
    file: 'main/core/time.ts',
    from: 'businessDay(now,',
    to: 'businessDay(this.#parts.clock.now(),',
  },
  {
    name: 'age-by-wall-clock',
    invariant: 'I20',
    file: 'main/core/payment/age.ts',
    from: 'return this.#clock.monotonic() - (this.#made.get(payment)?.get(stamp) ?? this.#start.monotonic);',
    to: 'return this.#clock.now() - stamp + 0 * payment.length;',
  },
  {
    name: 'late-approval-accepted',
    invariant: 'I6',
    file: 'main/core/late.ts',
    from: "  const event = { type: 'late', stan, rrn, code };\n",
    to: `  const event = { type: 'late', stan, rrn, code };
  const taken = book.db.prepare("SELECT id, state FROM payment WHERE state = 'reversal-due' AND rrn = ?").get(rrn);
  if (taken && code === '00') {
    const change = { op: 'update', table: 'payment', key: { id: taken.id, state: taken.state }, values: { state: 'approved' } } as const;
    book.commit({ kind: 'payment', at: clock.now(), by: 'terminal', event, writes: [change], transfers: [] }, 'outcome');
  }
`,
  },
  {
    name: 'wallet-silence-is-decline',
    invariant: 'R8',
    file: PURCHASE,
    from: "? query(rules, 'no-answer')",
    to: "? decline(payment, 'no-answer')",
  },
  {
    name: 'wallet-never-cancelled',
    invariant: 'R8',
    file: PURCHASE,
    from: "    case 'due':\n      if (late) return cancel(tooLate(payment));",
    to: "    case 'due':\n      if (late) return outcome({ state: 'declined', reason: 'wallet-not-paid' });",
  },
  {
    name: 'malfunction-is-an-answer',
    invariant: 'R8',
    file: 'main/core/payment/answer.ts',
    from: "if (answer.kind === 'declined' && !pays && cannotSay.has(answer.code))",
    to: "if (answer.kind === 'declined' && !pays && answer.code === '')",
  },
  {
    name: 'cancelled-and-forgotten',
    invariant: 'P6',
    file: RUNNER,
    from: "      if (draft) this.#parts.perform(payment, { type: 'later', ms: 0 });\n",
    to: '',
  },
  {
    name: 'key-forgotten',
    invariant: 'I1',
    file: RUNNER,
    from: 'values: { ...request, payment, at }',
    to: 'values: { ...request, key: `${request.key} ${payment}`, payment, at }',
  },
  {
    name: 'number-used-again',
    invariant: 'I2',
    file: 'main/core/payment/number.ts',
    from: '  const stan = ((count - 1) % 999_999) + 1;',
    to: '  const stan = ((count - 1) % 4) + 1;',
  },
  {
    name: 'reversal-of-less',
    invariant: 'R5',
    file: RUNNER,
    from: "return { type: 'reversal', trace, amount,",
    to: "return { type: 'reversal', trace, amount: { ...amount, minor: amount.minor + 1 },",
  },
  {
    name: 'offline-count-off-by-one',
    invariant: 'I17',
    file: OFFLINE,
    from: 'use.count + 1 > policy.count',
    to: 'use.count > policy.count',
  },
  {
    name: 'offline-sum-before',
    invariant: 'I17',
    file: OFFLINE,
    from: 'money(use.sum.minor + amount.minor, amount.currency)',
    to: 'money(use.sum.minor, amount.currency)',
  },
  {
    name: 'offline-single-unbounded',
    invariant: 'I17',
    file: OFFLINE,
    from: "  if (compare(amount, policy.single) > 0) return 'offline-over-single';\n",
    to: '',
  },
  {
    name: 'offline-card-twice',
    invariant: 'I17',
    file: OFFLINE,
    from: 'policy.oncePerCard && use.cardWaiting',
    to: 'policy.oncePerCard && use.cardWaiting && use.count > 2',
  },
  {
    name: 'unsent-after-sending',
    invariant: 'I7',
    file: FORWARD,
    from: 'return payment.attempt <= 1\n',
    to: 'return payment.attempt <= 9\n',
  },
  {
    name: 'advice-reversed',
    invariant: 'R7',
    file: FORWARD,
    from: "    case 'pending':\n    case 'no-answer':\n      return outcome({ state: 'saf-unknown' },",
    to: "    case 'pending':\n    case 'no-answer':\n      return outcome({ state: 'reversal-due', attempt: 0 },",
  },
  {
    name: 'forwarded-posted-twice',
    invariant: 'I12',
    file: FORWARD,
    from: 'hostRrn: hostRrn ?? null }, [], [transfer])',
    to: 'hostRrn: hostRrn ?? null }, [], [transfer, transfer])',
  },
  {
    name: 'late-decline-not-posted',
    invariant: 'P5',
    file: FORWARD,
    from: "...outcome({ state: 'saf-declined', reason }, [], [transfer])",
    to: "...outcome({ state: 'saf-declined', reason }, [], transfer ? [] : [])",
  },
  {
    name: 'void-posted-twice',
    invariant: 'I16',
    file: VOID,
    from: "[{ type: 'print' }], [transfer])",
    to: "[{ type: 'print' }], [transfer, transfer])",
  },
  {
    name: 'void-silence-is-refusal',
    invariant: 'I9',
    file: REPEATED,
    from: "    case 'no-answer':\n      return again(payment, rules);",
    to: "    case 'no-answer':\n      return payment.kind === 'void' ? repeated.refused('no-answer') : again(payment, rules);",
  },
  {
    name: 'sealed-data-kept',
    invariant: 'I18',
    file: PURCHASE,
    from: "[purchased(posted(payment), payment.scheme ?? 'other', batch)],\n    ),\n    shred: true,",
    to: "[purchased(posted(payment), payment.scheme ?? 'other', batch)],\n    ),",
  },
  {
    name: 'sale-not-posted',
    invariant: 'I12',
    file: PURCHASE,
    from: "      [purchased(posted(payment), payment.scheme ?? 'other', batch)],",
    to: "      payment.attempt > 1 ? [] : [purchased(posted(payment), payment.scheme ?? 'other', batch)],",
  },
  {
    name: 'totals-of-another-batch',
    invariant: 'B3',
    file: SETTLEMENT,
    from: '    const own = readBooks(book, batch.no, currency);',
    to: '    const own = readBooks(book, openBatch(book.db).no, currency);',
  },
  {
    name: 'closed-without-agreement',
    invariant: 'B4',
    file: SETTLEMENT,
    from: "if (told?.kind !== 'approved' || !agreed(books)) {",
    to: 'if (told === undefined) {',
  },
  {
    name: 'close-repeated-with-new-number',
    invariant: 'B5',
    file: SETTLEMENT,
    from: 'const { stan, rrn, sent_at: at } = batch;',
    to: 'const { rrn, sent_at: at, attempt } = batch;\n    const stan = batch.stan === null ? null : batch.stan + Math.min(attempt, 1);',
  },
  {
    name: 'printed-without-status',
    invariant: 'P12',
    file: PRINTING,
    from: 'if (printed.ok) this.#mark(',
    to: 'if (printed.ok || printed.sent) this.#mark(',
  },
  {
    name: 'duplicate-not-marked',
    invariant: 'P12',
    file: PRINTING,
    from: 'receipt(printing, printing.copies > 0)',
    to: 'receipt(printing, printing.copies > 1)',
  },
  {
    name: 'goes-on-after-a-failed-commit',
    invariant: 'I23',
    file: BOOK,
    from: '      this.#failed = true;\n      this.#onFailed?.(error);\n      throw error;\n',
    to: '      throw error;\n',
  },
  {
    name: 'refund-above-paid',
    invariant: 'I16',
    file: AFTERSALE,
    from: "      if (amount.minor > left) throw new Refused('refund-above-paid', `${left} left`);\n",
    to: '',
  },
  {
    name: 'refunds-under-way-not-counted',
    invariant: 'I16',
    file: 'main/core/payment/table.ts',
    from: "kind IN ('refund', 'void') AND state NOT IN ('declined', 'abandoned')`",
    to: "kind IN ('refund', 'void') AND state IN ('approved', 'settled')`",
  },
  {
    name: 'refund-retry-new-id',
    invariant: 'R3',
    file: RUNNER,
    from: '        return { type: exchange, trace, amount, original: originalOf(original) };',
    to: `        const fresh = exchange === 'refund' && payment.attempt > 1 ? this.#ownTrace() : {};
        return { type: exchange, trace: { ...trace, ...fresh }, amount, original: originalOf(original) };`,
  },
  {
    name: 'refund-unknown-is-declined',
    invariant: 'I9',
    file: REPEATED,
    from: "    case 'no-answer':\n      return again(payment, rules);",
    to: "    case 'no-answer':\n      return payment.kind === 'refund' ? repeated.refused('no-answer') : again(payment, rules);",
  },
  {
    name: 'refund-offline',
    invariant: 'I17',
    file: AFTERSALE,
    from: "      if (original.tender !== 'cash') refuseOffline();\n",
    to: '',
  },
  {
    name: 'refund-not-posted',
    invariant: 'P5',
    file: 'main/core/payment/refund.ts',
    from: "            [refunded(posted(payment), payment.scheme ?? 'other', payment.batch ?? facts.batch)],",
    to: "            facts.batch < 0 ? [refunded(posted(payment), payment.scheme ?? 'other', facts.batch)] : [],",
  },
  {
    name: 'hold-is-a-sale',
    invariant: 'I12',
    file: 'main/core/payment/authorization.ts',
    from: "        return { ...outcome(change, [{ type: 'print' }]), shred: true };",
    to: "        return { ...outcome(change, [{ type: 'print' }], [purchased(posted(payment), 'visa', 1)]), shred: true };",
  },
  {
    name: 'hold-taken-twice',
    invariant: 'I6',
    file: 'main/core/payment/authorization.ts',
    from: "if (event.type === 'complete-end') return outcome({ state: event.approved ? 'completed' : 'authorized' });",
    to: "if (event.type === 'complete-end') return outcome({ state: 'authorized' });",
  },
  {
    name: 'split-overpays',
    invariant: 'I16',
    file: 'main/core/sale/sale.ts',
    from: '  const fits = amount.currency === sale.total.currency && amount.minor <= owed - underWay;',
    to: '  const fits = amount.currency === sale.total.currency && underWay >= 0 && owed >= 0;',
  },
  {
    name: 'dropped-sale-keeps-cash',
    invariant: 'P6',
    file: 'main/core/sale/back.ts',
    from: "  if (untouched && current && part.tender === 'cash') return { by: 'event', event: 'void' };",
    to: "  if (untouched && current && part.tender === 'cash') return undefined;",
  },
  {
    name: 'partial-taken-for-full',
    invariant: 'I12',
    file: PURCHASE,
    from: '  return { payment: payment.id, amount: captured(payment), day: payment.day };',
    to: '  return { payment: payment.id, amount: payment.approved === null ? captured(payment) : payment.amount, day: payment.day };',
  },
  {
    name: 'partial-kept-after-restart',
    invariant: 'I6',
    file: PURCHASE,
    from: "    case 'restart':\n      return giveBack('restarted');",
    to: "    case 'restart':\n      return { ...giveBack('restarted'), change: { state: 'declined', reason: 'restarted' } };",
  },
  {
    name: 'shown-expiry-is-final',
    invariant: 'I6',
    file: PURCHASE,
    from: "  return outcome({ state: 'cancel-due', reason, attempt: 0 }, [{ type: 'later', ms: 0 }]);",
    to: "  if (reason === 'shown-expired') return outcome({ state: 'cancelled', reason });\n  return outcome({ state: 'cancel-due', reason, attempt: 0 }, [{ type: 'later', ms: 0 }]);",
  },
  {
    name: 'cancelled-though-paid',
    invariant: 'R8',
    file: TAKEBACK,
    from: "  if (answer.kind === 'approved') return paidAfterAll(payment, answer, facts);\n",
    to: "  if (answer.kind === 'approved') return takenBack(payment);\n",
  },
  {
    name: 'paid-after-all-not-posted',
    invariant: 'I12',
    file: 'main/core/payment/moneyback.ts',
    from: "  return outcome(change, [{ type: 'later', ms: 0 }], [purchased(posted(payment), payment.scheme ?? 'other', batch)]);",
    to: "  return outcome(change, [{ type: 'later', ms: 0 }]);",
  },
  {
    name: 'refund-of-paid-forgotten',
    invariant: 'R8',
    file: 'main/core/payment/moneyback.ts',
    from: "      return outcome({ attempt: payment.attempt }, [{ type: 'refund' }]);",
    to: "      return outcome({ state: 'refunded' });",
  },
  {
    name: 'off-time-is-age',
    invariant: 'I20',
    file: 'main/core/payment/queue.ts',
    from: 'runner.ages.sure(payment.id, payment.acceptedAt ?? payment.at)',
    to: 'runner.ages.about(payment.id, payment.acceptedAt ?? payment.at)',
  },
  {
    name: 'paid-again-sold-twice',
    invariant: 'P5',
    file: 'main/core/payment/late.ts',
    from: "transfers: what === 'paid-again' ? ",
    to: "transfers: what === 'written-off' ? ",
  },
  ...afterwards,
  ...believed,
];
