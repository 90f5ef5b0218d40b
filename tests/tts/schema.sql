-- The tables of The Things Stack's Identity Server 3.32 that `keyfob export --to tts` fills, as this project describes them: the columns,
-- what may be absent, and what is unique. There are no foreign keys. Columns that keyfob has nothing for are here as well, so that it shows
-- if one of them must be given.

CREATE EXTENSION pgcrypto;

-- `account_id` is the row in `users` or `organizations`. Memberships and contacts refer to `id`.
CREATE TABLE accounts (
    id           uuid NOT NULL DEFAULT gen_random_uuid() PRIMARY KEY,
    created_at   timestamptz NOT NULL,
    updated_at   timestamptz NOT NULL,
    deleted_at   timestamptz,
    uid          varchar(36) UNIQUE,
    account_id   uuid NOT NULL,
    account_type varchar(32) NOT NULL
);

CREATE TABLE users (
    id                                 uuid NOT NULL DEFAULT gen_random_uuid() PRIMARY KEY,
    created_at                         timestamptz NOT NULL,
    updated_at                         timestamptz NOT NULL,
    deleted_at                         timestamptz,
    name                               varchar,
    description                        text,
    primary_email_address              varchar NOT NULL,
    primary_email_address_validated_at timestamptz,
    password                           varchar NOT NULL,
    password_updated_at                timestamptz NOT NULL,
    require_password_update            boolean NOT NULL,
    state                              integer NOT NULL,
    state_description                  varchar,
    admin                              boolean NOT NULL,
    temporary_password                 varchar,
    temporary_password_created_at      timestamptz,
    temporary_password_expires_at      timestamptz,
    profile_picture_id                 uuid,
    console_preferences                bytea,
    universal_rights                   integer[],
    email_notification_preferences     integer[]
);

CREATE UNIQUE INDEX ON users (lower(primary_email_address)) WHERE deleted_at IS NULL;

CREATE TABLE organizations (
    id                        uuid NOT NULL DEFAULT gen_random_uuid() PRIMARY KEY,
    created_at                timestamptz NOT NULL,
    updated_at                timestamptz NOT NULL,
    deleted_at                timestamptz,
    name                      varchar,
    description               text,
    administrative_contact_id uuid,
    technical_contact_id      uuid,
    fanout_notifications      boolean
);

CREATE TABLE clients (
    id                        uuid NOT NULL DEFAULT gen_random_uuid() PRIMARY KEY,
    created_at                timestamptz NOT NULL,
    updated_at                timestamptz NOT NULL,
    deleted_at                timestamptz,
    client_id                 varchar(36) NOT NULL UNIQUE,
    name                      varchar,
    description               text,
    administrative_contact_id uuid,
    technical_contact_id      uuid,
    client_secret             varchar,
    redirect_uris             varchar[],
    logout_redirect_uris      varchar[],
    state                     integer NOT NULL,
    state_description         varchar,
    skip_authorization        boolean NOT NULL,
    endorsed                  boolean NOT NULL,
    grants                    integer[],
    rights                    integer[]
);

CREATE TABLE attributes (
    id          uuid NOT NULL DEFAULT gen_random_uuid() PRIMARY KEY,
    entity_id   uuid NOT NULL,
    entity_type varchar(32) NOT NULL,
    key         varchar,
    value       varchar
);

CREATE TABLE memberships (
    id          uuid NOT NULL DEFAULT gen_random_uuid() PRIMARY KEY,
    created_at  timestamptz NOT NULL,
    updated_at  timestamptz NOT NULL,
    account_id  uuid NOT NULL,
    rights      integer[],
    entity_id   uuid NOT NULL,
    entity_type varchar(32) NOT NULL
);

CREATE TABLE api_keys (
    id          uuid NOT NULL DEFAULT gen_random_uuid() PRIMARY KEY,
    created_at  timestamptz NOT NULL,
    updated_at  timestamptz NOT NULL,
    api_key_id  varchar UNIQUE,
    key         varchar,
    rights      integer[],
    name        varchar,
    entity_id   uuid NOT NULL,
    entity_type varchar(32) NOT NULL,
    expires_at  timestamptz
);

