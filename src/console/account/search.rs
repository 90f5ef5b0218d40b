//! Searches clients, users and organizations at once: of each, those that the user may see.

use maud::{Markup, html};

use crate::base::error::Result;
use crate::base::page::{Listed, Page};
use crate::base::uri::form_encoded;
use crate::call::{Call, Input, Work};
use crate::console::page::layout::{Layout, badge_of, title};
use crate::console::page::listing::Listing;
use crate::console::page::menu::MenuItem;
use crate::model::mask::Mask;
use crate::page::message;
use crate::registry::{clients, organizations, users};
use crate::store::clients::ClientKey;
use crate::store::organizations::OrganizationKey;
use crate::store::users::UserKey;
use crate::store::{Direction, Search, TextSearch, can_search, literal};

/// How many of each kind are shown.
const MOST: u32 = 8;

/// What was found of one kind.
struct Hits {
    kind: &'static str,
    /// The address of the whole list, up to the text.
    all: &'static str,
    rows: Vec<(String, Markup)>,
    total: i64,
}

pub fn page<'r>(input: &'r Input<'r>) -> Result<Work<'r>> {
    let listing = Listing::of(input.request)?;
    Ok(Box::new(move |call| {
        let layout = Layout::of(call, input)?;
        let query = literal(listing.query().trim());
        let is_searchable = can_search(&query);
        let hits = if is_searchable { found(call, &listing, &query)? } else { Vec::new() };
        let content = html! {
            (title("Search", &html! {}))
            div .tools { (listing.focused_search("Clients, users and organizations")) }
            @if !is_searchable { p .quiet data-message="too-short" { "Type at least three letters of an ID, a name or a description; administrators find users by their e-mail address too." } }
            @else if hits.iter().all(|hits| hits.rows.is_empty()) { (message::empty("no-match", html! { p { "Nothing that you can see has this in its ID, name or description." } p { a href="/console/clients" { "Show your clients" } } })) }
            @for hits in hits.iter().filter(|hits| !hits.rows.is_empty()) { (group(hits, &listing)) }
        };
        Ok(layout.page(200, MenuItem::Search, "Search", &content))
    }))
}

fn group(hits: &Hits, listing: &Listing) -> Markup {
    html! {
        section {
            h2 { (hits.kind) }
            ul .newest { @for (id, row) in &hits.rows { li data-item=(id) { (row) } } }
            @if hits.total > i64::from(MOST) { p { a href={(hits.all) "q=" (form_encoded(listing.query().as_bytes()))} { "Show all " (hits.total) } } }
        }
    }
}

fn found(call: &Call<'_>, listing: &Listing, query: &str) -> Result<Vec<Hits>> {
    let texts = TextSearch { query: Some(query.to_owned()), ..TextSearch::default() };
    let row = |path: &str, id: &str, name: &str, badge: Markup| {
        let link = html! { a href={(path) "/" (id)} { (if name.is_empty() { id } else { name }) } };
        (id.to_owned(), html! { span { (link) @if !name.is_empty() { " " span .quiet { (id) } } } span { (badge) } })
    };
    let page = Page::new(MOST, 1);
    let mask = Mask::default();
    let search = Search { texts: texts.clone(), ..Search::live(ClientKey::Id, Direction::Ascending, page) };
    let Listed { items, total } = clients::search(call.tx, call.by, &search, &mask)?.listed()?;
    let path = "/console/clients";
    let rows = items.iter().map(|(client, _)| row(path, client.id.as_str(), &client.name, badge_of(client.state, None))).collect();
    let mut hits = vec![Hits {
        kind: "OAuth clients",
        all: if call.by.is_admin { "/console/clients?of=all&" } else { "/console/clients?" },
        rows,
        total,
    }];
    if call.by.is_admin {
        let search = Search {
            texts: if query.contains('@') { listing.texts_of_users() } else { texts.clone() },
            ..Search::live(UserKey::Id, Direction::Ascending, page)
        };
        let Listed { items, total } = users::list(call.tx, call.by, &search)?;
        let path = "/console/users";
        let rows = items.iter().map(|(user, _)| row(path, user.id.as_str(), &user.name, badge_of(user.state, None))).collect();
        hits.push(Hits { kind: "Users", all: "/console/users?", rows, total });
    }
    let search = Search { texts: texts.clone(), ..Search::live(OrganizationKey::Id, Direction::Ascending, page) };
    let Listed { items, total } = organizations::search(call.tx, call.by, &search, &mask)?;
    let path = "/console/organizations";
    let rows = items.iter().map(|(one, _)| row(path, one.id.as_str(), &one.name, html! {})).collect();
    hits.push(Hits { kind: "Organizations", all: "/console/organizations?", rows, total });
    Ok(hits)
}
