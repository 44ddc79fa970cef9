import { hash as digest } from 'node:crypto';
import { verifyBook } from '../../main/core/reports/verify.ts';
import { keeps, reported } from './history.ts';
import { legal, legalByDecision, unfinished } from './legal.ts';
import type { Machine } from './machine.ts';
import type { Oracle, Row } from './oracle.ts';
import { byMistake } from './statements.ts';

interface Entry {
  readonly seq: number;
  readonly kind: string;
  readonly by: string;
  readonly payment?: string | null;
  readonly event: { readonly type: string; readonly [detail: string]: unknown };
  readonly writes: readonly {
    readonly op: string;
    readonly table?: string;
    readonly key?: Readonly<Record<string, unknown>> | string;
    readonly values?: Readonly<Record<string, unknown>>;
    readonly batch?: number;
  }[];
  readonly transfers: readonly Transfer[];
}

interface Transfer {
  readonly payment: string | null;
  readonly debit: string;
  readonly credit: string;
  readonly amount: { readonly minor: number };
  readonly batch: number | null;
}

/**
 * At the end of a healed day: every payment has its end, and bank, ledger, journal and terminal say the same. The terminal
 * may be asked as well.
 */
export function compareBooks(machine: Machine, oracle: Oracle, verifies: boolean): void {
  oracle.recall('at the end');
  const rows = oracle.every();
  const entries = readJournal(machine, oracle);
  replay(oracle, rows, entries);
  oracle.decisions.compare();
  oracle.clocks.compare();
  charges(machine, oracle, rows);
  accounts(machine, oracle, rows, entries);
  batches(machine, oracle, rows, entries);
  secrets(machine, oracle);
  keeps(machine, oracle);
  reported(machine, oracle, entries);
  ended(oracle, rows);
  if (machine.core && verifies) {
    const { ok, firstBreak } = verifyBook(machine.core.book);
    if (!ok) oracle.fail('verify', `the terminal finds its own books broken: ${JSON.stringify(firstBreak)}`);
  }
}

/** States of which there is a receipt. */
const onPaper = 'approved saf-approved settled saf-declined saf-expired voided saf-voided authorized'.split(' ');

function ended(oracle: Oracle, rows: readonly Row[]): void {
  for (const row of rows) {
    if (unfinished.has(row.state)) oracle.fail('P6', `payment ${row.id} has no end: ${row.kind} ${row.state}`);
    if (['queued', 'printing', 'held', 'asked'].includes(row.print)) {
      oracle.fail('P12', `the receipt of ${row.id} is ${row.print}`);
    }
    if (row.print === 'printed' && !oracle.papers.has(row.receipt_no)) {
      oracle.fail('P12', `the receipt of ${row.id} counts as printed, and there is no paper`);
    }
    if (row.state === 'saf-expired' && !oracle.old(row.id)) oracle.fail('I20', `${row.id} expired before its time`);
    if (row.print === 'none' && onPaper.includes(row.state))
      oracle.fail('P12', `no receipt for ${row.id} ${row.state}`);
  }
}

/** Recomputes the chain from the file's bytes, and holds the database's copy to it (I14). */
function readJournal(machine: Machine, oracle: Oracle): Entry[] {
  const text = machine.disk.journal.toString('utf8');
  const lines = text.split('\n');
  if (lines.pop() !== '') oracle.fail('I14', 'the journal ends in the middle of an entry');
  const stored = machine.disk.rows('SELECT seq, hash, body FROM entry ORDER BY seq') as {
    seq: number;
    hash: string;
    body: string;
  }[];
  if (stored.length !== lines.length) oracle.fail('I14', `${lines.length} entries, ${stored.length} in the database`);
  let previous = '0'.repeat(64);
  return lines.map((line, index) => {
    const hash = line.slice(0, 64);
    const body = line.slice(65);
    const own = digest('sha256', previous + body, 'hex');
    if (own !== hash) oracle.fail('I14', `entry ${index + 1} breaks the chain`);
    const copy = stored[index];
    if (copy?.seq !== index + 1 || copy.hash !== hash || copy.body !== body) {
      oracle.fail('I14', `entry ${index + 1} differs in the database`);
    }
    previous = hash;
    const entry: Entry = JSON.parse(body);
    if (entry.seq !== index + 1) oracle.fail('I14', `entry ${index + 1} calls itself ${entry.seq}`);
    return entry;
  });
}

