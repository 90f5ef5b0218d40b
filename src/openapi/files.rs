//! JSON Schemas (draft 2020-12) of files, made of the tables of their members.

use serde_json::{Map, Value, json};

use crate::declared::row::{MemberKind, MemberTable, Presence};
use crate::declared::tables::{DECLARATION, SECRET_SOURCE};
use crate::openapi::{self, inputs, schema};

/// Where OpenAPI has its schemas, and where JSON Schema has them.
const COMPONENTS: &str = "#/components/schemas/";
const DEFINITIONS: &str = "#/$defs/";

pub fn declaration() -> String {
    text(
        &DECLARATION,
        "A declaration for keyfob",
        "What `keyfob plan` and `keyfob apply` make so: users, organizations, clients, and what belongs to them.",
    )
}

/// Returns the schema of a file with the members of this table.
pub fn text(table: &MemberTable, title: &str, description: &str) -> String {
    let mut schema = Map::from_iter([
        ("$schema".to_owned(), json!("https://json-schema.org/draft/2020-12/schema")),
        ("title".to_owned(), json!(title)),
        ("description".to_owned(), json!(description)),
    ]);
    schema.extend(object(table));
    let used = with_definitions(&schema.into());
    openapi::lines(&used, 3) + "\n"
}

fn object(table: &MemberTable) -> Map<String, Value> {
    let needed: Vec<&str> = table.rows.iter().filter(|row| row.presence == Presence::Needed).map(|row| row.name).collect();
    let properties = table.rows.iter().map(|row| {
        let mut schema = of(&row.kind);
        schema["description"] = row.doc.into();
        (row.name.to_owned(), schema)
    });
    let mut object = Map::from_iter([
        ("type".to_owned(), json!("object")),
        ("additionalProperties".to_owned(), false.into()),
        ("properties".to_owned(), properties.collect::<Map<_, _>>().into()),
    ]);
    if !needed.is_empty() {
        object.insert("required".to_owned(), needed.into());
    }
    object
}

fn of(kind: &MemberKind) -> Value {
    match kind {
        MemberKind::Shape(shape) => inputs::of_shape(*shape),
        MemberKind::Id(identifiers) => schema::id(identifiers),
        MemberKind::Number(least, most) => json!({"type": "integer", "minimum": least, "maximum": most}),
        MemberKind::Word(words) => json!({"enum": words}),
        MemberKind::Object(table) => object(table).into(),
        MemberKind::List(table) => json!({"type": "array", "items": object(table)}),
        MemberKind::Filled(kind) => {
            let mut schema = of(kind);
            let least = if schema["type"] == "array" { "minItems" } else { "minLength" };
            schema[least] = 1.into();
            schema
        }
        MemberKind::Secret(kind) => {
            let alternatives = ["file", "env", "hash"].map(|name| json!([name])).into_iter().chain([json!(["generate", "write_to"])]);
            let sources = alternatives.map(|names| {
                let mut source = Value::from(object(&SECRET_SOURCE));
                let named = |name: &String| names.as_array().is_some_and(|names| names.iter().any(|other| other == name.as_str()));
                if let Some(properties) = source["properties"].as_object_mut() {
                    properties.retain(|name, _| named(name));
                }
                source["required"] = names;
                source
            });
            json!({"anyOf": std::iter::once(of(kind)).chain(sources).collect::<Vec<_>>()})
        }
        MemberKind::Hash => json!({"type": "string", "maxLength": 1000, "pattern": "^(PBKDF2|SHA256)\\$"}),
        MemberKind::Password => inputs::new_password(),
        MemberKind::ApiKey => json!({"type": "string", "pattern": "^NNSXS\\.[A-Z2-7]{39}\\.[A-Z2-7]{52}$"}),
        MemberKind::OrNull(kind) => schema::or_null(of(kind)),
    }
}

/// Adds the schemas of the API that are referred to, and refers to them there.
fn with_definitions(schema: &Value) -> Value {
    let known = openapi::schemas();
    let mut used: Map<String, Value> = Map::new();
    let mut waiting = vec![schema.to_string()];
    while let Some(text) = waiting.pop() {
        for name in text.split(COMPONENTS).skip(1).filter_map(|rest| rest.split('"').next()) {
            if let Some(definition) = known.get(name).filter(|_| !used.contains_key(name)) {
                used.insert(name.to_owned(), definition.clone());
                waiting.push(definition.to_string());
            }
        }
    }
    used.sort_keys();
    let mut whole = schema.clone();
    whole["$defs"] = used.into();
    serde_json::from_str(&whole.to_string().replace(COMPONENTS, DEFINITIONS)).unwrap_or(whole)
}
