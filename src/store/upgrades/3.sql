-- Whether a client is live stands with its members, and clients are counted. A table with a new column between others is made anew.

-- Some files of schema 2 have all this already: it was a part of that schema for a while.
DROP TRIGGER IF EXISTS client_counts_insert;
DROP TRIGGER IF EXISTS client_counts_delete;
DROP TRIGGER IF EXISTS client_counts_update;
DROP TABLE IF EXISTS client_counts;

CREATE TEMP TABLE kept_members AS SELECT client_id, account_id, deleted_at IS NULL AS is_live FROM client_members JOIN clients USING (client_id);
CREATE TEMP TABLE kept_member_rights AS SELECT client_id, account_id, position, right FROM client_member_rights;
DROP TABLE client_member_rights;
DROP TABLE client_members;
DROP TABLE IF EXISTS account_client_counts;

CREATE TABLE client_members (
    client_id  TEXT NOT NULL REFERENCES clients (client_id) ON DELETE CASCADE,
    account_id TEXT NOT NULL REFERENCES accounts (account_id) ON DELETE CASCADE,
    -- Whether the client is: kept here too, by a trigger, so that a page of an account's clients is found in one index. A deleted client gets no new members.
    is_live    INTEGER NOT NULL DEFAULT 1 CHECK (is_live IN (0, 1)),
    PRIMARY KEY (client_id, account_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX client_members_by_account ON client_members (account_id, is_live, client_id);

CREATE TABLE client_member_rights (
    client_id  TEXT NOT NULL,
    account_id TEXT NOT NULL,
    position   INTEGER NOT NULL,
    right      INTEGER NOT NULL CHECK (right BETWEEN 0 AND 63),
    PRIMARY KEY (client_id, account_id, position),
    FOREIGN KEY (client_id, account_id) REFERENCES client_members (client_id, account_id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

-- How many clients there are, in all and of each account: every page of a list says it, and counting a million takes longer than reading a page.
CREATE TABLE client_counts (
    is_live INTEGER PRIMARY KEY CHECK (is_live IN (0, 1)),
    clients INTEGER NOT NULL
) STRICT;

CREATE TABLE account_client_counts (
    account_id TEXT NOT NULL REFERENCES accounts (account_id) ON DELETE CASCADE,
    is_live    INTEGER NOT NULL CHECK (is_live IN (0, 1)),
    clients    INTEGER NOT NULL,
    PRIMARY KEY (account_id, is_live)
) STRICT, WITHOUT ROWID;

INSERT INTO client_counts (is_live, clients)
    SELECT 0, count(*) FILTER (WHERE deleted_at IS NOT NULL) FROM clients UNION ALL SELECT 1, count(*) FILTER (WHERE deleted_at IS NULL) FROM clients;

CREATE TRIGGER client_counts_insert AFTER INSERT ON clients BEGIN
    UPDATE client_counts SET clients = clients + 1 WHERE is_live = (new.deleted_at IS NULL);
END;

CREATE TRIGGER client_counts_delete AFTER DELETE ON clients BEGIN
    UPDATE client_counts SET clients = clients - 1 WHERE is_live = (old.deleted_at IS NULL);
END;

CREATE TRIGGER client_counts_update AFTER UPDATE OF deleted_at ON clients WHEN (old.deleted_at IS NULL) <> (new.deleted_at IS NULL) BEGIN
    UPDATE client_counts SET clients = clients + iif(is_live = (new.deleted_at IS NULL), 1, -1);
    UPDATE client_members SET is_live = (new.deleted_at IS NULL) WHERE client_id = new.client_id;
END;

CREATE TRIGGER account_client_counts_insert AFTER INSERT ON client_members BEGIN
    INSERT INTO account_client_counts (account_id, is_live, clients) VALUES (new.account_id, new.is_live, 1)
        ON CONFLICT (account_id, is_live) DO UPDATE SET clients = clients + 1;
END;

CREATE TRIGGER account_client_counts_delete AFTER DELETE ON client_members BEGIN
    UPDATE account_client_counts SET clients = clients - 1 WHERE account_id = old.account_id AND is_live = old.is_live;
END;

CREATE TRIGGER account_client_counts_update AFTER UPDATE OF is_live ON client_members BEGIN
    UPDATE account_client_counts SET clients = clients - 1 WHERE account_id = old.account_id AND is_live = old.is_live;
    INSERT INTO account_client_counts (account_id, is_live, clients) VALUES (new.account_id, new.is_live, 1)
        ON CONFLICT (account_id, is_live) DO UPDATE SET clients = clients + 1;
END;

INSERT INTO client_members (client_id, account_id, is_live) SELECT client_id, account_id, is_live FROM temp.kept_members;
INSERT INTO client_member_rights (client_id, account_id, position, right) SELECT client_id, account_id, position, right FROM temp.kept_member_rights;
DROP TABLE temp.kept_members;
DROP TABLE temp.kept_member_rights;
