//! Floor 4: writes refusals and failures as JSON or as a page (registry.md 3).

use maud::{Markup, html};
use serde_json::{Map, Value, json};

use crate::base::error::{Error, Kind, Named, errors};
use crate::http::reply::Reply;
use crate::http::request::{Method, Request};
use crate::page::{frame, words};

errors! {
    RECOVERED: Internal "pkg/rpcserver" "rpc_recovered" "Internal Server Error";
    UNAVAILABLE: Unavailable "pkg/util/store" "database_unavailable" "database unavailable";
    METHOD_NOT_ALLOWED: Unimplemented "keyfob" "method_not_allowed" "only {allowed} is answered here";
    MISDIRECTED: FailedPrecondition "keyfob" "misdirected" "the metrics are not asked for by this name: use the address, or name it in --metrics-listen";
    ROUTE_NOT_FOUND: NotFound "pkg/webhandlers" "route_not_found" "route `{route}` not found";
}

/// Returns the reply for an error; 401 carries a challenge (RFC 6750 section 3).
pub fn reply(request: &Request, error: &Error) -> Reply {
    let (kind, body) = body(request, error);
    with_headers(Reply::json(kind.status(), &body), error)
}

/// Returns the reply outside the API: a page for browsers, indented JSON for others (oauth.md 1.3).
pub fn outside(request: &Request, error: &Error) -> Reply {
    let (kind, body) = body(request, error);
    let reply = if prefers_html(request) {
        let (title, explained) = explained(request, error);
        let content = html! {
            (explained)
            @if request.path().starts_with("/console") { p { a href="/console" { "Go to the Console" } } }
        };
        frame::page(kind.status(), title, &content)
    } else {
        Reply::json_text(kind.status(), indented(&body))
    };
    with_headers(reply, error)
}

/// Returns the title and the content of an error page.
pub fn explained(request: &Request, error: &Error) -> (&'static str, Markup) {
    let title = if body(request, error).0 == Kind::NotFound { "Not found" } else { "That did not work" };
    let content = html! {
        h1 { (title) }
        p data-error=[name(error)] { (said(error)) }
        p .quiet { "Request " code { (request.id) } }
    };
    (title, content)
}

/// Returns the reply to a form that fails the CSRF check or is out of date, with a link to a fresh page.
pub fn start_over(request: &Request, error: &Error, page: &str) -> Reply {
    if !prefers_html(request) {
        return outside(request, error);
    }
    let content = html! {
        h1 { "That did not work" }
        p data-error=[name(error)] { "Nothing was changed. This form is out of date, belongs to somebody else who was signed in here, or does not come from this server." }
        p { a .button.main href=(page) { "Start over" } }
        p .quiet {
            "If that does not help, the address in your browser may be one that this server does not know as its own. Its operator can \
             name it with " code { "--public-url" } "."
        }
        p .quiet { "Request " code { (request.id) } }
    };
    frame::page(body(request, error).0.status(), "That did not work", &content)
}

/// Returns the reply for an unknown path outside the API.
pub fn no_route(request: &Request) -> Reply {
    outside(request, &ROUTE_NOT_FOUND.with("route", request.path()).into())
}

/// Returns the reply for a wrong method outside the API (RFC 9110 section 15.5.6).
pub fn wrong_method(request: &Request, allowed: &[Method]) -> Reply {
    let names: Vec<&str> = allowed.iter().map(|method| method.name()).collect();
    let takes_forms_only = request.path().starts_with("/console") && request.method.is_get_or_head() && !allowed.contains(&Method::Get);
    let reply = if takes_forms_only && prefers_html(request) {
        let content = html! {
            h1 { "Nothing to show" }
            p data-error=(METHOD_NOT_ALLOWED.name) { "This address only takes what a form sends, and has no page of its own. Nothing was changed." }
            p { a href="/console" { "Go to the Console" } }
        };
        frame::page(405, "Nothing to show", &content)
    } else {
        outside(request, &METHOD_NOT_ALLOWED.with("allowed", names.join(", ")).into())
    };
    Reply { status: 405, ..reply }.with("Allow", names.join(", "))
}

