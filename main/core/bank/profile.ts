import { createHash, createPrivateKey, createPublicKey, verify, X509Certificate } from 'node:crypto';
import { Currency } from '../../../contract/money.ts';
import { z } from '../../../contract/schema.ts';
import { CardLimits, CardRules } from '../kernel/config.ts';
import { ReaderRules } from '../kernel/readers.ts';
import { ClosedLoop } from '../kernel/token/config.ts';
import { FeeTerms, SettlementTerms } from '../reconciliation/terms.ts';
import { canonical } from '../store/canonical.ts';
import { ShownCode } from '../wallet/shown.ts';
import { DIALECTS } from './dialects/named.ts';

const milliseconds = z.int().min(1).max(86_400_000);
const minor = z.int().min(0).max(999_999_999_999);
const coordinate = z.string().regex(/^[A-Za-z0-9_-]{43}$/);

function parses(make: (text: string) => unknown): (text: string) => boolean {
  return (text) => {
    try {
      make(text);
      return true;
    } catch {
      return false;
    }
  };
}

const Certificate = z.string().refine(
  parses((text) => new X509Certificate(text)),
  { error: 'not a PEM certificate' },
);
const PrivateKey = z.string().refine(parses(createPrivateKey), { error: 'not a PEM private key' });

const Tls = z
  .strictObject({
    ca: Certificate,
    cert: Certificate,
    key: PrivateKey,
    serverName: z.string().regex(/^[A-Za-z0-9.-]{1,253}$/),
  })
  .refine((tls) => belongs(tls.cert, tls.key), {
    error: 'the key is not the one of the certificate',
    path: ['key'],
  });

function belongs(cert: string, key: string): boolean {
  try {
    return new X509Certificate(cert).checkPrivateKey(createPrivateKey(key));
  } catch {
    // One of them cannot be read: its own check has said so.
    return true;
  }
}

/** How a scanned wallet code is recognised. `scheme` goes before the code in DE 48. */
const WalletRule = z.strictObject({
  scheme: z.string().regex(/^[a-z0-9-]{1,20}$/),
  pattern: z
    .string()
    .max(200)
    .refine(
      parses((text) => new RegExp(text, 'u')),
      { error: 'not a regular expression' },
    ),
});

