//! Deleting, restoring and purging: clients, users and organizations alike.

use maud::{Markup, html};

use crate::base::error::Result;
use crate::call::{Call, Input, LongWork, Work};
use crate::console::form::confirmation::{self, Confirmation};
use crate::console::form::fields::Fields;
use crate::console::form::problem::Problem;
use crate::console::page::layout::{Place, View, after, title};
use crate::console::page::paths;
use crate::http::reply::Reply;
use crate::registry::deletion;
use crate::registry::entity::Entity;
use crate::store::Deleted;

/// What can be done away with, for the end of a page.
pub fn zone(view: &View<'_>, entity: &Entity) -> Markup {
    let path = paths::path(entity);
    html! {
        section .danger-zone {
            h2 { "Delete" }
            p { (consequence(entity)) " Within a day it can be restored; its ID stays taken." }
            (view.button(&format!("{path}/delete"), &format!("Delete {}", what(entity)), "danger"))
        }
        @if view.call.by.is_admin {
            section .danger-zone {
                h2 { "Purge" }
                p { "Removes everything except the activity, for good, and frees the ID. This cannot be undone." }
                a .button.danger href={(path) "/purge"} { "Purge " (what(entity)) " …" }
            }
        }
    }
}

pub fn delete<'r>(input: &'r Input<'r>) -> Result<LongWork<'r>> {
    let entity = paths::entity(input)?;
    Ok(Box::new(move |transactions| {
        let deleted = transactions.write(|call| deletion::delete(call.tx, call.by, &entity));
        match deleted {
            Ok(()) => Ok(after(&format!("{}?of=deleted", list(&entity)), "deleted")),
            Err(error) => {
                let problem = Problem::of(error)?;
                transactions.read(|call| refused(call, input, &entity, problem))
            }
        }
    }))
}

pub fn restore<'r>(input: &'r Input<'r>) -> Result<LongWork<'r>> {
    let entity = paths::entity(input)?;
    Ok(Box::new(move |transactions| {
        let restored = transactions.write(|call| deletion::restore(call.tx, call.by, &entity));
        match restored {
            Ok(()) => Ok(after(&paths::path(&entity), "restored")),
            Err(error) => {
                let problem = Problem::of(error)?;
                transactions.read(|call| refused(call, input, &entity, problem))
            }
        }
    }))
}

/// Asks for the ID before anything is purged.
pub fn purge_page<'r>(input: &'r Input<'r>) -> Result<Work<'r>> {
    let entity = paths::entity(input)?;
    confirmation::ask(input, move |call| purging(call, &entity))
}

pub fn purge<'r>(input: &'r Input<'r>) -> Result<LongWork<'r>> {
    let entity = paths::entity(input)?;
    let purged = entity.clone();
    confirmation::go_through(
        input,
        move |call| purging(call, &entity),
        move |call| {
            deletion::purge(call.tx, call.by, &purged)?;
            Ok(after(&list(&purged), "purged"))
        },
    )
}

fn purging(call: &Call<'_>, entity: &Entity) -> Result<Confirmation> {
    if !entity.exists(call.tx, Deleted::Either)? {
        return Err(entity.not_found());
    }
    Ok(Confirmation {
        place: place(entity),
        what: format!("Purge {}", entity.as_str()),
        consequence: format!("{} Everything about it is removed, except its activity.", consequence(entity)),
        path: format!("{}/purge", paths::path(entity)),
        back: list(entity),
        typed: entity.as_str().to_owned(),
    })
}

/// A page that says why it did not work.
fn refused(call: &Call<'_>, input: &Input<'_>, entity: &Entity, problem: Problem) -> Result<Reply> {
    let view = View::of(call, input)?;
    let content = html! {
        (title("That did not work", &html! {}))
        (Fields::with(Some(Problem::new("", problem.text))).summary())
        p { a href=(list(entity)) { "Go back" } }
    };
    Ok(view.page(400, place(entity), "That did not work", &content))
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

/// Where entities of its kind are listed.
pub fn list(entity: &Entity) -> String {
    format!("/console/{}s", entity.kind())
}

/// The line of the menu to which its pages belong.
pub fn place(entity: &Entity) -> Place {
    match entity {
        Entity::Client(_) => Place::Clients,
        Entity::User(_) => Place::Users,
        Entity::Organization(_) => Place::Organizations,
    }
}
