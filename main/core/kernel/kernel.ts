import type { Card } from '../../../drivers/nfc/reader.ts';
import { hex, unhex } from './bytes.ts';
import { type Channel, openChannel } from './channel.ts';
import type { CardConfig } from './config.ts';
import { cvmResults, verification } from './cvm.ts';
import { iccField } from './de55.ts';
import { converse, type Said } from './dialogue.ts';
import { readIdentity } from './identity.ts';
import { holdsPan, maskPan } from './mask.ts';
import { fastDda } from './oda.ts';
import type { CardData, CardOutcome, CardRefusal, CardRequest, CardTiming, Cvm, OdaResult, Vault } from './outcome.ts';
import { type CryptogramType, cryptogramType, decide, restriction } from './risk.ts';
import { labelOf, showTags } from './shown.ts';

function refused(reason: CardRefusal, detail: string): CardOutcome {
  return { kind: 'refused', reason, detail };
}

/** The final answer's mandatory objects of kernels 3 and 7, with the lengths they must have. */
interface Answered {
  readonly cryptogram: Uint8Array;
  readonly type: CryptogramType;
  readonly counter: Uint8Array;
  /** Objects of field 55 that come from the card. */
  readonly values: ReadonlyMap<string, Uint8Array>;
}

function finalAnswer(said: Said): Answered | string {
  const { data } = said;
  const [cryptogram, counter, applicationData] = [data.get('9F26'), data.get('9F36'), data.get('9F10')];
  if (cryptogram?.length !== 8) return 'no application cryptogram';
  if (counter?.length !== 2) return 'no transaction counter';
  if (!applicationData || applicationData.length < 1 || applicationData.length > 32)
    return 'no issuer application data';
  const stated = data.get('9F27');
  if (stated && stated.length !== 1) return 'cryptogram information data';
  const kind = cryptogramType(stated, applicationData);
  if (!kind) return 'cryptogram type';
  const qualifiers = data.get('9F6C');
  if (qualifiers && qualifiers.length !== 2) return 'card transaction qualifiers';
  const sequence = data.get('5F34');
  if (sequence && !/^\d\d$/.test(hex(sequence))) return 'PAN sequence number';
  const values = new Map([
    ['9F26', cryptogram],
    ['9F27', kind.information],
    ['9F10', applicationData],
    ['9F36', counter],
    ['82', said.profile],
    ['84', said.dedicatedName],
  ]);
  if (sequence) values.set('5F34', sequence);
  return { cryptogram, type: kind.type, counter, values };
}

interface Judged {
  readonly said: Said;
  readonly answered: Answered;
  readonly pan: string;
  readonly expiry: string;
  readonly sealed: string;
  readonly token: string;
  readonly oda: OdaResult;
  readonly cvm: Exclude<Cvm, 'online-pin'>;
  readonly iccData: Uint8Array;
  readonly timing: CardTiming;
}

function cardData(judged: Judged): CardData {
  const { said, answered, pan } = judged;
  const { application } = said.candidate;
  const sequence = answered.values.get('5F34');
  return {
    scheme: application.scheme,
    aid: hex(said.dedicatedName),
    label: labelOf(said.fci, application.scheme, pan),
    kernel: application.kernel,
    maskedPan: maskPan(pan),
    token: judged.token,
    expiry: judged.expiry,
    ...(sequence ? { panSequence: hex(sequence).padStart(3, '0') } : {}),
    oda: judged.oda,
    cvm: judged.cvm,
    cryptogram: {
      type: answered.type,
      value: hex(answered.cryptogram),
      atc: answered.counter[0]! * 256 + answered.counter[1]!,
    },
    iccData: hex(judged.iccData),
    sealed: judged.sealed,
    tags: showTags(said.fci, said.data, pan),
    timing: judged.timing,
  };
}

