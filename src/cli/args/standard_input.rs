//! Entities on standard input, as JSON.

use std::io::{BufRead, Read};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

use serde_json::{Deserializer, Map, Value};

use crate::cli::api_error::{ApiError, STANDARD_INPUT};
use crate::cli::args::nouns::{Noun, take};
use crate::cli::args::values::{AccountPath, Values, missing};
use crate::cli::failure::Failure;
use crate::cli::terminal::is_typed;

/// How long a command with an ID by flag waits for the first byte of standard input, which may be a pipe without a writer.
const INPUT_TIMEOUT: Duration = Duration::from_secs(1);

/// An entity from standard input, and its owner if the request around it names one.
#[derive(Debug, Default)]
pub struct InputEntity {
    pub fields: Map<String, Value>,
    pub owner: Option<AccountPath>,
}

/// Returns the entities to create: those of standard input, or the one of the flags. All are read before the first is sent.
pub fn entities(noun: &Noun, values: &Values) -> Result<Vec<InputEntity>, Failure> {
    let bytes = if is_typed() { Vec::new() } else { standard_input(values.has(noun.id))? };
    let entities = parse(noun, &bytes)?;
    match (entities.len(), values.has(noun.id)) {
        (0, true) => Ok(vec![InputEntity::default()]),
        (0, false) => Err(missing(noun.id).into()),
        (1, _) | (_, false) => Ok(entities),
        (_, true) => Err(unusable(&format!("--{} names one, standard input holds {}", noun.id, entities.len())).into()),
    }
}

fn standard_input(is_optional: bool) -> Result<Vec<u8>, ApiError> {
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        let mut stdin = std::io::stdin().lock();
        // Errors are ignored: the receiver is gone once the wait is over.
        let _ = sender.send(stdin.fill_buf().map(|bytes| bytes.to_vec()));
        let mut bytes = Vec::new();
        let _ = sender.send(stdin.read_to_end(&mut bytes).map(|_| bytes));
    });
    let first =
        if is_optional { receiver.recv_timeout(INPUT_TIMEOUT) } else { receiver.recv().map_err(|_| RecvTimeoutError::Disconnected) };
    match first {
        Err(_) => Ok(Vec::new()),
        Ok(Err(error)) => Err(unusable(&error.to_string())),
        // The second message holds all bytes, those of the first again.
        Ok(Ok(_)) => receiver.recv().unwrap_or_else(|_| Ok(Vec::new())).map_err(|error| unusable(&error.to_string())),
    }
}

/// Reads one entity, several one after the other, or an array of them.
fn parse(noun: &Noun, bytes: &[u8]) -> Result<Vec<InputEntity>, ApiError> {
    let mut entities = Vec::new();
    for value in Deserializer::from_slice(bytes).into_iter::<Value>() {
        match value.map_err(|error| unusable(&format!("{error}; close it with </dev/null if it is not meant")))? {
            Value::Array(items) => items.into_iter().try_for_each(|item| entity(noun, item).map(|entity| entities.push(entity)))?,
            item => entities.push(entity(noun, item)?),
        }
    }
    Ok(entities)
}

/// Reads the entity alone, or the request around it as the HTTP API takes it.
fn entity(noun: &Noun, value: Value) -> Result<InputEntity, ApiError> {
    let Value::Object(mut object) = value else { return Err(unusable(&format!("a {} is a JSON object", noun.name))) };
    match object.shift_remove(noun.name) {
        Some(Value::Object(fields)) => {
            let collaborator = take(&mut object, "collaborator").unwrap_or_default();
            let id = |path: &str| collaborator.pointer(path).and_then(Value::as_str).map(str::to_owned);
            let user = id("/user_ids/user_id").or(id("/userIds/userId")).map(|id| ("users", id));
            let organization = || id("/organization_ids/organization_id").or(id("/organizationIds/organizationId"));
            Ok(InputEntity { fields, owner: user.or_else(|| organization().map(|id| ("organizations", id))) })
        }
        _ => Ok(InputEntity { fields: object, owner: None }),
    }
}

fn unusable(reason: &str) -> ApiError {
    STANDARD_INPUT.with("reason", reason).into()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::cli::args::nouns::CLIENT;

    #[test]
    fn entities_are_one_or_several_or_an_array() {
        let ids = |text: &str| {
            let entities = parse(&CLIENT, text.as_bytes()).unwrap();
            entities.iter().map(|entity| entity.fields["ids"]["client_id"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
        };
        let entity = |id: &str| json!({"ids": {"client_id": id}}).to_string();
        assert_eq!(ids(&entity("one")), ["one"]);
        assert_eq!(ids(&format!("{}\n{}", entity("one"), entity("two"))), ["one", "two"]);
        assert_eq!(ids(&format!("[{},{}]", entity("one"), entity("two"))), ["one", "two"]);
        assert_eq!(ids(" \n"), Vec::<String>::new());
        assert!(parse(&CLIENT, b"not json").is_err() && parse(&CLIENT, b"1").is_err());
    }

    #[test]
    fn the_request_of_the_http_api_is_taken_apart() {
        let request = json!({"client": {"name": "x"}, "collaborator": {"user_ids": {"user_id": "ada"}}});
        let entities = parse(&CLIENT, request.to_string().as_bytes()).unwrap();
        assert_eq!(entities[0].owner, Some(("users", "ada".to_owned())));
        assert_eq!(entities[0].fields["name"], "x");
    }
}
