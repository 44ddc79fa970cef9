import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { z } from 'zod';
import { type Daemon, daemonMissing, openDaemon } from '../../drivers/nfc/daemon.ts';
import { answer } from '../../main/core/command/program.ts';
import { openPlace, type Place } from './place.ts';

/** The command line of docs/terminal.md: each command opens the whole core on a real disk and a real line to the bank simulator. */

const READER = 'Virtual PCD 00 00';
const missing = daemonMissing();
const zh = ['--language', 'zh-CN'];

let place: Place;
let daemon: Daemon | undefined;
let code = 280_000_000_000_000_000n;

beforeAll(async () => {
  place = await openPlace();
  if (!missing) {
    daemon = await openDaemon();
    await daemon.start();
  }
  vi.stubEnv('PCSCLITE_CSOCK_NAME', daemon?.socket ?? '/nonexistent');
  vi.spyOn(process.stderr, 'write').mockReturnValue(true);
}, 60_000);
afterEach(() => ask('rules', { clear: true }));
afterAll(async () => {
  await daemon?.remove();
  await place.close();
});

async function ask(name: string, fields: Record<string, unknown>): Promise<void> {
  await place.bank.commands[name]?.(fields);
}

const own = (): string[] => ['--profile', place.bank.profile, '--data', place.data, '--reader', READER, '--json'];

const ErrorBody = z.strictObject({ code: z.string(), message: z.string().min(8), detail: z.string().optional() });
const Payment = z.object({
  id: z.string(),
  state: z.string(),
  amount: z.strictObject({ minor: z.int(), currency: z.string() }),
  tender: z.string().nullable(),
  scheme: z.string().nullable(),
  maskedPan: z.string().nullable(),
  stan: z.int(),
  rrn: z.string(),
  authCode: z.string().nullable(),
  reason: z.string().nullable(),
});
const Body = z.object({ error: ErrorBody.optional(), payment: Payment.optional() }).loose();
type Body = z.infer<typeof Body>;

async function terminal(...args: string[]): Promise<{ readonly exit: number; readonly body: Body }> {
  const result = await answer([...own(), ...args]);
  if (typeof result === 'string') throw new Error(`help instead of an answer: ${result}`);
  // What is printed is what JSON makes of it.
  return { exit: result.exit, body: Body.parse(JSON.parse(JSON.stringify(result.body))) };
}

function byCode(amount: string): string[] {
  code += 1n;
  return ['sale', '--amount', amount, '--tender', 'code', '--code', String(code)];
}

const cash = (amount: string): string[] => ['sale', '--amount', amount, '--tender', 'cash'];

