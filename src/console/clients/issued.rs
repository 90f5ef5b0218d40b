//! The page after a client was registered or given a secret: shows the secret, once, and how to use it.

use maud::html;

use crate::base::error::Result;
use crate::call::{Call, Input};
use crate::console::clients::client_review;
use crate::console::clients::flow;
use crate::console::clients::recipe;
use crate::console::clients::snippets::{self, Proof};
use crate::console::page::layout::{Layout, title};
use crate::console::page::menu::MenuItem;
use crate::console::page::new_secret::shown;
use crate::http::reply::Reply;
use crate::model::choice::State;
use crate::model::client::Client;
use crate::page::message;

/// Shows a new secret with warnings about it, and why the client waits, in the reply to the request that created it, so that it is in no URL.
pub fn page(call: &Call<'_>, input: &Input<'_>, client: &Client, warnings: &[&str], heading: &str) -> Result<Reply> {
    let layout = Layout::of(call, input)?;
    let (name, text) = match client.state {
        State::Requested => (
            "client-waits",
            " waits for an administrator's approval. Until then it can be tried by the user who registered it, and by collaborators who choose to.",
        ),
        _ => ("client-ready", " is ready to use."),
    };
    let proof = client.secret.as_deref().map_or(Proof::Public, Proof::Secret);
    let content = html! {
        (title(heading, &html! {}))
        (message::success(name, html! { strong { (client.id) } (text) }))
        (client_review::why_it_waits(call, client)?)
        @for warning in warnings { (message::warning("warning", html! { (warning) "." })) }
        @if let Some(secret) = &client.secret { (shown("Client secret", "client-secret", secret)) }
        (recipe::section(&layout.call.settings.public_url, client, proof))
        h2 { "How to use it" }
        (snippets::section(&layout, client, proof))
        h2 { "Try it" }
        p { "Run the whole flow against this server, in your own name, and see every request and answer." }
        (flow::button(&layout, client, client.secret.as_deref()))
        p { a .button.main href={"/console/clients/" (client.id)} { @if client.secret.is_some() { "I have saved it: go to the client" } @else { "Go to the client" } } }
    };
    Ok(layout.page(200, MenuItem::Clients, heading, &content))
}
