import { z } from './schema.ts';

/** One device, as its card on the technician's board. */
export const DeviceView = z.object({
  id: z.string(),
  kind: z.enum(['reader', 'scanner', 'printer', 'drawer', 'bank', 'storage', 'clock']),
  name: z.string(),
  virtual: z.boolean(),
  status: z.enum(['ready', 'attention', 'trouble', 'absent']),
  /** Words: `device.<kind>.<state>` is the state word, `remedy.<kind>.<state>` what to do. */
  state: z.string(),
  values: z.record(z.string(), z.union([z.string(), z.number()])),
  /** Of a reader: its class, and which cards it may read here. Words: `reader.class.<class>`, `reader.use.<use>`. */
  reader: z
    .object({
      class: z.enum(['A', 'B', 'virtual']),
      use: z.enum(['open-loop', 'test-cards', 'nothing', 'simulated']),
    })
    .optional(),
  /** The last 24 hours in 48 half hours, oldest first. */
  strip: z.array(z.enum(['ok', 'attention', 'trouble', 'none'])),
  tests: z.array(z.enum(['tap', 'scan', 'print', 'open', 'echo', 'verify'])),
});
export type DeviceView = z.infer<typeof DeviceView>;

export const CardTagView = z.object({
  tag: z.string(),
  name: z.string(),
  value: z.string(),
  text: z.string().optional(),
  /** The exchange that brought it. */
  from: z.string(),
});

/** What a test showed. Words under `test.<code>`. */
export const TestResult = z.object({
  ok: z.boolean(),
  code: z.string(),
  values: z.record(z.string(), z.union([z.string(), z.number()])),
  card: z
    .object({
      aid: z.string(),
      label: z.string(),
      scheme: z.string(),
      maskedPan: z.string(),
      expiry: z.string(),
      kernel: z.int(),
      oda: z.object({
        method: z.string(),
        result: z.enum(['passed', 'failed', 'not-performed']),
        /** The place where it failed. */
        step: z.string().optional(),
        reason: z.string().optional(),
      }),
      cvm: z.string(),
      cryptogram: z.object({ type: z.string(), value: z.string(), atc: z.int() }),
      /** What the tap would have come to, and why. */
      decision: z.enum(['online', 'approved-offline', 'declined']),
      reason: z.string().nullable(),
      /** CA keys of an unsigned file were in use. */
      unsignedKeys: z.boolean(),
      /** The applications between which its holder would have been asked to choose. */
      choices: z.array(z.string()),
      tags: z.array(CardTagView),
      exchanges: z.array(z.object({ command: z.string(), ms: z.number() })),
    })
    .optional(),
});
export type TestResult = z.infer<typeof TestResult>;

/** The whole record recomputed: database, journal and ledger against each other. */
export const Verification = z.object({
  ok: z.boolean(),
  entries: z.int(),
  payments: z.int(),
  transfers: z.int(),
  headHash: z.string(),
  /** The first place where something does not fit; null when all fits. */
  firstBreak: z.object({ where: z.enum(['journal', 'database', 'ledger']), seq: z.int(), what: z.string() }).nullable(),
  ms: z.number(),
});
export type Verification = z.infer<typeof Verification>;

export const VirtualStatus = z.object({
  line: z.boolean(),
  bank: z.boolean(),
  printer: z.enum(['none', 'paper-end', 'cover-open', 'offline', 'paper-near-end']),
  drawerOpened: z.int(),
});
export type VirtualStatus = z.infer<typeof VirtualStatus>;

export const VirtualCard = z.object({
  id: z.string(),
  label: z.string(),
  labelZh: z.string(),
  scheme: z.string(),
  behaviour: z.string(),
});
export type VirtualCard = z.infer<typeof VirtualCard>;

/** One receipt as the virtual printer drew it; `image` is a data URL. */
export const VirtualPaper = z.object({ n: z.int(), at: z.int(), text: z.string(), image: z.string() });
export type VirtualPaper = z.infer<typeof VirtualPaper>;
