-- Sessions, authorizations, codes and tokens.

-- Who is signed in, in which browser. What proves it is in the cookie and never kept in clear.
CREATE TABLE sessions (
    session_id  TEXT PRIMARY KEY,
    user_id     TEXT NOT NULL REFERENCES users (user_id) ON DELETE CASCADE,
    secret_hash TEXT NOT NULL,
    created_at  INTEGER NOT NULL,
    -- When it was last used, to the hour: a session that nobody uses ends.
    updated_at  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX sessions_by_user ON sessions (user_id, session_id);
CREATE INDEX sessions_by_creation ON sessions (created_at);
CREATE INDEX sessions_by_use ON sessions (updated_at);

-- How often somebody failed to sign in: a user from anywhere, from an address, or anybody from an address.
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
    family_id      TEXT
) STRICT, WITHOUT ROWID;

CREATE INDEX authorization_codes_by_user ON authorization_codes (user_id, client_id);
CREATE INDEX authorization_codes_by_client ON authorization_codes (client_id);
CREATE INDEX authorization_codes_by_end ON authorization_codes (expires_at);
CREATE INDEX authorization_codes_unused ON authorization_codes (expires_at) WHERE family_id IS NULL;

-- An access token and the refresh token of the same ID. All that came from one code is one family.
CREATE TABLE access_tokens (
    token_id       TEXT PRIMARY KEY,
    family_id      TEXT NOT NULL,
    user_id        TEXT NOT NULL REFERENCES users (user_id) ON DELETE CASCADE,
    client_id      TEXT NOT NULL REFERENCES clients (client_id) ON DELETE CASCADE,
    session_id     TEXT NOT NULL,
    rights         INTEGER NOT NULL,
    access_hash    TEXT NOT NULL,
    refresh_hash   TEXT,
    created_at     INTEGER NOT NULL,
    expires_at     INTEGER NOT NULL,
    -- From then on nothing of it is good for anything, and the row may go.
    ends_at        INTEGER NOT NULL,
    -- When a fresh successor was first used: then its predecessor cannot ask for it again.
    used_at        INTEGER,
    -- Rotated away; kept for a while, so that a second use of the refresh token is noticed.
    rotated_at     INTEGER,
    successor_id   TEXT,
    -- What the successor's keys follow from, with the presented token: there until it was asked for again.
    successor_salt BLOB
) STRICT, WITHOUT ROWID;

CREATE INDEX access_tokens_by_user ON access_tokens (user_id, client_id, created_at);
CREATE INDEX access_tokens_by_client ON access_tokens (client_id);
CREATE INDEX access_tokens_by_family ON access_tokens (family_id);
CREATE INDEX access_tokens_by_end ON access_tokens (ends_at);
CREATE INDEX access_tokens_repeatable ON access_tokens (rotated_at) WHERE successor_salt IS NOT NULL;

-- How many tokens a client got on a day (days since 1970, UTC).
CREATE TABLE client_token_days (
    client_id      TEXT NOT NULL REFERENCES clients (client_id) ON DELETE CASCADE,
    day            INTEGER NOT NULL,
    issued         INTEGER NOT NULL,
    last_issued_at INTEGER NOT NULL,
    PRIMARY KEY (client_id, day)
) STRICT, WITHOUT ROWID;

CREATE INDEX client_token_days_by_day ON client_token_days (day);

CREATE INDEX client_secrets_by_end ON client_secrets (expires_at) WHERE expires_at IS NOT NULL;

-- What was refused to a client comes from strangers: it is counted, and goes after a while.
CREATE INDEX events_of_refusals ON events (entity_id, happened_at) WHERE name IN ('client.authorize.refuse', 'client.token.refuse');
CREATE INDEX events_of_old_refusals ON events (happened_at) WHERE name IN ('client.authorize.refuse', 'client.token.refuse');
