-- Cards that the acquirer does not want, by their keyed tokens: the version of the list that named each, 0 when a later one
-- has taken it off. The list's own version is a setting.
CREATE TABLE blocked (
  name TEXT PRIMARY KEY CHECK (length(name) = 32),
  value INTEGER NOT NULL CHECK (value >= 0)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER blocked_delete BEFORE DELETE ON blocked BEGIN SELECT RAISE(ABORT, 'a card is taken off by a newer list'); END;
