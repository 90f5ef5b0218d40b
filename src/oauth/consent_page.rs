//! The consent page: which client asks, for what, and where it leads (oauth.md 1.4.7).

use maud::{Markup, PreEscaped, html};
use serde_json::json;

use crate::base::error::{Named, Result};
use crate::base::right::{Right, Rights};
use crate::base::uri;
use crate::call::{Call, Input};
use crate::http::csrf;
use crate::http::reply::Reply;
use crate::model::choice::{Grant, State};
use crate::model::client::{self, Client};
use crate::model::field::Audience;
use crate::model::grant::ACCESS_SECONDS;
use crate::model::mask::Mask;
use crate::model::scope::{GrantedScope, OpenIdWord, ScopeWord, Words};
use crate::model::session::Session;
use crate::model::user::{self, User};
use crate::model::view::render;
use crate::oauth::answer::Answer;
use crate::oauth::login::HOME;
use crate::oauth::parameters::Parameters;
use crate::page::words::{counted, sentence};
use crate::page::{frame, message, rights, scope_words};
use crate::registry::clients;
use crate::registry::consent::{AuthorizationRequest, Identity, ValidRequest};
use crate::registry::entity::live_user;
use crate::registry::groups;
use crate::review::rules::is_dangerous;

/// How many of the user's groups are named.
const MOST_GROUPS: usize = 20;

/// Draws the page; `another` is the path of the sign-in page for somebody else, if there is one.
pub fn page(
    call: &Call<'_>,
    session: &Session,
    input: &Input<'_>,
    request: &AuthorizationRequest,
    asked: &ValidRequest,
    another: Option<&str>,
) -> Result<Reply> {
    let user = live_user(call.tx, &session.user_id)?;
    let client = &asked.client;
    let name = shown_name(client);
    let token = input.form_token();
    // The data that The Things Stack's page has for programs.
    let data = json!({
        "client": render(client::FIELDS, client, &Mask::everything(client::FIELDS), Audience::Public),
        "user": render(user::FIELDS, &user, &Mask::everything(user::FIELDS), Audience::Public),
    });
    let content = html! {
        p .quiet { "Request for permission" }
        h1 { "Continue to " (name) "?" }
        p { strong { (name) } @if is_for_sign_in(asked) { " wants to sign you in." } @else { " wants to act in your name." } }
        p { @if client.description.is_empty() { "It has no description." } @else { (client.description) } }
        (origin(client))
        p {
            "You are signed in as " strong { (user.id) } "."
            @if let Some(another) = another { " " a href=(another) { "Use another account" } }
        }
        (warnings(call, asked)?)
        h2 { (name) " asks to" }
        (shown_words(call, &user, asked)?)
        (shown_rights(call, asked))
        h2 { "For how long" }
        p { (how_long(call, client)) " You can revoke it at any time in the Console, under " a href="/console/authorizations" { "OAuth client authorizations" } "." }
        p {
            "You will be redirected to " code { (request.redirect_uri.as_deref().unwrap_or(&asked.redirect_uri)) }
            " (" strong { (uri::shown_host(&asked.redirect_uri)) } ")."
        }
        form method="post" action=(input.request.target) {
            input type="hidden" name=(csrf::FIELD) value=(token.value());
            input type="hidden" name="shown" value=(asked.granted.rights.bits());
            input type="hidden" name="shown_words" value=(asked.granted.words);
            button name="authorize" value="false" { "Cancel" }
            button .main name="authorize" value="true" { "Authorize " (name) }
        }
        script type="application/json" id="page-data" { (PreEscaped(data.to_string().replace('<', "\\u003c"))) }
    };
    Ok(token.carried_by(frame::page(200, "Request for permission", &content)))
}

/// Returns a page instead of a redirect with an error; it names where the redirect would have led.
pub fn refused(redirect_uri: &str, answer: &Answer<'_>, refusal: &Named) -> Reply {
    let site = uri::shown_host(redirect_uri);
    let content = html! {
        h1 { "You are signed in, but that did not work" }
        p { strong { (site) } " led you here with a request that cannot be granted: " (sentence(&refusal.text())) }
        p { "Nothing was granted. Go there only if that is where you came from; never type your password there." }
        (answer.button(html! { "Go to " (site) }))
        p { a href=(HOME) { "Stay here" } }
    };
    frame::page(refusal.kind.status(), "That did not work", &content)
}

/// Reads what the form says was shown: the set of rights as a number, and the other words.
pub fn read_shown(parameters: &Parameters) -> Option<GrantedScope> {
    let rights = parameters.one("shown")?.parse().ok().map(Rights::from_bits)?;
    Some(GrantedScope { rights, words: Words::parse(parameters.one("shown_words").unwrap_or_default()) })
}

/// Returns whether the client asks for nothing but to know who the user is.
fn is_for_sign_in(asked: &ValidRequest) -> bool {
    asked.granted.rights.is_empty() && asked.granted.words.has_openid()
}

/// Returns the name, or one made from the ID: `my-client` is `My Client`.
pub fn shown_name(client: &Client) -> String {
    if !client.name.is_empty() {
        return client.name.clone();
    }
    let capitalised = |word: &str| {
        let mut letters = word.chars();
        letters.next().map_or_else(String::new, |first| format!("{}{}", first.to_uppercase(), letters.as_str()))
    };
    client.id.as_str().split('-').map(capitalised).collect::<Vec<_>>().join(" ")
}

