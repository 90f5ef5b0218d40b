//! What is read again on SIGHUP, each by a step of its own.

use crate::base::log;

/// A step reads one thing again. Fails with the cause, and the old one stays in use.
type Step = Box<dyn Fn() -> Result<(), String> + Send>;

/// The steps, by the name of what they read.
#[derive(Default)]
pub struct Reloads(Vec<(&'static str, Step)>);

impl Reloads {
    pub fn add(&mut self, what: &'static str, step: impl Fn() -> Result<(), String> + Send + 'static) {
        self.0.push((what, Box::new(step)));
    }

    /// Returns whether there is a step of this name. An ephemeral server ends with its terminal, unless it has a declaration to read again.
    pub fn has(&self, what: &str) -> bool {
        self.0.iter().any(|(name, _)| *name == what)
    }

    /// Takes every step, and logs those that fail.
    pub fn run(&self) {
        self.0.iter().for_each(|(what, step)| take(what, step));
    }
}

/// Takes a step, and logs whether it failed.
pub fn take(what: &str, step: &dyn Fn() -> Result<(), String>) {
    match step() {
        Ok(()) => log::info("reloaded", &[("what", what.into())]),
        Err(cause) => log::error("could not be reloaded: the old one stays in use", &[("what", what.into()), ("cause", cause.into())]),
    }
}
