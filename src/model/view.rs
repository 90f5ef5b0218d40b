//! What is shown of an entity, by the rows of its `FIELDS` table: to readers, and to the history.

use serde_json::{Map, Value};

use crate::model::field::{Audience, Field, SeenBy};
use crate::model::mask::Mask;
use crate::model::shape::Shape;

/// Writes an entity: `ids`, the times, and the fields of the mask that the audience may see; nothing that is empty (contract 0.4).
pub fn render<E>(fields: &'static [Field<E>], entity: &E, mask: &Mask, audience: Audience) -> Value {
    let mut object = Map::with_capacity(fields.len());
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
