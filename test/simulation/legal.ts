/** The transitions of docs/payments.md, written down a second time: what a payment in a state may become. */
const purchase: Readonly<Record<string, readonly string[]>> = {
  opened: ['sealed', 'sending', 'approved', 'declined', 'abandoned', 'saf-accepted'],
  sealed: ['sending', 'declined', 'abandoned'],
  sending: ['partial', 'approved', 'declined', 'querying', 'reversal-due', 'unknown'],
  partial: ['approved', 'reversal-due'],
  unknown: ['reversal-due', 'querying'],
  querying: ['approved', 'declined', 'cancel-due'],
  'reversal-due': ['reversed'],
  'cancel-due': ['cancelled', 'refund-due'],
  'refund-due': ['refunded'],
  approved: ['void-due', 'voided', 'settled'],
  'saf-accepted': ['saf-sending', 'saf-expired', 'saf-voided'],
  'saf-sending': ['saf-approved', 'saf-declined', 'saf-unknown', 'saf-accepted'],
  'saf-unknown': ['saf-sending'],
  'saf-approved': ['void-due', 'settled'],
  'void-due': ['voided', 'approved', 'saf-approved'],
};

/** What is repeated until it is answered. */
const repeated: Readonly<Record<string, readonly string[]>> = {
  sending: ['approved', 'declined', 'unknown'],
  unknown: ['sending'],
};

const tables: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = {
  purchase,
  void: { ...repeated, approved: ['settled'] },
  refund: { ...repeated, opened: ['approved', 'abandoned'], approved: ['settled'] },
  completion: { ...repeated, approved: ['void-due', 'settled'], 'void-due': ['voided', 'approved'] },
  'pre-authorization': {
    opened: ['sealed', 'sending', 'declined', 'abandoned'],
    sealed: ['sending', 'declined', 'abandoned'],
    sending: ['authorized', 'declined', 'reversal-due', 'unknown'],
    unknown: ['reversal-due'],
    authorized: ['completing', 'reversal-due'],
    completing: ['completed', 'authorized'],
    'reversal-due': ['reversed'],
  },
};

export function legal(kind: string, from: string, to: string): boolean {
  return from === to || (tables[kind]?.[from]?.includes(to) ?? false);
}

/** What a payment in a state becomes when the owner says by name what became of it, and in no other way (I9). */
const decided: Readonly<Record<string, readonly string[]>> = {
  'reversal-due': ['reversed'],
  'cancel-due': ['cancelled'],
  'refund-due': ['refunded'],
  unknown: ['approved', 'declined'],
};

export function legalByDecision(from: string, to: string): boolean {
  return decided[from]?.includes(to) ?? false;
}

/** States in which the terminal still has something to do. */
export const unfinished: ReadonlySet<string> = new Set([
  'opened',
  'sealed',
  'sending',
  'partial',
  'unknown',
  'querying',
  'reversal-due',
  'cancel-due',
  'refund-due',
  'saf-accepted',
  'saf-sending',
  'saf-unknown',
  'void-due',
  'completing',
]);

/** What a payment may be once somebody was told this of it. */
const told: Readonly<Record<string, readonly string[]>> = {
  approved: ['approved', 'saf-approved', 'settled', 'void-due', 'voided'],
  offline: [
    'saf-accepted',
    'saf-sending',
    'saf-unknown',
    'saf-approved',
    'saf-declined',
    'saf-expired',
    'saf-voided',
    'settled',
    'void-due',
    'voided',
  ],
  declined: ['declined', 'saf-declined', 'saf-expired'],
  cancelling: ['reversal-due', 'reversed', 'cancel-due', 'cancelled', 'refund-due', 'refunded'],
  voiding: ['void-due', 'voided', 'approved', 'saf-approved', 'settled'],
  refunding: ['refund-due', 'refunded'],
  refunded: ['refunded'],
  cancelled: ['reversed', 'cancelled', 'abandoned'],
  voided: ['voided', 'saf-voided'],
  authorized: ['authorized', 'completing', 'completed', 'reversal-due', 'reversed'],
};

const toldOfVoid: Readonly<Record<string, readonly string[]>> = {
  voiding: ['unknown', 'sending', 'approved', 'settled', 'declined'],
  voided: ['approved', 'settled'],
  'void-refused': ['declined'],
};

const toldOfRefund: Readonly<Record<string, readonly string[]>> = {
  refunded: ['approved', 'settled'],
  refunding: ['unknown', 'sending', 'approved', 'settled', 'declined'],
  'refund-refused': ['declined'],
};

/** Whether a payment in this state makes true what somebody was told of it. */
export function holds(kind: string, outcome: string, state: string): boolean {
  const table = kind === 'void' ? toldOfVoid : kind === 'refund' ? toldOfRefund : told;
  return table[outcome]?.includes(state) ?? true;
}
