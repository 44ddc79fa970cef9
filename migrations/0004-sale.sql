-- What a customer owes, paid by one or more payments.
CREATE TABLE sale (
  id TEXT PRIMARY KEY,
  total INTEGER NOT NULL CHECK (total > 0),
  currency TEXT NOT NULL CHECK (length(currency) = 3),
  state TEXT NOT NULL CHECK (state IN ('open', 'paid', 'dropping', 'dropped')),
  -- Whether it was divided on purpose: such a sale stays at the counter until it is paid or dropped.
  split INTEGER NOT NULL CHECK (split IN (0, 1)),
  staff TEXT NOT NULL,
  approver TEXT,
  at INTEGER NOT NULL,
  day TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX sale_open ON sale (state) WHERE state IN ('open', 'dropping');
CREATE TRIGGER sale_delete BEFORE DELETE ON sale BEGIN SELECT RAISE(ABORT, 'sales are kept'); END;
CREATE TRIGGER sale_fixed BEFORE UPDATE OF id, total, currency ON sale
  BEGIN SELECT RAISE(ABORT, 'what a sale costs does not change'); END;

ALTER TABLE payment ADD COLUMN sale TEXT REFERENCES sale (id);
-- What the bank approved where that is less than what it was asked for.
ALTER TABLE payment ADD COLUMN approved INTEGER CHECK (approved IS NULL OR (approved > 0 AND approved < amount));
-- Notes and coins handed over for a cash payment.
ALTER TABLE payment ADD COLUMN tendered INTEGER CHECK (tendered IS NULL OR tendered >= amount);
CREATE INDEX payment_sale ON payment (sale) WHERE sale IS NOT NULL;

-- The last line of a rule that the core keeps before it: what is paid and what may still be paid is never more than the
-- total, and nothing more is paid of a sale that is paid or dropped.
CREATE TRIGGER payment_of_sale BEFORE INSERT ON payment WHEN NEW.sale IS NOT NULL AND NEW.kind = 'purchase'
  AND NEW.amount + (
    SELECT coalesce(sum(coalesce(approved, amount)), 0) FROM payment WHERE sale = NEW.sale AND kind = 'purchase'
      AND state NOT IN ('declined', 'abandoned', 'reversal-due', 'reversed', 'cancel-due', 'cancelled', 'voided', 'saf-voided')
  ) > coalesce((SELECT total FROM sale WHERE id = NEW.sale AND state = 'open'), 0)
  BEGIN SELECT RAISE(ABORT, 'a sale is never paid more than its total'); END;

-- Of what the bank approved in part, no more goes back than that part (I16).
CREATE TRIGGER payment_refund_of_part BEFORE INSERT ON payment WHEN NEW.kind IN ('refund', 'void') AND NEW.amount + (
    SELECT coalesce(sum(amount), 0) FROM payment
      WHERE original = NEW.original AND kind IN ('refund', 'void') AND state NOT IN ('declined', 'abandoned')
  ) > (SELECT approved FROM payment WHERE id = NEW.original)
  BEGIN SELECT RAISE(ABORT, 'more would go back than was paid'); END;
