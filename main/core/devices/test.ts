import type { TestResult } from '../../../contract/device.ts';
import { money } from '../../../contract/money.ts';
import type { Core } from '../core.ts';
import type { NdefRecord } from '../kernel/ndef/message.ts';
import type { CardOutcome, Choice } from '../kernel/outcome.ts';
import { testReceipt } from '../reports/receipt.ts';
import { verifyBook } from '../reports/verify.ts';

export type TestName = 'tap' | 'scan' | 'print' | 'open' | 'echo' | 'verify';

const WAIT_MS = 20_000;

function said(ok: boolean, code: string, values: TestResult['values'] = {}): TestResult {
  return { ok, code, values };
}

/** Runs one device's test and says what it showed. Never while a sale is under way; no test moves money. */
export async function runTest(core: Core, test: TestName, reader?: string): Promise<TestResult> {
  if (core.counter.busy) return said(false, 'busy');
  switch (test) {
    case 'tap':
      return testTap(core, reader);
    case 'scan':
      return testScan(core);
    case 'print': {
      const printed = await core.world.devices.printer.print(testReceipt(core.receiptContext(false)));
      if (printed.ok) return said(true, 'print-done');
      return said(false, printed.sent ? 'print-asked' : 'print-failed', { trouble: printed.trouble });
    }
    case 'open': {
      const opened = await core.world.devices.printer.openDrawer();
      return said(opened.ok, opened.ok ? 'open-done' : 'open-failed');
    }
    case 'echo': {
      const ms = await core.link.echo();
      return ms === undefined ? said(false, 'echo-silent') : said(true, 'echo-answered', { ms: Math.round(ms) });
    }
    case 'verify': {
      const result = verifyBook(core.book);
      return result.ok
        ? said(true, 'verify-ok', { entries: result.entries })
        : said(false, 'verify-broken', { seq: result.firstBreak?.seq ?? 0, where: result.firstBreak?.where ?? '' });
    }
  }
}

async function testTap(core: Core, reader: string | undefined): Promise<TestResult> {
  const read = await readOnce(core, WAIT_MS, reader);
  if (!read) return said(false, 'tap-none');
  return tapResult(read);
}

/** A tag with its records. */
type Tag = Extract<CardOutcome, { kind: 'tag' }>;

/** What one card said, and the applications between which it would have had its holder choose. */
export interface Read {
  readonly outcome: Exclude<CardOutcome, { kind: 'choose' }>;
  readonly choices: readonly Choice[];
}

/**
 * Waits for one card and reads it, with the smallest amount and for no payment. Where its holder would have to choose, the
 * card's first application is read. `given` ends the wait early.
 */
export async function readOnce(
  core: Core,
  waitMs: number,
  reader?: string,
  given?: AbortSignal,
): Promise<Read | undefined> {
  const stop = new AbortController();
  given?.addEventListener('abort', () => stop.abort());
  const asleep = new AbortController();
  void core.world.clock.sleep(waitMs, asleep.signal).then(() => stop.abort());
  const card = await core.world.devices.readers.nextCard(stop.signal, reader);
  asleep.abort();
  if (!card) return undefined;
  // Held until all is known: a card that was let go answers nothing more.
  const read = (chosen?: string) => core.readCard(card, money(1, core.currency), 0, () => undefined, chosen);
  let outcome = await read();
  const choices = outcome.kind === 'choose' ? outcome.choices : [];
  if (outcome.kind === 'choose') outcome = await read(choices[0]?.aid);
  card.release();
  return outcome.kind === 'choose' ? undefined : { outcome, choices };
}

/** What stands on a tag, in words that are already fit to be shown. */
function recordText(record: NdefRecord): string {
  switch (record.kind) {
    case 'text':
      return record.text;
    case 'uri':
      return record.uri;
    case 'member':
    case 'coupon':
      return `${record.kind} ${record.id}`;
    case 'mime':
      return record.text === undefined ? `${record.type} (${record.length})` : `${record.type}: ${record.text}`;
    case 'other':
      return `${record.type} (${record.length})`;
  }
}

function tagResult(tag: Tag): TestResult {
  return said(true, 'tap-tag', { text: [`NDEF ${tag.type}`, ...tag.records.map(recordText)].join(' · ') });
}

function tapResult({ outcome, choices }: Read): TestResult {
  if (outcome.kind === 'tag') return tagResult(outcome);
  if (outcome.kind === 'refused') return said(false, 'tap-refused', { reason: outcome.reason, detail: outcome.detail });
  if (outcome.kind === 'tap-again') return said(false, 'tap-torn', { reason: outcome.reason });
  const { card } = outcome;
  if (!card) return said(false, 'tap-refused', { reason: outcome.kind });
  return {
    ok: true,
    code: 'tap-read',
    values: { cardMs: Math.round(card.timing.cardMs), ownMs: Math.round(card.timing.ownMs) },
    card: {
      aid: card.aid,
      label: card.label,
      scheme: card.scheme,
      maskedPan: card.maskedPan,
      expiry: card.expiry,
      kernel: card.kernel,
      oda: { ...card.oda },
      cvm: card.cvm,
      cryptogram: { ...card.cryptogram },
      decision: outcome.kind,
      reason: outcome.kind === 'declined' ? outcome.reason : null,
      unsignedKeys: card.keys === 'unsigned',
      choices: choices.map(({ label }) => label),
      tags: card.tags.map((tag) => ({ ...tag })),
      exchanges: card.timing.exchanges.map(({ command, ms }) => ({ command, ms })),
    },
  };
}

function testScan(core: Core): Promise<TestResult> {
  return new Promise((resolve) => {
    const asleep = new AbortController();
    const undo = core.world.devices.scanners.map((scanner) =>
      scanner.onScan((scan) => finish(said(true, 'scan-read', { length: scan.text.length, scanner: scan.scanner }))),
    );
    void core.world.clock.sleep(WAIT_MS, asleep.signal).then(() => finish(said(false, 'scan-none')));
    function finish(result: TestResult): void {
      for (const one of undo) one();
      asleep.abort();
      resolve(result);
    }
  });
}
