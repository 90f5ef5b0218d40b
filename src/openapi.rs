//! Floor 7: the OpenAPI 3.1 document, read off `ROUTES` and the `FIELDS` tables.
//!
//! A copy stands beside the API and is what the server sends; a test holds it against [`document`].

use serde_json::{Map, Value, json};

use crate::api;
use crate::api::query::Orders;
use crate::base::error::Kind;
use crate::model::bounds::{ATTRIBUTES, PAGE, REPLY, RIGHTS};
use crate::model::choice::{Choices, GRANTS, RIGHT_CHOICES, STATES};
use crate::model::field::{Field, MaskedIn, SeenBy, SetBy};
use crate::model::shape::Shape;
use crate::model::{client, organization, user};
use crate::routes::{Guard, ROUTES, Route};

/// The whole document.
pub fn document() -> Value {
    let mut paths = Map::new();
    for route in described_routes() {
        let path = paths.entry(route.path).or_insert_with(|| json!({}));
        path[route.method.name().to_lowercase()] = operation(route);
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "keyfob",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "A registry of OAuth clients that speaks The Things Stack's v3 HTTP API.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "paths": paths,
        "components": {
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer", "description": "An API key, NNSXS.ID.KEY, or an access token, MFRWG.ID.KEY."}},
            "schemas": schemas(),
            "responses": responses(),
        },
    })
}

/// The document as it is sent: a line for each operation and each schema, so that it is small and a change shows where it is.
pub fn text() -> String {
    lines(&document(), 3) + "\n"
}

/// So many levels of objects with a line for each member; what is below them on one line.
fn lines(value: &Value, levels: usize) -> String {
    match value {
        Value::Object(members) if levels > 0 => {
            let members = members.iter().map(|(name, value)| format!("{}:{}", Value::from(name.as_str()), lines(value, levels - 1)));
            format!("{{\n{}\n}}", members.collect::<Vec<_>>().join(",\n"))
        }
        _ => value.to_string(),
    }
}

/// The routes of the API; what lies beside it speaks OAuth, which describes itself (RFC 8414).
fn described_routes() -> impl Iterator<Item = &'static Route> {
    ROUTES.iter().filter(|route| route.path.starts_with("/api/"))
}

fn operation(route: &Route) -> Value {
    let Described { parameters, body, answer, counted } = describe(route);
    let captured = captures(route.path)
        .map(|name| json!({"name": name, "in": "path", "required": true, "schema": {"type": "string", "maxLength": 98}}));
    let mut operation = json!({
        "operationId": operation_id(route),
        "summary": route.doc,
        "tags": [route.name.split('.').next().unwrap_or_default()],
        "parameters": captured.chain(parameters).collect::<Vec<_>>(),
    });
    if let Some(schema) = body {
        operation["requestBody"] = json!({"content": {"application/json": {"schema": schema}}});
    }
    let mut answers = Map::new();
    let mut success = json!({"description": "Done.", "content": {"application/json": {"schema": answer}}});
    if counted {
        success["headers"] = json!({
            "X-Total-Count": {"description": "How many there are on all pages.", "schema": {"type": "integer"}},
            "Link": {
                "description": format!("The next page (RFC 8288, rel=\"next\"), if there is one; with a smaller limit if this one ended early, at {} bytes.", REPLY.most),
                "schema": {"type": "string"},
            },
        });
    }
    answers.insert("200".to_owned(), success);
    for kind in refusals(route) {
        let status = kind.status().to_string();
        answers.insert(status.clone(), json!({"$ref": format!("#/components/responses/{status}")}));
    }
    operation["responses"] = answers.into();
    if !matches!(route.guard, Guard::Open | Guard::Password) {
        let optional = matches!(route.guard, Guard::Anyone | Guard::Registrant);
        operation["security"] = if optional { json!([{}, {"bearer": []}]) } else { json!([{"bearer": []}]) };
    }
    operation
}

/// The route's name, with what tells apart the routes that share it.
fn operation_id(route: &Route) -> String {
    let shared = ROUTES.iter().filter(|other| other.name == route.name).count() > 1;
    let name = route.name.replace('.', "_");
    let captured: Vec<&str> = captures(route.path).collect();
    if shared && !captured.is_empty() { format!("{name}_by_{}", captured.join("_and_")) } else { name }
}

