//! The user's browser sessions.

use maud::html;

use crate::base::error::Result;
use crate::base::time::Time;
use crate::call::{Input, Work};
use crate::console::page::layout::{Layout, after, signed_in, title};
use crate::console::page::listing::Listing;
use crate::console::page::menu::MenuItem;
use crate::console::page::table::Table;
use crate::console::users::belongings::place;
use crate::model::session::Session;
use crate::page::times::timestamp;
use crate::registry::sessions;
use crate::store::sessions::SessionKey;
use crate::store::{Direction, Order};

pub fn list<'r>(input: &'r Input<'r>) -> Result<Work<'r>> {
    let listing = Listing::of(input.request)?;
    Ok(Box::new(move |call| {
        let layout = Layout::of(call, input)?;
        let here = call.by.session().map(|session| session.id.as_str()).unwrap_or_default();
        let order =
            listing.order(&[("created", SessionKey::CreatedAt)], Order { by: SessionKey::CreatedAt, direction: Direction::Descending });
        let read = |page| sessions::list(call.tx, layout.user_id(), order, page);
        let found = listing.page_of(read, &["browser", "used"], |session, column| Ok(key(session, column)))?;
        let (short, is_only_one) = (listing.if_short(found.total), found.total == 1);
        let table = Table::<Session>::new("Sessions", |session| session.id.clone())
            .sorted_if(
                short,
                "browser",
                "Browser",
                |session| html! { (place(session)) @if session.id == here { " " span .badge.approved { "This browser" } } },
            )
            .sorted(&listing, "created", "Signed in", |session| timestamp(session.created_at))
            .sorted_if(short, "used", "Last used", |session| timestamp(session.updated_at))
            .actions(|session| layout.button(&format!("/console/sessions/{}/end", session.id), "Sign out", "danger"));
        let content = html! {
            (title("Sessions", &html! {}))
            p {
                "The browsers in which you are signed in. A session ends after a week without use, and after 30 days at the latest. About where \
                 you signed in, only the browser's name, the system and the network are stored, and only while the session lasts."
            }
            p {
                @if is_only_one { "You are signed in only here. " }
                "If you see a browser that is not yours, sign it out and " a href="/console/password" { "change your password" } "."
            }
            (listing.shown(found, |sessions| Ok(table.show(&sessions)), || html! {})?)
        };
        Ok(layout.page(200, MenuItem::Sessions, "Sessions", &content))
    }))
}

/// Returns what a short list is sorted by.
fn key(session: &Session, column: &str) -> (Option<Time>, String) {
    if column == "used" { (Some(session.updated_at), String::new()) } else { (None, session.browser.to_lowercase()) }
}

/// Ends a session. After ending that of this browser, the redirect leads to the sign-in page.
pub fn end<'r>(input: &'r Input<'r>) -> Result<Work<'r>> {
    Ok(Box::new(move |call| {
        sessions::delete(call.tx, call.by, signed_in(call)?, input.capture("session_id").unwrap_or_default())?;
        Ok(after("/console/sessions", "ended"))
    }))
}
