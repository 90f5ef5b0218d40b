//! What one has authorized, and the tokens that came of it.

use maud::{Markup, html};

use crate::base::error::Result;
use crate::base::id::ClientId;
use crate::base::page::Page;
use crate::base::right::{Right, Rights};
use crate::call::{Call, Input, LongWork, Work};
use crate::console::clients::page::shown_name;
use crate::console::form::confirmation::{self, Confirmation};
use crate::console::form::rights_picker;
use crate::console::page::layout::{Place, View, after, moment, signed_in, title};
use crate::console::page::listing::Listing;
use crate::console::page::paths;
use crate::model::grant::AccessToken;
use crate::model::mask::Mask;
use crate::registry::{authorizations, clients};
use crate::store::Direction;

const PATH: &str = "/console/authorizations";

const LOSES_EVERYTHING: &str = "The client loses all its tokens for your account. It may ask for your consent again.";

pub fn list<'r>(input: &'r Input<'r>) -> Result<Work<'r>> {
    let listing = Listing::of(input.request)?;
    Ok(Box::new(move |call| {
        let view = View::of(call, input)?;
        let direction = if listing.one("sort") == "created" { Direction::Ascending } else { Direction::Descending };
        let found = authorizations::list(call.tx, view.user_id(), direction, listing.page())?;
        let content = html! {
            (title("OAuth client authorizations", &html! {}))
            @if found.items.is_empty() {
                p .empty { "You have not authorized any client. Clients that you authorize are listed here, and you can revoke them." }
            } @else {
                table {
                    caption .hidden { "Authorizations" }
                    thead { tr {
                        th scope="col" { "Client ID" }
                        th scope="col" { "Rights" }
                        (listing.head("created", "Created at"))
                        th scope="col" { "Renewed at" }
                        th scope="col" { span .hidden { "Actions" } }
                    } }
                    tbody { @for found in &found.items {
                        tr {
                            td data-label="Client ID" { a href={(PATH) "/" (found.client_id)} { (found.client_id) } }
                            td data-label="Rights" { (found.rights.iter().count()) }
                            td data-label="Created at" { (moment(found.created_at)) }
                            td data-label="Renewed at" { (moment(found.updated_at)) }
                            td .actions { a .button.danger href={(PATH) "/" (found.client_id) "/revoke"} { "Revoke …" } }
                        }
                    } }
                }
            }
            (listing.pager(found.total))
        };
        Ok(view.page(200, Place::Authorizations, "OAuth client authorizations", &content))
    }))
}

pub fn page<'r>(input: &'r Input<'r>) -> Result<Work<'r>> {
    let client = paths::client(input)?;
    Ok(Box::new(move |call| {
        let view = View::of(call, input)?;
        let authorization = authorizations::get(call.tx, view.user_id(), &client)?;
        let tokens = authorizations::tokens(call.tx, view.user_id(), &client, Direction::Descending, Page::new(1000, 1))?.items;
        let known = clients::get(call.tx, call.by, &client, &Mask::default()).ok().map(|(client, _)| client);
        let rights: Vec<Right> = authorization.rights.iter().collect::<Vec<_>>();
        let content = html! {
            p .crumbs { a href=(PATH) { "OAuth client authorizations" } }
            (title(known.as_ref().map_or(client.as_str(), shown_name), &html! {}))
            dl .facts {
                dt { "Client ID" } dd { code { (client) } }
                dt { "Created" } dd { (moment(authorization.created_at)) }
                dt { "Renewed" } dd { (moment(authorization.updated_at)) }
                dt { "Rights" } dd { (rights_picker::tags(&rights)) (words(authorization.rights)) }
            }
            section {
                h2 { "Active access tokens" }
                @if tokens.is_empty() { p .quiet { "None." } } @else {
                    (table(&tokens))
                    @if tokens.len() > 1 { a .button.danger href={(PATH) "/" (client) "/tokens/end"} { "Invalidate all …" } }
                }
            }
            section .danger-zone {
                h2 { "Revoke" }
                p { (LOSES_EVERYTHING) }
                a .button.danger href={(PATH) "/" (client) "/revoke"} { "Revoke authorization …" }
            }
        };
        Ok(view.page(200, Place::Authorizations, client.as_str(), &content))
    }))
}

