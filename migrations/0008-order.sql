-- The entry that opened the payment: the order of payments, whatever the clock said (I20). Written by whoever records the entry.
ALTER TABLE payment ADD COLUMN seq INTEGER NOT NULL DEFAULT 0;
UPDATE payment SET seq = coalesce((SELECT min(seq) FROM entry WHERE entry.payment = payment.id), 0);
CREATE TRIGGER payment_place BEFORE UPDATE OF seq ON payment BEGIN SELECT RAISE(ABORT, 'payments keep their place'); END;
CREATE INDEX payment_seq ON payment (seq);
DROP INDEX payment_day;
CREATE INDEX payment_day ON payment (day, seq);
DROP INDEX payment_token;
CREATE INDEX payment_token ON payment (token, seq) WHERE token IS NOT NULL;
DROP INDEX payment_forward;
CREATE INDEX payment_forward ON payment (seq, state, amount, token)
  WHERE state IN ('saf-accepted', 'saf-sending', 'saf-unknown');
-- The paper that waits, the oldest of each kind first.
DROP INDEX payment_print;
CREATE INDEX payment_print ON payment (print, seq) WHERE print IN ('queued', 'printing', 'held', 'asked');

-- What the bank did not cancel and gives back by a refund pays nothing of its sale either.
DROP TRIGGER payment_of_sale;
CREATE TRIGGER payment_of_sale BEFORE INSERT ON payment WHEN NEW.sale IS NOT NULL AND NEW.kind = 'purchase'
  AND NEW.amount + (
    SELECT coalesce(sum(coalesce(approved, amount)), 0) FROM payment WHERE sale = NEW.sale AND kind = 'purchase'
      AND state NOT IN ('declined', 'abandoned', 'reversal-due', 'reversed', 'cancel-due', 'cancelled', 'refund-due',
        'refunded', 'voided', 'saf-voided')
  ) > coalesce((SELECT total FROM sale WHERE id = NEW.sale AND state = 'open'), 0)
  BEGIN SELECT RAISE(ABORT, 'a sale is never paid more than its total'); END;
