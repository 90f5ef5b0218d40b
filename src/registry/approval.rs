//! What becomes of a new client (contract 1.3; the mode is the operator's).

use crate::model::choice::State;
use crate::model::client::Client;
use crate::model::patch::Patch;
use crate::model::settings::{Approval, Settings};
use crate::registry::principal::Principal;

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
