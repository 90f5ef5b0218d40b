//! The schemas of answers.

use serde_json::{Map, Value, json};

use crate::api::api_keys;
use crate::api::operation::{Gives, Item};
use crate::base::probe::ProbeOutcome;
use crate::model::bounds::{PAGE, RIGHTS};
use crate::model::choice::{GRANTS, RIGHT_CHOICES, STATES};
use crate::model::client::IDENTIFIERS as CLIENT_IDENTIFIERS;
use crate::model::field::Field;
use crate::model::shape::{LONGEST_ATTRIBUTE, ORGANIZATION_IDENTIFIERS, Shape, USER_IDENTIFIERS};
use crate::model::{client, organization, user};
use crate::openapi::review;
use crate::openapi::schema::{attributes, choice, described, ids, list, object, plain, reference, text, time, word};

/// Returns the answer of an operation that succeeds.
pub fn of(gives: Gives) -> Value {
    let nothing = || json!({"type": "object", "maxProperties": 0});
    let page = |key: &str, item: Value| object(&[], [(key, list(item, &PAGE))]);
    match gives {
        Gives::Nothing => nothing(),
        Gives::One(entity) => reference(entity.message()),
        Gives::Many(entity) => page(&format!("{}s", entity.name()), reference(entity.message())),
        Gives::Item(item) => reference(item_name(item)),
        Gives::ItemOrNothing(item) => json!({"anyOf": [reference(item_name(item)), nothing()]}),
        Gives::Items(item) => page(item.name(), reference(item_name(item))),
        Gives::Rights => object(&[], [("rights", rights())]),
        Gives::Findings => findings(),
        Gives::Probes => object(&[], [("probes", json!({"type": "array", "items": reference("Probe")}))]),
        Gives::SignInLink => reference("SignInLink"),
        Gives::AuthInfo => reference("AuthInfo"),
        // The configuration: an object of objects that The Things Stack defines.
        Gives::Configuration => object(&["configuration"], [("configuration", json!({"type": "object"}))]),
        Gives::Document => json!({"type": "object"}),
    }
}

fn item_name(item: Item) -> &'static str {
    match item {
        Item::Account => "Account",
        Item::Collaborator => "Collaborator",
        Item::ApiKey => "APIKey",
        Item::Session => "Session",
        Item::Authorization => "Authorization",
        Item::AccessToken => "AccessToken",
        Item::Event => "Event",
        Item::Review => "Review",
    }
}

fn rights() -> Value {
    json!({"type": "array", "items": reference("Right")})
}

/// Returns the words of a scope that name no rights.
fn scopes() -> Value {
    json!({"type": "array", "items": plain()})
}

/// Returns the schemas that answers refer to.
pub fn schemas() -> Map<String, Value> {
    let account = |arm: &'static str, ids: Value| object(&[arm], [(arm, ids)]);
    let rows = [
        ("Client", entity(client::FIELDS)),
        ("User", entity(user::FIELDS)),
        ("Organization", entity(organization::FIELDS)),
        ("APIKey", api_key()),
        ("Session", session()),
        ("SignInLink", sign_in_link()),
        ("Finding", review::finding()),
        ("Authorization", authorization()),
        ("Review", review::review()),
        ("Verdict", review::verdict()),
        ("AccessToken", access_token()),
        ("Event", event()),
        ("Probe", probe()),
        ("AuthInfo", auth_info()),
        ("UserIds", ids(&USER_IDENTIFIERS)),
        ("OrganizationIds", ids(&ORGANIZATION_IDENTIFIERS)),
        ("ClientIds", ids(&CLIENT_IDENTIFIERS)),
        ("State", json!({"enum": (STATES.names)()})),
        ("GrantType", json!({"enum": (GRANTS.names)()})),
        ("Right", json!({"enum": (RIGHT_CHOICES.names)()})),
        (
            "Account",
            json!({"oneOf": [account("user_ids", reference("UserIds")), account("organization_ids", reference("OrganizationIds"))]}),
        ),
        ("Collaborator", object(&["ids"], [("ids", reference("Account")), ("rights", list(reference("Right"), &RIGHTS))])),
        ("Error", error()),
    ];
    rows.into_iter().map(|(name, schema)| (name.to_owned(), schema)).collect()
}

fn api_key() -> Value {
    object(
        &["id", "created_at", "updated_at"],
        [
            ("id", plain()),
            ("key", json!({"type": "string", "description": "The whole token, shown once."})),
            ("name", of_shape(api_keys::NAME)),
            ("rights", list(reference("Right"), &RIGHTS)),
            ("created_at", time()),
            ("updated_at", time()),
            ("expires_at", time()),
        ],
    )
}

/// Returns the schema of what the review would say.
fn findings() -> Value {
    object(
        &["findings", "rule_set", "would_be"],
        [
            ("findings", json!({"type": "array", "items": reference("Finding")})),
            ("rule_set", json!({"type": "integer", "description": "The version of the rules."})),
            ("would_be", json!({"enum": ["approved", "waits"]})),
        ],
    )
}

