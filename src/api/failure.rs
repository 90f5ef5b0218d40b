//! Writing refusals and failures as JSON (contract 3).

use data_encoding::HEXLOWER;
use serde_json::{Map, Value, json};

use crate::base::error::{Error, Kind, Named, errors};
use crate::base::secret;
use crate::http::reply::Reply;
use crate::http::request::Request;

errors! {
    RECOVERED: Internal "pkg/rpcserver" "rpc_recovered" "Internal Server Error";
    UNAVAILABLE: Unavailable "pkg/util/store" "database_unavailable" "database unavailable";
    ROUTE_NOT_FOUND: NotFound "pkg/webhandlers" "route_not_found" "route `{route}` not found";
}

/// The reply for an error; 401 carries a challenge (RFC 6750 section 3).
pub fn reply(error: &Error) -> Reply {
    let (kind, body) = body(error);
    let reply = Reply::new(kind.status(), "application/json", body.to_string().into_bytes());
    if kind == Kind::Unauthenticated { reply.with("WWW-Authenticate", challenge(error)) } else { reply }
}

/// The reply outside the API, for a path where nothing is: a page for browsers, indented JSON for others (contract 0.1).
pub fn no_route(request: &Request) -> Reply {
    let error = ROUTE_NOT_FOUND.with("route", request.path());
    if request.header("accept").is_some_and(|accept| accept.trim_start().starts_with("text/html")) {
        let page =
            "<!doctype html>\n<html lang=\"en\">\n<title>Not found</title>\n<h1>Not found</h1>\n<p>There is nothing at this address.</p>\n";
        return Reply::new(404, "text/html; charset=utf-8", page.into());
    }
    let body = indented(&envelope(&error));
    Reply::new(404, "application/json", body)
}

/// JSON as The Things Stack writes it outside the API: indented with tabs.
fn indented(value: &Value) -> Vec<u8> {
    let lines = format!("{value:#}");
    let tabbed = lines.lines().map(|line| {
        let text = line.trim_start();
        "\t".repeat((line.len() - text.len()) / 2) + text + "\n"
    });
    tabbed.collect::<String>().into_bytes()
}

fn body(error: &Error) -> (Kind, Value) {
    match error {
        Error::Named(named) => (named.kind, envelope(named)),
        Error::Plain(kind, message) => (*kind, json!({"code": kind.code(), "message": message})),
        // The cause is in the log; nobody else learns it.
        Error::Internal(_) => (Kind::Internal, envelope(&RECOVERED.error())),
        Error::Unavailable(_) => (Kind::Unavailable, envelope(&UNAVAILABLE.error())),
    }
}

/// `code`, `message`, `details` with one element.
pub fn envelope(named: &Named) -> Value {
    let mut detail = Map::from_iter([("@type".to_owned(), json!("type.googleapis.com/ttn.lorawan.v3.ErrorDetails"))]);
    detail.extend(details(named));
    json!({"code": named.kind.code(), "message": named.message(), "details": [detail]})
}

/// The keys in their order (contract 3.1); causes have the same shape.
fn details(named: &Named) -> Map<String, Value> {
    let mut details = Map::from_iter([
        ("namespace".to_owned(), named.definition.namespace.into()),
        ("name".to_owned(), named.definition.name.into()),
        ("message_format".to_owned(), named.definition.text.into()),
    ]);
    if !named.attributes.is_empty() {
        let mut attributes: Vec<_> = named.attributes.iter().collect();
        attributes.sort_unstable_by_key(|(name, _)| *name);
        let sorted: Map<_, _> = attributes.into_iter().map(|(name, value)| (name.clone(), value.clone())).collect();
        details.insert("attributes".to_owned(), sorted.into());
    }
    details.insert("correlation_id".to_owned(), HEXLOWER.encode(&secret::random::<16>()).into());
    if let Some(cause) = &named.cause {
        details.insert("cause".to_owned(), self::details(cause).into());
    }
    details.insert("code".to_owned(), named.kind.code().into());
    details
}

/// Who sent no credentials is told only what is expected; who sent bad ones also that (RFC 6750 section 3.1).
fn challenge(error: &Error) -> &'static str {
    let sent_none = error.is(&crate::registry::principal::UNAUTHENTICATED);
    if sent_none { "Bearer realm=\"keyfob\"" } else { "Bearer realm=\"keyfob\", error=\"invalid_token\"" }
}
