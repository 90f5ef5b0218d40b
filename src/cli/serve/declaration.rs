//! `serve --apply FILE`: applies a declaration before the server answers, and again on SIGHUP.

use crate::base::log;
use crate::cli::failure::Failure;
use crate::cli::run::declaration_file::{DeclarationFile, generated_places};
use crate::cli::run::declared_operations::unusable;
use crate::cli::run::plan_text;
use crate::declared::apply::{ApplyMode, apply_prepared};
use crate::declared::input::InputValue;
use crate::declared::prepared::{HashingEffort, PLAN_OUTDATED, Prepared};
use crate::declared::read::Declaration;
use crate::declared::step::Prune;
use crate::declared::tables::DECLARATION;
use crate::model::settings::Settings;
use crate::store::Store;

/// The name under which it is read again.
pub const NAME: &str = "declaration";

/// How often it is tried if something else changes at the same time.
const ATTEMPTS: usize = 5;

/// The declaration of a server, and what becomes of what it has no longer.
#[derive(Clone, Debug)]
pub struct ServedDeclaration {
    pub file: String,
    pub prune: Prune,
}

impl ServedDeclaration {
    /// Applies it: all of it, or nothing.
    pub fn apply(&self, store: &Store, settings: &Settings) -> Result<(), Failure> {
        let mut attempts = ATTEMPTS;
        loop {
            attempts -= 1;
            match self.attempt(store, settings) {
                Err(Failure::Named(error)) if error.is(&PLAN_OUTDATED) && attempts > 0 => {}
                done => return done,
            }
        }
    }

    fn attempt(&self, store: &Store, settings: &Settings) -> Result<(), Failure> {
        let file = DeclarationFile::read(&DECLARATION, &self.file)?;
        file.warnings().iter().for_each(|warning| log::warn(warning, &[]));
        let declaration = Declaration::read(&InputValue::root(&file.value)).map_err(|error| unusable(&self.file, error))?;
        // What may be registered does not matter to the operator.
        let settings =
            Settings { password_rounds: settings.password_rounds, public_url: settings.public_url.clone(), ..Settings::default() };
        let failed = |error| unusable(&self.file, error);
        let prepared = Prepared::of(store, &settings, &declaration.declared, HashingEffort::Slow).map_err(failed)?;
        let run = |mode| apply_prepared(store, &settings, &declaration, &prepared, self.prune, mode).map_err(failed);
        // Which secrets are needed, only the plan says.
        let seen = if file.generates() { Some(run(ApplyMode::Try)?.to_json()) } else { None };
        let written = file.write_generated(&seen.as_ref().map_or(Vec::new(), generated_places))?;
        let plan = run(ApplyMode::Do { seen: seen.as_ref() })?.to_json();
        written.keep();
        log::info("applied the declaration", &[("file", self.file.as_str().into()), ("plan", plan_text::summary(&plan).into())]);
        Ok(())
    }
}
