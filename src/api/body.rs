//! Reads JSON bodies (registry.md 0.1, 0.4).

use serde_json::{Deserializer, Map, Value};

use crate::base::error::{Error, Result};
use crate::call::Input;
use crate::model::field::Field;
use crate::model::patch::Patch;
use crate::model::shape::{Malformed, member};

/// How deeply a body may nest.
const DEEPEST: usize = 64;

/// Parses the body as an object. An empty body and `null` are an empty object; what follows the first value is ignored.
pub fn object(input: &Input<'_>) -> Result<Map<String, Value>> {
    match Deserializer::from_slice(&input.request.body).into_iter::<Value>().next() {
        None | Some(Ok(Value::Null)) => Ok(Map::new()),
        Some(Ok(Value::Object(object))) if depth_is_at_most(&object, DEEPEST) => Ok(object),
        Some(Ok(Value::Object(_))) => Err(Error::malformed(format!("the body nests deeper than {DEEPEST} levels"))),
        Some(Ok(_)) => Err(Error::malformed("the body is not a JSON object")),
        Some(Err(error)) => Err(Error::malformed(format!("the body is not JSON: {error}"))),
    }
}

/// Returns a member that is a message: an object, or absent.
pub fn message<'a>(object: &'a Map<String, Value>, name: &str) -> Result<Option<&'a Map<String, Value>>> {
    match member(object, name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Object(message)) => Ok(Some(message)),
        Some(_) => Err(Error::malformed(format!("{name}: expected an object"))),
    }
}

/// Decodes a member that is an entity; `None` if it is absent.
pub fn entity<E>(object: &Map<String, Value>, name: &str, fields: &'static [Field<E>]) -> Result<Option<Patch>> {
    message(object, name)?.map(|message| Patch::decode(fields, message).map_err(|inner| inner.at(name).into())).transpose()
}

/// Returns the paths of `field_mask`: `{"paths":["a","b"]}` or `"a,b"`. `None` if it is absent.
pub fn field_mask(object: &Map<String, Value>) -> Result<Option<Vec<String>>> {
    const EXPECTED: &str = "field_mask: expected {\"paths\":[…]} or a string of paths joined by commas";
    match member(object, "field_mask") {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(joined)) => Ok(Some(joined.split(',').map(str::to_owned).collect())),
        Some(Value::Object(mask)) if mask.len() == 1 => match mask.get("paths") {
            Some(Value::Array(paths)) => paths
                .iter()
                .map(|path| path.as_str().map(str::to_owned).ok_or_else(|| Error::malformed(EXPECTED)))
                .collect::<Result<_>>()
                .map(Some),
            Some(Value::Null) => Ok(None),
            _ => Err(Error::malformed(EXPECTED)),
        },
        Some(_) => Err(Error::malformed(EXPECTED)),
    }
}

/// Returns a member that is a text; empty if absent.
pub fn text<'a>(object: &'a Map<String, Value>, name: &str) -> Result<&'a str> {
    match member(object, name) {
        None | Some(Value::Null) => Ok(""),
        Some(Value::String(text)) => Ok(text),
        Some(_) => Err(Error::malformed(format!("{name}: expected a string"))),
    }
}

/// Returns a member that is true or false; false if absent.
pub fn flag(object: &Map<String, Value>, name: &str) -> Result<bool> {
    match member(object, name) {
        None | Some(Value::Null) => Ok(false),
        Some(Value::Bool(is)) => Ok(*is),
        Some(_) => Err(Error::malformed(format!("{name}: expected true or false"))),
    }
}

fn depth_is_at_most(object: &Map<String, Value>, most: usize) -> bool {
    fn fits(value: &Value, left: usize) -> bool {
        match value {
            Value::Object(_) | Value::Array(_) if left == 0 => false,
            Value::Object(members) => members.values().all(|member| fits(member, left - 1)),
            Value::Array(items) => items.iter().all(|item| fits(item, left - 1)),
            _ => true,
        }
    }
    object.values().all(|member| fits(member, most - 1))
}

impl From<Malformed> for Error {
    fn from(malformed: Malformed) -> Error {
        Error::malformed(malformed.to_string())
    }
}
