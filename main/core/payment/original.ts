import type { Original, Trace } from '../bank/link.ts';
import type { Payment } from './payment.ts';

/** How a message of the payment itself is numbered. */
export function traceOf({ stan, rrn, at, batch, attempt }: Payment): Trace {
  return { stan, rrn, at, batch: batch ?? 0, attempt: Math.max(0, attempt - 1) };
}

/** How a message names the payment that it is about (DE 90, DE 37). */
export function originalOf(payment: Payment): Original {
  const { stan, rrn, at, batch, authCode, hostRrn } = payment;
  return {
    mti: mtiOf(payment),
    stan,
    rrn,
    at,
    ...(batch === null ? {} : { batch }),
    ...(authCode === null ? {} : { authCode }),
    ...(hostRrn === null ? {} : { hostRrn }),
  };
}

/** A message that belongs to the payment itself, its reversal or query, names it by its numbers alone. */
export function bareOriginal(payment: Payment): Original {
  const { stan, rrn, at } = payment;
  return { mti: mtiOf(payment), stan, rrn, at };
}

/** The message by which a payment was told to the bank first. */
function mtiOf({ kind, acceptedAt }: Payment): Original['mti'] {
  if (kind === 'pre-authorization') return '0100';
  return kind === 'completion' || kind === 'refund' || acceptedAt !== null ? '0220' : '0200';
}
