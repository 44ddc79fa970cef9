/** The transitions of docs/payments.md, written down a second time: what a payment in a state may become. */
const purchase: Readonly<Record<string, readonly string[]>> = {
  opened: ['sealed', 'sending', 'approved', 'declined', 'abandoned', 'saf-accepted'],
  sealed: ['sending', 'declined', 'abandoned'],
  sending: ['approved', 'declined', 'querying', 'reversal-due', 'unknown'],
  unknown: ['reversal-due', 'querying'],
  querying: ['approved', 'declined', 'cancel-due'],
  'reversal-due': ['reversed'],
  'cancel-due': ['cancelled'],
  approved: ['void-due', 'voided', 'settled'],
  'saf-accepted': ['saf-sending', 'saf-expired', 'saf-voided'],
  'saf-sending': ['saf-approved', 'saf-declined', 'saf-unknown', 'saf-accepted'],
  'saf-unknown': ['saf-sending'],
  'saf-approved': ['void-due', 'settled'],
  'void-due': ['voided', 'approved', 'saf-approved'],
};

const taking: Readonly<Record<string, readonly string[]>> = {
  sending: ['approved', 'declined', 'unknown'],
  unknown: ['sending'],
};

export function legal(kind: string, from: string, to: string): boolean {
  if (from === to) return true;
  const table = kind === 'void' ? taking : purchase;
  return table[from]?.includes(to) ?? false;
}

/** States in which the terminal still has something to do. */
export const unfinished: ReadonlySet<string> = new Set([
  'opened',
  'sealed',
  'sending',
  'unknown',
  'querying',
  'reversal-due',
  'cancel-due',
  'saf-accepted',
  'saf-sending',
  'saf-unknown',
  'void-due',
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
  cancelling: ['reversal-due', 'reversed', 'cancel-due', 'cancelled'],
  cancelled: ['reversed', 'cancelled', 'abandoned'],
  voided: ['voided', 'saf-voided'],
};

const toldOfVoid: Readonly<Record<string, readonly string[]>> = {
  voided: ['approved', 'settled'],
  'void-refused': ['declined'],
};

/** Whether a payment in this state makes true what somebody was told of it. */
export function holds(kind: string, outcome: string, state: string): boolean {
  const table = kind === 'void' ? toldOfVoid : told;
  return table[outcome]?.includes(state) ?? true;
}
