//! The schemas of inputs: paths, queries and bodies. What the API accepts besides, such as names in lowerCamelCase, is left out.

use serde_json::{Map, Value, json};

use crate::api::operation::{EntityKind, Item, Takes};
use crate::api::query::{LONGEST_TEXT, NO, Orders, YES};
use crate::api::{self, api_keys};
use crate::model::bounds::{PAGE, RIGHTS};
use crate::model::choice::{Choices, GRANTS, RIGHT_CHOICES, STATES};
use crate::model::client::IDENTIFIERS as CLIENT_IDENTIFIERS;
use crate::model::field::{Field, MaskedIn, Purpose, SeenBy, SetBy};
use crate::model::shape::{Identifiers, LONGEST_ATTRIBUTE, ORGANIZATION_IDENTIFIERS, Shape, USER_IDENTIFIERS};
use crate::model::{client, email, organization, password, user};
use crate::openapi::review;
use crate::openapi::schema::{self, attributes, choice_name, described, id, list, object, or_null, reference, text, time};

/// Returns the schema of a path segment.
pub fn in_path(name: &'static str) -> Value {
    let entities = [&CLIENT_IDENTIFIERS, &USER_IDENTIFIERS, &ORGANIZATION_IDENTIFIERS];
    let schema = match entities.into_iter().find(|ids| ids.key == name) {
        Some(ids) => id(ids),
        // An ID that the server generated and looks up as it is.
        None => json!({"type": "string", "pattern": "^[^/\\u0000]+$"}),
    };
    json!({"name": name, "in": "path", "required": true, "schema": schema})
}

/// Returns what an operation reads: the parameters of its query, or the schema of its body.
pub fn of(takes: Takes) -> (Vec<Value>, Option<Value>) {
    let query = |parameters: Vec<Value>| (parameters, None);
    let body = |schema: Value| (Vec::new(), Some(schema));
    match takes {
        Takes::Nothing => query(Vec::new()),
        Takes::Mask(entity) => query(masks(entity)),
        Takes::List(entity) => query(listing(entity)),
        Takes::ListOfCollaborator(entity) => {
            let ids = [("collaborator.user_ids", &USER_IDENTIFIERS), ("collaborator.organization_ids", &ORGANIZATION_IDENTIFIERS)];
            query([listing(entity), one_of(ids, "Those of this collaborator; one kind of ID only.").into()].concat())
        }
        Takes::ListOfMember(entity) => {
            let ids = [("collaborator.user_ids", &USER_IDENTIFIERS)];
            query([listing(entity), one_of(ids, "Those of this user.").into()].concat())
        }
        Takes::Search(entity) => query(searching(entity)),
        Takes::Page(item) => query(paging(orders_of_items(item))),
        Takes::Reviews => query([vec![flag("waiting", "Only those of clients that wait, worst first.")], pages().into()].concat()),
        Takes::AccountSearch => query(account_search()),
        Takes::AccountSearchByParameter => {
            let ids = [("client_ids", &CLIENT_IDENTIFIERS), ("organization_ids", &ORGANIZATION_IDENTIFIERS)];
            let among = one_of(ids, "Among the collaborators of this one, or among all others; one kind of ID only.");
            query([account_search(), among.into()].concat())
        }
        Takes::New(entity) => {
            let mut members = vec![(entity.name(), reference(&new_name(entity)))];
            if entity == EntityKind::User {
                members.push(("invitation_token", or_null(json!({"type": "string", "description": "Not looked at."}))));
            }
            body(object(&[entity.name()], members))
        }
        Takes::Update(entity) => {
            let mask = field_mask(&paths(entity, Purpose::Update));
            body(or_null(object(&[], [(entity.name(), or_null(reference(&update_name(entity)))), ("field_mask", mask)])))
        }
        Takes::Check => {
            let client = reference(&new_name(EntityKind::Client));
            body(object(&["client"], [("client", client), ("collaborator", or_null(reference("Account")))]))
        }
        Takes::Grace => {
            let grace = json!({"type": "string", "pattern": format!("^{}s$", digits_up_to(api::clients::LONGEST_GRACE_SECONDS))});
            let grace = described(grace, "How long older secrets stay good; not at all without it.");
            body(or_null(object(&[], [("grace", or_null(grace))])))
        }
        Takes::PasswordChange => {
            let (old, new) = (or_null(text(password::MAX_LENGTH)), new_password());
            body(object(&["new"], [("old", old), ("new", new), ("revoke_all_access", json!({"type": "boolean"}))]))
        }
        Takes::Collaborator => body(collaborator(reference("Account"))),
        Takes::Member => body(collaborator(object(&["user_ids"], [("user_ids", reference("UserIds"))]))),
        Takes::NewApiKey => {
            let mut rights = rights();
            rights["minItems"] = 1.into();
            body(object(&["rights"], api_key(distinct(rights))))
        }
        Takes::ApiKeyUpdate => {
            let key = object(&[], api_key(or_null(distinct(rights()))));
            body(or_null(object(&[], [("api_key", or_null(key)), ("field_mask", or_null(reference("AnyFieldMask")))])))
        }
        Takes::ReviewRequest => body(review::request()),
        Takes::ReviewAnswer => body(review::answer()),
    }
}

