//! Runs every check, prints what was found, and counts problems.

use pico_args::Arguments;
use serde_json::Value;

use crate::base::time::Clock;
use crate::cli::args::values::{Format, Values};
use crate::cli::doctor::data;
use crate::cli::failure::Failure;
use crate::cli::run::output::{List, json_text};
use crate::cli::serve::settings::{self, Configuration};
use crate::cli::terminal::print;
use crate::diagnostics::deployment;
use crate::model::finding::{Finding, Level};

/// The highest exit code: higher ones mean something else to shells.
const MOST_PROBLEMS: usize = 100;

/// Prints a line for each check. The exit code is the number of problems.
pub fn run(values: &Values, arguments: Arguments) -> Result<(), Failure> {
    let configuration = settings::read(arguments)?;
    let found = findings(&configuration);
    let is_json = values.switch("json")? || values.one("output-format").is_some();
    if is_json {
        print_items(values, &found)?
    } else {
        print(&found.iter().map(Finding::line).collect::<String>())?
    }
    let counts = |level| level == Level::Problem || (level == Level::Advice && values.switch("strict").unwrap_or_default());
    match found.iter().filter(|finding| counts(finding.level)).count().min(MOST_PROBLEMS) {
        0 => Ok(()),
        problems => Err(Failure::Problems(u8::try_from(problems).unwrap_or(u8::MAX))),
    }
}

fn print_items(values: &Values, found: &[Finding]) -> Result<(), Failure> {
    let items: Vec<Value> = found.iter().map(Finding::to_json).collect();
    match values.format {
        Format::Json => print(&(json_text(&Value::from(items)) + "\n")),
        Format::Table | Format::Path(_) => {
            let mut list = List::begin(&values.format, &["level", "check", "found", "remedy"]);
            list.add(&items)?;
            list.end()
        }
    }
}

fn findings(configuration: &Configuration) -> Vec<Finding> {
    let (now, deployment) = (Clock::System.now(), configuration.deployment());
    let mut found = deployment::check_settings(&deployment, now);
    found.extend(deployment::check_files(&deployment, now));
    match deployment::data_file(&deployment) {
        Ok(Some(file)) => found.extend(data::check(&file, now)),
        Ok(None) => found.push(Finding::ok("data", "the database is temporary")),
        // That was found above.
        Err(_) => {}
    }
    found
}
