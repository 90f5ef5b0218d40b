//! Client credentials: by HTTP Basic or in the body, never in the URL (RFC 6749 section 2.3, oauth.md 1.5.1).

use std::net::IpAddr;

use data_encoding::BASE64;

use crate::base::error::Result;
use crate::call::{Call, Guess, Input, Transactions};
use crate::http::pairs::decoded;
use crate::http::queue::Slow;
use crate::oauth::parameters::Parameters;
use crate::registry::client_authentication::{self, Presented, ProvenClient};
use crate::registry::refusal::{
    AUTHORIZATION_MALFORMED, CLIENT_ID_MISSING, CLIENT_SECRET_MISSING, CLIENT_SECRET_WRONG, CREDENTIALS_IN_URL, Endpoint, Judged, Refusal,
    TWO_AUTHENTICATIONS,
};

/// The parameters that must not be in a URL: it would stay in logs and histories.
const SECRET_PARAMETERS: &[&str] = &["client_secret", "code", "refresh_token", "code_verifier", "token", "password"];

/// Reads the client's credentials without checking them.
pub fn presented(input: &Input<'_>, body: &Parameters) -> Judged<Presented> {
    let in_url = Parameters::of_query(input.request).map_or(true, |query| query.has_any(SECRET_PARAMETERS));
    if in_url {
        return Err(Refusal::of(&CREDENTIALS_IN_URL));
    }
    let (id, secret) = (body.unless_blank("client_id"), body.unless_blank("client_secret"));
    let Some(header) = input.request.header("authorization") else {
        let client_id = id.ok_or_else(|| Refusal::of(&CLIENT_ID_MISSING))?.to_owned();
        let secrets = secret.into_iter().map(str::to_owned).collect();
        return Ok(Presented { client_id, secrets, without_secret: &CLIENT_SECRET_MISSING, peer: input.request.peer });
    };
    let basic = basic(header, input.request.peer).ok_or_else(|| Refusal::of(&AUTHORIZATION_MALFORMED))?;
    let contradicts = id.is_some_and(|id| id != basic.client_id) || secret.is_some_and(|secret| !basic.secrets.iter().any(|s| s == secret));
    if contradicts {
        return Err(Refusal::of(&TWO_AUTHENTICATIONS));
    }
    if basic.client_id.trim().is_empty() {
        return Err(Refusal::of(&CLIENT_ID_MISSING));
    }
    Ok(basic)
}

/// Authenticates the client. Comparing a chosen secret is slow, and so done outside of transactions. A failure is counted.
pub fn prove(transactions: &Transactions<'_>, presented: &Presented) -> Result<Judged<ProvenClient>> {
    let (kept, now) = transactions.read_kept(|call| Ok((client_authentication::look_up(call.tx, presented)?, call.tx.now)))?;
    let record = |call: &Call<'_>, refusal: &Refusal| refusal.record(call.tx, call.by, Endpoint::Token);
    let Some(judged) = client_authentication::judge_at_once(&kept, presented, now) else {
        let subjects = client_authentication::subjects(presented);
        let guess = Guess { work: Slow::ClientSecret, peer: presented.peer, known: None, subjects };
        return transactions.guess(guess, |_| Ok(()), |()| client_authentication::verify(&kept, presented, now), record);
    };
    match &judged {
        Err(refusal) => transactions.write(|call| record(call, refusal))?,
        Ok(proof) if proof.is_due() => transactions.write(|call| client_authentication::renew(call.tx, proof))?,
        Ok(_) => {}
    }
    Ok(judged)
}

/// Returns the ID and the secret of HTTP Basic as they were sent.
pub fn basic_pair(header: &str) -> Option<(String, String)> {
    let (_, encoded) = header.split_once(' ').filter(|(scheme, _)| scheme.eq_ignore_ascii_case("basic"))?;
    let text = String::from_utf8(BASE64.decode(encoded.trim().as_bytes()).ok()?).ok()?;
    text.split_once(':').map(|(id, secret)| (id.to_owned(), secret.to_owned()))
}

/// Parses HTTP Basic. ID and secret should be form-encoded; some clients send them plainly, so both readings are tried.
fn basic(header: &str, peer: IpAddr) -> Option<Presented> {
    let (id, secret) = basic_pair(header)?;
    let mut secrets: Vec<String> = [decoded(&secret).ok(), Some(secret)].into_iter().flatten().filter(|s| !s.is_empty()).collect();
    secrets.dedup();
    // A client that begins to authenticate but leaves the secret out gets a challenge (oauth.md 1.5.2, row 6).
    Some(Presented { client_id: decoded(&id).unwrap_or(id), secrets, without_secret: &CLIENT_SECRET_WRONG, peer })
}
