-- The whole schema, always as it is now. A change edits this file and appends an upgrade in src/store/schema.rs.
-- Times are microseconds since 1970 in UTC. Lists are JSON arrays, in the order sent; rights and grants stand in them by their numbers.

-- Users and organizations share one namespace of IDs, which stays taken after deletion (registry.md 2.1).
CREATE TABLE accounts (
    account_number INTEGER PRIMARY KEY,
    account_id     TEXT NOT NULL UNIQUE CHECK (length(account_id) BETWEEN 2 AND 36 AND account_id NOT GLOB '*[^a-z0-9-]*'),
    kind           TEXT NOT NULL CHECK (kind IN ('user', 'organization')),
    created_at     INTEGER NOT NULL,
    updated_at     INTEGER NOT NULL,
    deleted_at     INTEGER,
    -- Empty names are absent, so that they sort as such.
    name           TEXT CHECK (length(name) BETWEEN 1 AND 50),
    description    TEXT NOT NULL CHECK (length(description) <= 2000),
    -- A JSON object; absent where it is empty.
    attributes     TEXT
) STRICT;

CREATE INDEX accounts_by_kind ON accounts (kind, account_id);
CREATE INDEX accounts_by_name ON accounts (kind, name, account_id);
CREATE INDEX accounts_by_creation ON accounts (kind, created_at, account_id);