/// Returns the schemas that requests refer to.
pub fn schemas() -> Map<String, Value> {
    let any_mask = json!({"oneOf": [
        masked(json!({"type": "string"})),
        {"type": "string", "description": "Paths joined by commas."},
    ], "description": "The fields to change; what is none of a key's is not looked at."});
    let rows = [
        (new_name(EntityKind::Client), new_entity(client::FIELDS, &["ids"])),
        (new_name(EntityKind::User), new_entity(user::FIELDS, &["ids", "primary_email_address", "password"])),
        (new_name(EntityKind::Organization), new_entity(organization::FIELDS, &["ids"])),
        (update_name(EntityKind::Client), changed_entity(client::FIELDS)),
        (update_name(EntityKind::User), changed_entity(user::FIELDS)),
        (update_name(EntityKind::Organization), changed_entity(organization::FIELDS)),
        (path_name(EntityKind::Client), json!({"enum": paths(EntityKind::Client, Purpose::Read)})),
        (path_name(EntityKind::User), json!({"enum": paths(EntityKind::User, Purpose::Read)})),
        (path_name(EntityKind::Organization), json!({"enum": paths(EntityKind::Organization, Purpose::Read)})),
        ("AnyFieldMask".to_owned(), any_mask),
        ("StateInput".to_owned(), choice(&STATES)),
        ("GrantTypeInput".to_owned(), choice(&GRANTS)),
        ("RightInput".to_owned(), choice(&RIGHT_CHOICES)),
    ];
    rows.into_iter().collect()
}

fn new_name(entity: EntityKind) -> String {
    format!("New{}", entity.message())
}

fn update_name(entity: EntityKind) -> String {
    format!("{}Update", entity.message())
}

/// Returns the name of the schema of readable mask paths.
fn path_name(entity: EntityKind) -> String {
    format!("{}Path", entity.message())
}

/// Returns the schema of a new entity. What only the server sets is not checked.
fn new_entity<E>(fields: &'static [Field<E>], required: &[&str]) -> Value {
    let sent = fields.iter().filter(|field| field.set_by != SetBy::Server || required.contains(&field.name));
    object(required, sent.map(|field| (field.name, property(field, !required.contains(&field.name)))))
}

/// Returns the schema of a changed entity. A field outside the mask is only checked for its type.
fn changed_entity<E>(fields: &'static [Field<E>]) -> Value {
    let sent = fields.iter().filter(|field| field.set_by != SetBy::Server && field.masked_in != MaskedIn::Neither);
    object(&[], sent.map(|field| (field.name, property(field, true))))
}

fn property<E>(field: &Field<E>, can_be_null: bool) -> Value {
    let shape = match (field.masked_in, field.seen_by, field.set_by) {
        // The password: the only field that can only be set at creation.
        (MaskedIn::Neither, ..) => new_password(),
        // The temporary password: the only one that administrators issue. An empty one takes it away.
        (_, SeenBy::Issued, SetBy::Admin) => json!({"anyOf": [new_password(), {"const": ""}]}),
        _ => of_shape(field.shape),
    };
    let has_null = can_be_null && !matches!(field.shape, Shape::Flag | Shape::Choice(_) | Shape::Email);
    let mut property = if has_null { or_null(shape) } else { shape };
    property["description"] = field.doc.into();
    property
}

