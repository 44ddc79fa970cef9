import { createCipheriv } from 'node:crypto';
import { cardKey, commonSessionKey, issuerMasterKey, sessionKey } from '../card/cryptogram.ts';
import { hex, tlv, toHex } from '../card/tlv.ts';
import { readIccData, type Secrets, schemeOf } from './card.ts';
import type { Request } from './request.ts';

/** Purchases with an amount that ends in these digits get an issuer script beside the rest. */
const SCRIPT = 72;

/** What an issuer would have the card do: set one counter's limit (EMV Book 3, 6.5.8 and 10.10); no card here obeys. */
const script = tlv(
  '72',
  tlv('9F18', hex('00000001')),
  tlv('86', hex('04DA9F580901 0000000000000000')),
  tlv('86', hex('04DA9F590901 0000000000000000')),
);

/** Authorisation response cryptogram, method 1: the card's cryptogram with the response code in it, enciphered (EMV Book 2, 8.2.1). */
function responseCryptogram(key: Buffer, cryptogram: Buffer, code: Buffer): Buffer {
  const block = Buffer.from(cryptogram.map((byte, at) => byte ^ (code[at] ?? 0)));
  const cipher = createCipheriv('des-ede3-cbc', Buffer.concat([key, key.subarray(0, 8)]), Buffer.alloc(8));
  return cipher.setAutoPadding(false).update(block);
}

/**
 * Field 55 of the answer to a card's purchase, hex: issuer authentication data (91), the response code (8A), and for some
 * amounts a script. Undefined where there is nobody to send it to: no card, or one without a cryptogram.
 */
export function dataForCard(request: Request, card: Secrets | undefined, code: string): string | undefined {
  if (request.kind !== 'purchase' || card === undefined || !('pan' in card)) return undefined;
  const data = readIccData(request.message.fields.get(55) ?? '');
  const [cryptogram, atc] = [hex(data?.get('9F26') ?? ''), hex(data?.get('9F36') ?? '')];
  const scheme = schemeOf(card.pan);
  if (cryptogram.length !== 8 || atc.length !== 2 || scheme === undefined || !/^[0-9A-Z]{2}$/.test(code))
    return undefined;
  const sequence = request.message.fields.get(23) ?? '';
  const own = cardKey(issuerMasterKey, card.pan, sequence.slice(-2).padStart(2, '0'));
  const keys = { visa: own, unionpay: sessionKey(own, atc), mastercard: commonSessionKey(own, atc) };
  const said = Buffer.from(code, 'latin1');
  const authentication = tlv('91', responseCryptogram(keys[scheme], cryptogram, said), said);
  const parts = [authentication, tlv('8A', said), ...(request.amount % 100 === SCRIPT ? [script] : [])];
  return toHex(Buffer.concat(parts));
}
