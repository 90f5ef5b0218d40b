//! The resource servers of a client: clients that may introspect its access tokens.

use crate::base::error::{Result, errors};
use crate::model::client::Client;
use crate::registry::principal::{Access, Principal};
use crate::store::{Deleted, Tx};

errors! {
    RESOURCE_SERVER_UNKNOWN: InvalidArgument "keyfob" "resource_server_unknown" "resource_servers names `{resource_server}`, and no client of this ID is registered: register it first, for somebody else who does could introspect the tokens";
}

/// Refuses resource servers that are no clients, beside those that `old` had. The operator declares clients in any order.
pub(super) fn check(tx: &Tx<'_>, by: &Principal, old: Option<&Client>, new: &Client) -> Result<()> {
    match by.access {
        Access::Operator => return Ok(()),
        Access::Anonymous | Access::ApiKey(_) | Access::AccessToken(_) | Access::Session(_) => {}
    }
    let is_kept = |server: &String| *server == *new.id.as_str() || old.is_some_and(|old| old.sign_in.resource_servers.contains(server));
    for server in new.sign_in.resource_servers.iter().filter(|server| !is_kept(server)) {
        let is_registered = server.parse().map_or(Ok(false), |id| tx.client_exists(&id, Deleted::No))?;
        if !is_registered {
            return Err(RESOURCE_SERVER_UNKNOWN.with("resource_server", server.as_str()).into());
        }
    }
    Ok(())
}
