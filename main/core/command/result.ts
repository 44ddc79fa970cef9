import type { PaymentView } from '../../../contract/payment.ts';

/** What a command prints, and how the process ends: 0 good, 1 error, 2 declined, 3 not known. */
export interface Result {
  readonly body: Readonly<Record<string, unknown>>;
  readonly exit: 0 | 1 | 2 | 3;
}

export function failed(code: string, message: string): Result {
  return { body: { error: { code, message } }, exit: 1 };
}

const exits: Record<PaymentView['outcome'], Result['exit']> = {
  approved: 0,
  offline: 0,
  voided: 0,
  declined: 2,
  'void-refused': 2,
  cancelled: 3,
  cancelling: 3,
  unknown: 3,
  open: 3,
};

export function paymentBody(payment: PaymentView): Readonly<Record<string, unknown>> {
  const {
    id,
    kind,
    state,
    outcome,
    amount,
    tender,
    scheme,
    maskedPan,
    stan,
    rrn,
    authCode,
    reason,
    receiptNo,
    batch,
    at,
  } = payment;
  return {
    id,
    kind,
    state,
    outcome,
    amount,
    tender,
    scheme,
    maskedPan,
    stan,
    rrn,
    authCode,
    reason,
    receiptNo,
    batch,
    at,
  };
}

/** A payment's end as a command's result. One that was never presented anything is no payment but an error. */
export function paymentResult(payment: PaymentView): Result {
  const body = { payment: paymentBody(payment) };
  if (payment.state === 'abandoned') {
    return {
      body: { ...body, error: { code: 'card-not-presented', message: 'no card or code was presented in time' } },
      exit: 1,
    };
  }
  return { body, exit: exits[payment.outcome] };
}
