import { captured, type Payment } from '../payment/payment.ts';

/** What was given back of a purchase beside it, and how its last void ended. */
export interface GivenBack {
  /** Minor units of refunds that came through. */
  readonly refunded: number;
  /** A refund or void is under way. */
  readonly underWay: boolean;
  /** The bank refused a void of it. */
  readonly voidRefused: boolean;
  /** The bank refused a refund of it: a person must see to it. */
  readonly refundRefused: boolean;
}

export type Back =
  | { readonly by: 'event'; readonly event: 'cancel' | 'void' }
  | { readonly by: 'void' | 'refund'; readonly returned: number };

/**
 * How the next step of taking a part of a dropped sale back is made: it is cancelled while nobody has paid, voided in its
 * batch (`current`), refunded after it. Undefined when there is nothing to do, or its outcome must be waited for (R10).
 */
export function backOf(part: Payment, current: boolean, given: GivenBack): Back | undefined {
  switch (part.state) {
    case 'opened':
    case 'sealed':
    case 'partial':
    case 'querying':
      return { by: 'event', event: 'cancel' };
    case 'saf-accepted':
      return part.attempt === 0 ? { by: 'event', event: 'void' } : undefined;
    case 'approved':
    case 'saf-approved':
    case 'settled':
      return captured(part).minor > given.refunded ? fromApproved(part, current, given) : undefined;
    default:
      return undefined;
  }
}

function fromApproved(part: Payment, current: boolean, given: GivenBack): Back | undefined {
  if (given.underWay) return undefined;
  const untouched = part.state !== 'settled' && given.refunded === 0;
  if (untouched && current && part.tender === 'cash') return { by: 'event', event: 'void' };
  if (untouched && current && !given.voidRefused) return { by: 'void', returned: 0 };
  return given.refundRefused ? undefined : { by: 'refund', returned: given.refunded };
}
