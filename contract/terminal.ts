import { eventIterator, oc } from '@orpc/contract';
import { CounterView, CustomerView, Language } from './counter.ts';
import { CloseStep, DayReport, Today } from './day.ts';
import { DeviceView, TestResult, Verification, VirtualCard, VirtualPaper, VirtualStatus } from './device.ts';
import { CountInput, DrawerAnswer, DrawerShift, FloatInput, MoveInput } from './drawer.ts';
import { KeyComponent, KeyTaken, KeyView, MessageRead } from './key.ts';
import { PaymentId, PaymentRef, PaymentView, RefundCause, RequestKey, StoryStep } from './payment.ts';
import { LateItem, LateNote } from './queue.ts';
import {
  DoneInput,
  Exported,
  ExportInput,
  Imported,
  ImportInput,
  Reconciliation,
  RefundInput,
  Statement,
  UploadInput,
} from './reconciliation.ts';
import { Refusal } from './refusal.ts';
import { Person, Pin, type Role, Session } from './role.ts';
import { CashInput, PartInput, SaleId, SaleRef, SaleView, SplitInput } from './sale.ts';
import { z } from './schema.ts';
import { ownWords } from './text.ts';

/** Who may make a call: anyone at the screen, or a signed-in person with one of these roles. */
export interface Access {
  readonly roles: readonly Role[] | 'anyone';
  /** Which window may make it; any when not said. The customer display may only look. */
  readonly customerDisplay?: true;
}

const call = oc.$meta<Access>({ roles: [] }).errors({ REFUSED: { status: 403, data: Refusal } });
const open = call.meta({ roles: 'anyone' });
const selling = call.meta({ roles: ['cashier', 'supervisor', 'owner'] });
const owning = call.meta({ roles: ['owner'] });
const looking = call.meta({ roles: ['cashier', 'supervisor', 'owner'] });
const leading = call.meta({ roles: ['supervisor', 'owner'] });
const technical = call.meta({ roles: ['technician', 'owner'] });
const virtual = call.meta({ roles: 'anyone' });
const none = z.strictObject({});
const done = z.object({});

