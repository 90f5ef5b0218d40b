//! A row of a `FIELDS` table, and what is done alike with every entity that has one: reading, judging, applying, writing.

use std::collections::HashMap;

use serde_json::{Map, Value};

use crate::base::validation::Invalid;
use crate::model::mask::{Mask, Purpose};
use crate::model::shape::{Malformed, Shape, camel_case};

/// One field of an entity.
#[derive(Debug)]
pub struct Field<E: 'static> {
    /// Its key in JSON and its path in masks.
    pub name: &'static str,
    /// The mask paths below it.
    pub below: &'static [&'static str],
    pub shape: Shape,
    pub seen_by: SeenBy,
    pub set_by: SetBy,
    pub masked_in: MaskedIn,
    pub get: fn(&E) -> Value,
    /// Takes a value that [`Shape::check`] has passed.
    pub set: fn(&mut E, &Value),
    pub doc: &'static str,
}

/// Who may read a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SeenBy {
    /// Anyone who is signed in.
    Anyone,
    /// Who holds the entity's `_INFO` right.
    Holders,
    /// Who holds that right; others may ask and get nothing.
    HoldersQuietly,
    /// Nobody: it is shown only in the reply that issues it.
    Issued,
}

/// Who may set a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SetBy {
    /// Nobody but us: what a caller sends is ignored.
    Server,
    /// Who may change the entity.
    Holder,
    /// Administrators.
    Admin,
    /// Whoever creates the entity, and administrators afterwards.
    AdminOnceCreated,
}

/// In which masks a field may be named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MaskedIn {
    Both,
    Reads,
    Updates,
    Neither,
}

/// The reader of an entity, as far as fields are concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Audience {
    /// Holds the `_INFO` right.
    Holder,
    /// Is signed in, no more.
    Public,
}

impl MaskedIn {
    pub fn allows(self, purpose: Purpose) -> bool {
        match self {
            MaskedIn::Both => true,
            MaskedIn::Reads => purpose == Purpose::Read,
            MaskedIn::Updates => purpose == Purpose::Update,
            MaskedIn::Neither => false,
        }
    }
}

impl<E> Field<E> {
    pub const fn new(name: &'static str, shape: Shape, get: fn(&E) -> Value, set: fn(&mut E, &Value), doc: &'static str) -> Field<E> {
        Field { name, below: &[], shape, seen_by: SeenBy::Holders, set_by: SetBy::Holder, masked_in: MaskedIn::Both, get, set, doc }
    }

    /// Whether somebody who holds no right on the entity may name it in a mask.
    pub fn is_public(&self) -> bool {
        matches!(self.seen_by, SeenBy::Anyone | SeenBy::HoldersQuietly)
    }

    /// A field that only the server sets.
    pub const fn kept(name: &'static str, shape: Shape, get: fn(&E) -> Value, doc: &'static str) -> Field<E> {
        Field::new(name, shape, get, |_, _| (), doc).set_by(SetBy::Server)
    }

    pub const fn public(mut self) -> Field<E> {
        self.seen_by = SeenBy::Anyone;
        self
    }

    /// Left out for those who hold no right, without a refusal.
    pub const fn quietly(mut self) -> Field<E> {
        self.seen_by = SeenBy::HoldersQuietly;
        self
    }

    /// Shown once, in the reply that issues it.
    pub const fn issued(mut self) -> Field<E> {
        self.seen_by = SeenBy::Issued;
        self
    }

    pub const fn set_by(mut self, who: SetBy) -> Field<E> {
        self.set_by = who;
        self
    }

    pub const fn masked_in(mut self, masks: MaskedIn) -> Field<E> {
        self.masked_in = masks;
        self
    }

    pub const fn below(mut self, paths: &'static [&'static str]) -> Field<E> {
        self.below = paths;
        self
    }

    pub fn is_for_admins(&self) -> bool {
        matches!(self.set_by, SetBy::Admin | SetBy::AdminOnceCreated)
    }

    /// Always part of an answer, masked or not (contract 1.6).
    fn is_always_shown(&self) -> bool {
        matches!(self.name, "ids" | "created_at" | "updated_at" | "deleted_at")
    }
}

/// What a caller sent for an entity: the fields that were there, in the form of [`Shape::decode`].
#[derive(Clone, Debug, Default)]
pub struct Patch(HashMap<&'static str, Value>);

impl Patch {
    /// Reads an entity. Unknown keys are ignored; keys are snake_case or lowerCamelCase; the last of two wins (contract 0.4).
    pub fn decode<E>(fields: &'static [Field<E>], object: &Map<String, Value>) -> Result<Patch, Malformed> {
        let mut patch = Patch::default();
        for (key, value) in object {
            if let Some(field) = fields.iter().find(|field| field.name == key || camel_case(field.name) == *key) {
                let value = field.shape.decode(value).map_err(|Malformed(why)| Malformed(format!("{key}: {why}")))?;
                patch.0.insert(field.name, value);
            }
        }
        Ok(patch)
    }

    pub fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }

    /// The text that was sent for a field, if it is not empty.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.get(name).and_then(Value::as_str).filter(|text| !text.is_empty())
    }

    /// The ID that was sent, in its own type; nothing if [`Patch::check`] would refuse it.
    pub fn id<T: std::str::FromStr>(&self, key: &str) -> Option<T> {
        self.get("ids").and_then(|ids| ids.get(key)).and_then(Value::as_str).and_then(|id| id.parse().ok())
    }

    pub fn put(&mut self, name: &'static str, value: Value) {
        self.0.insert(name, value);
    }

    fn value<E>(&self, field: &Field<E>) -> Value {
        self.get(field.name).cloned().unwrap_or_else(|| field.shape.nothing())
    }

    /// Judges the fields of the mask; without one, or with an empty one, all fields (contract 1.6). `message` is the API's name of the entity.
    pub fn check<E>(&self, fields: &'static [Field<E>], message: &str, mask: Option<&Mask>) -> Result<(), Invalid> {
        let judged = |field: &Field<E>| field.name == "ids" || mask.is_none_or(|mask| mask.is_empty() || mask.names(fields, field.name));
        fields.iter().filter(|field| judged(field)).try_for_each(|field| field.shape.check(message, field.name, &self.value(field)))
    }

    /// Sets the fields of the mask; an absent one is cleared. What only the server sets stays.
    pub fn apply<E>(&self, fields: &'static [Field<E>], entity: &mut E, mask: &Mask) {
        for field in mask.fields(fields) {
            if field.set_by != SetBy::Server {
                (field.set)(entity, &self.value(field));
            }
        }
    }
}

