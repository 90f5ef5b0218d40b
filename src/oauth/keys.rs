//! `GET /oauth/keys`: the keys by which others verify what this server has signed (RFC 7517).

use crate::base::error::Result;
use crate::call::{Input, LongWork};
use crate::http::reply::Reply;
use crate::registry::signing_keys;

/// How long the keys may be kept: less than a new one is published before it signs.
const CACHE: &str = "public, max-age=900";

/// Returns the public keys. The first request makes them.
pub fn get<'r>(_: &'r Input<'r>) -> Result<LongWork<'r>> {
    Ok(Box::new(|transactions| {
        loop {
            match transactions.read_kept(|call| signing_keys::published_as_json(call.tx))? {
                Some(text) => return Ok(Reply::json_text(200, text.into_bytes()).with("Cache-Control", CACHE)),
                None => transactions.make_missing_keys()?,
            }
        }
    }))
}
