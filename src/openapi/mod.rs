//! Floor 8: generates the OpenAPI 3.1 document from `ROUTES` and the `FIELDS` tables.
//!
//! The server sends a committed copy beside the API; a test compares it with [`document`].

mod answers;
pub mod files;
pub mod inputs;
mod review;
pub mod schema;

use serde_json::{Map, Value, json};

use crate::api::operation::{Gives, Takes};
use crate::base::error::Kind;
use crate::model::bounds::REPLY;
use crate::routes::{Guard, Operation, ROUTES, Route};

pub fn document() -> Value {
    let mut paths = Map::new();
    for (route, operation) in operations() {
        let path = paths.entry(route.path).or_insert_with(|| json!({}));
        path[route.method.name().to_lowercase()] = describe(route, operation);
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "keyfob",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "A registry of OAuth clients that speaks The Things Stack's v3 HTTP API. A request that is not well-formed HTTP, too large or \
                            too slow is refused before any operation sees it, with 400, 408, 413, 431 or 503; a fault of the server is a 500. A method \
                            that a path does not have is answered with 501; HEAD is answered wherever GET is.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "paths": paths,
        "components": {
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer", "description": "An API key, NNSXS.ID.KEY, or an access token, MFRWG.ID.KEY."}},
            "schemas": schemas(),
            "responses": refusals(),
        },
    })
}

/// Returns the schemas that others refer to by their names.
pub fn schemas() -> Map<String, Value> {
    answers::schemas().into_iter().chain(inputs::schemas()).collect()
}

/// Returns the document as sent: one line per operation and schema, so it is small and a change shows where it is.
pub fn text() -> String {
    lines(&document(), 3) + "\n"
}

/// Formats `levels` levels of objects with one member per line; what is below them on one line.
pub fn lines(value: &Value, levels: usize) -> String {
    match value {
        Value::Object(members) if levels > 0 => {
            let members = members.iter().map(|(name, value)| format!("{}:{}", Value::from(name.as_str()), lines(value, levels - 1)));
            format!("{{\n{}\n}}", members.collect::<Vec<_>>().join(",\n"))
        }
        _ => value.to_string(),
    }
}

fn operations() -> impl Iterator<Item = (&'static Route, &'static Operation)> {
    ROUTES.iter().filter_map(|route| route.operation.as_ref().map(|operation| (route, operation)))
}

fn describe(route: &Route, operation: &Operation) -> Value {
    let (query, body) = inputs::of(operation.takes);
    let parameters = captures(route.path).map(inputs::in_path).chain(query);
    let mut described = json!({
        "operationId": operation_id(route),
        "summary": route.doc,
        "tags": [route.name.split('.').next().unwrap_or_default()],
        "parameters": parameters.collect::<Vec<_>>(),
    });
    if let Some(schema) = body {
        described["requestBody"] = json!({"required": schema["type"] == "object", "content": {"application/json": {"schema": schema}}});
    }
    let refusals = statuses(route, operation)
        .into_iter()
        .map(|kind| kind.status().to_string())
        .map(|status| (status.clone(), json!({"$ref": format!("#/components/responses/{status}")})));
    described["responses"] = std::iter::once(("200".to_owned(), success(operation.gives))).chain(refusals).collect::<Map<_, _>>().into();
    if !matches!(route.guard, Guard::Open | Guard::Password) {
        let is_optional = matches!(route.guard, Guard::Anyone | Guard::RightsReader | Guard::Registration);
        described["security"] = if is_optional { json!([{}, {"bearer": []}]) } else { json!([{"bearer": []}]) };
    }
    described
}

fn success(gives: Gives) -> Value {
    let mut success = json!({"description": "Done.", "content": {"application/json": {"schema": answers::of(gives)}}});
    if matches!(gives, Gives::Many(_) | Gives::Items(_)) {
        success["headers"] = json!({
            "X-Total-Count": {"description": "How many there are on all pages.", "schema": {"type": "integer"}},
            "Link": {
                "description": format!("The next page (RFC 8288, rel=\"next\"), if there is one; with a smaller limit if this one ended early, at {} bytes.", REPLY.most),
                "schema": {"type": "string"},
            },
        });
    }
    success
}

