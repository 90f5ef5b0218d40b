//! What becomes of a new client (contract 1.3; the mode is the operator's).

use serde_json::json;

use crate::base::error::{Result, errors};
use crate::base::id::ClientId;
use crate::base::validation::Invalid;
use crate::model::choice::State;
use crate::model::client::{Client, FIELDS};
use crate::model::mask::Mask;
use crate::model::patch::Patch;
use crate::model::settings::{Approval, Settings};
use crate::registry::clients;
use crate::registry::principal::Principal;
use crate::store::Deleted;
use crate::store::Tx;

errors! {
    CLIENT_ANSWERED: FailedPrecondition "keyfob" "client_answered" "client `{client_id}` does not wait for an answer any more";
}

/// What an administrator says to a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    Approve,
    /// With the reason, which those who asked are shown.
    Reject(String),
}

/// Answers the requests of these clients, all of them or none.
pub fn review(tx: &Tx<'_>, by: &Principal, settings: &Settings, ids: &[ClientId], verdict: &Verdict) -> Result<()> {
    let (state, reason) = match verdict {
        Verdict::Approve => (State::Approved, ""),
        Verdict::Reject(reason) => (State::Rejected, reason.as_str()),
    };
    let (mut sent, mut mask) = (Patch::default(), Mask::default());
    for (name, value) in [("state", json!(state.name())), ("state_description", json!(reason))] {
        sent.put(name, value);
        mask.add(FIELDS, name);
    }
    for id in ids {
        // Somebody else may have answered meanwhile.
        if tx.client(id, Deleted::No)?.is_some_and(|client| client.state != State::Requested) {
            return Err(CLIENT_ANSWERED.with("client_id", id.as_str()).into());
        }
        sent.put("ids", json!({"client_id": id.as_str()}));
        sent.check(FIELDS, "Client", Some(&mask)).map_err(|inner: Invalid| inner.inside("UpdateClientRequest", "client"))?;
        clients::update(tx, by, settings, id, &mask, &sent, None)?;
    }
    Ok(())
}

/// Decides the fields that are the administrators', whatever was sent.
pub fn decide(by: &Principal, settings: &Settings, sent: &Patch, client: &mut Client) {
    let asked_for_a_state = by.is_admin && sent.get("state").is_some();
    if !by.is_admin {
        client.skip_authorization = false;
        client.endorsed = false;
        client.state_description = String::new();
    }
    match settings.approval {
        Approval::Auto if !asked_for_a_state => client.state = State::Approved,
        Approval::Manual if !by.is_admin => {
            client.state = State::Requested;
            client.state_description = "admin approval required".to_owned();
        }
        Approval::Auto | Approval::Manual => {}
    }
}
