-- A client is one row with its lists in it, and what belongs to it is found by its number. A table whose columns or keys change is made
-- anew beside the old one; without this pragma, references to it would follow the old one's new name.
PRAGMA legacy_alter_table = ON;

DROP TRIGGER client_counts_insert;
DROP TRIGGER client_counts_delete;
DROP TRIGGER client_counts_update;
DROP TRIGGER account_client_counts_insert;
DROP TRIGGER account_client_counts_delete;
DROP TRIGGER account_client_counts_update;
DROP TRIGGER client_text_insert;
DROP TRIGGER client_text_update;
DROP TRIGGER client_text_delete;
DROP INDEX clients_live_by_id;
DROP INDEX clients_live_by_name;
DROP INDEX clients_live_by_creation;
DROP INDEX clients_live_by_state;
DROP INDEX clients_deleted;
DROP INDEX clients_by_administrative_contact;
DROP INDEX clients_by_technical_contact;
DROP INDEX clients_by_registrant;
DROP INDEX client_secrets_by_end;
DROP INDEX client_members_by_account;
ALTER TABLE clients RENAME TO old_clients;
ALTER TABLE client_secrets RENAME TO old_client_secrets;
ALTER TABLE client_members RENAME TO old_client_members;

CREATE TABLE clients (
    client_number          INTEGER PRIMARY KEY,
    client_id              TEXT NOT NULL UNIQUE CHECK (length(client_id) BETWEEN 3 AND 36 AND client_id NOT GLOB '*[^a-z0-9-]*'),
    created_at             INTEGER NOT NULL,
    updated_at             INTEGER NOT NULL,
    deleted_at             INTEGER,
    name                   TEXT CHECK (length(name) BETWEEN 1 AND 50),
    description            TEXT NOT NULL CHECK (length(description) <= 2000),
    administrative_contact TEXT,
    technical_contact      TEXT,
    state                  INTEGER NOT NULL CHECK (state BETWEEN 0 AND 4),
    state_description      TEXT NOT NULL CHECK (length(state_description) <= 128),
    skip_authorization     INTEGER NOT NULL CHECK (skip_authorization IN (0, 1)),
    endorsed               INTEGER NOT NULL CHECK (endorsed IN (0, 1)),
    attributes             TEXT,
    redirect_uris          TEXT NOT NULL DEFAULT '[]',
    logout_redirect_uris   TEXT NOT NULL DEFAULT '[]',
    grants                 TEXT NOT NULL DEFAULT '[]',
    rights                 TEXT NOT NULL DEFAULT '[]',
    registered_by          TEXT,
    approved_rights        INTEGER NOT NULL DEFAULT 0,
    only_event             INTEGER
) STRICT;

INSERT INTO clients (client_number, client_id, created_at, updated_at, deleted_at, name, description, administrative_contact, technical_contact,
        state, state_description, skip_authorization, endorsed, attributes, redirect_uris, logout_redirect_uris, grants, rights, registered_by,
        approved_rights)
    SELECT client_number, client_id, created_at, updated_at, deleted_at, name, description, administrative_contact, technical_contact,
        state, state_description, skip_authorization, endorsed,
        (SELECT nullif(json_group_object(key, value), '{}') FROM (SELECT key, value FROM client_attributes l WHERE l.client_id = c.client_id ORDER BY key)),
        (SELECT json_group_array(uri) FROM (SELECT uri FROM client_redirect_uris l WHERE l.client_id = c.client_id ORDER BY position)),
        (SELECT json_group_array(uri) FROM (SELECT uri FROM client_logout_redirect_uris l WHERE l.client_id = c.client_id ORDER BY position)),
        (SELECT json_group_array(grant_type) FROM (SELECT grant_type FROM client_grants l WHERE l.client_id = c.client_id ORDER BY position)),
        (SELECT json_group_array(right) FROM (SELECT right FROM client_rights l WHERE l.client_id = c.client_id ORDER BY position)),
        registered_by, approved_rights
    FROM old_clients c ORDER BY client_number;