CREATE TABLE users (
    user_id                            TEXT PRIMARY KEY REFERENCES accounts (account_id) ON DELETE CASCADE,
    primary_email_address              TEXT NOT NULL,
    -- The address in lower case while the user is live: unique among the living (registry.md 6.1).
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
    temporary_password_expires_at      INTEGER,
    -- What OpenID Connect calls the user by: random, so that nobody ever gets it again, whatever becomes of the ID.
    subject                            TEXT
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX users_by_subject ON users (subject);

CREATE INDEX users_admins ON users (user_id) WHERE admin = 1;
-- The rounds of a password are the number behind `PBKDF2$sha256$`; the most of them is what comparing with any password takes.
CREATE INDEX users_by_password_rounds ON users (CAST(substr(password_hash, 15) AS INTEGER));

CREATE TABLE organizations (
    organization_id        TEXT PRIMARY KEY REFERENCES accounts (account_id) ON DELETE CASCADE,
    administrative_contact TEXT REFERENCES accounts (account_id) ON DELETE SET NULL,
    technical_contact      TEXT REFERENCES accounts (account_id) ON DELETE SET NULL,
    fanout_notifications   INTEGER CHECK (fanout_notifications IN (0, 1)),
    -- Who created it, member or not: of what somebody may create there is a most.
    created_by             TEXT REFERENCES accounts (account_id) ON DELETE SET NULL,
    -- Whether an administrator or the operator did.
    made_by_admin          INTEGER NOT NULL DEFAULT 0 CHECK (made_by_admin IN (0, 1)),
    -- Whether it counts as a group of its members for the apps that they sign in to. Absent: if an administrator made it.
    is_group               INTEGER CHECK (is_group IN (0, 1))
) STRICT, WITHOUT ROWID;

CREATE INDEX organizations_by_administrative_contact ON organizations (administrative_contact);
CREATE INDEX organizations_by_technical_contact ON organizations (technical_contact);
CREATE INDEX organizations_by_creator ON organizations (created_by);

CREATE TABLE organization_members (
    organization_id TEXT NOT NULL REFERENCES organizations (organization_id) ON DELETE CASCADE,
    account_id      TEXT NOT NULL REFERENCES accounts (account_id) ON DELETE CASCADE,
    rights          TEXT NOT NULL DEFAULT '[]',
    PRIMARY KEY (organization_id, account_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX organization_members_by_account ON organization_members (account_id, organization_id);

CREATE TABLE api_keys (
    api_key_id TEXT PRIMARY KEY,
    account_id TEXT NOT NULL REFERENCES accounts (account_id) ON DELETE CASCADE,
    -- Empty names are absent, so that they sort as such.
    name       TEXT CHECK (length(name) BETWEEN 1 AND 50),
    key_hash   TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    expires_at INTEGER,
    -- The user who made it, and so may hold it: while that user is suspended or rejected, it is refused.
    created_by TEXT REFERENCES users (user_id) ON DELETE SET NULL,
    rights     TEXT NOT NULL DEFAULT '[]',
    -- When it was last used, to the day.
    used_at    INTEGER
) STRICT, WITHOUT ROWID;

CREATE INDEX api_keys_by_account ON api_keys (account_id, api_key_id);
CREATE INDEX api_keys_by_creator ON api_keys (created_by);

CREATE TABLE clients (
    client_number          INTEGER PRIMARY KEY,
    client_id              TEXT NOT NULL UNIQUE CHECK (length(client_id) BETWEEN 3 AND 36 AND client_id NOT GLOB '*[^a-z0-9-]*'),
    created_at             INTEGER NOT NULL,
    updated_at             INTEGER NOT NULL,
    deleted_at             INTEGER,
    -- Empty names are absent, so that they sort as such.
    name                   TEXT CHECK (length(name) BETWEEN 1 AND 50),
    description            TEXT NOT NULL CHECK (length(description) <= 2000),
    -- Accounts, as registered_by is: a trigger clears them when the account is purged.
    administrative_contact TEXT,
    technical_contact      TEXT,
    state                  INTEGER NOT NULL CHECK (state BETWEEN 0 AND 4),
    state_description      TEXT NOT NULL CHECK (length(state_description) <= 128),
    skip_authorization     INTEGER NOT NULL CHECK (skip_authorization IN (0, 1)),
    endorsed               INTEGER NOT NULL CHECK (endorsed IN (0, 1)),
    -- A JSON object; absent where it is empty.
    attributes             TEXT,
    redirect_uris          TEXT NOT NULL DEFAULT '[]',
    logout_redirect_uris   TEXT NOT NULL DEFAULT '[]',
    grants                 TEXT NOT NULL DEFAULT '[]',
    rights                 TEXT NOT NULL DEFAULT '[]',
    -- Who registered it, collaborator or not: of what somebody may register there is a most, and before it is approved it is for that user.
    registered_by          TEXT,
    -- What it could ask everyone for when it last could: a set of rights.
    approved_rights        INTEGER NOT NULL DEFAULT 0,
    -- The event of its creation, if nothing has happened to it since.
    only_event             INTEGER,
    -- How it signs users in: a JSON object of what is not as by default; absent where all is.
    sign_in                TEXT
) STRICT;

-- Every index here is one more page that a registration writes, so most are of exceptions.
CREATE INDEX clients_live_by_name ON clients (name, client_id) WHERE deleted_at IS NULL;
CREATE INDEX clients_live_by_creation ON clients (created_at, client_id) WHERE deleted_at IS NULL;
CREATE INDEX clients_not_approved ON clients (state, client_id) WHERE deleted_at IS NULL AND state <> 1;
CREATE INDEX clients_deleted ON clients (client_id) WHERE deleted_at IS NOT NULL;
CREATE INDEX clients_endorsed ON clients (client_id) WHERE endorsed = 1 AND deleted_at IS NULL;
CREATE INDEX clients_with_attributes ON clients (client_id) WHERE attributes IS NOT NULL;
CREATE INDEX clients_by_other_administrative_contact ON clients (administrative_contact) WHERE administrative_contact IS NOT registered_by;
CREATE INDEX clients_by_other_technical_contact ON clients (technical_contact) WHERE technical_contact IS NOT registered_by;

-- Several secrets may be good at once: the newest, and older ones until their grace ends.
CREATE TABLE client_secrets (
    client_number INTEGER NOT NULL REFERENCES clients (client_number) ON DELETE CASCADE,
    -- Greater for newer secrets of the client.
    secret_number INTEGER NOT NULL,
    secret_hash   TEXT NOT NULL,
    created_at    INTEGER NOT NULL,
    expires_at    INTEGER,
    last_used_at  INTEGER,
    PRIMARY KEY (client_number, secret_number)
) STRICT, WITHOUT ROWID;

CREATE INDEX client_secrets_by_end ON client_secrets (expires_at) WHERE expires_at IS NOT NULL;

-- New clients have the greatest numbers, so that what belongs to them is written together at the end of its table.
CREATE TABLE client_members (
    client_number INTEGER NOT NULL REFERENCES clients (client_number) ON DELETE CASCADE,
    account_id    TEXT NOT NULL REFERENCES accounts (account_id) ON DELETE CASCADE,
    rights        TEXT NOT NULL,
    -- The ID of the client, and whether it is live (by a trigger), so that a page of an account's clients is found in one index. A deleted client gets no new members.
    client_id     TEXT NOT NULL,
    is_live       INTEGER NOT NULL DEFAULT 1 CHECK (is_live IN (0, 1)),
    PRIMARY KEY (client_number, account_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX client_members_by_account ON client_members (account_id, is_live, client_id);

-- Collaborators who asked to try a client before it is approved, beside the user who registered it.
CREATE TABLE client_testers (
    client_id  TEXT NOT NULL REFERENCES clients (client_id) ON DELETE CASCADE,
    user_id    TEXT NOT NULL REFERENCES users (user_id) ON DELETE CASCADE,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (client_id, user_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX client_testers_by_user ON client_testers (user_id);

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

-- How many clients there are: as many as the greatest number, less those that no client has any more. And how many of them are deleted.
-- Every page of a list says it, and counting a million takes longer than reading a page.
CREATE TABLE client_counts (
    unused_numbers INTEGER NOT NULL,
    deleted        INTEGER NOT NULL
) STRICT;

INSERT INTO client_counts (unused_numbers, deleted) VALUES (0, 0);

-- What is counted of each account, in one row, because much of it changes together.
CREATE TABLE account_counts (
    account_id         TEXT PRIMARY KEY REFERENCES accounts (account_id) ON DELETE CASCADE,
    -- The clients that it is a collaborator of.
    live_clients       INTEGER NOT NULL DEFAULT 0,
    deleted_clients    INTEGER NOT NULL DEFAULT 0,
    -- The clients that it registered, live or deleted.
    registered_clients INTEGER NOT NULL DEFAULT 0,
    -- How many rows it added to the history on this day (days since 1970, UTC), its last.
    event_day          INTEGER NOT NULL DEFAULT 0,
    event_rows         INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;

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

-- The clients that an account registered are those that its events say it created.
CREATE TRIGGER clients_of_purged_account BEFORE DELETE ON accounts BEGIN
    UPDATE clients SET administrative_contact = NULL
        WHERE administrative_contact = old.account_id AND administrative_contact IS NOT registered_by;
    UPDATE clients SET technical_contact = NULL WHERE technical_contact = old.account_id AND technical_contact IS NOT registered_by;
    UPDATE clients SET registered_by = NULL, administrative_contact = nullif(administrative_contact, old.account_id),
        technical_contact = nullif(technical_contact, old.account_id)
        WHERE registered_by = old.account_id
            AND client_id IN (SELECT entity_id FROM events WHERE account_id = old.account_id AND name = 'client.create');
END;

-- What happened, written in the transaction that does it. What is repeated over and over is counted in one row; refusals go after a while.
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
    -- What was and what is: JSON objects of the fields that differ, secrets masked. `null` stands for each field of the other one, absent.
    old_values   TEXT NOT NULL CHECK (json_valid(old_values)),
    new_values   TEXT NOT NULL CHECK (json_valid(new_values)),
    -- The OAuth client that acted, in the name of the account or by itself.
    client_id    TEXT,
    -- How often it happened: the last time at happened_at, the first at first_at, which is absent where it happened once.
    times        INTEGER NOT NULL DEFAULT 1,
    first_at     INTEGER,
    -- The creation of a client to which nothing has happened since, so that no index has to find it: the client's row does.
    is_only      INTEGER CHECK (is_only = 1),
    -- The event that this one undoes, if it is an undo.
    undoes       INTEGER
) STRICT;

-- With their names, to skip refusals, of which there may be many, without reading them.
CREATE INDEX events_by_entity ON events (entity_kind, entity_id, event_number, name) WHERE is_only IS NULL;
CREATE INDEX events_by_actor ON events (account_id, event_number);

CREATE TRIGGER client_only_event_delete AFTER DELETE ON clients WHEN old.only_event IS NOT NULL BEGIN
    UPDATE events SET is_only = NULL WHERE event_number = old.only_event;
END;

-- How often a kind of event happened on a day (days since 1970, UTC), and the row of the last; kept for that day.
CREATE TABLE event_counts (
    entity_kind  TEXT NOT NULL,
    entity_id    TEXT NOT NULL,
    day          INTEGER NOT NULL,
    -- What makes it the same kind, as JSON.
    kind         TEXT NOT NULL,
    times        INTEGER NOT NULL,
    event_number INTEGER NOT NULL,
    PRIMARY KEY (entity_kind, entity_id, day, kind)
) STRICT, WITHOUT ROWID;

CREATE INDEX event_counts_by_day ON event_counts (day);

-- Substring search: an index of every three letters, without where they stand: a match is looked at again.
CREATE VIRTUAL TABLE client_text USING fts5 (
    client_id, name, description, content = 'clients', content_rowid = 'client_number', tokenize = 'trigram', detail = none, columnsize = 0
);

-- The greatest number of a client that is in the index. Later ones are added many together: one by one, the index would take a third of the
-- work of a registration.
CREATE TABLE client_text_end (
    client_number INTEGER NOT NULL
) STRICT;

INSERT INTO client_text_end (client_number) VALUES (0);

-- Only where a text changed: an update names every column, and writing the index is most of its work.
CREATE TRIGGER client_text_update AFTER UPDATE OF name, description ON clients
    WHEN (old.name IS NOT new.name OR old.description <> new.description)
        AND old.client_number <= (SELECT client_number FROM client_text_end) BEGIN
    INSERT INTO client_text (client_text, rowid, client_id, name, description)
        VALUES ('delete', old.client_number, old.client_id, old.name, old.description);
    INSERT INTO client_text (rowid, client_id, name, description) VALUES (new.client_number, new.client_id, new.name, new.description);
END;

-- The number of the newest client is given again.
CREATE TRIGGER client_text_delete AFTER DELETE ON clients BEGIN
    INSERT INTO client_text (client_text, rowid, client_id, name, description)
        SELECT 'delete', old.client_number, old.client_id, old.name, old.description
        WHERE old.client_number <= (SELECT client_number FROM client_text_end);
    UPDATE client_text_end SET client_number = (SELECT coalesce(max(client_number), 0) FROM clients)
        WHERE client_number > (SELECT coalesce(max(client_number), 0) FROM clients);
END;

CREATE VIRTUAL TABLE account_text USING fts5 (
    account_id, name, description, content = 'accounts', content_rowid = 'account_number', tokenize = 'trigram', detail = none, columnsize = 0
);

CREATE TRIGGER account_text_insert AFTER INSERT ON accounts BEGIN
    INSERT INTO account_text (rowid, account_id, name, description) VALUES (new.account_number, new.account_id, new.name, new.description);
END;

CREATE TRIGGER account_text_update AFTER UPDATE OF name, description ON accounts
    WHEN old.name IS NOT new.name OR old.description <> new.description BEGIN
    INSERT INTO account_text (account_text, rowid, account_id, name, description)
        VALUES ('delete', old.account_number, old.account_id, old.name, old.description);
    INSERT INTO account_text (rowid, account_id, name, description) VALUES (new.account_number, new.account_id, new.name, new.description);
END;

CREATE TRIGGER account_text_delete AFTER DELETE ON accounts BEGIN
    INSERT INTO account_text (account_text, rowid, account_id, name, description)
        VALUES ('delete', old.account_number, old.account_id, old.name, old.description);
END;

-- Who is signed in, in which browser. What proves it is in the cookie and never kept in clear.
CREATE TABLE sessions (
    session_id  TEXT PRIMARY KEY,
    user_id     TEXT NOT NULL REFERENCES users (user_id) ON DELETE CASCADE,
    secret_hash TEXT NOT NULL,
    created_at  INTEGER NOT NULL,
    -- When it was last used, to the hour: a session that nobody uses ends.
    updated_at  INTEGER NOT NULL,
    -- The digest of the request for which its user was asked to sign in, until it is answered.
    signed_in_for TEXT,
    -- Where its user signed in, no more exactly than a person needs to recognize it: `Firefox on Linux`, `203.0.113.0/24`. Absent if unknown.
    browser     TEXT,
    network     TEXT
) STRICT, WITHOUT ROWID;

CREATE INDEX sessions_by_user ON sessions (user_id, session_id);
CREATE INDEX sessions_by_creation ON sessions (created_at);
CREATE INDEX sessions_by_use ON sessions (updated_at);

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

-- When something that concerns the server itself was last noticed, by its name.
CREATE TABLE observations (
    name        TEXT PRIMARY KEY,
    observed_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- How often somebody guessed wrong at a user or a client, from anywhere or from a network, and when last by a clock that nobody sets.
CREATE TABLE sign_in_failures (
    subject  TEXT PRIMARY KEY,
    failures INTEGER NOT NULL,
    last_at  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX sign_in_failures_by_time ON sign_in_failures (last_at);

-- Where a user has signed in before: from there nobody else's failures lock the user out.
CREATE TABLE sign_in_addresses (
    user_id TEXT NOT NULL REFERENCES users (user_id) ON DELETE CASCADE,
    address TEXT NOT NULL,
    last_at INTEGER NOT NULL,
    PRIMARY KEY (user_id, address)
) STRICT, WITHOUT ROWID;

CREATE INDEX sign_in_addresses_by_time ON sign_in_addresses (last_at);

-- What a user allowed a client. Here rights are a set: bit n is the right of number n.
CREATE TABLE authorizations (
    user_id    TEXT NOT NULL REFERENCES users (user_id) ON DELETE CASCADE,
    client_id  TEXT NOT NULL REFERENCES clients (client_id) ON DELETE CASCADE,
    rights     INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    -- Those of them that the user was asked about; the others an administrator allowed the client to take.
    agreed     INTEGER NOT NULL DEFAULT 0,
    -- The words of the scope that name no rights, with spaces between them, and those that the user was asked about.
    words        TEXT NOT NULL DEFAULT '',
    agreed_words TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (user_id, client_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX authorizations_by_client ON authorizations (client_id, updated_at);

CREATE TABLE authorization_codes (
    code_id        TEXT PRIMARY KEY,
    code_hash      TEXT NOT NULL,
    user_id        TEXT NOT NULL REFERENCES users (user_id) ON DELETE CASCADE,
    client_id      TEXT NOT NULL REFERENCES clients (client_id) ON DELETE CASCADE,
    -- Codes and tokens outlive the session in which they were granted.
    session_id     TEXT NOT NULL,
    rights         INTEGER NOT NULL,
    redirect_uri   TEXT NOT NULL,
    code_challenge TEXT,
    created_at     INTEGER NOT NULL,
    expires_at     INTEGER NOT NULL,
    -- The tokens that it was redeemed for. A redeemed code stays for a while, so that its second use is noticed.
    family_id      TEXT,
    -- Whether the client asked for other words than what was granted: then it is told that with the tokens.
    scope_differs  INTEGER NOT NULL DEFAULT 0 CHECK (scope_differs IN (0, 1)),
    -- The words of the scope that name no rights, with spaces between them.
    words          TEXT NOT NULL DEFAULT '',
    -- For the ID token, if the client asks for one: what it is to repeat, and when the user signed in.
    nonce          TEXT,
    signed_in_at   INTEGER
) STRICT, WITHOUT ROWID;

CREATE INDEX authorization_codes_by_user ON authorization_codes (user_id, client_id);
CREATE INDEX authorization_codes_by_client ON authorization_codes (client_id);
CREATE INDEX authorization_codes_by_end ON authorization_codes (expires_at);
CREATE INDEX authorization_codes_unused ON authorization_codes (expires_at) WHERE family_id IS NULL;

-- An access token and the refresh token of the same ID. All that came from one code is one family. A token has its user's authorization of
-- its client: when the client is purged, that leads a trigger to it.
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
    -- From then on nothing of it is good for anything, and the row may go.
    ends_at        INTEGER NOT NULL,
    -- When a fresh successor was first used: then its predecessor cannot ask for it again, if the client has no secret.
    used_at        INTEGER,
    -- Rotated away; kept for a while, so that a second use of the refresh token is noticed.
    rotated_at     INTEGER,
    -- What the refresh token can bring: `rights`, or more if the last refresh asked for less (RFC 6749 section 6).
    refresh_rights INTEGER NOT NULL,
    -- The words of the scope that name no rights, with spaces between them: of the access token, and of the refresh token.
    words          TEXT NOT NULL DEFAULT '',
    refresh_words  TEXT NOT NULL DEFAULT '',
    -- When the user signed in, if an ID token tells it.
    signed_in_at   INTEGER
) STRICT;

CREATE INDEX access_tokens_by_user ON access_tokens (user_id, client_id, rotated_at, created_at);
CREATE INDEX access_tokens_by_family ON access_tokens (family_id, rotated_at);
CREATE INDEX access_tokens_by_end ON access_tokens (ends_at);

CREATE TRIGGER tokens_of_purged_client BEFORE DELETE ON clients BEGIN
    DELETE FROM access_tokens WHERE client_id = old.client_id
        AND user_id IN (SELECT user_id FROM authorizations WHERE client_id = old.client_id);
END;

-- What a token was rotated into, and the salt from which the successor's keys follow with the presented token: there for as long as it can
-- be asked for again.
CREATE TABLE token_successors (
    rotated_at   INTEGER NOT NULL,
    token_number INTEGER NOT NULL,
    successor_id TEXT NOT NULL,
    salt         BLOB NOT NULL,
    PRIMARY KEY (rotated_at, token_number)
) STRICT, WITHOUT ROWID;

-- How many tokens a client got on a day (days since 1970, UTC).
CREATE TABLE client_token_days (
    client_id      TEXT NOT NULL REFERENCES clients (client_id) ON DELETE CASCADE,
    day            INTEGER NOT NULL,
    issued         INTEGER NOT NULL,
    last_issued_at INTEGER NOT NULL,
    PRIMARY KEY (client_id, day)
) STRICT, WITHOUT ROWID;

CREATE INDEX client_token_days_by_day ON client_token_days (day);

-- What was refused to a client comes from strangers: it goes after a while.
CREATE INDEX events_of_old_refusals ON events (happened_at) WHERE name IN ('client.authorize.refuse', 'client.token.refuse');

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

-- The keys that sign ID tokens and JWT access tokens, in the order in which they were made or imported.
CREATE TABLE signing_keys (
    key_number  INTEGER PRIMARY KEY,
    -- The thumbprint of the public key (RFC 7638).
    key_id      TEXT NOT NULL UNIQUE,
    algorithm   TEXT NOT NULL CHECK (algorithm IN ('RS256', 'ES256')),
    -- As ring verifies by it: an RSAPublicKey (RFC 8017), or an uncompressed point.
    public_key  BLOB NOT NULL,
    -- PKCS#8.
    private_key BLOB NOT NULL,
    created_at  INTEGER NOT NULL,
    -- It is published before it signs, so that nobody meets a token of a key that they have not read.
    signs_from  INTEGER NOT NULL
) STRICT;

-- Secrets of this server that are no key of a signature.
CREATE TABLE server_keys (
    name  TEXT PRIMARY KEY,
    value BLOB NOT NULL
) STRICT, WITHOUT ROWID;
