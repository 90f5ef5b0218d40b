//! The registration review.

use serde_json::{Value, json};

use crate::api::entity::CLIENT;
use crate::api::{body, names, reply};
use crate::base::error::Result;
use crate::base::id::ClientId;
use crate::base::validation::Invalid;
use crate::call::{Input, Work};
use crate::model::choice::State;
use crate::model::shape::decode_account;
use crate::registry::client_check::{self, Checked};
use crate::review::finding::RuleFinding;
use crate::review::rules::RULE_SET;

/// Reads `{"client":{…},"collaborator":…}`, as creating does; without a collaborator the caller would own it.
pub fn check<'r>(input: &'r Input<'r>) -> Result<Work<'r>> {
    let request = body::object(input)?;
    let collaborator =
        body::message(&request, "collaborator")?.map(decode_account).transpose().map_err(|inner| inner.at("collaborator"))?;
    let owner = collaborator.as_ref().map(names::known).transpose().map_err(|inner| inner.inside("CheckClientRequest", "collaborator"))?;
    let sent = CLIENT.read_new(&request)?;
    // A reserved ID is a finding.
    let id: ClientId = sent.id("client_id").ok_or_else(|| Invalid::required("Client", "ids"))?;
    Ok(Box::new(move |call| {
        let Checked { findings, state } = client_check::check(call.tx, call.by, call.settings, id, owner.as_ref(), &sent)?;
        let would_be = match state {
            State::Approved | State::Flagged => "approved",
            State::Requested | State::Rejected | State::Suspended => "waits",
        };
        let findings: Vec<Value> = findings.iter().map(RuleFinding::to_json).collect();
        Ok(reply::ok(&json!({"findings": findings, "rule_set": RULE_SET, "would_be": would_be})))
    }))
}
