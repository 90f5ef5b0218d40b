//! The tables of what is declared, outermost first.

use std::sync::LazyLock;

use crate::declared::row::{MemberKind, MemberRow, MemberTable, of_fields};
use crate::model::choice::RIGHT_CHOICES;
use crate::model::scope::LONGEST_SCOPE;
use crate::model::shape::{ORGANIZATION_IDENTIFIERS, Shape, USER_IDENTIFIERS};
use crate::model::user::LONGEST_SUBJECT;
use crate::model::{bounds, client, organization, user};

pub const RIGHTS: MemberKind = MemberKind::Shape(Shape::ChoiceList(&RIGHT_CHOICES, &bounds::RIGHTS));
pub const USER_ID: MemberKind = MemberKind::Id(&USER_IDENTIFIERS);
pub const CLIENT_ID: MemberKind = MemberKind::Id(&client::IDENTIFIERS);

/// Users and organizations share one namespace of IDs; a user's may be shorter.
const ACCOUNT_ID: MemberKind = USER_ID;

/// A declaration.
#[rustfmt::skip]
pub static DECLARATION: MemberTable = MemberTable { name: "a declaration", rows: LazyLock::new(|| {
    let own = vec![
        MemberRow::optional("$schema", MemberKind::Shape(Shape::Text(1000)), "For editors: where the schema of this file is. Not looked at."),
        MemberRow::optional("name", MemberKind::Shape(Shape::Text(36)).filled().or_null(), "Its name, which what it manages carries in the attribute `managed-by`; without it, `default`. With null nothing is marked, and so nothing is removed by --prune."),
    ];
    own.into_iter().chain(entities()).collect()
}) };

/// Returns the rows of what is declared, in a seed too.
#[rustfmt::skip]
pub fn entities() -> Vec<MemberRow> {
    vec![
        MemberRow::optional("users", MemberKind::List(&USER), "The users. In a seed, the first who is an administrator takes the place of the one that every fixture has."),
        MemberRow::optional("organizations", MemberKind::List(&ORGANIZATION), "The organizations."),
        MemberRow::optional("clients", MemberKind::List(&CLIENT), "The OAuth clients."),
        MemberRow::optional("authorizations", MemberKind::List(&AUTHORIZATION), "What users have agreed to before."),
    ]
}

#[rustfmt::skip]
static USER: MemberTable = MemberTable { name: "a user", rows: LazyLock::new(|| {
    let own = vec![
        MemberRow::needed("user_id", USER_ID, "The user ID."),
        MemberRow::optional("email", MemberKind::Shape(Shape::Email), "The primary e-mail address; without it, USER_ID@localhost."),
        MemberRow::optional("password", MemberKind::Password.secret(), "The password: 8 characters or more, an uppercase letter and a digit. A seed generates one if it is left out; elsewhere nobody knows it, and a sign-in link leads to the account."),
        MemberRow::optional("temporary_password", MemberKind::Password.secret(), "A second password, good once and within a day for choosing a new one. Set only when the user is created."),
        MemberRow::optional("subject", MemberKind::Shape(Shape::Text(LONGEST_SUBJECT)).filled(), "What apps know the user by (`sub` of OpenID Connect): 1 to 255 characters of ASCII without blanks. Without it, a random one. An export has it, so that apps go on knowing the users of a server that moves."),
        MemberRow::optional("api_keys", MemberKind::List(&API_KEY), "The user's API keys."),
    ];
    own.into_iter().chain(of_fields(user::FIELDS, &["primary_email_address", "password", "temporary_password"])).collect()
}) };

#[rustfmt::skip]
static API_KEY: MemberTable = MemberTable { name: "an API key", rows: LazyLock::new(|| vec![
    MemberRow::needed("name", MemberKind::Shape(Shape::Text(50)), "The name of the key."),
    MemberRow::optional("api_key_id", MemberKind::Shape(Shape::Text(100)), "The middle part of the key: needed with a hash. Keys without it are found by their names."),
    MemberRow::optional("key", MemberKind::ApiKey.secret(), "The key itself: NNSXS.ID.KEY, with 39 and 52 characters of A-Z and 2-7. A seed generates one if it is left out; elsewhere it is needed where there is none of this name yet."),
    MemberRow::needed("rights", RIGHTS.filled(), "What it allows."),
    MemberRow::optional("expires_at", MemberKind::Shape(Shape::Time), "When it ends, RFC 3339 in UTC; without it, a key that there is keeps its end, and a new one has none."),
    MemberRow::optional("created_by", USER_ID, "The user who made it: while that user is suspended or rejected, the key is refused."),
]) };

#[rustfmt::skip]
static ORGANIZATION: MemberTable = MemberTable { name: "an organization", rows: LazyLock::new(|| {
    let own = vec![
        MemberRow::needed("organization_id", MemberKind::Id(&ORGANIZATION_IDENTIFIERS), "The organization ID."),
        MemberRow::optional("members", MemberKind::List(&MEMBER), "Its members. Unless one of them has all rights, the administrator is a member too."),
        MemberRow::optional("api_keys", MemberKind::List(&API_KEY), "Its API keys."),
    ];
    own.into_iter().chain(of_fields(organization::FIELDS, &[])).collect()
}) };

