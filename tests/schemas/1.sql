-- The first schema. Never edited: later ones follow from it by the steps in src/store/upgrades.
-- Times are microseconds since 1970 in UTC. Lists live in child tables, in the order sent (`position`).

-- Users and organizations share one namespace of IDs, which stays taken after deletion.
CREATE TABLE accounts (
    account_number INTEGER PRIMARY KEY,
    account_id     TEXT NOT NULL UNIQUE CHECK (length(account_id) BETWEEN 2 AND 36 AND account_id NOT GLOB '*[^a-z0-9-]*'),
    kind           TEXT NOT NULL CHECK (kind IN ('user', 'organization')),
    created_at     INTEGER NOT NULL,
    updated_at     INTEGER NOT NULL,
    deleted_at     INTEGER,
    -- Empty names are absent, so that they sort as such.
    name           TEXT CHECK (length(name) BETWEEN 1 AND 50),
    description    TEXT NOT NULL CHECK (length(description) <= 2000)
) STRICT;

CREATE INDEX accounts_by_kind ON accounts (kind, account_id);
CREATE INDEX accounts_by_name ON accounts (kind, name, account_id);
CREATE INDEX accounts_by_creation ON accounts (kind, created_at, account_id);

CREATE TABLE account_attributes (
    account_id TEXT NOT NULL REFERENCES accounts (account_id) ON DELETE CASCADE,
    key        TEXT NOT NULL,
    value      TEXT NOT NULL CHECK (length(value) <= 200),
    PRIMARY KEY (account_id, key)
) STRICT, WITHOUT ROWID;

CREATE TABLE users (
    user_id                            TEXT PRIMARY KEY REFERENCES accounts (account_id) ON DELETE CASCADE,
    primary_email_address              TEXT NOT NULL,
    -- The address in lower case while the user is live: unique among the living.
    live_email_address                 TEXT UNIQUE,
    primary_email_address_validated_at INTEGER,
    password_hash                      TEXT NOT NULL,
    password_updated_at                INTEGER,
    require_password_update            INTEGER NOT NULL CHECK (require_password_update IN (0, 1)),
    state                              INTEGER NOT NULL CHECK (state BETWEEN 0 AND 4),
    state_description                  TEXT NOT NULL CHECK (length(state_description) <= 128),
    admin                              INTEGER NOT NULL CHECK (admin IN (0, 1)),
    temporary_password_hash            TEXT,
    temporary_password_created_at      INTEGER,
    temporary_password_expires_at      INTEGER
) STRICT, WITHOUT ROWID;

CREATE INDEX users_admins ON users (user_id) WHERE admin = 1;

CREATE TABLE organizations (
    organization_id        TEXT PRIMARY KEY REFERENCES accounts (account_id) ON DELETE CASCADE,
    administrative_contact TEXT REFERENCES accounts (account_id) ON DELETE SET NULL,
    technical_contact      TEXT REFERENCES accounts (account_id) ON DELETE SET NULL,
    fanout_notifications   INTEGER CHECK (fanout_notifications IN (0, 1))
) STRICT, WITHOUT ROWID;

CREATE INDEX organizations_by_administrative_contact ON organizations (administrative_contact);
CREATE INDEX organizations_by_technical_contact ON organizations (technical_contact);

