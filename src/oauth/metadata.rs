//! The authorization server's metadata (RFC 8414, oauth.md 2.6), which is that of an OpenID provider too (OpenID Connect Discovery 1.0 section 3).

use serde_json::{Value, json};

use crate::base::error::Result;
use crate::base::jws::{ALGORITHMS, SigningAlgorithm};
use crate::base::pkce;
use crate::base::right::{RIGHTS, Right};
use crate::call::{Input, Work};
use crate::http::reply::Reply;
use crate::model::prompt::PROMPT_WORDS;
use crate::model::scope::OpenIdWord;
use crate::model::sign_in::SUBJECT_TYPES;
use crate::registry::claims;
use crate::registry::consent::RESPONSE_MODES;

/// Returns the metadata. The issuer is the operator's setting, never the host of the request.
pub fn get<'r>(_: &'r Input<'r>) -> Result<Work<'r>> {
    Ok(Box::new(|call| {
        let text = call.shared.metadata.get_or_init(|| document(&call.settings.public_url).to_string());
        Ok(Reply::json_text(200, text.clone().into_bytes()))
    }))
}

fn document(issuer: &str) -> Value {
    let at = |path: &str| format!("{issuer}{path}");
    let methods = ["client_secret_basic", "client_secret_post", "none"];
    let rights = RIGHTS.iter().filter(|right| **right != Right::Invalid).map(|right| right.name());
    let scopes: Vec<&str> = OpenIdWord::EVERY.into_iter().map(OpenIdWord::name).chain(rights).collect();
    json!({
        "issuer": issuer,
        "authorization_endpoint": at("/oauth/authorize"),
        "token_endpoint": at("/oauth/token"),
        "jwks_uri": at("/oauth/keys"),
        "revocation_endpoint": at("/oauth/revoke"),
        "introspection_endpoint": at("/oauth/introspect"),
        "response_types_supported": ["code"],
        "response_modes_supported": RESPONSE_MODES,
        "grant_types_supported": ["authorization_code", "refresh_token"],
        "token_endpoint_auth_methods_supported": methods,
        "revocation_endpoint_auth_methods_supported": methods,
        "introspection_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
        "code_challenge_methods_supported": [pkce::METHOD],
        "authorization_response_iss_parameter_supported": true,
        "scopes_supported": scopes,
        "userinfo_endpoint": at("/oauth/userinfo"),
        "subject_types_supported": (SUBJECT_TYPES.names)(),
        "id_token_signing_alg_values_supported": ALGORITHMS.map(SigningAlgorithm::name),
        "claim_types_supported": ["normal"],
        "claims_supported": claims::EVERY,
        "prompt_values_supported": PROMPT_WORDS,
        "end_session_endpoint": at("/oauth/end-session"),
        "claims_parameter_supported": false,
        "request_parameter_supported": false,
        "request_uri_parameter_supported": false,
    })
}
