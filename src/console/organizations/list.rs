//! The list of organizations: those of the user, and for administrators all of them.

use std::collections::BTreeMap;

use maud::{Markup, html};

use crate::base::error::Result;
use crate::base::id::AccountId;
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
use crate::store::Deleted;
use crate::store::organizations::OrganizationKey;

const KEYS: &[(&str, OrganizationKey)] =
    &[("id", OrganizationKey::Id), ("name", OrganizationKey::Name), ("created", OrganizationKey::CreatedAt)];

pub fn page<'r>(input: &'r Input<'r>) -> Result<Work<'r>> {
    let listing = Listing::of(input.request)?;
    Ok(Box::new(move |call| {
        let layout = Layout::of(call, input)?;
        let search = listing.wanted(KEYS, OrganizationKey::CreatedAt);
        let found = organizations::search(call.tx, call.by, &search, &Mask::default())?.map(|(organization, _)| organization);
        let content = html! {
            (title("Organizations", &adding(call, "/console/add/organization", "+ Add organization")))
            p .quiet { (OrganizationPage::PURPOSE) }
            (listing.deleted_tabs())
            div .tools { (listing.search("ID, name or description")) }
            (listing.shown(found, |organizations| organizations_table(&layout, &listing, organizations), || html! {
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

fn organizations_table(layout: &Layout<'_>, listing: &Listing, organizations: Vec<Organization>) -> Result<Markup> {
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
        .column("Owner", |(organization, _)| facts.get(&organization.id).map(|(owned_by, _)| owners(owned_by)).unwrap_or_default())
        .column("Clients", |(organization, _)| html! { @if let Some((_, clients)) = facts.get(&organization.id) { (clients) } });
    deletion::listed(table, layout, listing, listing.deleted(), organizations, |organization| {
        (Entity::Organization(organization.id.clone()), organization.created_at, organization.deleted_at)
    })
}
