//! Changes a client.

use maud::html;

use crate::base::error::Result;
use crate::base::right::Right;
use crate::call::{Call, Input, LongWork, Work};
use crate::console::clients::client_review::{self, DESPITE};
use crate::console::clients::form::{FORM, field_label};
use crate::console::clients::page::{ClientPage, ClientTab, saved};
use crate::console::form::contacts;
use crate::console::form::fields::Fields;
use crate::console::form::findings::{self, CHECK};
use crate::console::form::saving::save;
use crate::console::page::layout::after;
use crate::console::page::paths;
use crate::http::reply::Reply;
use crate::model::choice::State;
use crate::model::client::FIELDS;
use crate::model::mask::Mask;
use crate::registry::client_check;
use crate::registry::clients;
use crate::registry::entity::Entity;
use crate::registry::review_queue;
use crate::store::members::Owned;

pub fn page<'r>(input: &'r Input<'r>) -> Result<Work<'r>> {
    Ok(Box::new(move |call| {
        let page = ClientPage::of(call, input)?;
        form(&page, &FORM.filled(&page.client))
    }))
}

/// Saves only what differs, like clients of the API.
pub fn submit<'r>(input: &'r Input<'r>) -> Result<LongWork<'r>> {
    let id = paths::client(input)?;
    let draw = |call: &Call<'_>, fields: &Fields| form(&ClientPage::of(call, input)?, fields);
    save(input, draw, move |transactions, form| {
        let read_old = |call: &Call<'_>| Ok((call.by.is_admin, clients::get(call.tx, call.by, &id, &Mask::everything(FIELDS))?.0));
        let (is_admin, old) = transactions.read(read_old)?;
        let mut problems = FORM.problems(form, is_admin, Some(&old))?;
        if form.has(CHECK) {
            // The review says itself what it thinks of such a URL.
            problems = problems.without("unusable_url");
            problems.note(transactions.read(|call| FORM.check_unchanged(call, &Entity::Client(id.clone()), form)))?;
            return Ok(transactions.read(|call| {
                let sent = FORM.drafted_changes(&old, form, is_admin);
                let checked = client_check::check_changed(call.tx, call.by, call.settings, &id, &sent)?;
                self::form(&ClientPage::of(call, input)?, &Fields { values: form.clone(), check: Some(checked), problems })
            })?);
        }
        problems.refuse()?;
        let done = transactions.write(|call| {
            let (old, _) = clients::get(call.tx, call.by, &id, &Mask::everything(FIELDS))?;
            let Some((mask, sent)) = FORM.changes(call, &Entity::Client(id.clone()), &old, form)? else { return Ok("saved") };
            let changed = clients::update(call.tx, call.by, call.settings, &id, &mask, &sent, None)?;
            let is_approved_here = call.by.is_admin && old.state != State::Approved && changed.client.state == State::Approved;
            if is_approved_here && !form.has(DESPITE) {
                review_queue::check_not_blocked(call.tx, call.settings, &id)?;
            }
            Ok(saved(changed.withdrawn))
        });
        let done = done.map_err(|error| client_review::refused(error, |_| DESPITE.to_owned()))?;
        Ok(after(&format!("/console/clients/{id}/settings"), done))
    })
}

fn form(page: &ClientPage<'_>, fields: &Fields) -> Result<Reply> {
    let (call, client) = (page.layout.call, &page.client);
    if !page.rights.has(Right::ClientSettingsBasic) {
        let content = html! { p { "You may see this client, but not change it. Its overview shows what it asks for." } };
        return Ok(page.show(fields.status(), ClientTab::Settings, &content));
    }
    let contacts = [client.administrative_contact.as_ref(), client.technical_contact.as_ref()];
    let accounts = contacts::choices(call, &Owned::Client(client.id.clone()), contacts)?;
    let fields = contacts::placed(fields, contacts, &accounts);
    let rows = html! {
        p { "OAuth Client ID " code { (client.id) } }
        @if let Some(checked) = &fields.check { (findings::at(checked, "id")) }
        (page.stakes())
        (FORM.changed_rows(call, &Entity::Client(client.id.clone()), &fields, &accounts)?)
        @if fields.problems.each().iter().any(|problem| problem.field == DESPITE) { (client_review::despite(DESPITE, &fields)) }
    };
    let content = html! {
        @if let Some(checked) = &fields.check { (findings::summary(checked, field_label)) }
        (fields.checked_form(&page.layout, &page.path(ClientTab::Settings), &rows, "Save changes", &page.path(ClientTab::Overview)))
    };
    Ok(page.show(fields.status(), ClientTab::Settings, &content))
}
