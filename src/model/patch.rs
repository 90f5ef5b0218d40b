//! The fields that a caller sends for an entity, decoded, checked and applied by the rows of its `FIELDS` table.

use std::borrow::Cow;

use serde_json::{Map, Value};

use crate::base::validation::Invalid;
use crate::model::field::{Field, SetBy};
use crate::model::mask::Mask;
use crate::model::shape::{Malformed, is_spelling};

/// The fields that were sent, each once, in the form of [`Shape::decode`]. There are so few that none is looked up by a hash.
#[derive(Clone, Debug, Default)]
pub struct Patch(Vec<(&'static str, Value)>);

impl Patch {
    /// Decodes an entity. Unknown keys are ignored; keys are snake_case or lowerCamelCase; the last of two wins (registry.md 0.4).
    pub fn decode<E>(fields: &'static [Field<E>], object: &Map<String, Value>) -> Result<Patch, Malformed> {
        let mut patch = Patch::default();
        for (key, value) in object {
            if let Some(field) = fields.iter().find(|field| is_spelling(key, field.name)) {
                let value = field.shape.decode_at(key, value)?;
                patch.put(field.name, value);
            }
        }
        Ok(patch)
    }

    pub fn get(&self, name: &str) -> Option<&Value> {
        self.0.iter().find(|(sent, _)| *sent == name).map(|(_, value)| value)
    }

    /// Returns the text that was sent for a field, if it is not empty.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.get(name).and_then(Value::as_str).filter(|text| !text.is_empty())
    }

    /// Returns the ID that was sent, typed; `None` if [`Patch::check`] would refuse it.
    pub fn id<T: std::str::FromStr>(&self, key: &str) -> Option<T> {
        self.get("ids").and_then(|ids| ids.get(key)).and_then(Value::as_str).and_then(|id| id.parse().ok())
    }

    pub fn put(&mut self, name: &'static str, value: Value) {
        match self.0.iter_mut().find(|(sent, _)| *sent == name) {
            Some((_, former)) => *former = value,
            None => self.0.push((name, value)),
        }
    }

    /// Removes the fields that are not in the mask.
    pub fn only<E>(mut self, fields: &'static [Field<E>], mask: &Mask) -> Patch {
        self.0.retain(|(name, _)| mask.names(fields, name));
        self
    }

    fn value<E>(&self, field: &Field<E>) -> Cow<'_, Value> {
        self.get(field.name).map_or_else(|| Cow::Owned(field.shape.nothing()), Cow::Borrowed)
    }

    /// Checks the fields of the mask; without one, or with an empty one, all fields (registry.md 1.6). `message` is the API's name of the
    /// entity.
    pub fn check<E>(&self, fields: &'static [Field<E>], message: &str, mask: Option<&Mask>) -> Result<(), Invalid> {
        let judged = |field: &Field<E>| field.name == "ids" || mask.is_none_or(|mask| mask.is_empty() || mask.names(fields, field.name));
        fields.iter().filter(|field| judged(field)).try_for_each(|field| field.shape.check(message, field.name, &self.value(field)))
    }

    /// Sets the fields that were sent, also those that only administrators set. What only the server sets stays.
    pub fn apply_sent<E>(&self, fields: &'static [Field<E>], entity: &mut E) {
        for field in fields.iter().filter(|field| field.set_by != SetBy::Server) {
            if let Some(value) = self.get(field.name) {
                (field.set)(entity, value);
            }
        }
    }

    /// Sets the fields of the mask, and clears absent ones. What only the server sets stays.
    pub fn apply<E>(&self, fields: &'static [Field<E>], entity: &mut E, mask: &Mask) {
        for field in mask.fields(fields) {
            if field.set_by != SetBy::Server {
                (field.set)(entity, &self.value(field));
            }
        }
    }
}
