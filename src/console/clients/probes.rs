//! Whether the redirect URLs of a client work.

use maud::{Markup, html};

use crate::base::error::Result;
use crate::base::probe::{UriProbe, Works};
use crate::base::right::Right;
use crate::call::{Input, LongWork};
use crate::console::clients::page::{ClientPage, ClientTab};
use crate::console::page::layout::after;
use crate::console::page::paths;
use crate::page::message;
use crate::page::times::timestamp;
use crate::registry::probes;

/// Tries them, and leads to the page that says what came of it.
pub fn submit<'r>(input: &'r Input<'r>) -> Result<LongWork<'r>> {
    let id = paths::client(input)?;
    Ok(Box::new(move |transactions| {
        transactions.probe(&id, input.request.peer)?;
        Ok(after(&format!("/console/clients/{id}"), "tried"))
    }))
}

/// Draws the last tries, and the button for the next for those who may change the client.
pub fn section(page: &ClientPage<'_>) -> Result<Markup> {
    let client = &page.client;
    let last = probes::of(page.layout.call.tx, client)?;
    let may_try =
        page.rights.has(Right::ClientSettingsBasic) && !(client.redirect_uris.is_empty() && client.logout_redirect_uris.is_empty());
    let path = format!("{}/review/probe", page.path(ClientTab::Overview));
    Ok(html! {
        @if may_try || !last.is_empty() {
            h3 { "Do the redirect URLs work?" }
            @if last.is_empty() { p .quiet { "Nobody has tried them yet." } } @else { ul .plain { @for probe in &last { li data-item=(probe.uri) { (tried(probe)) } } } }
            @if may_try { (page.layout.button(&path, "Try the redirect URLs", "quiet")) }
        }
    })
}

fn tried(probe: &UriProbe) -> Markup {
    let said = html! { code { (probe.uri) } ": " (probe.outcome.in_words()) ", " (timestamp(probe.tried_at)) };
    match probe.outcome.works() {
        Works::No => message::warning("does-not-work", said),
        Works::Yes | Works::Unknown => said,
    }
}
