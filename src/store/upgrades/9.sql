ALTER TABLE authorizations ADD COLUMN words TEXT NOT NULL DEFAULT '';
ALTER TABLE authorizations ADD COLUMN agreed_words TEXT NOT NULL DEFAULT '';
ALTER TABLE authorization_codes ADD COLUMN words TEXT NOT NULL DEFAULT '';
ALTER TABLE authorization_codes ADD COLUMN nonce TEXT;
ALTER TABLE authorization_codes ADD COLUMN signed_in_at INTEGER;
ALTER TABLE access_tokens ADD COLUMN words TEXT NOT NULL DEFAULT '';
ALTER TABLE access_tokens ADD COLUMN refresh_words TEXT NOT NULL DEFAULT '';
ALTER TABLE access_tokens ADD COLUMN signed_in_at INTEGER;
ALTER TABLE users ADD COLUMN subject TEXT;
UPDATE users SET subject = lower(hex(randomblob(16)));
CREATE UNIQUE INDEX users_by_subject ON users (subject);
ALTER TABLE organizations ADD COLUMN made_by_admin INTEGER NOT NULL DEFAULT 0 CHECK (made_by_admin IN (0, 1));
UPDATE organizations SET made_by_admin = 1 WHERE created_by IN (SELECT user_id FROM users WHERE admin = 1);
ALTER TABLE organizations ADD COLUMN is_group INTEGER CHECK (is_group IN (0, 1));

-- The mark of declarations counts only where one of its name did something: before only administrators could set it, users may have written it.
-- Theirs gets another name.
UPDATE accounts SET attributes = json_set(json_remove(attributes, '$."managed-by"'), '$."formerly-managed-by"', attributes ->> '$."managed-by"')
    WHERE attributes ->> '$."managed-by"' IS NOT NULL AND NOT EXISTS (
        SELECT 1 FROM events e WHERE e.entity_kind = accounts.kind AND e.entity_id = accounts.account_id AND e.is_only IS NULL
            AND e.request_id = 'operator.' || (accounts.attributes ->> '$."managed-by"')
            AND e.event_number > (SELECT coalesce(max(p.event_number), 0) FROM events p WHERE p.entity_kind = accounts.kind
                AND p.entity_id = accounts.account_id AND p.is_only IS NULL AND p.name = accounts.kind || '.purge')
    );

UPDATE clients SET attributes = json_set(json_remove(attributes, '$."managed-by"'), '$."formerly-managed-by"', attributes ->> '$."managed-by"')
    WHERE attributes ->> '$."managed-by"' IS NOT NULL AND NOT EXISTS (
        SELECT 1 FROM events e WHERE e.request_id = 'operator.' || (clients.attributes ->> '$."managed-by"')
            AND (e.event_number = clients.only_event OR e.entity_kind = 'client' AND e.entity_id = clients.client_id AND e.is_only IS NULL
                AND e.event_number > (SELECT coalesce(max(p.event_number), 0) FROM events p WHERE p.entity_kind = 'client'
                    AND p.entity_id = clients.client_id AND p.is_only IS NULL AND p.name = 'client.purge'))
    );
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