fn captures(path: &'static str) -> impl Iterator<Item = &'static str> {
    path.split('/').filter_map(|part| part.strip_prefix('{').and_then(|part| part.strip_suffix('}')))
}

fn refusals(route: &Route) -> Vec<Kind> {
    let mut refusals = vec![Kind::InvalidArgument];
    if !matches!(route.guard, Guard::Open | Guard::Password | Guard::Registrant | Guard::Purger(_)) {
        refusals.push(Kind::Unauthenticated);
    }
    if !matches!(route.guard, Guard::Open | Guard::Anyone) {
        refusals.push(Kind::PermissionDenied);
    }
    if route.path.contains('{') {
        refusals.push(Kind::NotFound);
    }
    if route.name.ends_with("create") || route.name.ends_with("restore") || route.name == "user.update" {
        refusals.push(Kind::AlreadyExists);
    }
    refusals
}

fn responses() -> Value {
    let responses = [
        (Kind::InvalidArgument, "The request is malformed or breaks a rule; nothing was changed."),
        (Kind::Unauthenticated, "The credentials are missing or bad."),
        (Kind::PermissionDenied, "The caller lacks the right, or is no administrator."),
        (Kind::NotFound, "There is no such thing."),
        (Kind::AlreadyExists, "The ID or the e-mail address is taken."),
    ];
    let error = json!({"application/json": {"schema": reference("Error")}});
    let described = responses.map(|(kind, doc)| (kind.status().to_string(), json!({"description": doc, "content": error})));
    Map::from_iter(described).into()
}

/// What an operation takes and gives.
struct Described {
    parameters: Vec<Value>,
    body: Option<Value>,
    answer: Value,
    /// The answer says how many there are in a header.
    counted: bool,
}

/// The operation says what goes in and out; its name is all that is needed to know it.
fn describe(route: &Route) -> Described {
    let (entity, operation) = route.name.rsplit_once('.').unwrap_or(("", route.name));
    let plain = |answer: Value| Described { parameters: Vec::new(), body: None, answer, counted: false };
    let with_body = |body: Value, answer: Value| Described { body: Some(body), ..plain(answer) };
    let listed = |parameters: Vec<Value>, key: &str, item: Value| Described {
        parameters,
        counted: true,
        ..plain(json!({"type": "object", "properties": {key: {"type": "array", "maxItems": PAGE.most, "items": item}}}))
    };
    let nothing = || json!({"type": "object", "maxProperties": 0});
    match (entity, operation) {
        (_, "delete" | "restore" | "purge") => plain(nothing()),
        (_, "rights") => plain(json!({"type": "object", "properties": {"rights": rights()}})),
        ("client" | "user" | "organization", "create") => with_body(wrapped(entity, false), schema(entity)),
        ("client" | "user" | "organization", "update") => with_body(wrapped(entity, true), schema(entity)),
        ("client" | "user" | "organization", "get") => Described { parameters: vec![field_mask(entity)], ..plain(schema(entity)) },
        ("client" | "user" | "organization", "list") => listed(listing(entity), &format!("{entity}s"), schema(entity)),
        ("client" | "user" | "organization", "search") => listed(searching(entity), &format!("{entity}s"), schema(entity)),
        ("client", "rotate_secret") => with_body(
            object(&[("grace", json!({"type": "string", "pattern": "^[0-9]+s$", "description": "How long older secrets stay good."}))]),
            schema("client"),
        ),
        ("user", "password") => {
            let password = json!({"type": "string", "maxLength": 1000});
            with_body(object(&[("old", password.clone()), ("new", password), ("revoke_all_access", json!({"type": "boolean"}))]), nothing())
        }
        ("client.collaborator" | "organization.collaborator", "list") => {
            listed(paging(&orders(api::members::ORDERS)), "collaborators", reference("Collaborator"))
        }
        ("client.collaborator" | "organization.collaborator", "set") => {
            with_body(object(&[("collaborator", reference("Collaborator"))]), nothing())
        }
        ("client.collaborator" | "organization.collaborator", "get") => plain(reference("Collaborator")),
        ("client.collaborator" | "organization.collaborator" | "account", "search") => {
            let flag = |name: &str, doc: &str| parameter(name, json!({"type": "boolean"}), doc);
            let mut parameters = vec![
                parameter("query", json!({"type": "string", "maxLength": 50}), "A part of the account's ID: two letters of it at least."),
                flag("only_users", "Leave out organizations."),
                flag("complement_collaborators", "Those that are no collaborators of the entity, instead of those that are."),
            ];
            parameters.extend(pages());
            listed(parameters, "account_ids", reference("Account"))
        }
        ("user.session", "list") => listed(paging(&orders(api::sessions::ORDERS)), "sessions", reference("Session")),
        ("user.authorization", "list") => {
            listed(paging(&orders(api::authorizations::ORDERS)), "authorizations", reference("Authorization"))
        }
        ("user.token", "list") => listed(paging(&orders(api::authorizations::ORDERS)), "tokens", reference("AccessToken")),
        ("user.api_key" | "organization.api_key", "list") => {
            listed(paging(&orders(api::api_keys::ORDERS)), "api_keys", reference("APIKey"))
        }
        ("user.api_key" | "organization.api_key", "get") => plain(reference("APIKey")),
        ("user.api_key" | "organization.api_key", "create") => with_body(reference("APIKey"), reference("APIKey")),
        ("user.api_key" | "organization.api_key", "update") => {
            with_body(object(&[("api_key", reference("APIKey")), ("field_mask", reference("FieldMask"))]), reference("APIKey"))
        }
        // Descriptions of the caller and of the server: objects whose members the contract lists.
        _ => plain(json!({"type": "object"})),
    }
}

/// `{"client": …}`, with a mask where one belongs.
fn wrapped(entity: &str, masked: bool) -> Value {
    let mut members = vec![(entity, schema(entity))];
    if masked {
        members.push(("field_mask", reference("FieldMask")));
    }
    object(&members)
}

fn listing(entity: &str) -> Vec<Value> {
    let names = match entity {
        "client" => orders(api::clients::ORDERS),
        "user" => orders(api::users::ORDERS),
        _ => orders(api::organizations::ORDERS),
    };
    let mut parameters = vec![field_mask(entity)];
    parameters.extend(paging(&names));
    parameters.push(parameter("deleted", json!({"type": "boolean"}), "The deleted ones, instead of the live ones."));
    parameters
}

fn searching(entity: &str) -> Vec<Value> {
    let mut parameters = listing(entity);
    for (name, doc) in [
        ("query", "In the ID, the name or the description."),
        ("id_contains", "In the ID."),
        ("name_contains", "In the name."),
        ("description_contains", "In the description."),
    ] {
        parameters.push(parameter(name, json!({"type": "string", "maxLength": 50}), doc));
    }
    let pairs = json!({"type": "object", "maxProperties": ATTRIBUTES.most, "additionalProperties": {"type": "string", "maxLength": 50}});
    let mut attributes = parameter("attributes_contain", pairs, "In the values of attributes: attributes_contain[key]=value.");
    attributes["style"] = "deepObject".into();
    parameters.push(attributes);
    if entity != "organization" {
        let states = json!({"type": "array", "uniqueItems": true, "items": choice(&STATES)});
        parameters.push(parameter("state", states, "Any of these states; repeat the parameter."));
    }
    parameters
}

fn paging(orders: &[&str]) -> Vec<Value> {
    let mut parameters = vec![parameter("order", json!({"enum": orders}), "Sorted by; a minus is descending.")];
    parameters.extend(pages());
    parameters
}

fn pages() -> [Value; 2] {
    [
        parameter("limit", json!({"type": "integer", "minimum": 0, "maximum": PAGE.most, "default": 100}), "Items on a page."),
        parameter("page", json!({"type": "integer", "minimum": 0, "default": 1}), "The number of the page."),
    ]
}

fn orders<Key>(orders: Orders<Key>) -> Vec<&'static str> {
    orders.iter().map(|(name, _)| *name).collect()
}

