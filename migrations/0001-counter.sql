-- The database's own copy of the journal: what was recorded, in order, with its place in the hash chain.
CREATE TABLE entry (
  seq INTEGER PRIMARY KEY CHECK (seq > 0),
  at INTEGER NOT NULL,
  kind TEXT NOT NULL,
  payment TEXT,
  body TEXT NOT NULL,
  hash TEXT NOT NULL CHECK (length(hash) = 64)
) STRICT;
CREATE INDEX entry_payment ON entry (payment) WHERE payment IS NOT NULL;
CREATE TRIGGER entry_update BEFORE UPDATE ON entry BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
CREATE TRIGGER entry_delete BEFORE DELETE ON entry BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;

-- One row per payment: the fold of its entries.
CREATE TABLE payment (
  id TEXT PRIMARY KEY,
  kind TEXT NOT NULL CHECK (kind IN ('purchase', 'void', 'refund', 'pre-authorization', 'completion')),
  state TEXT NOT NULL,
  amount INTEGER NOT NULL CHECK (amount > 0),
  currency TEXT NOT NULL CHECK (length(currency) = 3),
  at INTEGER NOT NULL,
  day TEXT NOT NULL,
  stan INTEGER NOT NULL CHECK (stan BETWEEN 1 AND 999999),
  rrn TEXT NOT NULL UNIQUE CHECK (length(rrn) = 12),
  receipt_no TEXT NOT NULL UNIQUE,
  staff TEXT NOT NULL,
  approver TEXT,
  tender TEXT CHECK (tender IN ('contactless', 'code', 'shown', 'cash')),
  scheme TEXT,
  masked_pan TEXT,
  token TEXT,
  label TEXT,
  aid TEXT,
  cvm TEXT,
  oda TEXT,
  expiry TEXT,
  pan_sequence TEXT,
  icc_data TEXT,
  batch INTEGER,
  attempt INTEGER NOT NULL DEFAULT 0 CHECK (attempt >= 0),
  sent_at INTEGER,
  accepted_at INTEGER,
  not_found_at INTEGER,
  auth_code TEXT,
  host_rrn TEXT,
  reason TEXT,
  cause TEXT,
  original TEXT REFERENCES payment (id),
  print TEXT NOT NULL DEFAULT 'none' CHECK (print IN ('none', 'queued', 'printing', 'printed', 'held', 'asked')),
  copies INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;
CREATE INDEX payment_state ON payment (state);
CREATE INDEX payment_day ON payment (day, at);
CREATE INDEX payment_batch ON payment (batch, state);
CREATE INDEX payment_token ON payment (token, at) WHERE token IS NOT NULL;
CREATE INDEX payment_print ON payment (print) WHERE print IN ('queued', 'printing', 'held', 'asked');
-- The queue of what was accepted offline: in its order, and its sums without a look at the rows.
CREATE INDEX payment_forward ON payment (accepted_at, stan, state, amount, token)
  WHERE state IN ('saf-accepted', 'saf-sending', 'saf-unknown');
CREATE INDEX payment_original ON payment (original, kind, state, amount) WHERE original IS NOT NULL;
-- The last line of I16: what goes back of one payment is never more than was paid, whatever the program thinks.
CREATE TRIGGER payment_refund BEFORE INSERT ON payment WHEN NEW.kind IN ('refund', 'void') AND NEW.amount + (
    SELECT coalesce(sum(amount), 0) FROM payment
      WHERE original = NEW.original AND kind IN ('refund', 'void') AND state NOT IN ('declined', 'abandoned')
  ) > coalesce((SELECT amount FROM payment WHERE id = NEW.original AND currency = NEW.currency), 0)
  BEGIN SELECT RAISE(ABORT, 'more would go back than was paid'); END;
CREATE TRIGGER payment_delete BEFORE DELETE ON payment BEGIN SELECT RAISE(ABORT, 'payments are kept'); END;
CREATE TRIGGER payment_fixed BEFORE UPDATE OF id, kind, amount, currency, stan, rrn, receipt_no ON payment
  BEGIN SELECT RAISE(ABORT, 'amount and numbers of a payment do not change'); END;

-- Double entry: every movement names the account it debits and the one it credits, so the books balance by form.
CREATE TABLE transfer (
  seq INTEGER NOT NULL REFERENCES entry (seq),
  n INTEGER NOT NULL,
  payment TEXT,
  debit TEXT NOT NULL,
  credit TEXT NOT NULL CHECK (credit <> debit),
  amount INTEGER NOT NULL CHECK (amount > 0),
  currency TEXT NOT NULL CHECK (length(currency) = 3),
  at INTEGER NOT NULL,
  day TEXT NOT NULL,
  batch INTEGER,
  PRIMARY KEY (seq, n)
) STRICT, WITHOUT ROWID;
CREATE INDEX transfer_batch ON transfer (batch) WHERE batch IS NOT NULL;
CREATE INDEX transfer_day ON transfer (day);
CREATE INDEX transfer_payment ON transfer (payment) WHERE payment IS NOT NULL;
CREATE TRIGGER transfer_update BEFORE UPDATE ON transfer BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;
CREATE TRIGGER transfer_delete BEFORE DELETE ON transfer BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;

CREATE TABLE batch (
  no INTEGER PRIMARY KEY CHECK (no > 0),
  state TEXT NOT NULL CHECK (state IN ('open', 'closing', 'differs', 'closed')),
  opened_at INTEGER NOT NULL,
  opened_seq INTEGER NOT NULL,
  day TEXT NOT NULL,
  stan INTEGER,
  rrn TEXT,
  sent_at INTEGER,
  attempt INTEGER NOT NULL DEFAULT 0,
  closed_at INTEGER,
  z INTEGER UNIQUE,
  report TEXT
) STRICT;

CREATE TABLE counter (name TEXT PRIMARY KEY, value INTEGER NOT NULL CHECK (value >= 0)) STRICT, WITHOUT ROWID;

-- Commands already carried out: the same key with the same body answers the same payment.
CREATE TABLE request (key TEXT PRIMARY KEY, body TEXT NOT NULL, payment TEXT NOT NULL, at INTEGER NOT NULL) STRICT, WITHOUT ROWID;

-- Keyed hashes of wallet codes already presented; a code is good once.
CREATE TABLE code (hash TEXT PRIMARY KEY, payment TEXT NOT NULL, at INTEGER NOT NULL) STRICT, WITHOUT ROWID;

CREATE TABLE setting (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;

-- Not in the journal: card data sealed to the acquirer, kept only until the payment is final.
CREATE TABLE sealed (payment TEXT PRIMARY KEY, blob TEXT NOT NULL) STRICT, WITHOUT ROWID;

-- Not in the journal: PIN verifiers.
CREATE TABLE staff (
  person TEXT PRIMARY KEY,
  role TEXT NOT NULL,
  salt TEXT NOT NULL,
  verifier TEXT NOT NULL,
  failures INTEGER NOT NULL DEFAULT 0,
  locked_until INTEGER
) STRICT, WITHOUT ROWID;

-- Not in the journal: device health for the technician's strip.
CREATE TABLE health (device TEXT NOT NULL, slot INTEGER NOT NULL, status TEXT NOT NULL, PRIMARY KEY (device, slot)) STRICT, WITHOUT ROWID;