fn words(rights: Rights) -> Markup {
    let some = rights.iter().map(Right::words).collect::<Vec<_>>().join("; ");
    html! { p .quiet { "It may " (some) "." } }
}

fn table(tokens: &[AccessToken]) -> Markup {
    html! {
        table {
            caption .hidden { "Access tokens" }
            thead { tr {
                th scope="col" { "ID" }
                th scope="col" { "Created" }
                th scope="col" { "Expires" }
                th scope="col" { span .hidden { "Actions" } }
            } }
            tbody { @for token in tokens {
                tr {
                    td .narrow data-label="ID" { code { (token.id) } }
                    td data-label="Created" { (moment(token.created_at)) }
                    td data-label="Expires" { (moment(token.expires_at)) }
                    td .actions { a .button.danger href={(PATH) "/" (token.client_id) "/tokens/" (token.id) "/end"} { "Invalidate …" } }
                }
            } }
        }
    }
}

/// Asks before an authorization is taken back.
pub fn revoke_page<'r>(input: &'r Input<'r>) -> Result<Work<'r>> {
    confirmation::ask(input, ending(paths::client(input)?, End::Authorization))
}

pub fn revoke<'r>(input: &'r Input<'r>) -> Result<LongWork<'r>> {
    let client = paths::client(input)?;
    confirmation::go_through(input, ending(client.clone(), End::Authorization), move |call| {
        authorizations::delete(call.tx, call.by, signed_in(call)?, &client)?;
        Ok(after(PATH, "revoked"))
    })
}

/// Asks before a token is ended.
pub fn end_token_page<'r>(input: &'r Input<'r>) -> Result<Work<'r>> {
    confirmation::ask(input, ending(paths::client(input)?, End::Token(token_id(input))))
}

pub fn end_token<'r>(input: &'r Input<'r>) -> Result<LongWork<'r>> {
    let (client, id) = (paths::client(input)?, token_id(input));
    confirmation::go_through(input, ending(client.clone(), End::Token(id)), move |call| {
        authorizations::delete_token(call.tx, call.by, signed_in(call)?, &client, id)?;
        Ok(after(&format!("{PATH}/{client}"), "ended"))
    })
}

/// Asks before all tokens of a client are ended.
pub fn end_tokens_page<'r>(input: &'r Input<'r>) -> Result<Work<'r>> {
    confirmation::ask(input, ending(paths::client(input)?, End::EveryToken))
}

pub fn end_tokens<'r>(input: &'r Input<'r>) -> Result<LongWork<'r>> {
    let client = paths::client(input)?;
    confirmation::go_through(input, ending(client.clone(), End::EveryToken), move |call| {
        authorizations::delete_tokens(call.tx, call.by, signed_in(call)?, &client)?;
        Ok(after(&format!("{PATH}/{client}"), "ended"))
    })
}

fn token_id<'r>(input: &'r Input<'_>) -> &'r str {
    input.capture("token_id").unwrap_or_default()
}

/// What may come to an end.
#[derive(Clone, Copy, Debug)]
enum End<'r> {
    Authorization,
    Token(&'r str),
    EveryToken,
}

/// The question whether something that came of the authorization of a client shall end.
fn ending<'r>(client: ClientId, end: End<'r>) -> impl FnOnce(&Call<'_>) -> Result<Confirmation> + 'r {
    move |call| {
        authorizations::get(call.tx, signed_in(call)?, &client)?;
        if let End::Token(id) = end {
            authorizations::token(call.tx, signed_in(call)?, &client, id)?;
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
            place: Place::Authorizations,
            what: what.to_owned(),
            consequence,
            path,
            back: own,
            typed: client.as_str().to_owned(),
        })
    }
}
