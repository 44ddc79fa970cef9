-- Fewer pages for each sale. A page that an index changes is written to the log with every commit that changes it, so an index
-- holds only the rows that are looked for by it.

-- Payments of which something is still to be done or said. The queries repeat this condition word for word.
DROP INDEX payment_state;
CREATE INDEX payment_open ON payment (state) WHERE state NOT IN ('approved', 'settled', 'declined', 'abandoned', 'reversed',
  'cancelled', 'refunded', 'completed', 'voided', 'saf-approved', 'saf-voided');

-- The payments of a batch, whatever has become of them.
DROP INDEX payment_batch;
CREATE INDEX payment_batch ON payment (batch) WHERE batch IS NOT NULL;

-- The running sums answer what was asked of a day.
DROP INDEX transfer_day;

-- Asked of cash alone: when its money moved.
DROP INDEX transfer_payment;
CREATE INDEX transfer_payment ON transfer (payment, seq) WHERE debit = 'cash' OR credit = 'cash';
