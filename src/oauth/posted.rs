//! Requests that a page of a client posts (OpenID Connect Core 1.0 section 3.1.2.1, RP-Initiated Logout 1.0 section 2). The browser sends none of our
//! cookies with them, so it is led to the same request as GET.

use crate::http::pairs::Pairs;
use crate::http::request::{Method, Request};
use crate::model::scope::Scope;

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