/// Writes an entity: `ids`, the times, and the fields of the mask that the audience may see; nothing that is empty (contract 0.4).
pub fn render<E>(fields: &'static [Field<E>], entity: &E, mask: &Mask, audience: Audience) -> Value {
    let mut object = Map::new();
    for (place, field) in fields.iter().enumerate() {
        if audience == Audience::Public && field.seen_by != SeenBy::Anyone {
            continue;
        }
        if !field.is_always_shown() && !mask.has(place) {
            continue;
        }
        let value = (field.get)(entity);
        if (field.is_always_shown() || mask.shows(place, &value)) && !is_nothing(field.shape, &value) {
            object.insert(field.name.to_owned(), value);
        }
    }
    Value::Object(object)
}

/// What stands in an event for a secret.
pub const MASKED: &str = "***";

/// What differs between two states of an entity, for the events. Secrets are masked.
pub fn changes<E>(fields: &'static [Field<E>], old: Option<&E>, new: Option<&E>) -> (Value, Value) {
    let (mut before, mut after) = (Map::new(), Map::new());
    for field in fields.iter().filter(|field| field.name != "updated_at") {
        let value = |entity: Option<&E>| entity.map_or(Value::Null, |entity| (field.get)(entity));
        let (was, is) = (value(old), value(new));
        if was == is || is_nothing(field.shape, &was) && is_nothing(field.shape, &is) {
            continue;
        }
        let mask = |value: Value| if field.seen_by == SeenBy::Issued && !value.is_null() { MASKED.into() } else { value };
        before.insert(field.name.to_owned(), mask(was));
        after.insert(field.name.to_owned(), mask(is));
    }
    (Value::Object(before), Value::Object(after))
}

/// Empty values are left out of answers; messages and optional flags print once they are there.
fn is_nothing(shape: Shape, value: &Value) -> bool {
    value.is_null() || *value == shape.nothing()
}

/// What the rows of `FIELDS` tables get and set with.
pub mod value {
    use std::collections::BTreeMap;
    use std::str::FromStr;

    use serde_json::{Value, json};

    use crate::base::id::{AccountId, OrganizationId, UserId};
    use crate::base::right::Right;
    use crate::base::time::Time;
    use crate::model::choice::{Grant, State};

    pub fn time(time: Option<Time>) -> Value {
        time.map_or(Value::Null, |time| time.to_string().into())
    }

    pub fn to_time(value: &Value) -> Option<Time> {
        value.as_str().and_then(Time::parse)
    }

    pub fn to_text(value: &Value) -> String {
        value.as_str().unwrap_or_default().to_owned()
    }

    pub fn to_texts(value: &Value) -> Vec<String> {
        value.as_array().into_iter().flatten().map(to_text).collect()
    }

    pub fn to_flag(value: &Value) -> bool {
        value.as_bool().unwrap_or_default()
    }

    pub fn attributes(attributes: &BTreeMap<String, String>) -> Value {
        attributes.iter().map(|(key, value)| (key.clone(), Value::from(value.as_str()))).collect::<serde_json::Map<_, _>>().into()
    }

    pub fn to_attributes(value: &Value) -> BTreeMap<String, String> {
        value.as_object().into_iter().flatten().map(|(key, value)| (key.clone(), to_text(value))).collect()
    }

    pub fn to_state(value: &Value) -> State {
        value.as_str().and_then(State::from_name).unwrap_or_default()
    }

    pub fn grants(grants: &[Grant]) -> Value {
        grants.iter().map(|grant| grant.name()).collect()
    }

    pub fn to_grants(value: &Value) -> Vec<Grant> {
        value.as_array().into_iter().flatten().filter_map(Value::as_str).filter_map(Grant::from_name).collect()
    }

    pub fn rights(rights: &[Right]) -> Value {
        rights.iter().map(|right| right.name()).collect()
    }

    pub fn to_rights(value: &Value) -> Vec<Right> {
        value.as_array().into_iter().flatten().filter_map(Value::as_str).filter_map(Right::from_name).collect()
    }

    pub fn account(account: Option<&AccountId>) -> Value {
        match account {
            None => Value::Null,
            Some(AccountId::User(id)) => json!({"user_ids": {"user_id": id.as_str()}}),
            Some(AccountId::Organization(id)) => json!({"organization_ids": {"organization_id": id.as_str()}}),
        }
    }

    /// Nothing for what [`crate::model::shape::check_account`] would refuse.
    pub fn to_account(value: &Value) -> Option<AccountId> {
        let id = |arm: &str, key: &str| value.get(arm).and_then(|ids| ids.get(key)).and_then(Value::as_str);
        match (id("user_ids", "user_id"), id("organization_ids", "organization_id")) {
            (Some(user), _) => UserId::from_str(user).ok().map(AccountId::User),
            (_, Some(organization)) => OrganizationId::from_str(organization).ok().map(AccountId::Organization),
            (None, None) => None,
        }
    }
}