/// Returns the schema of what a field of this shape may be sent.
pub fn of_shape(shape: Shape) -> Value {
    match shape {
        Shape::Ids(identifiers) => schema::ids(identifiers),
        Shape::Time => time(),
        Shape::Text(longest) => text(longest),
        Shape::Email => json!({"type": "string", "format": "email", "pattern": email::PATTERN, "maxLength": email::LONGEST}),
        Shape::Texts(bound, longest) => list(or_null(text(longest)), bound),
        Shape::Words(kind, bound) => distinct(list(schema::word(kind), bound)),
        Shape::Attributes => attributes(or_null(text(LONGEST_ATTRIBUTE))),
        Shape::Flag | Shape::OptionalFlag => json!({"type": "boolean"}),
        Shape::Choice(choices) => choice_input(choices),
        Shape::ChoiceList(choices, bound) => list(choice_input(choices), bound),
        Shape::Account => reference("Account"),
        Shape::ContactInfo => json!({"type": "array"}),
        Shape::Opaque => json!({"type": "object"}),
    }
}

fn choice_input(choices: &Choices) -> Value {
    if choices.prefix.is_empty() { json!({"anyOf": spellings(choices, &[])}) } else { reference(&format!("{}Input", choice_name(choices))) }
}

/// Returns an enumeration as input may spell it.
fn choice(choices: &Choices) -> Value {
    let names = (choices.names)();
    let short: Vec<&str> = names.iter().filter_map(|name| name.strip_prefix(choices.prefix)).collect();
    json!({
        "description": format!("The name, also without `{}`, or the number.", choices.prefix),
        "anyOf": spellings(choices, &[json!({"enum": short})]),
    })
}

/// Returns the spellings of an enumeration: its names, these, the numbers, and the numbers as texts.
fn spellings(choices: &Choices, more: &[Value]) -> Vec<Value> {
    let numbers: Vec<i64> = (choices.names)().iter().filter_map(|name| (choices.number)(name)).collect();
    let texts = numbers.iter().map(i64::to_string).collect::<Vec<_>>();
    [&[schema::choice(choices)], more, &[json!({"enum": numbers}), json!({"enum": texts})]].concat()
}

fn rights() -> Value {
    of_shape(Shape::ChoiceList(&RIGHT_CHOICES, &RIGHTS))
}

fn distinct(mut items: Value) -> Value {
    items["uniqueItems"] = true.into();
    items
}

fn collaborator(account: Value) -> Value {
    object(&["collaborator"], [("collaborator", object(&["ids"], [("ids", account), ("rights", or_null(rights()))]))])
}

/// Returns the schema of a new password. The pattern covers what every password must have, without capitals and digits of other scripts.
pub fn new_password() -> Value {
    json!({
        "type": "string",
        "minLength": password::MIN_LENGTH,
        "maxLength": password::MAX_LENGTH,
        "pattern": "^[^\\u0000]*([A-Z][^\\u0000]*[0-9]|[0-9][^\\u0000]*[A-Z])[^\\u0000]*$",
    })
}

