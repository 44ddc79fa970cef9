import { concat, hex, unhex } from './bytes.ts';
import { type DynamicSignature, iccKey, issuerKey, type Opened, openDynamic, type PublicKey } from './certificate.ts';
import type { CaKey } from './config.ts';
import type { OdaResult } from './outcome.ts';

/** What offline data authentication goes by. */
export interface OdaInput {
  readonly caKeys: readonly CaKey[];
  /** The selected application's AID, hex: its first five bytes are the RID. */
  readonly aid: string;
  readonly pan: string;
  /** Today, YYMMDD. */
  readonly today: string;
  /** Application interchange profile (tag 82). */
  readonly profile: Uint8Array;
  /** The card's data objects, by tag. */
  readonly data: ReadonlyMap<string, Uint8Array>;
  /** Static data of the signed records; undefined when they cannot be authenticated. */
  readonly signed: Uint8Array | undefined;
}

type Step = NonNullable<OdaResult['step']>;
type Proved<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly step: Step; readonly reason: string };

function failed(step: Step, reason: string): { readonly ok: false; readonly step: Step; readonly reason: string } {
  return { ok: false, step, reason };
}

function at<T>(step: Step, opened: Opened<T>): Proved<T> {
  return opened.ok ? opened : failed(step, opened.reason);
}

const nothing = new Uint8Array();

/** Static data to be authenticated with what tag 9F4A adds: nothing, or the interchange profile (Book 3, 10.3). */
function staticData(input: OdaInput): Uint8Array | undefined {
  const list = input.data.get('9F4A');
  if (!input.signed) return undefined;
  if (!list) return input.signed;
  return hex(list) === '82' ? concat(input.signed, input.profile) : undefined;
}

/** The card's own public key, by way of its issuer's and the CA's (Book 2, 6.2 to 6.4). */
export function cardKey(input: OdaInput): Proved<PublicKey> {
  const { data, pan, today } = input;
  const index = data.get('8F');
  if (!index) return failed('ca-key', 'the card names no CA key');
  const rid = input.aid.slice(0, 10);
  const authority = input.caKeys.find((key) => key.rid === rid && key.index === hex(index));
  if (!authority) return failed('ca-key', `no CA key ${rid} ${hex(index)}`);
  const [issuerCertificate, issuerExponent] = [data.get('90'), data.get('9F32')];
  if (!issuerCertificate || !issuerExponent) return failed('issuer-certificate', 'missing');
  const issuer = issuerKey(
    { modulus: unhex(authority.modulus), exponent: unhex(authority.exponent) },
    { certificate: issuerCertificate, remainder: data.get('92') ?? nothing, exponent: issuerExponent },
    pan,
    today,
  );
  if (!issuer.ok) return at('issuer-certificate', issuer);
  const [certificate, exponent] = [data.get('9F46'), data.get('9F47')];
  if (!certificate || !exponent) return failed('icc-certificate', 'missing');
  const authenticated = staticData(input);
  if (!authenticated) return failed('static-data', 'a signed record or the tag list is not one to authenticate');
  const card = { certificate, remainder: data.get('9F48') ?? nothing, exponent };
  return at('icc-certificate', iccKey(issuer.value, card, authenticated, pan, today));
}

/** A dynamic signature of the card over data that both sides know: DDA, CDA or fDDA by its format. */
export function provedDynamic(input: OdaInput, signature: DynamicSignature): Proved<Uint8Array> {
  const key = cardKey(input);
  return key.ok ? at('signature', openDynamic(key.value, signature)) : key;
}

/**
 * Fast DDA version 01 of kernels 3 and 7: the card signs the terminal's unpredictable number, amount and currency and its
 * own authentication data (9F69), format 95. Version 00 counts as failed.
 */
export function fastDda(input: OdaInput, terminal: ReadonlyMap<string, Uint8Array>): OdaResult {
  const block = input.data.get('9F4B');
  if (!block) return { method: 'none', result: 'not-performed', reason: 'the card signed nothing' };
  const related = input.data.get('9F69');
  if (!related || related.length < 7 || related[0] !== 0x01) {
    return { method: 'fdda', result: 'failed', step: 'version', reason: 'not fDDA version 01' };
  }
  const [random, amount, currency] = ['9F37', '9F02', '5F2A'].map((tag) => terminal.get(tag));
  if (!random || !amount || !currency) throw new Error('the terminal has no unpredictable number, amount or currency');
  const proved = provedDynamic(input, { format: 0x95, block, suffix: concat(random, amount, currency, related) });
  return proved.ok
    ? { method: 'fdda', result: 'passed' }
    : { method: 'fdda', result: 'failed', step: proved.step, reason: proved.reason };
}
