//! Who authorized a client, and taking that back for everyone.

use maud::{Markup, html};

use crate::base::error::Result;
use crate::base::right::Right;
use crate::call::{Call, Input, LongWork, Work};
use crate::console::clients::page::{ClientPage, ClientTab};
use crate::console::form::confirmation::{Confirmation, Confirmed, confirmed};
use crate::console::page::layout::after_changing;
use crate::console::page::menu::MenuItem;
use crate::console::page::paths;
use crate::page::times::timestamp;
use crate::page::words::counted;
use crate::registry::authorizations::{revoke_all, revoke_some, user_count};
use crate::registry::usage::ClientUsage;

/// Draws how many users authorized the client and when last, and for who may change it the way to take that back.
pub fn who_authorized(page: &ClientPage<'_>, usage: &ClientUsage) -> Markup {
    html! {
        (counted(usage.users, "user")) " authorized it" @if let Some(last) = usage.last_authorized { ", last " (timestamp(last)) }
        @if usage.users > 0 && page.rights.has(Right::ClientSettingsBasic) {
            " " a .button.danger href={(page.path(ClientTab::Overview)) "/revoke"} { "Revoke all …" }
        }
    }
}

confirmed! { revoke_page, revoke: revoking }

fn revoking<'r>(input: &'r Input<'r>) -> Result<Confirmed<'r>> {
    let client = paths::client(input)?;
    let asked = client.clone();
    let about = move |call: &Call<'_>| {
        let users = user_count(call.tx, &asked)?;
        let own = format!("/console/clients/{asked}");
        Ok(Confirmation {
            menu_item: MenuItem::Clients,
            what: "Revoke all authorizations".to_owned(),
            consequence: html! {
                (counted(users, "user")) " authorized " (asked)
                ". The client loses all its tokens at once, and has to ask its users again. Its secrets stay valid."
            },
            path: format!("{own}/revoke"),
            back: own,
            typed: Some(asked.as_str().to_owned()),
        })
    };
    Ok(Confirmed::in_steps(about, move |transactions| {
        revoke_all(|| transactions.write(|call| revoke_some(call.tx, call.by, &client)))?;
        Ok(after_changing(&format!("/console/clients/{client}"), "revoked-all", &[client.as_str()]))
    }))
}
