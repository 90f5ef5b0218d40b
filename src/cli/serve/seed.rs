//! The seed of a fixture, from its file.

use std::fs;

use crate::base::error::Error;
use crate::base::printable::printable;
use crate::base::{log, strict_json};
use crate::cli::failure::{Failure, UsageError};
use crate::cli::run::declaration_file::DeclarationFile;
use crate::cli::serve::settings::Configuration;
use crate::declared::input::InputValue;
use crate::fixture::seed::read::Seed;
use crate::fixture::seed::tables::SEED;
use crate::model::settings::Approval;

/// A seed that was read.
pub struct SeedFile {
    pub seed: Seed,
    /// What becomes of new clients where a seed does not say.
    pub approval: Approval,
}

/// Reads the seed, and sets what it says of the server; an empty seed if a fixture has none, `None` for other servers.
pub fn read(configuration: &mut Configuration) -> Result<Option<SeedFile>, Failure> {
    let Some(fixture) = &configuration.fixture else { return Ok(None) };
    let approval = configuration.settings.approval;
    let Some(file) = &fixture.seed else { return Ok(Some(SeedFile { seed: Seed::default(), approval })) };
    let text = fs::read(file).map_err(|error| wrong(configuration, &error.to_string()))?;
    if text.trim_ascii().is_empty() {
        return Err(wrong(configuration, "the seed is empty: write {} for one without anything"));
    }
    let value = strict_json::parse(&text).map_err(|error| wrong(configuration, &format!("the seed is not JSON: {error}")))?;
    if !value.is_object() {
        return Err(wrong(configuration, "the seed must be a JSON object"));
    }
    let file = DeclarationFile::of_value(&SEED, &file.display().to_string(), value).map_err(usage)?;
    file.warnings().iter().for_each(|warning| log::warn(warning, &[]));
    let seed = Seed::read(&InputValue::root(&file.value), &configuration.settings).map_err(|error| unusable(configuration, &error))?;
    // A new server needs all of them.
    file.write_generated(&file.generated_places()).map_err(usage)?.keep();
    configuration.settings.approval = seed.approval.unwrap_or(approval);
    if let Some(administrator) = seed.administrator() {
        configuration.admin_user = administrator.id.id.to_string();
        configuration.admin_password = administrator.password.text().map(str::to_owned);
    }
    Ok(Some(SeedFile { seed, approval }))
}

/// Returns the failure for a seed that cannot be used.
pub fn unusable(configuration: &Configuration, error: &Error) -> Failure {
    match error {
        Error::Named(named) => wrong(configuration, &named.text()),
        Error::Plain(_, text) => wrong(configuration, text),
        Error::Internal(_) | Error::Unavailable(_) => Failure::Refused(format!("the seed cannot be stored: {}", error.chain())),
    }
}

/// Returns the failure of a file whose secrets cannot be looked up.
fn usage(failure: Failure) -> Failure {
    UsageError(printable(&failure.to_string())).into()
}

fn wrong(configuration: &Configuration, why: &str) -> Failure {
    let file = configuration.fixture.as_ref().and_then(|fixture| fixture.seed.as_ref()).map(|file| file.display().to_string());
    UsageError(printable(&format!("{}: {why}", file.as_deref().unwrap_or("the seed")))).into()
}
