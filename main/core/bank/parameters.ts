import { z } from '../../../contract/schema.ts';
import { canonical } from '../store/canonical.ts';
import { AcquirerProfile, signatureFits, thumbprint } from './profile.ts';

const { cards, limits, offline, wallets, walletTimers, closedLoop } = AcquirerProfile.shape;

/** The members of the acquirer profile that the bank may change at any time. Addresses, identity and keys are not among them. */
const SomeTerms = z.strictObject({
  cards: cards.optional(),
  limits: limits.optional(),
  offline: offline.optional(),
  wallets: wallets.optional(),
  walletTimers: walletTimers.optional(),
  closedLoop: closedLoop.optional(),
});
export type Terms = Partial<
  Pick<AcquirerProfile, 'cards' | 'limits' | 'offline' | 'wallets' | 'walletTimers' | 'closedLoop'>
>;

/** Without the members that are not there. */
function present(terms: z.infer<typeof SomeTerms>): Terms {
  return Object.fromEntries(Object.entries(terms).filter(([, value]) => value !== undefined));
}

const Bundle = z.strictObject({
  /** Counts up; a terminal takes no older one than it had. */
  version: z.int().min(1).max(999_999_999),
  /** Of which acquirer. */
  id: AcquirerProfile.shape.id,
  terms: SomeTerms.transform(present).optional(),
  /** Cards that are not to be taken, by their block tokens (docs/kernel.md, "Block list"). */
  blocked: z
    .strictObject({
      version: z.int().min(1),
      tokens: z.array(z.string().regex(/^[\da-f]{32}$/)).max(50_000),
    })
    .optional(),
});
/** What a bank changes from afar: terms, CA keys among them, and the list of blocked cards. */
export type Bundle = z.infer<typeof Bundle>;

const Signed = z.strictObject({
  parameters: z.record(z.string(), z.unknown()),
  signer: z.strictObject({
    kty: z.literal('OKP'),
    crv: z.literal('Ed25519'),
    x: z.string().regex(/^[A-Za-z0-9_-]{43}$/),
  }),
  signature: z.string().regex(/^[A-Za-z0-9_-]{86}$/),
});

export type ParametersFault =
  /** No JSON, or not of the form of signed parameters. */
  | 'parameters-damaged'
  /** The signature is not over this content. */
  | 'parameters-forged'
  /** Signed by somebody else than the signer of the acquirer profile. */
  | 'parameters-foreign'
  | 'parameters-older'
  /** Well signed, but something in it is missing, unknown or out of range, or meant for another acquirer. */
  | 'parameters-invalid';

export type ReadBundle =
  | { readonly ok: true; readonly bundle: Bundle }
  | { readonly ok: false; readonly code: ParametersFault; readonly detail: string };

/** Largest bundle in bytes: fifty thousand block tokens and as much again. */
export const LARGEST_BUNDLE = 2_621_440;

/**
 * Reads and checks a bundle of parameters. `signer` is the thumbprint of whoever signed the profile, `least` the lowest
 * version that is taken.
 */
export function readBundle(bytes: Uint8Array, known: { signer: string; id: string; least: number }): ReadBundle {
  const refused = (code: ParametersFault, detail: string): ReadBundle => ({ ok: false, code, detail });
  const signed = Signed.safeParse(jsonOf(bytes));
  if (!signed.success) return refused('parameters-damaged', issueOf(signed.error));
  const content = canonical(signed.data.parameters);
  if (content === undefined || !signatureFits(content, signed.data)) {
    return refused('parameters-forged', 'the signature does not fit the content');
  }
  const signer = thumbprint(signed.data.signer.x);
  if (signer !== known.signer) return refused('parameters-foreign', `signed by ${signer}, trusted is ${known.signer}`);
  const bundle = Bundle.safeParse(signed.data.parameters);
  if (!bundle.success) return refused('parameters-invalid', issueOf(bundle.error));
  const { version, id } = bundle.data;
  if (id !== known.id) return refused('parameters-invalid', `meant for ${id}`);
  if (version < known.least) return refused('parameters-older', `version ${version}, ${known.least} is wanted`);
  return { ok: true, bundle: bundle.data };
}

function jsonOf(bytes: Uint8Array): unknown {
  if (bytes.length > LARGEST_BUNDLE) return undefined;
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    return undefined;
  }
}

function issueOf(error: z.ZodError): string {
  const [first] = error.issues;
  return first ? `${first.path.map(String).join('.') || 'parameters'}: ${first.message}` : 'invalid';
}
