//! Deletes, restores and purges clients, users and organizations.

use maud::{Markup, html};

use crate::base::error::Result;
use crate::base::right::Right;
use crate::base::time::Time;
use crate::call::{Call, Input, LongWork, Work};
use crate::console::form::confirmation::{Confirmation, Confirmed, confirmed};
use crate::console::form::fields::Fields;
use crate::console::form::saving::save;
use crate::console::page::layout::{Layout, after_changing, title};
use crate::console::page::listing::Listing;
use crate::console::page::menu::MenuItem;
use crate::console::page::paths;
use crate::console::page::table::Table;
use crate::http::reply::Reply;
use crate::page::times::{exact, timestamp, timestamp_or};
use crate::registry::deletion;
use crate::registry::entity::Entity;
use crate::registry::rights;
use crate::store::Deleted;

/// Draws the danger zone at the end of a page.
pub fn zone(layout: &Layout<'_>, entity: &Entity) -> Markup {
    let path = paths::path(entity);
    html! {
        section .danger-zone {
            h2 { "Delete" }
            p { (consequence(entity)) " Within a day the " (what(entity)) " can be restored; the ID stays taken." }
            (layout.button(&format!("{path}/delete"), &format!("Delete {}", what(entity)), "danger"))
        }
        @if layout.call.by.is_admin {
            section .danger-zone {
                h2 { "Purge" }
                p { "Removes everything except the activity, for good, and frees the ID. This cannot be undone." }
                a .button.danger href={(path) "/purge"} { "Purge " (what(entity)) " …" }
            }
        }
    }
}

/// Draws a list of entities with these columns and the last ones: the creation time, or the time of deletion and the buttons with which the
/// caller may restore and purge.
pub fn listed<'a, T: 'a>(
    table: Table<'a, (T, Markup)>,
    layout: &Layout<'_>,
    listing: &Listing,
    (deleted, short): (Deleted, Option<&Listing>),
    items: Vec<T>,
    about: impl Fn(&T) -> (Entity, Time, Option<Time>) + Copy + 'a,
) -> Result<Markup> {
    if deleted == Deleted::No {
        let table = table.sorted(listing, "created", "Created at", move |(item, _)| timestamp(about(item).1));
        return Ok(table.show(&items.into_iter().map(|item| (item, Markup::default())).collect::<Vec<_>>()));
    }
    let table = table
        .sorted_if(short, "deleted", "Deleted at", move |(item, _)| timestamp_or(about(item).2, ""))
        .actions(|(_, buttons)| buttons.clone());
    let rows = items.into_iter().map(|item| buttons(layout, &about(&item).0).map(|buttons| (item, buttons)));
    Ok(table.show(&rows.collect::<Result<Vec<_>>>()?))
}

/// Draws when a deleted entity was deleted and what the user may do with it; `None` if there is none that the user may see.
pub fn offer(layout: &Layout<'_>, entity: &Entity) -> Result<Option<Markup>> {
    let Call { tx, by, .. } = layout.call;
    let may_see = by.is_admin || rights::on(tx, by, entity, Deleted::Either)?.has(right(entity));
    let Some(deleted_at) = deletion::deleted_at(tx, entity)?.filter(|_| may_see) else { return Ok(None) };
    Ok(Some(html! {
        p data-message="deleted-entity" {
            "This " (what(entity)) " was deleted " (timestamp(deleted_at)) ". The " (what(entity)) " can be restored until " (exact(deletion::restorable_until(deleted_at)))
            "; the ID stays taken until the " (what(entity)) " is purged."
        }
        div .submit { (buttons(layout, entity)?) a href={(list(entity)) "?of=deleted"} { "Show all that are deleted" } }
    }))
}

fn buttons(layout: &Layout<'_>, entity: &Entity) -> Result<Markup> {
    let Call { tx, by, .. } = layout.call;
    let path = paths::path(entity);
    let may_restore = rights::on(tx, by, entity, Deleted::Either)?.has(right(entity));
    Ok(html! {
        @if may_restore { (layout.button(&format!("{path}/restore"), "Restore", "")) }
        @if by.is_admin { a .button.danger href={(path) "/purge"} { "Purge …" } }
    })
}

