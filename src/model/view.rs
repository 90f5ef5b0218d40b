//! What is shown of an entity, by the rows of its `FIELDS` table: to readers, and to the history.

use serde_core::{Serialize, Serializer};
use serde_json::{Map, Value};

use crate::model::field::{Audience, Field, SeenBy};
use crate::model::mask::Mask;
use crate::model::shape::Shape;

/// An entity as it is shown: `ids`, the times, and the fields of the mask that the audience may see; nothing that is empty
/// (registry.md 0.4). It is written straight into the reply, without a tree of values in between.
#[derive(Debug)]
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
        let is_shown = (field.is_always_shown() || self.mask.shows(place, &value)) && !is_nothing(field.shape, &value);
        is_shown.then_some((field.name, value))
    }
}

impl<E> Serialize for View<'_, E> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map((0..self.fields.len()).filter_map(|place| self.shown(place)))
    }
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
