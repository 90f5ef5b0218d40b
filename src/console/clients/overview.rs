//! The overview of a client: how to use it, how it is used, and warnings.

use maud::{Markup, html};

use crate::base::error::Result;
use crate::base::uri;
use crate::call::{Input, Work};
use crate::console::clients::page::{ClientPage, ClientTab};
use crate::console::clients::snippets::{self, Proof};
use crate::console::clients::{probes, trial};
use crate::console::form::{contacts, rights_picker};
use crate::console::page::charts;
use crate::console::page::layout::{age, timestamp, timestamp_or};
use crate::model::choice::{Grant, State};
use crate::model::client::Client;
use crate::page::message;
use crate::registry::usage::{self, ClientUsage};

pub fn page<'r>(input: &'r Input<'r>) -> Result<Work<'r>> {
    Ok(Box::new(move |call| {
        let page = ClientPage::of(call, input)?;
        let client = &page.client;
        let usage = usage::of_client(call.tx, &client.id)?;
        let content = html! {
            @if client.state == State::Requested { (trial::notice(&page)?) }
            (warnings(client))
            @if matches!(client.state, State::Requested | State::Rejected) {
                p { a href=(page.path(ClientTab::Review)) { "What the review found and what was answered" } }
            }
            @if !client.description.is_empty() { p .description { (client.description) } }
            section {
                h2 { "Use" }
                dl .facts {
                    dt { "Last authorized" } dd { (timestamp_or(usage.last_authorized, "never")) }
                    dt { "Last token" } dd { (timestamp_or(usage.last_token, "never")) }
                    dt { "Secrets" } dd { (secrets(&usage, call.tx.now)) }
                    dt { "Registered" } dd { (timestamp(client.created_at)) }
                }
                h3 { "Tokens per day" }
                (charts::tokens_per_day(&usage.issued))
            }
            section {
                h2 { "What it asks for" }
                dl .facts {
                    dt { "Redirect URLs" } dd { (lines(&client.redirect_uris)) }
                    @if !client.logout_redirect_uris.is_empty() { dt { "Logout redirect URLs" } dd { (lines(&client.logout_redirect_uris)) } }
                    dt { "Grant types" } dd { (grants(client)) }
                    dt { "Rights" } dd { (rights_picker::tags(&client.rights)) }
                }
                (probes::section(&page)?)
            }
            section {
                h2 { "Contacts and attributes" }
                dl .facts {
                    dt { "Administrative contact" } dd { (contacts::shown(client.administrative_contact.as_ref())) }
                    dt { "Technical contact" } dd { (contacts::shown(client.technical_contact.as_ref())) }
                    @if !client.attributes.is_empty() {
                        dt { "Attributes" } dd { ul .plain { @for (key, value) in &client.attributes { li { code { (key) } " " (value) } } } }
                    }
                }
            }
            section {
                h2 { "How to use it" }
                (snippets::section(&page.layout, client, if usage.secrets.is_empty() { Proof::Public } else { Proof::StoredSecret }))
            }
        };
        Ok(page.show(200, ClientTab::Overview, &content))
    }))
}

fn secrets(usage: &ClientUsage, now: crate::base::time::Time) -> Markup {
    html! {
        @if usage.secrets.is_empty() { "none: a public client" }
        ul .plain {
            @for secret in &usage.secrets {
                li {
                    (age(secret.created_at, now)) ", last used " (timestamp_or(secret.last_used_at, "never"))
                    @if let Some(end) = secret.expires_at { ", ends " (timestamp(end)) }
                }
            }
        }
    }
}

/// Draws what keeps users from authorizing the client, or should.
fn warnings(client: &Client) -> Markup {
    let unusable = client.redirect_uris.iter().filter_map(|uri| uri::why_unusable(uri).map(|why| (uri, why)));
    let in_clear = client.redirect_uris.iter().filter(|uri| uri::is_in_clear(uri));
    html! {
        @match client.state {
            State::Rejected => (message::warning("rejected", "Administrators have rejected it: nobody can authorize it.")),
            State::Suspended => (message::warning("suspended", "Administrators have suspended it: it gets no tokens, and those it has are no longer valid.")),
            State::Flagged => (message::warning("flagged", "Administrators have flagged it: users are warned of it.")),
            State::Requested | State::Approved => {}
        }
        @if client.grants.contains(&Grant::AuthorizationCode) && client.redirect_uris.is_empty() {
            (message::warning("no-redirect-url", "It has no redirect URL: nobody can authorize it."))
        }
        @for (uri, why) in unusable { (message::warning("unusable-redirect-url", html! { "Nobody can be sent to " code { (uri) } ": " (why) "." })) }
        @for uri in in_clear { (message::warning("not-encrypted", html! { code { (uri) } " is not encrypted: others on the network could read codes." })) }
        @if !client.grants.contains(&Grant::AuthorizationCode) { (message::warning("no-code-grant", "It lacks the grant type Authorization code: nobody can authorize it.")) }
    }
}

fn lines(texts: &[String]) -> Markup {
    html! {
        @if texts.is_empty() { span .quiet { "none" } }
        ul .plain { @for text in texts { li { code { (text) } } } }
    }
}

/// Returns the names of the client's grant types.
pub fn grants(client: &Client) -> Markup {
    let name = |grant: &Grant| match grant {
        Grant::AuthorizationCode => "Authorization code",
        Grant::RefreshToken => "Refresh token",
        Grant::Password => "Password",
    };
    html! { (client.grants.iter().map(name).collect::<Vec<_>>().join(", ")) }
}
