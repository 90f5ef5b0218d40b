//! What `plan`, `apply` and `export` do to a store, here or in the server that uses it.

use serde_json::{Value, json};

use crate::base::error::Error;
use crate::base::strict_json;
use crate::cli::api_error::ApiError;
use crate::cli::args::values::Values;
use crate::cli::failure::Failure;
use crate::cli::run::admin_operation::{AdminOperation, LONG};
use crate::declared::apply::{ApplyMode, apply};
use crate::declared::export::export;
use crate::declared::input::{ERRORS, InputValue};
use crate::declared::read::Declaration;
use crate::declared::step::Prune;
use crate::model::settings::Settings;
use crate::store::Store;

pub static PLAN: AdminOperation = AdminOperation { name: "plan", secret: "", answer_timeout: LONG, run: make_plan };
pub static APPLY: AdminOperation = AdminOperation { name: "apply", secret: "", answer_timeout: LONG, run: carry_out };
pub static EXPORT: AdminOperation = AdminOperation { name: "export", secret: "", answer_timeout: LONG, run: export_all };

fn make_plan(values: &Values, store: &Store, settings: &Settings) -> Result<Value, Failure> {
    done(values, store, settings, ApplyMode::Try)
}

/// Does what was planned, if `plan` is still the plan.
fn carry_out(values: &Values, store: &Store, settings: &Settings) -> Result<Value, Failure> {
    let seen = values.one("plan").and_then(|plan| serde_json::from_str::<Value>(plan).ok());
    done(values, store, settings, ApplyMode::Do { seen: seen.as_ref() })
}

fn done(values: &Values, store: &Store, settings: &Settings, mode: ApplyMode<'_>) -> Result<Value, Failure> {
    let (file, text) = (values.needed("file")?, values.needed("declaration")?);
    let refused = |error: Error| unusable(file, error);
    let value = strict_json::parse(text.as_bytes()).map_err(|error| Failure::Refused(format!("{file}: it is not JSON: {error}")))?;
    let declaration = Declaration::read(&InputValue::root(&value)).map_err(refused)?;
    let prune = if values.one("prune") == Some("true") { Prune::Yes } else { Prune::No };
    let plan = apply(store, settings, &declaration, prune, mode).map_err(refused)?;
    Ok(plan.to_json())
}

fn export_all(_: &Values, store: &Store, _: &Settings) -> Result<Value, Failure> {
    let exported = store.read(export).map_err(ApiError::from)?;
    Ok(json!({"declaration": exported.declaration, "notes": exported.notes}))
}

/// Returns the failure for a declaration that cannot be used: with its file, and the place in it if that is known.
pub fn unusable(file: &str, error: Error) -> Failure {
    match error {
        Error::Named(named) if ERRORS.contains(&named.definition) => Failure::Refused(format!("{file}: {}", named.text())),
        error => ApiError::from(error).into(),
    }
}
