//! `GET /oauth/keys`: the keys by which others verify what this server has signed (RFC 7517).

use serde_json::{Value, json};

use crate::base::error::Result;
use crate::call::{Input, LongWork};
use crate::http::reply::Reply;
use crate::registry::signing_keys;

/// How long the keys may be kept: less than a new one is published before it signs.
const CACHE: &str = "public, max-age=900";

/// Returns the public keys. The first request makes them.
pub fn get<'r>(_: &'r Input<'r>) -> Result<LongWork<'r>> {
    Ok(Box::new(|transactions| {
        transactions.make_missing_keys()?;
        let keys: Vec<Value> =
            transactions.read_kept(|call| Ok(signing_keys::published(call.tx)?.iter().map(|key| key.public_key.to_jwk()).collect()))?;
        Ok(Reply::json(200, &json!({"keys": keys})).with("Cache-Control", CACHE))
    }))
}
