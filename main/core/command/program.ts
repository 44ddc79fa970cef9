import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { Command, CommanderError, Option } from 'commander';
import { formatMoney } from '../../../contract/money.ts';
import type { WordsLanguage } from '../../../renderer/words/words.ts';
import { PASSPHRASE_LENGTH, passphraseSealer, type Sealer } from '../bank/keystore.ts';
import { CloseRefused } from '../bank/settlement.ts';
import type { Core } from '../core.ts';
import { Board } from '../devices/board.ts';
import { openTerminal, type StartOptions } from '../open.ts';
import { Refused } from '../refused.ts';
import { verifyBook } from '../reports/verify.ts';
import { openDiskStorage } from '../store/disk.ts';
import { backUp, restore } from './backup.ts';
import { importBlocklist, showBlocklist } from './blocklist.ts';
import { readCardOnce } from './card.ts';
import { showClock } from './clock.ts';
import { loadKey, openPrompt } from './key.ts';
import { acknowledge, listAccounts } from './ledger.ts';
import { decodeMessage, encodeMessage, type MessageOptions } from './message.ts';
import { failed, paymentBody, type Result, speak } from './result.ts';
import { runSale, runVoid, type SaleOptions, untilLine, untilReader } from './sale.ts';
import { importStatement, type ReportOptions, refundLine, reportStatement } from './statement.ts';

type Run = (core: Core) => Promise<Result> | Result;
/** A command that needs no terminal, only the options of the program. */
type Alone = (options: StartOptions) => Promise<Result> | Result;
type Chosen = { readonly run: Run } | { readonly alone: Alone };

/** How long `forward` works before it says how many are left. */
const FORWARD_MS = 120_000;

function tell(text: string): void {
  process.stderr.write(`${text}\n`);
}

function listQueue(core: Core): Result {
  const waiting = core.payments.inStates(['saf-accepted', 'saf-sending', 'saf-unknown']);
  const open = core.payments.inStates(['unknown', 'querying', 'reversal-due', 'cancel-due', 'refund-due']);
  const { count, sum } = core.payments.offlineUse(core.currency, null);
  const shown = (payments: typeof open): unknown[] => payments.map((payment) => paymentBody(core.view(payment)));
  return { body: { queue: shown(waiting), count, sum, open: shown(open) }, exit: 0 };
}

async function forward(core: Core): Promise<Result> {
  const before = core.payments.offlineUse(core.currency, null).count;
  await untilLine(core);
  if (core.link.state.status !== 'online')
    throw new Refused('bank-offline', 'the bank is offline; nothing was forwarded');
  const left = await core.pending.settle(FORWARD_MS);
  return {
    body: { forwarded: before - core.payments.offlineUse(core.currency, null).count, left },
    exit: left === 0 ? 0 : 3,
  };
}

async function closeDay(core: Core): Promise<Result> {
  await untilLine(core);
  for await (const step of core.settlement.close()) {
    tell(step.step === 'deliver' ? `deliver: ${step.left} under way` : step.step);
    if (step.step !== 'done') continue;
    const { report } = step;
    tell(`${report.agreed ? 'agreed' : 'DIFFERS'}: ${formatMoney(report.books.ledger.debit)}`);
    return { body: { report }, exit: report.agreed ? 0 : 2 };
  }
  throw new Refused('bank-offline');
}

function verify(core: Core): Result {
  const from = core.world.clock.monotonic();
  const found = verifyBook(core.book);
  return { body: { verify: { ...found, ms: core.world.clock.monotonic() - from } }, exit: found.ok ? 0 : 1 };
}

async function listDevices(core: Core): Promise<Result> {
  await Promise.all([untilLine(core), untilReader(core), core.world.devices.printer.refresh()]);
  const board = new Board(core);
  const devices = board.list();
  board.stop();
  return { body: { devices }, exit: 0 };
}

/** The core on the command line: one command, one JSON object on stdout, an exit code that says what became of it. */
export async function runCommand(args: readonly string[]): Promise<number> {
  // Whoever was to read is gone: the sale goes on to its end all the same, and the exit code tells it.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
  const result = await answer(args);
  const indent = args.includes('--json') ? 0 : 2;
  process.stdout.write(typeof result === 'string' ? result : `${JSON.stringify(result.body, null, indent)}\n`);
  return typeof result === 'string' ? 0 : result.exit;
}