/** Everything the screens may ask of the core. One line here plus one handler that does not compile until it is there. */
export const terminal = {
  setup: {
    /** First start: the store, and a PIN for each built-in person. */
    complete: open
      .input(
        z.strictObject({
          storeName: ownWords(1, 40),
          terminal: z.string().regex(/^[0-9]{2}$/),
          dayCut: z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/),
          language: Language,
          pins: z.strictObject({ cashier: Pin, owner: Pin, technician: Pin }),
        }),
      )
      .output(done),
  },
  session: {
    signIn: open.input(z.strictObject({ person: Person, pin: Pin })).output(Session),
    signOut: open.input(none).output(done),
    language: open.input(z.strictObject({ language: Language })).output(done),
  },
  counter: {
    watch: open.input(none).output(eventIterator(CounterView)),
    customer: call.meta({ roles: 'anyone', customerDisplay: true }).input(none).output(eventIterator(CustomerView)),
    /** The customer, or the cashier for them, says which application of the card pays; null for none of them. */
    choose: call
      .meta({ roles: 'anyone', customerDisplay: true })
      .input(z.strictObject({ payment: PaymentId, aid: z.string().max(64).nullable() }))
      .output(done),
  },
  sale: {
    /** Opens a payment and arms reader and scanner together. The same key gives the same payment again. */
    charge: selling.input(PartInput).output(PaymentView),
    /** Opens a sale that is to be paid in parts. */
    split: selling.input(SplitInput).output(SaleView),
    /** Shows a code for the customer to scan. */
    show: selling.input(PartInput).output(PaymentView),
    /** Takes what the bank approved where that is less than was asked for. */
    accept: selling.input(PaymentRef).output(PaymentView),
    /** Gives a sale up: its paid parts are taken back. A cashier needs the owner's PIN where something was paid. */
    drop: selling.input(z.strictObject({ sale: SaleId, ownerPin: Pin.optional() })).output(SaleView),
    /** Prints what a sale came to, all its parts on one paper. */
    summary: selling.input(SaleRef).output(SaleView),
    /** Ends a payment for which nothing has been sent yet. */
    cancel: selling.input(PaymentRef).output(PaymentView),
    cash: selling.input(CashInput).output(PaymentView),
    /** What a keyboard-wedge scanner typed into the page. */
    scanned: selling.input(z.strictObject({ text: z.string().min(1).max(4096) })).output(done),
    /** Takes the result off the screens. */
    dismiss: selling.input(none).output(done),
    /** Takes back an approved payment of the open batch. A cashier needs the owner's PIN. */
    void: selling
      .input(z.strictObject({ key: RequestKey, payment: PaymentId, ownerPin: Pin.optional() }))
      .output(PaymentView),
    /** Gives money of an earlier payment back, in part or whole. A cashier needs the owner's PIN. */
    refund: selling
      .input(PartInput.extend({ payment: PaymentId, cause: RefundCause, ownerPin: Pin.optional() }))
      .output(PaymentView),
    /** Holds an amount on the customer's card. */
    hold: selling.input(PartInput).output(PaymentView),
    /** Takes a held amount or a part of it. */
    complete: selling.input(PartInput.extend({ payment: PaymentId })).output(PaymentView),
    /** Gives a held amount up. A cashier needs the owner's PIN. */
    release: selling
      .input(z.strictObject({ key: RequestKey, payment: PaymentId, ownerPin: Pin.optional() }))
      .output(PaymentView),
  },
  payments: {
    /** Amounts held and not completed yet. */
    held: looking.input(none).output(z.array(PaymentView)),
    /** The owner says by name what became of a payment that cannot come to its end by itself. */
    decide: owning
      .input(
        z.strictObject({
          payment: PaymentId,
          /** The bank says that it was done; false: that it was not. */
          done: z.boolean(),
          cause: ownWords(3, 200),
          pin: Pin,
        }),
      )
      .output(PaymentView),
    list: looking
      .input(
        z.strictObject({
          /** Amount, last four digits, receipt number, RRN or authorization code. */
          search: z.string().max(40).optional(),
          day: z
            .string()
            .regex(/^\d{4}-\d\d-\d\d$/)
            .optional(),
          /** Payments before this one in time; from the newest when not given. */
          before: PaymentId.optional(),
          limit: z.int().min(1).max(200),
        }),
      )
      .output(z.array(PaymentView)),
    story: looking.input(PaymentRef).output(
      z.object({
        payment: PaymentView,
        /** Refunds, voids and completions of it, oldest first. */
        about: z.array(PaymentView),
        steps: z.array(StoryStep),
      }),
    ),
    /** Prints the receipt again, marked DUPLICATE / 重印. */
    reprint: looking.input(PaymentRef).output(PaymentView),
    /** A person says whether paper came out, where the printer could not. */
    printed: looking.input(z.strictObject({ payment: PaymentId, came: z.boolean() })).output(PaymentView),
  },
  queue: {
    list: looking.input(none).output(z.array(PaymentView)),
    /** Sends what waits now; answers how many are still waiting. */
    forward: looking.input(none).output(z.object({ left: z.int() })),
    /** Holds forwarding back; it goes on by itself after two hours, at the close, or when a limit is near. */
    pause: leading.input(none).output(done),
    resume: leading.input(none).output(done),
    /** Offline payments that brought no money: open ones, and those closed last. */
    late: looking.input(none).output(z.array(LateItem)),
    note: looking.input(z.strictObject({ payment: PaymentId, note: LateNote })).output(LateItem),
    /** Opens a new payment of the same amount for a customer who has come back. */
    takeAgain: selling.input(z.strictObject({ key: RequestKey, payment: PaymentId })).output(PaymentView),
    /** Ends the work on one: its new payment was approved, or the owner writes it off. */
    closeLate: selling
      .input(
        z.strictObject({
          payment: PaymentId,
          what: z.enum(['paid-again', 'written-off']),
          note: LateNote.optional(),
          ownerPin: Pin.optional(),
        }),
      )
      .output(LateItem),
  },
  day: {
    today: owning.input(none).output(Today),
    xReport: owning.input(none).output(DayReport),
    printX: owning.input(none).output(DayReport),
    /** Prints the report of a closed day again, marked as a duplicate. */
    printZ: owning.input(z.strictObject({ number: z.int().min(1) })).output(DayReport),
    /** Closes batch and day. The same key goes on with the same close. */
    close: owning.input(z.strictObject({ key: RequestKey })).output(eventIterator(CloseStep)),
    reports: owning.input(none).output(z.array(DayReport)),
  },
  reconciliation: {
    statements: owning.input(none).output(z.array(Statement)),
    /** One piece of a file; answers how many bytes have come. */
    upload: owning.input(UploadInput).output(z.object({ received: z.int() })),
    /** Imports what was uploaded with this key. The same file again changes nothing. */
    import: owning.input(ImportInput).output(Imported),
    /** How a statement and the payments agree now; the newest one when no number is given. */
    report: owning.input(z.strictObject({ statement: z.int().min(1).optional() })).output(Reconciliation),
    /** A person has seen to a differing line. Once. */
    done: owning.input(DoneInput).output(Reconciliation),
    /** Gives back what a customer was charged too much at the bank: one refund, however often it is asked for. */
    refund: owning.input(RefundInput).output(Reconciliation),
    /** The result as a file, piece by piece. */
    export: owning.input(ExportInput).output(eventIterator(Exported)),
  },
  record: {
    /** The owner has seen that the record was rolled back, and lets the terminal sell again. */
    acknowledge: looking.input(z.strictObject({ ownerPin: Pin })).output(done),
  },
  drawer: {
    /** The shift that is open, or the one counted last. A cashier does not see what should be in the drawer. */
    shift: looking.input(none).output(z.object({ shift: DrawerShift.nullable() })),
    /** Begins a shift with the float that is in the drawer. */
    open: selling.input(FloatInput).output(DrawerAnswer),
    /** Cash in, or out: for that a cashier needs the owner's PIN. */
    move: selling.input(MoveInput).output(DrawerAnswer),
    /** Ends the shift by what was counted. */
    count: selling.input(CountInput).output(DrawerAnswer),
    /** Opens the drawer without a sale: journalled. */
    kick: selling.input(none).output(done),
  },
  devices: {
    watch: technical.input(none).output(eventIterator(z.array(DeviceView))),
    test: technical
      .input(z.strictObject({ device: z.string(), test: z.enum(['tap', 'scan', 'print', 'open', 'echo', 'verify']) }))
      .output(TestResult),
    verify: technical.input(none).output(Verification),
  },
  keys: {
    state: technical.input(none).output(KeyView),
    /** One of two components of the master key; two different people each give theirs with their own PIN. */
    component: technical.input(KeyComponent).output(KeyTaken),
    /** Forgets a first component. */
    cancel: technical.input(none).output(KeyView),
  },
  messages: {
    /** Takes one message of the line apart: hex, with or without length and header. */
    decode: technical.input(z.strictObject({ hex: z.string().min(1).max(20_000) })).output(MessageRead),
  },
  virtual: {
    status: virtual.input(none).output(VirtualStatus),
    cards: virtual.input(none).output(z.array(VirtualCard)),
    tap: virtual.input(z.strictObject({ card: z.string().max(60) })).output(z.object({ left: z.string() })),
    code: virtual
      .input(z.strictObject({ scheme: z.string().max(20), behaviour: z.enum(['pays', 'declines', 'slow', 'never']) }))
      .output(z.object({ code: z.string() })),
    /** Shows a code to the virtual scanner. */
    scan: virtual.input(z.strictObject({ text: z.string().min(1).max(4096) })).output(done),
    /** The customer scans the code that is shown and pays; `why` says what their wallet made of it. */
    payShown: virtual.input(none).output(z.object({ paid: z.boolean(), why: z.string() })),
    line: virtual.input(z.strictObject({ up: z.boolean() })).output(VirtualStatus),
    bank: virtual.input(z.strictObject({ up: z.boolean() })).output(VirtualStatus),
    printer: virtual.input(z.strictObject({ trouble: VirtualStatus.shape.printer })).output(VirtualStatus),
    paper: virtual.input(z.strictObject({ since: z.int() })).output(z.array(VirtualPaper)),
  },
};
export type Terminal = typeof terminal;
