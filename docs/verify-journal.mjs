#!/usr/bin/env node
// Checks a journal of Countertap without Countertap: nothing is needed but this file and Node.js 20 or newer.
//   node verify-journal.mjs countertap.journal [--json]
// Recomputes the hash chain and the sums of the ledger from the file alone, says its head, which must be the one on the
// last receipt or Z report, and names the first place where something does not fit. docs/ledger.md explains the format.
// Ends with 0 when all is well, 1 when the journal is broken, 2 when it could not be read.
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';

/**
 * Each line with the byte at which it begins; `whole` is false for a last one without a line feed. A terminal that runs keeps
 * room at the end, in NUL bytes, which are no line.
 */
async function* lines(path) {
  let rest = Buffer.alloc(0);
  let offset = 0;
  for await (const chunk of createReadStream(path)) {
    let bytes = Buffer.concat([rest, chunk]);
    for (let end = bytes.indexOf(10); end >= 0; end = bytes.indexOf(10)) {
      yield { bytes: bytes.subarray(0, end), offset, whole: true };
      offset += end + 1;
      bytes = bytes.subarray(end + 1);
    }
    rest = bytes;
  }
  if (rest.some((byte) => byte !== 0)) yield { bytes: rest, offset, whole: false };
}

/** JSON with its members sorted and no white space (RFC 8785), for the values that a journal holds. */
function canonical(value) {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  const members = Object.keys(value).sort();
  return `{${members.map((name) => `${JSON.stringify(name)}:${canonical(value[name])}`).join(',')}}`;
}

/** Why a transfer moves no money properly, undefined when it does. */
function transferFault({ debit, credit, amount }) {
  if (typeof debit !== 'string' || typeof credit !== 'string' || debit === credit)
    return 'a transfer without two accounts';
  if (!Number.isSafeInteger(amount?.minor) || amount.minor <= 0) return 'a transfer without an amount';
  return /^[A-Z]{3}$/.test(amount.currency) ? undefined : 'a transfer without a currency';
}

/** Adds an entry's transfers to the sums; what is wrong with it, undefined when nothing is. */
function addUp(entry, seq, sums) {
  if (entry.seq !== seq) return `the entry calls itself ${entry.seq}`;
  if (!Array.isArray(entry.transfers)) return 'the entry has no transfers';
  for (const transfer of entry.transfers) {
    const fault = transferFault(transfer);
    if (fault) return fault;
    const { debit, credit, amount } = transfer;
    for (const [account, minor] of [
      [debit, amount.minor],
      [credit, -amount.minor],
    ]) {
      sums[amount.currency] ??= {};
      sums[amount.currency][account] = (sums[amount.currency][account] ?? 0) + minor;
    }
  }
  return undefined;
}

/** What one line holds: its hash and entry, or what is wrong with it. */
function readLine({ bytes, whole }, previous) {
  if (!whole) return { fault: 'the last entry is torn' };
  const hash = bytes.toString('latin1', 0, 64);
  const body = bytes.subarray(65);
  const own = createHash('sha256').update(previous).update(body).digest('hex');
  if (bytes[64] !== 0x20 || own !== hash) return { fault: 'the entry does not hash to its place in the chain' };
  try {
    const entry = JSON.parse(body.toString('utf8'));
    return canonical(entry) === body.toString('utf8') ? { hash, entry } : { fault: 'the entry is not canonical JSON' };
  } catch {
    return { fault: 'the entry is no JSON' };
  }
}

async function verify(path) {
  const sums = {};
  let head = { seq: 0, hash: '0'.repeat(64) };
  for await (const line of lines(path)) {
    const seq = head.seq + 1;
    const { hash, entry, fault } = readLine(line, head.hash);
    const what = fault ?? addUp(entry, seq, sums);
    if (what) return { ok: false, entries: head.seq, head, sums, firstBreak: { seq, offset: line.offset, what } };
    head = { seq, hash };
  }
  return { ok: true, entries: head.seq, head, sums, firstBreak: null };
}

function say({ ok, entries, head, sums, firstBreak }) {
  console.log(`entries  ${entries}`);
  console.log(`head     ${head.seq} ${head.hash}`);
  for (const [currency, accounts] of Object.entries(sums)) {
    console.log(`sums     ${currency}, minor units, debits positive`);
    for (const account of Object.keys(accounts).sort()) console.log(`  ${account.padEnd(32)} ${accounts[account]}`);
    console.log(`  ${'all accounts'.padEnd(32)} ${Object.values(accounts).reduce((sum, one) => sum + one, 0)}`);
  }
  console.log(ok ? 'sound' : `BROKEN   entry ${firstBreak.seq}, byte ${firstBreak.offset}: ${firstBreak.what}`);
}

const options = process.argv.slice(2).filter((word) => word.startsWith('--'));
const [path, more] = process.argv.slice(2).filter((word) => !word.startsWith('--'));
if (path === undefined || more !== undefined || options.some((word) => word !== '--json')) {
  console.error('node verify-journal.mjs countertap.journal [--json]');
  process.exitCode = 2;
} else {
  try {
    const found = await verify(path);
    if (options.length > 0) console.log(JSON.stringify(found, null, 2));
    else say(found);
    process.exitCode = found.ok ? 0 : 1;
  } catch (error) {
    console.error(error.message);
    process.exitCode = 2;
  }
}
