//! The tables of The Things Stack's Identity Server, and where each column comes from.
//!
//! An account has a UUID of its own beside that of the user or organization it belongs to: memberships and contacts name the account, all
//! else names the user or organization.

use crate::base::id::AccountId;
use crate::base::secret::Hash;
use crate::base::time::Time;
use crate::model::api_key::ApiKey;
use crate::model::client::Client;
use crate::model::grant::{AccessToken, Authorization};
use crate::model::organization::Organization;
use crate::model::user::User;
use crate::store::members::Membership;
use crate::tts::copy::{Cell, CopyTable, flag, numbers, rights, text, texts, time, uuid};

/// The words for the kinds of entities, as The Things Stack has them.
pub const USER: &str = "user";
pub const ORGANIZATION: &str = "organization";
pub const CLIENT: &str = "client";

/// A user with what it signs in with. A hash that cannot be carried is empty, which nothing matches.
pub struct UserRow {
    pub user: User,
    pub password: String,
    pub temporary_password: Option<Hash>,
}

pub struct AccountRow {
    pub kind: &'static str,
    pub id: String,
    pub created_at: Time,
    pub updated_at: Time,
    pub deleted_at: Option<Time>,
}

pub struct ClientRow {
    pub client: Client,
    pub secret: Option<Hash>,
}

pub struct AttributeRow {
    pub kind: &'static str,
    pub id: String,
    pub key: String,
    pub value: String,
}

/// A token with its hashes; an empty one, which nothing matches, stands for none.
pub struct TokenRow {
    pub token: AccessToken,
    pub access: String,
    pub refresh: String,
}

pub static USERS: CopyTable<UserRow> = CopyTable {
    name: "users",
    columns: &[
        ("id", |r| entity(USER, r.user.id.as_str())),
        ("created_at", |r| time(r.user.created_at)),
        ("updated_at", |r| time(r.user.updated_at)),
        ("deleted_at", |r| r.user.deleted_at.and_then(time)),
        ("name", |r| text(&r.user.name)),
        ("description", |r| text(&r.user.description)),
        ("primary_email_address", |r| Some(r.user.primary_email_address.clone())),
        ("primary_email_address_validated_at", |r| r.user.primary_email_address_validated_at.and_then(time)),
        ("password", |r| Some(r.password.clone())),
        ("password_updated_at", |r| time(r.user.password_updated_at.unwrap_or(r.user.created_at))),
        ("require_password_update", |r| flag(r.user.require_password_update)),
        ("state", |r| Some(r.user.state.number().to_string())),
        ("state_description", |r| text(&r.user.state_description)),
        ("admin", |r| flag(r.user.admin)),
        ("temporary_password", |r| r.temporary_password.as_ref().map(|hash| hash.as_str().to_owned())),
        ("temporary_password_created_at", |r| r.user.temporary_password_created_at.and_then(time)),
        ("temporary_password_expires_at", |r| r.user.temporary_password_expires_at.and_then(time)),
    ],
};

pub static ORGANIZATIONS: CopyTable<Organization> = CopyTable {
    name: "organizations",
    columns: &[
        ("id", |o| entity(ORGANIZATION, o.id.as_str())),
        ("created_at", |o| time(o.created_at)),
        ("updated_at", |o| time(o.updated_at)),
        ("deleted_at", |o| o.deleted_at.and_then(time)),
        ("name", |o| text(&o.name)),
        ("description", |o| text(&o.description)),
        ("administrative_contact_id", |o| o.administrative_contact.as_ref().and_then(account)),
        ("technical_contact_id", |o| o.technical_contact.as_ref().and_then(account)),
        ("fanout_notifications", |o| o.fanout_notifications.and_then(flag)),
    ],
};

pub static ACCOUNTS: CopyTable<AccountRow> = CopyTable {
    name: "accounts",
    columns: &[
        ("id", |a| entity("account", &a.id)),
        ("created_at", |a| time(a.created_at)),
        ("updated_at", |a| time(a.updated_at)),
        ("deleted_at", |a| a.deleted_at.and_then(time)),
        ("uid", |a| Some(a.id.clone())),
        ("account_id", |a| entity(a.kind, &a.id)),
        ("account_type", |a| Some(a.kind.to_owned())),
    ],
};

