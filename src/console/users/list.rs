//! The list of users, for administrators.

use maud::{Markup, html};

use crate::base::error::Result;
use crate::base::page::Listed;
use crate::call::{Input, Work};
use crate::console::page::layout::{Place, View, badge, moment, moment_or, title, way};
use crate::console::page::listing::{Listing, which};
use crate::model::user::User;
use crate::registry::users;
use crate::store::users::{UserKey, UserSearch};
use crate::store::{Deleted, Direction, Order};

const KEYS: &[(&str, UserKey)] = &[
    ("id", UserKey::Id),
    ("name", UserKey::Name),
    ("email", UserKey::PrimaryEmailAddress),
    ("state", UserKey::State),
    ("created", UserKey::CreatedAt),
];

pub fn page<'r>(input: &'r Input<'r>) -> Result<Work<'r>> {
    let listing = Listing::of(input.request)?;
    Ok(Box::new(move |call| {
        let view = View::of(call, input)?;
        let deleted = if listing.one("of") == "deleted" { Deleted::Yes } else { Deleted::No };
        let search = UserSearch {
            deleted,
            texts: listing.texts(),
            states: Vec::new(),
            order: listing.order(KEYS, Order { by: UserKey::CreatedAt, direction: Direction::Descending }),
            page: listing.page(),
        };
        let found = users::list(call.tx, call.by, &search)?.map(|(user, _)| user);
        let content = html! {
            (title("Users", &way("/console/add/user", "+ Add user")))
            (which(&listing, deleted))
            div .tools { (listing.search("ID, name or description")) }
            @if found.items.is_empty() { p .empty { "No user matches." } } @else { (table(&view, &listing, deleted, &found)) }
            (listing.pager(found.total))
        };
        Ok(view.page(200, Place::Users, "Users", &content))
    }))
}

fn table(view: &View<'_>, listing: &Listing, deleted: Deleted, found: &Listed<User>) -> Markup {
    html! {
        table {
            caption .hidden { "Users" }
            thead { tr {
                (listing.head("id", "ID")) (listing.head("name", "Name")) (listing.head("email", "E-mail")) (listing.head("state", "State"))
                @if deleted == Deleted::Yes {
                    th scope="col" { "Deleted at" }
                    th scope="col" { span .hidden { "Actions" } }
                } @else { (listing.head("created", "Created at")) }
            } }
            tbody {
                @for user in &found.items {
                    @let path = format!("/console/users/{}", user.id);
                    tr {
                        td data-label="ID" {
                            @if deleted == Deleted::Yes { code { (user.id) } } @else { a href=(path) { (user.id) } }
                            @if user.admin { " " span .badge.flagged { "Admin" } }
                        }
                        td data-label="Name" { (user.name) }
                        td data-label="E-mail" { (user.primary_email_address) }
                        td data-label="State" { (badge(user.state)) }
                        @if deleted == Deleted::Yes {
                            td data-label="Deleted at" { (moment_or(user.deleted_at, "")) }
                            td .actions { (view.button(&format!("{path}/restore"), "Restore", "")) a .button.danger href={(path) "/purge"} { "Purge" } }
                        } @else { td data-label="Created at" { (moment(user.created_at)) } }
                    }
                }
            }
        }
    }
}
