//! Temporary passwords and sign-in links: for users who lack their password.

use maud::{Markup, html};

use crate::base::error::Result;
use crate::base::secret::Hash;
use crate::call::{Call, Input, LongWork, Work};
use crate::console::page::layout::{Layout, after};
use crate::console::page::new_secret;
use crate::console::page::paths;
use crate::http::queue::Slow;
use crate::model::password;
use crate::model::user::User;
use crate::page::times::exact;
use crate::registry::entity::Entity;
use crate::registry::recovery::{self, Outstanding};
use crate::registry::{administrators, users};

/// Generates a temporary password and shows it. It is hashed before the transaction.
pub fn set_temporary_password<'r>(input: &'r Input<'r>) -> Result<LongWork<'r>> {
    let id = paths::user(input)?;
    Ok(Box::new(move |transactions| {
        let plain = password::generated(&id);
        let hash = || Ok(Hash::of_chosen(&plain, transactions.settings.password_rounds));
        let hash = transactions.slowly(Slow::Password, input.request.peer, hash)?;
        transactions.write(|call| {
            let user = users::set_temporary_password(call.tx, call.by, &id, &plain, &hash)?;
            Ok(new_secret::temporary_password(&Layout::of(call, input)?, &user, &plain))
        })
    }))
}

/// Creates a sign-in link and shows it.
pub fn create_link<'r>(input: &'r Input<'r>) -> Result<Work<'r>> {
    let id = paths::user(input)?;
    Ok(Box::new(move |call| {
        let (link, token) = recovery::create_link(call.tx, call.by, &id)?;
        Ok(new_secret::sign_in_link(&Layout::of(call, input)?, &link, &token))
    }))
}

/// Withdraws what is outstanding.
pub fn withdraw<'r>(input: &'r Input<'r>) -> Result<Work<'r>> {
    let id = paths::user(input)?;
    Ok(Box::new(move |call| {
        users::withdraw_ways_in(call.tx, call.by, &id)?;
        Ok(after(&paths::path(&Entity::User(id)), "withdrawn"))
    }))
}

/// Draws the part of a user's page about signing in without the password.
pub fn section(layout: &Layout<'_>, call: &Call<'_>, user: &User) -> Result<Markup> {
    let path = paths::path(&Entity::User(user.id.clone()));
    let outstanding = recovery::outstanding(call.tx, &user.id)?;
    Ok(html! {
        section {
            h2 { "Lost password" }
            (notes(layout, outstanding, &format!("{path}/withdraw")))
            @if administrators::opens(call.by, user) {
                p {
                    "Hand the user a temporary password, which works once and ends after a day, or a sign-in link, which works once and ends after "
                    "15 minutes. Either leads to choosing a new password. Until then the old one keeps working."
                }
                div .submit {
                    (layout.button(&format!("{path}/temporary-password"), "New temporary password", "quiet"))
                    (layout.button(&format!("{path}/sign-in-link"), "New sign-in link", "quiet"))
                }
            } @else {
                p data-message="administrators-account" { "This is an administrator. A lost password can only be replaced by the operator, with " code { "keyfob admin" } " at the server." }
            }
        }
    })
}

/// Draws what is outstanding, with a button to withdraw it.
pub fn notes(layout: &Layout<'_>, outstanding: Outstanding, path: &str) -> Markup {
    let Outstanding { temporary_password, sign_in_link } = outstanding;
    html! {
        @if temporary_password.is_some() || sign_in_link.is_some() {
            div .note data-message="outstanding" {
                @if let Some(end) = temporary_password { p { "A temporary password is valid until " (exact(end)) "." } }
                @if let Some(end) = sign_in_link { p { "A sign-in link is valid until " (exact(end)) "." } }
                (layout.button(path, "Withdraw", "danger"))
            }
        }
    }
}