test.each<[what: string, args: string[], code: string]>([
  ['no command', [], 'input-invalid'],
  ['half a command', ['card'], 'input-invalid'],
  ['an unknown command', ['refurbish'], 'input-invalid'],
  ['an unknown option', [...cash('1'), '--discount', '1'], 'input-invalid'],
  ['too many arguments', ['verify', 'twice'], 'input-invalid'],
  ['an unknown tender', ['sale', '--amount', '1', '--tender', 'cheque'], 'input-invalid'],
  ['a tender by code without a code', ['sale', '--amount', '1', '--tender', 'code'], 'input-invalid'],
  ['a code of no wallet', ['sale', '--amount', '1', '--tender', 'code', '--code', '１２３'], 'code-not-recognised'],
  ['another currency', [...cash('1'), '--currency', 'USD'], 'amount-invalid'],
  ['no amount', ['sale', '--tender', 'cash'], 'input-invalid'],
  ['an empty amount', cash(''), 'amount-invalid'],
  ['0', cash('0'), 'amount-invalid'],
  ['-1', cash('-1'), 'amount-invalid'],
  ['1e9', cash('1e9'), 'amount-invalid'],
  ['1000000000', cash('1000000000'), 'amount-above-limit'],
  ['abc', cash('abc'), 'amount-invalid'],
  ['more decimals than the currency has', cash('12.805'), 'amount-invalid'],
  ['digits of another width', cash('１２.８０'), 'amount-invalid'],
  ['a wait that is no number', ['sale', '--amount', '1', '--wait', 'long'], 'input-invalid'],
  ['a wait without end', ['card', 'read', '--wait', '1e99'], 'input-invalid'],
  ['a bank that is no address', ['--acquirer', 'bank', ...cash('1')], 'input-invalid'],
  ['a time zone that is none', ['--zone', 'Nowhere/Here', ...cash('1')], 'input-invalid'],
  ['a profile that is not there', ['--profile', '/nowhere/profile.json', ...cash('1')], 'profile-missing'],
  ['CA keys that are not there', ['--ca-keys', '/nowhere/keys.json', ...cash('1')], 'ca-keys-unusable'],
  ['a payment that is not there', ['void', '01-999999'], 'payment-not-found'],
  ['a reader that is not there', ['--reader', 'Nobody', 'sale', '--amount', '1', '--wait', '0'], 'no-reader'],
])('%s is one error with its code and a sentence in both languages', async (_, args, wanted) => {
  const [english, chinese] = [await terminal(...args), await terminal(...zh, ...args)];
  const expected = wanted === 'no-reader' && missing ? 'reader-daemon-absent' : wanted;
  for (const { exit, body } of [english, chinese])
    expect({ exit, code: body.error?.code }).toEqual({ exit: 1, code: expected });
  expect(chinese.body.error?.message).toMatch(/\p{Script=Han}/u);
  expect(english.body.error?.message).not.toMatch(/\p{Script=Han}/u);
});

const noFolder: [what: string, data: () => string][] = [['a file in its way', () => join(place.dir, 'file', 'data')]];
if (process.platform === 'linux') noFolder.push(['a file system without folders', () => '/proc/nothing']);

test.each(noFolder)('a data folder that cannot be made for %s is told', async (_, data) => {
  writeFileSync(join(place.dir, 'file'), '');
  const { exit, body } = await terminal('--data', data(), 'queue');
  expect({ exit, code: body.error?.code }).toEqual({ exit: 1, code: 'store-failed' });
});

test('nothing that was refused is in the books', async () => {
  expect((await terminal('verify')).body).toMatchObject({ verify: { ok: true, transfers: 0 } });
});

test('approved is 0, declined 2, not known 3, and the next run finds out', async () => {
  const paid = await terminal(...byCode('12.80'), '--currency', 'CNY');
  expect(paid).toMatchObject({ exit: 0, body: { payment: { state: 'approved', scheme: 'alipay', reason: null } } });
  expect(paid.body.payment?.amount).toEqual({ minor: 1280, currency: 'CNY' });

  await ask('rule', { rule: { on: '0200', do: 'decline', code: '51' } });
  const declined = await terminal(...byCode('12.80'));
  expect(declined).toMatchObject({ exit: 2, body: { payment: { state: 'declined', reason: 'bank-51' } } });

  expect(await terminal('void', paid.body.payment?.rrn ?? '')).toMatchObject({
    exit: 0,
    body: { payment: { state: 'approved' } },
  });
  expect(await terminal('forward')).toMatchObject({ exit: 0, body: { left: 0 } });
  expect(await terminal(...cash('8.00'), '--tendered', '10')).toMatchObject({
    exit: 0,
    body: { payment: { tender: 'cash' } },
  });
  expect(await terminal('day', 'report')).toMatchObject({ exit: 0, body: { report: { kind: 'X' } } });
  expect(await terminal('day', 'close')).toMatchObject({ exit: 0, body: { report: { kind: 'Z', agreed: true } } });
});

