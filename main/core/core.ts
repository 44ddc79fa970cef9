import { createSecretKey } from 'node:crypto';
import type { Currency, Money } from '../../contract/money.ts';
import type { PaymentView } from '../../contract/payment.ts';
import type { RefusalCode } from '../../contract/refusal.ts';
import type { AcquirerLink } from './bank/link.ts';
import { openLink } from './bank/open.ts';
import type { AcquirerProfile } from './bank/profile.ts';
import { Settlement } from './bank/settlement.ts';
import { CashDrawer } from './cash/drawer.ts';
import { ClockWatch } from './clockwatch.ts';
import { Custody } from './custody.ts';
import { openDaily } from './daily.ts';
import type { CardOutcome, Vault } from './kernel/outcome.ts';
import { openVault } from './kernel/vault.ts';
import { type KeyOptions, Keys } from './keys.ts';
import { keepLate } from './late.ts';
import type { Book, Recovered } from './ledger/book.ts';
import { BankParameters, keptTerms } from './parameters.ts';
import { type Aftersale, openAftersale } from './payment/aftersale.ts';
import { chargeNamed } from './payment/charge.ts';
import { amountRefusal, Counter } from './payment/counter.ts';
import type { Effect } from './payment/event.ts';
import type { Payment } from './payment/payment.ts';
import { Pending } from './payment/pending.ts';
import { Printing } from './payment/printing.ts';
import { rulesOf } from './payment/rules.ts';
import { type Actor, Runner, requestBody } from './payment/runner.ts';
import { asStored } from './payment/stored.ts';
import { PaymentTable } from './payment/table.ts';
import { untold } from './payment/unfinished.ts';
import { viewOf } from './payment/view.ts';
import { openReading, type ReadCard } from './reading.ts';
import { Reconciliation } from './reconciliation/reconciliation.ts';
import { derive, deviceKey, openRecord } from './record.ts';
import { Refused } from './refused.ts';
import { dayReceipt, paymentReceipt, type ReceiptContext } from './reports/receipt.ts';
import { wordsOf } from './reports/words.ts';
import { blockKey } from './risk/blockfile.ts';
import { type Blocklist, openBlocklist } from './risk/blocklist.ts';
import { Sales } from './sale/sales.ts';
import { SaleTable } from './sale/table.ts';
import { Staff } from './staff/pin.ts';
import type { Migration } from './store/database.ts';
import { defaultSettings, readSetting, readStore, type StoreSettings } from './store/settings.ts';
import { Time } from './time.ts';
import { Scanning } from './wallet/scanning.ts';
import { composeShown } from './wallet/shown.ts';
import { steadyClock } from './world/steady.ts';
import type { World } from './world/world.ts';

export interface CoreOptions extends KeyOptions {
  readonly world: World;
  readonly migrations: readonly Migration[];
  readonly profile: AcquirerProfile;
  /** Fingerprint of whoever signed the profile; pinned at first use. */
  readonly signer: string;
  readonly zone: string;
  /** Only this reader. */
  readonly reader?: string | undefined;
  /** What the daily backups are enciphered with; none: they are as plain as the data folder. */
  readonly backupPassphrase?: string | undefined;
  /** Something happened that must never; the core has stopped selling. */
  readonly onFatal: (error: unknown) => void;
  /** Another link than the profile's, for tests. */
  readonly link?: AcquirerLink;
  /** Another reading of cards than the kernel's, for simulations in which no card speaks. */
  readonly read?: ReadCard;
}

/** How long a card sale waits for older reversals to be delivered once (I10). */
const REVERSALS_FIRST_MS = 3_000;

/**
 * The terminal: everything that decides about money, composed on a World. Used alike by the screens' calls, the command
 * line and the tests. Commands are synchronous where nothing outside is waited for.
 */
export class Core {
  readonly world: World;
  readonly profile: AcquirerProfile;
  readonly book: Book;
  readonly payments: PaymentTable;
  readonly link: AcquirerLink;
  readonly counter: Counter;
  readonly sales: Sales;
  readonly keys: Keys;
  readonly parameters: BankParameters;
  readonly aftersale: Aftersale;
  readonly pending: Pending;
  readonly printing: Printing;
  readonly settlement: Settlement;
  readonly drawer: CashDrawer;
  readonly custody: Custody;
  readonly reconciliation: Reconciliation;
  readonly time: Time;
  readonly clockWatch: ClockWatch;
  readonly staff: Staff;
  readonly recovered: Recovered;
  readonly vault: Vault;
  readonly blocklist: Blocklist;
  readonly zone: string;
  #runner: Runner;
  readonly #read: ReadCard;
  readonly #scanning: Scanning;
  #settings: StoreSettings;
  #stopped: RefusalCode | null = null;
  #seq = 0;
  readonly #listeners = new Set<() => void>();
  readonly #undo: (() => void)[] = [];
  readonly #onFatal: (error: unknown) => void;