#[rustfmt::skip]
static MEMBER: MemberTable = MemberTable { name: "a member", rows: LazyLock::new(|| vec![
    MemberRow::needed("user_id", USER_ID, "The user."),
    MemberRow::needed("rights", RIGHTS, "What the user may do in the organization's name."),
]) };

#[rustfmt::skip]
static CLIENT: MemberTable = MemberTable { name: "a client", rows: LazyLock::new(|| {
    let own = vec![
        MemberRow::needed("client_id", CLIENT_ID, "The client ID."),
        MemberRow::needed("owner", ACCOUNT_ID, "The user or the organization that registers it, and is its first collaborator."),
        MemberRow::optional("owner_kind", MemberKind::Word(vec!["user", "organization"]), "What the owner is. Not needed: users and organizations share one namespace of IDs."),
        MemberRow::optional("secret", MemberKind::Shape(Shape::Text(128)).filled().secret().or_null(), "The client secret, or null for a public client, which has none. A seed generates one if it is left out; elsewhere it is needed for a new client, and otherwise stays as it is."),
        MemberRow::optional("older_secrets", MemberKind::List(&OLDER_SECRET), "Secrets that were rotated and are still in their grace period, the newest first. Set only when the client is created."),
        MemberRow::optional("collaborators", MemberKind::List(&COLLABORATOR), "Who else may look after it."),
    ];
    own.into_iter().chain(of_fields(client::FIELDS, &["secret"])).collect()
}) };

#[rustfmt::skip]
static OLDER_SECRET: MemberTable = MemberTable { name: "an older secret", rows: LazyLock::new(|| vec![
    MemberRow::needed("hash", MemberKind::Hash, "Its hash, as keyfob or The Things Stack writes it: PBKDF2$sha256$ROUNDS$SALT$KEY."),
    MemberRow::needed("expires_at", MemberKind::Shape(Shape::Time), "When it ends, RFC 3339 in UTC."),
]) };

#[rustfmt::skip]
static COLLABORATOR: MemberTable = MemberTable { name: "a collaborator", rows: LazyLock::new(|| vec![
    MemberRow::needed("account", ACCOUNT_ID, "The user or the organization."),
    MemberRow::needed("rights", RIGHTS, "What it may do with the client."),
]) };

#[rustfmt::skip]
static AUTHORIZATION: MemberTable = MemberTable { name: "an authorization", rows: LazyLock::new(|| vec![
    MemberRow::needed("user_id", USER_ID, "The user who agreed."),
    MemberRow::needed("client_id", CLIENT_ID, "The client."),
    MemberRow::optional("rights", RIGHTS, "What the user agreed to; without it, all that the client asks for."),
    MemberRow::optional("agreed", RIGHTS, "Those of them that the user was asked about, and not only let through by an administrator; without it, all."),
    MemberRow::optional("scopes", MemberKind::Shape(Shape::Texts(&bounds::RIGHTS, LONGEST_SCOPE)), "The other words of a scope that the user agreed to: of OpenID Connect, such as `openid` and `email`, and the client's own."),
]) };

/// Where a secret comes from, in files that keyfob reads.
#[rustfmt::skip]
pub static SECRET_SOURCE: MemberTable = MemberTable { name: "a secret", rows: LazyLock::new(|| vec![
    MemberRow::optional("file", MemberKind::Shape(Shape::Text(4096)).filled(), "The file that holds it, relative to the folder of this one; a line end at its end does not count."),
    MemberRow::optional("env", MemberKind::Shape(Shape::Text(256)).filled(), "The variable of the environment that holds it."),
    MemberRow::optional("generate", MemberKind::Word(vec!["once"]), "Generates it when it is first needed, writes it to the file `write_to`, and from then on reads it there."),
    MemberRow::optional("write_to", MemberKind::Shape(Shape::Text(4096)).filled(), "The file for what is generated, relative to the folder of this one; only its owner can read it."),
    MemberRow::optional("hash", MemberKind::Hash, "Its hash, as keyfob or The Things Stack writes it: PBKDF2$sha256$ROUNDS$SALT$KEY."),
]) };

/// A contact, as the API writes accounts.
#[rustfmt::skip]
pub static ACCOUNT: MemberTable = MemberTable { name: "an account", rows: LazyLock::new(|| vec![
    MemberRow::optional("user_ids", MemberKind::Object(&USER_IDS), "A user."),
    MemberRow::optional("organization_ids", MemberKind::Object(&ORGANIZATION_IDS), "Or an organization."),
]) };

#[rustfmt::skip]
static USER_IDS: MemberTable = MemberTable { name: "a user's IDs", rows: LazyLock::new(|| vec![MemberRow::needed("user_id", USER_ID, "The user ID.")]) };

#[rustfmt::skip]
static ORGANIZATION_IDS: MemberTable = MemberTable { name: "an organization's IDs", rows: LazyLock::new(|| vec![
    MemberRow::needed("organization_id", MemberKind::Id(&ORGANIZATION_IDENTIFIERS), "The organization ID."),
]) };
