//! Requests that a page of a client posts (OpenID Connect Core 1.0 section 3.1.2.1, RP-Initiated Logout 1.0 section 2). The browser sends none of our
//! cookies with them, so it is led to the same request as GET.

use crate::base::error::Result;
use crate::call::{Input, LongWork};
use crate::http::pairs::Pairs;
use crate::http::reply::Reply;
use crate::http::request::{Method, Request};
use crate::model::scope::Scope;
use crate::oauth::parameters::Parameters;
use crate::registry::refusal::{REQUEST_TOO_LONG, Refusal};

/// The longest request that is made from what was posted, in bytes: it has to fit into a request line, and into another on the sign-in page.
const LONGEST: usize = 8 * 1024;

/// Returns whether a request is one of these: it has no answer of a user, whom nothing but a page of this server asks. Their handlers do nothing
/// but redirect, so it does not matter who sent it.
pub fn is_request(request: &Request) -> bool {
    if request.method != Method::Post || request.media_type() != "application/x-www-form-urlencoded" {
        return false;
    }
    let (Ok(form), Ok(query)) = (Pairs::of_body(request), Pairs::of_query(request)) else { return false };
    let scope = || form.first("scope").or(query.first("scope")).map(Scope::parse);
    match request.path() {
        "/oauth/authorize" => form.first("authorize").is_none() && scope().is_some_and(|scope| scope.has_openid()),
        "/oauth/end-session" => form.first("sign_out").is_none(),
        _ => false,
    }
}

/// Leads the browser to the same request as GET, with these of its parameters.
/// # Errors
/// `invalid_request` if it is too long.
pub fn same_as_get<'r>(input: &'r Input<'r>, path: &str, parameters: &Parameters, names: &[&str]) -> Result<LongWork<'r>> {
    let place = format!("{path}?{}", parameters.encoded(names));
    if place.len() > LONGEST {
        return Err(Refusal::of(&REQUEST_TOO_LONG).named().into());
    }
    Ok(Box::new(move |_| Ok(Reply::redirect(input.request.method, place))))
}
