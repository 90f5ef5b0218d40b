//! The dashboard: how many clients there are, what waits, and a link to a new one.

use maud::{Markup, html};

use crate::base::error::Result;
use crate::base::page::Page;
use crate::call::{Input, Work};
use crate::console::clients::list;
use crate::console::clients::page::shown_name;
use crate::console::page::charts;
use crate::console::page::layout::{Layout, adding, badge, state_name, title};
use crate::console::page::menu::MenuItem;
use crate::http::reply::Reply;
use crate::model::choice::State;
use crate::model::client::Client;
use crate::model::mask::Mask;
use crate::page::times::timestamp;
use crate::registry::clients as registered;
use crate::store::clients::ClientKey;
use crate::store::{Direction, Search};

/// How many of the newest clients are shown.
const NEWEST: u32 = 5;

/// Redirects the root of the server, and `/console/`, to the Console.
pub fn entry<'r>(input: &'r Input<'r>) -> Result<Work<'r>> {
    Ok(Box::new(|_| Ok(Reply::redirect(input.request.method, "/console"))))
}

pub fn page<'r>(input: &'r Input<'r>) -> Result<Work<'r>> {
    Ok(Box::new(move |call| {
        let layout = Layout::of(call, input)?;
        let counts = registered::by_state(call.tx, call.by)?;
        let states = if call.by.is_admin { vec![State::Requested] } else { Vec::new() };
        let mask = Mask::default();
        let newest = Search { states, ..Search::live(ClientKey::CreatedAt, Direction::Descending, Page::new(NEWEST, 1)) };
        let newest = registered::search(call.tx, call.by, &newest, &mask)?;
        let newest: Vec<Client> = newest.listed()?.items.into_iter().map(|(client, _)| client).collect();
        let total: i64 = counts.iter().map(|(_, count)| count).sum();
        let content = html! {
            (title("Dashboard", &adding(call, "/console/add/client", "+ Add OAuth client")))
            @if total == 0 { (list::nothing_yet(call)) } @else {
                section {
                    h2 { @if call.by.is_admin { "Clients by state" } @else { "Your clients by state" } }
                    (by_state(&counts, call.by.is_admin))
                }
            }
            section { (newest_clients(&newest, call.by.is_admin)) }
        };
        Ok(layout.page(200, MenuItem::Dashboard, "Dashboard", &content))
    }))
}

fn by_state(counts: &[(State, i64)], is_admin: bool) -> Markup {
    let of = if is_admin { "all" } else { "own" };
    let most = counts.iter().map(|(_, count)| *count).max().unwrap_or_default();
    html! {
        ul .states {
            @for (state, count) in counts {
                li {
                    a href={"/console/clients?of=" (of) "&state=" (state_name(*state).to_lowercase())} { (badge(*state)) strong { (count) } }
                    (charts::share(*count, most, &state_name(*state).to_lowercase()))
                }
            }
        }
    }
}

fn newest_clients(newest: &[Client], is_admin: bool) -> Markup {
    html! {
        @if is_admin {
            h2 { "Newest requests" }
            @if newest.is_empty() { p .quiet { "No requests are waiting for your approval." } }
            @else { p { a href="/console/review" { "Open the review queue" } } }
        } @else if !newest.is_empty() {
            h2 { "Newest clients" }
        }
        ul .newest {
            @for client in newest {
                li {
                    span { a href={"/console/clients/" (client.id)} { (shown_name(client)) } " " span .quiet { (client.id) } }
                    span { (badge(client.state)) }
                    (timestamp(client.created_at))
                }
            }
        }
    }
}
