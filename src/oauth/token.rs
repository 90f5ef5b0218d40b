//! `POST /oauth/token`: exchanges a code or a refresh token for an access token (RFC 6749 sections 4.1.3, 5 and 6, oauth.md 1.5).

use serde_json::{Map, Value};

use crate::base::error::Result;
use crate::base::jws::{SigningAlgorithm, TokenType};
use crate::base::secret::{Token, TokenKind};
use crate::call::{Call, Input, LongWork, Transactions};
use crate::http::reply::Reply;
use crate::model::client::{Client, ClientType};
use crate::model::scope::Scope;
use crate::oauth::parameters::Parameters;
use crate::oauth::{client, refused};
use crate::registry::claims::at_hash;
use crate::registry::client_authentication::{self, Presented, ProvenClient};
use crate::registry::refusal::{
    CODE_MISSING, CODE_UNKNOWN, Endpoint, GRANT_TYPE_MISSING, GRANT_TYPE_UNSUPPORTED, Judged, PARAMETER_REPEATED, REFRESH_TOKEN_MALFORMED,
    REFRESH_TOKEN_MISSING, Reason, Refusal,
};
use crate::registry::tokens::{self, Exchange, Issued, Renewal, ToSign};

/// The parameters that must not be repeated.
const PARAMETERS: &[&str] =
    &["grant_type", "code", "redirect_uri", "client_id", "client_secret", "refresh_token", "code_verifier", "scope"];

