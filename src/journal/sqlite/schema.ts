/**
 * The schema of the rows, as numbered migrations. One that has been released is never edited.
 *
 * Indexes are partial where a state is passed through, so that what is asked often costs the same
 * after a million messages as after ten.
 */
const MIGRATION_1 = `
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;

CREATE TABLE mailboxes (
  mailbox_id TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  owner_uid INTEGER,
  active INTEGER NOT NULL,
  next_sequence INTEGER NOT NULL DEFAULT 1,
  legacy_pending INTEGER NOT NULL,
  registered_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX mailboxes_name ON mailboxes (name) WHERE active = 1;

CREATE TABLE messages (
  journal_id INTEGER PRIMARY KEY,
  state TEXT NOT NULL CHECK (state IN ('accepted', 'authenticated', 'done')),
  -- Not to be claimed before; 0 at once.
  ready_at INTEGER NOT NULL DEFAULT 0,
  received_at INTEGER NOT NULL,
  client_address TEXT,
  envelope TEXT NOT NULL,
  size_bytes INTEGER NOT NULL,
  exact TEXT NOT NULL,
  lacks_identity INTEGER NOT NULL,
  verdict TEXT,
  read_attempts INTEGER NOT NULL DEFAULT 0,
  -- Null once the raw bytes are gone.
  raw_file TEXT,
  raw_offset INTEGER NOT NULL,
  raw_encoding TEXT NOT NULL DEFAULT 'plain',
  -- 1: was not done when a restore began; its hooks are held.
  restored INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX messages_open ON messages (ready_at, journal_id) WHERE state <> 'done';
CREATE INDEX messages_undecided ON messages (exact, journal_id) WHERE state <> 'done' AND lacks_identity = 1;
CREATE INDEX messages_spooled ON messages (raw_file) WHERE raw_file >= 'spool/' AND raw_file < 'spool0';

CREATE TABLE evidence (journal_id INTEGER PRIMARY KEY, at INTEGER NOT NULL) STRICT;

CREATE TABLE deliveries (
  delivery_id INTEGER PRIMARY KEY AUTOINCREMENT,
  -- The copy that the file is made from; null for a file of the earlier version.
  journal_id INTEGER,
  -- The message with which the delivery came.
  origin_id INTEGER,
  mailbox_id TEXT NOT NULL,
  mailbox TEXT NOT NULL,
  delivered_to TEXT NOT NULL,
  tag TEXT,
  state TEXT NOT NULL CHECK (state IN
    ('pending', 'reserved', 'staged', 'delivered', 'absorbed', 'promoting', 'exchanging')),
  id TEXT,
  base_id TEXT,
  suffix INTEGER,
  sequence INTEGER,
  thread_id TEXT,
  message_id TEXT,
  received_at INTEGER NOT NULL,
  resembles TEXT,
  trusted TEXT,
  trust_reason TEXT,
  rank TEXT,
  absorbed_into INTEGER,
  absorbed_by TEXT,
  absorbed_count INTEGER NOT NULL DEFAULT 0,
  -- 1: a client is known to have seen our 250 for this message.
  witnessed INTEGER NOT NULL DEFAULT 0,
  -- 1: somebody asked that the same message be delivered again.
  forgotten INTEGER NOT NULL DEFAULT 0,
  exchange_inode TEXT,
  delivered_at INTEGER,
  waiting TEXT,
  next_at INTEGER,
  -- The delivery whose end this one waits for.
  waits_for INTEGER
) STRICT;
CREATE INDEX deliveries_message ON deliveries (journal_id);
CREATE INDEX deliveries_origin ON deliveries (origin_id) WHERE origin_id IS NOT journal_id;
CREATE UNIQUE INDEX deliveries_id ON deliveries (id, mailbox_id) WHERE id IS NOT NULL;
CREATE INDEX deliveries_base ON deliveries (mailbox_id, base_id, suffix) WHERE base_id IS NOT NULL;
CREATE INDEX deliveries_message_id ON deliveries (message_id, mailbox_id) WHERE message_id IS NOT NULL;
CREATE INDEX deliveries_entering ON deliveries (mailbox_id, sequence) WHERE state IN ('reserved', 'staged');
CREATE INDEX deliveries_pending ON deliveries (mailbox_id) WHERE state = 'pending';
CREATE INDEX deliveries_waiting ON deliveries (mailbox_id) WHERE waiting IS NOT NULL;
CREATE INDEX deliveries_waits_for ON deliveries (waits_for) WHERE waits_for IS NOT NULL;

CREATE TABLE fingerprints (
  mailbox_id TEXT NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('exact', 'content', 'legacy')),
  hash TEXT NOT NULL,
  delivery_id INTEGER NOT NULL,
  received_at INTEGER NOT NULL,
  -- 1: kept as long as the mailbox, for a hook has started on the message.
  kept INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (mailbox_id, kind, hash)
) STRICT, WITHOUT ROWID;
CREATE INDEX fingerprints_delivery ON fingerprints (delivery_id);
CREATE INDEX fingerprints_age ON fingerprints (received_at) WHERE kept = 0;

CREATE TABLE absorbed (
  absorbed_id INTEGER PRIMARY KEY AUTOINCREMENT,
  at INTEGER NOT NULL,
  journal_id INTEGER NOT NULL,
  client_address TEXT,
  by TEXT NOT NULL,
  mailbox_id TEXT NOT NULL,
  mailbox TEXT NOT NULL,
  delivery_id INTEGER NOT NULL,
  delivered_to TEXT NOT NULL
) STRICT;
CREATE INDEX absorbed_delivery ON absorbed (delivery_id);
CREATE INDEX absorbed_mailbox ON absorbed (mailbox_id, absorbed_id);

CREATE TABLE runs (
  run_key INTEGER PRIMARY KEY AUTOINCREMENT,
  run_id TEXT NOT NULL UNIQUE,
  delivery_id INTEGER NOT NULL,
  mailbox_id TEXT NOT NULL,
  mailbox TEXT NOT NULL,
  id TEXT NOT NULL,
  sequence INTEGER NOT NULL,
  hook TEXT NOT NULL,
  event TEXT NOT NULL,
  ordinal INTEGER NOT NULL,
  generation INTEGER NOT NULL,
  attempt INTEGER NOT NULL DEFAULT 0,
  state TEXT NOT NULL CHECK (state IN ('due', 'held', 'claimed', 'running', 'succeeded', 'failed',
    'timed_out', 'interrupted', 'cancelled')),
  -- Of a due run: 0 something must happen first, 1 its time must come, 2 may be claimed.
  gate INTEGER NOT NULL DEFAULT 0,
  reason TEXT,
  exit_code INTEGER,
  signal TEXT,
  due_at INTEGER,
  started_at INTEGER,
  ended_at INTEGER,
  changed_at INTEGER NOT NULL,
  UNIQUE (delivery_id, hook, event, generation)
) STRICT;
CREATE INDEX runs_claimable ON runs (mailbox_id, sequence, ordinal, hook) WHERE state = 'due' AND gate = 2;
CREATE INDEX runs_later ON runs (due_at) WHERE state = 'due' AND gate = 1;
CREATE INDEX runs_open ON runs (mailbox_id, hook) WHERE state IN ('claimed', 'running');
CREATE INDEX runs_held ON runs (changed_at) WHERE state = 'held';
CREATE INDEX runs_mailbox ON runs (mailbox_id, run_key);
CREATE INDEX runs_state ON runs (state, run_key) WHERE state <> 'succeeded';

CREATE TABLE trace (
  trace_id INTEGER PRIMARY KEY,
  at INTEGER NOT NULL,
  journal_id INTEGER,
  delivery_id INTEGER,
  run_id TEXT,
  event TEXT NOT NULL,
  detail TEXT NOT NULL
) STRICT;
CREATE INDEX trace_delivery ON trace (delivery_id) WHERE delivery_id IS NOT NULL;
CREATE INDEX trace_message ON trace (journal_id) WHERE delivery_id IS NULL;

-- Counts, so that asking how many there are does not read them all.
CREATE TABLE tally (
  mailbox_id TEXT NOT NULL,
  kind TEXT NOT NULL,
  state TEXT NOT NULL,
  n INTEGER NOT NULL,
  PRIMARY KEY (mailbox_id, kind, state)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER tally_run_new AFTER INSERT ON runs BEGIN
  INSERT INTO tally VALUES (new.mailbox_id, 'run', new.state, 1)
    ON CONFLICT DO UPDATE SET n = n + 1;
END;
CREATE TRIGGER tally_run_state AFTER UPDATE OF state ON runs WHEN old.state <> new.state BEGIN
  UPDATE tally SET n = n - 1 WHERE mailbox_id = old.mailbox_id AND kind = 'run' AND state = old.state;
  INSERT INTO tally VALUES (new.mailbox_id, 'run', new.state, 1)
    ON CONFLICT DO UPDATE SET n = n + 1;
END;
CREATE TRIGGER tally_delivery_new AFTER INSERT ON deliveries WHEN new.journal_id IS NOT NULL BEGIN
  INSERT INTO tally VALUES (new.mailbox_id, 'delivery', new.state, 1)
    ON CONFLICT DO UPDATE SET n = n + 1;
END;
CREATE TRIGGER tally_delivery_state AFTER UPDATE OF state ON deliveries WHEN old.state <> new.state BEGIN
  UPDATE tally SET n = n - 1 WHERE mailbox_id = old.mailbox_id AND kind = 'delivery' AND state = old.state;
  INSERT INTO tally VALUES (new.mailbox_id, 'delivery', new.state, 1)
    ON CONFLICT DO UPDATE SET n = n + 1;
END;
`;