/** What one acquirer asks of the terminal: addresses, keys, timers, limits (docs/bank-link.md, "The acquirer profile"). */
export const AcquirerProfile = z
  .strictObject({
    /** Counts up; the terminal takes no older one than it had. */
    version: z.int().min(1),
    id: z.string().regex(/^[a-z0-9-]{1,40}$/),
    name: z.string().min(1).max(80),
    /** How the acquirer is spoken to: docs/bank-link.md, or the same over HTTPS ("The link https"). */
    link: z.enum(['iso8583', 'https']),
    /** How the host speaks ISO 8583 (docs/bank-link.md, "Dialects"); `countertap` when left out. */
    dialect: z.enum(DIALECTS).optional(),
    /** IANA zone in which the host tells DE 12 and 13 of its answers; the counter's when left out. */
    hostZone: z
      .string()
      .max(60)
      .refine(
        parses((zone) => new Intl.DateTimeFormat('en', { timeZone: zone })),
        { error: 'not a time zone' },
      )
      .optional(),
    /** A bank of the virtual counter: no money moves, and the screens say so. */
    virtual: z.boolean(),
    host: z.string().min(1).max(253),
    port: z.int().min(1).max(65_535),
    /** A second host with the same book and the same certificate authority, for when the first is out of reach. */
    backup: z
      .strictObject({
        host: z.string().min(1).max(253),
        port: z.int().min(1).max(65_535),
        /** Failed attempts at one host before the other is tried; 3 when left out. */
        afterFailures: z.int().min(1).max(100).optional(),
        /** How long the backup is used before the first is tried again; five minutes when left out. */
        returnMs: milliseconds.optional(),
      })
      .optional(),
    tls: Tls,
    terminalId: z.string().regex(/^[0-9A-Za-z]{1,8}$/),
    merchantId: z.string().regex(/^[0-9A-Za-z]{1,15}$/),
    /** Network international identifier (DE 24). */
    nii: z.string().regex(/^\d{3}$/),
    /**
     * Terminal master key in the clear, hex: AES-128, or double-length triple DES where the dialect has it. Only of virtual
     * banks; any other key is loaded in two components and lies sealed (docs/bank-link.md, "Keys").
     */
    masterKey: z
      .string()
      .regex(/^[0-9A-Fa-f]{32}$/)
      .optional(),
    sealing: z.strictObject({
      kid: z.string().min(1).max(100),
      jwk: z.strictObject({ kty: z.literal('EC'), crv: z.literal('P-256'), x: coordinate, y: coordinate }),
    }),
    /** How often the host is asked for newer parameters (docs/bank-link.md, "Parameters"); never when left out. */
    parameters: z.strictObject({ everyMs: milliseconds }).optional(),
    timers: z.strictObject({
      connectMs: milliseconds,
      responseMs: milliseconds,
      echoMs: milliseconds,
      /** How long a session key is used before a new one is asked for; as long as the connection when left out. */
      keyMs: milliseconds.optional(),
      /** Waits between attempts to connect; the last one goes on. */
      reconnectMs: z.array(milliseconds).min(1).max(20),
      /** Waits before each repeat of a reversal or an advice; the last one goes on. */
      repeatMs: z.array(z.int().min(0).max(86_400_000)).min(1).max(20),
      /** Longest time a message can be on its way (R6). */
      messageLifetimeMs: milliseconds,
    }),
    offline: z.strictObject({
      enabled: z.boolean(),
      hours: z.number().positive().max(168),
      singleMinor: minor,
      totalMinor: minor,
      count: z.int().min(0).max(100_000),
      oncePerCard: z.boolean(),
      /** How many are forwarded at once; 8 when left out. */
      window: z.int().min(1).max(32).optional(),
      currency: Currency,
      schemes: z.array(z.enum(['unionpay', 'visa', 'mastercard', 'jcb', 'wallet'])),
    }),
    limits: CardLimits,
    wallets: z.array(WalletRule).max(50),
    /** Amounts may be held and completed later: up to so many per cent of the amount held, for so many days. */
    hold: z.strictObject({ percent: z.int().min(1).max(200), days: z.int().min(1).max(60) }).optional(),
    walletTimers: z.strictObject({ firstQueryMs: milliseconds, queryMs: milliseconds, giveUpMs: milliseconds }),
    /** Whether less than was asked for may be taken, when a person agrees (DE 39 10). */
    partialApproval: z.boolean().optional(),
    /** Codes shown for customers to scan; none when left out. */
    shown: ShownCode.optional(),
    /** What the acquirer keeps of each payment, by scheme (docs/reconciliation.md); fees are not checked when left out. */
    fees: FeeTerms.optional(),
    /** How the acquirer counts its days in statements. */
    settlement: SettlementTerms.optional(),
    cards: CardRules,
    /** Which readers may read which cards (docs/devices.md, “Reader classes”). */
    readers: ReaderRules.optional(),
    /** The bank's own wallet on the card reader (docs/wallet-token.md); none when left out. */
    closedLoop: ClosedLoop.optional(),
  })
  .refine(({ virtual, masterKey }) => virtual || masterKey === undefined, {
    error: 'a key in the clear is for virtual banks only',
    path: ['masterKey'],
  });
export type AcquirerProfile = z.infer<typeof AcquirerProfile>;

const Signed = z.strictObject({
  profile: z.record(z.string(), z.unknown()),
  signer: z.strictObject({ kty: z.literal('OKP'), crv: z.literal('Ed25519'), x: coordinate }),
  signature: z.string().regex(/^[A-Za-z0-9_-]{86}$/),
});

export type ProfileFault =
  /** No JSON, or not of the form of a signed profile. */
  | 'profile-damaged'
  | 'profile-unsigned'
  /** The signature is not over this content. */
  | 'profile-forged'
  /** Signed by somebody else than the signer this terminal trusts. */
  | 'profile-foreign'
  | 'profile-older'
  /** Well signed, but something in it is missing, unknown or out of range. */
  | 'profile-invalid';

