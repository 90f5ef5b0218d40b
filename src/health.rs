//! Floor 5: whether the process answers, and whether it can do its work.

use serde_json::{Map, Value, json};

use crate::call::AboutServer;
use crate::http::reply::Reply;
use crate::http::request::Method;

/// Answers, which is all that is asked.
pub fn health(_: &AboutServer<'_>) -> Reply {
    Reply::json(200, &json!({"healthy": true}))
}

/// Answers 200 if every check passes, else 503. Names the checks and what they came to, and nothing that strangers should not know. Who asks for
/// the status alone (HEAD) causes no write.
pub fn readiness(server: &AboutServer<'_>) -> Reply {
    let (is_ready, report) = if server.method == Method::Head {
        server.readiness.look(server.store)
    } else {
        server.readiness.check(server.store, server.before_blocking)
    };
    let checks: Map<String, Value> = report.iter().map(|(name, result)| ((*name).to_owned(), result.name().into())).collect();
    Reply::json(if is_ready { 200 } else { 503 }, &json!({"ready": is_ready, "checks": checks}))
}
