//! Runs every check, prints what was found, and counts problems.

use std::path::Path;

use pico_args::Arguments;
use serde_json::Value;

use crate::base::time::Clock;
use crate::cli::args::values::{Format, Values};
use crate::cli::doctor::addresses::Addresses;
use crate::cli::doctor::finding::{Finding, Level};
use crate::cli::doctor::{addresses, backups, certificate, data, files};
use crate::cli::failure::Failure;
use crate::cli::run::output::{List, json_text};
use crate::cli::serve::settings::{self, Configuration};
use crate::cli::terminal::print;
use crate::http::listener::public_socket::ListenAddress;
use crate::store::files::resolved;

/// The highest exit code: higher ones mean something else to shells.
const MOST_PROBLEMS: usize = 100;

const NAME_IT: &str = "name it with --data or KEYFOB_DATA, as for `keyfob serve`, which creates it";

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
    let now = Clock::System.now();
    let addresses = addresses_of(configuration);
    let mut found = vec![addresses::check(&addresses)];
    let host = addresses.host_of_certificate();
    found.extend(configuration.tls.as_ref().map(|(file, key)| certificate::check(file, key, host.as_deref(), now)));
    match configuration.data.as_deref().map(Path::new) {
        None => found.push(Finding::ok("data", "the database is temporary")),
        Some(name) => match resolved(name) {
            Err(error) => found.push(Finding::problem("data", format!("{}: {error}", name.display()), NAME_IT)),
            Ok(file) if !file.exists() => {
                found.push(Finding::problem("data", format!("there is no file {}", file.display()), NAME_IT));
            }
            Ok(file) => {
                found.extend(files::check(&file));
                found.extend(data::check(&file, now));
                found.push(backups::check(configuration.backups.as_ref(), now));
            }
        },
    }
    found
}

fn tcp(address: &ListenAddress) -> Option<String> {
    match address {
        ListenAddress::Tcp(address) => Some(address.clone()),
        ListenAddress::Unix(_) => None,
    }
}

fn addresses_of(configuration: &Configuration) -> Addresses {
    Addresses {
        listen: configuration.listen.iter().filter_map(tcp).collect(),
        public_url: configuration.settings.public_url.clone(),
        has_tls: configuration.tls.is_some(),
        trusts_proxies: !configuration.limits.proxies.is_empty(),
    }
}