CREATE TABLE client_authorizations (
    id         uuid NOT NULL DEFAULT gen_random_uuid() PRIMARY KEY,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    client_id  uuid NOT NULL,
    user_id    uuid NOT NULL,
    rights     integer[]
);

CREATE TABLE access_tokens (
    id              uuid NOT NULL DEFAULT gen_random_uuid() PRIMARY KEY,
    created_at      timestamptz NOT NULL,
    updated_at      timestamptz NOT NULL,
    client_id       uuid NOT NULL,
    user_id         uuid NOT NULL,
    user_session_id uuid,
    rights          integer[],
    token_id        varchar NOT NULL UNIQUE,
    previous_id     varchar,
    access_token    varchar NOT NULL,
    refresh_token   varchar NOT NULL,
    expires_at      timestamptz
);

-- How it reads users and organizations: each with its account.
CREATE VIEW user_accounts AS
SELECT a.id AS account_id, a.deleted_at AS account_deleted_at, a.uid AS account_uid, u.*
FROM users u JOIN accounts a ON a.account_type = 'user' AND a.account_id = u.id;

CREATE VIEW organization_accounts AS
SELECT a.id AS account_id, a.deleted_at AS account_deleted_at, a.uid AS account_uid, o.*
FROM organizations o JOIN accounts a ON a.account_type = 'organization' AND a.account_id = o.id;

-- The IDs of what has members.
CREATE VIEW entity_ids AS
SELECT 'client' AS entity_type, id AS entity_id, client_id AS uid FROM clients
UNION ALL SELECT account_type, account_id, uid FROM accounts;

-- Who is a member of what, unless the account is deleted.
CREATE VIEW direct_members AS
SELECT a.uid AS member, a.account_type AS member_type, m.entity_type, e.uid AS entity, m.rights
FROM memberships m JOIN accounts a ON a.id = m.account_id AND a.deleted_at IS NULL
JOIN entity_ids e ON e.entity_type = m.entity_type AND e.entity_id = m.entity_id;

-- The users who are members through an organization.
CREATE VIEW indirect_members AS
SELECT u.uid AS member, o.uid AS organization, mine.rights AS own_rights, theirs.entity_type, e.uid AS entity, theirs.rights
FROM memberships mine JOIN accounts u ON u.id = mine.account_id AND u.account_type = 'user' AND u.deleted_at IS NULL
JOIN accounts o ON o.account_type = 'organization' AND o.account_id = mine.entity_id AND mine.entity_type = 'organization' AND o.deleted_at IS NULL
JOIN memberships theirs ON theirs.account_id = o.id
JOIN entity_ids e ON e.entity_type = theirs.entity_type AND e.entity_id = theirs.entity_id;

-- Whether a hash is that of a key, computed apart from keyfob: of one round, PBKDF2 is one HMAC of the salt and the number of the block.
CREATE FUNCTION is_hash_of(hash text, key text) RETURNS boolean LANGUAGE sql AS $$
    SELECT hash LIKE 'PBKDF2$sha256$1$%' AND split_part(hash, '$', 5) = rtrim(translate(encode(
        hmac(convert_to(split_part(hash, '$', 4), 'UTF8') || '\x00000001'::bytea, convert_to(key, 'UTF8'), 'sha256'), 'base64'), '+/', '-_'), '=')
$$;

-- An account as the API names it.
CREATE FUNCTION contact(account uuid) RETURNS json LANGUAGE sql AS $$
    SELECT json_build_object(account_type || '_ids', json_build_object(account_type || '_id', uid)) FROM accounts WHERE id = account
$$;

CREATE FUNCTION attributes_of(kind text, entity uuid) RETURNS json LANGUAGE sql AS $$
    SELECT json_object_agg(key, value) FROM attributes WHERE entity_type = kind AND entity_id = entity
$$;