/** The bank may have done it or not. */
const uncertain: ReadonlySet<string> = new Set([
  'unknown',
  'querying',
  'reversal-due',
  'cancel-due',
  'saf-unknown',
  'partial',
]);

/** Folds the entries: only drawn transitions, numbers that only grow, and the same end as in the database. */
function replay(oracle: Oracle, rows: readonly Row[], entries: readonly Entry[]): void {
  const payments = new Map<string, { kind: string; state: string; batch: unknown }>();
  const unknown = new Set<string>();
  let trace = 0;
  let receipt = '';
  oracle.decisions.decided.length = 0;
  for (const { seq, kind: about, by, payment: of, event, writes } of entries) {
    if (about === 'decision') {
      const { from = '', done, cause } = event;
      const said = { from: String(from), done: done === 1, cause: String(cause) };
      oracle.decisions.decided.push({ seq, payment: String(of), by, ...said });
    }
    for (const { op, table, key, values, batch } of writes) {
      if (op === 'settle') {
        for (const payment of payments.values()) {
          const counted = payment.state === 'approved' || payment.state === 'saf-approved';
          if (payment.batch === batch && counted) payment.state = 'settled';
        }
      }
      if (table !== 'payment' || !values) continue;
      if (op === 'insert') {
        const { id, kind, state, stan, receipt_no: no } = values;
        if (Number(stan) <= trace || String(no) <= receipt)
          oracle.fail('I2', `entry ${seq}: STAN ${stan} after ${trace}`);
        trace = Number(stan);
        receipt = String(no);
        payments.set(String(id), { kind: String(kind), state: String(state), batch: values['batch'] });
        continue;
      }
      if (typeof key !== 'object') continue;
      const payment = payments.get(String(key['id']));
      if (!payment) {
        oracle.fail('I14', `entry ${seq} changes a payment that no entry opened`);
        continue;
      }
      if ('batch' in values) payment.batch = values['batch'];
      if (typeof values['state'] !== 'string') continue;
      if (key['state'] !== payment.state)
        oracle.fail('I6', `entry ${seq} goes from ${key['state']}, not ${payment.state}`);
      const said = about === 'decision' && key['id'] === of;
      const may = said
        ? legalByDecision(payment.state, values['state'])
        : legal(payment.kind, payment.state, values['state']);
      if (!may) {
        oracle.fail('states', `entry ${seq}: ${payment.kind} ${payment.state} becomes ${values['state']}`);
      }
      payment.state = values['state'];
      if (uncertain.has(payment.state)) unknown.add(String(key['id']));
    }
  }
  const ended = [...unknown].filter((id) => !unfinished.has(payments.get(id)?.state ?? 'opened'));
  oracle.unknown = { began: unknown.size, ended: ended.length };
  for (const row of rows) {
    const folded = payments.get(row.id);
    if (folded?.state !== row.state)
      oracle.fail('I14', `${row.id} is ${row.state}, the journal makes it ${folded?.state}`);
  }
  if (payments.size !== rows.length)
    oracle.fail('I14', `${payments.size} payments in the journal, ${rows.length} stored`);
}

/** Whether the bank has taken the customer's money, as the terminal tells it. */
function says(row: Row): boolean {
  return row.tender !== 'cash' && ['approved', 'saf-approved', 'settled', 'refund-due', 'refunded'].includes(row.state);
}

/** What stays of a payment after its refunds, as the terminal tells it. */
function kept(oracle: Oracle, row: Row, rows: readonly Row[]): number {
  if (row.state === 'refunded' && oracle.decisions.backOutside(row.id)) return 0;
  const back = rows.filter((one) => one.kind === 'refund' && one.original === row.id && says(one));
  return (says(row) ? row.amount : 0) - back.reduce((sum, { amount }) => sum + amount, 0);
}