/// Returns the route's name, with what tells apart the routes that share it.
fn operation_id(route: &Route) -> String {
    let shared = ROUTES.iter().filter(|other| other.name == route.name).count() > 1;
    let name = route.name.replace('.', "_");
    let captured: Vec<&str> = captures(route.path).collect();
    if shared && !captured.is_empty() { format!("{name}_by_{}", captured.join("_and_")) } else { name }
}

fn captures(path: &'static str) -> impl Iterator<Item = &'static str> {
    path.split('/').filter_map(|part| part.strip_prefix('{').and_then(|part| part.strip_suffix('}')))
}

/// Returns one kind of refusal for each status that the operation can answer, beside those that the document's introduction names for all.
fn statuses(route: &Route, operation: &Operation) -> Vec<Kind> {
    if matches!(route.guard, Guard::Open) {
        return vec![Kind::Unavailable];
    }
    let names_something = route.path.contains('{')
        || matches!(
            operation.takes,
            Takes::Check | Takes::ListOfCollaborator(_) | Takes::ListOfMember(_) | Takes::AccountSearchByParameter
        );
    let rows = [
        (Kind::InvalidArgument, true),
        // Bad credentials count as none for a registration, and are forbidden to purge.
        (Kind::Unauthenticated, !matches!(route.guard, Guard::Registration | Guard::Purge(_))),
        (Kind::PermissionDenied, true),
        (Kind::NotFound, names_something),
        (Kind::AlreadyExists, operation.can_conflict),
        (Kind::ResourceExhausted, operation.is_limited),
        (Kind::Unavailable, true),
    ];
    rows.into_iter().filter(|(_, can_occur)| *can_occur).map(|(kind, _)| kind).collect()
}

/// Returns the refusals, by status.
fn refusals() -> Value {
    let challenge = ("WWW-Authenticate", "What is expected (RFC 6750).");
    let wait = ("Retry-After", "In how many seconds to try again.");
    let rows = [
        (Kind::InvalidArgument, "The request is malformed or breaks a rule; nothing was changed.", None),
        (Kind::Unauthenticated, "The credentials are missing or bad.", Some(challenge)),
        (Kind::PermissionDenied, "The caller lacks the right, or is no administrator.", None),
        (Kind::NotFound, "There is no such thing.", None),
        (Kind::AlreadyExists, "The ID or the e-mail address is taken.", None),
        (Kind::ResourceExhausted, "Too many attempts failed, or too many changes were made today.", Some(wait)),
        (Kind::Unavailable, "Too many passwords and secrets are being checked, or the database cannot be used just now.", Some(wait)),
    ];
    let described = rows.into_iter().map(|(kind, doc, header)| {
        let content = json!({"application/json": {"schema": schema::reference("Error")}});
        let mut response = json!({"description": doc, "content": content});
        if let Some((name, doc)) = header {
            response["headers"] = json!({name: {"description": doc, "schema": {"type": "string"}}});
        }
        (kind.status().to_string(), response)
    });
    described.collect::<Map<_, _>>().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operation_ids_are_unique() {
        let mut ids: Vec<String> = operations().map(|(route, _)| operation_id(route)).collect();
        ids.sort();
        let all = ids.len();
        ids.dedup();
        assert_eq!(ids.len(), all);
    }

    #[test]
    fn every_reference_leads_somewhere() {
        let document = document();
        let text = document.to_string();
        let mut references = 0;
        for reference in text.split("\"$ref\":\"#").skip(1) {
            let pointer = reference.split('"').next().unwrap_or_default();
            assert!(document.pointer(pointer).is_some(), "{pointer}");
            references += 1;
        }
        assert!(references > 50);
    }
}
