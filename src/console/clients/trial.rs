//! Trying a client before it is approved: a collaborator says so here, and takes it back here.

use maud::{Markup, html};

use crate::base::error::Result;
use crate::call::{Input, Work};
use crate::console::clients::page::{Opened, Tab};
use crate::console::page::layout::{after, signed_in};
use crate::console::page::paths;
use crate::registry::trials::{self, Trial};

/// Asks before a collaborator begins.
pub fn page<'r>(input: &'r Input<'r>) -> Result<Work<'r>> {
    Ok(Box::new(move |call| {
        let opened = Opened::of(call, input)?;
        let content = match trials::of(call.tx, &opened.client.id, opened.view.user_id())? {
            Trial::None => html! { p { "Only its collaborators can try a client before it is approved." } },
            Trial::Registrar => html! { p { "You registered this client, so you can try it already." } },
            Trial::Begun => html! { p { "You chose to try this client." } (stop(&opened)) },
            Trial::Offered => html! {
                h2 { "Try it before it is approved" }
                p {
                    "No administrator has looked at this client yet. If you try it, it can ask you for permission to act in your name, and "
                    "whoever runs it can then do what you allow it. Try it only if you know who that is."
                }
                p { "You can stop at any time. The trial ends by itself when an administrator decides." }
                (opened.view.form(&path(&opened), &html! {
                    div .submit { button .main { "I want to try it" } a href=(opened.path(Tab::Overview)) { "Cancel" } }
                }))
            },
        };
        Ok(opened.page(200, Tab::Overview, &content))
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

/// Who can try a client that waits for approval, and what the reader can do about it.
pub fn notice(opened: &Opened<'_>) -> Result<Markup> {
    let (tx, client) = (opened.view.call.tx, &opened.client);
    let registrar = trials::registrar(tx, &client.id)?;
    let trial = trials::of(tx, &client.id, opened.view.user_id())?;
    Ok(html! {
        p .warning {
            "It waits for an administrator's approval. Until then only "
            @if let Some(registrar) = &registrar { strong { (registrar) } ", who registered it, and " }
            "collaborators who chose to try it can authorize it."
        }
        @match trial {
            Trial::None => {}
            Trial::Registrar => p { "You registered it, so you can try it now." },
            Trial::Offered => p { a .button href=(path(opened)) { "Try it before it is approved …" } },
            Trial::Begun => { p { "You chose to try it." } (stop(opened)) }
        }
    })
}

fn stop(opened: &Opened<'_>) -> Markup {
    opened.view.button(&format!("{}/end", path(opened)), "Stop trying it", "quiet")
}

fn path(opened: &Opened<'_>) -> String {
    format!("{}/trial", opened.path(Tab::Overview))
}