/** Messages whose authentication DNS did not answer are asked about again. */
const MIGRATION_2 = `
-- When authentication is to be asked for again; null where its answer is final.
ALTER TABLE messages ADD COLUMN recheck_at INTEGER;
-- How often it was asked for again.
ALTER TABLE messages ADD COLUMN rechecks INTEGER NOT NULL DEFAULT 0;
`;

/** What is sent: its copies, its queue, and what keeps it from being sent twice. */
const MIGRATION_3 = `
ALTER TABLE deliveries ADD COLUMN folder TEXT NOT NULL DEFAULT 'inbox' CHECK (folder IN ('inbox', 'sent'));
-- From as shown, and why no run may answer it; null in rows of an earlier version.
ALTER TABLE deliveries ADD COLUMN sender TEXT;
ALTER TABLE deliveries ADD COLUMN automatic TEXT;

DROP TRIGGER tally_delivery_new;
DROP TRIGGER tally_delivery_state;
CREATE TRIGGER tally_delivery_new AFTER INSERT ON deliveries
  WHEN new.journal_id IS NOT NULL AND new.folder = 'inbox' BEGIN
  INSERT INTO tally VALUES (new.mailbox_id, 'delivery', new.state, 1)
    ON CONFLICT DO UPDATE SET n = n + 1;
END;
CREATE TRIGGER tally_delivery_state AFTER UPDATE OF state ON deliveries
  WHEN old.state <> new.state AND new.folder = 'inbox' BEGIN
  UPDATE tally SET n = n - 1 WHERE mailbox_id = old.mailbox_id AND kind = 'delivery' AND state = old.state;
  INSERT INTO tally VALUES (new.mailbox_id, 'delivery', new.state, 1)
    ON CONFLICT DO UPDATE SET n = n + 1;
END;

-- The same table with what an after_send hook tells in its key: once for a deferral, once for the end.
CREATE TABLE runs_with_status (
  run_key INTEGER PRIMARY KEY AUTOINCREMENT,
  run_id TEXT NOT NULL UNIQUE,
  delivery_id INTEGER NOT NULL,
  mailbox_id TEXT NOT NULL,
  mailbox TEXT NOT NULL,
  id TEXT NOT NULL,
  sequence INTEGER NOT NULL,
  hook TEXT NOT NULL,
  event TEXT NOT NULL,
  send_status TEXT NOT NULL DEFAULT '' CHECK (send_status IN ('', 'delivered', 'failed', 'deferred')),
  ordinal INTEGER NOT NULL,
  generation INTEGER NOT NULL,
  attempt INTEGER NOT NULL DEFAULT 0,
  state TEXT NOT NULL CHECK (state IN ('due', 'held', 'claimed', 'running', 'succeeded', 'failed',
    'timed_out', 'interrupted', 'cancelled')),
  gate INTEGER NOT NULL DEFAULT 0,
  reason TEXT,
  exit_code INTEGER,
  signal TEXT,
  due_at INTEGER,
  started_at INTEGER,
  ended_at INTEGER,
  changed_at INTEGER NOT NULL,
  UNIQUE (delivery_id, hook, event, send_status, generation)
) STRICT;
INSERT INTO runs_with_status (run_key, run_id, delivery_id, mailbox_id, mailbox, id, sequence, hook, event, ordinal,
    generation, attempt, state, gate, reason, exit_code, signal, due_at, started_at, ended_at, changed_at)
  SELECT run_key, run_id, delivery_id, mailbox_id, mailbox, id, sequence, hook, event, ordinal,
    generation, attempt, state, gate, reason, exit_code, signal, due_at, started_at, ended_at, changed_at FROM runs;
DROP TABLE runs;
ALTER TABLE runs_with_status RENAME TO runs;
CREATE INDEX runs_claimable ON runs (mailbox_id, sequence, ordinal, hook) WHERE state = 'due' AND gate = 2;
CREATE INDEX runs_later ON runs (due_at) WHERE state = 'due' AND gate = 1;
CREATE INDEX runs_open ON runs (mailbox_id, hook) WHERE state IN ('claimed', 'running');
CREATE INDEX runs_held ON runs (changed_at) WHERE state = 'held';
CREATE INDEX runs_mailbox ON runs (mailbox_id, run_key);
CREATE INDEX runs_state ON runs (state, run_key) WHERE state <> 'succeeded';
CREATE TRIGGER tally_run_new AFTER INSERT ON runs BEGIN
  INSERT INTO tally VALUES (new.mailbox_id, 'run', new.state, 1)
    ON CONFLICT DO UPDATE SET n = n + 1;
END;
CREATE TRIGGER tally_run_state AFTER UPDATE OF state ON runs WHEN old.state <> new.state BEGIN
  UPDATE tally SET n = n - 1 WHERE mailbox_id = old.mailbox_id AND kind = 'run' AND state = old.state;
  INSERT INTO tally VALUES (new.mailbox_id, 'run', new.state, 1)
    ON CONFLICT DO UPDATE SET n = n + 1;
END;

CREATE TABLE outgoing (
  journal_id INTEGER PRIMARY KEY,
  queue_id TEXT NOT NULL UNIQUE,
  -- The sent copy.
  delivery_id INTEGER NOT NULL UNIQUE,
  mailbox_id TEXT NOT NULL,
  mailbox TEXT NOT NULL,
  message_id TEXT NOT NULL,
  thread_id TEXT NOT NULL,
  sender TEXT NOT NULL,
  subject TEXT NOT NULL,
  reverse_path TEXT NOT NULL,
  smtputf8 INTEGER NOT NULL,
  format TEXT NOT NULL,
  held TEXT,
  submitted_by TEXT NOT NULL,
  run_id TEXT,
  submitted_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  warned_at INTEGER,
  -- 1: after_send hooks were told of a deferral.
  deferral_told INTEGER NOT NULL DEFAULT 0,
  ended_at INTEGER,
  -- Counts what the sent copy should show, and which of it the copy shows.
  version INTEGER NOT NULL DEFAULT 1,
  shown_version INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX outgoing_message_id ON outgoing (message_id, mailbox_id);
CREATE INDEX outgoing_mailbox ON outgoing (mailbox_id, submitted_at);
CREATE INDEX outgoing_thread ON outgoing (thread_id, submitted_at);
CREATE INDEX outgoing_open ON outgoing (submitted_at) WHERE ended_at IS NULL;
CREATE INDEX outgoing_held ON outgoing (journal_id) WHERE held IS NOT NULL;

CREATE TABLE outgoing_recipients (
  recipient_id INTEGER PRIMARY KEY AUTOINCREMENT,
  journal_id INTEGER NOT NULL,
  address TEXT NOT NULL,
  -- As it is compared: without case.
  address_key TEXT NOT NULL,
  field TEXT NOT NULL CHECK (field IN ('to', 'cc', 'bcc')),
  domain TEXT NOT NULL,
  is_local INTEGER NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('queued', 'transmitting', 'deferred', 'delivered', 'failed', 'cancelled')),
  attempts INTEGER NOT NULL DEFAULT 0,
  doubts INTEGER NOT NULL DEFAULT 0,
  -- Null where it is not tried by itself: final, or its message is held.
  next_at INTEGER,
  last_attempt_at INTEGER,
  reply TEXT,
  status TEXT,
  remote TEXT,
  tls TEXT,
  ended_at INTEGER,
  -- 1: the sender was told that it was given up.
  reported INTEGER NOT NULL DEFAULT 0,
  answer TEXT
) STRICT;
CREATE INDEX recipients_message ON outgoing_recipients (journal_id);
CREATE INDEX recipients_due ON outgoing_recipients (next_at, domain) WHERE next_at IS NOT NULL;
CREATE INDEX recipients_unreported ON outgoing_recipients (journal_id) WHERE state = 'failed' AND reported = 0;
CREATE INDEX recipients_address ON outgoing_recipients (address_key, journal_id);

-- Whom a mailbox has written to, since when.
CREATE TABLE correspondents (
  mailbox_id TEXT NOT NULL,
  address_key TEXT NOT NULL,
  first_sent_at INTEGER NOT NULL,
  PRIMARY KEY (mailbox_id, address_key)
) STRICT, WITHOUT ROWID;
CREATE INDEX correspondents_new ON correspondents (mailbox_id, first_sent_at);

CREATE TABLE send_keys (
  -- 'caller:<mailbox>' or 'run:<delivery>:<hook>:<event>:<status>'.
  scope TEXT NOT NULL,
  key TEXT NOT NULL,
  content_hash TEXT,
  journal_id INTEGER NOT NULL,
  at INTEGER NOT NULL,
  PRIMARY KEY (scope, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX send_keys_age ON send_keys (at) WHERE content_hash IS NOT NULL;

-- How often an attempt of a run has sent to a set of recipients: the ordinal of its next such send.
CREATE TABLE run_sends (
  run_id TEXT NOT NULL,
  attempt INTEGER NOT NULL,
  recipients TEXT NOT NULL,
  n INTEGER NOT NULL,
  PRIMARY KEY (run_id, attempt, recipients)
) STRICT, WITHOUT ROWID;

-- What came back about a message of ours, by the delivery that brought it.
CREATE TABLE answers (
  delivery_id INTEGER PRIMARY KEY,
  journal_id INTEGER NOT NULL,
  kind TEXT NOT NULL
) STRICT;
CREATE INDEX answers_outgoing ON answers (journal_id);
`;

/** In order; `user_version` counts how many have been applied. */
export const MIGRATIONS: readonly string[] = [MIGRATION_1, MIGRATION_2, MIGRATION_3];

/** A table of each version, without which the file is not ours. */
export const TABLES: readonly string[] = [
  'meta',
  'mailboxes',
  'messages',
  'evidence',
  'deliveries',
  'fingerprints',
  'absorbed',
  'runs',
  'trace',
  'tally',
  'outgoing',
  'outgoing_recipients',
  'correspondents',
  'send_keys',
  'run_sends',
  'answers',
];
