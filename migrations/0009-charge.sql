-- Charges of the bank's statement that are given back although no payment here stands for them; one row for each time that
-- one was asked for. The journal keeps this table.
CREATE TABLE charge (
  id TEXT PRIMARY KEY,
  -- The statement's line, as it names it in a corrected file too.
  line TEXT NOT NULL,
  statement INTEGER NOT NULL,
  -- As the bank names the charge.
  rrn TEXT NOT NULL CHECK (length(rrn) BETWEEN 1 AND 12),
  stan INTEGER CHECK (stan BETWEEN 0 AND 999999),
  day TEXT NOT NULL CHECK (length(day) = 10),
  amount INTEGER NOT NULL CHECK (amount > 0),
  currency TEXT NOT NULL CHECK (length(currency) = 3),
  -- The payment here that was taken back or refused.
  own TEXT REFERENCES payment (id)
) STRICT, WITHOUT ROWID;
CREATE INDEX charge_line ON charge (line);
CREATE TRIGGER charge_update BEFORE UPDATE ON charge BEGIN SELECT RAISE(ABORT, 'a charge does not change'); END;
CREATE TRIGGER charge_delete BEFORE DELETE ON charge BEGIN SELECT RAISE(ABORT, 'charges are kept'); END;

-- Of a refund: the charge that it gives back, where there is no payment here that it could name.
ALTER TABLE payment ADD COLUMN charge TEXT REFERENCES charge (id);
CREATE INDEX payment_charge ON payment (charge) WHERE charge IS NOT NULL;
CREATE TRIGGER payment_charge_fixed BEFORE UPDATE OF charge ON payment
  BEGIN SELECT RAISE(ABORT, 'what a refund is of does not change'); END;

-- What goes back of one payment is never more than was paid, as before; a refund of a charge has no payment to be held against.
DROP TRIGGER payment_refund;
CREATE TRIGGER payment_refund BEFORE INSERT ON payment
  WHEN NEW.kind IN ('refund', 'void') AND NEW.charge IS NULL AND NEW.amount + (
    SELECT coalesce(sum(amount), 0) FROM payment
      WHERE original = NEW.original AND kind IN ('refund', 'void') AND state NOT IN ('declined', 'abandoned')
  ) > coalesce((SELECT amount FROM payment WHERE id = NEW.original AND currency = NEW.currency), 0)
  BEGIN SELECT RAISE(ABORT, 'more would go back than was paid'); END;
-- It is held against its charge, and there is one at a time for each line that the bank has not refused.
CREATE TRIGGER payment_refund_of_charge BEFORE INSERT ON payment WHEN NEW.charge IS NOT NULL AND (
    NEW.kind <> 'refund' OR NEW.original IS NOT NULL
    OR NEW.amount > coalesce((SELECT amount FROM charge WHERE id = NEW.charge AND currency = NEW.currency), 0)
    OR EXISTS (
      SELECT 1 FROM charge this JOIN charge other ON other.line = this.line JOIN payment p ON p.charge = other.id
        WHERE this.id = NEW.charge AND p.state NOT IN ('declined', 'abandoned'))
  ) BEGIN SELECT RAISE(ABORT, 'a charge is given back once'); END;
