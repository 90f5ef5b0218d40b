//! An organization: users who own things together (registry.md 6.4).

use std::collections::BTreeMap;

use serde_json::json;

use crate::base::id::{AccountId, OrganizationId};
use crate::base::time::Time;
use crate::model::field::{Field, SetBy, row};
use crate::model::member::{ACCOUNT_PATHS, ContactAddresses};
use crate::model::shape::{ORGANIZATION_IDENTIFIERS, Shape};
use crate::model::value;

#[derive(Clone, Debug)]
pub struct Organization {
    pub id: OrganizationId,
    pub created_at: Time,
    pub updated_at: Time,
    pub deleted_at: Option<Time>,
    pub name: String,
    pub description: String,
    pub attributes: BTreeMap<String, String>,
    /// Computed on request, never stored.
    pub contact_info: ContactAddresses,
    pub administrative_contact: Option<AccountId>,
    pub technical_contact: Option<AccountId>,
    pub fanout_notifications: Option<bool>,
    /// Whether it counts as a group of its members; without it, one that an administrator made does.
    pub group: Option<bool>,
}

impl Organization {
    pub fn new(id: OrganizationId, now: Time) -> Organization {
        Organization {
            id,
            created_at: now,
            updated_at: now,
            deleted_at: None,
            name: String::new(),
            description: String::new(),
            attributes: BTreeMap::new(),
            contact_info: ContactAddresses::default(),
            administrative_contact: None,
            technical_contact: None,
            fanout_notifications: None,
            group: None,
        }
    }
}

type Row = Field<Organization>;

/// In the order of a reply.
pub static FIELDS: &[Field<Organization>] = &[
    Row::kept(
        "ids",
        Shape::Ids(&ORGANIZATION_IDENTIFIERS),
        |o| json!({"organization_id": o.id.as_str()}),
        "The organization ID. It never changes.",
    )
    .public()
    .below(&["organization_id"]),
    Row::kept("created_at", Shape::Time, |o| value::time(Some(o.created_at)), "When the organization was created.").public(),
    Row::kept("updated_at", Shape::Time, |o| value::time(Some(o.updated_at)), "When the organization was last changed.").public(),
    Row::kept("deleted_at", Shape::Time, |o| value::time(o.deleted_at), "When it was deleted; absent on a live one.").public(),
    row!(name, Shape::Text(50), "The name shown to users.").public(),
    row!(description, Shape::Text(2000), "Who the organization is."),
    row!(attributes, Shape::Attributes, "Keys and values of your own."),
    Row::kept(
        "contact_info",
        Shape::ContactInfo,
        |o| o.contact_info.to_json(),
        "The e-mail addresses of the contacts. Deprecated: made when it is read, ignored when it is sent.",
    )
    .quietly(),
    row!(administrative_contact, Shape::Account, "Whom to ask about the organization: a member.").public().below(ACCOUNT_PATHS),
    row!(technical_contact, Shape::Account, "Whom to ask about its technology: a member.").public().below(ACCOUNT_PATHS),
    row!(fanout_notifications, Shape::OptionalFlag, "Kept for the clients of The Things Stack; keyfob sends no notifications."),
    row!(
        group,
        Shape::OptionalFlag,
        "Counts as a group of its members in the apps that they sign in to. Without it, one that an administrator created does."
    )
    .set_by(SetBy::Admin),
];
