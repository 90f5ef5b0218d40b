//! The list of organizations: those one is a member of, and for administrators all of them.

use maud::{Markup, html};

use crate::base::error::Result;
use crate::base::right::Right;
use crate::call::{Input, Work};
use crate::console::page::layout::{Place, View, adding, may_add, moment, moment_or, title};
use crate::console::page::listing::{Listing, which};
use crate::model::mask::Mask;
use crate::model::organization::Organization;
use crate::registry::entity::Entity;
use crate::registry::organizations;
use crate::registry::rights;
use crate::store::organizations::{OrganizationKey, OrganizationSearch};
use crate::store::{Deleted, Direction, Order};

const KEYS: &[(&str, OrganizationKey)] =
    &[("id", OrganizationKey::Id), ("name", OrganizationKey::Name), ("created", OrganizationKey::CreatedAt)];

pub fn page<'r>(input: &'r Input<'r>) -> Result<Work<'r>> {
    let listing = Listing::of(input.request)?;
    Ok(Box::new(move |call| {
        let view = View::of(call, input)?;
        let deleted = if listing.one("of") == "deleted" { Deleted::Yes } else { Deleted::No };
        let search = OrganizationSearch {
            member: None,
            deleted,
            texts: listing.texts(),
            order: listing.order(KEYS, Order { by: OrganizationKey::CreatedAt, direction: Direction::Descending }),
            page: listing.page(),
        };
        let found = organizations::search(call.tx, call.by, search, &Mask::default())?.map(|(organization, _)| organization);
        let content = html! {
            (title("Organizations", &adding(call, "/console/add/organization", "+ Add organization")))
            (which(&listing, deleted))
            div .tools { (listing.search("ID, name or description")) }
            @if !found.items.is_empty() { (table(&view, &listing, deleted, &found.items)?) }
            @else if deleted == Deleted::Yes || !listing.query().is_empty() { p .empty { "No organization matches." } }
            @else {
                div .empty {
                    p { "There are no organizations yet. In an organization several users own clients together." }
                    @if may_add(call) { p { a href="/console/add/organization" { "Create an organization" } } }
                }
            }
            (listing.pager(found.total))
        };
        Ok(view.page(200, Place::Organizations, "Organizations", &content))
    }))
}

fn table(view: &View<'_>, listing: &Listing, deleted: Deleted, found: &[Organization]) -> Result<Markup> {
    let may_restore = |organization: &Organization| -> Result<bool> {
        let entity = Entity::Organization(organization.id.clone());
        Ok(rights::on(view.call.tx, view.call.by, &entity, Deleted::Either)?.has(Right::OrganizationDelete))
    };
    let rows = found.iter().map(|organization| {
        let path = format!("/console/organizations/{}", organization.id);
        let is_restorable = deleted == Deleted::Yes && may_restore(organization)?;
        Ok(html! {
            tr {
                td data-label="ID" { @if deleted == Deleted::Yes { code { (organization.id) } } @else { a href=(path) { (organization.id) } } }
                td data-label="Name" { (organization.name) }
                @if deleted == Deleted::Yes {
                    td data-label="Deleted at" { (moment_or(organization.deleted_at, "")) }
                    td .actions {
                        @if is_restorable { (view.button(&format!("{path}/restore"), "Restore", "")) }
                        @if view.call.by.is_admin { a .button.danger href={(path) "/purge"} { "Purge" } }
                    }
                } @else { td data-label="Created at" { (moment(organization.created_at)) } }
            }
        })
    });
    let rows = rows.collect::<Result<Vec<Markup>>>()?;
    Ok(html! {
        table {
            caption .hidden { "Organizations" }
            thead { tr {
                (listing.head("id", "ID")) (listing.head("name", "Name"))
                @if deleted == Deleted::Yes {
                    th scope="col" { "Deleted at" }
                    th scope="col" { span .hidden { "Actions" } }
                } @else { (listing.head("created", "Created at")) }
            } }
            tbody { @for row in rows { (row) } }
        }
    })
}
