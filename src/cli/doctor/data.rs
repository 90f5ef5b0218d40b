//! Checks of what is in the data file.

use std::path::Path;

use crate::base::error::Result;
use crate::base::time::Time;
use crate::cli::doctor::finding::{Finding, counted};
use crate::model::client::BUILT_IN;
use crate::store::Tx;
use crate::store::inspection::{Inspection, SchemaAge};
use crate::store::observations::Observation;

/// A clock that is before this was never set: keyfob is not older.
const EARLIEST: &str = "2026-01-01T00:00:00Z";

/// How far an event may be in the future, in seconds, while clocks are being set.
const FUTURE: i64 = 300;

const DAY: i64 = 24 * 60 * 60;

/// How long a client is not used before that is told, in days.
const UNUSED: i64 = 90;

/// How long it is remembered, in days, that a proxy was not trusted.
const PROXY_SEEN: i64 = 7;

/// The most clients and administrators that are named.
const MOST_NAMED: usize = 5;

/// Checks the clock, the file, and what is in it as far as that can be read.
pub fn check(file: &Path, now: Time) -> Vec<Finding> {
    let mut found = vec![year(now)];
    let opened = Inspection::open(file).map_err(|error| error.to_string());
    match opened.and_then(|inspection| checked(&inspection, now).map_err(|error| error.chain())) {
        Ok(more) => found.extend(more),
        Err(why) => found.push(Finding::problem(
            "integrity",
            format!("cannot read {}: {why}", file.display()),
            "run this as the user of the server; if the file is damaged, restore the newest backup",
        )),
    }
    found
}

fn year(now: Time) -> Finding {
    let is_set = Time::parse(EARLIEST).is_none_or(|earliest| earliest <= now);
    if is_set {
        Finding::ok("clock", format!("it is {now}"))
    } else {
        Finding::problem(
            "clock",
            format!("the clock says {now}"),
            "set it, and have it kept right by a time service such as systemd-timesyncd",
        )
    }
}

fn checked(inspection: &Inspection, now: Time) -> Result<Vec<Finding>> {
    let errors = inspection.integrity_errors()?;
    if !errors.is_empty() {
        let text = format!("the data file is damaged: {}", errors.join("; "));
        return Ok(vec![Finding::problem("integrity", text, "stop the server and restore the newest backup")]);
    }
    let integrity = Finding::ok("integrity", "SQLite finds no damage");
    let schema = match inspection.schema()? {
        None => Finding::problem("schema", "this is not a keyfob data file", "name another one with --data"),
        Some(SchemaAge::Newer) => Finding::problem("schema", "the file was written by a newer keyfob", "upgrade keyfob"),
        Some(SchemaAge::Older) => {
            Finding::advice("schema", "the file is of an older version", "back it up: the next start upgrades it; this then looks into it")
        }
        Some(SchemaAge::Current) => {
            let found = inspection.read(|tx| of_rows(tx, now))?;
            return Ok([integrity, Finding::ok("schema", "the file has the schema of this version")].into_iter().chain(found).collect());
        }
    };
    Ok(vec![integrity, schema])
}

fn of_rows(tx: &Tx<'_>, now: Time) -> Result<Vec<Finding>> {
    Ok([future(tx, now)?, proxies(tx, now)?]
        .into_iter()
        .chain(administrators(tx)?)
        .chain([secrets(tx)?, unused(tx, now)?, waiting(tx)?])
        .collect())
}

fn future(tx: &Tx<'_>, now: Time) -> Result<Finding> {
    Ok(match tx.newest_event_at()? {
        Some(newest) if newest > now.plus_seconds(FUTURE) => {
            let text = format!("the newest event happened at {newest}, which is in the future");
            Finding::problem("history", text, "the clock was set back, or was wrong before: set it, and keep it right by a time service")
        }
        Some(newest) => Finding::ok("history", format!("the newest event happened at {newest}")),
        None => Finding::ok("history", "nothing has happened yet"),
    })
}

fn proxies(tx: &Tx<'_>, now: Time) -> Result<Finding> {
    Ok(match tx.observed_at(Observation::UntrustedProxy)? {
        Some(at) if at.is_within(PROXY_SEEN * DAY, now) => Finding::problem(
            "proxies",
            format!("requests with X-Forwarded-For came at {at} from this machine or a private network, from no trusted proxy"),
            "if a proxy of yours sends them, name its address with --trusted-proxies: else all clients seem to have its address",
        ),
        _ => Finding::ok("proxies", "no proxy was seen that is not trusted"),
    })
}

fn administrators(tx: &Tx<'_>) -> Result<Vec<Finding>> {
    const CHECK: &str = "administrators";
    let all = tx.administrators_who_can_sign_in()?;
    let number = match &all[..] {
        [] => Finding::problem(CHECK, "nobody can sign in as administrator", "run `keyfob admin create-user ID --admin`"),
        [only] => Finding::advice(
            CHECK,
            format!("`{}` is the only administrator", only.user_id),
            "make somebody else one too, for the day on which the password is lost",
        ),
        several => Finding::ok(CHECK, format!("there are {}", counted(several.len(), "administrator"))),
    };
    let first: Vec<String> = all.iter().filter(|user| user.has_first_password).map(|user| user.user_id.clone()).collect();
    let password = if first.is_empty() {
        Finding::ok("passwords", "every administrator has chosen a password")
    } else {
        let text = format!("{} still with the first password, which others may have seen", named(&first));
        Finding::advice("passwords", text, "change it in the Console, or with `keyfob users update-password`")
    };
    Ok(vec![number, password])
}

fn secrets(tx: &Tx<'_>) -> Result<Finding> {
    let found = tx.non_expiring_secrets()?;
    if found.client_secrets + found.api_keys == 0 {
        return Ok(Finding::ok("secrets", "every secret and key ends some day"));
    }
    let text = format!("{} and {} never end", counted(found.client_secrets, "client secret"), counted(found.api_keys, "API key"));
    Ok(Finding::advice("secrets", text, "rotate the secrets now and then, give new keys an end, and delete those that nobody needs"))
}

fn unused(tx: &Tx<'_>, now: Time) -> Result<Finding> {
    let found = tx.unused_clients(now.plus_seconds(-UNUSED * DAY), BUILT_IN)?;
    if found.is_empty() {
        return Ok(Finding::ok("clients", format!("every client is new, or got a token in the last {UNUSED} days")));
    }
    let names: Vec<String> = found.iter().map(ToString::to_string).collect();
    let text = format!("{} got no token for {UNUSED} days: {}", counted(found.len(), "client"), named(&names));
    Ok(Finding::advice("clients", text, "ask their owners, and delete those that nobody needs"))
}

fn waiting(tx: &Tx<'_>) -> Result<Finding> {
    let (users, clients) = tx.count_waiting()?;
    if users + clients == 0 {
        return Ok(Finding::ok("approval", "nobody waits for an administrator"));
    }
    let text = format!("{} and {} wait for an administrator", counted(users, "user"), counted(clients, "client"));
    Ok(Finding::advice("approval", text, "decide about them in the Console"))
}

/// Returns the first few names, and how many more there are.
fn named(names: &[String]) -> String {
    let shown = names.iter().take(MOST_NAMED).map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    let more = names.len().saturating_sub(MOST_NAMED);
    if more == 0 { shown } else { format!("{shown} and {more} more") }
}
