//! Writes refusals of the authorization server: what RFC 6749 requires and what clients of The Things Stack know, in one body
//! (oauth.md 1.3).

use serde_json::{Map, Value};

use crate::base::error::{Error, Kind, Named};
use crate::failure;
use crate::http::reply::Reply;
use crate::http::request::Request;
use crate::registry::claims::TOKEN_WITHOUT_OPENID;
use crate::registry::principal::UNAUTHENTICATED;
use crate::registry::refusal::{INVALID_REQUEST, Refusal};

/// Logs the refusal and returns the reply. A client that failed to authenticate gets a challenge (RFC 6749 section 5.2).
pub fn reply(request: &Request, refusal: &Refusal) -> Reply {
    refusal.log(&request.id);
    let named = refusal.named();
    let reply = merged(named.kind, refusal.reason.code, &named.text(), failure::envelope(request, &named)).because(refusal.reason.name);
    if named.kind == Kind::Unauthenticated { reply.with("WWW-Authenticate", "Basic realm=\"keyfob\"") } else { reply }
}

/// Refuses an access token with a challenge (RFC 6750 section 3). Without credentials there is no error to name in it.
pub fn token_reply(request: &Request, named: Named) -> Reply {
    if *named.definition == UNAUTHENTICATED {
        return failure::reply(request, &named.into());
    }
    let (kind, code, scope) = match named.kind {
        Kind::InvalidArgument if *named.definition == INVALID_REQUEST => (Kind::InvalidArgument, "invalid_request", ""),
        _ if *named.definition == TOKEN_WITHOUT_OPENID => (Kind::PermissionDenied, "insufficient_scope", ", scope=\"openid\""),
        _ => (Kind::Unauthenticated, "invalid_token", ""),
    };
    let (reason, named) = (named.definition.name, named.of_kind(kind));
    let challenge = format!("Bearer realm=\"keyfob\", error=\"{code}\"{scope}");
    merged(kind, code, &named.text(), failure::envelope(request, &named)).because(reason).with("WWW-Authenticate", challenge)
}

/// The same for other errors: a body too large, a database that cannot be written.
pub fn error_reply(request: &Request, error: &Error) -> Reply {
    let (kind, body) = failure::body(request, error);
    let code = match kind {
        Kind::Internal => "server_error",
        // After too many requests the client is to try again, as when the server is overloaded.
        Kind::Unavailable | Kind::ResourceExhausted => "temporarily_unavailable",
        // An invalid bearer token (RFC 6750 section 3.1).
        Kind::Unauthenticated => "invalid_token",
        _ => "invalid_request",
    };
    let text = match error {
        Error::Named(named) => named.text(),
        Error::Plain(_, text) => text.clone(),
        Error::Internal(_) | Error::Unavailable(_) => "the server could not do it just now".to_owned(),
    };
    failure::with_headers(merged(kind, code, &text, body), error)
}

/// Returns the description in a redirect: for refusals that concern the client itself the whole message (oauth.md 1.4.2).
pub fn description(named: &Named, code: &str) -> String {
    if matches!(code, "invalid_client" | "invalid_grant") { named.message() } else { named.text() }
}

fn merged(kind: Kind, code: &str, description: &str, envelope: Value) -> Reply {
    // RFC 6749 section 5.2 forbids quotes and backslashes.
    let description = description.replace(|c: char| !matches!(c, ' '..='~') || matches!(c, '"' | '\\'), "'");
    let mut body = Map::from_iter([("error".to_owned(), code.into()), ("error_description".to_owned(), description.into())]);
    if let Value::Object(envelope) = envelope {
        body.extend(envelope);
    }
    Reply::json_text(kind.status(), failure::indented(&body.into()))
}
