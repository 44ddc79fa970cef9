import { currencyNumber } from '../../../contract/money.ts';
import { unhex } from './bytes.ts';
import type { CardApplication, CardConfig } from './config.ts';
import type { CardRequest } from './outcome.ts';

/** Data objects of the terminal, by tag. */
export type TerminalData = ReadonlyMap<string, Uint8Array>;

/** Application versions this terminal states where the configuration names none (tag 9F09). */
const versions = { 2: '0002', 3: '0096', 7: '0030' } as const;

const TTQ_ONLINE_PIN = 0x04;
/** Kernel 3: the terminal authenticates cards that go online too, so that their payments can be deferred. */
const TTQ_AUTHENTICATES_ONLINE = 0x01;
const TTQ_CVM_REQUIRED = 0x40;

/** Whether the cardholder must be verified for this amount (EMV Book A 3.1.1: reader CVM required limit). */
function verificationDue(request: CardRequest, config: CardConfig): boolean {
  return request.amount.minor >= config.limits.cvmMinor;
}

/** Terminal transaction qualifiers for this payment: four bytes (tag 9F66). */
function qualifiers(request: CardRequest, config: CardConfig, kernel: CardApplication['kernel']): Uint8Array {
  const ttq = unhex(config.cards.ttq);
  ttq[0] = (ttq[0]! & ~TTQ_ONLINE_PIN) | (kernel === 3 ? TTQ_AUTHENTICATES_ONLINE : 0);
  ttq[1] = verificationDue(request, config) ? ttq[1]! | TTQ_CVM_REQUIRED : ttq[1]! & ~TTQ_CVM_REQUIRED;
  return ttq;
}

/** Everything a card may ask of the terminal in its PDOL, and field 55 of the payment. */
export function terminalData(request: CardRequest, config: CardConfig, application: CardApplication): TerminalData {
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
    ['9F66', qualifiers(request, config, application.kernel)],
    ['9F33', unhex(cards.capabilities ?? '002840')],
    ['9F35', unhex(cards.terminalType ?? '22')],
    ['9F1E', new TextEncoder().encode(cards.serial ?? '00000000')],
    ['9F09', unhex(application.version ?? versions[application.kernel])],
  ]);
}
