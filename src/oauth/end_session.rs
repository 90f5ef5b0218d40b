//! `/oauth/end-session`: an app that signed its user in signs them out here too (OpenID Connect RP-Initiated Logout 1.0).

use maud::html;

use crate::base::error::{Error, Result};
use crate::base::uri;
use crate::call::{Call, Input, LongWork, Transactions};
use crate::failure;
use crate::http::reply::Reply;
use crate::http::request::Method;
use crate::http::{csrf, origin};
use crate::model::session::Session;
use crate::oauth::consent_page::shown_name;
use crate::oauth::login::HOME;
use crate::oauth::parameters::Parameters;
use crate::oauth::posted;
use crate::page::frame;
use crate::registry::end_session::{self, EndSessionAsked, EndSessionRequest, SessionProof};
use crate::registry::refusal::{PARAMETER_REPEATED, Refusal};
use crate::registry::sessions::{self, COOKIE};

/// Others are ignored: `logout_hint`, `ui_locales`.
const PARAMETERS: &[&str] = &["id_token_hint", "client_id", "post_logout_redirect_uri", "state"];

/// Ends the session of the browser and sends it back to the app: at once if the app proves that it means this session, otherwise once the
/// user has agreed.
pub fn end_session<'r>(input: &'r Input<'r>) -> Result<LongWork<'r>> {
    let parameters = Parameters::of_form_and_query(input.request)?;
    if posted::is_request(input.request) {
        return posted::same_as_get(input, "/oauth/end-session", &parameters, PARAMETERS);
    }
    if parameters.repeated(PARAMETERS).is_some() {
        return Err(Refusal::of(&PARAMETER_REPEATED).named().into());
    }
    let request = EndSessionRequest {
        id_token_hint: parameters.owned("id_token_hint"),
        client_id: parameters.owned("client_id"),
        post_logout_redirect_uri: parameters.owned("post_logout_redirect_uri"),
    };
    Ok(Box::new(move |transactions| answer(transactions, input, &parameters, &request)))
}

fn answer(transactions: &Transactions<'_>, input: &Input<'_>, parameters: &Parameters, request: &EndSessionRequest) -> Result<Reply> {
    let (session, reply) = transactions.read(|call| {
        let asked = match end_session::judge(call.tx, call.settings, call.by.session(), request) {
            Err(error @ Error::Named(_)) if call.by.session().is_some() && failure::prefers_html(input.request) => {
                return Ok((None, still_signed_in(input, &error)));
            }
            asked => asked?,
        };
        Ok(match call.by.session() {
            Some(session) if !is_meant(input, &asked) => (None, question(input, parameters, session, &asked)),
            session => (session.map(|session| session.id.clone()), signed_out(input, parameters, &asked)),
        })
    })?;
    let Some(session) = session else { return Ok(reply) };
    // Another may have begun meanwhile, in which nobody was asked.
    transactions.write(|call: &Call<'_>| match call.by.session() {
        Some(now) if now.id == session => sessions::delete(call.tx, call.by, &now.user_id, &now.id),
        _ => Ok(()),
    })?;
    Ok(reply.with("Set-Cookie", input.cookies.clear(COOKIE)))
}

/// Returns whether the session ends: its user has pressed the button, or the app has led them here with an ID token of it.
fn is_meant(input: &Input<'_>, asked: &EndSessionAsked) -> bool {
    input.request.method == Method::Post || (asked.proof == SessionProof::OfSession && origin::opens_page(input.request))
}

fn signed_out(input: &Input<'_>, parameters: &Parameters, asked: &EndSessionAsked) -> Reply {
    let Some(place) = &asked.place else {
        let content = html! {
            h1 { "You are signed out" }
            p data-message="signed-out" { "Nobody is signed in here with this browser." }
            p { a href=(HOME) { "Sign in" } }
        };
        return frame::page(200, "Signed out", &content);
    };
    let state: Vec<(&str, &str)> = parameters.one("state").map(|state| ("state", state)).into_iter().collect();
    Reply::redirect(input.request.method, uri::location(place, &state))
}

/// Draws what is wrong with the request, and how its user can sign out all the same.
fn still_signed_in(input: &Input<'_>, error: &Error) -> Reply {
    let (title, explained) = failure::explained(input.request, error);
    let content = html! {
        (explained)
        p data-message="still-signed-in" { "You are still signed in here." }
        p { a .button.main href="/oauth/end-session" { "Sign out" } }
    };
    failure::with_headers(frame::page(failure::body(input.request, error).0.status(), title, &content), error)
}

fn question(input: &Input<'_>, parameters: &Parameters, session: &Session, asked: &EndSessionAsked) -> Reply {
    let token = input.form_token();
    let content = html! {
        h1 { "Sign out?" }
        p data-message="sign-out" {
            @if let Some(client) = &asked.client { strong { (shown_name(client)) } " asks to sign you out here. " }
            "You are signed in as " strong { (session.user_id) } "."
        }
        form method="post" action="/oauth/end-session" {
            input type="hidden" name=(csrf::FIELD) value=(token.value());
            @for name in PARAMETERS {
                @if let Some(value) = parameters.one(name) { input type="hidden" name=(name) value=(value); }
            }
            button .main name="sign_out" value="true" { "Sign out" }
        }
        p { a href=(HOME) { "Stay signed in" } }
    };
    token.carried_by(frame::page(200, "Sign out?", &content))
}
