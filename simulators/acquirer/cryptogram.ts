import { cardKey, commonSessionKey, issuerMasterKey, mac, pad, sessionKey } from '../card/cryptogram.ts';
import { type CardSecrets, readIccData, schemeOf } from './card.ts';

/** Data the card's cryptogram was made over, as DE 55 repeats it: amounts to unpredictable number, AIP, ATC. */
const covered = ['9F02', '9F03', '9F1A', '95', '5F2A', '9A', '9C', '9F37', '82', '9F36'];

/** The card verification results in issuer application data (9F10): after length, key index and version; Mastercard's after the latter two. */
const results = { visa: [3, 7], unionpay: [3, 7], mastercard: [2, 8] } as const;

/**
 * Makes the cryptogram again with the issuer's key of the simulated cards. The bank writes down what it finds and lets the
 * payment pass either way, so that cards of other issuers can be tried too.
 */
export function cryptogramFits(card: CardSecrets, sequence: string, iccData: string): boolean {
  const data = readIccData(iccData);
  const values = covered.map((tag) => data?.get(tag));
  const issuerData = Buffer.from(data?.get('9F10') ?? '', 'hex');
  const scheme = schemeOf(card.pan);
  const [from, to] = results[scheme ?? 'visa'];
  if (scheme === undefined || values.includes(undefined) || issuerData.length < to) return false;
  const atc = Buffer.from(data?.get('9F36') ?? '', 'hex');
  const text = Buffer.concat([Buffer.from(values.join(''), 'hex'), issuerData.subarray(from, to)]);
  const key = cardKey(issuerMasterKey, card.pan, sequence.slice(-2).padStart(2, '0'));
  const sessions = { visa: key, unionpay: sessionKey(key, atc), mastercard: commonSessionKey(key, atc) };
  const own = mac(sessions[scheme], pad(text, scheme === 'visa' ? 1 : 2));
  return own.toString('hex').toUpperCase() === data?.get('9F26');
}
