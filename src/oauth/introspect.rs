//! `POST /oauth/introspect`: is this token good, and what for (RFC 7662, OAuth contract 2.5)?

use serde_json::{Map, Value, json};

use crate::base::error::Result;
use crate::base::secret::TokenKind;
use crate::call::{Call, Input, Own, OwnWork};
use crate::http::reply::Reply;
use crate::model::grant::AccessToken;
use crate::oauth::parameters::Parameters;
use crate::oauth::{client, refused};
use crate::registry::client_authentication::Presented;
use crate::registry::principal::{Credentials, Principal};
use crate::registry::refusal::{CLIENT_ID_MISSING, CLIENT_UNAUTHENTICATED, Judged, Refusal};
use crate::registry::tokens::{self, Inquirer};

/// A client asks about its own tokens; a user, with an API key or a session, about his own, and an administrator about any.
/// To everyone else a token is as one that does not exist.
pub fn introspect<'r>(input: &'r Input<'r>) -> Result<OwnWork<'r>> {
    let read = Parameters::of_body(input).and_then(|body| Ok((body.token()?, body)));
    Ok(Box::new(move |own| match read {
        Ok((token, body)) => answer(own, input, &token, &body),
        Err(refusal) => Ok(refused::reply(input, &refusal)),
    }))
}

fn answer(own: &Own<'_>, input: &Input<'_>, token: &str, body: &Parameters) -> Result<Reply> {
    let credentials = Credentials::parse(input.request.header("authorization"));
    if let Credentials::Token(_) | Credentials::Malformed(_) = credentials {
        return own.read(|call| {
            let by = Principal::of(call.tx, call.settings, &credentials, &input.request.id)?;
            found(call, &Inquirer::Caller(&by), token)
        });
    }
    let judged = match presented(input, body) {
        Ok(presented) => client::prove(own, &presented)?,
        Err(refusal) => Err(refusal),
    };
    match judged {
        Ok(proof) => own.read(|call| found(call, &Inquirer::Client(&proof.client_id), token)),
        Err(refusal) => Ok(refused::reply(input, &refusal)),
    }
}

/// Nobody asks without a proof, not even a client that has no secret (RFC 7662 section 2.1).
fn presented(input: &Input<'_>, body: &Parameters) -> Judged<Presented> {
    match client::presented(input, body) {
        Ok(presented) if presented.secrets.is_empty() => Err(Refusal::of(&CLIENT_UNAUTHENTICATED)),
        Err(refusal) if refusal.reason == &CLIENT_ID_MISSING => Err(Refusal::of(&CLIENT_UNAUTHENTICATED)),
        judged => judged,
    }
}

fn found(call: &Call<'_>, inquirer: &Inquirer<'_>, token: &str) -> Result<Reply> {
    let body = match tokens::introspect(call.tx, inquirer, token)? {
        None => json!({"active": false}),
        Some((kind, token)) => described(kind, &token, &call.settings.public_url),
    };
    Ok(Reply::json(200, &body))
}

/// Times are seconds since 1970; a refresh token has no `token_type`, which is about how a token is presented (RFC 7662 section 2.2).
fn described(kind: TokenKind, token: &AccessToken, issuer: &str) -> Value {
    let mut body = Map::from_iter([
        ("active".to_owned(), true.into()),
        ("scope".to_owned(), token.rights.names().join(" ").into()),
        ("client_id".to_owned(), token.client_id.as_str().into()),
        ("username".to_owned(), token.user_id.as_str().into()),
        ("sub".to_owned(), token.user_id.as_str().into()),
        ("iss".to_owned(), issuer.into()),
        ("iat".to_owned(), token.created_at.seconds().into()),
    ]);
    let end = match kind {
        TokenKind::AccessToken => {
            body.insert("token_type".to_owned(), "bearer".into());
            token.expires_at
        }
        _ => token.ends_at,
    };
    body.insert("exp".to_owned(), end.seconds().into());
    body.into()
}
