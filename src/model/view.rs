//! Writes entities for readers and for the history, by the rows of their `FIELDS` tables.

use serde_core::{Serialize, Serializer};
use serde_json::{Map, Value};

use crate::model::field::{Audience, Field, SeenBy};
use crate::model::mask::Mask;

/// An entity as shown: `ids`, the times, and the fields of the mask that the audience may read, without empty ones (registry.md 0.4).
/// Written straight into the reply, without a tree of values in between.
pub struct View<'e, E: 'static> {
    fields: &'static [Field<E>],
    entity: &'e E,
    mask: &'e Mask,
    audience: Audience,
}

pub fn render<'e, E>(fields: &'static [Field<E>], entity: &'e E, mask: &'e Mask, audience: Audience) -> View<'e, E> {
    View { fields, entity, mask, audience }
}

impl<E> View<'_, E> {
    fn shown(&self, place: usize) -> Option<(&'static str, Value)> {
        let field = &self.fields[place];
        if self.audience == Audience::Public && field.seen_by != SeenBy::Anyone {
            return None;
        }
        if !field.is_always_shown() && !self.mask.has(place) {
            return None;
        }
        let value = (field.get)(self.entity);
        let is_shown = (field.is_always_shown() || self.mask.shows(place, &value)) && !field.shape.is_nothing(&value);
        is_shown.then_some((field.name, value))
    }
}

impl<E> Serialize for View<'_, E> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map((0..self.fields.len()).filter_map(|place| self.shown(place)))
    }
}

/// What replaces a secret in an event.
pub const MASKED: &str = "***";

/// Returns what differs between two states of an entity, for events: the fields of each, or null for a state without the entity. Secrets are
/// masked.
pub fn changes<E>(fields: &'static [Field<E>], old: Option<&E>, new: Option<&E>) -> (Value, Value) {
    let room = |entity: Option<&E>| entity.map(|_| Map::with_capacity(fields.len()));
    let (mut before, mut after) = (room(old), room(new));
    for field in fields.iter().filter(|field| field.name != "updated_at") {
        let value = |entity: Option<&E>| entity.map_or(Value::Null, |entity| (field.get)(entity));
        let (was, is) = (value(old), value(new));
        if was == is || field.shape.is_nothing(&was) && field.shape.is_nothing(&is) {
            continue;
        }
        let mask = |value: Value| if field.seen_by == SeenBy::Issued && !value.is_null() { MASKED.into() } else { value };
        for (state, value) in [(&mut before, was), (&mut after, is)] {
            if let Some(state) = state {
                state.insert(field.name.to_owned(), mask(value));
            }
        }
    }
    (before.into(), after.into())
}
