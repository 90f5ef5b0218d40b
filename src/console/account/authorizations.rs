//! The user's authorizations and their tokens.

use maud::{Markup, html};

use crate::base::error::Result;
use crate::base::id::ClientId;
use crate::base::page::Page;
use crate::base::right::{Right, Rights};
use crate::base::time::Time;
use crate::call::{Call, Input, LongWork, Work};
use crate::console::clients::page::shown_name;
use crate::console::form::confirmation::{Confirmation, Confirmed, confirmed};
use crate::console::form::rights_picker;
use crate::console::page::layout::{Layout, after, signed_in, title};
use crate::console::page::listing::Listing;
use crate::console::page::menu::MenuItem;
use crate::console::page::paths;
use crate::console::page::table::Table;
use crate::http::reply::Reply;
use crate::model::client::Client;
use crate::model::grant::AccessToken;
use crate::model::grant::Authorization;
use crate::model::mask::Mask;
use crate::page::times::timestamp;
use crate::page::{message, scope_words};
use crate::registry::{authorizations, clients};
use crate::store::Direction;

const PATH: &str = "/console/authorizations";

const LOSES_EVERYTHING: &str = "The client loses all its tokens for your account. It may ask for your consent again.";

pub fn list<'r>(input: &'r Input<'r>) -> Result<Work<'r>> {
    let listing = Listing::of(input.request)?;
    Ok(Box::new(move |call| {
        let layout = Layout::of(call, input)?;
        let direction = if listing.one("sort") == "created" { Direction::Ascending } else { Direction::Descending };
        let read = |page| authorizations::list(call.tx, layout.user_id(), direction, page);
        let found = listing.page_of(read, &["client", "rights", "renewed"], |found, column| Ok(key(found, column)))?;
        let short = listing.if_short(found.total);
        let table = Table::<Authorization>::new("Authorizations", |found| found.client_id.to_string())
            .sorted_if(short, "client", "Client", |found| named(call, found))
            .sorted_if(short, "rights", "Rights", |found| html! { @if found.rights.is_empty() && !found.words.is_empty() { "sign-in only" } @else { (found.rights.iter().count()) } })
            .sorted(&listing, "created", "Created at", |found| timestamp(found.created_at))
            .sorted_if(short, "renewed", "Renewed at", |found| timestamp(found.updated_at))
            .actions(|found| html! { a .button.danger href={(PATH) "/" (found.client_id) "/revoke"} { "Revoke …" } });
        let content = html! {
            (title("OAuth client authorizations", &html! {}))
            (listing.shown(found, |authorizations| Ok(table.show(&authorizations)), || {
                message::empty("no-authorizations", html! {
                    p { "You have not authorized any client. When an application asks to sign you in, or to act in your name, and you agree, it is listed here." }
                    p { "There you can see what it may do, and revoke it at any time." }
                    p { "To see how it works, press " strong { "Try it" } " on the page of " a href="/console/clients" { "one of your OAuth clients" } "." }
                })
            })?)
        };
        Ok(layout.page(200, MenuItem::Authorizations, "OAuth client authorizations", &content))
    }))
}

/// Returns a client as far as everybody may see it.
fn known(call: &Call<'_>, id: &ClientId) -> Option<Client> {
    clients::get(call.tx, call.by, id, &Mask::default()).ok().map(|(client, _)| client)
}

/// Draws the name of a client, which leads to its authorization, and its ID.
fn named(call: &Call<'_>, found: &Authorization) -> Markup {
    let id = &found.client_id;
    let name = known(call, id).map(|client| client.name).filter(|name| !name.is_empty());
    html! {
        a href={(PATH) "/" (id)} { (name.as_deref().unwrap_or(id.as_str())) }
        @if name.is_some() { " " span .quiet { (id) } }
    }
}

/// Returns what a short list is sorted by.
fn key(found: &Authorization, column: &str) -> (Option<Time>, usize, String) {
    match column {
        "client" => (None, 0, found.client_id.to_string()),
        "rights" => (None, found.rights.iter().count(), String::new()),
        _ => (Some(found.updated_at), 0, String::new()),
    }
}

