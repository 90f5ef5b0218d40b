//! The fields that a caller sends for an entity, decoded, checked and applied by the rows of its `FIELDS` table.

use std::collections::HashMap;

use serde_json::{Map, Value};

use crate::base::validation::Invalid;
use crate::model::field::{Field, SetBy};
use crate::model::mask::Mask;
use crate::model::shape::{Malformed, is_spelling};

/// The fields that were sent, in the form of [`Shape::decode`].
#[derive(Clone, Debug, Default)]
pub struct Patch(HashMap<&'static str, Value>);

impl Patch {
    /// Decodes an entity. Unknown keys are ignored; keys are snake_case or lowerCamelCase; the last of two wins (registry.md 0.4).
    pub fn decode<E>(fields: &'static [Field<E>], object: &Map<String, Value>) -> Result<Patch, Malformed> {
        let mut patch = Patch::default();
        for (key, value) in object {
            if let Some(field) = fields.iter().find(|field| is_spelling(key, field.name)) {
                let value = field.shape.decode_at(key, value)?;
                patch.0.insert(field.name, value);
            }
        }
        Ok(patch)
    }

    pub fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
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
        self.0.insert(name, value);
    }

    /// Removes the fields that are not in the mask.
    pub fn only<E>(mut self, fields: &'static [Field<E>], mask: &Mask) -> Patch {
        self.0.retain(|name, _| mask.names(fields, name));
        self
    }

    fn value<E>(&self, field: &Field<E>) -> Value {
        self.get(field.name).cloned().unwrap_or_else(|| field.shape.nothing())
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
