-- Statements of the bank that were imported; the journal keeps this table.
CREATE TABLE statement (
  no INTEGER PRIMARY KEY CHECK (no > 0),
  hash TEXT NOT NULL UNIQUE CHECK (length(hash) = 64),
  name TEXT NOT NULL,
  format TEXT NOT NULL,
  from_day TEXT NOT NULL CHECK (length(from_day) = 10),
  to_day TEXT NOT NULL CHECK (length(to_day) = 10 AND to_day >= from_day),
  lines INTEGER NOT NULL CHECK (lines > 0),
  at INTEGER NOT NULL,
  staff TEXT NOT NULL,
  -- The corrected file that took its place.
  superseded_by INTEGER CHECK (superseded_by IS NULL OR superseded_by > no)
) STRICT;
CREATE TRIGGER statement_delete BEFORE DELETE ON statement BEGIN SELECT RAISE(ABORT, 'statements are kept'); END;
CREATE TRIGGER statement_fixed BEFORE UPDATE OF no, hash, name, format, from_day, to_day, lines, at, staff ON statement
  BEGIN SELECT RAISE(ABORT, 'a statement does not change'); END;

-- Not in the journal, which holds the file's hash: the file brings them back. Lines of a number that is no statement are
-- an import that did not come to its end. What the bank says never changes; how it is judged does.
CREATE TABLE statement_line (
  statement INTEGER NOT NULL,
  n INTEGER NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('sale', 'void', 'refund', 'deposit')),
  day TEXT NOT NULL CHECK (length(day) = 10),
  time TEXT NOT NULL,
  terminal TEXT NOT NULL,
  stan INTEGER,
  rrn TEXT NOT NULL,
  scheme TEXT,
  card TEXT,
  gross INTEGER NOT NULL,
  fee INTEGER,
  net INTEGER,
  currency TEXT NOT NULL CHECK (length(currency) = 3),
  verdict TEXT CHECK (verdict IN ('agreed', 'differs', 'waiting', 'other')),
  reason TEXT,
  nth INTEGER,
  payment TEXT,
  till INTEGER,
  expected_fee INTEGER,
  extra INTEGER,
  PRIMARY KEY (statement, n)
) STRICT, WITHOUT ROWID;
CREATE INDEX statement_line_rrn ON statement_line (rrn, statement, kind);
CREATE INDEX statement_line_open ON statement_line (statement, verdict, n) WHERE verdict IN ('differs', 'waiting');
CREATE INDEX statement_line_paid ON statement_line (day) WHERE kind = 'deposit';
CREATE TRIGGER statement_line_delete BEFORE DELETE ON statement_line
  WHEN OLD.statement IN (SELECT no FROM statement) BEGIN SELECT RAISE(ABORT, 'statements are kept'); END;
CREATE TRIGGER statement_line_fixed
  BEFORE UPDATE OF statement, n, kind, day, terminal, rrn, gross, fee, net, currency ON statement_line
  WHEN OLD.statement IN (SELECT no FROM statement) BEGIN SELECT RAISE(ABORT, 'a statement does not change'); END;

-- Deposits that were posted to the ledger: once for each statement and day; the journal keeps this table.
CREATE TABLE deposit (
  statement INTEGER NOT NULL REFERENCES statement (no),
  day TEXT NOT NULL,
  currency TEXT NOT NULL CHECK (length(currency) = 3),
  -- What was posted, minor units; less than zero where more went back than was sold.
  net INTEGER NOT NULL,
  fees INTEGER NOT NULL,
  -- Paid by the bank above what was sold here.
  difference INTEGER NOT NULL,
  at INTEGER NOT NULL,
  -- Taken back because a corrected file came.
  reversed_at INTEGER,
  PRIMARY KEY (statement, day, currency)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER deposit_delete BEFORE DELETE ON deposit BEGIN SELECT RAISE(ABORT, 'deposits are kept'); END;

-- Differences that a person has seen to, or an extra charge given back: once for each line; the journal keeps this table.
CREATE TABLE difference_done (
  line TEXT PRIMARY KEY,
  statement INTEGER NOT NULL REFERENCES statement (no),
  at INTEGER NOT NULL,
  staff TEXT NOT NULL,
  how TEXT NOT NULL,
  -- The refund that gave it back.
  payment TEXT
) STRICT, WITHOUT ROWID;
CREATE TRIGGER difference_done_update BEFORE UPDATE ON difference_done
  BEGIN SELECT RAISE(ABORT, 'what was said of a difference does not change'); END;
CREATE TRIGGER difference_done_delete BEFORE DELETE ON difference_done
  BEGIN SELECT RAISE(ABORT, 'what was said of a difference is kept'); END;

-- A bank that makes reference numbers of its own names its lines by them.
CREATE INDEX payment_host_rrn ON payment (host_rrn) WHERE host_rrn IS NOT NULL;