/// Returns the reply to a request that names another server (RFC 9110 section 15.5.20).
pub fn misdirected(request: &Request) -> Reply {
    Reply { status: 421, ..outside(request, &MISDIRECTED.error().into()) }
}

/// Returns whether the client prefers HTML, as browsers do.
pub fn prefers_html(request: &Request) -> bool {
    request.header("accept").is_some_and(|accept| accept.trim_start().starts_with("text/html"))
}

/// Returns the name of the error, if it has one.
fn name(error: &Error) -> Option<&'static str> {
    match error {
        Error::Named(named) => Some(named.definition.name),
        Error::Plain(..) | Error::Internal(_) | Error::Unavailable(_) => None,
    }
}

/// Returns the error as a sentence, without the names for programs.
fn said(error: &Error) -> String {
    match error {
        Error::Named(named) => words::refusal(named),
        Error::Plain(_, text) => text.clone(),
        Error::Internal(_) => "Something went wrong on our side.".to_owned(),
        Error::Unavailable(_) => "Nothing can be saved just now. Try again in a moment.".to_owned(),
    }
}

/// Adds the reason, when to try again after too many requests (RFC 6585 section 4), and a challenge for missing or bad credentials.
pub fn with_headers(reply: Reply, error: &Error) -> Reply {
    let reply = Reply { reason: name(error), ..reply };
    match error {
        Error::Named(named) if matches!(named.kind, Kind::ResourceExhausted | Kind::Unavailable) => {
            reply.with("Retry-After", named.attributes.get("seconds").map_or_else(|| "60".to_owned(), ToString::to_string))
        }
        Error::Named(named) if named.kind == Kind::Unauthenticated => reply.with("WWW-Authenticate", challenge(error)),
        _ => reply,
    }
}

/// Formats JSON as The Things Stack does outside the API: indented with tabs.
pub fn indented(value: &Value) -> Vec<u8> {
    let lines = format!("{value:#}");
    let tabbed = lines.lines().map(|line| {
        let text = line.trim_start();
        "\t".repeat((line.len() - text.len()) / 2) + text + "\n"
    });
    tabbed.collect::<String>().into_bytes()
}

/// Returns the kind of an error, and its JSON.
pub fn body(request: &Request, error: &Error) -> (Kind, Value) {
    match error {
        Error::Named(named) => (named.kind, envelope(request, named)),
        Error::Plain(kind, message) => (*kind, json!({"code": kind.code(), "message": message})),
        // The cause is only logged.
        Error::Internal(_) => (Kind::Internal, envelope(request, &RECOVERED.error())),
        Error::Unavailable(_) => (Kind::Unavailable, envelope(request, &UNAVAILABLE.error())),
    }
}

/// Returns `code`, `message`, and `details` with one element.
pub fn envelope(request: &Request, named: &Named) -> Value {
    let mut detail = Map::from_iter([("@type".to_owned(), json!("type.googleapis.com/ttn.lorawan.v3.ErrorDetails"))]);
    detail.extend(details(request, named));
    json!({"code": named.kind.code(), "message": named.message(), "details": [detail]})
}

/// Returns the details in the API's order (registry.md 3.1); causes have the same shape. The request ID finds the log line.
fn details(request: &Request, named: &Named) -> Map<String, Value> {
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
    details.insert("correlation_id".to_owned(), request.id.as_str().into());
    if let Some(cause) = &named.cause {
        details.insert("cause".to_owned(), self::details(request, cause).into());
    }
    details.insert("code".to_owned(), named.kind.code().into());
    details
}

/// Returns the challenge. Without credentials it only names the scheme; with bad ones, the error too (RFC 6750 section 3.1).
fn challenge(error: &Error) -> &'static str {
    let sent_none = error.is(&crate::registry::principal::UNAUTHENTICATED);
    if sent_none { "Bearer realm=\"keyfob\"" } else { "Bearer realm=\"keyfob\", error=\"invalid_token\"" }
}
