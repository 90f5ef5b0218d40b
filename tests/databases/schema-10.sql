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
    description    TEXT NOT NULL CHECK (length(description) <= 2000),
    -- A JSON object; absent where it is empty.
    attributes     TEXT
) STRICT;
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
CREATE TABLE organization_members (
    organization_id TEXT NOT NULL REFERENCES organizations (organization_id) ON DELETE CASCADE,
    account_id      TEXT NOT NULL REFERENCES accounts (account_id) ON DELETE CASCADE,
    rights          TEXT NOT NULL DEFAULT '[]',
    PRIMARY KEY (organization_id, account_id)
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
    created_by TEXT REFERENCES users (user_id) ON DELETE SET NULL,
    rights     TEXT NOT NULL DEFAULT '[]',
    -- When it was last used, to the day.
    used_at    INTEGER
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
CREATE TABLE client_members (
    client_number INTEGER NOT NULL REFERENCES clients (client_number) ON DELETE CASCADE,
    account_id    TEXT NOT NULL REFERENCES accounts (account_id) ON DELETE CASCADE,
    rights        TEXT NOT NULL,
    -- The ID of the client, and whether it is live (by a trigger), so that a page of an account's clients is found in one index. A deleted client gets no new members.
    client_id     TEXT NOT NULL,
    is_live       INTEGER NOT NULL DEFAULT 1 CHECK (is_live IN (0, 1)),
    PRIMARY KEY (client_number, account_id)
) STRICT, WITHOUT ROWID;
CREATE TABLE client_testers (
    client_id  TEXT NOT NULL REFERENCES clients (client_id) ON DELETE CASCADE,
    user_id    TEXT NOT NULL REFERENCES users (user_id) ON DELETE CASCADE,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (client_id, user_id)
) STRICT, WITHOUT ROWID;
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
CREATE TABLE client_counts (
    unused_numbers INTEGER NOT NULL,
    deleted        INTEGER NOT NULL
) STRICT;
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
CREATE TABLE client_text_end (
    client_number INTEGER NOT NULL
) STRICT;
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
CREATE TABLE observations (
    name        TEXT PRIMARY KEY,
    observed_at INTEGER NOT NULL
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
    -- The words of the scope that name no rights, with spaces between them, and those that the user was asked about.
    words        TEXT NOT NULL DEFAULT '',
    agreed_words TEXT NOT NULL DEFAULT '',
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
    scope_differs  INTEGER NOT NULL DEFAULT 0 CHECK (scope_differs IN (0, 1)),
    -- The words of the scope that name no rights, with spaces between them.
    words          TEXT NOT NULL DEFAULT '',
    -- For the ID token, if the client asks for one: what it is to repeat, and when the user signed in.
    nonce          TEXT,
    signed_in_at   INTEGER
) STRICT, WITHOUT ROWID;
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
CREATE TABLE token_successors (
    rotated_at   INTEGER NOT NULL,
    token_number INTEGER NOT NULL,
    successor_id TEXT NOT NULL,
    salt         BLOB NOT NULL,
    PRIMARY KEY (rotated_at, token_number)
) STRICT, WITHOUT ROWID;
CREATE TABLE client_token_days (
    client_id      TEXT NOT NULL REFERENCES clients (client_id) ON DELETE CASCADE,
    day            INTEGER NOT NULL,
    issued         INTEGER NOT NULL,
    last_issued_at INTEGER NOT NULL,
    PRIMARY KEY (client_id, day)
) STRICT, WITHOUT ROWID;
CREATE TABLE client_probes (
    client_id TEXT NOT NULL REFERENCES clients (client_id) ON DELETE CASCADE,
    uri       TEXT NOT NULL,
    tried_at  INTEGER NOT NULL,
    outcome   TEXT NOT NULL,
    -- Of the HTTP answer, if there was one.
    status    INTEGER,
    PRIMARY KEY (client_id, uri)
) STRICT, WITHOUT ROWID;
CREATE TABLE client_right_use (
    client_id    TEXT NOT NULL REFERENCES clients (client_id) ON DELETE CASCADE,
    right_number INTEGER NOT NULL,
    -- Days since 1970, UTC.
    last_day     INTEGER NOT NULL,
    PRIMARY KEY (client_id, right_number)
) STRICT, WITHOUT ROWID;
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
CREATE TABLE client_likeness (
    key           TEXT NOT NULL,
    client_number INTEGER NOT NULL REFERENCES clients (client_number) ON DELETE CASCADE,
    PRIMARY KEY (key, client_number)
) STRICT, WITHOUT ROWID;
CREATE TABLE client_likeness_waiting (
    client_number INTEGER PRIMARY KEY REFERENCES clients (client_number) ON DELETE CASCADE
) STRICT;
CREATE TABLE client_likeness_end (
    client_number INTEGER NOT NULL
) STRICT;
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
CREATE TABLE server_keys (
    name  TEXT PRIMARY KEY,
    value BLOB NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO access_tokens VALUES (1, '2CBQXIF62U6WOMFW2UMNSB77STU72W5IRBHEZNQ', '2CBQXIF62U6WOMFW2UMNSB77STU72W5IRBHEZNQ', 'bob', 'my-app', '7ef6f1dd-5efe-4253-bb3e-3dd401e5bcfb', 2, 'PBKDF2$sha256$1$NvSjKF9FNLosMVs_$CvawUo7SD8xcS61s5RcjetCIsShX_cs20166Se72CJI', 'PBKDF2$sha256$1$ektPlxYZJNl1v-qO$28SfnlHhm2kkzldp4ANO7ZFsPnu6b34BaEzetDP1XjI', 1767323045697019, 1767326645697019, 1767927845699021, NULL, 1767323045699021, 2, '', '', NULL);
INSERT INTO access_tokens VALUES (2, '3UFJKBEBBCQU33ZBCN5D3TTPQYQDDXWMWCX67QQ', '2CBQXIF62U6WOMFW2UMNSB77STU72W5IRBHEZNQ', 'bob', 'my-app', '7ef6f1dd-5efe-4253-bb3e-3dd401e5bcfb', 2, 'PBKDF2$sha256$1$uR2xtJFghurtNrRv$DpQwtNRnpF-SsRUNG-MqLW-zwiKHC37MP7pMC_FMQMY', 'PBKDF2$sha256$1$fGK84oslggp0q4em$j8piWHV9M50GyAaJqAn3fKL0HO9YdxBkx48hjEsEPxE', 1767323045699021, 1767326645699021, 1775099045699021, NULL, NULL, 2, '', '', NULL);
INSERT INTO account_counts VALUES ('alice', 2, 1, 3, 20455, 14);
INSERT INTO account_counts VALUES ('bob', 2, 0, 0, 20455, 3);
INSERT INTO accounts VALUES (1, 'admin', 'user', 1767323045678000, 1767323045678000, NULL, NULL, '', NULL);
INSERT INTO accounts VALUES (2, 'alice', 'user', 1767323045679001, 1767323045684006, NULL, 'Alice', '', '{"key":"value"}');
INSERT INTO accounts VALUES (3, 'bob', 'user', 1767323045680002, 1767323045680002, NULL, NULL, '', NULL);
INSERT INTO accounts VALUES (4, 'acme', 'organization', 1767323045681003, 1767323045681003, NULL, 'acme', '', NULL);
INSERT INTO api_keys VALUES ('ADMINADMINADMINADMINADMINADMINADMINADMI', 'admin', 'admin-api-key', 'PBKDF2$sha256$1$J9cRyUtzBS1zehOf$wq5i52TyDrnjmGQEytj_N8tkrVAJzgbilIPgIb1Sa7s', 1767323045678000, 1767323045678000, NULL, NULL, '[55]', 1767323045679001);
INSERT INTO api_keys VALUES ('AHGN622F7DKGJAFOCQW2SYDLHEJFB3W4AHIZTJI', 'alice', 'alice', 'PBKDF2$sha256$1$JXYQJAeYt1KG6QAI$SCIsZv5hhXd96Y8pu3JcDUI1bOc-r_XXnaAMv7SCJrg', 1767323045679001, 1767323045679001, NULL, 'alice', '[55]', 1767323045681003);
INSERT INTO api_keys VALUES ('GXCB3NNINYSQSWVO3BG3ACHPHBOBAZJHCXXXDLY', 'acme', 'key', 'PBKDF2$sha256$1$AO4r0LWlUUJI04ji$UvZj2120uwhn4OKTlcrUsmJyR_Vs9axhBWDkDWbrmuo', 1767323045683005, 1767323045683005, NULL, 'alice', '[41]', NULL);
INSERT INTO api_keys VALUES ('TVFOWO6JO6HCUHLOSOZVPDN5UPOJCMHLD2KDGBY', 'bob', 'bob', 'PBKDF2$sha256$1$Lp0hbfaS73fg1b7T$YVgi0a_lHzSotbiF5WRNL3w_9rNKvd25bonPsWllQXw', 1767323045680002, 1767323045680002, NULL, 'bob', '[55]', NULL);
INSERT INTO authorization_codes VALUES ('FQGZ2A62ORTVBCIT65QSBUJINTEGQSZEOKWUFOA', 'PBKDF2$sha256$1$u3x47ldUXHO22MLb$6j6NfH3sSXjJZzHbX6TkcbJYfYOZnibefM7cixnCNxc', 'bob', 'my-app', '7ef6f1dd-5efe-4253-bb3e-3dd401e5bcfb', 2, 'https://app.example/cb', NULL, 1767323045696018, 1767323345696018, '2CBQXIF62U6WOMFW2UMNSB77STU72W5IRBHEZNQ', 0, '', NULL, NULL);
INSERT INTO authorization_codes VALUES ('XH2MQH5U6D5QISKJGJVH4K66JJI3DRKYNFAQE3I', 'PBKDF2$sha256$1$ADUosbUD9Qu52wXe$Ju2ddpWLNAhZOytMrj1tJNNGBXG9-HB8gvsPQOTiXGY', 'bob', 'my-app', '7ef6f1dd-5efe-4253-bb3e-3dd401e5bcfb', 2, 'https://app.example/cb', NULL, 1767323045700022, 1767323345700022, NULL, 0, '', NULL, NULL);
INSERT INTO authorizations VALUES ('bob', 'my-app', 2, 1767323045696018, 1767323045700022, 2, '', '');
INSERT INTO client_counts VALUES (0, 1);
INSERT INTO client_likeness VALUES ('fcll', 1);
INSERT INTO client_likeness VALUES ('fcommandllne', 1);
INSERT INTO client_likeness VALUES ('renlldnammoc', 1);
INSERT INTO client_likeness VALUES ('rllc', 1);
INSERT INTO client_likeness VALUES ('fwaltlng', 3);
INSERT INTO client_likeness VALUES ('rgnltlaw', 3);
INSERT INTO client_likeness VALUES ('fdeleted', 4);
INSERT INTO client_likeness VALUES ('hdeletedexamplecom', 4);
INSERT INTO client_likeness VALUES ('rdeteled', 4);
INSERT INTO client_likeness_end VALUES (4);
INSERT INTO client_likeness_waiting VALUES (2);
INSERT INTO client_members VALUES (2, 'alice', '[55]', 'my-app', 1);
INSERT INTO client_members VALUES (2, 'bob', '[60]', 'my-app', 1);
INSERT INTO client_members VALUES (3, 'alice', '[55]', 'waiting', 1);
INSERT INTO client_members VALUES (3, 'bob', '[60]', 'waiting', 1);
INSERT INTO client_members VALUES (4, 'alice', '[55]', 'deleted', 0);
INSERT INTO client_probes VALUES ('waiting', 'http://127.0.0.1:1/cb', 1767323045706028, 'blocked_port', NULL);
INSERT INTO client_review_requests VALUES (2, 1767323045711033, 'alice', '', 0, 0, 1, 0);
INSERT INTO client_review_requests VALUES (3, 1767323045688010, 'alice', '', 0, 0, 1, 0);
INSERT INTO client_review_requests VALUES (4, 1767323045707029, 'alice', '', 0, 0, 1, 0);
INSERT INTO client_right_use VALUES ('my-app', 1, 20455);
INSERT INTO client_secrets VALUES (2, 1, 'PBKDF2$sha256$1$S-I1WVJRgxCbslSg$JAQc8abrSF7PJQe08R08mknNppqwAqlnxks-EW3lF80', 1767323045685007, 1767326645702024, 1767323045697019);
INSERT INTO client_secrets VALUES (2, 2, 'PBKDF2$sha256$1$bjY2STgcRCTWho3c$e2jKB9H8AE1E7q3EwoGz5HuPRZiFZviifA0M4zOFtrc', 1767323045702024, NULL, NULL);
INSERT INTO client_secrets VALUES (3, 1, 'PBKDF2$sha256$1$E4IrJaDd-gf43Nr-$fuUKv37P7dEiawax0LM9QBAXNeJEcbLdHs2m22sGslY', 1767323045688010, NULL, NULL);
INSERT INTO client_secrets VALUES (4, 1, 'PBKDF2$sha256$1$P0MKLHBU2_RoFeij$VimB_EZFCkX6EZs6fqYPX-5OXqMRPbFFwWGDQsMD__g', 1767323045707029, NULL, NULL);
INSERT INTO client_testers VALUES ('waiting', 'bob', 1767323045695017);
INSERT INTO client_text_end VALUES (0);
INSERT INTO client_token_days VALUES ('my-app', 20455, 2, 1767323045699021);
INSERT INTO client_verdicts VALUES (2, 1, 1767323045685007, 4, 'judged', 'rules', 'alice', 2, '[{"rule":"description","guideline":"The description explains to users what the application does.","severity":"warns","field":"description","seen":"There is no description","why":"Users read it when they are asked for consent, and have nothing else to decide by.","do":"Say in a sentence what the application does for its users, such as “Manage your MyBrand gateway from the mobile app”."},{"rule":"refresh_token_grant","guideline":"The refresh token grant is only used when non-interactive access is clearly required.","severity":"warns","field":"grants","seen":"GRANT_REFRESH_TOKEN: nothing in the description is recognized as a reason","why":"With refresh tokens the client keeps its access while the user is away, for months.","do":"Remove the grant, or say what the client does while nobody uses it: in the attribute `refresh-token-reason` or when you ask for a review, in at least 15 letters of any language."},{"rule":"id_shape","guideline":"The ID consists of the brand name and the purpose of the client, such as mycompany-gateway-onboarding.","severity":"notes","field":"ids.client_id","seen":"`my-app` has no brand: only words for what it does","why":"The ID never changes, so it should say whose the client is and what it is for.","do":"Register it under an ID such as mycompany-gateway-onboarding: the ID of a client that exists cannot be changed."},{"rule":"redirect_uri_host","guideline":"The redirect URIs work.","severity":"notes","field":"redirect_uris[0]","seen":"`app.example` shows neither the owner nor the brand of the client","why":"The codes go to a host that does not seem to be its owner''s.","do":"Use a host whose name shows whose it is, or ask for a review and say there whose host it is."},{"rule":"redirect_uri_host","guideline":"The redirect URIs work.","severity":"notes","field":"logout_redirect_uris[0]","seen":"`app.example` shows neither the owner nor the brand of the client","why":"The codes go to a host that does not seem to be its owner''s.","do":"Use a host whose name shows whose it is, or ask for a review and say there whose host it is."}]', '{"name":"my-app","description":"","attributes":{},"administrative_contact":{"user_ids":{"user_id":"alice"}},"technical_contact":{"user_ids":{"user_id":"alice"}},"redirect_uris":["https://app.example/cb"],"logout_redirect_uris":["https://app.example/bye"],"grants":["GRANT_AUTHORIZATION_CODE","GRANT_REFRESH_TOKEN"],"rights":["RIGHT_USER_INFO"],"secretless":false,"owners":["alice"],"owner_names":["Alice"],"owner_is_operator":false}', '', '');
INSERT INTO client_verdicts VALUES (2, 2, 1767323045686008, 4, 'approved', 'account', 'admin', 2, '[{"rule":"description","guideline":"The description explains to users what the application does.","severity":"warns","field":"description","seen":"There is no description","why":"Users read it when they are asked for consent, and have nothing else to decide by.","do":"Say in a sentence what the application does for its users, such as “Manage your MyBrand gateway from the mobile app”."},{"rule":"refresh_token_grant","guideline":"The refresh token grant is only used when non-interactive access is clearly required.","severity":"warns","field":"grants","seen":"GRANT_REFRESH_TOKEN: nothing in the description is recognized as a reason","why":"With refresh tokens the client keeps its access while the user is away, for months.","do":"Remove the grant, or say what the client does while nobody uses it: in the attribute `refresh-token-reason` or when you ask for a review, in at least 15 letters of any language."},{"rule":"id_shape","guideline":"The ID consists of the brand name and the purpose of the client, such as mycompany-gateway-onboarding.","severity":"notes","field":"ids.client_id","seen":"`my-app` has no brand: only words for what it does","why":"The ID never changes, so it should say whose the client is and what it is for.","do":"Register it under an ID such as mycompany-gateway-onboarding: the ID of a client that exists cannot be changed."},{"rule":"redirect_uri_host","guideline":"The redirect URIs work.","severity":"notes","field":"redirect_uris[0]","seen":"`app.example` shows neither the owner nor the brand of the client","why":"The codes go to a host that does not seem to be its owner''s.","do":"Use a host whose name shows whose it is, or ask for a review and say there whose host it is."},{"rule":"redirect_uri_host","guideline":"The redirect URIs work.","severity":"notes","field":"logout_redirect_uris[0]","seen":"`app.example` shows neither the owner nor the brand of the client","why":"The codes go to a host that does not seem to be its owner''s.","do":"Use a host whose name shows whose it is, or ask for a review and say there whose host it is."}]', '{"name":"my-app","description":"","attributes":{},"administrative_contact":{"user_ids":{"user_id":"alice"}},"technical_contact":{"user_ids":{"user_id":"alice"}},"redirect_uris":["https://app.example/cb"],"logout_redirect_uris":["https://app.example/bye"],"grants":["GRANT_AUTHORIZATION_CODE","GRANT_REFRESH_TOKEN"],"rights":["RIGHT_USER_INFO"],"secretless":false,"owners":["alice"],"owner_names":["Alice"],"owner_is_operator":false}', '', '');
INSERT INTO client_verdicts VALUES (2, 3, 1767323045711033, 4, 'judged', 'rules', 'alice', 2, '[{"rule":"description","guideline":"The description explains to users what the application does.","severity":"warns","field":"description","seen":"`An app` stands for a description that was never written","why":"Users read it when they are asked for consent, and have nothing else to decide by.","do":"Say in a sentence what the application does for its users, such as “Manage your MyBrand gateway from the mobile app”."},{"rule":"refresh_token_grant","guideline":"The refresh token grant is only used when non-interactive access is clearly required.","severity":"warns","field":"grants","seen":"GRANT_REFRESH_TOKEN: nothing in the description is recognized as a reason","why":"With refresh tokens the client keeps its access while the user is away, for months.","do":"Remove the grant, or say what the client does while nobody uses it: in the attribute `refresh-token-reason` or when you ask for a review, in at least 15 letters of any language."},{"rule":"id_shape","guideline":"The ID consists of the brand name and the purpose of the client, such as mycompany-gateway-onboarding.","severity":"notes","field":"ids.client_id","seen":"`my-app` has no brand: only words for what it does","why":"The ID never changes, so it should say whose the client is and what it is for.","do":"Register it under an ID such as mycompany-gateway-onboarding: the ID of a client that exists cannot be changed."},{"rule":"redirect_uri_host","guideline":"The redirect URIs work.","severity":"notes","field":"redirect_uris[0]","seen":"`app.example` shows neither the owner nor the brand of the client","why":"The codes go to a host that does not seem to be its owner''s.","do":"Use a host whose name shows whose it is, or ask for a review and say there whose host it is."},{"rule":"redirect_uri_host","guideline":"The redirect URIs work.","severity":"notes","field":"logout_redirect_uris[0]","seen":"`app.example` shows neither the owner nor the brand of the client","why":"The codes go to a host that does not seem to be its owner''s.","do":"Use a host whose name shows whose it is, or ask for a review and say there whose host it is."}]', '{"name":"My App","description":"An app","attributes":{"key":"value"},"administrative_contact":{"user_ids":{"user_id":"alice"}},"technical_contact":{"user_ids":{"user_id":"alice"}},"redirect_uris":["https://app.example/cb"],"logout_redirect_uris":["https://app.example/bye"],"grants":["GRANT_AUTHORIZATION_CODE","GRANT_REFRESH_TOKEN"],"rights":["RIGHT_USER_INFO"],"secretless":false,"owners":["alice"],"owner_names":["Alice"],"owner_is_operator":false}', '', '');
INSERT INTO client_verdicts VALUES (3, 1, 1767323045705027, 4, 'judged', 'rules', 'alice', 2, '[{"rule":"description","guideline":"The description explains to users what the application does.","severity":"warns","field":"description","seen":"There is no description","why":"Users read it when they are asked for consent, and have nothing else to decide by.","do":"Say in a sentence what the application does for its users, such as “Manage your MyBrand gateway from the mobile app”."},{"rule":"id_shape","guideline":"The ID consists of the brand name and the purpose of the client, such as mycompany-gateway-onboarding.","severity":"notes","field":"ids.client_id","seen":"`waiting` is only one word, not a brand and a purpose","why":"The ID never changes, so it should say whose the client is and what it is for.","do":"Register it under an ID such as mycompany-gateway-onboarding: the ID of a client that exists cannot be changed."},{"rule":"secret_kind","guideline":"The client uses OAuth as it is meant for its kind.","severity":"notes","field":"secret","seen":"The client has a secret, and is a program on users'' devices, as its redirect URIs say","why":"A secret inside a program on users'' devices is no secret, and a client on a server that has none cannot prove who it is.","do":"Remove its secret: such a client is known by its redirect URI and PKCE."}]', '{"name":"waiting","description":"","attributes":{},"administrative_contact":{"user_ids":{"user_id":"alice"}},"technical_contact":{"user_ids":{"user_id":"alice"}},"redirect_uris":["http://127.0.0.1:1/cb"],"logout_redirect_uris":[],"grants":["GRANT_AUTHORIZATION_CODE"],"rights":["RIGHT_USER_INFO"],"secretless":false,"owners":["alice"],"owner_names":["Alice"],"owner_is_operator":false}', '', '');
INSERT INTO client_verdicts VALUES (4, 1, 1767323045707029, 4, 'judged', 'rules', 'alice', 2, '[{"rule":"owner_is_not_brand","guideline":"The ID and name of the user or organization that owns the client clearly identify who is providing the service.","severity":"warns","field":"collaborators","seen":"The user `alice` owns the client `deleted`, and nothing shows that the brand is its own","why":"Users and administrators cannot see who provides the client: anybody can use the name of a brand.","do":"Register it under an organization whose ID is the brand; if it is private or a test, say so in its name or description."},{"rule":"description","guideline":"The description explains to users what the application does.","severity":"warns","field":"description","seen":"There is no description","why":"Users read it when they are asked for consent, and have nothing else to decide by.","do":"Say in a sentence what the application does for its users, such as “Manage your MyBrand gateway from the mobile app”."},{"rule":"id_shape","guideline":"The ID consists of the brand name and the purpose of the client, such as mycompany-gateway-onboarding.","severity":"notes","field":"ids.client_id","seen":"`deleted` is only one word, not a brand and a purpose","why":"The ID never changes, so it should say whose the client is and what it is for.","do":"Register it under an ID such as mycompany-gateway-onboarding: the ID of a client that exists cannot be changed."},{"rule":"redirect_uri_host","guideline":"The redirect URIs work.","severity":"notes","field":"redirect_uris[0]","seen":"`deleted.example.com` shows neither the owner nor the brand of the client","why":"The codes go to a host that does not seem to be its owner''s.","do":"Use a host whose name shows whose it is, or ask for a review and say there whose host it is."}]', '{"name":"deleted","description":"","attributes":{},"administrative_contact":{"user_ids":{"user_id":"alice"}},"technical_contact":{"user_ids":{"user_id":"alice"}},"redirect_uris":["https://deleted.example.com/callback"],"logout_redirect_uris":[],"grants":["GRANT_AUTHORIZATION_CODE"],"rights":["RIGHT_USER_INFO"],"secretless":false,"owners":["alice"],"owner_names":["Alice"],"owner_is_operator":false}', '', '');
INSERT INTO clients VALUES (1, 'cli', 1767323045678000, 1767323045678000, NULL, 'Command line', 'A program in a terminal, such as `keyfob login`', 'admin', 'admin', 1, '', 0, 1, NULL, '["local-callback","code"]', '[]', '[0,2]', '[55]', NULL, 0, 3, NULL);
INSERT INTO clients VALUES (2, 'my-app', 1767323045685007, 1767323045711033, NULL, 'My App', 'An app', 'alice', 'alice', 0, 'admin approval required again, for a change of name', 0, 0, '{"key":"value"}', '["https://app.example/cb"]', '["https://app.example/bye"]', '[0,2]', '[1]', 'alice', 2, NULL, NULL);
INSERT INTO clients VALUES (3, 'waiting', 1767323045688010, 1767323045705027, NULL, 'waiting', '', 'alice', 'alice', 0, '', 0, 0, NULL, '["http://127.0.0.1:1/cb"]', '[]', '[0]', '[1]', 'alice', 0, NULL, NULL);
INSERT INTO clients VALUES (4, 'deleted', 1767323045707029, 1767323045707029, 1767323045708030, 'deleted', '', 'alice', 'alice', 0, 'admin approval required', 0, 0, NULL, '["https://deleted.example.com/callback"]', '[]', '[0]', '[1]', 'alice', 0, NULL, NULL);
INSERT INTO event_counts VALUES ('client', 'my-app', 20455, '["client.authorization.update",null,"bob",null,null,["rights","user_id"],"XZVK7xbD7ctkUJ6AAJpNB6lxBS8u9hBLvXa1w5z-bBc"]', 1, 22);
INSERT INTO event_counts VALUES ('client', 'my-app', 20455, '["client.token.refuse","refresh_token_malformed",null,null,"my-app",["reason"],"ZD1UNxBCluIdkG7LFbLJatJ48gz8SvU7Ertgab2FNyY"]', 1, 23);
INSERT INTO events VALUES (1, 1767323045678000, 'user.create', 'user', 'admin', NULL, NULL, 'operator', 'null', '{"ids":{"user_id":"admin"},"created_at":"2026-01-02T03:04:05.678Z","contact_info":[{"contact_method":"CONTACT_METHOD_EMAIL","value":"admin@localhost"}],"primary_email_address":"admin@localhost","primary_email_address_validated_at":"2026-01-02T03:04:05.678Z","password_updated_at":"2026-01-02T03:04:05.678Z","state":"STATE_APPROVED","admin":true,"console_preferences":{}}', NULL, 1, NULL, NULL, NULL);
INSERT INTO events VALUES (2, 1767323045678000, 'user.api-key.create', 'user', 'admin', NULL, NULL, 'operator', 'null', '{"api_key":{"id":"ADMINADMINADMINADMINADMINADMINADMINADMI","name":"admin-api-key","rights":["RIGHT_ALL"],"created_at":"2026-01-02T03:04:05.678Z","updated_at":"2026-01-02T03:04:05.678Z"}}', NULL, 1, NULL, NULL, NULL);
INSERT INTO events VALUES (3, 1767323045678000, 'client.create', 'client', 'cli', NULL, NULL, 'operator', 'null', '{"ids":{"client_id":"cli"},"created_at":"2026-01-02T03:04:05.678Z","name":"Command line","description":"A program in a terminal, such as `keyfob login`","administrative_contact":{"user_ids":{"user_id":"admin"}},"technical_contact":{"user_ids":{"user_id":"admin"}},"redirect_uris":["local-callback","code"],"state":"STATE_APPROVED","endorsed":true,"grants":["GRANT_AUTHORIZATION_CODE","GRANT_REFRESH_TOKEN"],"rights":["RIGHT_ALL"]}', NULL, 1, NULL, 1, NULL);
INSERT INTO events VALUES (4, 1767323045679001, 'user.create', 'user', 'alice', 'admin', 'ADMINADMINADMINADMINADMINADMINADMINADMI', 'request-1', 'null', '{"ids":{"user_id":"alice"},"created_at":"2026-01-02T03:04:05.679001Z","contact_info":[{"contact_method":"CONTACT_METHOD_EMAIL","value":"alice@example.com"}],"primary_email_address":"alice@example.com","password_updated_at":"2026-01-02T03:04:05.679001Z","state":"STATE_APPROVED","console_preferences":{}}', NULL, 1, NULL, NULL, NULL);
INSERT INTO events VALUES (5, 1767323045679001, 'user.api-key.create', 'user', 'alice', 'alice', NULL, 'operator', 'null', '{"api_key":{"id":"AHGN622F7DKGJAFOCQW2SYDLHEJFB3W4AHIZTJI","name":"alice","rights":["RIGHT_ALL"],"created_at":"2026-01-02T03:04:05.679001Z","updated_at":"2026-01-02T03:04:05.679001Z"}}', NULL, 1, NULL, NULL, NULL);
INSERT INTO events VALUES (6, 1767323045680002, 'user.create', 'user', 'bob', 'admin', 'ADMINADMINADMINADMINADMINADMINADMINADMI', 'request-2', 'null', '{"ids":{"user_id":"bob"},"created_at":"2026-01-02T03:04:05.680002Z","contact_info":[{"contact_method":"CONTACT_METHOD_EMAIL","value":"bob@example.com"}],"primary_email_address":"bob@example.com","password_updated_at":"2026-01-02T03:04:05.680002Z","state":"STATE_APPROVED","console_preferences":{}}', NULL, 1, NULL, NULL, NULL);
INSERT INTO events VALUES (7, 1767323045680002, 'user.api-key.create', 'user', 'bob', 'bob', NULL, 'operator', 'null', '{"api_key":{"id":"TVFOWO6JO6HCUHLOSOZVPDN5UPOJCMHLD2KDGBY","name":"bob","rights":["RIGHT_ALL"],"created_at":"2026-01-02T03:04:05.680002Z","updated_at":"2026-01-02T03:04:05.680002Z"}}', NULL, 1, NULL, NULL, NULL);
INSERT INTO events VALUES (8, 1767323045681003, 'organization.create', 'organization', 'acme', 'alice', 'AHGN622F7DKGJAFOCQW2SYDLHEJFB3W4AHIZTJI', 'request-3', 'null', '{"ids":{"organization_id":"acme"},"created_at":"2026-01-02T03:04:05.681003Z","name":"acme","administrative_contact":{"user_ids":{"user_id":"alice"}},"technical_contact":{"user_ids":{"user_id":"alice"}}}', NULL, 1, NULL, NULL, NULL);
INSERT INTO events VALUES (9, 1767323045682004, 'organization.collaborator.update', 'organization', 'acme', 'alice', 'AHGN622F7DKGJAFOCQW2SYDLHEJFB3W4AHIZTJI', 'request-4', 'null', '{"bob":["RIGHT_CLIENT_INFO","RIGHT_ORGANIZATION_INFO"]}', NULL, 1, NULL, NULL, NULL);
INSERT INTO events VALUES (10, 1767323045683005, 'organization.api-key.create', 'organization', 'acme', 'alice', 'AHGN622F7DKGJAFOCQW2SYDLHEJFB3W4AHIZTJI', 'request-5', 'null', '{"api_key":{"id":"GXCB3NNINYSQSWVO3BG3ACHPHBOBAZJHCXXXDLY","name":"key","rights":["RIGHT_ORGANIZATION_INFO"],"created_at":"2026-01-02T03:04:05.683005Z","updated_at":"2026-01-02T03:04:05.683005Z"}}', NULL, 1, NULL, NULL, NULL);
INSERT INTO events VALUES (11, 1767323045684006, 'user.update', 'user', 'alice', 'alice', 'AHGN622F7DKGJAFOCQW2SYDLHEJFB3W4AHIZTJI', 'request-6', '{"name":"","attributes":{}}', '{"name":"Alice","attributes":{"key":"value"}}', NULL, 1, NULL, NULL, NULL);
INSERT INTO events VALUES (12, 1767323045685007, 'client.create', 'client', 'my-app', 'alice', 'AHGN622F7DKGJAFOCQW2SYDLHEJFB3W4AHIZTJI', 'request-7', 'null', '{"ids":{"client_id":"my-app"},"created_at":"2026-01-02T03:04:05.685007Z","name":"my-app","administrative_contact":{"user_ids":{"user_id":"alice"}},"technical_contact":{"user_ids":{"user_id":"alice"}},"secret":"***","redirect_uris":["https://app.example/cb"],"logout_redirect_uris":["https://app.example/bye"],"state_description":"admin approval required","grants":["GRANT_AUTHORIZATION_CODE","GRANT_REFRESH_TOKEN"],"rights":["RIGHT_USER_INFO"]}', NULL, 1, NULL, NULL, NULL);
INSERT INTO events VALUES (13, 1767323045686008, 'client.update', 'client', 'my-app', 'admin', 'ADMINADMINADMINADMINADMINADMINADMINADMI', 'request-8', '{"state":"STATE_REQUESTED","state_description":"admin approval required"}', '{"state":"STATE_APPROVED","state_description":""}', NULL, 1, NULL, NULL, NULL);
INSERT INTO events VALUES (14, 1767323045686008, 'client.verdict.create', 'client', 'my-app', 'admin', 'ADMINADMINADMINADMINADMINADMINADMINADMI', 'request-8', 'null', '{"verdict":{"outcome":"approved","judge":"account","rule_set":4,"findings":["description warns in description","refresh_token_grant warns in grants","id_shape notes in ids.client_id","redirect_uri_host notes in redirect_uris[0]","redirect_uri_host notes in logout_redirect_uris[0]"]}}', NULL, 1, NULL, NULL, NULL);
INSERT INTO events VALUES (15, 1767323045687009, 'client.update', 'client', 'my-app', 'alice', 'AHGN622F7DKGJAFOCQW2SYDLHEJFB3W4AHIZTJI', 'request-9', '{"description":"","attributes":{}}', '{"description":"An app","attributes":{"key":"value"}}', NULL, 1, NULL, NULL, NULL);
INSERT INTO events VALUES (16, 1767323045688010, 'client.create', 'client', 'waiting', 'alice', 'AHGN622F7DKGJAFOCQW2SYDLHEJFB3W4AHIZTJI', 'request-10', 'null', '{"ids":{"client_id":"waiting"},"created_at":"2026-01-02T03:04:05.688010Z","name":"waiting","administrative_contact":{"user_ids":{"user_id":"alice"}},"technical_contact":{"user_ids":{"user_id":"alice"}},"secret":"***","redirect_uris":["https://waiting.example.com/callback"],"state_description":"admin approval required","grants":["GRANT_AUTHORIZATION_CODE"],"rights":["RIGHT_USER_INFO"]}', NULL, 1, NULL, NULL, NULL);
INSERT INTO events VALUES (17, 1767323045689011, 'client.update', 'client', 'waiting', 'admin', 'ADMINADMINADMINADMINADMINADMINADMINADMI', 'request-11', '{"state_description":"admin approval required"}', '{"state_description":""}', NULL, 1, NULL, NULL, NULL);
INSERT INTO events VALUES (18, 1767323045690012, 'client.collaborator.update', 'client', 'my-app', 'alice', 'AHGN622F7DKGJAFOCQW2SYDLHEJFB3W4AHIZTJI', 'request-12', 'null', '{"bob":["RIGHT_CLIENT_INFO"]}', NULL, 1, NULL, NULL, NULL);
INSERT INTO events VALUES (19, 1767323045691013, 'client.collaborator.update', 'client', 'waiting', 'alice', 'AHGN622F7DKGJAFOCQW2SYDLHEJFB3W4AHIZTJI', 'request-13', 'null', '{"bob":["RIGHT_CLIENT_INFO"]}', NULL, 1, NULL, NULL, NULL);
INSERT INTO events VALUES (20, 1767323045692014, 'user.session.create', 'user', 'bob', 'bob', NULL, 'request-14', '{}', '{"session_id":"7ef6f1dd-5efe-4253-bb3e-3dd401e5bcfb"}', NULL, 1, NULL, NULL, NULL);
INSERT INTO events VALUES (21, 1767323045695017, 'client.trial.create', 'client', 'waiting', 'bob', NULL, 'request-17', '{}', '{"user_id":"bob"}', NULL, 1, NULL, NULL, NULL);
INSERT INTO events VALUES (22, 1767323045696018, 'client.authorization.update', 'client', 'my-app', 'bob', NULL, 'request-18', '{}', '{"user_id":"bob","rights":["RIGHT_USER_INFO"]}', NULL, 1, NULL, NULL, NULL);
INSERT INTO events VALUES (23, 1767323045701023, 'client.token.refuse', 'client', 'my-app', NULL, NULL, 'request-23', '{}', '{"reason":"refresh_token_malformed"}', 'my-app', 1, NULL, NULL, NULL);
INSERT INTO events VALUES (24, 1767323045702024, 'client.secret.rotate', 'client', 'my-app', 'alice', 'AHGN622F7DKGJAFOCQW2SYDLHEJFB3W4AHIZTJI', 'request-24', '{"secret":{"value":"***","expires_at":"2026-01-02T04:04:05.702024Z"}}', '{"secret":"***"}', NULL, 1, NULL, NULL, NULL);
INSERT INTO events VALUES (25, 1767323045704026, 'user.sign-in-link.create', 'user', 'bob', 'admin', 'ADMINADMINADMINADMINADMINADMINADMINADMI', 'request-26', 'null', '{"sign_in_link":{"expires_at":"2026-01-02T03:19:05.704026Z"}}', NULL, 1, NULL, NULL, NULL);
INSERT INTO events VALUES (26, 1767323045705027, 'client.update', 'client', 'waiting', 'alice', 'AHGN622F7DKGJAFOCQW2SYDLHEJFB3W4AHIZTJI', 'request-27', '{"redirect_uris":["https://waiting.example.com/callback"]}', '{"redirect_uris":["http://127.0.0.1:1/cb"]}', NULL, 1, NULL, NULL, NULL);
INSERT INTO events VALUES (27, 1767323045707029, 'client.create', 'client', 'deleted', 'alice', 'AHGN622F7DKGJAFOCQW2SYDLHEJFB3W4AHIZTJI', 'request-29', 'null', '{"ids":{"client_id":"deleted"},"created_at":"2026-01-02T03:04:05.707029Z","name":"deleted","administrative_contact":{"user_ids":{"user_id":"alice"}},"technical_contact":{"user_ids":{"user_id":"alice"}},"secret":"***","redirect_uris":["https://deleted.example.com/callback"],"state_description":"admin approval required","grants":["GRANT_AUTHORIZATION_CODE"],"rights":["RIGHT_USER_INFO"]}', NULL, 1, NULL, NULL, NULL);
INSERT INTO events VALUES (28, 1767323045708030, 'client.delete', 'client', 'deleted', 'alice', 'AHGN622F7DKGJAFOCQW2SYDLHEJFB3W4AHIZTJI', 'request-30', 'null', '{"deleted_at":"2026-01-02T03:04:05.708030Z"}', NULL, 1, NULL, NULL, NULL);
INSERT INTO events VALUES (29, 1767323045711033, 'client.update', 'client', 'my-app', 'alice', 'AHGN622F7DKGJAFOCQW2SYDLHEJFB3W4AHIZTJI', 'request-33', '{"name":"my-app","state":"STATE_APPROVED","state_description":""}', '{"name":"My App","state":"STATE_REQUESTED","state_description":"admin approval required again, for a change of name"}', NULL, 1, NULL, NULL, NULL);
INSERT INTO file_stamp VALUES (1, 'kfobfile', X'2B4BF2D11639FFBFE97B05163CD2DAF6', X'A7E55741277FE4B2E7FC415E2DE6A3F6', X'00000066', 0);
INSERT INTO observations VALUES ('ready', 1767323045709031);
INSERT INTO observations VALUES ('right_use', 1767323045710032);
INSERT INTO organization_members VALUES ('acme', 'alice', '[55]');
INSERT INTO organization_members VALUES ('acme', 'bob', '[60,41]');
INSERT INTO organizations VALUES ('acme', 'alice', 'alice', NULL, 'alice', 0, NULL);
INSERT INTO recoveries VALUES ('62JIXA2IDBWESBMVQ6WSTQHR4EP4II4T4ONYPOA', 'bob', 'link', 1767323945704026, NULL, 'PBKDF2$sha256$1$K20v4fFkE_Vw0VYe$h0G99tOcKddY8KhZBRR20AS5rnhGSypQ3RFZ4Fg7ez8');
INSERT INTO server_keys VALUES ('pairwise', X'6935B0250239FDA17E02078E9869E6460144A96252B2155A467D88219099D00D');
INSERT INTO sessions VALUES ('7ef6f1dd-5efe-4253-bb3e-3dd401e5bcfb', 'bob', 'PBKDF2$sha256$1$0NKdEqfrvv-tg8oq$YBEVBbltZgmmuAkKwJaiikKzC_THUlEXCQSEguum9is', 1767323045692014, 1767323045692014, NULL, NULL, '127.0.0.0/24');
INSERT INTO sign_in_addresses VALUES ('bob', '127.0.0.1', 1767323045692014);
INSERT INTO sign_in_failures VALUES ('known address 127.0.0.1', 1, 1767323045703025);
INSERT INTO sign_in_failures VALUES ('user bob address 127.0.0.1', 1, 1767323045703025);
INSERT INTO signing_keys VALUES (1, 'TzKjw0fr8q1f60vn3U1gsPMm1f2X5_6XOzVVJWXWOEg', 'RS256', X'3082010A0282010100C2CC4F0B0BAF0853032FA333B8F88D1DF1EBAAFC762EFDB1AF099A8FF1BED40FBC67E3A79965CF5FB26AABD6BC55BE7608854E352DB946DC81FFE2C0B1AB42AD3432840528A6DF3E7EF8E594BFB1EF3820F53ECB39D1612648A27B70C700A89EB24E8D671767176FFFEDCE87378BEB90DBF8809FFB6EDC68722D0782D4194E176013ABAB6F30B3B6B9C44C8EB8970722EC4DEE937076549890E4705CC706B1FD08943E9168B946ED91EFD754BA4D73075FEF42C9190BFCF992ABE938153CE3AD722BE2708C2901BD180ECF02D905E7341AFA409D4197EB80159399F12F3FC337809335E0744CF20A8D5A51B949A395A838C6F610B2DB531DD3BC6BFDCF8BE8E30203010001', X'308204BF020100300D06092A864886F70D0101010500048204A9308204A50201000282010100C2CC4F0B0BAF0853032FA333B8F88D1DF1EBAAFC762EFDB1AF099A8FF1BED40FBC67E3A79965CF5FB26AABD6BC55BE7608854E352DB946DC81FFE2C0B1AB42AD3432840528A6DF3E7EF8E594BFB1EF3820F53ECB39D1612648A27B70C700A89EB24E8D671767176FFFEDCE87378BEB90DBF8809FFB6EDC68722D0782D4194E176013ABAB6F30B3B6B9C44C8EB8970722EC4DEE937076549890E4705CC706B1FD08943E9168B946ED91EFD754BA4D73075FEF42C9190BFCF992ABE938153CE3AD722BE2708C2901BD180ECF02D905E7341AFA409D4197EB80159399F12F3FC337809335E0744CF20A8D5A51B949A395A838C6F610B2DB531DD3BC6BFDCF8BE8E302030100010282010003EF74B9586714D7F87C81E38D9D17DCBF026FD5E1DD592AB9CA8BE0D495725B4F071A464C870E0574E94AC76FCE9BA66ECDA2A2D865A1D4DA9B7CCD3FC9A1F335D6BF6C0B4233C863704BD3117C5AC4DB8598DB2A33DCAE95511305583FDF283599F8A95883B0A986961B5208013FA5118C97ACA3BBBDA02E8E5254864C6C936B444A4BA251863F71EA326B0F157B19F12A02B7A99D8DA61A1617B91BB88446C08BD3E58402F198F69944A0F650A090D730EEBA51DAA98BC94BB5F2B090CBEA5061063788AF52E85E17B8781FB809F80B6AEAA881F5EC6B48B30AEF8846C697ACC2B1AFD0A24F0550630CD2C9FEB5B01DDC8E0F71D5B01E46F88EC869112F6102818100F1CA4553103CF17923608D8529EDAC5EC2374466C224747971EB5CBE1515543420BAE754CA048B68B5659F8158CC988929BA70EF71BE0FF82DFE6E3FA94BB9E93289649145479AD67460BA37F05BF067DEC36BC47B5F7C118A15ACB1D448F81B77B5B388C262EE613361D1AAAECBFC8831B8D2F4F0FD2DF4FF356D498596A2FD02818100CE3F0B18D50F7DFE22D55FAA230D79D07CDA5C82772C1ED5B2A84AAFD156AF22766E8627C16BB8717CFA8330651026C6F5AB8DEF32543AA594BA004E8ED85227F649D210FCDA851FADB7A3E77D20BE528A87A375A85C535AFE47DBBC06FD330BEB047AE58DED2CB9B529C3C309EC8AA83C4A7A81184567AE089241CDD72F315F02818100C527074BE98BA7E1FCC4B7E08305B76D34B3D7E46A1D4B93D31DF4EB5149A8F53052F6599EB801EC892CA9D8D04D537B54391FE93E3799D1E5BEF6AA9622971EDD0446AA65713381F63700E0A7EE6FA26273BA25E5EB3FC1157502F1A5853239436D374D262380F864EB380912AA65E9AF91630232965EA8CC8805EAD330B7090281810082523DADD43B34CE97AE2203BCA0703F7814F66D8DE5F819EA090320737385B88E032A8C06610DABD05FEEF36E78B537F4D6111A7ABFD44AFA5E49815A2B8046360ED148E0AD277F2BE2A513C9F21DB0C44E0ED072B0DC0EDC2C05C19ADCF51B6BC669ED912FB39A28CA1A23ACAAA5B6C659FD6C832C9FE5CD0EB5BBDE63B89B02818100CED9AA98737574766063750A545CF56B672988C62C621138A4A3EFFFF02AD9E9B277930276C71385B1C02AC4702870A2C2130E38E040431AD63B01B00912E6A3CD134563851723E3035846DD26BACD38D6AF42285EAAE9A845476159B985C253DA76C385B0BADA582AA527023859C6C3FFA2C27D17C94FD5CEDF247B78BD4DC3', 1767323045710032, 1767323045710032);
INSERT INTO signing_keys VALUES (2, 'VvSmhagWm1UwkUhQOz-2xG0LUBWoGRPaf2X98d2v5Tk', 'ES256', X'04F0895528A32D2091039CB0132DA0998598DDF5352FB37895B4E04EC1D2AAB4DDC5AE5AD5D012A69CE43562509F78D2D05E5F8539970DEC7A5D083E3368B26210', X'308187020100301306072A8648CE3D020106082A8648CE3D030107046D306B020101042019F2444FBE15BB22CF0F8CC591FA57E62C235145CA98D110683E793D81BB696EA14403420004F0895528A32D2091039CB0132DA0998598DDF5352FB37895B4E04EC1D2AAB4DDC5AE5AD5D012A69CE43562509F78D2D05E5F8539970DEC7A5D083E3368B26210', 1767323045710032, 1767323045710032);
INSERT INTO token_successors VALUES (1767323045699021, 1, '3UFJKBEBBCQU33ZBCN5D3TTPQYQDDXWMWCX67QQ', X'41053271266E8FE1EB0EB4B37B8802759FC23183CB95E9B83DF32ABDA32238BB');
INSERT INTO users VALUES ('admin', 'admin@localhost', 'admin@localhost', 1767323045678000, 'PBKDF2$sha256$1000$xt90dovknaehlHtp$F3QOOiSb0vzn_3QVDDXI8qDO6sB60Zr75Hu1zKPNJIY', 1767323045678000, 0, 1, '', 1, NULL, NULL, NULL, '14bd0b7b059d203902591687bab2b81d');
INSERT INTO users VALUES ('alice', 'alice@example.com', 'alice@example.com', NULL, 'PBKDF2$sha256$1000$YgnxqiZZEVdz4uA3$oHqdK_yY6jDcI7v135qmrfinTszzRu1U9HMh8JnkZ6g', 1767323045679001, 0, 1, '', 0, NULL, NULL, NULL, '82f54efebb6a0acbbcbe4b50b6dc8742');
INSERT INTO users VALUES ('bob', 'bob@example.com', 'bob@example.com', NULL, 'PBKDF2$sha256$1000$G6RZfN9wfKKpFBmi$-Qgzb4yQ_hpfin6AX6fzX0GlXe4S4VnfZpdQnl3Kn5c', 1767323045680002, 0, 1, '', 0, NULL, NULL, NULL, '2b552c75eefc5bf527181a745e73db27');
CREATE VIRTUAL TABLE client_text USING fts5 (
    client_id, name, description, content = 'clients', content_rowid = 'client_number', tokenize = 'trigram', detail = none, columnsize = 0
);
CREATE VIRTUAL TABLE account_text USING fts5 (
    account_id, name, description, content = 'accounts', content_rowid = 'account_number', tokenize = 'trigram', detail = none, columnsize = 0
);
INSERT INTO account_text (account_text) VALUES ('rebuild');
INSERT INTO client_text (client_text) VALUES ('rebuild');
CREATE INDEX accounts_by_kind ON accounts (kind, account_id);
CREATE INDEX accounts_by_name ON accounts (kind, name, account_id);
CREATE INDEX accounts_by_creation ON accounts (kind, created_at, account_id);
CREATE UNIQUE INDEX users_by_subject ON users (subject);
CREATE INDEX users_admins ON users (user_id) WHERE admin = 1;
CREATE INDEX users_by_password_rounds ON users (CAST(substr(password_hash, 15) AS INTEGER));
CREATE INDEX organizations_by_administrative_contact ON organizations (administrative_contact);
CREATE INDEX organizations_by_technical_contact ON organizations (technical_contact);
CREATE INDEX organizations_by_creator ON organizations (created_by);
CREATE INDEX organization_members_by_account ON organization_members (account_id, organization_id);
CREATE INDEX api_keys_by_account ON api_keys (account_id, api_key_id);
CREATE INDEX api_keys_by_creator ON api_keys (created_by);
CREATE INDEX clients_live_by_name ON clients (name, client_id) WHERE deleted_at IS NULL;
CREATE INDEX clients_live_by_creation ON clients (created_at, client_id) WHERE deleted_at IS NULL;
CREATE INDEX clients_not_approved ON clients (state, client_id) WHERE deleted_at IS NULL AND state <> 1;
CREATE INDEX clients_deleted ON clients (client_id) WHERE deleted_at IS NOT NULL;
CREATE INDEX clients_endorsed ON clients (client_id) WHERE endorsed = 1 AND deleted_at IS NULL;
CREATE INDEX clients_with_attributes ON clients (client_id) WHERE attributes IS NOT NULL;
CREATE INDEX clients_by_other_administrative_contact ON clients (administrative_contact) WHERE administrative_contact IS NOT registered_by;
CREATE INDEX clients_by_other_technical_contact ON clients (technical_contact) WHERE technical_contact IS NOT registered_by;
CREATE INDEX client_secrets_by_end ON client_secrets (expires_at) WHERE expires_at IS NOT NULL;
CREATE INDEX client_members_by_account ON client_members (account_id, is_live, client_id);
CREATE INDEX client_testers_by_user ON client_testers (user_id);
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
CREATE INDEX events_by_entity ON events (entity_kind, entity_id, event_number, name) WHERE is_only IS NULL;
CREATE INDEX events_by_actor ON events (account_id, event_number);
CREATE TRIGGER client_only_event_delete AFTER DELETE ON clients WHEN old.only_event IS NOT NULL BEGIN
    UPDATE events SET is_only = NULL WHERE event_number = old.only_event;
END;
CREATE INDEX event_counts_by_day ON event_counts (day);
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
CREATE INDEX recoveries_by_end ON recoveries (expires_at);
CREATE INDEX sign_in_failures_by_time ON sign_in_failures (last_at);
CREATE INDEX sign_in_addresses_by_time ON sign_in_addresses (last_at);
CREATE INDEX authorizations_by_client ON authorizations (client_id, updated_at);
CREATE INDEX authorization_codes_by_user ON authorization_codes (user_id, client_id);
CREATE INDEX authorization_codes_by_client ON authorization_codes (client_id);
CREATE INDEX authorization_codes_by_end ON authorization_codes (expires_at);
CREATE INDEX authorization_codes_unused ON authorization_codes (expires_at) WHERE family_id IS NULL;
CREATE INDEX access_tokens_by_user ON access_tokens (user_id, client_id, rotated_at, created_at);
CREATE INDEX access_tokens_by_family ON access_tokens (family_id, rotated_at);
CREATE INDEX access_tokens_by_end ON access_tokens (ends_at);
CREATE TRIGGER tokens_of_purged_client BEFORE DELETE ON clients BEGIN
    DELETE FROM access_tokens WHERE client_id = old.client_id
        AND user_id IN (SELECT user_id FROM authorizations WHERE client_id = old.client_id);
END;
CREATE INDEX client_token_days_by_day ON client_token_days (day);
CREATE INDEX events_of_old_refusals ON events (happened_at) WHERE name IN ('client.authorize.refuse', 'client.token.refuse');
CREATE INDEX client_likeness_by_client ON client_likeness (client_number);
CREATE TRIGGER client_likeness_update AFTER UPDATE OF name, redirect_uris ON clients
    WHEN (old.name IS NOT new.name OR old.redirect_uris <> new.redirect_uris)
        AND old.client_number <= (SELECT client_number FROM client_likeness_end) BEGIN
    DELETE FROM client_likeness WHERE client_number = old.client_number;
    INSERT INTO client_likeness_waiting (client_number) VALUES (old.client_number) ON CONFLICT DO NOTHING;
END;
CREATE TRIGGER client_likeness_delete AFTER DELETE ON clients BEGIN
    UPDATE client_likeness_end SET client_number = (SELECT coalesce(max(client_number), 0) FROM clients)
        WHERE client_number > (SELECT coalesce(max(client_number), 0) FROM clients);
END;
PRAGMA application_id = 1801875298;
PRAGMA user_version = 10;
