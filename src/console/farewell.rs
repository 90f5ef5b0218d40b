//! Deleting, restoring and purging: clients, users and organizations alike. What can not be undone is confirmed by typing the ID.

use maud::{Markup, html};

use crate::base::error::Result;
use crate::call::{Call, Input, OwnWork, Work};
use crate::console::client_pages::{Opened, Tab};
use crate::console::fields::{Fields, label};
use crate::console::names;
use crate::console::problem::Problem;
use crate::console::view::{Place, View, after, title};
use crate::http::form::Form;
use crate::http::reply::Reply;
use crate::registry::rights::Entity;
use crate::registry::{clients, organizations, users};
use crate::store::Deleted;

/// The danger zone of a client.
pub fn client_page<'r>(input: &'r Input<'r>) -> Result<Work<'r>> {
    Ok(Box::new(move |call| {
        let opened = Opened::of(call, input)?;
        let entity = Entity::Client(opened.client.id.clone());
        Ok(opened.page(200, Tab::Danger, &zone(&opened.view, &entity)))
    }))
}

/// What can be done away with, for the end of a page.
pub fn zone(view: &View<'_>, entity: &Entity) -> Markup {
    let path = names::path(entity);
    html! {
        section .danger-zone {
            h2 { "Delete" }
            p { (consequence(entity)) " Within a day it can be restored; its ID stays taken." }
            (view.button(&format!("{path}/delete"), &format!("Delete {}", what(entity)), "danger"))
        }
        @if view.call.by.is_admin {
            section .danger-zone {
                h2 { "Purge" }
                p { "Removes every trace but the activity, for good, and frees the ID. This can not be undone." }
                a .button.danger href={(path) "/purge"} { "Purge " (what(entity)) " …" }
            }
        }
    }
}

pub fn delete<'r>(input: &'r Input<'r>) -> Result<OwnWork<'r>> {
    let entity = names::entity(input)?;
    Ok(Box::new(move |own| {
        let deleted = own.write(|call| match &entity {
            Entity::Client(id) => clients::delete(call.tx, call.by, id),
            Entity::User(id) => users::delete(call.tx, call.by, id),
            Entity::Organization(id) => organizations::delete(call.tx, call.by, id),
        });
        match deleted {
            Ok(()) => Ok(after(&format!("{}?of=deleted", list(&entity)), "deleted")),
            Err(error) => {
                let problem = Problem::of(error)?;
                own.read(|call| refused(call, input, &entity, problem))
            }
        }
    }))
}

pub fn restore<'r>(input: &'r Input<'r>) -> Result<OwnWork<'r>> {
    let entity = names::entity(input)?;
    Ok(Box::new(move |own| {
        let restored = own.write(|call| match &entity {
            Entity::Client(id) => clients::restore(call.tx, call.by, id),
            Entity::User(id) => users::restore(call.tx, call.by, id),
            Entity::Organization(id) => organizations::restore(call.tx, call.by, id),
        });
        match restored {
            Ok(()) => Ok(after(&names::path(&entity), "restored")),
            Err(error) => {
                let problem = Problem::of(error)?;
                own.read(|call| refused(call, input, &entity, problem))
            }
        }
    }))
}

/// Asks for the ID before anything is purged.
pub fn purge_page<'r>(input: &'r Input<'r>) -> Result<Work<'r>> {
    let entity = names::entity(input)?;
    Ok(Box::new(move |call| confirmation(call, input, 200, &entity, None)))
}

pub fn purge<'r>(input: &'r Input<'r>) -> Result<OwnWork<'r>> {
    let entity = names::entity(input)?;
    let typed = Form::of_body(input.request)?.one("confirm").to_owned();
    Ok(Box::new(move |own| {
        if typed != entity.as_str() {
            let problem = Problem::new("confirm", format!("Type {} to purge it.", entity.as_str()));
            return own.read(|call| confirmation(call, input, 400, &entity, Some(problem)));
        }
        own.write(|call| match &entity {
            Entity::Client(id) => clients::purge(call.tx, call.by, id),
            Entity::User(id) => users::purge(call.tx, call.by, id),
            Entity::Organization(id) => organizations::purge(call.tx, call.by, id),
        })?;
        Ok(after(&list(&entity), "purged"))
    }))
}

fn confirmation(call: &Call<'_>, input: &Input<'_>, status: u16, entity: &Entity, problem: Option<Problem>) -> Result<Reply> {
    if !entity.exists(call.tx, Deleted::Either)? {
        return Err(entity.not_found());
    }
    let farewell = Farewell {
        place: place(entity),
        what: format!("Purge {}", entity.as_str()),
        consequence: format!("{} Everything that is kept of it goes, but its activity.", consequence(entity)),
        action: format!("{}/purge", names::path(entity)),
        back: list(entity),
        typed: entity.as_str().to_owned(),
    };
    farewell.page(call, input, status, problem)
}

/// Something that can not be undone, and so is confirmed by typing what it is called.
#[derive(Debug)]
pub struct Farewell {
    pub place: Place,
    pub what: String,
    pub consequence: String,
    pub action: String,
    pub back: String,
    /// What must be typed.
    pub typed: String,
}

impl Farewell {
    /// The page that asks; nothing if it was typed already.
    pub fn asks(&self, call: &Call<'_>, input: &Input<'_>) -> Result<Option<Reply>> {
        let form = Form::of_body(input.request)?;
        if !form.has("confirm") {
            return self.page(call, input, 200, None).map(Some);
        }
        if form.one("confirm") == self.typed {
            return Ok(None);
        }
        self.page(call, input, 400, Some(Problem::new("confirm", format!("Type {} to confirm.", self.typed)))).map(Some)
    }

    fn page(&self, call: &Call<'_>, input: &Input<'_>, status: u16, problem: Option<Problem>) -> Result<Reply> {
        let view = View::of(call, input)?;
        let fields = Fields::with(problem);
        let content = html! {
            (title(&self.what, &html! {}))
            p { (self.consequence) " " strong { "This can not be undone." } }
            p { "Type " code { (self.typed) } " to confirm." }
            (fields.summary())
            (view.form(&self.action, &html! {
                (fields.text(label("confirm", "Type it to confirm", "Exactly as it stands above."), ""))
                div .submit { button .danger { (self.what) } a href=(self.back) { "Cancel" } }
            }))
        };
        Ok(view.page(status, self.place, &self.what, &content))
    }
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
        Entity::Client(_) => "The client gets no more tokens, and those it has are good for nothing.",
        Entity::User(_) => "The user is signed out everywhere; the user's keys and tokens are good for nothing.",
        Entity::Organization(_) => "The organization's keys are good for nothing; what it owns stays.",
    }
}

fn list(entity: &Entity) -> String {
    format!("/console/{}s", entity.kind())
}

fn place(entity: &Entity) -> Place {
    match entity {
        Entity::Client(_) => Place::Clients,
        Entity::User(_) => Place::Users,
        Entity::Organization(_) => Place::Organizations,
    }
}
