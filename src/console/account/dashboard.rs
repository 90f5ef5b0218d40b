//! The dashboard: first steps or, once there are clients, what waits, how clients are used, and what needs attention soon.

use maud::{Markup, html};

use crate::base::error::Result;
use crate::base::id::ClientId;
use crate::base::page::Page;
use crate::call::{Call, Input, Work};
use crate::console::clients::page::shown_name;
use crate::console::page::charts;
use crate::console::page::layout::{Layout, adding, badge, may_add, state_name, title};
use crate::console::page::menu::MenuItem;
use crate::diagnostics::running;
use crate::http::reply::Reply;
use crate::model::choice::State;
use crate::model::client::Client;
use crate::model::finding::{Finding, Level};
use crate::model::mask::Mask;
use crate::page::message::{self, with_code};
use crate::page::times::timestamp;
use crate::page::words::{counted, sentence};
use crate::registry::clients as registered;
use crate::registry::overview::{self, Overview};
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
            @if total == 0 { (first_steps(call)) } @else {
                section { (newest_clients(&newest, call.by.is_admin)) }
                section {
                    h2 { @if call.by.is_admin { "Clients by state" } @else { "Your clients by state" } }
                    (by_state(&counts, total, call.by.is_admin))
                }
                (use_and_ends(&overview::of(call.tx, call.by)?, call.by.is_admin))
            }
            @if call.by.is_admin { (server(call)?) }
        };
        Ok(layout.page(200, MenuItem::Dashboard, "Dashboard", &content))
    }))
}

/// Draws what to do first where there are no clients.
fn first_steps(call: &Call<'_>) -> Markup {
    message::empty(
        "no-clients",
        html! {
            h2 { "First steps" }
            @if !may_add(call) { p { "An OAuth client is an application that acts on behalf of its users, with their consent. There are none yet." } } @else {
                ol .steps {
                    li { a href="/console/add/client" { "Add the first OAuth client" } ": an application that acts on behalf of its users, with their consent. It takes about a minute." }
                    li { "Put its ID and its secret into the application. The next page has both, ready to paste." }
                    li { "Press " strong { "Try it" } " on the client's page: it signs you in as your users will be, and shows every step." }
                    @if call.by.is_admin { li { a href="/console/add/user" { "Add users" } ", or " a href="/console/add/organization" { "an organization" } " in which several of them own clients together." } }
                }
            }
        },
    )
}

/// Draws how many clients are in each state, and what share of all that is.
fn by_state(counts: &[(State, i64)], total: i64, is_admin: bool) -> Markup {
    let of = if is_admin { "all" } else { "own" };
    html! {
        ul .states {
            @for (state, count) in counts {
                li {
                    a href={"/console/clients?of=" (of) "&state=" (state_name(*state).to_lowercase())} { (badge(*state)) strong { (count) } }
                    (charts::share(*count, total, &state_name(*state).to_lowercase()))
                    span .quiet { (share_in_words(*count, total)) }
                }
            }
        }
    }
}

/// Returns a share in percent; what is there is never nothing, and what is not all never everything.
fn share_in_words(count: i64, total: i64) -> String {
    match (100 * count + total / 2) / total.max(1) {
        0 if count > 0 => "less than 1% of clients".to_owned(),
        100 if count < total => "more than 99% of clients".to_owned(),
        percent => format!("{percent}% of clients"),
    }
}

/// Draws how clients are used, and what of them ends or lies idle.
fn use_and_ends(overview: &Overview, is_admin: bool) -> Markup {
    let client = |id: &ClientId| html! { a href={"/console/clients/" (id)} { (id) } };
    html! {
        section {
            h2 { "Tokens" }
            (charts::tokens_per_day(&overview.tokens))
            p data-message="refusals" {
                @if overview.refusals == 0 { "No request was refused in the last 30 days." }
                @else {
                    (counted(overview.refusals, "request")) " refused in the last 30 days. "
                    @if is_admin { a href="/console/activity?kind=refusals" { "See which" } } @else { "The page of each client says why." }
                }
            }
        }
        @if !overview.ending.is_empty() {
            section data-message="secrets-end" {
                h2 { "Secrets that expire soon" }
                ul .plain { @for (id, end) in &overview.ending { li data-item=(id) { (client(id)) ": " (timestamp(*end)) ", " a href={"/console/clients/" (id) "/secrets"} { "see its secrets" } } } }
            }
        }
        @if !overview.unused.is_empty() {
            section data-message="unused" {
                h2 { "Unused clients" }
                p .quiet { "These got no token in the last 30 days." }
                ul .plain { @for id in &overview.unused { li data-item=(id) { (client(id)) } } }
            }
        }
    }
}

/// Draws for administrators what is to be known of the server itself.
fn server(call: &Call<'_>) -> Result<Markup> {
    let (made, failed) = overview::backups(call.tx)?;
    let is_failing = failed > made;
    Ok(html! {
        section {
            h2 { "Server" }
            dl .facts {
                dt { "Newest backup" }
                dd data-message="backup" {
                    @if let Some(made) = made { (timestamp(made)) } @else { "none by the server" }
                    @if is_failing && let Some(failed) = failed { " " strong .error { "The last attempt failed " (timestamp(failed)) "." } }
                }
            }
            @for finding in running::warnings(call.tx, &call.settings.deployment)? { (warning(&finding)) }
            p .quiet { "To have everything checked, run " code { "keyfob doctor" } " on the server's machine." }
        }
    })
}

fn warning(finding: &Finding) -> Markup {
    let text = html! { (with_code(&sentence(&finding.found))) " " (with_code(&sentence(&finding.remedy))) };
    if finding.level == Level::Problem { message::warning(finding.check, text) } else { message::note(finding.check, text) }
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
                    span { a href={"/console/clients/" (client.id)} { (shown_name(client)) } @if !client.name.is_empty() { " " span .quiet { (client.id) } } }
                    span { (badge(client.state)) }
                    (timestamp(client.created_at))
                }
            }
        }
    }
}
