-- What the bank did not cancel and gives back by a refund pays nothing of its sale either.
DROP TRIGGER payment_of_sale;
CREATE TRIGGER payment_of_sale BEFORE INSERT ON payment WHEN NEW.sale IS NOT NULL AND NEW.kind = 'purchase'
  AND NEW.amount + (
    SELECT coalesce(sum(coalesce(approved, amount)), 0) FROM payment WHERE sale = NEW.sale AND kind = 'purchase'
      AND state NOT IN ('declined', 'abandoned', 'reversal-due', 'reversed', 'cancel-due', 'cancelled', 'refund-due',
        'refunded', 'voided', 'saf-voided')
  ) > coalesce((SELECT total FROM sale WHERE id = NEW.sale AND state = 'open'), 0)
  BEGIN SELECT RAISE(ABORT, 'a sale is never paid more than its total'); END;
