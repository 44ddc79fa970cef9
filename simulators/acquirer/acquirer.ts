import { randomInt } from 'node:crypto';
import { join } from 'node:path';
import { z } from 'zod';
import { type Commands, command } from '../control.ts';
import { Book } from './book.ts';
import { openCapture } from './capture.ts';
import { cardOpener } from './card.ts';
import { dialectNamed } from './dialects/named.ts';
import { Faults, Rule } from './faults.ts';
import { currencies } from './host.ts';
import { HttpsDoor } from './https.ts';
import { openIdentity, saveIdentity, withPort, writeWhole } from './identity.ts';
import { codeHash } from './issuer.ts';
import { openLine } from './line.ts';
import { bundleOf, Published } from './parameters.ts';
import { type CaKey, type ClosedLoop, type Json, MERCHANT_ID, merged, profileText, terminalId } from './profile.ts';
import { type Bank, Session } from './session.ts';
import { readShown } from './shown.ts';
import { StatementTerms, statementFile } from './statement.ts';

export interface AcquirerOptions {
  /** Folder for keys, book and profile; made when it is not there. */
  readonly dir: string;
  /** 0 or absent: the port used last time in this folder, or any. */
  readonly port?: number;
  /** Keys with which the cards of the counter are verified; they go into the profile. */
  readonly caKeys?: readonly CaKey[];
  /** The wallets that the bank lets pay at the card reader. */
  readonly closedLoop?: ClosedLoop;
  /** Laid over the bank's own terms before the profile is signed. */
  readonly terms?: Json;
  /** How many terminals the merchant has; one when not said. */
  readonly terminals?: number;
  /** File to which every frame is appended in hex, card data masked. */
  readonly capture?: string;
  /** Serves HTTPS too, on the port above; as well when the terms ask for that link. */
  readonly https?: boolean;
  /** Makes one message in ten go wrong, always the same ones for the same seed. */
  readonly faultSeed?: number;
}

export interface Acquirer {
  readonly port: number;
  /** Where it serves HTTPS. */
  readonly httpsPort?: number;
  /** Path of the signed profile for the terminal. */
  readonly profile: string;
  /** One for each terminal, that of the first being `profile`. */
  readonly profiles: readonly string[];
  readonly commands: Commands;
  state(): { readonly line: boolean; readonly bank: boolean };
  close(): Promise<void>;
}

/** Digits before and after which a code of each wallet is filled up at random. */
const codeForms: Readonly<Record<string, { readonly prefix: string; readonly length: number }>> = {
  alipay: { prefix: '28', length: 18 },
  wechat: { prefix: '13', length: 18 },
  'unionpay-code': { prefix: '62', length: 19 },
  'e-cny': { prefix: '01', length: 19 },
};

function freshCode(scheme: string): string {
  const form = codeForms[scheme];
  if (form === undefined)
    throw new Error(`There is no wallet ${scheme}; there are ${Object.keys(codeForms).join(', ')}.`);
  const digits = Array.from({ length: form.length - form.prefix.length }, () => randomInt(10));
  return form.prefix + digits.join('');
}

function bookCommand(book: Book, batch: number | undefined) {
  book.confirmWaiting(Date.now());
  const payments = book.payments(batch).map(({ id: _, currency, ...payment }) => ({
    ...payment,
    currency: currencies[currency] ?? currency,
  }));
  return { payments, totals: book.totals(batch), closed: book.closed(), heads: book.heads() };
}

function issueCode(book: Book, scheme: string, behaviour: string, ms: number) {
  const code = freshCode(scheme);
  book.issueCode(codeHash(code), behaviour, ms);
  return { code };
}

/** A charge that the bank makes by mistake. */
const Mischarge = z.strictObject({
  rrn: z.string().min(1).max(12),
  stan: z.int().min(1).max(999_999).default(424_242),
  amount: z.int().min(1),
  batch: z.int().min(0).default(1),
});

const Speech = z.object({ dialect: z.string().default('countertap'), link: z.enum(['iso8583', 'https']).optional() });

/** How the terms ask for the bank to be spoken to. */
function speechOf(terms: Json | undefined): z.infer<typeof Speech> {
  return Speech.parse(terms ?? {});
}

