import type { Card } from '../../../drivers/nfc/reader.ts';
import { sameBytes } from './bytes.ts';
import { cardData, iccData } from './carddata.ts';
import { type Channel, openChannel } from './channel.ts';
import { judgeCombined } from './combined.ts';
import type { CardConfig } from './config.ts';
import { mayRead, type TapContext } from './context.ts';
import { converse, type Said, type Tap } from './dialogue.ts';
import type { CardOutcome, CardRefusal, CardRequest, CardTiming, Vault } from './outcome.ts';
import { judgeQualified } from './qualified.ts';

function refused(reason: CardRefusal, detail: string): CardOutcome {
  return { kind: 'refused', reason, detail };
}

/** Everything after the card may go: authentication, restrictions, sealing, the decision. */
async function judge(said: Said, tap: Tap, timing: CardTiming): Promise<CardOutcome> {
  const { request, config, vault, context } = tap;
  const verdict = said.generated
    ? judgeCombined(said, said.generated, request, config)
    : judgeQualified(said, request, config, vault, context);
  if (!verdict.ok) return verdict.refused;
  const { judged, decision } = verdict;
  if (!mayRead(context, judged.identity.pan)) return refused('live-card', 'a plain reader reads test cards only');
  if (decision.kind === 'refused') return decision;
  const icc = iccData(judged);
  if (typeof icc === 'string') return refused('card-data-invalid', icc);
  const card = await cardData(judged, icc.bytes, config, vault, timing);
  return { ...decision, card };
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
 * card. Kernels 2 (EMV mode), 3 and 7.
 */
export async function readCard(
  card: Card,
  request: CardRequest,
  config: CardConfig,
  vault: Vault,
  clock: { monotonic(): number },
  onCardDone: () => void,
  beside?: Beside,
  context: TapContext = {},
): Promise<CardOutcome> {
  checkRequest(request);
  if (request.amount.minor > Math.min(config.limits.contactlessMinor, config.limits.maxMinor)) {
    onCardDone();
    return refused('amount-above-limit', 'above the contactless limit');
  }
  const tap = { request, config, vault, context };
  const from = clock.monotonic();
  const atr = card.atr.slice();
  const channel = openChannel(card, clock, config.cards);
  const said = await converse(channel, atr, tap);
  const refusal = !said.ok && said.end.kind === 'refused' ? said.end.reason : '';
  const foreign = request.chosen === undefined && elsewhere.has(refusal);
  const other = foreign ? await beside?.(channel) : undefined;
  const spent = clock.monotonic() - from;
  onCardDone();
  if (!said.ok && !other) return said.end;
  if (!sameBytes(card.atr, atr)) return { kind: 'tap-again', reason: 'torn' };
  const cardMs = channel.exchanges.reduce((sum, exchange) => sum + exchange.ms, 0);
  const timing = { exchanges: channel.exchanges, cardMs, ownMs: Math.max(0, spent - cardMs) };
  if (other) return other(timing);
  return said.ok ? judge(said.value, tap, timing) : said.end;
}