CREATE TABLE organization_members (
    organization_id TEXT NOT NULL REFERENCES organizations (organization_id) ON DELETE CASCADE,
    account_id      TEXT NOT NULL REFERENCES accounts (account_id) ON DELETE CASCADE,
    PRIMARY KEY (organization_id, account_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX organization_members_by_account ON organization_members (account_id, organization_id);

CREATE TABLE organization_member_rights (
    organization_id TEXT NOT NULL,
    account_id      TEXT NOT NULL,
    position        INTEGER NOT NULL,
    right           INTEGER NOT NULL CHECK (right BETWEEN 0 AND 63),
    PRIMARY KEY (organization_id, account_id, position),
    FOREIGN KEY (organization_id, account_id) REFERENCES organization_members (organization_id, account_id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

CREATE TABLE api_keys (
    api_key_id TEXT PRIMARY KEY,
    account_id TEXT NOT NULL REFERENCES accounts (account_id) ON DELETE CASCADE,
    -- Empty names are absent, so that they sort as such.
    name       TEXT CHECK (length(name) BETWEEN 1 AND 50),
    key_hash   TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    expires_at INTEGER
) STRICT, WITHOUT ROWID;

CREATE INDEX api_keys_by_account ON api_keys (account_id, api_key_id);

CREATE TABLE api_key_rights (
    api_key_id TEXT NOT NULL REFERENCES api_keys (api_key_id) ON DELETE CASCADE,
    position   INTEGER NOT NULL,
    right      INTEGER NOT NULL CHECK (right BETWEEN 0 AND 63),
    PRIMARY KEY (api_key_id, position)
) STRICT, WITHOUT ROWID;

CREATE TABLE clients (
    client_number          INTEGER PRIMARY KEY,
    client_id              TEXT NOT NULL UNIQUE CHECK (length(client_id) BETWEEN 3 AND 36 AND client_id NOT GLOB '*[^a-z0-9-]*'),
    created_at             INTEGER NOT NULL,
    updated_at             INTEGER NOT NULL,
    deleted_at             INTEGER,
    -- Empty names are absent, so that they sort as such.
    name                   TEXT CHECK (length(name) BETWEEN 1 AND 50),
    description            TEXT NOT NULL CHECK (length(description) <= 2000),
    administrative_contact TEXT REFERENCES accounts (account_id) ON DELETE SET NULL,
    technical_contact      TEXT REFERENCES accounts (account_id) ON DELETE SET NULL,
    state                  INTEGER NOT NULL CHECK (state BETWEEN 0 AND 4),
    state_description      TEXT NOT NULL CHECK (length(state_description) <= 128),
    skip_authorization     INTEGER NOT NULL CHECK (skip_authorization IN (0, 1)),
    endorsed               INTEGER NOT NULL CHECK (endorsed IN (0, 1))
) STRICT;

CREATE INDEX clients_live_by_id ON clients (client_id) WHERE deleted_at IS NULL;
CREATE INDEX clients_live_by_name ON clients (name, client_id) WHERE deleted_at IS NULL;
CREATE INDEX clients_live_by_creation ON clients (created_at, client_id) WHERE deleted_at IS NULL;
CREATE INDEX clients_live_by_state ON clients (state, client_id) WHERE deleted_at IS NULL;
CREATE INDEX clients_deleted ON clients (client_id) WHERE deleted_at IS NOT NULL;
CREATE INDEX clients_by_administrative_contact ON clients (administrative_contact);
CREATE INDEX clients_by_technical_contact ON clients (technical_contact);

CREATE TABLE client_attributes (
    client_id TEXT NOT NULL REFERENCES clients (client_id) ON DELETE CASCADE,
    key       TEXT NOT NULL,
    value     TEXT NOT NULL CHECK (length(value) <= 200),
    PRIMARY KEY (client_id, key)
) STRICT, WITHOUT ROWID;

CREATE TABLE client_redirect_uris (
    client_id TEXT NOT NULL REFERENCES clients (client_id) ON DELETE CASCADE,
    position  INTEGER NOT NULL,
    uri       TEXT NOT NULL CHECK (length(uri) <= 128),
    PRIMARY KEY (client_id, position)
) STRICT, WITHOUT ROWID;

CREATE TABLE client_logout_redirect_uris (
    client_id TEXT NOT NULL REFERENCES clients (client_id) ON DELETE CASCADE,
    position  INTEGER NOT NULL,
    uri       TEXT NOT NULL CHECK (length(uri) <= 128),
    PRIMARY KEY (client_id, position)
) STRICT, WITHOUT ROWID;

CREATE TABLE client_grants (
    client_id  TEXT NOT NULL REFERENCES clients (client_id) ON DELETE CASCADE,
    position   INTEGER NOT NULL,
    grant_type INTEGER NOT NULL CHECK (grant_type BETWEEN 0 AND 2),
    PRIMARY KEY (client_id, position)
) STRICT, WITHOUT ROWID;

CREATE TABLE client_rights (
    client_id TEXT NOT NULL REFERENCES clients (client_id) ON DELETE CASCADE,
    position  INTEGER NOT NULL,
    right     INTEGER NOT NULL CHECK (right BETWEEN 0 AND 63),
    PRIMARY KEY (client_id, position)
) STRICT, WITHOUT ROWID;

-- Several secrets may be good at once: the newest, and older ones until their grace ends.
CREATE TABLE client_secrets (
    secret_number INTEGER PRIMARY KEY,
    client_id     TEXT NOT NULL REFERENCES clients (client_id) ON DELETE CASCADE,
    secret_hash   TEXT NOT NULL,
    created_at    INTEGER NOT NULL,
    expires_at    INTEGER,
    last_used_at  INTEGER
) STRICT;

CREATE INDEX client_secrets_by_client ON client_secrets (client_id);

CREATE TABLE client_members (
    client_id  TEXT NOT NULL REFERENCES clients (client_id) ON DELETE CASCADE,
    account_id TEXT NOT NULL REFERENCES accounts (account_id) ON DELETE CASCADE,
    PRIMARY KEY (client_id, account_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX client_members_by_account ON client_members (account_id, client_id);

CREATE TABLE client_member_rights (
    client_id  TEXT NOT NULL,
    account_id TEXT NOT NULL,
    position   INTEGER NOT NULL,
    right      INTEGER NOT NULL CHECK (right BETWEEN 0 AND 63),
    PRIMARY KEY (client_id, account_id, position),
    FOREIGN KEY (client_id, account_id) REFERENCES client_members (client_id, account_id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

-- Every change, one row, written in the transaction that makes it. Only ever appended to.
CREATE TABLE events (
    event_number INTEGER PRIMARY KEY,
    happened_at  INTEGER NOT NULL,
    name         TEXT NOT NULL,
    entity_kind  TEXT NOT NULL,
    entity_id    TEXT NOT NULL,
    -- Who: absent for the operator at the machine, and for strangers who register.
    account_id   TEXT,
    api_key_id   TEXT,
    request_id   TEXT NOT NULL,
    -- What was and what is: JSON objects of the fields that differ, secrets masked.
    old_values   TEXT NOT NULL CHECK (json_valid(old_values)),
    new_values   TEXT NOT NULL CHECK (json_valid(new_values))
) STRICT;

CREATE INDEX events_by_entity ON events (entity_kind, entity_id, event_number);

-- Substring search: an index of every three letters.
CREATE VIRTUAL TABLE client_text USING fts5 (client_id, name, description, content = 'clients', content_rowid = 'client_number', tokenize = 'trigram');

CREATE TRIGGER client_text_insert AFTER INSERT ON clients BEGIN
    INSERT INTO client_text (rowid, client_id, name, description) VALUES (new.client_number, new.client_id, new.name, new.description);
END;

CREATE TRIGGER client_text_update AFTER UPDATE OF name, description ON clients BEGIN
    INSERT INTO client_text (client_text, rowid, client_id, name, description)
        VALUES ('delete', old.client_number, old.client_id, old.name, old.description);
    INSERT INTO client_text (rowid, client_id, name, description) VALUES (new.client_number, new.client_id, new.name, new.description);
END;

CREATE TRIGGER client_text_delete AFTER DELETE ON clients BEGIN
    INSERT INTO client_text (client_text, rowid, client_id, name, description)
        VALUES ('delete', old.client_number, old.client_id, old.name, old.description);
END;

CREATE VIRTUAL TABLE account_text USING fts5 (account_id, name, description, content = 'accounts', content_rowid = 'account_number', tokenize = 'trigram');

CREATE TRIGGER account_text_insert AFTER INSERT ON accounts BEGIN
    INSERT INTO account_text (rowid, account_id, name, description) VALUES (new.account_number, new.account_id, new.name, new.description);
END;

CREATE TRIGGER account_text_update AFTER UPDATE OF name, description ON accounts BEGIN
    INSERT INTO account_text (account_text, rowid, account_id, name, description)
        VALUES ('delete', old.account_number, old.account_id, old.name, old.description);
    INSERT INTO account_text (rowid, account_id, name, description) VALUES (new.account_number, new.account_id, new.name, new.description);
END;

CREATE TRIGGER account_text_delete AFTER DELETE ON accounts BEGIN
    INSERT INTO account_text (account_text, rowid, account_id, name, description)
        VALUES ('delete', old.account_number, old.account_id, old.name, old.description);
END;

PRAGMA application_id = 0x6b666f62;
PRAGMA user_version = 1;
