//! `POST /oauth/revoke`: a client revokes a token (RFC 7009, oauth.md 2.4).

use serde_json::json;

use crate::base::error::Result;
use crate::call::{Input, LongWork};
use crate::http::reply::Reply;
use crate::oauth::parameters::Parameters;
use crate::oauth::{client, refused};
use crate::registry::client_authentication::Presented;
use crate::registry::refusal::Judged;
use crate::registry::revocation;

/// Revokes a token. Answers 200 also for an invalid one. RFC 7009 section 2.2 has clients ignore the body, but some parse every reply as
/// JSON. The hint of section 2.1 is not needed.
pub fn revoke<'r>(input: &'r Input<'r>) -> Result<LongWork<'r>> {
    let read = Parameters::of_body(input.request).and_then(|body| read(input, &body));
    Ok(Box::new(move |transactions| {
        let judged = match read {
            Err(refusal) => Err(refusal),
            Ok((token, presented)) => match client::prove(transactions, &presented)? {
                Err(refusal) => Err(refusal),
                Ok(proof) => transactions
                    .write(|call| revocation::revoke(call.tx, &call.by.proved_as(&proof.client_id), &proof.client_id, &token))?,
            },
        };
        Ok(judged.map_or_else(|refusal| refused::reply(input.request, &refusal), |()| Reply::json(200, &json!({}))))
    }))
}

fn read(input: &Input<'_>, body: &Parameters) -> Judged<(String, Presented)> {
    Ok((body.token()?, client::presented(input, body)?))
}
