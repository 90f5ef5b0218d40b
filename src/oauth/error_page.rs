//! The page for a request that cannot be answered to the client: what its developer must change and, for the client's own collaborators, what
//! was received.

use maud::{Markup, html};

use crate::base::error::Error;
use crate::base::id::ClientId;
use crate::base::right::Right;
use crate::base::uri::first_difference;
use crate::call::{Call, Input};
use crate::failure;
use crate::http::reply::Reply;
use crate::page::frame;
use crate::registry::consent::AuthorizationRequest;
use crate::registry::entity::Entity;
use crate::registry::refusal::{Difference, Refusal};
use crate::registry::rights;
use crate::store::Deleted;

pub fn page(call: &Call<'_>, input: &Input<'_>, request: &AuthorizationRequest, refusal: &Refusal) -> Reply {
    let error = Error::from(refusal.named());
    if !failure::prefers_html(input.request) {
        return failure::outside(input.request, &error);
    }
    let (title, explained) = failure::explained(input.request, &error);
    let content = html! {
        (explained)
        p { "Nothing was granted to the app. Go back to it, and tell the people who run it." }
        h2 { "For the developer of the app" }
        p data-message="advice" { (refusal.reason.advice) " The log calls this " code { (refusal.reason.name) } "." }
        @if let Some(id) = own_client(call, request) { (received(&id, request, refusal.difference.as_deref())) }
    };
    failure::with_headers(frame::page(refusal.named().kind.status(), title, &content), &error)
}

/// Returns the ID of the client, if the user may read it.
fn own_client(call: &Call<'_>, request: &AuthorizationRequest) -> Option<ClientId> {
    let id: ClientId = request.client_id.parse().ok()?;
    let rights = rights::on(call.tx, call.by, &Entity::Client(id.clone()), Deleted::No).ok()?;
    rights.has(Right::ClientInfo).then_some(id)
}

/// Draws what was received; where it should be what is registered, beside that.
fn received(id: &ClientId, request: &AuthorizationRequest, difference: Option<&Difference>) -> Markup {
    let parameters = [
        ("redirect_uri", &request.redirect_uri),
        ("response_type", &request.response_type),
        ("code_challenge_method", &request.code_challenge_method),
    ];
    let sent = parameters.into_iter().filter(|(name, _)| difference.is_none_or(|difference| difference.field == *name));
    html! {
        p { "Only people who may see the client " a href={"/console/clients/" (id)} { (id) } " are shown this. Its page counts all refusals. What was received:" }
        dl .facts data-message="received" {
            dt { "client_id" } dd { code { (id) } }
            @for (name, value) in sent {
                dt { (name) }
                dd { @if let Some(value) = value { code { (value) } } @else { span .quiet { "not sent" } } }
            }
            @if let Some(difference) = difference { dt { "registered" } dd { code { (difference.registered) } } }
        }
        @if let Some(difference) = difference { (beginning_to_differ(difference)) }
    }
}

/// Draws where what was received and what is registered begin to differ.
fn beginning_to_differ(difference: &Difference) -> Markup {
    let Difference { registered, received, .. } = difference;
    let same = first_difference(registered, received);
    let part = |text: String| html! { @if text.is_empty() { "nothing" } @else { code { (text) } } };
    let begin = |text: &str| part(text.chars().take(same).collect());
    let rest = |text: &str| part(text.chars().skip(same).collect());
    html! {
        p data-message="difference" {
            "Both begin with " (begin(registered)) ". Then " (rest(received)) " was received, and " (rest(registered)) " is registered."
        }
    }
}