/** Starts the bank: writes the profile, opens the book, listens. Rejects when a fixed port is taken or the folder is damaged. */
export async function startAcquirer(options: AcquirerOptions): Promise<Acquirer> {
  const kept = await openIdentity(options.dir);
  const fixed = (options.port ?? 0) !== 0;
  const wanted = fixed ? withPort(kept, options.port ?? 0) : kept;
  const book = new Book(join(options.dir, 'book.sqlite'));
  const faults = new Faults(options.faultSeed);
  const ids = Array.from({ length: options.terminals ?? 1 }, (_, index) => terminalId(index + 1));
  const speech = speechOf(options.terms);
  const dialect = dialectNamed(speech.dialect);
  const bank: Bank = {
    book,
    terminals: new Set(ids),
    ...(options.capture === undefined ? {} : { capture: openCapture(options.capture, dialect) }),
    faults,
    masterKey: Buffer.from(kept.masterKey, 'hex'),
    dialect,
    up: true,
    apartMs: 0,
    openCard: cardOpener(kept.sealing),
    issuers: options.closedLoop?.issuers ?? [],
    failed: (error) => process.stderr.write(`The bank failed on a message: ${String(error)}\n`),
  };
  let published: { readonly version: number; readonly bytes: Buffer } | undefined;
  bank.parameters = (have) => (published !== undefined && published.version > have ? published : undefined);
  const { line, identity } = await openLine(wanted, fixed, (connection) => new Session(bank, connection));
  saveIdentity(options.dir, identity);
  const overHttps = options.https === true || speech.link === 'https';
  const door = overHttps ? new HttpsDoor(bank, identity, identity.port + 1) : undefined;
  await door?.mend();
  const { caKeys = [], closedLoop } = options;
  const cards = closedLoop === undefined ? { caKeys } : { caKeys, closedLoop };
  const profiles = ids.map((id, index) => {
    const path = join(options.dir, index === 0 ? 'profile.json' : `profile-${id}.json`);
    const reached = merged(speech.link === 'https' ? { port: identity.port + 1 } : {}, options.terms ?? {});
    const own = index === 0 ? reached : merged(reached, { terminalId: id });
    writeWhole(path, profileText(identity, cards, own));
    return path;
  });
  const [profile = ''] = profiles;

  const commands: Commands = {
    line: command(z.strictObject({ up: z.boolean() }), async ({ up }) => {
      await (up ? line.mend() : line.cut());
      await (up ? door?.mend() : door?.cut());
      return { up: line.up };
    }),
    bank: command(z.strictObject({ up: z.boolean() }), async ({ up }) => {
      bank.up = up;
      return { up };
    }),
    clock: command(z.strictObject({ apartMs: z.int() }), async ({ apartMs }) => {
      bank.apartMs = apartMs;
      return { apartMs };
    }),
    rule: command(z.strictObject({ rule: Rule }), async ({ rule }) => {
      faults.plant(rule);
      return { rules: faults.list() };
    }),
    parameters: command(z.strictObject(Published.shape), async (input) => {
      published = { version: input.version, bytes: bundleOf(identity, input) };
      return { version: input.version, bytes: published.bytes.length };
    }),
    rules: command(z.strictObject({ clear: z.literal(true).optional() }), async ({ clear }) => {
      if (clear) faults.clear();
      return { rules: faults.list() };
    }),
    book: command(z.strictObject({ batch: z.int().min(0).optional() }), async ({ batch }) => bookCommand(book, batch)),
    statement: command(StatementTerms, async (wanted) => {
      const named = <T extends { readonly currency: string }>(one: T): T => ({
        ...one,
        currency: currencies[one.currency] ?? one.currency,
      });
      const { name, bytes, lines } = statementFile(
        book.statement(wanted.batch).map(named),
        book.refundsStated(wanted.batch).map(named),
        wanted,
      );
      const path = join(options.dir, name);
      writeWhole(path, bytes);
      return { path, lines };
    }),
    mischarge: command(Mischarge, async (charge) => {
      book.commit(() => book.mischarge({ ...charge, currency: '156' }, terminalId(1).padEnd(8), Date.now()));
      return { rrn: charge.rrn };
    }),
    recharge: command(z.strictObject({ rrn: z.string() }), async ({ rrn }) => ({ charged: book.recharge(rrn) })),
    'pay-shown': command(z.strictObject({ code: z.string().min(1).max(512) }), async ({ code }) => {
      const order = readShown(code);
      if (typeof order === 'string') return { paid: false, why: order };
      if (order.merchant !== MERCHANT_ID) return { paid: false, why: 'another merchant' };
      const { terminal, reference, amount, currency } = order;
      const said = book.commit(() => book.payShown(terminal, reference, amount, currency));
      return { paid: said === 'paid', why: said };
    }),
    code: command(
      z.strictObject({
        scheme: z.string(),
        behaviour: z.enum(['pays', 'declines', 'slow', 'never']).default('pays'),
        ms: z.int().min(0).max(600_000).default(4000),
      }),
      async ({ scheme, behaviour, ms }) => issueCode(book, scheme, behaviour, ms),
    ),
  };
  return {
    port: identity.port,
    ...(door === undefined ? {} : { httpsPort: door.port }),
    profile,
    profiles,
    commands,
    state: () => ({ line: line.up, bank: bank.up }),
    close: async () => {
      bank.up = false;
      await line.cut();
      await door?.cut();
      book.end();
    },
  };
}