fn field_mask(entity: &str) -> Value {
    let paths = match entity {
        "client" => readable(client::FIELDS),
        "user" => readable(user::FIELDS),
        _ => readable(organization::FIELDS),
    };
    parameter("field_mask", json!({"type": "string"}), &format!("The fields to read, joined by commas: {}.", paths.join(", ")))
}

fn readable<E>(fields: &[Field<E>]) -> Vec<&'static str> {
    fields.iter().filter(|field| matches!(field.masked_in, MaskedIn::Both | MaskedIn::Reads)).map(|field| field.name).collect()
}

fn parameter(name: &str, schema: Value, doc: &str) -> Value {
    json!({"name": name, "in": "query", "description": doc, "schema": schema})
}

fn schemas() -> Value {
    let text = json!({"type": "string"});
    let time = json!({"type": "string", "format": "date-time"});
    let detail = object(&[
        ("@type", text.clone()),
        ("namespace", text.clone()),
        ("name", text.clone()),
        ("message_format", text.clone()),
        ("attributes", json!({"type": "object"})),
        ("correlation_id", text.clone()),
        ("cause", json!({"type": "object"})),
        ("code", json!({"type": "integer"})),
    ]);
    json!({
        "Client": fields(client::FIELDS),
        "User": fields(user::FIELDS),
        "Organization": fields(organization::FIELDS),
        "APIKey": object(&[
            ("id", text.clone()),
            ("key", json!({"type": "string", "description": "The whole token, shown once."})),
            ("name", json!({"type": "string", "maxLength": 50})),
            ("rights", rights()),
            ("created_at", time.clone()),
            ("updated_at", time.clone()),
            ("expires_at", time.clone()),
        ]),
        "Session": object(&[
            ("user_ids", reference("UserIds")),
            ("session_id", text.clone()),
            ("created_at", time.clone()),
            ("updated_at", json!({"type": "string", "format": "date-time", "description": "When it was last used, to the hour."})),
        ]),
        "Authorization": object(&[
            ("user_ids", reference("UserIds")),
            ("client_ids", reference("ClientIds")),
            ("rights", rights()),
            ("created_at", time.clone()),
            ("updated_at", time.clone()),
        ]),
        "AccessToken": object(&[
            ("user_ids", reference("UserIds")),
            ("user_session_id", text.clone()),
            ("client_ids", reference("ClientIds")),
            ("id", text.clone()),
            ("rights", rights()),
            ("created_at", time.clone()),
            ("expires_at", time.clone()),
        ]),
        "UserIds": object(&[("user_id", text.clone())]),
        "ClientIds": object(&[("client_id", text.clone())]),
        "State": {"enum": (STATES.names)()},
        "GrantType": {"enum": (GRANTS.names)()},
        "Right": {"enum": (RIGHT_CHOICES.names)()},
        "Account": of_shape(Shape::Account),
        "Collaborator": object(&[("ids", reference("Account")), ("rights", rights())]),
        "FieldMask": {"description": "The fields to change.", "oneOf": [
            object(&[("paths", json!({"type": "array", "items": {"type": "string"}}))]),
            {"type": "string", "description": "Paths joined by commas."},
        ]},
        "Error": object(&[
            ("code", json!({"type": "integer", "description": "The gRPC code."})),
            ("message", text),
            ("details", json!({"type": "array", "items": detail})),
        ]),
    })
}