CREATE INDEX clients_live_by_name ON clients (name, client_id) WHERE deleted_at IS NULL;
CREATE INDEX clients_live_by_creation ON clients (created_at, client_id) WHERE deleted_at IS NULL;
CREATE INDEX clients_not_approved ON clients (state, client_id) WHERE deleted_at IS NULL AND state <> 1;
CREATE INDEX clients_deleted ON clients (client_id) WHERE deleted_at IS NOT NULL;
CREATE INDEX clients_with_attributes ON clients (client_id) WHERE attributes IS NOT NULL;
CREATE INDEX clients_by_other_administrative_contact ON clients (administrative_contact) WHERE administrative_contact IS NOT registered_by;
CREATE INDEX clients_by_other_technical_contact ON clients (technical_contact) WHERE technical_contact IS NOT registered_by;

CREATE TABLE client_secrets (
    client_number INTEGER NOT NULL REFERENCES clients (client_number) ON DELETE CASCADE,
    secret_number INTEGER NOT NULL,
    secret_hash   TEXT NOT NULL,
    created_at    INTEGER NOT NULL,
    expires_at    INTEGER,
    last_used_at  INTEGER,
    PRIMARY KEY (client_number, secret_number)
) STRICT, WITHOUT ROWID;

CREATE INDEX client_secrets_by_end ON client_secrets (expires_at) WHERE expires_at IS NOT NULL;

INSERT INTO client_secrets (client_number, secret_number, secret_hash, created_at, expires_at, last_used_at)
    SELECT c.client_number, secret_number, secret_hash, s.created_at, expires_at, last_used_at
    FROM clients c CROSS JOIN old_client_secrets s ON s.client_id = c.client_id ORDER BY c.client_number;

CREATE TABLE client_members (
    client_number INTEGER NOT NULL REFERENCES clients (client_number) ON DELETE CASCADE,
    account_id    TEXT NOT NULL REFERENCES accounts (account_id) ON DELETE CASCADE,
    rights        TEXT NOT NULL,
    client_id     TEXT NOT NULL,
    is_live       INTEGER NOT NULL DEFAULT 1 CHECK (is_live IN (0, 1)),
    PRIMARY KEY (client_number, account_id)
) STRICT, WITHOUT ROWID;

INSERT INTO client_members (client_number, account_id, rights, client_id, is_live)
    SELECT c.client_number, m.account_id,
        (SELECT json_group_array(right) FROM (SELECT right FROM client_member_rights l
            WHERE l.client_id = m.client_id AND l.account_id = m.account_id ORDER BY position)),
        m.client_id, m.is_live
    FROM clients c CROSS JOIN old_client_members m ON m.client_id = c.client_id ORDER BY c.client_number;

CREATE INDEX client_members_by_account ON client_members (account_id, is_live, client_id);

ALTER TABLE organization_members ADD COLUMN rights TEXT NOT NULL DEFAULT '[]';
UPDATE organization_members SET rights =
    (SELECT json_group_array(right) FROM (SELECT right FROM organization_member_rights l
        WHERE l.organization_id = organization_members.organization_id AND l.account_id = organization_members.account_id ORDER BY position));

ALTER TABLE api_keys ADD COLUMN rights TEXT NOT NULL DEFAULT '[]';
UPDATE api_keys SET rights =
    (SELECT json_group_array(right) FROM (SELECT right FROM api_key_rights l WHERE l.api_key_id = api_keys.api_key_id ORDER BY position));

ALTER TABLE accounts ADD COLUMN attributes TEXT;
UPDATE accounts SET attributes =
    (SELECT json_group_object(key, value) FROM (SELECT key, value FROM account_attributes l WHERE l.account_id = accounts.account_id ORDER BY key))
    WHERE account_id IN (SELECT account_id FROM account_attributes);

DROP TABLE client_attributes;
DROP TABLE client_redirect_uris;
DROP TABLE client_logout_redirect_uris;
DROP TABLE client_grants;
DROP TABLE client_rights;
DROP TABLE client_member_rights;
DROP TABLE organization_member_rights;
DROP TABLE api_key_rights;
DROP TABLE account_attributes;
DROP TABLE old_client_secrets;
DROP TABLE old_client_members;
DROP TABLE old_clients;
DROP TABLE client_counts;
DROP TABLE account_client_counts;