/** What was taken of a held amount. */
function completed(oracle: Oracle, row: Row, rows: readonly Row[]): number {
  const taken = rows.filter((one) => one.kind === 'completion' && one.original === row.id);
  return taken.reduce((sum, one) => sum + kept(oracle, one, rows), 0);
}

function held(machine: Machine, oracle: Oracle, row: Row, presented: string | undefined): void {
  const amount = presented === undefined ? 0 : machine.bank.held(presented);
  const expected = row.state === 'authorized' ? row.amount : 0;
  if (amount !== expected) oracle.fail('P3', `${row.id} is ${row.state} over ${row.amount}, the bank holds ${amount}`);
}

/** The bank's own book against what the terminal says of each payment (P3). */
function charges(machine: Machine, oracle: Oracle, rows: readonly Row[]): void {
  machine.bank.confirm(Number.MAX_SAFE_INTEGER);
  const known = new Set(oracle.presented.values());
  for (const charge of machine.bank.charges) {
    const { presented, state } = charge;
    if (byMistake(charge)) {
      const back = machine.bank.refunded(charge);
      const doubted = oracle.decisions.doubtsCharge(charge.rrn);
      if (back !== charge.minor && !doubted)
        oracle.fail('P3', `charged by mistake: ${charge.minor}, given back: ${back}`);
    } else if (!known.has(presented)) oracle.fail('P3', `the bank has a charge ${state} that no payment sent`);
  }
  for (const row of rows) {
    if (row.kind !== 'purchase' && row.kind !== 'pre-authorization') continue;
    const presented = oracle.presented.get(row.id);
    const charged = presented === undefined ? 0 : machine.bank.charged(presented);
    const expected = row.kind === 'purchase' ? kept(oracle, row, rows) : completed(oracle, row, rows);
    if (oracle.decisions.doubts(row)) {
      // The bank has what it has: not more than once.
      if (charged < 0 || charged > row.amount)
        oracle.fail('P3', `the bank took ${charged} of ${row.amount}: ${row.id}`);
      continue;
    }
    if (row.kind === 'pre-authorization') held(machine, oracle, row, presented);
    if (row.state === 'refunded' && expected !== 0) oracle.fail('R8', `${row.id} is refunded, ${expected} is kept`);
    if (charged === expected) continue;
    const what = charged > row.amount ? 'double charge' : charged > expected ? 'orphan charge' : 'lost charge';
    oracle.fail('P3', `${what}: ${row.id} is ${row.state} over ${row.amount}, the bank took ${charged}`);
  }
  for (const row of rows) {
    const back = rows.filter((one) => one.kind === 'refund' && one.original === row.id && one.state !== 'declined');
    const sum = back.reduce((total, one) => total + (one.state === 'abandoned' ? 0 : one.amount), 0);
    if (sum > row.amount) oracle.fail('I16', `${sum} of ${row.amount} went back of ${row.id}`);
  }
  const voids = rows.filter((row) => row.kind === 'void' && ['approved', 'settled'].includes(row.state));
  const originals = new Set<string>();
  for (const { original } of voids) {
    if (original === null || originals.has(original)) oracle.fail('I16', `${original} was taken back twice`);
    const bought = rows.find((row) => row.id === original);
    if (bought?.state !== 'voided') oracle.fail('I16', `${original} was taken back and is ${bought?.state}`);
    if (original !== null) originals.add(original);
  }
  for (const row of rows) {
    const byBank = row.tender !== 'cash' && row.state === 'voided';
    if (byBank && !originals.has(row.id)) oracle.fail('I16', `${row.id} is voided, and no void was approved`);
  }
}

