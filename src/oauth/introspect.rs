//! `POST /oauth/introspect`: whether a token is valid, and what it allows (RFC 7662, oauth.md 2.5).

use serde_json::{Value, json};

use crate::base::error::Result;
use crate::base::secret::TokenKind;
use crate::call::{Call, Input, LongWork, Transactions};
use crate::http::reply::Reply;
use crate::model::grant::AccessToken;
use crate::model::sign_in::{AccessTokenFormat, SubjectType};
use crate::model::value;
use crate::oauth::parameters::Parameters;
use crate::oauth::{client, refused};
use crate::registry::authentication::{self, Credentials};
use crate::registry::claims;
use crate::registry::client_authentication::Presented;
use crate::registry::credential_use::{self, Use};
use crate::registry::entity::{live_client, live_user};
use crate::registry::introspection::{self, Inquirer};
use crate::registry::refusal::{CLIENT_ID_MISSING, CLIENT_UNAUTHENTICATED, Judged, Refusal};
use crate::registry::right_use;

/// Introspects a token: a client its own; a user, with an API key or a session, their own, and an administrator any. To everyone else a
/// token is inactive.
pub fn introspect<'r>(input: &'r Input<'r>) -> Result<LongWork<'r>> {
    let read = Parameters::of_body(input.request).and_then(|body| Ok((body.token()?, body)));
    Ok(Box::new(move |transactions| match read {
        Ok((token, body)) => answer(transactions, input, &token, &body),
        Err(refusal) => Ok(refused::reply(input.request, &refusal)),
    }))
}

fn answer(transactions: &Transactions<'_>, input: &Input<'_>, token: &str, body: &Parameters) -> Result<Reply> {
    let credentials = Credentials::parse(input.request.header("authorization"));
    if let Credentials::Token(_) | Credentials::Signed(_) | Credentials::Malformed(_) = credentials {
        let (reply, uses) = transactions.read(|call| {
            let by = authentication::principal(call.tx, call.settings, &credentials, &input.request.id)?;
            let (reply, used) = found(call, &Inquirer::Caller(&by), token)?;
            Ok((reply, [by.use_to_record, used]))
        })?;
        return noted(transactions, reply, uses);
    }
    let judged = match presented(input, body) {
        Ok(presented) => client::prove(transactions, &presented)?,
        Err(refusal) => Err(refusal),
    };
    match judged {
        Ok(proof) => {
            let (reply, used) = transactions.read(|call| found(call, &Inquirer::Client(&proof.client_id), token))?;
            noted(transactions, reply, [used])
        }
        Err(refusal) => Ok(refused::reply(input.request, &refusal)),
    }
}

/// Reads the client's credentials, which are required also of public clients (RFC 7662 section 2.1).
fn presented(input: &Input<'_>, body: &Parameters) -> Judged<Presented> {
    match client::presented(input, body) {
        Ok(presented) if presented.secrets.is_empty() => Err(Refusal::of(&CLIENT_UNAUTHENTICATED)),
        Err(refusal) if refusal.reason == &CLIENT_ID_MISSING => Err(Refusal::of(&CLIENT_UNAUTHENTICATED)),
        judged => judged,
    }
}

fn found(call: &Call<'_>, inquirer: &Inquirer<'_>, token: &str) -> Result<(Reply, Option<Use>)> {
    let introspection = introspection::introspect(call.tx, inquirer, token)?;
    let body = match introspection.active {
        None => json!({"active": false}),
        Some((kind, token)) => {
            right_use::note_all(call.tx, &token);
            described(call, kind, &token)?
        }
    };
    Ok((Reply::json(200, &body), introspection.use_to_record))
}

/// Returns the reply once these uses are recorded.
pub fn noted<const N: usize>(transactions: &Transactions<'_>, reply: Reply, uses: [Option<Use>; N]) -> Result<Reply> {
    if uses.iter().any(Option::is_some) {
        transactions.write(|call| uses.iter().flatten().try_for_each(|used| credential_use::record(call.tx, used)))?;
    }
    Ok(reply)
}

/// Describes a token. Times are seconds since 1970; a refresh token has no `token_type`, which is about how a token is presented (RFC 7662
/// section 2.2). Of a user who signed in by OpenID Connect, `sub` is that of the ID token.
fn described(call: &Call<'_>, kind: TokenKind, token: &AccessToken) -> Result<Value> {
    let client = live_client(call.tx, &token.client_id)?;
    let is_pairwise = client.sign_in.subject_type == SubjectType::Pairwise;
    let has_subject = token.words.has_openid() || is_pairwise || client.sign_in.access_token_format == AccessTokenFormat::Jwt;
    let subject =
        if has_subject { claims::subject(call.tx, &client, &live_user(call.tx, &token.user_id)?)? } else { token.user_id.to_string() };
    let (scope, end) = match kind {
        TokenKind::AccessToken => (token.granted(), token.expires_at),
        _ => (token.refreshable(), token.ends_at),
    };
    let is_access = kind == TokenKind::AccessToken;
    let shown = |is: bool, value: Value| if is { value } else { Value::Null };
    Ok(value::present([
        ("active", true.into()),
        ("scope", scope.to_string().into()),
        ("client_id", token.client_id.as_str().into()),
        ("username", shown(!is_pairwise, token.user_id.as_str().into())),
        ("sub", subject.into()),
        ("iss", call.settings.public_url.as_str().into()),
        ("iat", token.created_at.seconds().into()),
        ("aud", shown(!client.sign_in.resource_servers.is_empty(), claims::audience(&client))),
        ("token_type", shown(is_access, "bearer".into())),
        ("exp", end.within_dates().seconds().into()),
    ]))
}
