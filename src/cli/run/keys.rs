//! The keys that sign ID tokens and JWT access tokens, in the data file.

use serde_json::{Value, json};

use crate::base::error::Error;
use crate::base::jws::{ALGORITHMS, SigningAlgorithm};
use crate::base::printable::printable;
use crate::base::time::Time;
use crate::cli::api_error::ApiError;
use crate::cli::args::values::Values;
use crate::cli::failure::{Failure, UsageError};
use crate::cli::run::admin_operation::{AdminOperation, SHORT};
use crate::model::settings::Settings;
use crate::model::signing_key::{self, Handover, SigningKey};
use crate::registry::principal::Principal;
use crate::registry::signing_keys::{self, NewSigningKey};
use crate::store::{Store, Tx};

pub static LIST: AdminOperation = AdminOperation { name: "keys list", secret: "", answer_timeout: SHORT, run: list };
pub static ROTATE: AdminOperation = AdminOperation { name: "keys rotate", secret: "", answer_timeout: SHORT, run: rotate };
pub static IMPORT: AdminOperation = AdminOperation { name: "keys import", secret: "", answer_timeout: SHORT, run: import };

fn list(_: &Values, store: &Store, _: &Settings) -> Result<Value, Failure> {
    store.read(shown).map_err(refused)
}

/// Makes a new key for an algorithm, or for each.
fn rotate(values: &Values, store: &Store, _: &Settings) -> Result<Value, Failure> {
    let algorithms = match values.one("algorithm") {
        None => ALGORITHMS.to_vec(),
        Some(name) => vec![SigningAlgorithm::from_name(name).ok_or_else(|| {
            let known = ALGORITHMS.map(SigningAlgorithm::name).join(" or ");
            UsageError(format!("--algorithm is {known}, not `{}`", printable(name)))
        })?],
    };
    let made = algorithms.into_iter().map(NewSigningKey::generate).collect::<Result<Vec<_>, _>>().map_err(refused)?;
    add(values, store, &made)
}

fn import(values: &Values, store: &Store, _: &Settings) -> Result<Value, Failure> {
    let key = NewSigningKey::read_pem(values.needed("private-key")?).map_err(refused)?;
    add(values, store, &[key])
}

fn add(values: &Values, store: &Store, keys: &[NewSigningKey]) -> Result<Value, Failure> {
    let handover = if values.switch("now")? { Handover::AtOnce } else { Handover::Overlapping };
    let added = store.write(|tx| {
        keys.iter().try_for_each(|key| signing_keys::add(tx, &Principal::operator(), key, handover))?;
        shown(tx)
    });
    added.map_err(refused)
}

/// Returns what can be seen of the keys; nothing secret is read.
fn shown(tx: &Tx<'_>) -> Result<Value, Error> {
    let keys = signing_keys::list(tx)?;
    Ok(keys.iter().map(|key| shown_key(&keys, key, tx.now)).collect())
}

fn shown_key(keys: &[SigningKey], key: &SigningKey, now: Time) -> Value {
    let ends_at = signing_key::ends_at(keys, key);
    let state = match ends_at {
        _ if signing_key::is_signing(keys, key, now) => "signs",
        None => "waits",
        Some(end) if end > now => "verifies",
        Some(_) => "ended",
    };
    json!({
        "key_id": key.public_key.id,
        "algorithm": key.public_key.algorithm.name(),
        "state": state,
        "created_at": key.created_at.to_string(),
        "signs_from": key.signs_from.to_string(),
        "ends_at": ends_at.map(|end| end.to_string()),
    })
}

fn refused(error: Error) -> Failure {
    ApiError::from(error).into()
}
