//! Signing in, with a page that works without scripts, or as an API (oauth.md 1.6.1).

use maud::{Markup, html};

use crate::base::error::{Error, Result, errors};
use crate::base::id::{BadId, UserId};
use crate::base::uri::{form_encoded, is_local, shown_host};
use crate::base::validation::Invalid;
use crate::call::{Call, Input, LongWork, Transactions, Work};
use crate::http::csrf::{self, SignInPage};
use crate::http::form::Form;
use crate::http::pairs::Pairs;
use crate::http::path;
use crate::http::reply::Reply;
use crate::http::request::{Method, Request};
use crate::model::account_hint::AccountHint;
use crate::model::sign_in_place;
use crate::oauth::authorize::authorization_request;
use crate::oauth::consent_page::shown_name;
use crate::oauth::parameters::Parameters;
use crate::oauth::recovery::to_choice;
use crate::page::frame;
use crate::page::words::refusal;
use crate::registry::consent::{self, WaitingClient};
use crate::registry::recovery;
use crate::registry::sessions::{COOKIE, SessionCookie};
use crate::registry::sign_in::{self, SignInAttempt, Verified, VerifiedPassword};

errors! {
    MISSING_USER_ID: InvalidArgument "pkg/account" "missing_user_id" "missing user_id";
    TEMPORARY_PASSWORD: FailedPrecondition "keyfob" "temporary_password" "this password is temporary: sign in on the page /oauth/login and choose a new one, or send it as `old` to PUT /api/v3/users/{user_id}/password";
    NO_USER_ID: InvalidArgument "keyfob" "no_user_id" "enter your user ID, not your name or e-mail address";
    MISSING_PASSWORD: InvalidArgument "pkg/account" "missing_password" "missing password";
}

/// Where signing in leads by default.
pub const HOME: &str = "/oauth/";

/// The parameter that tells the sign-ins for an app's request apart.
pub const SIGN_IN_ID: &str = "sign_in_id";

/// The parameter with the account that an app expects its user to have.
const LOGIN_HINT: &str = "login_hint";

/// The name of the short-lived cookie that says that the user signed in on the way to a client.
pub const JUST_SIGNED_IN: &str = "signed_in";

/// Shows the page, or redirects a user who is already signed in.
pub fn page<'r>(input: &'r Input<'r>) -> Result<Work<'r>> {
    let query = Parameters::of_query(input.request)?;
    Ok(Box::new(move |call| {
        let next = next(query.one("n"));
        if call.by.session().is_some() && query.one("again").is_none() {
            return Ok(Reply::redirect(input.request.method, next));
        }
        let hint = query.one(LOGIN_HINT).and_then(AccountHint::parse);
        let user_id = match &hint {
            Some(AccountHint::User(id)) => id.as_str(),
            Some(AccountHint::Address(_)) | None => "",
        };
        form(call, input, 200, &Going { next: &next, address: wanted_address(&query) }, user_id, &html! {})
    }))
}

/// Shows who is signed in, or how to sign in.
pub fn home<'r>(input: &'r Input<'r>) -> Result<Work<'r>> {
    Ok(Box::new(move |call| {
        let Some(session) = call.by.session() else { return form(call, input, 200, &Going { next: HOME, address: None }, "", &html! {}) };
        let token = input.form_token();
        let content = html! {
            h1 { "You are signed in" }
            p { "You are signed in as " strong { (session.user_id) } "." }
            p { a href="/console" { "Open the Console" } }
            form method="post" action="/oauth/api/auth/logout" {
                input type="hidden" name=(csrf::FIELD) value=(token.value());
                button { "Sign out" }
            }
        };
        Ok(token.carried_by(frame::page(200, "Signed in", &content)))
    }))
}

/// Redirects `/oauth` to the start page (oauth.md 1.1).
pub fn to_home<'r>(_: &'r Input<'r>) -> Result<Work<'r>> {
    Ok(Box::new(|_| Ok(Reply::empty(308).with("Location", HOME))))
}

/// Redirects to the sign-in page, and from there back to `next`.
pub fn first(method: Method, next: &str) -> Reply {
    Reply::redirect(method, format!("/oauth/login?n={}", form_encoded(next.as_bytes())))
}

/// Returns the path of the sign-in page for an app's request: it is shown even if somebody is signed in, and may say for which account.
pub fn anew(next: &str, hint: Option<&AccountHint>) -> String {
    let hint = hint.map(|hint| format!("&login_hint={}", form_encoded(hint.to_string().as_bytes()))).unwrap_or_default();
    format!("/oauth/login?n={}&again=1{hint}", form_encoded(next.as_bytes()))
}