pub static CLIENTS: CopyTable<ClientRow> = CopyTable {
    name: "clients",
    columns: &[
        ("id", |r| entity(CLIENT, r.client.id.as_str())),
        ("created_at", |r| time(r.client.created_at)),
        ("updated_at", |r| time(r.client.updated_at)),
        ("deleted_at", |r| r.client.deleted_at.and_then(time)),
        ("client_id", |r| Some(r.client.id.to_string())),
        ("name", |r| text(&r.client.name)),
        ("description", |r| text(&r.client.description)),
        ("administrative_contact_id", |r| r.client.administrative_contact.as_ref().and_then(account)),
        ("technical_contact_id", |r| r.client.technical_contact.as_ref().and_then(account)),
        ("client_secret", |r| r.secret.as_ref().map(|hash| hash.as_str().to_owned())),
        ("redirect_uris", |r| texts(&r.client.redirect_uris)),
        ("logout_redirect_uris", |r| texts(&r.client.logout_redirect_uris)),
        ("state", |r| Some(r.client.state.number().to_string())),
        ("state_description", |r| text(&r.client.state_description)),
        ("skip_authorization", |r| flag(r.client.skip_authorization)),
        ("endorsed", |r| flag(r.client.endorsed)),
        ("grants", |r| numbers(r.client.grants.iter().map(|grant| grant.number()))),
        ("rights", |r| rights(r.client.rights.iter().copied())),
    ],
};

pub static ATTRIBUTES: CopyTable<AttributeRow> = CopyTable {
    name: "attributes",
    columns: &[
        ("id", |a| Some(uuid(&["attribute", a.kind, &a.id, &a.key]))),
        ("entity_id", |a| entity(a.kind, &a.id)),
        ("entity_type", |a| Some(a.kind.to_owned())),
        ("key", |a| Some(a.key.clone())),
        ("value", |a| Some(a.value.clone())),
    ],
};

pub static MEMBERSHIPS: CopyTable<Membership> = CopyTable {
    name: "memberships",
    columns: &[
        ("id", |m| Some(uuid(&["membership", m.of.kind(), m.of.as_str(), m.member.account.as_str()]))),
        ("created_at", |m| time(m.created_at)),
        ("updated_at", |m| time(m.created_at)),
        ("account_id", |m| account(&m.member.account)),
        ("rights", |m| rights(m.member.rights.iter().copied())),
        ("entity_id", |m| entity(m.of.kind(), m.of.as_str())),
        ("entity_type", |m| Some(m.of.kind().to_owned())),
    ],
};

pub static API_KEYS: CopyTable<(ApiKey, Hash)> = CopyTable {
    name: "api_keys",
    columns: &[
        ("id", |(key, _)| entity("api key", &key.id)),
        ("created_at", |(key, _)| time(key.created_at)),
        ("updated_at", |(key, _)| time(key.updated_at)),
        ("api_key_id", |(key, _)| Some(key.id.clone())),
        ("key", |(_, hash)| Some(hash.as_str().to_owned())),
        ("rights", |(key, _)| rights(key.rights.iter().copied())),
        ("name", |(key, _)| text(&key.name)),
        ("entity_id", |(key, _)| entity(key.owner.kind(), key.owner.as_str())),
        ("entity_type", |(key, _)| Some(key.owner.kind().to_owned())),
        ("expires_at", |(key, _)| key.expires_at.and_then(time)),
    ],
};

pub static AUTHORIZATIONS: CopyTable<Authorization> = CopyTable {
    name: "client_authorizations",
    columns: &[
        ("id", |a| Some(uuid(&["authorization", a.user_id.as_str(), a.client_id.as_str()]))),
        ("created_at", |a| time(a.created_at)),
        ("updated_at", |a| time(a.updated_at)),
        ("client_id", |a| entity(CLIENT, a.client_id.as_str())),
        ("user_id", |a| entity(USER, a.user_id.as_str())),
        ("rights", |a| rights(a.rights.iter())),
    ],
};

/// The session of a token does not exist there, so it is left out: a token of no session is good there too.
pub static ACCESS_TOKENS: CopyTable<TokenRow> = CopyTable {
    name: "access_tokens",
    columns: &[
        ("id", |r| entity("access token", &r.token.id)),
        ("created_at", |r| time(r.token.created_at)),
        ("updated_at", |r| time(r.token.created_at)),
        ("client_id", |r| entity(CLIENT, r.token.client_id.as_str())),
        ("user_id", |r| entity(USER, r.token.user_id.as_str())),
        ("rights", |r| rights(r.token.rights.iter())),
        ("token_id", |r| Some(r.token.id.clone())),
        ("access_token", |r| Some(r.access.clone())),
        ("refresh_token", |r| Some(r.refresh.clone())),
        ("expires_at", |r| time(r.token.expires_at)),
    ],
};

fn entity(kind: &str, id: &str) -> Cell {
    Some(uuid(&[kind, id]))
}

fn account(id: &AccountId) -> Cell {
    entity("account", id.as_str())
}
