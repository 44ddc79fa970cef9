import { createHash } from 'node:crypto';
import { concat, hex, sameBytes, unhex } from './bytes.ts';
import {
  type DynamicSignature,
  iccKey,
  issuerKey,
  type Opened,
  openDynamic,
  openStatic,
  type PublicKey,
} from './certificate.ts';
import type { CaKey, CardRules } from './config.ts';
import type { Generated } from './generate.ts';
import type { OdaResult } from './outcome.ts';

/** What offline data authentication goes by. */
export interface OdaInput {
  readonly caKeys: readonly CaKey[];
  /** Issuer certificates that were called back. */
  readonly revoked?: CardRules['revoked'];
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
type Failure = { readonly ok: false; readonly step: Step; readonly reason: string };
type Proved<T> = { readonly ok: true; readonly value: T } | Failure;

function failed(step: Step, reason: string): Failure {
  return { ok: false, step, reason };
}

function at<T>(step: Step, opened: Opened<T>): Proved<T> {
  return opened.ok ? opened : failed(step, opened.reason);
}

const nothing = new Uint8Array();

/** Static data to be authenticated with what tag 9F4A adds: nothing, or the interchange profile (Book 3, 10.3). */
function staticData(input: Pick<OdaInput, 'data' | 'signed' | 'profile'>): Proved<Uint8Array> {
  const list = input.data.get('9F4A');
  const wrong = failed('static-data', 'a signed record or the tag list is not one to authenticate');
  if (!input.signed) return wrong;
  if (!list) return { ok: true, value: input.signed };
  return hex(list) === '82' ? { ok: true, value: concat(input.signed, input.profile) } : wrong;
}

/** The CA key that a card names, when it is known here and has not expired. `today` is YYMMDD. */
function authorityOf(
  aid: string,
  data: ReadonlyMap<string, Uint8Array>,
  caKeys: readonly CaKey[],
  today: string,
): Proved<CaKey> {
  const index = data.get('8F');
  if (!index) return failed('ca-key', 'the card names no CA key');
  const rid = aid.slice(0, 10);
  const authority = caKeys.find((key) => key.rid === rid && key.index === hex(index));
  if (!authority) return failed('ca-key', `no CA key ${rid} ${hex(index)}`);
  const day = `20${today.slice(0, 2)}-${today.slice(2, 4)}-${today.slice(4)}`;
  if (authority.expires !== undefined && authority.expires < day) return failed('ca-key', 'expired');
  return { ok: true, value: authority };
}

/** The issuer's public key, by way of the CA's (Book 2, 5.2, 5.3, 6.2, 6.3). */
function issuerOf(input: OdaInput): Proved<PublicKey> {
  const { data, pan, today } = input;
  const authority = authorityOf(input.aid, data, input.caKeys, today);
  if (!authority.ok) return authority;
  const { rid, index, modulus, exponent } = authority.value;
  const [certificate, issuerExponent] = [data.get('90'), data.get('9F32')];
  if (!certificate || !issuerExponent) return failed('issuer-certificate', 'missing');
  const card = { certificate, remainder: data.get('92') ?? nothing, exponent: issuerExponent };
  const calledBack = (serial: string) =>
    (input.revoked ?? []).some((each) => each.rid === rid && each.index === index && each.serial === serial);
  const key = { modulus: unhex(modulus), exponent: unhex(exponent) };
  return at('issuer-certificate', issuerKey(key, card, pan, today, calledBack));
}

/** The card's own public key, by way of its issuer's and the CA's (Book 2, 6.2 to 6.4). */
export function cardKey(input: OdaInput): Proved<PublicKey> {
  const { data, pan, today } = input;
  const issuer = issuerOf(input);
  if (!issuer.ok) return issuer;
  const [certificate, exponent] = [data.get('9F46'), data.get('9F47')];
  if (!certificate || !exponent) return failed('icc-certificate', 'missing');
  const authenticated = staticData(input);
  if (!authenticated.ok) return authenticated;
  const card = { certificate, remainder: data.get('9F48') ?? nothing, exponent };
  return at('icc-certificate', iccKey(issuer.value, card, authenticated.value, pan, today));
}

/** A dynamic signature of the card over data that both sides know: DDA, CDA or fDDA by its format. */
export function provedDynamic(input: OdaInput, signature: DynamicSignature): Proved<Uint8Array> {
  const key = cardKey(input);
  return key.ok ? at('signature', openDynamic(key.value, signature)) : key;
}

function result(method: OdaResult['method'], proved: { readonly ok: true } | Failure): OdaResult {
  return proved.ok
    ? { method, result: 'passed' }
    : { method, result: 'failed', step: proved.step, reason: proved.reason };
}

/**
 * Static data authentication (Book 2, 5): shows that the issuer wrote the card's data, not that the card is the one it
 * wrote them to. Nothing is approved offline for it.
 */
export function staticAuthentication(input: OdaInput): OdaResult {
  const block = input.data.get('93');
  if (!block) return { method: 'none', result: 'not-performed', reason: 'the card signed nothing' };
  const issuer = issuerOf(input);
  if (!issuer.ok) return result('sda', issuer);
  const authenticated = staticData(input);
  if (!authenticated.ok) return result('sda', authenticated);
  return result('sda', at('static-data', openStatic(issuer.value, block, authenticated.value)));
}

/**
 * Fast DDA version 01 of kernels 3 and 7: the card signs the terminal's unpredictable number, amount and currency and its
 * own authentication data (9F69), format 95. Version 00 counts as failed. A card without one may have static data.
 */
export function fastDda(input: OdaInput, terminal: ReadonlyMap<string, Uint8Array>): OdaResult {
  const block = input.data.get('9F4B');
  if (!block) return staticAuthentication(input);
  const related = input.data.get('9F69');
  if (!related || related.length < 7 || related[0] !== 0x01) {
    return { method: 'fdda', result: 'failed', step: 'version', reason: 'not fDDA version 01' };
  }
  const [random, amount, currency] = ['9F37', '9F02', '5F2A'].map((tag) => terminal.get(tag));
  if (!random || !amount || !currency) throw new Error('the terminal has no unpredictable number, amount or currency');
  const suffix = concat(random, amount, currency, related);
  return result('fdda', provedDynamic(input, { format: 0x95, block, suffix }));
}

const CDA_DATA = ['8F', '90', '9F32', '9F46', '9F47'] as const;

/** What there is to check a combined signature with, before one is asked for. `missing`: the card left something out. */
export function cdaPossible(input: Pick<OdaInput, 'aid' | 'data' | 'signed' | 'profile' | 'today' | 'caKeys'>): {
  readonly ok: boolean;
  readonly missing: boolean;
} {
  const { aid, data, caKeys, today } = input;
  const missing = CDA_DATA.some((tag) => !data.has(tag));
  return { ok: !missing && authorityOf(aid, data, caKeys, today).ok && staticData(input).ok, missing };
}

/** A combined signature that was checked, and the cryptogram that it carries. */
export interface CombinedDda {
  readonly oda: OdaResult;
  readonly cryptogram?: Uint8Array;
}

const AC_LENGTH = 8;
const HASH_LENGTH = 20;

/** ICC dynamic data of CDA (Book 2, 6.6.2): dynamic number, cryptogram information, cryptogram, transaction data hash. */
function combined(dynamic: Uint8Array, generated: Generated): Proved<Uint8Array> {
  const numberLength = dynamic[0] ?? 0;
  if (numberLength < 2 || numberLength > 8) return failed('signature', 'length of the dynamic number');
  const from = 1 + numberLength;
  if (dynamic.length < from + 1 + AC_LENGTH + HASH_LENGTH) return failed('signature', 'dynamic data too short');
  const { answer } = generated;
  if (dynamic[from] !== answer.information[0]) {
    return failed('cryptogram-type', 'another one inside the signature than outside');
  }
  const cryptogram = dynamic.slice(from + 1, from + 1 + AC_LENGTH);
  if (answer.cryptogram && !sameBytes(answer.cryptogram, cryptogram)) {
    return failed('signature', 'another cryptogram inside the signature than outside');
  }
  const hash = createHash('sha1').update(generated.hashed).update(answer.hashed).digest();
  const stated = dynamic.slice(from + 1 + AC_LENGTH, from + 1 + AC_LENGTH + HASH_LENGTH);
  return sameBytes(stated, hash) ? { ok: true, value: cryptogram } : failed('data-hash', 'transaction data hash');
}

/**
 * CDA of kernel 2: the signature of GENERATE AC (format 05) covers the unpredictable number and carries cryptogram type,
 * cryptogram and the hash over everything that was sent and answered (Book 2, 6.6).
 */
export function combinedDda(input: OdaInput, generated: Generated): CombinedDda {
  const { answer, signatureAsked } = generated;
  if (!answer.signature) {
    if (signatureAsked && answer.type !== 'AAC') return { oda: result('cda', failed('signature', 'missing')) };
    if (!generated.findings.includes('cdaFailed')) {
      const reason = signatureAsked || answer.type === 'AAC' ? 'the card declined' : 'the card supports no CDA';
      return { oda: { method: 'none', result: 'not-performed', reason } };
    }
    const key = cardKey(input);
    return { oda: key.ok ? { method: 'none', result: 'not-performed' } : result('cda', key) };
  }
  const suffix = generated.terminal.get('9F37')!;
  const proved = provedDynamic(input, { format: 0x05, block: answer.signature, suffix });
  if (!proved.ok) return { oda: result('cda', proved) };
  const inside = combined(proved.value, generated);
  return inside.ok ? { oda: result('cda', inside), cryptogram: inside.value } : { oda: result('cda', inside) };
}
