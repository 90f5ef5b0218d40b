//! Checks of what is in the data file.

use crate::base::error::Result;
use crate::base::time::Time;
use crate::model::client::BUILT_IN;
use crate::model::finding::{Finding, counted};
use crate::store::Tx;
use crate::store::observations::Observation;

/// How far an event may be in the future, in seconds, while clocks are being set.
const FUTURE: i64 = 300;

const DAY: i64 = 24 * 60 * 60;

/// How long a client is not used before that is told, in days.
const UNUSED: i64 = 90;

/// How long it is remembered, in days, that a proxy was not trusted.
const PROXY_SEEN: i64 = 7;

/// The most clients and administrators that are named.
const MOST_NAMED: usize = 5;

/// Checks what takes the same time however much is registered.
/// # Errors
/// Only those of the store.
pub fn check(tx: &Tx<'_>, now: Time) -> Result<Vec<Finding>> {
    Ok([future(tx, now)?, proxies(tx, now)?].into_iter().chain(administrators(tx)?).collect())
}

/// Checks what takes the longer the more is registered.
/// # Errors
/// Only those of the store.
pub fn check_all_entities(tx: &Tx<'_>, now: Time) -> Result<Vec<Finding>> {
    Ok(vec![secrets(tx)?, unused(tx, now)?, waiting(tx)?])
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
        let text = format!("the first password of {} was never changed, and others may have seen it", named(&first));
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
