/** What a response code means: the key of its sentence in the words catalogues. */
export type ResponseMeaning =
  | 'approved'
  | 'refer-to-issuer'
  | 'do-not-honour'
  | 'waiting-for-customer'
  | 'approved-in-part'
  | 'invalid-transaction'
  | 'invalid-amount'
  | 'no-such-card'
  | 'original-not-found'
  | 'format-error'
  | 'lost-card'
  | 'stolen-card'
  | 'insufficient-funds'
  | 'expired-card'
  | 'not-permitted'
  | 'over-amount-limit'
  | 'over-count-limit'
  | 'issuer-unavailable'
  | 'duplicate'
  | 'totals-differ'
  | 'system-malfunction'
  | 'bad-terminal'
  | 'bad-mac'
  /** A code that this terminal has no words for; it is shown beside them. */
  | 'other';

/** DE 39 of answers (docs/bank-link.md, "Response codes"; ISO 8583:1987 clause 4.4.4). */
export const RESPONSES: ReadonlyMap<string, ResponseMeaning> = new Map([
  ['00', 'approved'],
  ['01', 'refer-to-issuer'],
  ['05', 'do-not-honour'],
  ['09', 'waiting-for-customer'],
  ['10', 'approved-in-part'],
  ['12', 'invalid-transaction'],
  ['13', 'invalid-amount'],
  ['14', 'no-such-card'],
  ['25', 'original-not-found'],
  ['30', 'format-error'],
  ['41', 'lost-card'],
  ['43', 'stolen-card'],
  ['51', 'insufficient-funds'],
  ['54', 'expired-card'],
  ['57', 'not-permitted'],
  ['61', 'over-amount-limit'],
  ['65', 'over-count-limit'],
  ['91', 'issuer-unavailable'],
  ['94', 'duplicate'],
  ['95', 'totals-differ'],
  ['96', 'system-malfunction'],
  ['97', 'bad-terminal'],
  ['A0', 'bad-mac'],
]);

export function meaningOf(code: string): ResponseMeaning {
  return RESPONSES.get(code) ?? 'other';
}
