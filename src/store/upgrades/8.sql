-- The registration review: verdicts, and what the rules have to look up.
ALTER TABLE events ADD COLUMN undoes INTEGER;

-- By what the review finds clients that are like another one: `f` and a folded ID or name, `r` and the same reversed, `h` and the host of a
-- redirect URI. Filled later and many at once, so that a registration writes nothing here.
CREATE TABLE client_likeness (
    key           TEXT NOT NULL,
    client_number INTEGER NOT NULL REFERENCES clients (client_number) ON DELETE CASCADE,
    PRIMARY KEY (key, client_number)
) STRICT, WITHOUT ROWID;

CREATE INDEX client_likeness_by_client ON client_likeness (client_number);

-- Clients up to the greatest number with such keys whose keys have changed since.
CREATE TABLE client_likeness_waiting (
    client_number INTEGER PRIMARY KEY REFERENCES clients (client_number) ON DELETE CASCADE
) STRICT;

CREATE TABLE client_likeness_end (
    client_number INTEGER NOT NULL
) STRICT;

INSERT INTO client_likeness_end (client_number) VALUES (0);

CREATE TRIGGER client_likeness_update AFTER UPDATE OF name, redirect_uris ON clients
    WHEN (old.name IS NOT new.name OR old.redirect_uris <> new.redirect_uris)
        AND old.client_number <= (SELECT client_number FROM client_likeness_end) BEGIN
    DELETE FROM client_likeness WHERE client_number = old.client_number;
    INSERT INTO client_likeness_waiting (client_number) VALUES (old.client_number) ON CONFLICT DO NOTHING;
END;

-- The number of the newest client is given again.
CREATE TRIGGER client_likeness_delete AFTER DELETE ON clients BEGIN
    UPDATE client_likeness_end SET client_number = (SELECT coalesce(max(client_number), 0) FROM clients)
        WHERE client_number > (SELECT coalesce(max(client_number), 0) FROM clients);
END;
-- What was judged about a client, by the rules alone or with an administrator's answer: the newest verdicts of each, and the newest approval.
CREATE TABLE client_verdicts (
    client_number  INTEGER NOT NULL REFERENCES clients (client_number) ON DELETE CASCADE,
    -- Greater for newer verdicts of the client.
    verdict_number INTEGER NOT NULL,
    judged_at      INTEGER NOT NULL,
    rule_set       INTEGER NOT NULL,
    outcome        TEXT NOT NULL CHECK (outcome IN ('judged', 'approved', 'rejected', 'changes_requested')),
    judge          TEXT NOT NULL CHECK (judge IN ('rules', 'operator', 'account')),
    -- The administrator, or whose change the rules judged.
    account_id     TEXT,
    -- The weight of the worst finding: 0 without any, 1 notes, 2 warns, 3 blocks.
    severity       INTEGER NOT NULL CHECK (severity BETWEEN 0 AND 3),
    -- JSON: the findings, and the judged fields as they were.
    findings       TEXT NOT NULL,
    shown          TEXT NOT NULL,
    reason         TEXT NOT NULL CHECK (length(reason) <= 2000),
    -- What the owner asked for in words, if it was answered.
    request        TEXT NOT NULL CHECK (length(request) <= 2000),
    PRIMARY KEY (client_number, verdict_number)
) STRICT, WITHOUT ROWID;

-- Since when a client waits for an administrator, and what its owner asked for; stays when it was answered, to count requests.
CREATE TABLE client_review_requests (
    client_number INTEGER PRIMARY KEY REFERENCES clients (client_number) ON DELETE CASCADE,
    asked_at      INTEGER NOT NULL,
    account_id    TEXT,
    text          TEXT NOT NULL CHECK (length(text) <= 2000),
    -- The day on which it was last asked for in words (days since 1970, UTC), and how often then.
    day           INTEGER NOT NULL,
    times         INTEGER NOT NULL,
    is_open       INTEGER NOT NULL CHECK (is_open IN (0, 1)),
    -- Whether only a person ends it, and no rule: it was rejected, flagged or suspended before.
    needs_person  INTEGER NOT NULL CHECK (needs_person IN (0, 1))
) STRICT;

-- Whether the redirect URIs of clients work: the last try of each.
CREATE TABLE client_probes (
    client_id TEXT NOT NULL REFERENCES clients (client_id) ON DELETE CASCADE,
    uri       TEXT NOT NULL,
    tried_at  INTEGER NOT NULL,
    outcome   TEXT NOT NULL,
    -- Of the HTTP answer, if there was one.
    status    INTEGER,
    PRIMARY KEY (client_id, uri)
) STRICT, WITHOUT ROWID;

-- On which day a right of a client's tokens last admitted a request.
CREATE TABLE client_right_use (
    client_id    TEXT NOT NULL REFERENCES clients (client_id) ON DELETE CASCADE,
    right_number INTEGER NOT NULL,
    -- Days since 1970, UTC.
    last_day     INTEGER NOT NULL,
    PRIMARY KEY (client_id, right_number)
) STRICT, WITHOUT ROWID;
