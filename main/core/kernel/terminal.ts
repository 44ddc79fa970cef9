import { currencyNumber } from '../../../contract/money.ts';
import { unhex } from './bytes.ts';
import type { CardApplication, CardConfig } from './config.ts';
import type { Limits, Risk } from './limits.ts';
import type { CardRequest } from './outcome.ts';

/** Data objects of the terminal, by tag. */
export type TerminalData = ReadonlyMap<string, Uint8Array>;

/** Application versions this terminal states where the configuration names none (tag 9F09). */
const versions = { 2: '0002', 3: '0096', 7: '0030' } as const;

const TTQ_ONLINE_PIN = 0x04;
/** Kernel 3: the terminal authenticates cards that go online too, so that their payments can be deferred. */
const TTQ_AUTHENTICATES_ONLINE = 0x01;
const TTQ_ONLINE_CRYPTOGRAM = 0x80;
const TTQ_CVM_REQUIRED = 0x40;
/** Terminal capabilities byte 2: no CVM. Byte 3: CDA (EMV Book 4 annex A2). */
const CAPABILITY_NO_CVM = 0x08;
const CAPABILITY_CDA = 0x08;

/** What terminal data is made of: the payment, the rules, and what they come to for this application. */
export interface Terms {
  readonly request: CardRequest;
  readonly config: CardConfig;
  readonly application: CardApplication;
  readonly limits: Limits;
  readonly risk: Risk;
}

/** Whether the cardholder must be verified for this amount (EMV Book A 3.1.1: reader CVM required limit). */
export function verificationDue({ request, limits }: Terms): boolean {
  return request.amount.minor >= limits.cvm;
}

function put(byte: number, bit: number, set: boolean): number {
  return set ? byte | bit : byte & ~bit;
}

/**
 * Terminal transaction qualifiers for this payment: four bytes (tag 9F66). Above the floor limit, or chosen at random, the
 * card must answer with an online cryptogram (Book A 3.1.1).
 */
function qualifiers(terms: Terms): Uint8Array {
  const ttq = unhex(terms.config.cards.ttq);
  const { floorExceeded, chosenAtRandom } = terms.risk;
  ttq[0] = (ttq[0]! & ~TTQ_ONLINE_PIN) | (terms.application.kernel === 3 ? TTQ_AUTHENTICATES_ONLINE : 0);
  const online = floorExceeded || chosenAtRandom ? TTQ_ONLINE_CRYPTOGRAM : 0;
  ttq[1] = put(ttq[1]!, TTQ_CVM_REQUIRED, verificationDue(terms)) | online;
  return ttq;
}

/**
 * Terminal capabilities, three bytes (tag 9F33). Kernel 2 puts them together by amount: signature when the cardholder must
 * be verified, no CVM otherwise (DF8118, DF8119), and CDA (DF811F).
 */
function capabilities(terms: Terms): Uint8Array {
  const own = unhex(terms.config.cards.capabilities ?? '002840');
  if (terms.application.kernel !== 2) return own;
  const methods = verificationDue(terms) ? own[1]! & ~CAPABILITY_NO_CVM : CAPABILITY_NO_CVM;
  return Uint8Array.of(own[0]!, methods, CAPABILITY_CDA);
}

/** Everything a card may ask of the terminal in its DOLs, and field 55 of the payment. */
export function terminalData(terms: Terms): TerminalData {
  const { request, config, application } = terms;
  const { cards } = config;
  const digits = (value: number, count: number) => unhex(String(value).padStart(count, '0'));
  return new Map<string, Uint8Array>([
    ['9F02', digits(request.amount.minor, 12)],
    ['9F03', new Uint8Array(6)],
    ['9F1A', unhex(`0${cards.country}`)],
    ['95', new Uint8Array(5)],
    ['5F2A', unhex(`0${currencyNumber(request.amount.currency)}`)],
    ['9A', unhex(request.date)],
    ['9C', unhex(request.transactionType)],
    ['9F21', unhex(request.time)],
    ['9F37', request.unpredictableNumber],
    ['9F41', digits(request.sequence, 8)],
    ['9F66', qualifiers(terms)],
    ['9F33', capabilities(terms)],
    ['9F35', unhex(cards.terminalType ?? '22')],
    ['9F1E', new TextEncoder().encode(cards.serial ?? '00000000')],
    ['9F09', unhex(application.version ?? versions[application.kernel])],
  ]);
}
