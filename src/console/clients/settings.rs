//! Changing a client.

use maud::html;

use crate::base::error::{Error, Result};
use crate::base::right::Right;
use crate::call::{Input, LongWork, Work};
use crate::console::clients::draft::{Draft, shown_to};
use crate::console::clients::page::{Opened, Tab, saved};
use crate::console::form::contacts;
use crate::console::form::fields::Fields;
use crate::console::form::problem::Problem;
use crate::console::form::saving::{self, Part, Seen};
use crate::console::page::layout::after;
use crate::console::page::paths;
use crate::http::form::Form;
use crate::http::reply::Reply;
use crate::model::client::FIELDS;
use crate::model::mask::Mask;
use crate::model::patch::Patch;
use crate::registry::approval::Withdrawn;
use crate::registry::clients;
use crate::registry::entity::Entity;
use crate::store::members::Owned;

pub fn page<'r>(input: &'r Input<'r>) -> Result<Work<'r>> {
    Ok(Box::new(move |call| {
        let opened = Opened::of(call, input)?;
        let draft = Draft::of_client(&opened.client);
        form(&opened, 200, &draft, None)
    }))
}

/// Only what differs is changed, as the API's clients do it.
pub fn submit<'r>(input: &'r Input<'r>) -> Result<LongWork<'r>> {
    let id = paths::client(input)?;
    let sent = Form::of_body(input.request)?;
    let seen = Seen::of_form(&sent);
    let mut draft = Draft::of_form(&sent);
    draft.id = id.to_string();
    Ok(Box::new(move |transactions| {
        transactions.require_admission()?;
        let sent = Patch::decode(FIELDS, &draft.to_object()).map_err(Error::from)?;
        let changed = transactions.write(|call| {
            let shown = shown_to(call.by);
            saving::check(call, &Entity::Client(id.clone()), Part::Fields(&shown), seen)?;
            draft.attributes.check("Client")?;
            let (old, _) = clients::get(call.tx, call.by, &id, &Mask::everything(FIELDS))?;
            let mask = saving::differing(FIELDS, &shown, &old, &sent);
            if mask.is_empty() {
                return Ok(Withdrawn::default());
            }
            sent.check(FIELDS, "Client", Some(&mask))?;
            clients::update(call.tx, call.by, call.settings, &id, &mask, &sent.clone().only(FIELDS, &mask), None)
                .map(|changed| changed.withdrawn)
        });
        match changed {
            Ok(withdrawn) => Ok(after(&format!("/console/clients/{id}/settings"), saved(withdrawn))),
            Err(error) => {
                let problem = Problem::of(error)?;
                transactions.read(|call| form(&Opened::by_id(call, input, &id)?, 400, &draft, Some((seen, problem))))
            }
        }
    }))
}

/// With what was wrong, in a form that had seen this much.
fn form(opened: &Opened<'_>, status: u16, draft: &Draft, back: Option<(Seen, Problem)>) -> Result<Reply> {
    let call = opened.view.call;
    if !opened.rights.has(Right::ClientSettingsBasic) {
        let content = html! { p { "You may look at this client, but not change it. What it asks for stands in its overview." } };
        return Ok(opened.page(status, Tab::Settings, &content));
    }
    let client = &opened.client;
    let carried =
        saving::carried(call, &Entity::Client(client.id.clone()), Part::Fields(&shown_to(call.by)), back.as_ref().map(|(seen, _)| *seen))?;
    let contacts = [client.administrative_contact.as_ref(), client.technical_contact.as_ref()];
    let accounts = contacts::choices(call, &Owned::Client(client.id.clone()), contacts)?;
    let fields = Fields::with(back.map(|(_, problem)| draft.contacts.placed(problem, contacts, &accounts)));
    let content = html! {
        (fields.summary())
        (opened.view.form(&opened.path(Tab::Settings), &html! {
            (carried)
            p { "OAuth Client ID " code { (draft.id) } }
            (opened.stakes())
            (draft.basics(&fields))
            (draft.contacts.rows(&fields, &accounts))
            @if call.by.is_admin { (draft.grants(&fields, true)) }
            p .note { "Users must authorize the client anew before rights that you add are granted." }
            (draft.rights(&fields))
            (draft.attributes.rows(&fields))
            @if call.by.is_admin { (draft.advanced(&fields, None)) }
            div .submit { button .main { "Save changes" } a href=(opened.path(Tab::Overview)) { "Cancel" } }
        }))
    };
    Ok(opened.page(status, Tab::Settings, &content))
}
