//! Tries whether the redirect URIs of a client work.

use serde_json::{Value, json};

use crate::api::{names, reply};
use crate::base::error::Result;
use crate::base::probe::{UriProbe, Works};
use crate::call::{Input, LongWork};
use crate::model::value;

pub fn probe<'r>(input: &'r Input<'r>) -> Result<LongWork<'r>> {
    let id = names::client(input)?;
    Ok(Box::new(move |transactions| {
        let probes = transactions.probe(&id, input.request.peer)?;
        Ok(reply::items("probes", probes.iter().map(to_json).collect()))
    }))
}

fn to_json(probe: &UriProbe) -> Value {
    let works = match probe.outcome.works() {
        Works::Yes => json!(true),
        Works::No => json!(false),
        Works::Unknown => Value::Null,
    };
    value::present([
        ("uri", json!(probe.uri)),
        ("tried_at", json!(probe.tried_at.to_string())),
        ("outcome", json!(probe.outcome.name())),
        ("status", json!(probe.outcome.status())),
        ("works", works),
        ("text", json!(probe.outcome.in_words())),
    ])
}