/** What the accounts must show of a payment in its last state. */
function expected(row: Row): Readonly<Record<string, number>> {
  const { amount, state, tender } = row;
  const done = ['approved', 'settled'].includes(state);
  if (row.kind === 'void') return done ? { sales: amount, receivable: -amount } : {};
  if (row.kind === 'refund')
    return done ? { refunds: amount, [tender === 'cash' ? 'cash' : 'receivable']: -amount } : {};
  switch (state) {
    case 'approved':
    case 'settled':
    case 'saf-approved':
    case 'refund-due':
    case 'refunded':
      return { [tender === 'cash' ? 'cash' : 'receivable']: amount, sales: -amount };
    case 'voided':
      return tender === 'cash' ? {} : { receivable: amount, sales: -amount };
    case 'saf-declined':
      return { 'loss:late-decline': amount, sales: -amount };
    case 'saf-expired':
      return { 'loss:expired': amount, sales: -amount };
    default:
      return {};
  }
}

/** The ledger against the states, the journal against the ledger, all sums to the minor unit (I12, P5). */
function accounts(machine: Machine, oracle: Oracle, rows: readonly Row[], entries: readonly Entry[]): void {
  const stored = machine.disk.rows(
    'SELECT seq, n, payment, debit, credit, amount, currency, batch FROM transfer ORDER BY seq, n',
  ) as {
    seq: number;
    n: number;
    payment: string | null;
    debit: string;
    credit: string;
    amount: number;
    currency: string;
    batch: number | null;
  }[];
  const journalled = entries.flatMap(({ seq, transfers }) => transfers.map((transfer, n) => ({ seq, n, ...transfer })));
  if (stored.length !== journalled.length)
    oracle.fail('I12', `${stored.length} transfers, ${journalled.length} in the journal`);
  const balances = new Map<string, Map<string, number>>();
  const post = (payment: string, account: string, amount: number): void => {
    const name = account.startsWith('receivable:')
      ? 'receivable'
      : account.startsWith('offline:')
        ? 'offline'
        : account;
    const accountsOf = balances.get(payment) ?? new Map<string, number>();
    accountsOf.set(name, (accountsOf.get(name) ?? 0) + amount);
    balances.set(payment, accountsOf);
  };
  stored.forEach((transfer, index) => {
    const entry = journalled[index];
    const same =
      entry?.seq === transfer.seq &&
      entry.n === transfer.n &&
      entry.payment === transfer.payment &&
      entry.debit === transfer.debit &&
      entry.credit === transfer.credit &&
      entry.amount.minor === transfer.amount &&
      entry.batch === transfer.batch;
    if (!same) oracle.fail('I12', `transfer ${transfer.seq}.${transfer.n} differs from the journal`);
    if (transfer.amount <= 0 || !Number.isInteger(transfer.amount))
      oracle.fail('I11', `a transfer of ${transfer.amount}`);
    if (transfer.payment === null) return;
    post(transfer.payment, transfer.debit, transfer.amount);
    post(transfer.payment, transfer.credit, -transfer.amount);
  });
  losses(machine, oracle, stored);
  const again = new Set(
    (machine.disk.rows("SELECT payment FROM late WHERE what = 'paid-again'") as { payment: string }[]).map(
      ({ payment }) => payment,
    ),
  );
  for (const row of rows) {
    // What was paid again is the sale: this one was none.
    const outside = oracle.decisions.backOutside(row.id) ? { refunds: row.amount, 'bank-difference': -row.amount } : {};
    const wanted: Readonly<Record<string, number>> = again.has(row.id) ? {} : { ...expected(row), ...outside };
    const found = balances.get(row.id) ?? new Map<string, number>();
    for (const account of new Set([...Object.keys(wanted), ...found.keys()])) {
      const balance = found.get(account) ?? 0;
      if (balance !== (wanted[account] ?? 0)) {
        oracle.fail('P5', `${row.kind} ${row.id} ${row.state}: ${account} is ${balance}, not ${wanted[account] ?? 0}`);
      }
    }
  }
}

/** What the bank had charged by mistake and was given back is no loss of the shop's: from the bank's difference, once. */
function losses(
  machine: Machine,
  oracle: Oracle,
  transfers: readonly { payment: string | null; debit: string; credit: string; amount: number }[],
): void {
  const given = machine.disk.rows(
    'SELECT amount FROM difference_done JOIN payment ON payment.id = difference_done.payment',
  ) as { amount: number }[];
  const sum = (of: readonly { amount: number }[]): number => of.reduce((total, { amount }) => total + amount, 0);
  const posted = transfers.filter(
    ({ payment, debit, credit }) => payment === null && debit === 'bank-difference' && credit === 'refunds',
  );
  if (posted.length !== given.length || sum(posted) !== sum(given))
    oracle.fail('P5', `${sum(given)} charged by mistake was given back, ${sum(posted)} is taken from the bank`);
}