test('without the line a code is declined, cash is sold, and nothing is forwarded', async () => {
  const away = ['--acquirer', '127.0.0.1:1'];
  expect(await terminal(...away, ...byCode('3.00'))).toMatchObject({
    exit: 2,
    body: { payment: { reason: 'code-needs-line' } },
  });
  expect((await terminal(...away, ...cash('3.00'))).exit).toBe(0);
  expect(await terminal(...away, 'forward')).toMatchObject({ exit: 1, body: { error: { code: 'bank-offline' } } });
  expect(await terminal(...away, 'day', 'close')).toMatchObject({ exit: 1, body: { error: { code: 'bank-offline' } } });
});

/** The program as it is run: its exit code and what it wrote. */
function run(args: readonly string[], onStart: (child: ReturnType<typeof spawn>) => void) {
  const child = spawn('node', [join(import.meta.dirname, '../../main/core/main.ts'), ...own(), ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let out = '';
  child.stdout.on('data', (bytes: Buffer) => {
    out += bytes.toString('utf8');
  });
  onStart(child);
  return new Promise<{ exit: number | null; out: string }>((resolve) => {
    child.once('close', (exit) => resolve({ exit, out }));
  });
}

test('a sale ends as its exit code says also when nobody reads the answer any more', async () => {
  const { exit } = await run(cash('2.00'), (child) => {
    child.stdout?.destroy();
    child.stderr?.destroy();
  });
  expect(exit).toBe(0);
  expect((await terminal('verify')).body).toMatchObject({ verify: { ok: true } });
});

describe.skipIf(missing)(
  `on a real PC/SC service${missing ? ` (not tried: ${missing})` : ''}`,
  { timeout: 120_000 },
  () => {
    /** Holds a card to the reader, and again when it went too early, until the command has ended. */
    async function tapped(card: string, ...args: string[]) {
      const { port } = daemon ?? { port: 0 };
      let over = false;
      const running = terminal(...args).finally(() => {
        over = true;
      });
      while (!over) await place.deck.tap({ card, reader: { host: '127.0.0.1', port }, timeoutMs: 1_500 });
      return running;
    }

    test('a card pays, and what is written of it is masked', async () => {
      const paid = await tapped('unionpay-ok', 'sale', '--amount', '12.80', '--tender', 'contactless');
      expect(paid).toMatchObject({
        exit: 0,
        body: { payment: { state: 'approved', tender: 'contactless', scheme: 'unionpay' } },
      });
      expect(paid.body.payment?.maskedPan).toMatch(/^\d{6}\*{6}\d{4}$/);
    });

    test('without an answer the outcome is 3 until it was taken back', async () => {
      await ask('rule', { rule: { on: '0200', do: 'drop-answer' } });
      await ask('rule', { rule: { on: '0400', do: 'drop-answer', times: 99 } });
      expect(await tapped('visa-ok', 'sale', '--amount', '5.00')).toMatchObject({
        exit: 3,
        body: { payment: { state: 'reversal-due' } },
      });
      await ask('rules', { clear: true });
      expect(await terminal('forward')).toMatchObject({ exit: 0, body: { left: 0 } });
      expect((await terminal('queue')).body).toMatchObject({ count: 0, open: [] });
    });

    test('without the line a card is accepted, queued and forwarded', async () => {
      const away = ['--acquirer', '127.0.0.1:1'];
      const sold = await tapped('unionpay-ok', ...away, 'sale', '--amount', '6.00');
      expect(sold).toMatchObject({ exit: 0, body: { payment: { state: 'saf-accepted' } } });
      expect((await terminal(...away, 'queue')).body).toMatchObject({ count: 1, sum: { minor: 600, currency: 'CNY' } });
      expect(await terminal('forward')).toMatchObject({ exit: 0, body: { left: 0 } });
    });

    test('Ctrl-C gives up what waits for a card, and says so', async () => {
      const { exit, out } = await run(['sale', '--amount', '4.00', '--wait', '60'], (child) =>
        child.stderr?.once('data', () => child.kill('SIGINT')),
      );
      expect(exit).toBe(1);
      expect(JSON.parse(out)).toMatchObject({ error: { code: 'card-not-presented' }, payment: { state: 'abandoned' } });
    });
  },
);
