//! The JSON Schemas that requests and answers share.

use serde_json::{Map, Value, json};

use crate::base::id::LONGEST;
use crate::model::bounds::{ATTRIBUTES, Bound};
use crate::model::choice::Choices;
use crate::model::shape::{Identifiers, WordKind};

/// No NUL, which is refused everywhere.
const NO_NUL: &str = "^[^\\u0000]*$";

pub fn reference(name: &str) -> Value {
    json!({"$ref": format!("#/components/schemas/{name}")})
}

/// Returns an object of which the members `required` are required.
pub fn object<'n>(required: &[&str], members: impl IntoIterator<Item = (&'n str, Value)>) -> Value {
    let properties: Map<String, Value> = members.into_iter().map(|(name, schema)| (name.to_owned(), schema)).collect();
    let mut object = json!({"type": "object", "properties": properties});
    if !required.is_empty() {
        object["required"] = required.into();
    }
    object
}

/// Returns a text of at most `longest` characters.
pub fn text(longest: usize) -> Value {
    json!({"type": "string", "maxLength": longest, "pattern": NO_NUL})
}

/// Returns a text of any length.
pub fn plain() -> Value {
    json!({"type": "string"})
}

pub fn described(mut schema: Value, description: &str) -> Value {
    schema["description"] = description.into();
    schema
}

pub fn time() -> Value {
    json!({"type": "string", "format": "date-time", "pattern": "T.*Z$"})
}

pub fn list(items: Value, bound: &Bound) -> Value {
    json!({"type": "array", "maxItems": bound.most, "items": items})
}

/// Returns a word of a list.
pub fn word(kind: &WordKind) -> Value {
    json!({"type": "string", "pattern": (kind.pattern)(), "maxLength": kind.longest})
}

/// Returns attributes with values of this schema.
pub fn attributes(value: Value) -> Value {
    let keys = json!({"pattern": crate::base::id::AttributeKey::pattern(), "maxLength": LONGEST});
    json!({"type": "object", "maxProperties": ATTRIBUTES.most, "propertyNames": keys, "additionalProperties": value})
}

pub fn id(ids: &Identifiers) -> Value {
    json!({"type": "string", "pattern": (ids.pattern)(), "maxLength": LONGEST})
}

/// `{"client_id":"…"}`.
pub fn ids(ids: &'static Identifiers) -> Value {
    object(&[ids.key], [(ids.key, id(ids))])
}

/// Returns the name of an enumeration's schema: `STATE_` is `State`.
pub fn choice_name(choices: &Choices) -> &'static str {
    match choices.prefix {
        "STATE_" => "State",
        "GRANT_" => "GrantType",
        _ => "Right",
    }
}

/// Returns an enumeration: one of its own if its names have no prefix to call it by.
pub fn choice(choices: &Choices) -> Value {
    if choices.prefix.is_empty() { json!({"enum": (choices.names)()}) } else { reference(choice_name(choices)) }
}

/// Allows `null`, which means absent.
pub fn or_null(mut schema: Value) -> Value {
    match schema.get("type").cloned() {
        Some(kind) => {
            schema["type"] = json!([kind, "null"]);
            schema
        }
        None => json!({"anyOf": [schema, {"type": "null"}]}),
    }
}
