//! `/oauth/userinfo`: what a client that signs users in may know of the user (OpenID Connect Core 1.0 section 5.3). The access token comes as
//! RFC 6750 says: in the header or in a form, and never in the URL.

use crate::base::error::{Error, Result};
use crate::call::{Call, Input, LongWork};
use crate::http::reply::Reply;
use crate::http::request::Method;
use crate::oauth::introspect::noted;
use crate::oauth::parameters::Parameters;
use crate::oauth::refused;
use crate::registry::authentication::{self, Credentials};
use crate::registry::claims;
use crate::registry::credential_use::Use;
use crate::registry::refusal::{CREDENTIALS_IN_URL, Judged, PARAMETER_REPEATED, Refusal, TWO_AUTHENTICATIONS};

/// The parameter with the token (RFC 6750 section 2.2).
const ACCESS_TOKEN: &str = "access_token";

/// Tells what the scope of an access token lets its client know of the user.
pub fn userinfo<'r>(input: &'r Input<'r>) -> Result<LongWork<'r>> {
    let read = credentials(input);
    Ok(Box::new(move |transactions| {
        let shown = match read {
            Ok(credentials) => transactions.read(|call| shown(call, &credentials, input)),
            Err(refusal) => {
                refusal.log(&input.request.id);
                Err(refusal.named().into())
            }
        };
        match shown {
            Ok((reply, used)) => noted(transactions, reply, [used]),
            Err(Error::Named(named)) => Ok(refused::token_reply(input.request, *named)),
            Err(error) => Err(error),
        }
    }))
}

/// Reads the token from the one place where it is.
fn credentials(input: &Input<'_>) -> Judged<Credentials> {
    if Parameters::of_query(input.request).map_or(true, |query| query.has_any(&[ACCESS_TOKEN])) {
        return Err(Refusal::of(&CREDENTIALS_IN_URL));
    }
    let header = input.request.header("authorization");
    let is_form = input.request.method == Method::Post && input.request.media_type() == "application/x-www-form-urlencoded";
    let form = if is_form { Parameters::of_body(input.request)? } else { Parameters::default() };
    match (header, form.one(ACCESS_TOKEN)) {
        (Some(_), Some(_)) => Err(Refusal::of(&TWO_AUTHENTICATIONS)),
        (None, Some(_)) if form.repeated(&[ACCESS_TOKEN]).is_some() => Err(Refusal::of(&PARAMETER_REPEATED)),
        (None, Some(token)) => Ok(Credentials::parse(Some(&format!("Bearer {token}")))),
        (header, None) => Ok(Credentials::parse(header)),
    }
}

fn shown(call: &Call<'_>, credentials: &Credentials, input: &Input<'_>) -> Result<(Reply, Option<Use>)> {
    let by = authentication::holder(call.tx, call.settings, credentials, &input.request.id)?;
    let claims = claims::by_token(call.tx, &by)?;
    Ok((Reply::json(200, &claims), by.use_to_record))
}
