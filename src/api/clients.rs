//! Clients: create, read, list, change, delete (registry.md 1).

use serde_json::Value;

use crate::api::entity::CLIENT;
use crate::api::query::{Orders, Query};
use crate::api::{body, names, reply};
use crate::base::error::{Error, Result};
use crate::base::validation::Invalid;
use crate::call::{Input, LongWork, Transactions, Work};
use crate::http::queue::Slow;
use crate::model::client::{Client, FIELDS};
use crate::model::field::Audience;
use crate::model::mask::Mask;
use crate::model::shape::member;
use crate::model::view::render;
use crate::registry::approval::ChangedClient;
use crate::registry::{clients, secrets};
use crate::store::clients::ClientKey;

pub const ORDERS: Orders<ClientKey> = &[
    (&["client_id", "-client_id"], ClientKey::Id),
    (&["name", "-name"], ClientKey::Name),
    (&["created_at", "-created_at"], ClientKey::CreatedAt),
];

/// Reads `{"client":{…}}` under a user or an organization. A secret in it is hashed before the transaction.
pub fn create<'r>(input: &'r Input<'r>) -> Result<LongWork<'r>> {
    let request = body::object(input)?;
    // The path names the collaborator; the one in the body must only be well-formed.
    if let Some(collaborator) = body::message(&request, "collaborator")? {
        crate::model::shape::decode_account(collaborator).map_err(|inner| inner.at("collaborator"))?;
    }
    let sent = CLIENT.read_new(&request)?;
    let owner = names::account(input).map_err(|inner| inner.inside("CreateClientRequest", "collaborator"))?;
    let id = CLIENT.new_id(&sent)?;
    Ok(Box::new(move |transactions| {
        let secret = match sent.text("secret") {
            Some(chosen) => new_secret(transactions, input, chosen)?,
            None => secrets::NewSecret::fresh(),
        };
        let client = transactions.write(|call| clients::create(call.tx, call.by, call.settings, id, &owner, &sent, Some(secret)))?;
        let reply = reply::warned(CLIENT.whole(&client), sent.text("secret").and_then(secrets::warning));
        Ok(reply::warned(reply, unusable_uris(&client, &Mask::everything(FIELDS))))
    }))
}

/// Returns the warnings about URIs of these fields that nobody can be redirected to.
fn unusable_uris(client: &Client, mask: &Mask) -> impl Iterator<Item = String> {
    let sent = client.unusable_uris().filter(|(name, ..)| mask.names(FIELDS, name));
    sent.map(|(name, at, why)| format!("nobody can be redirected to {name}[{at}]: {why}"))
}

/// Hashes the secret that was sent, if the caller may send one.
fn new_secret(transactions: &Transactions<'_>, input: &Input<'_>, chosen: &str) -> Result<secrets::NewSecret> {
    transactions.slowly(Slow::ClientSecret, input.request.peer, || Ok(secrets::NewSecret::chosen(chosen)))
}

pub fn get<'r>(input: &'r Input<'r>) -> Result<Work<'r>> {
    CLIENT.get(input, names::client, clients::get)
}

/// Lists the clients that the caller can reach, or those of `collaborator.…`.
pub fn list<'r>(input: &'r Input<'r>) -> Result<Work<'r>> {
    const MESSAGE: &str = "ListClientsRequest";
    let query = Query::of(input)?;
    let mask = query.mask(FIELDS)?;
    let account = names::collaborator(input, &query, MESSAGE)?;
    let search = query.search(MESSAGE, ORDERS)?;
    Ok(Box::new(move |call| match clients::list(call.tx, call.by, account, &search, &mask)? {
        Some(listed) => reply::entities(input, search.page, "clients", FIELDS, listed, &mask),
        None => Ok(reply::done()),
    }))
}

/// Reads `{"client":{…},"field_mask":…}`.
pub fn update<'r>(input: &'r Input<'r>) -> Result<LongWork<'r>> {
    let (sent, mask) = CLIENT.read_update(input)?;
    let id = names::client(input)?;
    Ok(Box::new(move |transactions| {
        let chosen = sent.text("secret").filter(|_| mask.names(FIELDS, "secret"));
        let secret = chosen.map(|chosen| new_secret(transactions, input, chosen)).transpose()?;
        let ChangedClient { client, withdrawn } =
            transactions.write(|call| clients::update(call.tx, call.by, call.settings, &id, &mask, &sent, secret))?;
        let reply = reply::updated(&render(FIELDS, &client, &mask, Audience::Holder), mask.names(FIELDS, "contact_info"));
        let reply = reply::warned(reply, withdrawn.warnings().into_iter().chain(chosen.and_then(secrets::warning)));
        Ok(reply::warned(reply, unusable_uris(&client, &mask)))
    }))
}

/// Reads `{"grace":"86400s"}`: how long older secrets stay valid; without it they end at once.
pub fn rotate_secret<'r>(input: &'r Input<'r>) -> Result<Work<'r>> {
    let request = body::object(input)?;
    let grace_seconds = grace(member(&request, "grace"))?;
    let id = names::client(input).map_err(|inner| inner.inside("RotateClientSecretRequest", "client_ids"))?;
    let secret = secrets::NewSecret::fresh();
    Ok(Box::new(move |call| {
        let ChangedClient { client, withdrawn } = secrets::rotate(call.tx, call.by, call.settings, &id, secret, grace_seconds)?;
        Ok(reply::warned(CLIENT.whole(&client), withdrawn.warnings()))
    }))
}

pub fn search<'r>(input: &'r Input<'r>) -> Result<Work<'r>> {
    let (search, mask) = CLIENT.read_search(&Query::of(input)?, ORDERS)?;
    Ok(Box::new(move |call| {
        let found = clients::search(call.tx, call.by, &search, &mask)?;
        reply::entities(input, search.page, "clients", FIELDS, found, &mask)
    }))
}

/// The longest grace period: a year.
pub const LONGEST_GRACE_SECONDS: i64 = 365 * 24 * 60 * 60;

/// Parses whole seconds followed by `s`.
fn grace(value: Option<&Value>) -> Result<i64> {
    let refused = || Error::malformed("grace: expected whole seconds such as \"86400s\"");
    let seconds = match value {
        None | Some(Value::Null) => 0,
        Some(Value::String(text)) => {
            let digits = text.strip_suffix('s').filter(|digits| !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()));
            digits.and_then(|digits| digits.parse().ok()).ok_or_else(refused)?
        }
        Some(_) => return Err(refused()),
    };
    if seconds > LONGEST_GRACE_SECONDS {
        return Err(Invalid::new("RotateClientSecretRequest", "grace", "value must be at most 31536000s, a year").into());
    }
    Ok(seconds)
}
