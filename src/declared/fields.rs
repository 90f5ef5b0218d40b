//! The fields of the API in a declaration: which of them are compared, and how.

use serde_json::{Map, Value};

use crate::model::field::{Field, Purpose, SeenBy, SetBy};
use crate::model::patch::Patch;

/// Returns whether a declaration manages the field, and an export has it: those that are set once, secrets among them, are not compared.
pub fn is_declared<E>(field: &Field<E>) -> bool {
    let is_of_temporary_password = field.name.starts_with("temporary_password");
    field.set_by != SetBy::Server
        && field.seen_by != SeenBy::Issued
        && field.masked_in.allows(Purpose::Update)
        && field.name != "ids"
        && !is_of_temporary_password
}

/// Returns the values of these fields of an entity, by their names.
pub fn of_entity<E>(table: &'static [Field<E>], entity: &E) -> Map<String, Value> {
    table.iter().filter(|field| is_declared(field)).map(|field| (field.name.to_owned(), (field.get)(entity))).collect()
}

/// Returns the declared values as an entity that had them would show them; `blank` has none.
pub fn of_patch<E>(table: &'static [Field<E>], sent: &Patch, mut blank: E) -> Map<String, Value> {
    let declared = table.iter().filter(|field| is_declared(field));
    let declared = declared.filter_map(|field| {
        let value = sent.get(field.name)?;
        (field.set)(&mut blank, value);
        Some((field.name.to_owned(), (field.get)(&blank)))
    });
    declared.collect()
}

/// Returns whether two values of a field are the same: the order of names of rights and grants says nothing, and what is empty is absent.
pub fn is_same(was: &Value, will: &Value) -> bool {
    fn is_nothing(value: &Value) -> bool {
        match value {
            Value::Null | Value::Bool(false) => true,
            Value::String(text) => text.is_empty(),
            Value::Array(items) => items.is_empty(),
            Value::Object(members) => members.is_empty(),
            Value::Bool(true) | Value::Number(_) => false,
        }
    }
    let sorted = |value: &Value| {
        value.as_array().filter(|items| items.iter().all(is_name)).map(|items| {
            let mut names: Vec<&str> = items.iter().filter_map(Value::as_str).collect();
            names.sort_unstable();
            names.join(",")
        })
    };
    was == will || is_nothing(was) && is_nothing(will) || sorted(was).is_some_and(|was| Some(was) == sorted(will))
}

/// Returns whether it is the name of a right or a grant.
fn is_name(value: &Value) -> bool {
    value.as_str().is_some_and(|text| text.starts_with("RIGHT_") || text.starts_with("GRANT_"))
}
