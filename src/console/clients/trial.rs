//! Lets a collaborator begin and end trying a client before it is approved.

use maud::{Markup, html};

use crate::base::error::Result;
use crate::call::{Input, Work};
use crate::console::clients::page::{ClientPage, ClientTab};
use crate::console::page::layout::{after, signed_in};
use crate::console::page::paths;
use crate::page::message;
use crate::registry::trials::{self, Trial};

/// Asks before a collaborator begins.
pub fn page<'r>(input: &'r Input<'r>) -> Result<Work<'r>> {
    Ok(Box::new(move |call| {
        let page = ClientPage::of(call, input)?;
        let content = match trials::of(call.tx, &page.client.id, page.layout.user_id())? {
            Trial::None => html! { p { "Only its collaborators can try a client before it is approved." } },
            Trial::Registrar => html! { p { "You registered this client, so you can try it already." } },
            Trial::Begun => html! { p { "You chose to try this client." } (stop(&page)) },
            Trial::Offered => html! {
                h2 { "Try it before it is approved" }
                p {
                    "No administrator has looked at this client yet. If you try it, it can ask you for permission to act in your name, and "
                    "its owner can then do whatever you allow. Try it only if you know who that is."
                }
                p { "You can stop at any time. The trial ends by itself when an administrator decides." }
                (page.layout.form(&path(&page), &html! {
                    div .submit { button .main { "I want to try it" } a href=(page.path(ClientTab::Overview)) { "Cancel" } }
                }))
            },
        };
        Ok(page.show(200, ClientTab::Overview, &content))
    }))
}

pub fn begin<'r>(input: &'r Input<'r>) -> Result<Work<'r>> {
    let id = paths::client(input)?;
    Ok(Box::new(move |call| {
        trials::begin(call.tx, call.by, signed_in(call)?, &id)?;
        Ok(after(&format!("/console/clients/{id}"), "trial-begun"))
    }))
}

pub fn end<'r>(input: &'r Input<'r>) -> Result<Work<'r>> {
    let id = paths::client(input)?;
    Ok(Box::new(move |call| {
        trials::end(call.tx, call.by, signed_in(call)?, &id)?;
        Ok(after(&format!("/console/clients/{id}"), "trial-ended"))
    }))
}

/// Draws who can try a client that waits for approval, and offers that to the user.
pub fn notice(page: &ClientPage<'_>) -> Result<Markup> {
    let (tx, client) = (page.layout.call.tx, &page.client);
    let registrar = trials::registrar(tx, &client.id)?;
    let trial = trials::of(tx, &client.id, page.layout.user_id())?;
    Ok(html! {
        (message::warning("waiting", html! {
            "It waits for an administrator's approval. Until then only "
            @if let Some(registrar) = &registrar { strong { (registrar) } ", who registered it, and " }
            "collaborators who chose to try it can authorize it."
        }))
        @match trial {
            Trial::None => {}
            Trial::Registrar => p { "You registered it, so you can try it now." },
            Trial::Offered => p { a .button href=(path(page)) { "Try it before it is approved …" } },
            Trial::Begun => { p { "You chose to try it." } (stop(page)) }
        }
    })
}

fn stop(page: &ClientPage<'_>) -> Markup {
    page.layout.button(&format!("{}/end", path(page)), "Stop trying it", "quiet")
}

fn path(page: &ClientPage<'_>) -> String {
    format!("{}/trial", page.path(ClientTab::Overview))
}
