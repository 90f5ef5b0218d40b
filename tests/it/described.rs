//! The OpenAPI document says what is answered: every answer of every story in this process is held against it.

use std::sync::LazyLock;

use keyfob::http::path;
use keyfob::http::request::Method;
use keyfob::routes::{RouteMatch, find};
use serde_json::{Value, json};

use crate::server::{Answer, Server};

static DOCUMENT: LazyLock<Value> = LazyLock::new(keyfob::openapi::document);

/// Fails if the answer is none that the document has for its operation.
pub fn check(method: Method, target: &str, answer: &Answer) {
    let path = target.split_once('?').map_or(target, |(path, _)| path);
    let segments = path::segments(path).unwrap_or_default();
    let RouteMatch::Route(route, _) = find(method, &segments) else { return };
    let operation = &DOCUMENT["paths"][route.path][route.method.name().to_lowercase()];
    if operation.is_null() {
        return;
    }
    let place = format!("{} {}: {} {}", method.name(), target, answer.status, answer.text());
    let response = resolved(&operation["responses"][answer.status.to_string()]);
    assert!(!response.is_null(), "not declared: {place}");
    if let Err(why) = matches(&response["content"]["application/json"]["schema"], &answer.json()) {
        panic!("{why}\nin {place}");
    }
}

fn resolved(value: &'static Value) -> &'static Value {
    match value["$ref"].as_str() {
        Some(reference) => DOCUMENT.pointer(&reference[1..]).expect("a reference leads somewhere"),
        None => value,
    }
}

/// Holds a value against a schema, by those keywords that answers need.
fn matches(schema: &'static Value, value: &Value) -> Result<(), String> {
    let schema = resolved(schema);
    let wrong = |why: &str| Err(format!("{value} {why} of {schema}"));
    for (keyword, rule) in schema.as_object().expect("a schema is an object") {
        let number = || usize::try_from(rule.as_u64().expect("a number")).expect("it is small");
        let fits = match keyword.as_str() {
            "type" => rule == type_of(value),
            "const" => rule == value,
            "enum" => rule.as_array().expect("a list").contains(value),
            "oneOf" => rule.as_array().expect("a list").iter().filter(|arm| matches(arm, value).is_ok()).count() == 1,
            "anyOf" => rule.as_array().expect("a list").iter().any(|arm| matches(arm, value).is_ok()),
            "required" => rule.as_array().expect("a list").iter().all(|name| value.get(name.as_str().expect("a name")).is_some()),
            "maxItems" => value.as_array().is_none_or(|items| items.len() <= number()),
            "maxProperties" => value.as_object().is_none_or(|members| members.len() <= number()),
            "maxLength" => value.as_str().is_none_or(|text| text.chars().count() <= number()),
            "properties" => {
                let members = value.as_object().into_iter().flatten();
                members
                    .filter_map(|(name, member)| Some((rule.get(name)?, member)))
                    .try_for_each(|(rule, member)| matches(rule, member))?;
                // What is answered is described.
                value.as_object().is_none_or(|members| members.keys().all(|name| rule.get(name).is_some()))
            }
            "additionalProperties" => {
                value.as_object().into_iter().flatten().try_for_each(|(_, member)| matches(rule, member))?;
                true
            }
            "items" => {
                value.as_array().into_iter().flatten().try_for_each(|item| matches(rule, item))?;
                true
            }
            // Regular expressions and formats are left to `tests/schemathesis`.
            "pattern" | "format" | "description" | "propertyNames" => true,
            _ => panic!("{keyword} is not known here"),
        };
        if !fits {
            return wrong(keyword);
        }
    }
    Ok(())
}

fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_i64() => "integer",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

#[test]
fn an_account_is_one_arm_of_its_schema_and_no_more() {
    let schema = &DOCUMENT["components"]["schemas"]["Account"];
    assert_eq!(matches(schema, &json!({"user_ids": {"user_id": "ada"}})), Ok(()));
    assert_eq!(matches(schema, &json!({"organization_ids": {"organization_id": "acme"}})), Ok(()));
    for neither in
        [json!({}), json!({"user_ids": {}}), json!({"user_ids": {"user_id": "ada"}, "organization_ids": {"organization_id": "acme"}})]
    {
        assert!(matches(schema, &neither).is_err(), "{neither}");
    }
}

#[test]
fn a_token_without_a_dot_is_a_400_that_is_declared() {
    let server = Server::start();
    let answer = server.send_with(Some("Bearer missing"), &[], "GET", "/api/v3/auth_info", b"");
    assert_eq!(answer.status, 400);
    assert!(DOCUMENT["paths"]["/api/v3/auth_info"]["get"]["responses"]["400"].is_object());
}

#[test]
fn what_the_document_does_not_declare_is_noticed() {
    let answer = &DOCUMENT["paths"]["/api/v3/clients"]["get"]["responses"]["200"]["content"]["application/json"]["schema"];
    let client = json!({"ids": {"client_id": "app"}, "created_at": "2026-01-02T03:04:05Z", "updated_at": "2026-01-02T03:04:05Z"});
    assert_eq!(matches(answer, &json!({"clients": [client]})), Ok(()));
    for wrong in [json!({"clients": {}}), json!({"clients": [{}]}), json!({"users": []}), json!([])] {
        assert!(matches(answer, &wrong).is_err(), "{wrong}");
    }
}
