-- Whether the clock was in doubt when the payment was opened: its time is a label, and then one that nobody vouches for.
ALTER TABLE payment ADD COLUMN clock_suspect INTEGER NOT NULL DEFAULT 0 CHECK (clock_suspect IN (0, 1));
CREATE TRIGGER payment_clock_fixed BEFORE UPDATE OF clock_suspect ON payment
  BEGIN SELECT RAISE(ABORT, 'what is said of the time of a payment does not change'); END;
