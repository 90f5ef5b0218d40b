//! A user (registry.md 6.1).

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::base::id::UserId;
use crate::base::secret;
use crate::base::time::Time;
use crate::model::choice::{STATES, State};
use crate::model::field::{Field, MaskedIn, SetBy, row};
use crate::model::member::ContactAddresses;
use crate::model::shape::{Shape, USER_IDENTIFIERS};
use crate::model::value;

/// The longest name by which apps know a user, in characters (OpenID Connect Core 1.0 section 2).
pub const LONGEST_SUBJECT: usize = 255;

#[derive(Clone, Debug)]
pub struct User {
    pub id: UserId,
    pub created_at: Time,
    pub updated_at: Time,
    pub deleted_at: Option<Time>,
    pub name: String,
    pub description: String,
    pub attributes: BTreeMap<String, String>,
    pub primary_email_address: String,
    pub primary_email_address_validated_at: Option<Time>,
    pub password_updated_at: Option<Time>,
    pub require_password_update: bool,
    pub state: State,
    pub state_description: String,
    pub admin: bool,
    /// In clear, and only in the reply to the administrator who sent it.
    pub temporary_password: Option<String>,
    pub temporary_password_created_at: Option<Time>,
    pub temporary_password_expires_at: Option<Time>,
    /// What OpenID Connect calls the user by. No other user ever has it.
    pub subject: String,
}

/// What decides what a user may do (registry.md 4.3).
#[derive(Clone, Debug)]
pub struct Standing {
    pub state: State,
    pub state_description: String,
    pub admin: bool,
}

impl User {
    pub fn new(id: UserId, now: Time) -> User {
        User {
            id,
            created_at: now,
            updated_at: now,
            deleted_at: None,
            name: String::new(),
            description: String::new(),
            attributes: BTreeMap::new(),
            primary_email_address: String::new(),
            primary_email_address_validated_at: None,
            password_updated_at: None,
            require_password_update: false,
            state: State::default(),
            state_description: String::new(),
            admin: false,
            temporary_password: None,
            temporary_password_created_at: None,
            temporary_password_expires_at: None,
            subject: secret::fresh_subject(),
        }
    }

    /// Returns whether it is an administrator who can act as one.
    pub fn is_acting_admin(&self) -> bool {
        self.admin && self.state == State::Approved && self.deleted_at.is_none()
    }

    /// Returns one entry, the primary address (registry.md 9, item 52).
    fn contact_info(&self) -> Value {
        ContactAddresses { administrative: Some(self.primary_email_address.clone()), technical: None }.to_json()
    }
}

type Row = Field<User>;

/// In the order of a reply.
pub static FIELDS: &[Field<User>] = &[
    Row::kept("ids", Shape::Ids(&USER_IDENTIFIERS), |u| json!({"user_id": u.id.as_str()}), "The user ID. It never changes.")
        .public()
        .below(&["email", "user_id"]),
    Row::kept("created_at", Shape::Time, |u| value::time(Some(u.created_at)), "When the user was created.").public(),
    Row::kept("updated_at", Shape::Time, |u| value::time(Some(u.updated_at)), "When the user was last changed.").public(),
    Row::kept("deleted_at", Shape::Time, |u| value::time(u.deleted_at), "When the user was deleted; absent on a live one.").public(),
    row!(name, Shape::Text(50), "The name shown to others.").public(),
    row!(description, Shape::Text(2000), "Who the user is.").public(),
    row!(attributes, Shape::Attributes, "Keys and values of your own."),
    Row::kept(
        "contact_info",
        Shape::ContactInfo,
        User::contact_info,
        "The primary e-mail address. Deprecated: made when it is read, ignored when it is sent.",
    )
    .quietly(),
    row!(primary_email_address, Shape::Email, "The e-mail address, unique among live users without regard to case."),
    row!(primary_email_address_validated_at, Shape::Time, "When the address was found to be the user's.").set_by(SetBy::Admin),
    Row::new("password", Shape::Text(1000), |_| Value::Null, |_, _| (), "The password, at creation. Never shown.")
        .issued()
        .masked_in(MaskedIn::Neither),
    Row::kept("password_updated_at", Shape::Time, |u| value::time(u.password_updated_at), "When the password was last changed.")
        .masked_in(MaskedIn::Reads),
    row!(require_password_update, Shape::Flag, "The user should change the password.").set_by(SetBy::Admin),
    row!(state, Shape::Choice(&STATES), "Where the user stands with the administrators.").public().set_by(SetBy::Admin),
    row!(state_description, Shape::Text(128), "Why the user is in that state.").set_by(SetBy::Admin),
    row!(admin, Shape::Flag, "The user is an administrator.").public().set_by(SetBy::Admin),
    Row::new(
        "temporary_password",
        Shape::Text(1000),
        |u| u.temporary_password.as_deref().map_or(Value::Null, Into::into),
        |_, _| (),
        "A second password, good once and within a day for choosing a new one. Shown only in the reply that sets it.",
    )
    .issued()
    .set_by(SetBy::Admin)
    .masked_in(MaskedIn::Updates),
    row!(temporary_password_created_at, Shape::Time, "When the temporary password was set.").set_by(SetBy::Admin),
    row!(temporary_password_expires_at, Shape::Time, "When the temporary password ends: within a day.").set_by(SetBy::Admin),
    Row::kept("profile_picture", Shape::Opaque, |_| Value::Null, "Not kept: always absent.").public().below(&[
        "embedded",
        "embedded.data",
        "embedded.mime_type",
        "sizes",
    ]),
    Row::kept("console_preferences", Shape::Opaque, |_| json!({}), "Not kept: always empty.").below(CONSOLE_PREFERENCES),
];

/// The mask paths below `console_preferences`.
const CONSOLE_PREFERENCES: &[&str] = &[
    "console_theme",
    "dashboard_layouts",
    "dashboard_layouts.api_key",
    "dashboard_layouts.application",
    "dashboard_layouts.collaborator",
    "dashboard_layouts.end_device",
    "dashboard_layouts.gateway",
    "dashboard_layouts.organization",
    "dashboard_layouts.overview",
    "dashboard_layouts.user",
    "sort_by",
    "sort_by.api_key",
    "sort_by.application",
    "sort_by.collaborator",
    "sort_by.end_device",
    "sort_by.gateway",
    "sort_by.organization",
    "sort_by.user",
    "tutorials",
    "tutorials.seen",
];
