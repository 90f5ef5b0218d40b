-- See tests/it/kept_databases.rs.
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
CREATE TABLE account_attributes (
    account_id TEXT NOT NULL REFERENCES accounts (account_id) ON DELETE CASCADE,
    key        TEXT NOT NULL,
    value      TEXT NOT NULL CHECK (length(value) <= 200),
    PRIMARY KEY (account_id, key)
) STRICT, WITHOUT ROWID;
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
    temporary_password_expires_at      INTEGER
) STRICT, WITHOUT ROWID;
CREATE TABLE organizations (
    organization_id        TEXT PRIMARY KEY REFERENCES accounts (account_id) ON DELETE CASCADE,
    administrative_contact TEXT REFERENCES accounts (account_id) ON DELETE SET NULL,
    technical_contact      TEXT REFERENCES accounts (account_id) ON DELETE SET NULL,
    fanout_notifications   INTEGER CHECK (fanout_notifications IN (0, 1)),
    -- Who created it, member or not: of what somebody may create there is a most.
    created_by             TEXT REFERENCES accounts (account_id) ON DELETE SET NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE organization_members (
    organization_id TEXT NOT NULL REFERENCES organizations (organization_id) ON DELETE CASCADE,
    account_id      TEXT NOT NULL REFERENCES accounts (account_id) ON DELETE CASCADE,
    PRIMARY KEY (organization_id, account_id)
) STRICT, WITHOUT ROWID;
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
    expires_at INTEGER,
    -- The user who made it, and so may hold it: while that user is suspended or rejected, it is refused.
    created_by TEXT REFERENCES users (user_id) ON DELETE SET NULL
) STRICT, WITHOUT ROWID;
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
    endorsed               INTEGER NOT NULL CHECK (endorsed IN (0, 1)),
    -- Who registered it, collaborator or not: of what somebody may register there is a most, and before it is approved it is for that user.
    registered_by          TEXT REFERENCES accounts (account_id) ON DELETE SET NULL,
    -- What it could ask everyone for when it last could: a set of rights.
    approved_rights        INTEGER NOT NULL DEFAULT 0
) STRICT;
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
CREATE TABLE client_secrets (
    secret_number INTEGER PRIMARY KEY,
    client_id     TEXT NOT NULL REFERENCES clients (client_id) ON DELETE CASCADE,
    secret_hash   TEXT NOT NULL,
    created_at    INTEGER NOT NULL,
    expires_at    INTEGER,
    last_used_at  INTEGER
) STRICT;
CREATE TABLE client_members (
    client_id  TEXT NOT NULL REFERENCES clients (client_id) ON DELETE CASCADE,
    account_id TEXT NOT NULL REFERENCES accounts (account_id) ON DELETE CASCADE,
    -- Whether the client is: kept here too, by a trigger, so that a page of an account's clients is found in one index. A deleted client gets no new members.
    is_live    INTEGER NOT NULL DEFAULT 1 CHECK (is_live IN (0, 1)),
    PRIMARY KEY (client_id, account_id)
) STRICT, WITHOUT ROWID;
CREATE TABLE client_member_rights (
    client_id  TEXT NOT NULL,
    account_id TEXT NOT NULL,
    position   INTEGER NOT NULL,
    right      INTEGER NOT NULL CHECK (right BETWEEN 0 AND 63),
    PRIMARY KEY (client_id, account_id, position),
    FOREIGN KEY (client_id, account_id) REFERENCES client_members (client_id, account_id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE TABLE client_testers (
    client_id  TEXT NOT NULL REFERENCES clients (client_id) ON DELETE CASCADE,
    user_id    TEXT NOT NULL REFERENCES users (user_id) ON DELETE CASCADE,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (client_id, user_id)
) STRICT, WITHOUT ROWID;
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
    new_values   TEXT NOT NULL CHECK (json_valid(new_values)),
    -- The OAuth client that acted, in the name of the account or by itself.
    client_id    TEXT,
    -- How often it happened: the last time at happened_at, the first at first_at, which is absent where it happened once.
    times        INTEGER NOT NULL DEFAULT 1,
    first_at     INTEGER
) STRICT;
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
CREATE TABLE client_text_pending (
    client_number INTEGER PRIMARY KEY
) STRICT;
CREATE TABLE sessions (
    session_id  TEXT PRIMARY KEY,
    user_id     TEXT NOT NULL REFERENCES users (user_id) ON DELETE CASCADE,
    secret_hash TEXT NOT NULL,
    created_at  INTEGER NOT NULL,
    -- When it was last used, to the hour: a session that nobody uses ends.
    updated_at  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE sign_in_failures (
    subject  TEXT PRIMARY KEY,
    failures INTEGER NOT NULL,
    last_at  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE sign_in_addresses (
    user_id TEXT NOT NULL REFERENCES users (user_id) ON DELETE CASCADE,
    address TEXT NOT NULL,
    last_at INTEGER NOT NULL,
    PRIMARY KEY (user_id, address)
) STRICT, WITHOUT ROWID;
CREATE TABLE authorizations (
    user_id    TEXT NOT NULL REFERENCES users (user_id) ON DELETE CASCADE,
    client_id  TEXT NOT NULL REFERENCES clients (client_id) ON DELETE CASCADE,
    rights     INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    -- Those of them that the user was asked about; the others an administrator allowed the client to take.
    agreed     INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (user_id, client_id)
) STRICT, WITHOUT ROWID;
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
    scope_differs  INTEGER NOT NULL DEFAULT 0 CHECK (scope_differs IN (0, 1))
) STRICT, WITHOUT ROWID;
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
    -- When a fresh successor was first used: then its predecessor cannot ask for it again, if the client has no secret.
    used_at        INTEGER,
    -- Rotated away; kept for a while, so that a second use of the refresh token is noticed.
    rotated_at     INTEGER,
    successor_id   TEXT,
    -- What the successor's keys follow from, with the presented token: there for as long as it can be asked for again.
    successor_salt BLOB,
    -- What the refresh token can bring: `rights`, or more if the last refresh asked for less (RFC 6749 section 6).
    refresh_rights INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;
CREATE TABLE client_token_days (
    client_id      TEXT NOT NULL REFERENCES clients (client_id) ON DELETE CASCADE,
    day            INTEGER NOT NULL,
    issued         INTEGER NOT NULL,
    last_issued_at INTEGER NOT NULL,
    PRIMARY KEY (client_id, day)
) STRICT, WITHOUT ROWID;
INSERT INTO access_tokens VALUES ('2ESL7XPK7ZFAXJ55NZZGZYTE3CZO7SUFNBXK6RY', 'TOO5QINXPFJWV6RJ3BLSYXJFUXFS3UHJQZ5DIYI', 'bob', 'my-app', 'a43a0092-1112-4150-954f-5049453c9709', 2, 'SHA256$oi8e3qlnznuIGdVrSeVDdU6tLk6CCeXHYdRBk56vQYI', 'SHA256$TNUlIESP3vWSYWm06P58drhFH7tQKJVBvA8-ExeLUkE', 1767323045698020, 1767326645698020, 1775099045698020, NULL, NULL, NULL, NULL, 2);
INSERT INTO access_tokens VALUES ('TOO5QINXPFJWV6RJ3BLSYXJFUXFS3UHJQZ5DIYI', 'TOO5QINXPFJWV6RJ3BLSYXJFUXFS3UHJQZ5DIYI', 'bob', 'my-app', 'a43a0092-1112-4150-954f-5049453c9709', 2, 'SHA256$d-vpxyxN0njTyfOuuiURkWyRP9npe8D-ihl-EiWO_sY', 'SHA256$hRbLY8rd5WaR95YDp3l2Lr4u3d9v1Khn1oQ2UgJdmQQ', 1767323045697019, 1767326645697019, 1767927845698020, NULL, 1767323045698020, '2ESL7XPK7ZFAXJ55NZZGZYTE3CZO7SUFNBXK6RY', X'FFF1AF5BD87E4F76AF9352F3DB73B6780C997ABF2B67E26BF768ED7A525AF61B', 2);
INSERT INTO account_attributes VALUES ('alice', 'key', 'value');
INSERT INTO account_client_counts VALUES ('alice', 0, 1);
INSERT INTO account_client_counts VALUES ('alice', 1, 2);
INSERT INTO account_client_counts VALUES ('bob', 1, 2);
INSERT INTO accounts VALUES (1, 'admin', 'user', 1767323045678000, 1767323045678000, NULL, NULL, '');
INSERT INTO accounts VALUES (2, 'alice', 'user', 1767323045679001, 1767323045684006, NULL, 'Alice', '');
INSERT INTO accounts VALUES (3, 'bob', 'user', 1767323045680002, 1767323045680002, NULL, NULL, '');
INSERT INTO accounts VALUES (4, 'acme', 'organization', 1767323045681003, 1767323045681003, NULL, 'acme', '');
INSERT INTO api_key_rights VALUES ('5GUUTLMME3NLLG3H65FGJGNRHHZMSQZOQ5NYEKQ', 0, 41);
INSERT INTO api_key_rights VALUES ('5ROOXLEJVHLWFENEMD2IZ5P3DU7TNQ5WHEPINBY', 0, 55);
INSERT INTO api_key_rights VALUES ('ADMINADMINADMINADMINADMINADMINADMINADMI', 0, 55);
INSERT INTO api_key_rights VALUES ('BLXMHGOG6YK5RJMX2WKS7Q3BA5DNVU7WDMC5CLQ', 0, 55);
INSERT INTO api_keys VALUES ('5GUUTLMME3NLLG3H65FGJGNRHHZMSQZOQ5NYEKQ', 'acme', 'key', 'SHA256$HD1zaq-UxXPq04-OyVHpgpMbE-WnLeoSyxLhlBj57mk', 1767323045683005, 1767323045683005, NULL, 'alice');
INSERT INTO api_keys VALUES ('5ROOXLEJVHLWFENEMD2IZ5P3DU7TNQ5WHEPINBY', 'alice', 'alice', 'SHA256$2E5gLL7SC-q0gKr3cATyrAJRTXxhd-NrnKK0KFLHBJk', 1767323045679001, 1767323045679001, NULL, 'alice');
INSERT INTO api_keys VALUES ('ADMINADMINADMINADMINADMINADMINADMINADMI', 'admin', 'admin-api-key', 'SHA256$gIX1BCNqLEN31pgXlW1f6n34ArtwyZMXMX_wJiAayEk', 1767323045678000, 1767323045678000, NULL, NULL);
INSERT INTO api_keys VALUES ('BLXMHGOG6YK5RJMX2WKS7Q3BA5DNVU7WDMC5CLQ', 'bob', 'bob', 'SHA256$rNBKLm899pnrmz2O63ZSnpInXcOcWaAtGD_WmpoCZNg', 1767323045680002, 1767323045680002, NULL, 'bob');
INSERT INTO authorization_codes VALUES ('4HBZIZ3WCPGEWG2FIUBJKX3RC6S4T3C2PHZPAQQ', 'SHA256$Spxu6P2iQg3X7riVRvo9zFS3Ik16j35XrYPNXTKNGNw', 'bob', 'my-app', 'a43a0092-1112-4150-954f-5049453c9709', 2, 'https://app.example/cb', NULL, 1767323045699021, 1767323345699021, NULL, 0);
INSERT INTO authorization_codes VALUES ('QPCVGAMOTLASXCWCHPDOKFFDCX3W2C564CVLMOY', 'SHA256$smqdBrohnpJUYj-ptmdgSkE12zd-xRC5NFSn74LG0xM', 'bob', 'my-app', 'a43a0092-1112-4150-954f-5049453c9709', 2, 'https://app.example/cb', NULL, 1767323045696018, 1767323345696018, 'TOO5QINXPFJWV6RJ3BLSYXJFUXFS3UHJQZ5DIYI', 0);
INSERT INTO authorizations VALUES ('bob', 'my-app', 2, 1767323045696018, 1767323045699021, 2);
INSERT INTO client_attributes VALUES ('my-app', 'key', 'value');
INSERT INTO client_counts VALUES (0, 1);
INSERT INTO client_counts VALUES (1, 3);
INSERT INTO client_grants VALUES ('cli', 0, 0);
INSERT INTO client_grants VALUES ('cli', 1, 2);
INSERT INTO client_grants VALUES ('deleted', 0, 0);
INSERT INTO client_grants VALUES ('my-app', 0, 0);
INSERT INTO client_grants VALUES ('my-app', 1, 2);
INSERT INTO client_grants VALUES ('waiting', 0, 0);
INSERT INTO client_logout_redirect_uris VALUES ('my-app', 0, 'https://app.example/bye');
INSERT INTO client_member_rights VALUES ('deleted', 'alice', 0, 55);
INSERT INTO client_member_rights VALUES ('my-app', 'alice', 0, 55);
INSERT INTO client_member_rights VALUES ('my-app', 'bob', 0, 60);
INSERT INTO client_member_rights VALUES ('waiting', 'alice', 0, 55);
INSERT INTO client_member_rights VALUES ('waiting', 'bob', 0, 60);
INSERT INTO client_members VALUES ('deleted', 'alice', 0);
INSERT INTO client_members VALUES ('my-app', 'alice', 1);
INSERT INTO client_members VALUES ('waiting', 'alice', 1);
INSERT INTO client_members VALUES ('my-app', 'bob', 1);
INSERT INTO client_members VALUES ('waiting', 'bob', 1);
INSERT INTO client_redirect_uris VALUES ('cli', 0, 'local-callback');
INSERT INTO client_redirect_uris VALUES ('cli', 1, 'code');
INSERT INTO client_redirect_uris VALUES ('deleted', 0, 'https://deleted.example.com/callback');
INSERT INTO client_redirect_uris VALUES ('my-app', 0, 'https://app.example/cb');
INSERT INTO client_redirect_uris VALUES ('waiting', 0, 'https://waiting.example.com/callback');
INSERT INTO client_rights VALUES ('cli', 0, 55);
INSERT INTO client_rights VALUES ('deleted', 0, 1);
INSERT INTO client_rights VALUES ('my-app', 0, 1);
INSERT INTO client_rights VALUES ('waiting', 0, 1);
INSERT INTO client_secrets VALUES (1, 'my-app', 'SHA256$weX7I3Ic1nF1e-x-V-EUpw0K-eAXbakI_XInZItPTGY', 1767323045685007, 1767326645701023, 1767323045697019);
INSERT INTO client_secrets VALUES (2, 'waiting', 'SHA256$Jm23_UO8uIqiO77wVj1WERTa6mK52XRzzHE94xVHqgg', 1767323045688010, NULL, NULL);
INSERT INTO client_secrets VALUES (3, 'my-app', 'SHA256$uyQmFDS_HPQpkbDtClv0urlyPlbDv_RfUHTwW6CFssw', 1767323045701023, NULL, NULL);
INSERT INTO client_secrets VALUES (4, 'deleted', 'SHA256$2tS54qpwZTB-hBkMJ_bEBIMQ1qb0knfJeAFdUCm6y1A', 1767323045703025, NULL, NULL);
INSERT INTO client_testers VALUES ('waiting', 'bob', 1767323045695017);
INSERT INTO client_token_days VALUES ('my-app', 20455, 2, 1767323045698020);
INSERT INTO clients VALUES (1, 'cli', 1767323045678000, 1767323045678000, NULL, 'Command line', 'A program in a terminal, such as `keyfob login`', 'admin', 'admin', 1, '', 0, 1, NULL, 0);
INSERT INTO clients VALUES (2, 'my-app', 1767323045685007, 1767323045701023, NULL, 'my-app', 'An app', 'alice', 'alice', 1, '', 0, 0, 'alice', 2);
INSERT INTO clients VALUES (3, 'waiting', 1767323045688010, 1767323045689011, NULL, 'waiting', '', 'alice', 'alice', 0, '', 0, 0, 'alice', 0);
INSERT INTO clients VALUES (4, 'deleted', 1767323045703025, 1767323045703025, 1767323045704026, 'deleted', '', 'alice', 'alice', 0, 'admin approval required', 0, 0, 'alice', 0);
INSERT INTO event_counts VALUES ('client', 'my-app', 20455, '["client.authorization.update",null,"bob",null,null,["rights","user_id"],"XZVK7xbD7ctkUJ6AAJpNB6lxBS8u9hBLvXa1w5z-bBc"]', 1, 21);
INSERT INTO event_counts VALUES ('client', 'my-app', 20455, '["client.token.refuse","refresh_token_malformed",null,null,"my-app",["reason"],"ZD1UNxBCluIdkG7LFbLJatJ48gz8SvU7Ertgab2FNyY"]', 1, 22);
INSERT INTO event_counts VALUES ('rows', 'alice', 20455, '', 12, 0);
INSERT INTO event_counts VALUES ('rows', 'bob', 20455, '', 3, 0);
INSERT INTO events VALUES (1, 1767323045678000, 'user.create', 'user', 'admin', NULL, NULL, 'operator', '{"ids":null,"created_at":null,"contact_info":null,"primary_email_address":null,"primary_email_address_validated_at":null,"password_updated_at":null,"state":null,"admin":null,"console_preferences":null}', '{"ids":{"user_id":"admin"},"created_at":"2026-01-02T03:04:05.678Z","contact_info":[{"contact_method":"CONTACT_METHOD_EMAIL","value":"admin@localhost"}],"primary_email_address":"admin@localhost","primary_email_address_validated_at":"2026-01-02T03:04:05.678Z","password_updated_at":"2026-01-02T03:04:05.678Z","state":"STATE_APPROVED","admin":true,"console_preferences":{}}', NULL, 1, NULL);
INSERT INTO events VALUES (2, 1767323045678000, 'user.api-key.create', 'user', 'admin', NULL, NULL, 'operator', '{"api_key":null}', '{"api_key":{"id":"ADMINADMINADMINADMINADMINADMINADMINADMI","name":"admin-api-key","rights":["RIGHT_ALL"],"created_at":"2026-01-02T03:04:05.678Z","updated_at":"2026-01-02T03:04:05.678Z"}}', NULL, 1, NULL);
INSERT INTO events VALUES (3, 1767323045678000, 'client.create', 'client', 'cli', NULL, NULL, 'operator', '{"ids":null,"created_at":null,"name":null,"description":null,"administrative_contact":null,"technical_contact":null,"redirect_uris":null,"state":null,"endorsed":null,"grants":null,"rights":null}', '{"ids":{"client_id":"cli"},"created_at":"2026-01-02T03:04:05.678Z","name":"Command line","description":"A program in a terminal, such as `keyfob login`","administrative_contact":{"user_ids":{"user_id":"admin"}},"technical_contact":{"user_ids":{"user_id":"admin"}},"redirect_uris":["local-callback","code"],"state":"STATE_APPROVED","endorsed":true,"grants":["GRANT_AUTHORIZATION_CODE","GRANT_REFRESH_TOKEN"],"rights":["RIGHT_ALL"]}', NULL, 1, NULL);
INSERT INTO events VALUES (4, 1767323045679001, 'user.create', 'user', 'alice', 'admin', 'ADMINADMINADMINADMINADMINADMINADMINADMI', 'request-1', '{"ids":null,"created_at":null,"contact_info":null,"primary_email_address":null,"password_updated_at":null,"state":null,"console_preferences":null}', '{"ids":{"user_id":"alice"},"created_at":"2026-01-02T03:04:05.679001Z","contact_info":[{"contact_method":"CONTACT_METHOD_EMAIL","value":"alice@example.com"}],"primary_email_address":"alice@example.com","password_updated_at":"2026-01-02T03:04:05.679001Z","state":"STATE_APPROVED","console_preferences":{}}', NULL, 1, NULL);
INSERT INTO events VALUES (5, 1767323045679001, 'user.api-key.create', 'user', 'alice', 'alice', NULL, 'operator', '{"api_key":null}', '{"api_key":{"id":"5ROOXLEJVHLWFENEMD2IZ5P3DU7TNQ5WHEPINBY","name":"alice","rights":["RIGHT_ALL"],"created_at":"2026-01-02T03:04:05.679001Z","updated_at":"2026-01-02T03:04:05.679001Z"}}', NULL, 1, NULL);
INSERT INTO events VALUES (6, 1767323045680002, 'user.create', 'user', 'bob', 'admin', 'ADMINADMINADMINADMINADMINADMINADMINADMI', 'request-2', '{"ids":null,"created_at":null,"contact_info":null,"primary_email_address":null,"password_updated_at":null,"state":null,"console_preferences":null}', '{"ids":{"user_id":"bob"},"created_at":"2026-01-02T03:04:05.680002Z","contact_info":[{"contact_method":"CONTACT_METHOD_EMAIL","value":"bob@example.com"}],"primary_email_address":"bob@example.com","password_updated_at":"2026-01-02T03:04:05.680002Z","state":"STATE_APPROVED","console_preferences":{}}', NULL, 1, NULL);
INSERT INTO events VALUES (7, 1767323045680002, 'user.api-key.create', 'user', 'bob', 'bob', NULL, 'operator', '{"api_key":null}', '{"api_key":{"id":"BLXMHGOG6YK5RJMX2WKS7Q3BA5DNVU7WDMC5CLQ","name":"bob","rights":["RIGHT_ALL"],"created_at":"2026-01-02T03:04:05.680002Z","updated_at":"2026-01-02T03:04:05.680002Z"}}', NULL, 1, NULL);
INSERT INTO events VALUES (8, 1767323045681003, 'organization.create', 'organization', 'acme', 'alice', '5ROOXLEJVHLWFENEMD2IZ5P3DU7TNQ5WHEPINBY', 'request-3', '{"ids":null,"created_at":null,"name":null,"administrative_contact":null,"technical_contact":null}', '{"ids":{"organization_id":"acme"},"created_at":"2026-01-02T03:04:05.681003Z","name":"acme","administrative_contact":{"user_ids":{"user_id":"alice"}},"technical_contact":{"user_ids":{"user_id":"alice"}}}', NULL, 1, NULL);
INSERT INTO events VALUES (9, 1767323045682004, 'organization.collaborator.update', 'organization', 'acme', 'alice', '5ROOXLEJVHLWFENEMD2IZ5P3DU7TNQ5WHEPINBY', 'request-4', '{"bob":null}', '{"bob":["RIGHT_CLIENT_INFO","RIGHT_ORGANIZATION_INFO"]}', NULL, 1, NULL);
INSERT INTO events VALUES (10, 1767323045683005, 'organization.api-key.create', 'organization', 'acme', 'alice', '5ROOXLEJVHLWFENEMD2IZ5P3DU7TNQ5WHEPINBY', 'request-5', '{"api_key":null}', '{"api_key":{"id":"5GUUTLMME3NLLG3H65FGJGNRHHZMSQZOQ5NYEKQ","name":"key","rights":["RIGHT_ORGANIZATION_INFO"],"created_at":"2026-01-02T03:04:05.683005Z","updated_at":"2026-01-02T03:04:05.683005Z"}}', NULL, 1, NULL);
INSERT INTO events VALUES (11, 1767323045684006, 'user.update', 'user', 'alice', 'alice', '5ROOXLEJVHLWFENEMD2IZ5P3DU7TNQ5WHEPINBY', 'request-6', '{"name":"","attributes":{}}', '{"name":"Alice","attributes":{"key":"value"}}', NULL, 1, NULL);
INSERT INTO events VALUES (12, 1767323045685007, 'client.create', 'client', 'my-app', 'alice', '5ROOXLEJVHLWFENEMD2IZ5P3DU7TNQ5WHEPINBY', 'request-7', '{"ids":null,"created_at":null,"name":null,"administrative_contact":null,"technical_contact":null,"secret":null,"redirect_uris":null,"logout_redirect_uris":null,"state_description":null,"grants":null,"rights":null}', '{"ids":{"client_id":"my-app"},"created_at":"2026-01-02T03:04:05.685007Z","name":"my-app","administrative_contact":{"user_ids":{"user_id":"alice"}},"technical_contact":{"user_ids":{"user_id":"alice"}},"secret":"***","redirect_uris":["https://app.example/cb"],"logout_redirect_uris":["https://app.example/bye"],"state_description":"admin approval required","grants":["GRANT_AUTHORIZATION_CODE","GRANT_REFRESH_TOKEN"],"rights":["RIGHT_USER_INFO"]}', NULL, 1, NULL);
INSERT INTO events VALUES (13, 1767323045686008, 'client.update', 'client', 'my-app', 'admin', 'ADMINADMINADMINADMINADMINADMINADMINADMI', 'request-8', '{"state":"STATE_REQUESTED","state_description":"admin approval required"}', '{"state":"STATE_APPROVED","state_description":""}', NULL, 1, NULL);
INSERT INTO events VALUES (14, 1767323045687009, 'client.update', 'client', 'my-app', 'alice', '5ROOXLEJVHLWFENEMD2IZ5P3DU7TNQ5WHEPINBY', 'request-9', '{"description":"","attributes":{}}', '{"description":"An app","attributes":{"key":"value"}}', NULL, 1, NULL);
INSERT INTO events VALUES (15, 1767323045688010, 'client.create', 'client', 'waiting', 'alice', '5ROOXLEJVHLWFENEMD2IZ5P3DU7TNQ5WHEPINBY', 'request-10', '{"ids":null,"created_at":null,"name":null,"administrative_contact":null,"technical_contact":null,"secret":null,"redirect_uris":null,"state_description":null,"grants":null,"rights":null}', '{"ids":{"client_id":"waiting"},"created_at":"2026-01-02T03:04:05.688010Z","name":"waiting","administrative_contact":{"user_ids":{"user_id":"alice"}},"technical_contact":{"user_ids":{"user_id":"alice"}},"secret":"***","redirect_uris":["https://waiting.example.com/callback"],"state_description":"admin approval required","grants":["GRANT_AUTHORIZATION_CODE"],"rights":["RIGHT_USER_INFO"]}', NULL, 1, NULL);
INSERT INTO events VALUES (16, 1767323045689011, 'client.update', 'client', 'waiting', 'admin', 'ADMINADMINADMINADMINADMINADMINADMINADMI', 'request-11', '{"state_description":"admin approval required"}', '{"state_description":""}', NULL, 1, NULL);
INSERT INTO events VALUES (17, 1767323045690012, 'client.collaborator.update', 'client', 'my-app', 'alice', '5ROOXLEJVHLWFENEMD2IZ5P3DU7TNQ5WHEPINBY', 'request-12', '{"bob":null}', '{"bob":["RIGHT_CLIENT_INFO"]}', NULL, 1, NULL);
INSERT INTO events VALUES (18, 1767323045691013, 'client.collaborator.update', 'client', 'waiting', 'alice', '5ROOXLEJVHLWFENEMD2IZ5P3DU7TNQ5WHEPINBY', 'request-13', '{"bob":null}', '{"bob":["RIGHT_CLIENT_INFO"]}', NULL, 1, NULL);
INSERT INTO events VALUES (19, 1767323045692014, 'user.session.create', 'user', 'bob', 'bob', NULL, 'request-14', '{}', '{"session_id":"a43a0092-1112-4150-954f-5049453c9709"}', NULL, 1, NULL);
INSERT INTO events VALUES (20, 1767323045695017, 'client.trial.create', 'client', 'waiting', 'bob', NULL, 'request-17', '{}', '{"user_id":"bob"}', NULL, 1, NULL);
INSERT INTO events VALUES (21, 1767323045696018, 'client.authorization.update', 'client', 'my-app', 'bob', NULL, 'request-18', '{}', '{"user_id":"bob","rights":["RIGHT_USER_INFO"]}', NULL, 1, NULL);
INSERT INTO events VALUES (22, 1767323045700022, 'client.token.refuse', 'client', 'my-app', NULL, NULL, 'request-22', '{}', '{"reason":"refresh_token_malformed"}', 'my-app', 1, NULL);
INSERT INTO events VALUES (23, 1767323045701023, 'client.secret.rotate', 'client', 'my-app', 'alice', '5ROOXLEJVHLWFENEMD2IZ5P3DU7TNQ5WHEPINBY', 'request-23', '{"secret":{"value":"***","expires_at":"2026-01-02T04:04:05.701023Z"}}', '{"secret":"***"}', NULL, 1, NULL);
INSERT INTO events VALUES (24, 1767323045703025, 'client.create', 'client', 'deleted', 'alice', '5ROOXLEJVHLWFENEMD2IZ5P3DU7TNQ5WHEPINBY', 'request-25', '{"ids":null,"created_at":null,"name":null,"administrative_contact":null,"technical_contact":null,"secret":null,"redirect_uris":null,"state_description":null,"grants":null,"rights":null}', '{"ids":{"client_id":"deleted"},"created_at":"2026-01-02T03:04:05.703025Z","name":"deleted","administrative_contact":{"user_ids":{"user_id":"alice"}},"technical_contact":{"user_ids":{"user_id":"alice"}},"secret":"***","redirect_uris":["https://deleted.example.com/callback"],"state_description":"admin approval required","grants":["GRANT_AUTHORIZATION_CODE"],"rights":["RIGHT_USER_INFO"]}', NULL, 1, NULL);
INSERT INTO events VALUES (25, 1767323045704026, 'client.delete', 'client', 'deleted', 'alice', '5ROOXLEJVHLWFENEMD2IZ5P3DU7TNQ5WHEPINBY', 'request-26', '{"deleted_at":null}', '{"deleted_at":"2026-01-02T03:04:05.704026Z"}', NULL, 1, NULL);
INSERT INTO organization_member_rights VALUES ('acme', 'alice', 0, 55);
INSERT INTO organization_member_rights VALUES ('acme', 'bob', 0, 60);
INSERT INTO organization_member_rights VALUES ('acme', 'bob', 1, 41);
INSERT INTO organization_members VALUES ('acme', 'alice');
INSERT INTO organization_members VALUES ('acme', 'bob');
INSERT INTO organizations VALUES ('acme', 'alice', 'alice', NULL, 'alice');
INSERT INTO sessions VALUES ('a43a0092-1112-4150-954f-5049453c9709', 'bob', 'SHA256$14jAAdGZK_lP3NJQlqi1JNWhyACFgVQB6qYWJp9M3T8', 1767323045692014, 1767323045692014);
INSERT INTO sign_in_addresses VALUES ('bob', '127.0.0.1', 1767323045692014);
INSERT INTO sign_in_failures VALUES ('known address 127.0.0.1', 1, 1767323045702024);
INSERT INTO sign_in_failures VALUES ('user bob address 127.0.0.1', 1, 1767323045702024);
INSERT INTO users VALUES ('admin', 'admin@localhost', 'admin@localhost', 1767323045678000, 'PBKDF2$sha256$1000$NtynzdpD_ZWadNKn$cxHiHNXMs35PvNMPrWKn04HQ2LC395rN8a11kXNCD10', 1767323045678000, 0, 1, '', 1, NULL, NULL, NULL);
INSERT INTO users VALUES ('alice', 'alice@example.com', 'alice@example.com', NULL, 'PBKDF2$sha256$1000$A2GiqXS1LQ_001X5$xWE80fIfg2yx7z-LE89XIef33k7keuob21iGYUNbqY4', 1767323045679001, 0, 1, '', 0, NULL, NULL, NULL);
INSERT INTO users VALUES ('bob', 'bob@example.com', 'bob@example.com', NULL, 'PBKDF2$sha256$1000$o-5C-tIuU2AeDo8x$TrShPp_Snmv5yhH1nGRZmCFqZSlXtAYx9okz4vQb_pg', 1767323045680002, 0, 1, '', 0, NULL, NULL, NULL);
CREATE VIRTUAL TABLE client_text USING fts5 (client_id, name, description, content = 'clients', content_rowid = 'client_number', tokenize = 'trigram');
CREATE VIRTUAL TABLE account_text USING fts5 (account_id, name, description, content = 'accounts', content_rowid = 'account_number', tokenize = 'trigram');
INSERT INTO account_text (account_text) VALUES ('rebuild');
INSERT INTO client_text (client_text) VALUES ('rebuild');
CREATE INDEX accounts_by_kind ON accounts (kind, account_id);
CREATE INDEX accounts_by_name ON accounts (kind, name, account_id);
CREATE INDEX accounts_by_creation ON accounts (kind, created_at, account_id);
CREATE INDEX users_admins ON users (user_id) WHERE admin = 1;
CREATE INDEX users_by_password_rounds ON users (CAST(substr(password_hash, 15) AS INTEGER));
CREATE INDEX organizations_by_administrative_contact ON organizations (administrative_contact);
CREATE INDEX organizations_by_technical_contact ON organizations (technical_contact);
CREATE INDEX organizations_by_creator ON organizations (created_by);
CREATE INDEX organization_members_by_account ON organization_members (account_id, organization_id);
CREATE INDEX api_keys_by_account ON api_keys (account_id, api_key_id);
CREATE INDEX api_keys_by_creator ON api_keys (created_by);
CREATE INDEX clients_live_by_id ON clients (client_id) WHERE deleted_at IS NULL;
CREATE INDEX clients_live_by_name ON clients (name, client_id) WHERE deleted_at IS NULL;
CREATE INDEX clients_live_by_creation ON clients (created_at, client_id) WHERE deleted_at IS NULL;
CREATE INDEX clients_live_by_state ON clients (state, client_id) WHERE deleted_at IS NULL;
CREATE INDEX clients_deleted ON clients (client_id) WHERE deleted_at IS NOT NULL;
CREATE INDEX clients_by_administrative_contact ON clients (administrative_contact);
CREATE INDEX clients_by_technical_contact ON clients (technical_contact);
CREATE INDEX clients_by_registrant ON clients (registered_by);
CREATE INDEX client_secrets_by_client ON client_secrets (client_id);
CREATE INDEX client_members_by_account ON client_members (account_id, is_live, client_id);
CREATE INDEX client_testers_by_user ON client_testers (user_id);
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
CREATE INDEX events_by_entity ON events (entity_kind, entity_id, event_number, name);
CREATE INDEX events_by_actor ON events (account_id, event_number);
CREATE INDEX event_counts_by_day ON event_counts (day);
CREATE TRIGGER client_text_insert AFTER INSERT ON clients BEGIN
    INSERT INTO client_text_pending (client_number) VALUES (new.client_number);
END;
CREATE TRIGGER client_text_update AFTER UPDATE OF name, description ON clients
    WHEN (old.name IS NOT new.name OR old.description <> new.description)
        AND NOT EXISTS (SELECT 1 FROM client_text_pending WHERE client_number = old.client_number) BEGIN
    INSERT INTO client_text (client_text, rowid, client_id, name, description)
        VALUES ('delete', old.client_number, old.client_id, old.name, old.description);
    INSERT INTO client_text (rowid, client_id, name, description) VALUES (new.client_number, new.client_id, new.name, new.description);
END;
CREATE TRIGGER client_text_delete AFTER DELETE ON clients BEGIN
    INSERT INTO client_text (client_text, rowid, client_id, name, description)
        SELECT 'delete', old.client_number, old.client_id, old.name, old.description
        WHERE NOT EXISTS (SELECT 1 FROM client_text_pending WHERE client_number = old.client_number);
    DELETE FROM client_text_pending WHERE client_number = old.client_number;
END;
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
CREATE INDEX sessions_by_user ON sessions (user_id, session_id);
CREATE INDEX sessions_by_creation ON sessions (created_at);
CREATE INDEX sessions_by_use ON sessions (updated_at);
CREATE INDEX sign_in_failures_by_time ON sign_in_failures (last_at);
CREATE INDEX sign_in_addresses_by_time ON sign_in_addresses (last_at);
CREATE INDEX authorizations_by_client ON authorizations (client_id, updated_at);
CREATE INDEX authorization_codes_by_user ON authorization_codes (user_id, client_id);
CREATE INDEX authorization_codes_by_client ON authorization_codes (client_id);
CREATE INDEX authorization_codes_by_end ON authorization_codes (expires_at);
CREATE INDEX authorization_codes_unused ON authorization_codes (expires_at) WHERE family_id IS NULL;
CREATE INDEX access_tokens_by_user ON access_tokens (user_id, client_id, rotated_at, created_at);
CREATE INDEX access_tokens_by_client ON access_tokens (client_id);
CREATE INDEX access_tokens_by_family ON access_tokens (family_id, rotated_at);
CREATE INDEX access_tokens_by_end ON access_tokens (ends_at);
CREATE INDEX access_tokens_repeatable ON access_tokens (rotated_at) WHERE successor_salt IS NOT NULL;
CREATE INDEX client_token_days_by_day ON client_token_days (day);
CREATE INDEX client_secrets_by_end ON client_secrets (expires_at) WHERE expires_at IS NOT NULL;
CREATE INDEX events_of_old_refusals ON events (happened_at) WHERE name IN ('client.authorize.refuse', 'client.token.refuse');
PRAGMA application_id = 1801875298;
PRAGMA user_version = 6;
