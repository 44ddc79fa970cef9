import { createHash, generateKeyPairSync } from 'node:crypto';
import type { Now } from '../../../contract/counter.ts';
import { money } from '../../../contract/money.ts';
import { type FakeReaders, openFakeReaders } from '../../../drivers/nfc/fake.ts';
import { type FakePrinter, openFakePrinter } from '../../../drivers/printer/fake.ts';
import { type FakeScanner, openFakeScanner } from '../../../drivers/scanner/fake.ts';
import { type AcquirerProfile, readProfile } from '../bank/profile.ts';
import { makeAuthority } from '../bank/test/certificates.ts';
import { profileContent, signProfile } from '../bank/test/profile.ts';
import { Core } from '../core.ts';
import type { CardOutcome } from '../kernel/outcome.ts';
import type { Payment } from '../payment/payment.ts';
import type { ModelBank, ModelLink } from './bank.ts';
import { type ManualClock, settled } from './clock.ts';
import { migrations } from './migrations.ts';
import type { MemoryStorage } from './storage.ts';

/** An acquirer profile as a bank signs it. */
export async function makeProfile(): Promise<{ readonly profile: AcquirerProfile; readonly signer: string }> {
  const authority = await makeAuthority('Test CA');
  const content = profileContent({ ca: authority.cert, client: await authority.issue('terminal', 'client') });
  const read = readProfile(signProfile(content, generateKeyPairSync('ed25519').privateKey));
  if (!read.ok) throw new Error(read.detail);
  return read;
}

/** What the counter is made of, apart from the terminal: it stays when the terminal is killed. */
export interface Surroundings {
  readonly clock: ManualClock;
  readonly storage: MemoryStorage;
  readonly bank: ModelBank;
  readonly signed: { readonly profile: AcquirerProfile; readonly signer: string };
}

/** One life of a terminal. */
export interface Till {
  readonly core: Core;
  readonly link: ModelLink;
  readonly readers: FakeReaders;
  readonly printer: FakePrinter;
  readonly scanner: FakeScanner;
  /** Everything that the counter has shown. */
  readonly shown: readonly Now[];
  readonly fatal: readonly unknown[];
  /** The application that was asked for at each tap. */
  readonly chosen: readonly (string | undefined)[];
  /** Holds a card to the reader that is read as `outcome`. */
  tap(outcome: CardOutcome): Promise<void>;
  /** Ends this life on the spot: nothing of it writes, sends or hears any more. */
  kill(): void;
}

const actor = { staff: 'cashier' };

let drawn = 0;

/** Bytes that never come twice and are the same in every run. */
function draw(length: number): Uint8Array {
  drawn += 1;
  return createHash('sha512').update(String(drawn)).digest().subarray(0, length);
}

export function openTill({ clock, storage, bank, signed }: Surroundings, line = true): Till {
  const link = bank.link(clock);
  if (!line) link.setLine(false);
  const readers = openFakeReaders();
  const printer = openFakePrinter();
  const scanner = openFakeScanner();
  const shown: Now[] = [];
  const fatal: unknown[] = [];
  const chosen: (string | undefined)[] = [];
  let outcome: CardOutcome | undefined;
  const core = new Core({
    world: {
      clock,
      random: draw,
      network: { connect: async () => ({ ok: false, fault: 'unreachable', detail: 'there is no network here' }) },
      storage,
      devices: { readers, printer, scanners: [scanner] },
    },
    migrations,
    ...signed,
    zone: 'Asia/Shanghai',
    onFatal: (error) => fatal.push(error),
    link,
    read: async (_card, _amount, _sequence, mayGo, aid) => {
      chosen.push(aid);
      mayGo();
      return outcome ?? { kind: 'tap-again', reason: 'torn' };
    },
  });
  core.onChange(() => shown.push(core.counter.now));
  core.start();
  return {
    core,
    link,
    readers,
    printer,
    scanner,
    shown,
    fatal,
    chosen,
    async tap(presented) {
      outcome = presented;
      const placed = readers.put({ atr: Uint8Array.of(0x3b, 0x80, 0x80, 0x01, 0x01), answer: () => undefined });
      await settled();
      placed.remove();
    },
    kill() {
      link.die();
      const dead = (): never => {
        throw new Error('dead');
      };
      core.book.commit = dead;
      core.book.commitAll = dead;
      core.fatal(new Error('dead'));
    },
  };
}

/** A test card that wants to go online and may be deferred. */
export function cardOutcome(token = 'a'.repeat(32), deferrable = true): CardOutcome {
  return {
    kind: 'online',
    deferrable,
    card: {
      scheme: 'visa',
      aid: 'A0000000031010',
      label: 'VISA CREDIT',
      kernel: 3,
      maskedPan: '476173******0010',
      token,
      expiry: '3012',
      panSequence: '001',
      oda: { method: 'fdda', result: 'passed' },
      cvm: 'none',
      cryptogram: { type: 'ARQC', value: '0011223344556677', atc: 1 },
      iccData: '9F260800112233445566779F270180',
      sealed: `eyJ.sealed.${token}`,
      tags: [],
      timing: { exchanges: [], cardMs: 0, ownMs: 0 },
    },
  };
}

let keys = 0;

/** A key as a page makes it. */
export function newKey(): string {
  keys += 1;
  return `0198f0a0-0000-7000-8000-${String(keys).padStart(12, '0')}`;
}

/** Sells by card: opened, tapped, sent. The answer has come when the clock has gone on. */
export async function sellByCard(till: Till, minor: number, outcome = cardOutcome()): Promise<Payment> {
  const opened = till.core.charge(newKey(), money(minor, 'CNY'), actor);
  await settled();
  await till.tap(outcome);
  return till.core.payments.get(opened.id);
}

export async function sellByCode(till: Till, minor: number, code: string): Promise<Payment> {
  const opened = till.core.charge(newKey(), money(minor, 'CNY'), actor);
  till.scanner.scan(code);
  await settled();
  return till.core.payments.get(opened.id);
}

export function sellForCash(till: Till, minor: number): Payment {
  return till.core.cash(newKey(), money(minor, 'CNY'), actor);
}

export function takeBack(till: Till, payment: Payment): Payment {
  return till.core.void(newKey(), payment.id, { staff: 'cashier', approver: 'owner' });
}