fn origin(client: &Client) -> Markup {
    html! {
        p .quiet {
            "Client ID " code { (client.id) }
            @if let Some(owner) = &client.administrative_contact { ", contact " (owner.kind()) " " strong { (owner.as_str()) } }
            "."
        }
        @if client.endorsed { (message::success("endorsed", "The administrators here endorse it: they know who runs it.")) }
    }
}

/// Says how long the client keeps what it is granted.
fn how_long(call: &Call<'_>, client: &Client) -> String {
    match client.grants.contains(&Grant::RefreshToken) {
        true => format!("Until you revoke it, or until it has gone unused for {}.", counted(call.settings.refresh_token_days, "day")),
        false => format!("For {} at a time; after that, it has to send you here again.", counted(ACCESS_SECONDS / 60, "minute")),
    }
}

/// Draws what the user should think of first. That administrators do not endorse the client says something only where they endorse any.
fn warnings(call: &Call<'_>, ValidRequest { client, redirect_uri, granted, identity, .. }: &ValidRequest) -> Result<Markup> {
    let is_only_not_endorsed = !client.endorsed && clients::are_any_endorsed(call.tx)?;
    Ok(html! {
        @if *identity == Identity::Claimed {
            (message::warning("claimed-identity", claimed(redirect_uri)))
        }
        @if client.state == State::Requested {
            (message::warning("not-approved", "This client is not approved yet. You can try it because you registered it or chose to try it."))
        }
        @if client.state == State::Flagged {
            (message::warning("flagged", "Administrators have flagged this client. Be careful."))
        }
        @if granted.rights.has(Right::All) {
            (message::warning("all-rights", "It asks for everything: it could do whatever you can do, without asking again. Authorize it only if you trust it as much as yourself."))
        }
        @if uri::is_in_clear(redirect_uri) {
            (message::warning("not-encrypted", "The address that you will be sent to is not encrypted: others on the network could read what is sent there."))
        }
        @if is_only_not_endorsed {
            (message::warning("not-endorsed", "The administrators endorse some clients here, but not this one. Authorize it only if you know who runs it."))
        }
    })
}

/// Draws the warning that only the user can know which program asks (RFC 8252 section 8.6).
fn claimed(redirect_uri: &str) -> Markup {
    html! {
        strong { "Did you start this yourself, just now?" }
        " It has no secret to prove who it is, so any program can ask in its name. "
        @match redirect_uri {
            "/code" => "The next page shows a code. Anyone who has it can act as you: type it only into the program that you started, and don't share it.",
            "/local-callback" => "If you agree, the program that waits on your computer can act as you. If you did not start one, cancel.",
            other if uri::is_loopback(other) => "If you agree, the program that waits on your computer can act as you. If you did not start one, cancel.",
            other if uri::is_in_clear(other) => "If you agree, anyone who answers at that address, or listens on the way to it, can act as you. If you did not start it, cancel.",
            other => { "If you agree, whatever opens addresses of " strong { (uri::shown_host(other)) } " on your device can act as you. If you did not start it, cancel." }
        }
        " That is why you are asked every time."
    }
}

/// Draws what signing in tells the client, and the words of its own.
fn shown_words(call: &Call<'_>, user: &User, asked: &ValidRequest) -> Result<Markup> {
    let words = &asked.granted.words;
    let servers = &asked.client.sign_in.resource_servers;
    let groups = if words.has(OpenIdWord::Groups) { groups::told(call.tx, &asked.client, user)? } else { Vec::new() };
    let more = |word: &ScopeWord| match word {
        ScopeWord::OpenId(OpenIdWord::Email) => format!(", {}", user.primary_email_address),
        ScopeWord::OpenId(OpenIdWord::Groups) if groups.is_empty() => ": you are not in any".to_owned(),
        ScopeWord::OpenId(OpenIdWord::Groups) => format!(": {}", first_groups(&groups)),
        ScopeWord::OpenId(OpenIdWord::OpenId | OpenIdWord::Profile | OpenIdWord::OfflineAccess) | ScopeWord::Own(_) => String::new(),
    };
    Ok(
        html! { @if !words.is_empty() { ul { @for word in words.iter() { li data-scope=(word.as_str()) { (scope_words::shown(word, servers)) (more(word)) } } } } },
    )
}

/// Names the first of these groups, and says how many there are beside.
fn first_groups(groups: &[String]) -> String {
    let (first, others) = groups.split_at(groups.len().min(MOST_GROUPS));
    let first = first.join(", ");
    if others.is_empty() { first } else { format!("{first} and {} more", others.len()) }
}

/// Draws the rights in plain words, grouped by what they concern.
fn shown_rights(call: &Call<'_>, ValidRequest { client, granted, .. }: &ValidRequest) -> Markup {
    let asked = granted.rights;
    if asked.has(Right::All) {
        return html! {
            p { "All possible rights. It can do here whatever you can do yourself:" }
            ul {
                li { "see and change your account, and end your sessions" }
                li { "see, register, change and delete your OAuth clients and organizations, and decide who works on them" }
                li { "create API keys in your name, which stay valid after you revoke it" }
                @if call.by.is_admin { li data-message="administrator-rights" { strong { "because you are an administrator: the same with everybody's accounts, clients and organizations" } } }
            }
            p { "It can do so until you sign out of it, or revoke " (shown_name(client)) " in the Console under “OAuth client authorizations”." }
        };
    }
    html! {
        @if asked.is_empty() && granted.words.is_empty() { p data-message="no-rights" { "Only know who you are." } }
        @for group in rights::groups(asked) {
            h3 { (group.title) }
            ul { @for right in group.rights { li title=(right.name()) { (right.words()) @if is_dangerous(right) { " " span .badge.flagged data-risk=(right.name()) { "Risky" } } } } }
        }
    }
}
