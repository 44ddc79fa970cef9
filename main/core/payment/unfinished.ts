/** States of payments that were sent or accepted and have not come to their end yet. */
export const unfinished = [
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
] as const;

/** States that a start must look at: in none of them may a payment have been left. */
export const untold = ['opened', 'sealed', ...unfinished] as const;