/** What a command answers: a result, or the text of the help that was asked for. */
export async function answer(args: readonly string[]): Promise<Result | string> {
  let chosen: Chosen | undefined;
  let help = '';
  const program = new Command('terminal')
    .description('The Countertap core on the command line. docs/terminal.md has every command and answer.')
    .option('--data <dir>', 'data folder', 'out/data')
    .option('--profile <file>', 'signed acquirer profile; profile.json in the data folder when not given')
    .option('--ca-keys <file>', 'unsigned CA keys of test cards')
    .option('--reader <name>', 'use only this reader')
    .option('--sealed-reader <host:port>', 'a class A reader, which encrypts inside')
    .option('--acquirer <host:port>', 'bank to connect to instead of the profile’s')
    .option('--printer <host:port>', 'receipt printer on the network')
    .option('--virtual <host:port>', 'control port of the virtual counter; opens the built-in virtual reader')
    .option('--anchor <file>', 'where the journal’s head is kept; beside the data folder when not given')
    .option('--zone <zone>', 'time zone of the counter', Intl.DateTimeFormat().resolvedOptions().timeZone)
    .addOption(new Option('--language <language>', 'of the sentences').choices(['en', 'zh-CN']).default('en'))
    .option('--json', 'JSON on one line')
    .exitOverride()
    .configureOutput({
      writeErr: () => undefined,
      writeOut: (text) => {
        help += text;
      },
    });
  const command = (parent: Command, name: string, text: string): Command =>
    parent.command(name).description(text).option('--json', 'JSON on one line');
  const then = (run: Run): void => {
    chosen = { run };
  };
  command(program, 'sale', 'take a payment')
    .requiredOption('--amount <amount>', 'in major units: 12.80')
    .option('--currency <code>', 'ISO 4217 code')
    .option('--tender <tender>', 'contactless, code, shown or cash', 'contactless')
    .option('--shown', 'show a code for the customer to scan: its text goes to the standard error output')
    .option('--tendered <amount>', 'notes and coins handed over for a cash sale')
    .option('--code <text>', 'what the scanner read')
    .option('--wait <seconds>', 'how long to wait for a card', '30')
    .option('--aid <hex>', 'application that pays, where the card leaves it to its holder')
    .action((options: SaleOptions) => then((core) => runSale(core, options, tell)));
  const card = program.command('card').description('cards');
  command(card, 'read', 'read a card and show what it says; no payment')
    .option('--wait <seconds>', 'how long to wait for a card', '30')
    .action((options: { wait: string }) => then((core) => readCardOnce(core, options.wait, tell)));
  command(program, 'void', 'take back an approved payment of the open batch')
    .argument('<payment>', 'id, receipt number or RRN')
    .action((payment: string) => then((core) => runVoid(core, payment)));
  command(program, 'queue', 'what waits for the bank').action(() => then(listQueue));
  command(program, 'forward', 'send what waits for the bank').action(() => then(forward));
  const day = program.command('day').description('the business day');
  command(day, 'report', 'X report').action(() =>
    then((core) => ({ body: { report: core.settlement.report() }, exit: 0 })),
  );
  command(day, 'close', 'close the day and agree with the bank').action(() => then(closeDay));
  const statement = program.command('statement').description('statements of the bank');
  command(statement, 'import', 'import a file of the bank and hold it against the payments')
    .argument('<file>', 'CSV in UTF-8 or GBK, plain, zipped or gzipped')
    .action((file: string) => then((core) => importStatement(core, file)));
  command(statement, 'report', 'how statement, payments and deposit agree')
    .option('--statement <no>', 'number of the statement; the newest one when not given')
    .option('--csv <file>', 'every line as CSV')
    .option('--html <file>', 'a page for paper or PDF')
    .action((own: ReportOptions) =>
      then((core) => reportStatement(core, own, program.opts<{ language: WordsLanguage }>().language)),
    );
  command(statement, 'refund', 'give back what the bank charged too much')
    .argument('<line>', 'id of the line, as the report has it')
    .option('--statement <no>', 'number of the statement; the newest one when not given')
    .action((line: string, own: ReportOptions) => then((core) => refundLine(core, line, own.statement)));
  command(program, 'backup', 'write the whole record to one file, and prove it')
    .argument('<file>')
    .option('--plain', 'without a passphrase: whoever has the file can read it')
    .action((file: string, { plain }: { plain?: true }) => then((core) => backUp(core, file, plain === true)));
  command(program, 'restore', 'begin again from a backup, with a new epoch')
    .argument('<file>')
    .requiredOption('--by <name>', 'who decides it')
    .action((file: string, { by }: { by: string }) => {
      chosen = { alone: (options) => restore(options, file, by) };
    });
  command(program, 'ledger', 'every account with its balance')
    .option('--day <date>', 'of one business day: YYYY-MM-DD')
    .action(({ day }: { day?: string }) => then((core) => listAccounts(core, day)));
  command(program, 'acknowledge', 'let the terminal sell on a record that was found rolled back')
    .requiredOption('--by <name>', 'who has seen it')
    .action(({ by }: { by: string }) => then((core) => acknowledge(core, by)));
  command(program, 'clock', 'the clock beside the bank’s time, and whether it is in doubt')
    .option('--right-by <name>', 'who says that it is right, where the bank tells no time')
    .action(({ rightBy }: { rightBy?: string }) => then((core) => showClock(core, rightBy)));
  command(program, 'verify', 'recompute journal, database and ledger').action(() => then(verify));
  command(program, 'devices', 'every device and its state').action(() => then(listDevices));
  const blocklist = program.command('blocklist').description('cards that the acquirer does not want');
  command(blocklist, 'show', 'version and length of the list in use').action(() => then(showBlocklist));
  command(blocklist, 'import', 'take a newer list, signed as the profile is')
    .argument('<file>')
    .action((file: string) => then((core) => importBlocklist(core, file)));
  const message = program.command('message').description('messages of the bank link');
  const bytes = (name: string, text: string, argument: string): Command =>
    command(message, name, text)
      .argument(argument)
      .option('--layout <name>', 'fields of the standard instead of a profile’s dialect')
      .option('--mac-key <hex>', 'session key: checks the MAC, or makes it');
  bytes('decode', 'take a message apart, card data masked', '<hex>').action((hex: string, own: OwnMessageOptions) => {
    chosen = { alone: (options) => decodeMessage(hex, { ...own, ...profileOf(options) }) };
  });
  bytes('encode', 'build the bytes of a message', '<json>').action((json: string, own: OwnMessageOptions) => {
    chosen = { alone: (options) => encodeMessage(json, { ...own, ...profileOf(options) }) };
  });
  const key = program.command('key').description('the terminal master key');
  command(key, 'load', 'load it from two components typed by two people, and seal it').action(() => {
    chosen = { alone: loadMasterKey };
  });

  try {
    program.parse([...args], { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return help;
    speak(program.opts<{ language: WordsLanguage }>().language);
    const missing = error.code === 'commander.help';
    return failed('input-invalid', missing ? 'a command is missing; --help lists them' : withoutPrefix(error.message));
  }
  if (!chosen) return failed('input-invalid', 'a command is missing; --help lists them');
  return carryOut(chosen, program.opts());
}

function withoutPrefix(message: string): string {
  return message.replace(/^error: /, '');
}

async function carryOut(chosen: Chosen, options: StartOptions & { readonly language: WordsLanguage }): Promise<Result> {
  speak(options.language);
  try {
    return await ('alone' in chosen ? chosen.alone(options) : withCore(options, chosen.run));
  } catch (error) {
    if (error instanceof Refused || error instanceof CloseRefused) return failed(error.code, error.message);
    // A bug: its place is for whoever mends it.
    tell(error instanceof Error ? (error.stack ?? error.message) : String(error));
    return failed('unexpected', error instanceof Error ? error.message : String(error));
  }
}

async function loadMasterKey({ data, profile }: StartOptions): Promise<Result> {
  const prompt = openPrompt();
  try {
    const storage = openDiskStorage(data);
    return await loadKey(
      { profile: profile ?? join(data, 'profile.json'), storage, random: randomBytes, tell },
      prompt.ask,
    );
  } finally {
    prompt.close();
  }
}

/** The passphrase of the master key comes from the environment, so that no list of processes shows it. */
function sealerOf(): { readonly sealer?: Sealer } {
  const passphrase = process.env['COUNTERTAP_KEY_PASSPHRASE'];
  if (passphrase === undefined) return {};
  if (passphrase.length < PASSPHRASE_LENGTH) throw new Refused('input-invalid', 'the passphrase is too short');
  return { sealer: passphraseSealer(passphrase, randomBytes) };
}

type OwnMessageOptions = Omit<MessageOptions, 'profile'>;

function profileOf({ profile }: StartOptions): { profile?: string } {
  return profile === undefined ? {} : { profile };
}

async function withCore(options: StartOptions, run: Run): Promise<Result> {
  let broken: unknown;
  try {
    const { core } = await openTerminal({ ...options, ...sealerOf() }, (error) => {
      broken = error;
    });
    try {
      core.start();
      const result = await run(core);
      await core.printing.idle();
      return broken === undefined ? result : storeFailed(broken);
    } finally {
      await core.close();
    }
  } catch (error) {
    if (broken !== undefined) return storeFailed(broken);
    throw error;
  }
}

function storeFailed(error: unknown): Result {
  return failed('store-failed', error instanceof Error ? error.message : String(error));
}
