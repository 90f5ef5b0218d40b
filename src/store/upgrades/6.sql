-- What the bounds of lists, events and sign-ins need.

-- Who registered a client or created an organization, according to the events; NULL if that account has been purged since.
ALTER TABLE clients ADD COLUMN registered_by TEXT REFERENCES accounts (account_id) ON DELETE SET NULL;
ALTER TABLE organizations ADD COLUMN created_by TEXT REFERENCES accounts (account_id) ON DELETE SET NULL;

UPDATE clients SET registered_by = (
    SELECT e.account_id FROM events e JOIN accounts a ON a.account_id = e.account_id
    WHERE e.event_number = (SELECT max(event_number) FROM events
            WHERE entity_kind = 'client' AND entity_id = client_id AND name = 'client.create')
        AND NOT EXISTS (SELECT 1 FROM events p WHERE p.entity_kind IN ('user', 'organization') AND p.entity_id = e.account_id
            AND p.event_number > e.event_number AND p.name = p.entity_kind || '.purge'));

UPDATE organizations SET created_by = (
    SELECT e.account_id FROM events e JOIN accounts a ON a.account_id = e.account_id
    WHERE e.event_number = (SELECT max(event_number) FROM events
            WHERE entity_kind = 'organization' AND entity_id = organization_id AND name = 'organization.create')
        AND NOT EXISTS (SELECT 1 FROM events p WHERE p.entity_kind IN ('user', 'organization') AND p.entity_id = e.account_id
            AND p.event_number > e.event_number AND p.name = p.entity_kind || '.purge'));

CREATE INDEX clients_by_registrant ON clients (registered_by);
CREATE INDEX organizations_by_creator ON organizations (created_by);

-- A repeated right or grant is kept once, where it stood first.
DELETE FROM client_rights WHERE (client_id, position) NOT IN (SELECT client_id, min(position) FROM client_rights GROUP BY client_id, right);
DELETE FROM client_grants WHERE (client_id, position) NOT IN (SELECT client_id, min(position) FROM client_grants GROUP BY client_id, grant_type);
DELETE FROM client_member_rights WHERE (client_id, account_id, position) NOT IN
    (SELECT client_id, account_id, min(position) FROM client_member_rights GROUP BY client_id, account_id, right);
DELETE FROM organization_member_rights WHERE (organization_id, account_id, position) NOT IN
    (SELECT organization_id, account_id, min(position) FROM organization_member_rights GROUP BY organization_id, account_id, right);

ALTER TABLE events ADD COLUMN client_id TEXT;
ALTER TABLE events ADD COLUMN times INTEGER NOT NULL DEFAULT 1;
ALTER TABLE events ADD COLUMN first_at INTEGER;

CREATE TABLE event_counts (
    entity_kind  TEXT NOT NULL,
    entity_id    TEXT NOT NULL,
    day          INTEGER NOT NULL,
    kind         TEXT NOT NULL,
    times        INTEGER NOT NULL,
    event_number INTEGER NOT NULL,
    PRIMARY KEY (entity_kind, entity_id, day, kind)
) STRICT, WITHOUT ROWID;

CREATE INDEX event_counts_by_day ON event_counts (day);

DROP INDEX events_of_refusals;