/// An entity's schema: a property for each row of its table.
fn fields<E>(fields: &[Field<E>]) -> Value {
    let mut properties = Map::new();
    for field in fields {
        let mut property = of_shape(field.shape);
        property["description"] = field.doc.into();
        if field.set_by == SetBy::Server && field.name != "ids" {
            property["readOnly"] = true.into();
        }
        if field.seen_by == SeenBy::Issued && field.masked_in == MaskedIn::Neither {
            property["writeOnly"] = true.into();
        }
        properties.insert(field.name.to_owned(), property);
    }
    json!({"type": "object", "properties": properties})
}

fn of_shape(shape: Shape) -> Value {
    match shape {
        Shape::Ids(ids) => object(&[(ids.key, json!({"type": "string", "minLength": 2, "maxLength": 36}))]),
        Shape::Time => json!({"type": "string", "format": "date-time"}),
        Shape::Text(longest) => json!({"type": "string", "maxLength": longest}),
        Shape::Email => json!({"type": "string", "format": "email"}),
        Shape::Texts(bound, longest) => json!({"type": "array", "maxItems": bound.most, "items": {"type": "string", "maxLength": longest}}),
        Shape::Attributes => {
            json!({"type": "object", "maxProperties": ATTRIBUTES.most, "additionalProperties": {"type": "string", "maxLength": 200}})
        }
        Shape::Flag | Shape::OptionalFlag => json!({"type": "boolean"}),
        Shape::Choice(choices) => choice(choices),
        Shape::ChoiceList(choices, bound) => json!({"type": "array", "maxItems": bound.most, "items": choice(choices)}),
        Shape::Account => json!({"type": "object", "oneOf": [
            object(&[("user_ids", object(&[("user_id", json!({"type": "string"}))]))]),
            object(&[("organization_ids", object(&[("organization_id", json!({"type": "string"}))]))]),
        ]}),
        Shape::ContactInfo => json!({"type": "array", "items": {"type": "object"}}),
        Shape::Opaque => json!({"type": "object"}),
    }
}

/// An enumeration, described once: `STATE_` is `State`.
fn choice(choices: &Choices) -> Value {
    reference(choice_name(choices))
}

fn choice_name(choices: &Choices) -> &'static str {
    match choices.prefix {
        "STATE_" => "State",
        "GRANT_" => "GrantType",
        _ => "Right",
    }
}

fn rights() -> Value {
    of_shape(Shape::ChoiceList(&RIGHT_CHOICES, &RIGHTS))
}

fn object(members: &[(&str, Value)]) -> Value {
    let properties: Map<String, Value> = members.iter().map(|(name, schema)| ((*name).to_owned(), schema.clone())).collect();
    json!({"type": "object", "properties": properties})
}

/// The schema of an entity by its name in routes.
fn schema(entity: &str) -> Value {
    match entity {
        "client" => reference("Client"),
        "user" => reference("User"),
        _ => reference("Organization"),
    }
}

fn reference(name: &str) -> Value {
    json!({"$ref": format!("#/components/schemas/{name}")})
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operation_ids_are_unique() {
        let mut ids: Vec<String> = described_routes().map(operation_id).collect();
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
