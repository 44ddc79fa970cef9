import { cardKey, issuerMasterKey, mac, pad, sessionKey } from '../card/cryptogram.ts';
import { type CardSecrets, readIccData, schemeOf } from './card.ts';

/** Data the card's cryptogram was made over, as DE 55 repeats it: amounts to unpredictable number, AIP, ATC. */
const covered = ['9F02', '9F03', '9F1A', '95', '5F2A', '9A', '9C', '9F37', '82', '9F36'];

/** The card verification results in issuer application data (9F10): after length, key index and version. */
const results = { from: 3, to: 7 };

/**
 * Makes the cryptogram again with the issuer's key of the simulated cards. The bank writes down what it finds and lets the
 * payment pass either way, so that cards of other issuers can be tried too.
 */
export function cryptogramFits(card: CardSecrets, sequence: string, iccData: string): boolean {
  const data = readIccData(iccData);
  const values = covered.map((tag) => data?.get(tag));
  const issuerData = Buffer.from(data?.get('9F10') ?? '', 'hex');
  if (values.includes(undefined) || issuerData.length < results.to) return false;
  const atc = Buffer.from(data?.get('9F36') ?? '', 'hex');
  const text = Buffer.concat([Buffer.from(values.join(''), 'hex'), issuerData.subarray(results.from, results.to)]);
  const key = cardKey(issuerMasterKey, card.pan, sequence.slice(-2).padStart(2, '0'));
  const own = schemeOf(card.pan) === 'visa' ? mac(key, pad(text, 1)) : mac(sessionKey(key, atc), pad(text, 2));
  return own.toString('hex').toUpperCase() === data?.get('9F26');
}
