//! `GET /oauth/logout`: a client signs its user out here too (oauth.md 1.7).

use crate::base::error::{Error, Result, errors};
use crate::base::uri;
use crate::call::{Input, Work};
use crate::http::origin;
use crate::http::reply::Reply;
use crate::model::client::Client;
use crate::oauth::parameters::Parameters;
use crate::registry::revocation;
use crate::registry::sessions::COOKIE;

errors! {
    MISSING_ACCESS_TOKEN_ID: PermissionDenied "pkg/oauth" "missing_param_access_token_id" "access token ID was not provided";
    INVALID_LOGOUT_REDIRECT_URI: InvalidArgument "pkg/oauth" "invalid_logout_redirect_uri" "the redirect URI is none of those that the client registered for signing out";
}

/// Where the browser goes if the client registered no redirect URI.
const MOUNT: &str = "/oauth";

/// Ends the token with that ID if its user opens this page, and the user's session if the token was granted in it. Ends nothing for anybody
/// else, because the ID is not secret. An unknown ID is no error.
pub fn by_client<'r>(input: &'r Input<'r>) -> Result<Work<'r>> {
    let query = Parameters::of_query(input.request)?;
    let id = query.owned("access_token_id").ok_or(Error::from(&MISSING_ACCESS_TOKEN_ID))?;
    Ok(Box::new(move |call| {
        let session = call.by.session().filter(|_| origin::opens_page(input.request));
        let ended = revocation::sign_out(call.tx, call.by, session, &id)?;
        let place = match &ended.client {
            Some(client) => place(client, query.one("post_logout_redirect_uri"))?,
            None => MOUNT.to_owned(),
        };
        let reply = Reply::redirect(input.request.method, place);
        Ok(if ended.has_ended_session { reply.with("Set-Cookie", input.cookies.clear(COOKIE)) } else { reply })
    }))
}

/// Returns one of the client's registered redirect URIs, never another.
fn place(client: &Client, wanted: Option<&str>) -> Result<String> {
    let registered = &client.logout_redirect_uris;
    let place = match (wanted, registered.as_slice()) {
        (_, []) => return Ok(MOUNT.to_owned()),
        (None, [first, ..]) => uri::place(first),
        (Some(wanted), _) => {
            // The client chooses the query, as for other URIs.
            let is_registered = registered.iter().any(|uri| Some(uri.as_str()) == wanted.split('?').next());
            Some(wanted.to_owned())
                .filter(|wanted| is_registered && uri::is_local(wanted))
                .or_else(|| uri::matching_whatever_query(registered, wanted))
        }
    };
    place.map(|place| uri::location(&place, &[])).ok_or(Error::from(&INVALID_LOGOUT_REDIRECT_URI))
}
