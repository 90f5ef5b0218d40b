//! Whether the redirect URLs of clients work. What tries them stands above, because it takes long; here is what is tried and what is kept.

use std::sync::Mutex;

use crate::base::error::{Result, errors};
use crate::base::id::ClientId;
use crate::base::mutex::locked;
use crate::base::probe::{ProbeOutcome, UriProbe};
use crate::base::time::Time;
use crate::model::client::Client;
use crate::registry::entity::{Entity, live_client};
use crate::store::Tx;

errors! {
    TRIED_JUST_NOW: ResourceExhausted "keyfob" "tried_just_now" "the redirect URLs of client `{client_id}` were tried just now: try again in {seconds} seconds";
}

/// How long after a try has begun those of a client are tried again.
const BETWEEN_SECONDS: i64 = 10;

/// The most URIs of a client that are tried.
const MOST: usize = 20;

/// How many days a client is new.
const NEW_DAYS: i64 = 1;

/// The clients whose URIs were tried just now: the ID, when it was created, since an ID can be of another client later, and when the try began.
#[derive(Debug, Default)]
pub struct ProbeTurns(Mutex<Vec<(ClientId, Time, Time)>>);

impl ProbeTurns {
    /// Notes that a try begins now. Refused if one has begun just now, whether it is over or not.
    fn take(&self, client: &Client, now: Time) -> Result<()> {
        let mut begun = locked(&self.0);
        // Transactions that began at the same time come in any order, and the clock may be set back.
        begun.retain(|(_, _, at)| (now.seconds() - at.seconds()).abs() < BETWEEN_SECONDS);
        if let Some((_, _, at)) = begun.iter().find(|(id, created_at, _)| *id == client.id && *created_at == client.created_at) {
            let seconds = (at.seconds() + BETWEEN_SECONDS - now.seconds()).min(BETWEEN_SECONDS);
            return Err(TRIED_JUST_NOW.with("client_id", client.id.as_str()).with("seconds", seconds).into());
        }
        begun.push((client.id.clone(), client.created_at, now));
        Ok(())
    }
}

/// Begins a try of a client. Returns its redirect URLs, and those for after logout, each once.
/// # Errors
/// `client_not_found`, `built_in_client`, `tried_just_now`.
pub fn begin(tx: &Tx<'_>, turns: &ProbeTurns, id: &ClientId) -> Result<Vec<String>> {
    Entity::Client(id.clone()).check_not_built_in()?;
    let client = live_client(tx, id)?;
    turns.take(&client, tx.now)?;
    Ok(uris(&client))
}

/// Stores what came of the tries of these URIs, as far as the client still has them. Returns the last try of each.
/// # Errors
/// `client_not_found`.
pub fn store(tx: &Tx<'_>, id: &ClientId, tried: &[String], outcomes: &[ProbeOutcome]) -> Result<Vec<UriProbe>> {
    let client = live_client(tx, id)?;
    let current = uris(&client);
    let done = tried.iter().zip(outcomes).filter(|(uri, outcome)| **outcome != ProbeOutcome::Busy && current.contains(uri));
    let probes: Vec<UriProbe> = done.map(|(uri, outcome)| UriProbe { uri: uri.clone(), tried_at: tx.now, outcome: *outcome }).collect();
    tx.set_client_probes(id, &probes)?;
    tx.delete_other_client_probes(id, &current)?;
    of(tx, &client)
}

/// Returns the last try of each URI of a client that was tried, in the client's order.
pub(crate) fn of(tx: &Tx<'_>, client: &Client) -> Result<Vec<UriProbe>> {
    let probes = tx.client_probes(&client.id)?;
    Ok(uris(client).iter().filter_map(|uri| probes.iter().find(|probe| probe.uri == *uri).cloned()).collect())
}

/// Returns clients whose URIs the server tries by itself, at most `most`.
pub(crate) fn untried(tx: &Tx<'_>, most: usize) -> Result<Vec<ClientId>> {
    tx.clients_without_probes(tx.now.plus_seconds(-NEW_DAYS * 24 * 60 * 60), most)
}

fn uris(client: &Client) -> Vec<String> {
    let mut uris: Vec<String> = Vec::new();
    for uri in client.redirect_uris.iter().chain(&client.logout_redirect_uris) {
        if !uris.contains(uri) && uris.len() < MOST {
            uris.push(uri.clone());
        }
    }
    uris
}
