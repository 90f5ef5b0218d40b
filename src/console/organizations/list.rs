//! The list of organizations: those of the user, and for administrators all of them.

use std::collections::BTreeMap;

use maud::{Markup, html};

use crate::base::error::Result;
use crate::base::id::AccountId;
use crate::base::time::Time;
use crate::call::{Input, Work};
use crate::console::clients::list::owners;
use crate::console::form::deletion;
use crate::console::organizations::page::OrganizationPage;
use crate::console::page::layout::{Layout, adding, may_add, title};
use crate::console::page::listing::Listing;
use crate::console::page::menu::MenuItem;
use crate::console::page::table::Table;
use crate::model::mask::Mask;
use crate::model::organization::Organization;
use crate::page::message;
use crate::registry::entity::Entity;
use crate::registry::{listed, organizations};
use crate::store::organizations::OrganizationKey;
use crate::store::{Deleted, Search, Tx};

const KEYS: &[(&str, OrganizationKey)] =
    &[("id", OrganizationKey::Id), ("name", OrganizationKey::Name), ("created", OrganizationKey::CreatedAt)];

/// The columns by which only short lists are sorted.
const OF_SHORT: &[&str] = &["owner", "clients", "deleted"];

pub fn page<'r>(input: &'r Input<'r>) -> Result<Work<'r>> {
    let listing = Listing::of(input.request)?;
    Ok(Box::new(move |call| {
        let layout = Layout::of(call, input)?;
        let search = listing.wanted(KEYS, OrganizationKey::CreatedAt);
        let mask = Mask::default();
        let read = |page| Ok(organizations::search(call.tx, call.by, &Search { page, ..search.clone() }, &mask)?.map(|(found, _)| found));
        let found = listing.page_of(read, OF_SHORT, |organization, column| key(call.tx, organization, column))?;
        let short = listing.if_short(found.total);
        let content = html! {
            (title("Organizations", &adding(call, "/console/add/organization", "+ Add organization")))
            p .quiet { (OrganizationPage::PURPOSE) }
            (listing.deleted_tabs())
            div .tools { (listing.search("ID, name or description")) }
            (listing.shown(found, |organizations| organizations_table(&layout, &listing, organizations, short), || html! {
                @if search.deleted == Deleted::Yes || !listing.query().is_empty() { (message::empty("no-match", html! { p { "No organization matches." } p { a href="/console/organizations" { "Show all organizations" } } })) }
                @else {
                    (message::empty("no-organizations", html! {
                        p { "There are no organizations yet." }
                        @if may_add(call) { p { a href="/console/add/organization" { "Create an organization" } } }
                    }))
                }
            })?)
        };
        Ok(layout.page(200, MenuItem::Organizations, "Organizations", &content))
    }))
}

/// Returns what short lists are sorted by.
fn key(tx: &Tx<'_>, organization: &Organization, column: &str) -> Result<(Option<Time>, i64, String)> {
    let id = &organization.id;
    Ok(match column {
        "owner" => (None, 0, listed::owners_of(tx, id)?.iter().map(AccountId::as_str).collect::<Vec<_>>().join(", ")),
        "clients" => (None, listed::clients_of(tx, &AccountId::Organization(id.clone()))?, String::new()),
        _ => (organization.deleted_at, 0, String::new()),
    })
}

fn organizations_table(
    layout: &Layout<'_>,
    listing: &Listing,
    organizations: Vec<Organization>,
    short: Option<&Listing>,
) -> Result<Markup> {
    let tx = layout.call.tx;
    let facts = |organization: &Organization| {
        let id = &organization.id;
        Ok((id.clone(), (listed::owners_of(tx, id)?, listed::clients_of(tx, &AccountId::Organization(id.clone()))?)))
    };
    let facts: BTreeMap<_, _> = organizations.iter().map(facts).collect::<Result<_>>()?;
    let table = Table::<(Organization, Markup)>::new("Organizations", |(organization, _)| organization.id.to_string())
        .sorted(listing, "id", "ID", |(organization, _)| {
            let id = &organization.id;
            html! { @if organization.deleted_at.is_some() { code { (id) } } @else { a href={"/console/organizations/" (id)} { (id) } } }
        })
        .sorted(listing, "name", "Name", |(organization, _)| html! { (organization.name) })
        .sorted_if(short, "owner", "Owner", |(organization, _)| {
            facts.get(&organization.id).map(|(owned_by, _)| owners(owned_by)).unwrap_or_default()
        })
        .sorted_if(
            short,
            "clients",
            "Clients",
            |(organization, _)| html! { @if let Some((_, clients)) = facts.get(&organization.id) { (clients) } },
        );
    deletion::listed(table, layout, listing, (listing.deleted(), short), organizations, |organization| {
        (Entity::Organization(organization.id.clone()), organization.created_at, organization.deleted_at)
    })
}