/** Everything after the card may go: authentication, restrictions, verification, sealing, the decision. */
async function judge(
  said: Said,
  request: CardRequest,
  config: CardConfig,
  vault: Vault,
  timing: CardTiming,
): Promise<CardOutcome> {
  const answered = finalAnswer(said);
  if (typeof answered === 'string') {
    const stripe = !said.data.has('9F26') && (said.profile[1]! & 0x80) !== 0;
    return stripe ? refused('mag-stripe-mode', answered) : refused('card-data-invalid', answered);
  }
  const read = readIdentity(said.data);
  if (!read.ok) return refused('card-data-invalid', read.detail);
  const { pan, track2, expiry } = read.identity;
  const ttq = said.terminal.get('9F66')!;
  const verified = verification(ttq, said.data.get('9F6C'), said.data.get('9F69'));
  if (!verified.ok && verified.reason === 'pin-required') {
    return refused('use-another-interface', 'the card asks for a PIN, which cannot be entered here');
  }
  const cvm = verified.ok ? verified.cvm : 'none';
  const iccData = iccField(new Map([...said.terminal, ...answered.values, ['9F34', unhex(cvmResults(cvm))]]));
  if (iccData.length > 255) return refused('card-data-invalid', 'field 55 too long');
  if (holdsPan(iccData, pan)) return refused('card-data-invalid', 'field 55 would carry the PAN');
  const { profile, data, signed } = said;
  const { aid } = said.candidate;
  const oda = fastDda(
    { caKeys: config.cards.caKeys, aid, pan, today: request.date, profile, data, signed },
    said.terminal,
  );
  const sealed = await vault.seal({ pan, track2, expiry });
  const token = vault.token(pan);
  const card = cardData({ said, answered, pan, expiry, sealed, token, oda, cvm, iccData, timing });
  const restricted = restriction(read.identity, request.date);
  if (restricted) return { kind: 'declined', reason: restricted, card };
  if (!verified.ok) return { kind: 'declined', reason: 'terminal-declined', card };
  return { ...decide(answered.type, oda, ttq), card };
}

function checkRequest(request: CardRequest): void {
  const right =
    request.amount.minor > 0 &&
    /^\d{6}$/.test(request.date) &&
    /^\d{6}$/.test(request.time) &&
    request.unpredictableNumber.length === 4 &&
    Number.isSafeInteger(request.sequence) &&
    request.sequence >= 0 &&
    request.sequence <= 99_999_999;
  if (!right) throw new RangeError('not a valid card request');
}

/**
 * Asked when a card has none of the applications that the kernels take, while it still lies there: a wallet of another
 * make. What it gives back is finished once the card may go; undefined when the card is nothing of its kind either.
 */
export type Beside = (channel: Channel) => Promise<((timing: CardTiming) => Promise<CardOutcome>) | undefined>;

/** Refusals after which a card may still be something else. */
const elsewhere: ReadonlySet<string> = new Set(['not-a-payment-card', 'no-supported-application']);

/**
 * Reads one contactless card from its directory to its cryptogram and says what the tap came to. Whatever the card does
 * is an outcome; a rejection is a bug of the caller or a failing vault. `onCardDone` is called once, as soon as nothing
 * more is asked of the card: the customer may take it away while signatures are checked. The kernel does not release the
 * card. Kernels 3 and 7; others are refused as not supported.
 */
export async function readCard(
  card: Card,
  request: CardRequest,
  config: CardConfig,
  vault: Vault,
  clock: { monotonic(): number },
  onCardDone: () => void,
  beside?: Beside,
): Promise<CardOutcome> {
  checkRequest(request);
  if (request.amount.minor > Math.min(config.limits.contactlessMinor, config.limits.maxMinor)) {
    onCardDone();
    return refused('amount-above-limit', 'above the contactless limit');
  }
  const from = clock.monotonic();
  const channel = openChannel(card, clock, config.cards);
  const said = await converse(channel, card.atr, request, config);
  const foreign = !said.ok && said.end.kind === 'refused' && elsewhere.has(said.end.reason);
  const other = foreign ? await beside?.(channel) : undefined;
  const spent = clock.monotonic() - from;
  onCardDone();
  if (!said.ok && !other) return said.end;
  const cardMs = channel.exchanges.reduce((sum, exchange) => sum + exchange.ms, 0);
  const timing = { exchanges: channel.exchanges, cardMs, ownMs: Math.max(0, spent - cardMs) };
  if (other) return other(timing);
  return said.ok ? judge(said.value, request, config, vault, timing) : said.end;
}
