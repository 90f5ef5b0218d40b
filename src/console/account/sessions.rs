//! Where one is signed in.

use maud::html;

use crate::base::error::Result;
use crate::call::{Input, Work};
use crate::console::page::layout::{Place, View, after, moment, signed_in, title};
use crate::console::page::listing::Listing;
use crate::registry::sessions;
use crate::store::sessions::SessionKey;
use crate::store::{Direction, Order};

pub fn list<'r>(input: &'r Input<'r>) -> Result<Work<'r>> {
    let listing = Listing::of(input.request)?;
    Ok(Box::new(move |call| {
        let view = View::of(call, input)?;
        let here = call.by.session().map(|session| session.id.as_str()).unwrap_or_default();
        let order =
            listing.order(&[("created", SessionKey::CreatedAt)], Order { by: SessionKey::CreatedAt, direction: Direction::Descending });
        let found = sessions::list(call.tx, view.user_id(), order, listing.page())?;
        let content = html! {
            (title("Sessions", &html! {}))
            p { "The browsers in which you are signed in. A session ends after a week without use, and after 30 days." }
            table {
                caption .hidden { "Sessions" }
                thead { tr {
                    th scope="col" { "Session" }
                    (listing.head("created", "Signed in"))
                    th scope="col" { "Last used" }
                    th scope="col" { span .hidden { "Actions" } }
                } }
                tbody { @for session in &found.items {
                    tr {
                        td .narrow data-label="Session" { code { (session.id) } @if session.id == here { " " span .badge.approved { "This browser" } } }
                        td data-label="Signed in" { (moment(session.created_at)) }
                        td data-label="Last used" { (moment(session.updated_at)) }
                        td .actions { (view.button(&format!("/console/sessions/{}/end", session.id), "Sign out", "danger")) }
                    }
                } }
            }
            (listing.pager(found.total))
        };
        Ok(view.page(200, Place::Sessions, "Sessions", &content))
    }))
}

/// Who ends the session of this browser comes to the page to sign in.
pub fn end<'r>(input: &'r Input<'r>) -> Result<Work<'r>> {
    Ok(Box::new(move |call| {
        sessions::delete(call.tx, call.by, signed_in(call)?, input.capture("session_id").unwrap_or_default())?;
        Ok(after("/console/sessions", "ended"))
    }))
}
