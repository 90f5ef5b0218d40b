//! The commands for clients alone: decisions of administrators, and secrets.

use serde_json::{Map, json};

use crate::cli::args::nouns::CLIENT;
use crate::cli::args::values::Values;
use crate::cli::failure::{Failure, UsageError};
use crate::cli::remote::http::Remote;
use crate::cli::run::entities::{change, path, print};
use crate::cli::run::secret_file::SecretFile;
use crate::http::request::Method::Post;
use crate::model::choice::State;

/// Approves, rejects, suspends or flags a client. Without a reason the old one is removed.
pub fn decide(state: State, values: &Values, remote: &mut Remote) -> Result<(), Failure> {
    let id = values.needed("client-id")?;
    let mut fields = Map::from_iter([("state".to_owned(), state.name().into())]);
    if let Some(reason) = values.one("reason") {
        fields.insert("state_description".to_owned(), reason.into());
    }
    let client = change(&CLIENT, id, &fields, &["state", "state_description"], remote)?;
    print(&CLIENT, &mut SecretFile::of(values, 0)?, id, client)
}

pub fn rotate_secret(values: &Values, remote: &mut Remote) -> Result<(), Failure> {
    let id = values.needed("client-id")?;
    let body = match values.one("grace") {
        Some(grace) => json!({"grace": format!("{}s", seconds("--grace", grace)?)}),
        None => json!({}),
    };
    let mut secrets = SecretFile::of(values, 1)?;
    let answer = remote.write(Post, &format!("{}/secret", path(&CLIENT, id)), Some(&body))?;
    print(&CLIENT, &mut secrets, id, answer.body)?;
    secrets.end();
    Ok(())
}

/// Reads a time span such as `24h`, `7d`, `90s` or `15m`, in seconds.
fn seconds(flag: &str, text: &str) -> Result<u64, UsageError> {
    let wrong = || UsageError(format!("{flag} is a number with s, m, h or d behind it, such as 24h"));
    let units = [('s', 1), ('m', 60), ('h', 60 * 60), ('d', 24 * 60 * 60)];
    let unit = text.chars().last().and_then(|last| units.into_iter().find(|(unit, _)| *unit == last)).ok_or_else(wrong)?;
    let number: u64 = text[..text.len() - 1].parse().map_err(|_| wrong())?;
    number.checked_mul(unit.1).ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_span_is_a_number_and_a_unit() {
        for (text, expected) in [
            ("24h", Some(86_400)),
            ("7d", Some(604_800)),
            ("90s", Some(90)),
            ("0s", Some(0)),
            ("5", None),
            ("", None),
            ("1é", None),
            ("h", None),
        ] {
            assert_eq!(seconds("--grace", text).ok(), expected, "{text}");
        }
    }
}