/// Signs in with the form. On failure shows it again with what was wrong, and keeps the user ID.
pub fn submit<'r>(input: &'r Input<'r>) -> Result<LongWork<'r>> {
    let form_and_query = Parameters::of_form_and_query(input.request)?;
    Ok(Box::new(move |transactions| {
        let next = next(form_and_query.one("n"));
        match answered(transactions, input, &form_and_query, &next) {
            Ok(reply) => Ok(reply),
            Err(Error::Named(named)) => {
                let going = Going { next: &next, address: wanted_address(&form_and_query) };
                let user = form_and_query.one("user_id").unwrap_or_default();
                let patience = named.attributes.get("seconds").map(ToString::to_string);
                let wrong = html! { p .error role="alert" data-error=(named.definition.name) { (refusal(&named)) } };
                let reply = transactions.read(|call| form(call, input, named.kind.status(), &going, user, &wrong))?;
                Ok(patience.into_iter().fold(reply, |reply, seconds| reply.with("Retry-After", seconds)))
            }
            Err(error) => Err(error),
        }
    }))
}

/// Signs in, or leads who has a temporary password to where a new one is chosen.
fn answered(transactions: &Transactions<'_>, input: &Input<'_>, form: &Parameters, next: &str) -> Result<Reply> {
    let (attempt, verified) = verified(transactions, input, form, typed_user_id, Some(next))?;
    match verified {
        Verified::Password(verified) => {
            let session_cookie = begun(transactions, input, &attempt, &verified)?;
            Ok(signed_in_to(input, next, &session_cookie))
        }
        Verified::Temporary(hash) => {
            let token = transactions.write(|call| recovery::use_temporary_password(call.tx, call.by, &attempt.user_id, &hash))?;
            Ok(to_choice(input, next, &token))
        }
    }
}

/// Redirects a browser that has signed in to where its user was going.
pub fn signed_in_to(input: &Input<'_>, next: &str, session_cookie: &SessionCookie) -> Reply {
    let reply = Reply::redirect(input.request.method, next.to_owned()).with("Set-Cookie", kept_in(input, session_cookie));
    if leads_to(next, "authorize") { reply.with("Set-Cookie", input.cookies.set(JUST_SIGNED_IN, "1", Some(60))) } else { reply }
}

/// Returns an attempt to sign in, in the browser of this request, by somebody who was going to `next`.
pub fn attempt(input: &Input<'_>, user_id: UserId, next: Option<&str>) -> SignInAttempt {
    let browser = sign_in_place::browser(input.request.header("user-agent").unwrap_or_default());
    SignInAttempt { user_id, peer: input.request.peer, signed_in_for: next.and_then(signed_in_for), browser }
}

/// Returns the request of an app for which a user is asked to sign in, if one is.
fn signed_in_for(next: &str) -> Option<String> {
    let is_asked = || Pairs::parse(next.split_once('?')?.1).ok()?.first(SIGN_IN_ID).map(drop);
    if leads_to(next, "authorize") { is_asked().map(|()| next.to_owned()) } else { None }
}

/// Reads `{"user_id","password"}`, or a form of both. Answers 204 and the cookie. A temporary password is refused and stays valid: there
/// is no page here to choose a new one.
pub fn api<'r>(input: &'r Input<'r>) -> Result<LongWork<'r>> {
    let body = Parameters::of_body(input.request).map_err(|refusal| Error::from(refusal.named()))?;
    Ok(Box::new(move |transactions| {
        let (attempt, verified) = verified(transactions, input, &body, sent_user_id, None)?;
        let Verified::Password(verified) = verified else { return Err((&TEMPORARY_PASSWORD).into()) };
        let session_cookie = begun(transactions, input, &attempt, &verified)?;
        // Nothing that can fail comes between a stored session and its cookie.
        Ok(Reply::empty(204).with("Set-Cookie", kept_in(input, &session_cookie)))
    }))
}

/// Reads a user ID as people type it.
fn typed_user_id(text: &str) -> Result<UserId> {
    text.trim().to_lowercase().parse().map_err(|BadId(_)| Error::from(&NO_USER_ID))
}

/// Reads a user ID as programs send it.
fn sent_user_id(text: &str) -> Result<UserId> {
    text.parse().map_err(|BadId(reason)| Invalid::new("UserIdentifiers", "user_id", reason).into())
}

/// Compares what was sent. Comparing is slow, so done between two transactions.
fn verified(
    transactions: &Transactions<'_>,
    input: &Input<'_>,
    sent: &Parameters,
    user_id: impl FnOnce(&str) -> Result<UserId>,
    next: Option<&str>,
) -> Result<(SignInAttempt, Verified)> {
    let sent_id = sent.unless_blank("user_id").ok_or(Error::from(&MISSING_USER_ID))?;
    let password = sent.unless_blank("password").ok_or(Error::from(&MISSING_PASSWORD))?;
    let attempt = attempt(input, user_id(sent_id)?, next);
    let compare = |compared, now| sign_in::verify(compared, password, transactions.settings, now);
    let verified = transactions.guess_password(&attempt, compare)?;
    Ok((attempt, verified))
}

