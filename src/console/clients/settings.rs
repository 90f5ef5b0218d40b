//! Changes a client.

use maud::html;

use crate::base::error::Result;
use crate::base::right::Right;
use crate::call::{Call, Input, LongWork, Work};
use crate::console::clients::form::FORM;
use crate::console::clients::page::{ClientPage, ClientTab, saved};
use crate::console::form::contacts;
use crate::console::form::fields::Fields;
use crate::console::form::findings::{CHECK, FormCheck};
use crate::console::form::saving::save;
use crate::console::page::layout::after;
use crate::console::page::paths;
use crate::http::reply::Reply;
use crate::model::client::FIELDS;
use crate::model::mask::Mask;
use crate::registry::client_check::{self, Checked};
use crate::registry::clients;
use crate::registry::entity::Entity;
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
        let problems = FORM.problems(form, is_admin, Some(&old))?;
        // The review says itself what it thinks of such a URL.
        if form.has(CHECK) { problems.without("unusable_url") } else { problems }.refuse()?;
        if form.has(CHECK) {
            return Ok(transactions.read(|call| {
                let (old, _) = clients::get(call.tx, call.by, &id, &Mask::everything(FIELDS))?;
                let sent = FORM.changes(call, &Entity::Client(id.clone()), &old, form)?.map(|(_, sent)| sent).unwrap_or_default();
                let Checked { findings, state } = client_check::check(call.tx, call.by, call.settings, id.clone(), None, &sent)?;
                let fields = Fields { values: form.clone(), check: Some(FormCheck { findings, state }), ..Fields::default() };
                self::form(&ClientPage::of(call, input)?, &fields)
            })?);
        }
        let done = transactions.write(|call| {
            let (old, _) = clients::get(call.tx, call.by, &id, &Mask::everything(FIELDS))?;
            let Some((mask, sent)) = FORM.changes(call, &Entity::Client(id.clone()), &old, form)? else { return Ok("saved") };
            let changed = clients::update(call.tx, call.by, call.settings, &id, &mask, &sent, None)?;
            Ok(saved(changed.withdrawn))
        })?;
        Ok(after(&format!("/console/clients/{id}/settings"), done))
    })
}

fn form(page: &ClientPage<'_>, fields: &Fields) -> Result<Reply> {
    let (call, client) = (page.layout.call, &page.client);
    if !page.rights.has(Right::ClientSettingsBasic) {
        let content = html! { p { "You may look at this client, but not change it. What it asks for stands in its overview." } };
        return Ok(page.show(fields.status(), ClientTab::Settings, &content));
    }
    let contacts = [client.administrative_contact.as_ref(), client.technical_contact.as_ref()];
    let accounts = contacts::choices(call, &Owned::Client(client.id.clone()), contacts)?;
    let fields = contacts::placed(fields, contacts, &accounts);
    let rows = html! {
        p { "OAuth Client ID " code { (client.id) } }
        @if let Some(check) = &fields.check { (check.at("id")) }
        (page.stakes())
        (FORM.changed_rows(call, &Entity::Client(client.id.clone()), &fields, &accounts)?)
    };
    let content =
        fields.checked_form(&page.layout, &page.path(ClientTab::Settings), &rows, "Save changes", &page.path(ClientTab::Overview));
    Ok(page.show(fields.status(), ClientTab::Settings, &content))
}