CREATE TABLE client_testers (
    client_id  TEXT NOT NULL REFERENCES clients (client_id) ON DELETE CASCADE,
    user_id    TEXT NOT NULL REFERENCES users (user_id) ON DELETE CASCADE,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (client_id, user_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX client_testers_by_user ON client_testers (user_id);

ALTER TABLE authorizations ADD COLUMN agreed INTEGER NOT NULL DEFAULT 0;
UPDATE authorizations SET agreed = rights WHERE client_id IN (SELECT client_id FROM clients WHERE skip_authorization = 0);

-- Approved is what an administrator left approved or flagged. What waits, was rejected or suspended is not.
ALTER TABLE clients ADD COLUMN approved_rights INTEGER NOT NULL DEFAULT 0;
UPDATE clients SET approved_rights = coalesce((SELECT sum(DISTINCT 1 << right) FROM client_rights r WHERE r.client_id = clients.client_id), 0)
    WHERE state IN (1, 3);

-- Of the secrets of a client only so many are good at once: the newest ten, of those that people chose the newest three.
DELETE FROM client_secrets WHERE secret_number IN (SELECT secret_number FROM (SELECT secret_number, secret_hash,
        row_number() OVER (PARTITION BY client_id ORDER BY secret_number DESC) AS place,
        row_number() OVER (PARTITION BY client_id, substr(secret_hash, 1, 7) = 'SHA256$' ORDER BY secret_number DESC) AS place_among_its_like
        FROM client_secrets)
    WHERE place > 10 OR place_among_its_like > 3 AND substr(secret_hash, 1, 7) <> 'SHA256$');

DROP INDEX access_tokens_by_user;
DROP INDEX access_tokens_by_family;
CREATE INDEX access_tokens_by_user ON access_tokens (user_id, client_id, rotated_at, created_at);
CREATE INDEX access_tokens_by_family ON access_tokens (family_id, rotated_at);

-- The most rounds of any password are what comparing with one takes.
CREATE INDEX users_by_password_rounds ON users (CAST(substr(password_hash, 15) AS INTEGER));

ALTER TABLE authorization_codes ADD COLUMN scope_differs INTEGER NOT NULL DEFAULT 0 CHECK (scope_differs IN (0, 1));
ALTER TABLE access_tokens ADD COLUMN refresh_rights INTEGER NOT NULL DEFAULT 0;
UPDATE access_tokens SET refresh_rights = rights;
-- Who made an API key, by the events that tell. What was made with another key is the doing of who made that one.
ALTER TABLE api_keys ADD COLUMN created_by TEXT REFERENCES users (user_id) ON DELETE SET NULL;
CREATE INDEX api_keys_by_creator ON api_keys (created_by);

CREATE TEMP TABLE api_key_creations (
    api_key_id   TEXT PRIMARY KEY,
    event_number INTEGER NOT NULL,
    account_id   TEXT,
    made_with    TEXT
);
INSERT OR REPLACE INTO api_key_creations (api_key_id, event_number, account_id, made_with)
    SELECT json_extract(new_values, '$.api_key.id'), event_number, account_id, api_key_id FROM events
    WHERE name IN ('user.api-key.create', 'organization.api-key.create') AND json_extract(new_values, '$.api_key.id') IS NOT NULL
    ORDER BY event_number;

UPDATE api_keys SET created_by = (
    WITH RECURSIVE makers (account_id, made_with, event_number, depth) AS (
        SELECT account_id, made_with, event_number, 1 FROM api_key_creations c WHERE c.api_key_id = api_keys.api_key_id
        UNION ALL
        SELECT c.account_id, c.made_with, c.event_number, depth + 1 FROM makers m JOIN api_key_creations c ON c.api_key_id = m.made_with
            WHERE c.event_number < m.event_number
    )
    SELECT m.account_id FROM makers m JOIN users u ON u.user_id = m.account_id
    WHERE NOT EXISTS (SELECT 1 FROM events p WHERE p.entity_kind IN ('user', 'organization') AND p.entity_id = m.account_id
        AND p.event_number > m.event_number AND p.name = p.entity_kind || '.purge')
    ORDER BY m.depth DESC LIMIT 1);

DROP TABLE api_key_creations;

-- The text indexes are written only where a text changed.
DROP TRIGGER client_text_update;
CREATE TRIGGER client_text_update AFTER UPDATE OF name, description ON clients
    WHEN (old.name IS NOT new.name OR old.description <> new.description)
        AND NOT EXISTS (SELECT 1 FROM client_text_pending WHERE client_number = old.client_number) BEGIN
    INSERT INTO client_text (client_text, rowid, client_id, name, description)
        VALUES ('delete', old.client_number, old.client_id, old.name, old.description);
    INSERT INTO client_text (rowid, client_id, name, description) VALUES (new.client_number, new.client_id, new.name, new.description);
END;

DROP TRIGGER account_text_update;
CREATE TRIGGER account_text_update AFTER UPDATE OF name, description ON accounts
    WHEN old.name IS NOT new.name OR old.description <> new.description BEGIN
    INSERT INTO account_text (account_text, rowid, account_id, name, description)
        VALUES ('delete', old.account_number, old.account_id, old.name, old.description);
    INSERT INTO account_text (rowid, account_id, name, description) VALUES (new.account_number, new.account_id, new.name, new.description);
END;
