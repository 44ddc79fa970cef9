-- Running sums of the transfers: what a day's reports need, without a look at every movement. Kept by the commit that writes
-- the transfer, and compared with the transfers at every start.
CREATE TABLE turnover (
  day TEXT NOT NULL,
  currency TEXT NOT NULL,
  debit TEXT NOT NULL,
  credit TEXT NOT NULL,
  tender TEXT NOT NULL,
  -- Quarter of an hour since 1970, UTC.
  slot INTEGER NOT NULL,
  sum INTEGER NOT NULL CHECK (sum > 0),
  count INTEGER NOT NULL CHECK (count > 0),
  PRIMARY KEY (day, currency, debit, credit, tender, slot)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER transfer_turnover AFTER INSERT ON transfer BEGIN
  INSERT INTO turnover (day, currency, debit, credit, tender, slot, sum, count)
  VALUES (NEW.day, NEW.currency, NEW.debit, NEW.credit,
    coalesce((SELECT tender FROM payment WHERE id = NEW.payment), ''), NEW.at / 900000, NEW.amount, 1)
  ON CONFLICT (day, currency, debit, credit, tender, slot)
    DO UPDATE SET sum = sum + excluded.sum, count = count + 1;
END;
INSERT INTO turnover (day, currency, debit, credit, tender, slot, sum, count)
  SELECT transfer.day, transfer.currency, debit, credit, coalesce(tender, ''), transfer.at / 900000, sum(transfer.amount),
    count(*)
  FROM transfer LEFT JOIN payment ON payment.id = transfer.payment
  GROUP BY 1, 2, 3, 4, 5, 6;

-- One row per drawer shift: from the float that was put in to the money that was counted.
CREATE TABLE drawer (
  no INTEGER PRIMARY KEY CHECK (no > 0),
  state TEXT NOT NULL CHECK (state IN ('open', 'counted')),
  currency TEXT NOT NULL CHECK (length(currency) = 3),
  day TEXT NOT NULL,
  opened_at INTEGER NOT NULL,
  opened_seq INTEGER NOT NULL,
  opened_by TEXT NOT NULL,
  -- What was in the drawer at the beginning, minor units.
  float INTEGER NOT NULL CHECK (float >= 0),
  counted_at INTEGER,
  counted_seq INTEGER,
  counted_by TEXT,
  expected INTEGER,
  counted INTEGER CHECK (counted >= 0),
  CHECK ((state = 'counted') = (counted IS NOT NULL AND counted_by IS NOT NULL AND expected IS NOT NULL))
) STRICT;
CREATE UNIQUE INDEX drawer_open ON drawer (currency) WHERE state = 'open';
CREATE TRIGGER drawer_delete BEFORE DELETE ON drawer BEGIN SELECT RAISE(ABORT, 'drawer shifts are kept'); END;
CREATE TRIGGER drawer_counted BEFORE UPDATE ON drawer WHEN OLD.state = 'counted'
  BEGIN SELECT RAISE(ABORT, 'a counted drawer does not change'); END;

-- Cash brought and taken outside sales. Taking out needs somebody who approved it.
CREATE TABLE cash_move (
  id TEXT PRIMARY KEY,
  drawer INTEGER NOT NULL REFERENCES drawer (no),
  kind TEXT NOT NULL CHECK (kind IN ('in', 'out')),
  reason TEXT NOT NULL,
  amount INTEGER NOT NULL CHECK (amount > 0),
  currency TEXT NOT NULL CHECK (length(currency) = 3),
  at INTEGER NOT NULL,
  staff TEXT NOT NULL,
  approver TEXT,
  CHECK (kind = 'in' OR approver IS NOT NULL)
) STRICT, WITHOUT ROWID;
CREATE INDEX cash_move_drawer ON cash_move (drawer, at);
CREATE TRIGGER cash_move_update BEFORE UPDATE ON cash_move BEGIN SELECT RAISE(ABORT, 'cash movements are kept'); END;
CREATE TRIGGER cash_move_delete BEFORE DELETE ON cash_move BEGIN SELECT RAISE(ABORT, 'cash movements are kept'); END;

-- What went through the drawer between two entries.
CREATE INDEX transfer_cash ON transfer (currency, seq, debit, credit, amount) WHERE debit = 'cash' OR credit = 'cash';
