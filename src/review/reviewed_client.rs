//! What the rules look at.

use crate::base::right::Rights;
use crate::model::client::Client;

/// A client that is or would be registered, and what the registry knows around it.
#[derive(Debug)]
pub struct ReviewedClient<'a> {
    pub client: &'a Client,
    /// Whether it has no secret.
    pub is_public: bool,
    /// The rights that no token of it has used for 90 days, if it is older than that and that much is known.
    pub unused_rights: Rights,
}