/** Every closed batch: terminal, ledger, journal and the bank's book have one sum (I19, B3, P5). */
function batches(machine: Machine, oracle: Oracle, rows: readonly Row[], entries: readonly Entry[]): void {
  const found = machine.disk.rows('SELECT no, state FROM batch ORDER BY no') as { no: number; state: string }[];
  const last = found.at(-1);
  for (const { no, state } of found) {
    if ((state === 'open') !== (no === last?.no)) oracle.fail('B4', `batch ${no} is ${state}`);
    const own = { debitCount: 0, debit: 0, creditCount: 0, credit: 0 };
    for (const row of rows) {
      if (row.batch !== no || row.tender === 'cash') continue;
      if (row.kind === 'refund' && says(row)) {
        own.creditCount += 1;
        own.credit += row.amount;
      }
      if (row.kind !== 'purchase' && row.kind !== 'completion') continue;
      if (!says(row) && row.state !== 'voided') continue;
      own.debitCount += 1;
      own.debit += row.amount;
      if (row.state !== 'voided') continue;
      own.creditCount += 1;
      own.credit += row.amount;
    }
    const ledger = { debitCount: 0, debit: 0, creditCount: 0, credit: 0 };
    for (const { debit, credit, amount, batch } of entries.flatMap((entry) => entry.transfers)) {
      if (batch !== no) continue;
      if (debit.startsWith('receivable:') && credit !== 'bank') {
        ledger.debitCount += 1;
        ledger.debit += amount.minor;
      } else if (debit === 'sales' || debit === 'refunds') {
        ledger.creditCount += 1;
        ledger.credit += amount.minor;
      } else if (!credit.startsWith('receivable:') && credit !== 'bank') {
        oracle.fail('I12', `batch ${no} holds ${debit} against ${credit}`);
      }
    }
    const bank = state === 'closed' ? machine.bank.closed.get(no) : machine.bank.totals(no);
    const doubted = rows.some((row) => row.batch === no && oracle.decisions.doubts(row));
    const [a, b, c, now] = [own, ledger, bank, machine.bank.totals(no)].map((sums) => JSON.stringify(sums));
    if (a !== b || (!doubted && (b !== c || c !== now)))
      oracle.fail('P5', `batch ${no}: terminal ${a}, journal ${b}, bank ${c}, now ${now}`);
    const settled = rows.filter((row) => row.batch === no && row.state === 'settled' && row.kind === 'purchase');
    if (state === 'open' && settled.length > 0) oracle.fail('I19', `batch ${no} is open and has settled payments`);
  }
}

/** Card data that was sealed is gone once its payment is final, and no clear number was ever written (I18). */
function secrets(machine: Machine, oracle: Oracle): void {
  const left = machine.disk.rows('SELECT payment FROM sealed') as { payment: string }[];
  for (const { payment } of left) {
    const state = oracle.row(payment)?.state;
    if (state === undefined || !unfinished.has(state))
      oracle.fail('I18', `sealed data of ${payment} is left: ${state}`);
  }
  if (machine.disk.journal.includes(SEALED)) oracle.fail('I18', 'sealed card data stands in the journal');
}

/** How the simulated vault's blobs begin. */
export const SEALED = 'sealed-tap-';

/** Whether everything has come to rest: nothing on its way, nothing left to do, nothing left to print. */
export function atRest(machine: Machine, oracle: Oracle): boolean {
  if (!machine.core || machine.network.underWay > 0 || machine.core.counter.busy) return false;
  const open = oracle
    .every()
    .some((row) => unfinished.has(row.state) || ['queued', 'printing', 'held'].includes(row.print));
  return !open;
}