export type ReadProfile =
  | { readonly ok: true; readonly profile: AcquirerProfile; readonly signer: string }
  | { readonly ok: false; readonly code: ProfileFault; readonly detail: string };

/** What the terminal knows from an earlier profile: the pinned signer's thumbprint and the version. */
export interface KnownProfile {
  readonly signer?: string | undefined;
  readonly version?: number | undefined;
}

const LARGEST = 1_000_000;

/**
 * Reads and checks a signed acquirer profile file. `signer` of the result is the SHA-256 thumbprint of the signer's key
 * (RFC 7638, base64url): the caller pins it and hands it in next time. No detail ever holds a key.
 */
export function readProfile(bytes: Uint8Array, known: KnownProfile = {}): ReadProfile {
  const json = parsed(bytes);
  if (json === undefined) return { ok: false, code: 'profile-damaged', detail: 'not a JSON object' };
  if (!('signature' in json) || !('signer' in json)) {
    return { ok: false, code: 'profile-unsigned', detail: 'signer or signature is missing' };
  }
  const signed = Signed.safeParse(json);
  if (!signed.success) return { ok: false, code: 'profile-damaged', detail: issue(signed.error) };
  const content = canonical(signed.data.profile);
  if (content === undefined) return { ok: false, code: 'profile-damaged', detail: 'nested too deeply' };
  if (!signatureFits(content, signed.data)) {
    return { ok: false, code: 'profile-forged', detail: 'the signature does not fit the content' };
  }
  const signer = thumbprint(signed.data.signer.x);
  if (known.signer !== undefined && known.signer !== signer) {
    return { ok: false, code: 'profile-foreign', detail: `signed by ${signer}, trusted is ${known.signer}` };
  }
  return checked(signed.data.profile, signer, known.version ?? 0);
}

function checked(content: unknown, signer: string, least: number): ReadProfile {
  const profile = contentOf(content);
  if (typeof profile === 'string') return { ok: false, code: 'profile-invalid', detail: profile };
  if (profile.version < least) {
    return { ok: false, code: 'profile-older', detail: `version ${profile.version}, in use is ${least}` };
  }
  return { ok: true, profile, signer };
}

/** The profile, or what is wrong. zod runs a member's own check also when its parts are wrong already, and it may then throw. */
function contentOf(content: unknown): AcquirerProfile | string {
  try {
    const result = AcquirerProfile.safeParse(content);
    return result.success ? result.data : issue(result.error);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function parsed(bytes: Uint8Array): object | undefined {
  if (bytes.length > LARGEST) return undefined;
  try {
    const json: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
    return typeof json === 'object' && json !== null && !Array.isArray(json) ? json : undefined;
  } catch {
    return undefined;
  }
}

/** Where the first thing is wrong and what, without the value. */
function issue(error: z.ZodError): string {
  const [first] = error.issues;
  return first ? `${first.path.map(String).join('.') || 'profile'}: ${first.message}` : 'invalid';
}

/** SubjectPublicKeyInfo of an Ed25519 key up to its 32 bytes (RFC 8410 clause 4). */
const ED25519 = Buffer.from('302a300506032b6570032100', 'hex');

/** Whether an Ed25519 signature (base64url) over canonical JSON is that of the key `x`. */
export function signatureFits(
  content: string,
  signed: { readonly signer: { readonly x: string }; readonly signature: string },
): boolean {
  const spki = Buffer.concat([ED25519, Buffer.from(signed.signer.x, 'base64url')]);
  const key = createPublicKey({ key: spki, format: 'der', type: 'spki' });
  return verify(null, Buffer.from(content, 'utf8'), key, Buffer.from(signed.signature, 'base64url'));
}

/** Names an Ed25519 key (RFC 7638, base64url). */
export function thumbprint(x: string): string {
  return createHash('sha256').update(`{"crv":"Ed25519","kty":"OKP","x":"${x}"}`).digest('base64url');
}