fn api_key(rights: Value) -> [(&'static str, Value); 3] {
    let end = described(or_null(time()), "When it ends: in the future.");
    [("name", or_null(of_shape(api_keys::NAME))), ("rights", rights), ("expires_at", end)]
}

fn paths(entity: EntityKind, purpose: Purpose) -> Vec<String> {
    match entity {
        EntityKind::Client => paths_of(client::FIELDS, purpose),
        EntityKind::User => paths_of(user::FIELDS, purpose),
        EntityKind::Organization => paths_of(organization::FIELDS, purpose),
    }
}

fn paths_of<E>(fields: &[Field<E>], purpose: Purpose) -> Vec<String> {
    let allowed = fields.iter().filter(|field| field.masked_in.allows(purpose));
    allowed
        .flat_map(|field| {
            let below = field.below.iter().map(|below| format!("{}.{below}", field.name));
            std::iter::once(field.name.to_owned()).chain(below)
        })
        .collect()
}

/// Returns the two ways to write a mask in a body.
fn field_mask(paths: &[String]) -> Value {
    let path = format!("({})", paths.join("|").replace('.', "\\."));
    or_null(json!({
        "description": "The fields to change.",
        "oneOf": [
            masked(json!({"enum": paths})),
            {"type": "string", "pattern": format!("^{path}(,{path})*$"), "description": "Paths joined by commas."},
        ],
    }))
}

fn masked(path: Value) -> Value {
    let mut mask = object(&["paths"], [("paths", or_null(json!({"type": "array", "items": path})))]);
    mask["additionalProperties"] = false.into();
    mask
}

/// Returns the two ways to write a mask in a query.
fn masks(entity: EntityKind) -> Vec<Value> {
    let list = json!({"type": "array", "minItems": 1, "items": reference(&path_name(entity))});
    let mut joined = parameter("field_mask", list.clone(), "The fields to read, joined by commas.");
    joined["style"] = "form".into();
    joined["explode"] = false.into();
    vec![joined, parameter("field_mask.paths", list, "The same; repeat the parameter.")]
}

fn listing(entity: EntityKind) -> Vec<Value> {
    let orders = match entity {
        EntityKind::Client => names(api::clients::ORDERS),
        EntityKind::User => names(api::users::ORDERS),
        EntityKind::Organization => names(api::organizations::ORDERS),
    };
    let mut parameters = masks(entity);
    parameters.extend(paging(orders));
    parameters.push(flag("deleted", "The deleted ones, instead of the live ones."));
    parameters
}

fn searching(entity: EntityKind) -> Vec<Value> {
    let mut parameters = listing(entity);
    for (name, doc) in [
        ("query", "In the ID, the name or the description."),
        ("id_contains", "In the ID."),
        ("name_contains", "In the name."),
        ("description_contains", "In the description."),
    ] {
        parameters.push(parameter(name, text(LONGEST_TEXT), doc));
    }
    let pairs = attributes(text(LONGEST_TEXT));
    let mut contained = parameter("attributes_contain", pairs, "In the values of attributes: attributes_contain[key]=value.");
    contained["style"] = "deepObject".into();
    contained["explode"] = true.into();
    parameters.push(contained);
    if entity != EntityKind::Organization {
        let states = json!({"type": "array", "uniqueItems": true, "items": reference("State")});
        parameters.push(parameter("state", states, "Any of these states; repeat the parameter."));
    }
    parameters
}

fn account_search() -> Vec<Value> {
    let mut parameters = vec![
        parameter("query", text(LONGEST_TEXT), "A part of the account's ID: two letters of it at least, for who is no administrator."),
        flag("only_users", "Leave out organizations."),
        flag("complement_collaborators", "Those that are no collaborators of the entity, instead of those that are."),
    ];
    parameters.extend(pages());
    parameters
}

/// Returns the parameters of which one holds an ID.
fn one_of<const KINDS: usize>(ids: [(&str, &Identifiers); KINDS], doc: &str) -> [Value; KINDS] {
    ids.map(|(path, ids)| parameter(&format!("{path}.{}", ids.key), id(ids), doc))
}

fn paging(mut orders: Vec<&'static str>) -> Vec<Value> {
    orders.push("");
    let mut parameters = vec![parameter("order", json!({"enum": orders}), "Sorted by; a minus is descending.")];
    parameters.extend(pages());
    parameters
}

fn pages() -> [Value; 2] {
    [
        parameter("limit", json!({"type": "integer", "minimum": 0, "maximum": PAGE.most, "default": 100}), "Items on a page."),
        parameter("page", json!({"type": "integer", "minimum": 0, "maximum": u32::MAX, "default": 1}), "The number of the page."),
    ]
}

fn orders_of_items(item: Item) -> Vec<&'static str> {
    match item {
        Item::Collaborator => names(api::members::ORDERS),
        Item::ApiKey => names(api::api_keys::ORDERS),
        Item::Session => names(api::sessions::ORDERS),
        Item::Event => names(api::events::ORDERS),
        Item::Authorization | Item::AccessToken => names(api::authorizations::ORDERS),
        // A search is ordered by ID, and reviews by how bad they are.
        Item::Account | Item::Review => Vec::new(),
    }
}

fn names<Key>(orders: Orders<Key>) -> Vec<&'static str> {
    orders.iter().flat_map(|(names, _)| names.iter().copied()).collect()
}

fn flag(name: &str, doc: &str) -> Value {
    let spellings: Vec<&str> = NO.into_iter().chain(YES).collect();
    parameter(name, json!({"anyOf": [{"type": "boolean"}, {"enum": spellings}]}), doc)
}

fn parameter(name: &str, schema: Value, doc: &str) -> Value {
    json!({"name": name, "in": "query", "description": doc, "schema": schema})
}

/// Returns a regular expression of the digits of all numbers up to this one.
fn digits_up_to(most: i64) -> String {
    let digits = most.to_string();
    let shorter = format!("[0-9]{{1,{}}}", digits.len() - 1);
    let smaller = digits.bytes().enumerate().filter(|(_, digit)| *digit > b'0').map(|(place, digit)| {
        let (before, rest) = (&digits[..place], digits.len() - place - 1);
        format!("{before}[0-{}][0-9]{{{rest}}}", char::from(digit - 1))
    });
    let all: Vec<String> = std::iter::once(shorter).chain(smaller).chain([digits.clone()]).collect();
    format!("0*({})", all.join("|"))
}