fn begun(
    transactions: &Transactions<'_>,
    input: &Input<'_>,
    attempt: &SignInAttempt,
    verified: &VerifiedPassword,
) -> Result<SessionCookie> {
    transactions.write(|call| sign_in::succeed(call.tx, call.by, attempt, verified, &input.session_cookies))
}

fn kept_in(input: &Input<'_>, session_cookie: &SessionCookie) -> String {
    input.cookies.set(COOKIE, &session_cookie.reveal(), None)
}

/// Returns the sign-in page for a form that failed the CSRF check. It leads to where that one did.
pub fn again(request: &Request) -> String {
    let form = Form::of_body(request).unwrap_or_default();
    format!("/oauth/login?n={}", form_encoded(next(Some(form.verbatim("n"))).as_bytes()))
}

/// Returns a path on this server, or home: a link to the sign-in page must not lead elsewhere (oauth.md 1.6.1), also not through a page
/// that redirects, or a path that browsers normalize.
pub fn next(wanted: Option<&str>) -> String {
    let is_plain = |place: &str| segments(place).is_some_and(|segments| !segments.iter().any(|segment| segment == "." || segment == ".."));
    let is_good = |place: &&str| {
        is_local(place)
            // A browser sends nothing of a fragment, so what is read from it here would not be where the user goes.
            && !place.contains('#')
            && is_plain(place)
            && !["login", "logout", "end-session", "new-password", "sign-in-link"].iter().any(|name| leads_to(place, name))
    };
    wanted.filter(is_good).unwrap_or(HOME).to_owned()
}

/// Returns whether it is the path of this name under `/oauth`.
fn leads_to(place: &str, name: &str) -> bool {
    segments(place).is_some_and(|segments| segments == ["oauth", name])
}

fn segments(place: &str) -> Option<Vec<String>> {
    path::segments(place.split(['?', '#']).next()?).ok()
}

/// Where a user is going who has to sign in first.
struct Going<'g> {
    next: &'g str,
    /// The e-mail address of the account that the app there wants.
    address: Option<String>,
}

fn wanted_address(parameters: &Parameters) -> Option<String> {
    match parameters.one(LOGIN_HINT).and_then(AccountHint::parse) {
        Some(AccountHint::Address(address)) => Some(address),
        Some(AccountHint::User(_)) | None => None,
    }
}

/// Returns the client whose request the user goes on to, if the consent page could show it to somebody.
fn waiting_client(call: &Call<'_>, next: &str) -> Result<Option<WaitingClient>> {
    let query = next.split_once('?').filter(|_| leads_to(next, "authorize")).and_then(|(_, query)| Pairs::parse(query).ok());
    let Some(query) = query else { return Ok(None) };
    consent::waiting_client(call.tx, call.settings, &authorization_request(&query.into(), next))
}

/// Says which client waits, and for whom. Without one, a link that anybody made could put a text of theirs in the place of an address.
fn waiting(client: &WaitingClient, address: Option<&str>) -> Markup {
    html! {
        p data-message="waiting-client" {
            "You will continue to " strong { (shown_name(&client.client)) } " at " strong { (shown_host(&client.redirect_uri)) }
            ", which is waiting for you to sign in."
        }
        @if let Some(address) = address {
            p data-message="address-wanted" { "Sign in with the account that has the e-mail address " strong { (address) } "." }
        }
    }
}

/// Draws the page, with something above its fields.
fn form(call: &Call<'_>, input: &Input<'_>, status: u16, going: &Going<'_>, user_id: &str, above: &Markup) -> Result<Reply> {
    let client = waiting_client(call, going.next)?;
    let address = going.address.as_deref();
    let page = SignInPage::for_browser(input.request, input.cookies, input.server_key);
    let content: Markup = html! {
        h1 { "Sign in" }
        @if let Some(client) = client { (waiting(&client, address)) }
        (above)
        form method="post" action="/oauth/login" {
            input type="hidden" name=(csrf::FIELD) value=(page.token.value());
            input type="hidden" name="n" value=(going.next);
            @if let Some(address) = address { input type="hidden" name=(LOGIN_HINT) value=(address); }
            label for="user_id" { "User ID" }
            input id="user_id" name="user_id" type="text" value=(user_id) required autocomplete="username" autocapitalize="none" spellcheck="false" autofocus[user_id.is_empty()];
            label for="password" { "Password" }
            input id="password" name="password" type="password" required autocomplete="current-password" autofocus[!user_id.is_empty()];
            button .main { "Sign in" }
        }
    };
    Ok(page.carried_by(frame::page(status, "Sign in", &content), input.cookies))
}
