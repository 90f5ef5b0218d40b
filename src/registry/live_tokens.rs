//! The tokens that open something now, for another server to take over.

use crate::base::error::Result;
use crate::model::grant::AccessToken;
use crate::registry::tokens::limit;
use crate::store::Tx;
use crate::store::access_tokens::Hashes;

/// Visits every token that can be used or refreshed, with no more rights than it gives here.
/// # Errors
/// Those of `visit`, and those of the store.
pub fn each(tx: &Tx<'_>, visit: &mut dyn FnMut(AccessToken, Hashes) -> Result<()>) -> Result<()> {
    tx.each_live_access_token(&mut |(kept, client)| {
        let mut token = kept.token;
        let limit = limit(tx, &token.client_id, &token.user_id, client.state, client.rights, client.approved)?;
        (token.rights, token.refresh_rights) = (token.rights.within(limit), token.refresh_rights.within(limit));
        visit(token, kept.hashes)
    })
}
