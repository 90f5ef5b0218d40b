//! Collaborators and contacts.

use serde_json::{Value, json};

use crate::base::id::AccountId;
use crate::base::right::{Right, Rights};
use crate::model::value;

/// An account with rights on a client or an organization, as given and in that order.
#[derive(Clone, Debug)]
pub struct Member {
    pub account: AccountId,
    pub rights: Vec<Right>,
}

impl Member {
    /// `{"ids":…,"rights":[…]}`.
    pub fn to_json(&self) -> Value {
        json!({"ids": value::account(Some(&self.account)), "rights": value::rights(&self.rights)})
    }

    /// `{"ids":…}`, for those who may not see the rights.
    pub fn to_public_json(&self) -> Value {
        json!({"ids": value::account(Some(&self.account))})
    }
}

/// Returns the rights of a list, with implied ones.
pub fn expanded(rights: &[Right]) -> Rights {
    rights.iter().copied().collect::<Rights>().expanded()
}

/// The mask paths below an account (registry.md 1.6).
pub const ACCOUNT_PATHS: &[&str] =
    &["ids", "ids.organization_ids", "ids.organization_ids.organization_id", "ids.user_ids", "ids.user_ids.email", "ids.user_ids.user_id"];

/// The e-mail addresses behind the contacts (registry.md 1.9).
#[derive(Clone, Debug, Default)]
pub struct ContactAddresses {
    pub administrative: Option<String>,
    pub technical: Option<String>,
}

impl ContactAddresses {
    /// Returns the addresses, administrative first, leaving out unset or deleted contacts.
    pub fn to_json(&self) -> Value {
        let entry = |kind: Option<&str>, address: &Option<String>| {
            address.as_ref().map(|address| match kind {
                None => json!({"contact_method": "CONTACT_METHOD_EMAIL", "value": address}),
                Some(kind) => json!({"contact_type": kind, "contact_method": "CONTACT_METHOD_EMAIL", "value": address}),
            })
        };
        [entry(None, &self.administrative), entry(Some("CONTACT_TYPE_TECHNICAL"), &self.technical)].into_iter().flatten().collect()
    }
}