-- What is counted stands in fewer rows.
CREATE TABLE client_counts (
    unused_numbers INTEGER NOT NULL,
    deleted        INTEGER NOT NULL
) STRICT;

INSERT INTO client_counts (unused_numbers, deleted)
    SELECT coalesce(max(client_number), 0) - count(*), count(deleted_at) FROM clients;

CREATE TABLE account_counts (
    account_id         TEXT PRIMARY KEY REFERENCES accounts (account_id) ON DELETE CASCADE,
    live_clients       INTEGER NOT NULL DEFAULT 0,
    deleted_clients    INTEGER NOT NULL DEFAULT 0,
    registered_clients INTEGER NOT NULL DEFAULT 0,
    event_day          INTEGER NOT NULL DEFAULT 0,
    event_rows         INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;

INSERT INTO account_counts (account_id, live_clients, deleted_clients)
    SELECT account_id, sum(is_live), sum(1 - is_live) FROM client_members GROUP BY account_id;
INSERT INTO account_counts (account_id, registered_clients)
    SELECT registered_by, count(*) FROM clients WHERE registered_by IS NOT NULL GROUP BY registered_by
    ON CONFLICT (account_id) DO UPDATE SET registered_clients = excluded.registered_clients;
INSERT INTO account_counts (account_id, event_day, event_rows)
    SELECT entity_id, day, times FROM event_counts JOIN accounts ON account_id = entity_id WHERE entity_kind = 'rows' ORDER BY day
    ON CONFLICT (account_id) DO UPDATE SET event_day = excluded.event_day, event_rows = excluded.event_rows;
DELETE FROM event_counts WHERE entity_kind = 'rows';

CREATE TRIGGER client_counts_delete AFTER DELETE ON clients BEGIN
    UPDATE client_counts SET deleted = deleted - (old.deleted_at IS NOT NULL), unused_numbers = unused_numbers + 1
        - max(0, old.client_number - (SELECT coalesce(max(client_number), 0) FROM clients));
END;

CREATE TRIGGER client_counts_update AFTER UPDATE OF deleted_at ON clients WHEN (old.deleted_at IS NULL) <> (new.deleted_at IS NULL) BEGIN
    UPDATE client_counts SET deleted = deleted + iif(new.deleted_at IS NULL, -1, 1);
    UPDATE client_members SET is_live = (new.deleted_at IS NULL) WHERE client_number = new.client_number;
END;

CREATE TRIGGER registered_clients_insert AFTER INSERT ON clients WHEN new.registered_by IS NOT NULL BEGIN
    INSERT INTO account_counts (account_id, registered_clients) VALUES (new.registered_by, 1)
        ON CONFLICT (account_id) DO UPDATE SET registered_clients = registered_clients + 1;
END;

CREATE TRIGGER registered_clients_delete AFTER DELETE ON clients WHEN old.registered_by IS NOT NULL BEGIN
    UPDATE account_counts SET registered_clients = registered_clients - 1 WHERE account_id = old.registered_by;
END;

CREATE TRIGGER account_counts_insert AFTER INSERT ON client_members BEGIN
    INSERT INTO account_counts (account_id, live_clients, deleted_clients) VALUES (new.account_id, new.is_live, 1 - new.is_live)
        ON CONFLICT (account_id) DO UPDATE SET
            live_clients = live_clients + excluded.live_clients, deleted_clients = deleted_clients + excluded.deleted_clients;
END;

CREATE TRIGGER account_counts_delete AFTER DELETE ON client_members BEGIN
    UPDATE account_counts SET live_clients = live_clients - old.is_live, deleted_clients = deleted_clients - (1 - old.is_live)
        WHERE account_id = old.account_id;
END;

CREATE TRIGGER account_counts_update AFTER UPDATE OF is_live ON client_members BEGIN
    UPDATE account_counts SET
        live_clients = live_clients + new.is_live - old.is_live, deleted_clients = deleted_clients + old.is_live - new.is_live
        WHERE account_id = new.account_id;
END;

CREATE TRIGGER clients_of_purged_account BEFORE DELETE ON accounts BEGIN
    UPDATE clients SET administrative_contact = NULL
        WHERE administrative_contact = old.account_id AND administrative_contact IS NOT registered_by;
    UPDATE clients SET technical_contact = NULL WHERE technical_contact = old.account_id AND technical_contact IS NOT registered_by;
    UPDATE clients SET registered_by = NULL, administrative_contact = nullif(administrative_contact, old.account_id),
        technical_contact = nullif(technical_contact, old.account_id)
        WHERE registered_by = old.account_id
            AND client_id IN (SELECT entity_id FROM events WHERE account_id = old.account_id AND name = 'client.create');
END;

-- The creation of a client needs no index until something else happens to it.
ALTER TABLE events ADD COLUMN is_only INTEGER CHECK (is_only = 1);
DROP INDEX events_by_entity;
CREATE INDEX events_by_entity ON events (entity_kind, entity_id, event_number, name) WHERE is_only IS NULL;

CREATE TRIGGER client_only_event_delete AFTER DELETE ON clients WHEN old.only_event IS NOT NULL BEGIN
    UPDATE events SET is_only = NULL WHERE event_number = old.only_event;
END;

-- The text index has only which letters there are, and new clients wait for it.
DROP TABLE client_text_pending;
DROP TABLE client_text;
CREATE VIRTUAL TABLE client_text USING fts5 (
    client_id, name, description, content = 'clients', content_rowid = 'client_number', tokenize = 'trigram', detail = none, columnsize = 0
);
INSERT INTO client_text (client_text) VALUES ('rebuild');

CREATE TABLE client_text_end (
    client_number INTEGER NOT NULL
) STRICT;

INSERT INTO client_text_end (client_number) SELECT coalesce(max(client_number), 0) FROM clients;

CREATE TRIGGER client_text_update AFTER UPDATE OF name, description ON clients
    WHEN (old.name IS NOT new.name OR old.description <> new.description)
        AND old.client_number <= (SELECT client_number FROM client_text_end) BEGIN
    INSERT INTO client_text (client_text, rowid, client_id, name, description)
        VALUES ('delete', old.client_number, old.client_id, old.name, old.description);
    INSERT INTO client_text (rowid, client_id, name, description) VALUES (new.client_number, new.client_id, new.name, new.description);
END;

CREATE TRIGGER client_text_delete AFTER DELETE ON clients BEGIN
    INSERT INTO client_text (client_text, rowid, client_id, name, description)
        SELECT 'delete', old.client_number, old.client_id, old.name, old.description
        WHERE old.client_number <= (SELECT client_number FROM client_text_end);
    UPDATE client_text_end SET client_number = (SELECT coalesce(max(client_number), 0) FROM clients)
        WHERE client_number > (SELECT coalesce(max(client_number), 0) FROM clients);
END;

DROP TABLE account_text;
CREATE VIRTUAL TABLE account_text USING fts5 (
    account_id, name, description, content = 'accounts', content_rowid = 'account_number', tokenize = 'trigram', detail = none, columnsize = 0
);
INSERT INTO account_text (account_text) VALUES ('rebuild');


-- Tokens have numbers, by and by in the order in which they are issued. Those without an authorization end: nothing leads to them any more.
ALTER TABLE access_tokens RENAME TO old_access_tokens;
CREATE TABLE access_tokens (
    token_number   INTEGER PRIMARY KEY,
    token_id       TEXT NOT NULL UNIQUE,
    family_id      TEXT NOT NULL,
    user_id        TEXT NOT NULL REFERENCES users (user_id) ON DELETE CASCADE,
    client_id      TEXT NOT NULL,
    session_id     TEXT NOT NULL,
    rights         INTEGER NOT NULL,
    access_hash    TEXT NOT NULL,
    refresh_hash   TEXT,
    created_at     INTEGER NOT NULL,
    expires_at     INTEGER NOT NULL,
    ends_at        INTEGER NOT NULL,
    used_at        INTEGER,
    rotated_at     INTEGER,
    refresh_rights INTEGER NOT NULL
) STRICT;

INSERT INTO access_tokens (token_id, family_id, user_id, client_id, session_id, rights, access_hash, refresh_hash, created_at, expires_at, ends_at,
        used_at, rotated_at, refresh_rights)
    SELECT token_id, family_id, user_id, client_id, session_id, rights, access_hash, refresh_hash, created_at, expires_at, ends_at,
        used_at, rotated_at, refresh_rights
    FROM old_access_tokens t
    WHERE EXISTS (SELECT 1 FROM authorizations a WHERE a.user_id = t.user_id AND a.client_id = t.client_id) ORDER BY ends_at;

CREATE TRIGGER tokens_of_purged_client BEFORE DELETE ON clients BEGIN
    DELETE FROM access_tokens WHERE client_id = old.client_id
        AND user_id IN (SELECT user_id FROM authorizations WHERE client_id = old.client_id);
END;

CREATE TABLE token_successors (
    rotated_at   INTEGER NOT NULL,
    token_number INTEGER NOT NULL,
    successor_id TEXT NOT NULL,
    salt         BLOB NOT NULL,
    PRIMARY KEY (rotated_at, token_number)
) STRICT, WITHOUT ROWID;

INSERT INTO token_successors (rotated_at, token_number, successor_id, salt)
    SELECT t.rotated_at, t.token_number, o.successor_id, o.successor_salt
    FROM old_access_tokens o JOIN access_tokens t ON t.token_id = o.token_id
    WHERE o.successor_salt IS NOT NULL AND o.rotated_at IS NOT NULL AND o.successor_id IS NOT NULL;

DROP TABLE old_access_tokens;

CREATE INDEX access_tokens_by_user ON access_tokens (user_id, client_id, rotated_at, created_at);
CREATE INDEX access_tokens_by_family ON access_tokens (family_id, rotated_at);
CREATE INDEX access_tokens_by_end ON access_tokens (ends_at);

PRAGMA legacy_alter_table = OFF;

-- When something that concerns the server itself was last noticed, by its name.
CREATE TABLE observations (
    name        TEXT PRIMARY KEY,
    observed_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- How a user who lacks the password gets to choose a new one: a sign-in link, and the browser in which one is chosen.
CREATE TABLE recoveries (
    recovery_id             TEXT PRIMARY KEY,
    user_id                 TEXT NOT NULL REFERENCES users (user_id) ON DELETE CASCADE,
    step                    TEXT NOT NULL CHECK (step IN ('link', 'choice')),
    expires_at              INTEGER NOT NULL,
    -- The temporary password that led here.
    temporary_password_hash TEXT,
    secret_hash             TEXT NOT NULL,
    UNIQUE (user_id, step)
) STRICT, WITHOUT ROWID;

CREATE INDEX recoveries_by_end ON recoveries (expires_at);

-- The one row changes with every commit, so that a log which a killed server left can be told from another file's (store/wal.rs reads its bytes).
CREATE TABLE file_stamp (
    stamp_number  INTEGER PRIMARY KEY CHECK (stamp_number = 1),
    mark          TEXT NOT NULL CHECK (length(mark) = 8),
    current       BLOB NOT NULL CHECK (length(current) = 16),
    previous      BLOB NOT NULL CHECK (length(previous) = 16),
    -- SQLite's counter of changes of the schema, as four bytes: in what VACUUM writes, it is ahead of this.
    schema_cookie BLOB NOT NULL CHECK (length(schema_cookie) = 4),
    -- Whether it is a backup, which has a seal behind its last page (store/seal.rs).
    is_copy       INTEGER NOT NULL CHECK (is_copy IN (0, 1))
) STRICT;

INSERT INTO file_stamp VALUES (1, 'kfobfile', zeroblob(16), zeroblob(16), zeroblob(4), 0);