pub fn delete<'r>(input: &'r Input<'r>) -> Result<LongWork<'r>> {
    change(input, |call, entity| {
        deletion::delete(call.tx, call.by, entity)?;
        Ok(after_changing(&format!("{}?of=deleted", list(entity)), "deleted", &[entity.as_str()]))
    })
}

pub fn restore<'r>(input: &'r Input<'r>) -> Result<LongWork<'r>> {
    change(input, |call, entity| {
        deletion::restore(call.tx, call.by, entity)?;
        Ok(after_changing(&paths::path(entity), "restored", &[entity.as_str()]))
    })
}

fn change<'r>(input: &'r Input<'r>, work: impl FnOnce(&Call<'_>, &Entity) -> Result<Reply> + 'r) -> Result<LongWork<'r>> {
    let entity = paths::entity(input)?;
    let draw = |call: &Call<'_>, fields: &Fields| refused(call, input, fields);
    save(input, draw, move |transactions, _| Ok(transactions.write(|call| work(call, &entity))?))
}

confirmed! { purge_page, purge: purged }

fn purged<'r>(input: &'r Input<'r>) -> Result<Confirmed<'r>> {
    let entity = paths::entity(input)?;
    let asked = entity.clone();
    Ok(Confirmed::new(
        move |call| purging(call, &asked),
        move |call| {
            deletion::purge(call.tx, call.by, &entity)?;
            Ok(after_changing(&list(&entity), "purged", &[entity.as_str()]))
        },
    ))
}

fn purging(call: &Call<'_>, entity: &Entity) -> Result<Confirmation> {
    if !entity.exists(call.tx, Deleted::Either)? {
        return Err(entity.not_found());
    }
    Ok(Confirmation {
        menu_item: menu_item(entity),
        what: format!("Purge {}", entity.as_str()),
        consequence: html! { (consequence(entity)) " Everything about it is removed, except its activity." },
        path: format!("{}/purge", paths::path(entity)),
        back: list(entity),
        typed: Some(entity.as_str().to_owned()),
    })
}

/// Shows a page with the problem.
fn refused(call: &Call<'_>, input: &Input<'_>, fields: &Fields) -> Result<Reply> {
    let entity = paths::entity(input)?;
    let layout = Layout::of(call, input)?;
    let content = html! {
        (title("That did not work", &html! {}))
        (fields.without_links().summary())
        p { a href=(list(&entity)) { "Go back" } }
    };
    Ok(layout.page(fields.status(), menu_item(&entity), "That did not work", &content))
}

fn what(entity: &Entity) -> &'static str {
    match entity {
        Entity::Client(_) => "OAuth client",
        Entity::User(_) => "user",
        Entity::Organization(_) => "organization",
    }
}

fn consequence(entity: &Entity) -> &'static str {
    match entity {
        Entity::Client(_) => "The client gets no more tokens, and those it has are no longer valid.",
        Entity::User(_) => "The user is signed out everywhere; the user's keys and tokens are no longer valid.",
        Entity::Organization(_) => "The organization's keys are no longer valid; what it owns stays.",
    }
}

/// Returns the right to delete and restore an entity.
fn right(entity: &Entity) -> Right {
    match entity {
        Entity::Client(_) => Right::ClientDelete,
        Entity::User(_) => Right::UserDelete,
        Entity::Organization(_) => Right::OrganizationDelete,
    }
}

/// Returns the path at which entities of its kind are listed.
pub fn list(entity: &Entity) -> String {
    format!("/console/{}s", entity.kind())
}

/// Returns the menu item to which its pages belong.
pub fn menu_item(entity: &Entity) -> MenuItem {
    match entity {
        Entity::Client(_) => MenuItem::Clients,
        Entity::User(_) => MenuItem::Users,
        Entity::Organization(_) => MenuItem::Organizations,
    }
}