  constructor(options: CoreOptions) {
    const fatal = (error: unknown): void => this.fatal(error);
    const world = { ...options.world, clock: steadyClock(options.world.clock, fatal) };
    this.world = world;
    this.zone = options.zone;
    this.#onFatal = options.onFatal;
    const { db, book, recovered, full } = openRecord({ ...options, world });
    const profile = { ...options.profile, ...keptTerms(world.storage, db, options) };
    this.profile = profile;
    this.book = book;
    this.recovered = recovered;
    this.payments = new PaymentTable(book);
    this.#settings = readStore(db) ?? defaultSettings(profile.offline.currency, options.zone);
    const key = deviceKey(world, book);
    this.vault = openVault(profile.sealing, derive(key, 'card tokens'), blockKey(profile.masterKey));
    this.blocklist = openBlocklist(book, world);
    this.staff = new Staff(db, world, derive(key, 'staff pins'));
    this.link = options.link ?? openLink(world, profile, options.zone);
    const { vault, payments, link, blocklist } = this;
    const told = { settings: () => this.#settings, today: () => this.today, changed: () => this.changed() };
    this.time = new Time({ clock: world.clock, book, ...told });
    const { time } = this;
    this.#read = openReading({ world, time, profile, zone: this.zone, book, payments, vault, blocklist });
    const rules = rulesOf(profile);
    book.onFailed(fatal);
    this.clockWatch = new ClockWatch({ clock: world.clock, book, time, changed: () => this.changed(), fatal });
    const sales = new SaleTable(book);
    this.#runner = new Runner({
      ...{ world, book, payments, sales, link, rules, time, fatal },
      settings: () => this.#settings,
      perform: (payment, effect) => this.#perform(payment, effect),
      changed: (payment) => this.#paymentChanged(payment),
      clockWatch: this.clockWatch,
    });
    const { clock } = world;
    const idle = (): boolean => !this.counter.busy && this.#stopped === null;
    this.keys = new Keys(this, idle, options);
    this.parameters = new BankParameters({
      ...{ world, book, link, profile, blocklist, fatal, signer: options.signer, idle },
      adopt: (terms) => Object.assign(rules, rulesOf(Object.assign(profile, terms))),
      onChange: (listener) => this.onChange(listener),
      changed: () => this.changed(),
    });
    this.pending = new Pending({
      ...{ clock, link, payments, rules, book, fatal, runner: this.#runner },
      changed: () => this.changed(),
    });
    const read = options.read ?? this.#read;
    this.counter = new Counter({
      world,
      runner: this.#runner,
      read: (card, payment, mayGo, chosen) => read(card, payment.amount, payment.stan, mayGo, chosen),
      viewOf: (payment) => this.view(payment),
      find: (id) => payments.get(id),
      codeOf: ({ amount, rrn }) =>
        profile.shown && composeShown(profile.shown, { amount, reference: rrn, terminal: profile.terminalId }),
      shownMs: rules.shownMs ?? 0,
      partialMs: rules.partialMs ?? 0,
      responseMs: profile.timers.responseMs,
      reader: options.reader,
      changed: () => this.changed(),
      fatal,
    });
    this.#scanning = new Scanning({
      ...{ payments, link, profile, runner: this.#runner, counter: this.counter },
      key: createSecretKey(derive(key, 'wallet codes')),
    });
    this.sales = new Sales({
      ...{ world, profile, book, link, payments, table: sales, runner: this.#runner, counter: this.counter, fatal },
      refuse: (amount, sale) => this.#refuseSale(amount, sale),
      viewOf: (payment) => this.view(payment),
      changed: () => this.changed(),
    });
    this.aftersale = openAftersale({
      ...{ world, book, payments, runner: this.#runner, link, rules, counter: this.counter, sales: this.sales },
      refuseStopped: () => this.#refuseStopped(),
      refuseSale: (amount) => this.#refuseSale(amount, undefined),
    });
    this.printing = new Printing({
      clock,
      book,
      payments,
      printer: world.devices.printer,
      receipt: (payment, copy) => paymentReceipt(payment, this.receiptContext(copy, payment)),
      changed: (payment) => this.#paymentChanged(payment),
      fatal,
    });
    this.reconciliation = new Reconciliation({ clock, book, profile, aftersale: this.aftersale, ...told });
    const passphrase = options.backupPassphrase;
    const daily = openDaily(() => ({ world, book, zone: this.#settings.zone, passphrase }), { world, book });
    const { owed, closed, rest } = daily;
    this.custody = new Custody({ ...{ clock, book, full, rest, fatal, ...told }, storage: world.storage });
    this.drawer = new CashDrawer({ clock, book, ...told });
    this.settlement = new Settlement({
      ...{ clock, book, payments, link, fatal, owed, closed, ...told },
      alarms: () => this.custody.alarms,
      drawers: (seq) => this.drawer.since(seq),
      deliver: (ms) => this.pending.settle(ms),
      print: async (report) => (await world.devices.printer.print(dayReceipt(report, this.receiptContext(false)))).ok,
    });
  }

  /** Recovers what a stop left open, then goes to work. One that fails in this takes nothing, whoever asks. */
  start(): void {
    try {
      this.#start();
    } catch (error) {
      this.#halt();
      throw error;
    }
  }

  #start(): void {
    const { world, link, book } = this;
    this.custody.start(this.recovered);
    this.clockWatch.start();
    this.printing.recover();
    for (const payment of this.payments.inStates(untold)) this.#runner.dispatch(payment.id, { type: 'restart' });
    this.#undo.push(
      link.onChange(() => {
        this.sales.changed();
        this.changed();
      }),
      link.onLate((late) => keepLate(book, world.clock, late)),
      link.onTime?.((told) => this.time.heard(told)) ?? (() => undefined),
      world.devices.readers.onChange(() => this.#devicesChanged()),
      world.devices.printer.onChange(() => this.changed()),
      ...world.devices.scanners.flatMap((scanner) => [
        scanner.onChange(() => this.#devicesChanged()),
        scanner.onScan((scan) => this.scanned(scan.text)),
        scanner.onReject(() => this.counter.codeRefused('code-not-recognised')),
      ]),
    );
    link.start();
    // Whoever heard of that may have found that the disk fails: what is not known to be on it is not shown (I4).
    if (this.#stopped !== null) return;
    this.sales.start();
    this.pending.go();
    this.printing.go();
    this.parameters.go();
  }

  get settings(): StoreSettings {
    return this.#settings;
  }

  get currency(): Currency {
    return this.#settings.currency;
  }

  /** Why nothing is sold, null in good order. */
  get stopped(): RefusalCode | null {
    return this.#stopped;
  }

  /** Counts the changes that screens may have to show. */
  get seq(): number {
    return this.#seq;
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  changed(): void {
    this.#seq += 1;
    for (const listener of this.#listeners) listener();
  }

  /** Opens a purchase and arms reader and scanner. The same key answers the same payment. @throws Refused */
  charge(key: string, amount: Money, actor: Actor, sale?: string): Payment {
    const known = this.#known(key, requestBody('purchase', amount, sale ?? null));
    if (known) return known;
    this.#refuseSale(amount, sale);
    const payment = this.#runner.open(key, amount, actor, 'purchase', sale);
    this.counter.arm(payment);
    return payment;
  }

  /** A purchase paid in notes and coins. @throws Refused */
  cash(key: string, amount: Money, actor: Actor, sale?: string, tendered?: Money): Payment {
    const known = this.#known(key, requestBody('cash', amount, sale ?? null));
    if (known) return known;
    this.#refuseSale(amount, sale);
    const opened = this.#runner.open(key, amount, actor, 'cash', sale);
    const event = { type: 'cash', ...(tendered ? { tendered: tendered.minor } : {}) } as const;
    const payment = this.#runner.dispatch(opened.id, event, { by: actor.staff });
    this.counter.follow(payment);
    return payment;
  }

  /** Ends a payment for which nothing was sent yet; a wallet payment that is waited for is taken back. @throws Refused */
  cancel(id: string, actor: Actor): Payment {
    const payment = this.find(id);
    if (!['opened', 'sealed', 'querying', 'partial'].includes(payment.state))
      throw new Refused('payment-not-open', payment.state);
    return this.#runner.dispatch(id, { type: 'cancel' }, { by: actor.staff });
  }

  /** A scanner has read something, or somebody has typed it (wallet/scanning.ts). */
  scanned(text: string, last = false): RefusalCode | undefined {
    if (this.#stopped) return this.#stopped;
    return this.#scanning.take(text, last);
  }

  /** Takes back an approved payment of the open batch. @throws Refused */
  void(key: string, id: string, actor: Actor): Payment {
    return this.aftersale.void(key, id, actor);
  }

  /** Prints a payment's receipt again, marked as a duplicate. @throws Refused */
  reprint(id: string): Payment {
    const payment = this.find(id);
    if (payment.print === 'none') throw new Refused('payment-not-printable', payment.state);
    return payment.print === 'printed' || payment.print === 'asked' ? this.printing.again(payment) : payment;
  }

  /** A person says whether paper came out. @throws Refused */
  printed(id: string, came: boolean): Payment {
    const payment = this.find(id);
    if (payment.print !== 'asked') throw new Refused('payment-not-printable', payment.print);
    return this.printing.answered(payment, came);
  }

  /** Reads one card for an amount, as a sale does. */
  readCard(...asked: Parameters<ReadCard>): Promise<CardOutcome> {
    return this.#read(...asked);
  }

  view(payment: Payment): PaymentView {
    return viewOf(payment, {
      current: (one) => this.payments.current(one),
      givenBack: (one) => this.payments.givenBack(one.id),
      decidable: (one) => this.aftersale.decidable(one),
      held: (one) => this.aftersale.held(one),
      dueAt: (one) => this.pending.dueAt(one),
    });
  }

  receiptContext(copy: boolean, payment?: Payment): ReceiptContext {
    const { profile } = this;
    const original = payment?.original ? this.payments.find(payment.original) : undefined;
    return {
      words: wordsOf(this.#settings.language),
      store: this.#settings,
      terminalId: profile.terminalId,
      merchantId: profile.merchantId,
      virtual: profile.virtual,
      head: this.book.head,
      copy,
      ...(original ? { originalNo: original.receiptNo } : {}),
      ...(payment?.charge ? { chargeRrn: chargeNamed(this.book.db, payment.charge).rrn } : {}),
      ...(payment ? this.sales.onPaper(payment) : {}),
    };
  }

  get today(): string {
    return this.time.today;
  }

  /** Whether the first start was completed. */
  get ready(): boolean {
    return readSetting(this.book.db, 'store') !== undefined && this.staff.known;
  }

  /** Keeps what the store decided at first start. */
  configure(settings: StoreSettings, by: string): void {
    const at = this.world.clock.now();
    const writes = [{ op: 'put', table: 'setting', key: 'store', value: JSON.stringify(settings) }] as const;
    this.book.commit({ kind: 'setting', at, by, event: { type: 'store-set' }, writes, transfers: [] }, 'outcome');
    this.#settings = settings;
    this.changed();
  }

  /** Journals what a person did that moves no money. */
  note(kind: 'session' | 'drawer', type: string, by: string): void {
    this.book.commit({ kind, at: this.world.clock.now(), by, event: { type }, writes: [], transfers: [] }, 'outcome');
  }

  fatal(error: unknown): void {
    if (this.#stopped) return;
    this.#halt();
    this.#onFatal(error);
  }

  #halt(): void {
    this.#stopped = 'store-failed';
    this.custody.stop();
    this.#rest();
    this.changed();
  }

  /** Nothing is begun any more. */
  #rest(): void {
    for (const part of [this.sales, this.counter, this.pending, this.clockWatch, this.printing]) part.stop();
  }

  async close(): Promise<void> {
    this.#rest();
    this.parameters.stop();
    for (const undo of this.#undo) undo();
    await this.custody.close();
    await this.link.close();
    await this.world.devices.readers.close();
    await this.world.devices.printer.close();
    for (const scanner of this.world.devices.scanners) await scanner.close();
    this.book.close();
  }

  /** @throws Refused */
  find(id: string): Payment {
    const payment = this.payments.find(id);
    if (!payment) throw new Refused('payment-not-found', id);
    return payment;
  }

  #known(key: string, body: string): Payment | undefined {
    const request = this.payments.request(key);
    if (!request) return undefined;
    if (request.body !== body) throw new Refused('key-reused');
    return this.payments.get(request.payment);
  }

  #refuseStopped(): void {
    if (this.#stopped) throw new Refused(this.#stopped);
  }

  #refuseSale(amount: Money, sale: string | undefined): void {
    this.#refuseStopped();
    this.custody.check();
    if (this.custody.held) throw new Refused(this.custody.held);
    const refusal = amountRefusal(amount, this.currency, this.profile.limits.maxMinor);
    if (refusal) throw new Refused(refusal);
    if (this.counter.busy) throw new Refused('payment-under-way');
    this.sales.refuse(amount, sale);
  }

  #perform(payment: Payment, effect: Exclude<Effect, { type: 'exchange' }>): void {
    switch (effect.type) {
      case 'later':
        this.pending.later(payment, effect.ms);
        return;
      case 'refund':
        this.aftersale.giveBack(payment);
        return;
      case 'print':
        this.printing.go();
        return;
      case 'drawer':
        this.world.devices.printer.openDrawer().catch((error: unknown) => this.fatal(error));
        this.note('drawer', 'drawer-pulse', payment.staff);
        return;
      case 'alert':
        this.aftersale.alert(payment);
        return;
      case 'reversals-first':
        this.pending
          .reversalsTried(REVERSALS_FIRST_MS)
          .then(() => this.#runner.dispatch(payment.id, { type: 'clear' }))
          .catch((error: unknown) => this.fatal(error));
    }
  }

  #paymentChanged(payment: Payment): void {
    asStored(this.payments, payment);
    this.counter.onPayment(payment);
    this.pending.changed(payment);
    this.sales.changed();
    this.changed();
  }

  #devicesChanged(): void {
    this.counter.devicesChanged();
    this.changed();
  }
}