pub fn page<'r>(input: &'r Input<'r>) -> Result<Work<'r>> {
    let client = paths::client(input)?;
    Ok(Box::new(move |call| {
        let layout = Layout::of(call, input)?;
        let authorization = authorizations::get(call.tx, layout.user_id(), &client)?;
        let tokens = authorizations::tokens(call.tx, layout.user_id(), &client, Direction::Descending, Page::new(1000, 1))?.items;
        let known = known(call, &client);
        let servers = known.as_ref().map_or(&[][..], |client| &client.sign_in.resource_servers);
        let rights: Vec<Right> = authorization.rights.iter().collect::<Vec<_>>();
        let content = html! {
            p .crumbs { a href=(PATH) { "OAuth client authorizations" } }
            (title(known.as_ref().map_or(client.as_str(), shown_name), &html! {}))
            dl .facts {
                dt { "Client ID" } dd { code { (client) } }
                dt { "Created" } dd { (timestamp(authorization.created_at)) }
                dt { "Renewed" } dd { (timestamp(authorization.updated_at)) }
                dt { "Rights" } dd { @if rights.is_empty() { "None." } @else { (rights_picker::tags(&rights)) (words(authorization.rights)) } }
                @if !authorization.words.is_empty() {
                    dt { "Signing in" } dd { ul { @for word in authorization.words.iter() { li data-scope=(word.as_str()) { (scope_words::shown(word, servers)) } } } }
                }
            }
            section {
                h2 { "Active access tokens" }
                @if tokens.is_empty() { p .quiet { "None." } } @else {
                    (tokens_table(&tokens))
                    @if tokens.len() > 1 { a .button.danger href={(PATH) "/" (client) "/tokens/end"} { "Invalidate all …" } }
                }
            }
            section .danger-zone {
                h2 { "Revoke" }
                p { (LOSES_EVERYTHING) }
                a .button.danger href={(PATH) "/" (client) "/revoke"} { "Revoke authorization …" }
            }
        };
        Ok(layout.page(200, MenuItem::Authorizations, client.as_str(), &content))
    }))
}

fn words(rights: Rights) -> Markup {
    let some = rights.iter().map(Right::words).collect::<Vec<_>>().join("; ");
    html! { p .quiet { "It may " (some) "." } }
}

fn tokens_table(tokens: &[AccessToken]) -> Markup {
    let table = Table::<AccessToken>::new("Access tokens", |token| token.id.clone())
        .column("ID", |token| html! { code { (token.id) } })
        .class("narrow")
        .column("Created", |token| timestamp(token.created_at))
        .column("Expires", |token| timestamp(token.expires_at))
        .actions(|token| html! { a .button.danger href={(PATH) "/" (token.client_id) "/tokens/" (token.id) "/end"} { "Invalidate …" } });
    table.show(tokens)
}

confirmed! { revoke_page, revoke: |input| ending(input, End::Authorization) }

confirmed! { end_token_page, end_token: |input| ending(input, End::Token(token_id(input))) }

confirmed! { end_tokens_page, end_tokens: |input| ending(input, End::EveryToken) }

fn token_id<'r>(input: &'r Input<'_>) -> &'r str {
    input.capture("token_id").unwrap_or_default()
}

/// What can be ended.
#[derive(Clone, Copy, Debug)]
enum End<'r> {
    Authorization,
    Token(&'r str),
    EveryToken,
}

fn ending<'r>(input: &'r Input<'r>, end: End<'r>) -> Result<Confirmed<'r>> {
    let client = paths::client(input)?;
    let asked = client.clone();
    let act = move |call: &Call<'_>| {
        let user = signed_in(call)?;
        match end {
            End::Authorization => authorizations::delete(call.tx, call.by, user, &client).map(|()| after(PATH, "revoked")),
            End::Token(id) => authorizations::delete_token(call.tx, call.by, user, &client, id).map(|()| ended(&client)),
            End::EveryToken => authorizations::delete_tokens(call.tx, call.by, user, &client).map(|()| ended(&client)),
        }
    };
    Ok(Confirmed::new(move |call| asking(call, &asked, end), act))
}

fn ended(client: &ClientId) -> Reply {
    after(&format!("{PATH}/{client}"), "ended")
}

fn asking(call: &Call<'_>, client: &ClientId, end: End<'_>) -> Result<Confirmation> {
    authorizations::get(call.tx, signed_in(call)?, client)?;
    if let End::Token(id) = end {
        authorizations::token(call.tx, signed_in(call)?, client, id)?;
    }
    let own = format!("{PATH}/{client}");
    let (what, consequence, path) = match end {
        End::Authorization => ("Revoke authorization", LOSES_EVERYTHING.to_owned(), format!("{own}/revoke")),
        End::Token(id) => (
            "Invalidate access token",
            format!("The client {client} can no longer use or refresh the token {id}."),
            format!("{own}/tokens/{id}/end"),
        ),
        End::EveryToken => (
            "Invalidate all access tokens",
            format!("The client {client} can no longer use or refresh any of its tokens for your account. It stays authorized."),
            format!("{own}/tokens/end"),
        ),
    };
    Ok(Confirmation {
        menu_item: MenuItem::Authorizations,
        what: what.to_owned(),
        consequence: html! { (consequence) },
        path,
        back: own,
        typed: Some(client.as_str().to_owned()),
    })
}