/// An access token request.
enum TokenRequest {
    Redeem(Exchange),
    Refresh(Renewal),
    /// A request that is refused for this reason, once the client is authenticated.
    Nothing(&'static Reason),
}

pub fn issue<'r>(input: &'r Input<'r>) -> Result<LongWork<'r>> {
    let read = Parameters::of_body(input.request).and_then(|body| read(input, &body));
    Ok(Box::new(move |transactions| match read {
        Ok((wanted, presented)) => answer(transactions, input, &wanted, &presented),
        Err(refusal) => Ok(refused::reply(input.request, &refusal)),
    }))
}

/// Reads the request, in the order of oauth.md 1.5.2. Nothing is looked up for an incomplete request.
fn read(input: &Input<'_>, body: &Parameters) -> Judged<(TokenRequest, Presented)> {
    if body.repeated(PARAMETERS).is_some() {
        return Err(Refusal::of(&PARAMETER_REPEATED));
    }
    let wanted = match body.unless_blank("grant_type") {
        None => return Err(Refusal::of(&GRANT_TYPE_MISSING)),
        Some("authorization_code") => {
            let code = body.unless_blank("code").ok_or_else(|| Refusal::of(&CODE_MISSING))?;
            match Token::parse(code).filter(|code| code.kind == TokenKind::AuthorizationCode) {
                Some(code) => TokenRequest::Redeem(Exchange {
                    code,
                    redirect_uri: body.owned("redirect_uri"),
                    code_verifier: body.owned("code_verifier"),
                }),
                None => TokenRequest::Nothing(&CODE_UNKNOWN),
            }
        }
        Some("refresh_token") => {
            let token = body.unless_blank("refresh_token").or_else(|| documented_refresh_token(body));
            let token = token.ok_or_else(|| Refusal::of(&REFRESH_TOKEN_MISSING))?;
            match Token::parse(token).filter(|token| token.kind == TokenKind::RefreshToken) {
                Some(refresh_token) => {
                    TokenRequest::Refresh(Renewal { refresh_token, scope: body.one("scope").map(Scope::parse).unwrap_or_default() })
                }
                None => TokenRequest::Nothing(&REFRESH_TOKEN_MALFORMED),
            }
        }
        Some(_) => return Err(Refusal::of(&GRANT_TYPE_UNSUPPORTED)),
    };
    Ok((wanted, client::presented(input, body)?))
}

/// Returns the refresh token from `code`, where The Things Stack's guide puts it (oauth.md 1.13).
fn documented_refresh_token(body: &Parameters) -> Option<&str> {
    body.unless_blank("code").filter(|code| code.starts_with(TokenKind::RefreshToken.name()))
}

/// Authenticates the client, then issues.
fn answer(transactions: &Transactions<'_>, input: &Input<'_>, wanted: &TokenRequest, presented: &Presented) -> Result<Reply> {
    let judged = match client::prove(transactions, presented)? {
        Ok(proof) => {
            make_keys_for(transactions, &proof, wanted)?;
            transactions.write(|call| in_transaction(call, &proof, wanted))?
        }
        Err(refusal) => Err(refusal),
    };
    match judged {
        Ok(issued) => {
            Ok(Reply::json(200, &body(&issued, |algorithm, token_type, claims| transactions.sign(algorithm, token_type, claims))?))
        }
        Err(refusal) => Ok(refused::reply(input.request, &refusal)),
    }
}

/// Makes the keys that the reply needs before the code is used up: making them may take longer than the client waits.
fn make_keys_for(transactions: &Transactions<'_>, proof: &ProvenClient, wanted: &TokenRequest) -> Result<()> {
    let TokenRequest::Redeem(exchange) = wanted else { return Ok(()) };
    let is_needed = transactions.read(|call| tokens::will_be_signed(call.tx, &proof.client_id, exchange))?;
    if is_needed { transactions.make_missing_keys() } else { Ok(()) }
}

/// Returns `Ok` with a refusal in it where what the refusal records must be committed: a revoked family, an event.
fn in_transaction(call: &Call<'_>, proof: &ProvenClient, wanted: &TokenRequest) -> Result<Judged<Issued>> {
    let judged = match client_authentication::admit(call.tx, proof)? {
        Ok(client) => judge(call, &client, proof.client_type, wanted)?,
        Err(refusal) => Err(refusal),
    };
    if let Err(refusal) = &judged {
        refusal.record(call.tx, &call.by.proved_as(&proof.client_id), Endpoint::Token)?;
    }
    Ok(judged)
}

fn judge(call: &Call<'_>, client: &Client, client_type: ClientType, wanted: &TokenRequest) -> Result<Judged<Issued>> {
    match wanted {
        TokenRequest::Nothing(reason) => Ok(Err(Refusal::to(reason, &client.id))),
        TokenRequest::Redeem(exchange) => tokens::redeem(call.tx, call.settings, client, exchange),
        TokenRequest::Refresh(renewal) => tokens::refresh(call.tx, call.settings, client, client_type, renewal),
    }
}

/// Returns `{"access_token","token_type","expires_in","scope"?,"refresh_token"?,"id_token"?}` (RFC 6749 section 5.1, OpenID Connect Core 1.0
/// section 3.1.3.3), with `expires_in` in seconds.
/// # Errors
/// Those of `sign`.
pub fn body(issued: &Issued, sign: impl Fn(SigningAlgorithm, TokenType, &Value) -> Result<String>) -> Result<Map<String, Value>> {
    let ToSign { algorithm, access_token, id_token } = &issued.to_sign;
    let access_token = match access_token {
        Some(claims) => sign(*algorithm, TokenType::AccessToken, claims)?,
        None => issued.access.reveal(),
    };
    let id_token = id_token.clone().map(|mut claims| {
        claims["at_hash"] = at_hash(&access_token).into();
        sign(*algorithm, TokenType::IdToken, &claims)
    });
    let mut body = Map::from_iter([
        ("access_token".to_owned(), Value::from(access_token)),
        ("token_type".to_owned(), "bearer".into()),
        ("expires_in".to_owned(), issued.expires_in_seconds.into()),
    ]);
    if let Some(scope) = &issued.scope {
        body.insert("scope".to_owned(), scope.to_string().into());
    }
    if let Some(refresh) = &issued.refresh {
        body.insert("refresh_token".to_owned(), refresh.reveal().into());
    }
    if let Some(id_token) = id_token.transpose()? {
        body.insert("id_token".to_owned(), id_token.into());
    }
    Ok(body)
}