fn sign_in_link() -> Value {
    object(
        &["user_ids", "link", "expires_at"],
        [
            ("user_ids", reference("UserIds")),
            ("link", json!({"type": "string", "format": "uri", "description": "The link to hand over, shown once."})),
            ("expires_at", time()),
        ],
    )
}

fn session() -> Value {
    let updated_at = described(time(), "When it was last used, to the hour.");
    object(
        &["user_ids", "session_id", "created_at", "updated_at"],
        [
            ("user_ids", reference("UserIds")),
            ("session_id", json!({"type": "string", "format": "uuid"})),
            ("created_at", time()),
            ("updated_at", updated_at),
        ],
    )
}

fn authorization() -> Value {
    object(
        &["user_ids", "client_ids", "created_at", "updated_at"],
        [
            ("user_ids", reference("UserIds")),
            ("client_ids", reference("ClientIds")),
            ("rights", rights()),
            ("scopes", scopes()),
            ("created_at", time()),
            ("updated_at", time()),
        ],
    )
}

fn access_token() -> Value {
    object(
        &["user_ids", "client_ids", "id", "created_at", "expires_at"],
        [
            ("user_ids", reference("UserIds")),
            ("user_session_id", plain()),
            ("client_ids", reference("ClientIds")),
            ("id", plain()),
            ("rights", rights()),
            ("scopes", scopes()),
            ("created_at", time()),
            ("expires_at", time()),
        ],
    )
}

fn probe() -> Value {
    object(
        &["uri", "tried_at", "outcome", "text"],
        [
            ("uri", plain()),
            ("tried_at", time()),
            ("outcome", json!({"enum": ProbeOutcome::names()})),
            ("status", json!({"type": "integer", "description": "Of the answer, if there was one."})),
            ("works", json!({"type": "boolean", "description": "Absent where nothing can be said."})),
            ("text", json!({"type": "string", "description": "The outcome for people."})),
        ],
    )
}

fn event() -> Value {
    let number = || json!({"type": "integer"});
    let values = || json!({"type": "object"});
    object(
        &["number", "happened_at", "name", "request_id", "old", "new"],
        [
            ("number", described(number(), "Greater for later events.")),
            ("happened_at", time()),
            ("name", described(plain(), "What was done, such as `client.update`.")),
            ("account_id", described(plain(), "The user or the organization that did it.")),
            ("operator", json!({"const": true, "description": "It was done at the machine."})),
            ("api_key_id", plain()),
            ("oauth_client_id", plain()),
            ("request_id", plain()),
            ("old", described(values(), "What differs, before; secrets as ***.")),
            ("new", described(values(), "The same, after.")),
            ("times", described(number(), "How often it happened, if it stands for several.")),
            ("first_at", time()),
            ("undoes", described(number(), "The event that this one undoes.")),
        ],
    )
}

/// Returns the schema of the caller's identity: one of the ways to authenticate, or none.
fn auth_info() -> Value {
    let key = object(&[], [("api_key", reference("APIKey")), ("entity_ids", reference("Account"))]);
    object(
        &[],
        [
            ("api_key", key),
            ("oauth_access_token", reference("AccessToken")),
            ("user_session", reference("Session")),
            ("universal_rights", object(&[], [("rights", rights())])),
            ("is_admin", json!({"const": true})),
        ],
    )
}

fn error() -> Value {
    let detail = object(
        &[],
        [
            ("@type", plain()),
            ("namespace", plain()),
            ("name", plain()),
            ("message_format", plain()),
            ("attributes", json!({"type": "object"})),
            ("correlation_id", plain()),
            ("cause", json!({"type": "object"})),
            ("code", json!({"type": "integer"})),
        ],
    );
    object(
        &["code", "message"],
        [
            ("code", json!({"type": "integer", "description": "The gRPC code."})),
            ("message", plain()),
            ("details", json!({"type": "array", "items": detail})),
        ],
    )
}

/// Returns an entity's schema: a property for each row of its table. Empty and hidden ones are absent.
fn entity<E>(fields: &'static [Field<E>]) -> Value {
    let property = |field: &'static Field<E>| {
        let mut property = of_shape(field.shape);
        property["description"] = field.doc.into();
        (field.name, property)
    };
    object(&["ids", "created_at", "updated_at"], fields.iter().map(property))
}

fn of_shape(shape: Shape) -> Value {
    match shape {
        Shape::Ids(identifiers) => ids(identifiers),
        Shape::Time => time(),
        Shape::Text(longest) => text(longest),
        Shape::Email => json!({"type": "string"}),
        Shape::Texts(bound, longest) => list(text(longest), bound),
        Shape::Words(kind, bound) => list(word(kind), bound),
        Shape::Attributes => attributes(text(LONGEST_ATTRIBUTE)),
        Shape::Flag | Shape::OptionalFlag => json!({"type": "boolean"}),
        Shape::Choice(choices) => choice(choices),
        Shape::ChoiceList(choices, bound) => list(choice(choices), bound),
        Shape::Account => reference("Account"),
        Shape::ContactInfo => json!({"type": "array", "items": {"type": "object"}}),
        Shape::Opaque => json!({"type": "object"}),
    }
}
