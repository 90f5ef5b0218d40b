//! The overview of a client: warnings, what its developer takes from here, how it is used, and what it asks for.

use maud::{Markup, html};

use crate::base::error::Result;
use crate::base::right::Right;
use crate::base::uri;
use crate::call::{Input, Work};
use crate::console::clients::flow;
use crate::console::clients::form::field_label;
use crate::console::clients::list::last_token;
use crate::console::clients::page::{ClientPage, ClientTab};
use crate::console::clients::recipe;
use crate::console::clients::snippets::{self, Proof};
use crate::console::clients::{probes, trial, users};
use crate::console::form::{contacts, findings};
use crate::console::page::charts;
use crate::console::page::layout::age;
use crate::model::choice::{Grant, State};
use crate::model::client::Client;
use crate::page::message;
use crate::page::times::{timestamp, timestamp_or};
use crate::page::words::{counted, sentence};
use crate::registry::entity::Entity;
use crate::registry::refusal::Reason;
use crate::registry::review;
use crate::registry::usage::{self, ClientUsage};
use crate::review::finding::Severity;
use crate::store::events::RefusalCount;

pub fn page<'r>(input: &'r Input<'r>) -> Result<Work<'r>> {
    Ok(Box::new(move |call| {
        let page = ClientPage::of(call, input)?;
        let client = &page.client;
        let is_built_in = Entity::Client(client.id.clone()).is_built_in();
        let usage = usage::of_client(call.tx, &client.id)?;
        let proof = if usage.secrets.is_empty() { Proof::Public } else { Proof::StoredSecret };
        let content = html! {
            @if client.state == State::Requested { (trial::notice(&page)?) }
            @if is_built_in {
                (message::note("built-in", html! {
                    "The server makes this client itself, for " code { "keyfob login" } ", and renews it at each start. Nobody can change it."
                }))
            }
            (warnings(client))
            @if !client.description.is_empty() { p .description { (client.description) } }
            (recipe::section(&call.settings.public_url, client, proof))
            @if !is_built_in {
                section {
                    h2 { "How to use it" }
                    dl .facts { dt { "Secrets" } dd { (secrets(&usage, call.tx.now)) } }
                    (snippets::section(&page.layout, client, proof))
                    p { (flow::link(client)) }
                }
            }
            section {
                h2 { "Use" }
                dl .facts {
                    dt { "Users" } dd { (users::who_authorized(&page, &usage)) }
                    dt { "Last token" } dd { (last_token(client, usage.last_token, call.tx.now)) }
                    dt { "Registered" } dd { (timestamp(client.created_at)) }
                }
                h3 { "Tokens per day" }
                (charts::tokens_per_day(&usage.issued))
                (refusals(&usage.refusals))
            }
            @if !is_built_in { (found(&page)?) }
            section {
                h2 { "What it asks for" }
                dl .facts {
                    dt { "Redirect URLs" } dd { (lines(&client.redirect_uris)) }
                    @if !client.logout_redirect_uris.is_empty() { dt { "Logout redirect URLs" } dd { (lines(&client.logout_redirect_uris)) } }
                    dt { "Grant types" } dd { (grants(client)) }
                    dt { "Rights" } dd { (rights(client, &usage.rights_used)) }
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
        };
        Ok(page.show(200, ClientTab::Overview, &content))
    }))
}

/// How many findings are drawn here; the others are where the review is.
const FINDINGS: usize = 5;

/// Draws what the rules of the review find that a person should see, the worst first.
fn found(page: &ClientPage<'_>) -> Result<Markup> {
    let mut all = review::findings(page.layout.call.tx, page.layout.call.settings, &page.client)?;
    all.retain(|finding| finding.severity > Severity::Notes);
    Ok(html! {
        section {
            h2 { "Findings of the review" }
            @if all.is_empty() { p .quiet data-message="no-findings" { "Nothing that needs attention." } }
            (findings::all(all.iter().take(FINDINGS), field_label))
            p {
                a href=(page.path(ClientTab::Review)) {
                    @if all.len() > FINDINGS { "All " (all.len()) " findings, and what was asked and answered" }
                    @else { "The whole review, and what was asked and answered" }
                }
            }
        }
    })
}

fn secrets(usage: &ClientUsage, now: crate::base::time::Time) -> Markup {
    html! {
        @if usage.secrets.is_empty() { "none: a public client" }
        ul .plain {
            @for secret in &usage.secrets {
                li {
                    (age(secret.created_at, now)) ", last used " (timestamp_or(secret.last_used_at, "never"))
                    @if let Some(end) = secret.expires_at { ", expires " (timestamp(end)) }
                }
            }
        }
    }
}

/// Draws why requests were refused, with what to do about it.
fn refusals(refusals: &[RefusalCount]) -> Markup {
    html! {
        h3 { "Refused in the last 30 days" }
        @if refusals.is_empty() { p .quiet { "Nothing." } }
        @for RefusalCount { reason, times, last_at } in refusals {
            div .finding data-item=(reason) {
                @let known = Reason::named(reason);
                p {
                    strong { (sentence(&known.map_or_else(|| reason.clone(), Reason::in_words))) }
                    " " (counted(*times, "time")) ", last " (timestamp(*last_at))
                }
                @if let Some(known) = known { p .quiet { (known.advice) } }
            }
        }
    }
}

/// Draws the rights with the day on which a token of the client last used each here.
fn rights(client: &Client, used: &[(Right, i64)]) -> Markup {
    html! {
        @if client.rights.is_empty() { span .quiet { "none" } }
        ul .plain {
            @for right in &client.rights {
                li {
                    (right.words()) " " code .quiet { (right.name()) } " "
                    span .quiet {
                        @match used.iter().find(|(found, _)| found == right) {
                            Some((_, day)) => { "used on " (charts::date(*day)) },
                            None => "not used yet",
                        }
                    }
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
