-- What people did about offline payments that the bank refused or that ran out of time. A row is never changed: the work on
-- a payment is over when one of them says so.
CREATE TABLE late (
  payment TEXT NOT NULL REFERENCES payment (id),
  n INTEGER NOT NULL CHECK (n > 0),
  seq INTEGER NOT NULL CHECK (seq > 0),
  what TEXT NOT NULL CHECK (what IN ('noted', 'taken-again', 'paid-again', 'written-off')),
  staff TEXT NOT NULL,
  approver TEXT,
  at INTEGER NOT NULL,
  note TEXT CHECK (length(note) BETWEEN 1 AND 200),
  again TEXT REFERENCES payment (id),
  PRIMARY KEY (payment, n),
  CHECK ((again IS NOT NULL) = (what IN ('taken-again', 'paid-again'))),
  CHECK (note IS NOT NULL OR what <> 'noted')
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX late_closed ON late (payment) WHERE what IN ('paid-again', 'written-off');
CREATE UNIQUE INDEX late_again ON late (again) WHERE what = 'paid-again';
CREATE INDEX late_seq ON late (seq);
CREATE TRIGGER late_update BEFORE UPDATE ON late BEGIN SELECT RAISE(ABORT, 'what was done is kept'); END;
CREATE TRIGGER late_delete BEFORE DELETE ON late BEGIN SELECT RAISE(ABORT, 'what was done is kept'); END;
