//! Creates and changes organizations.

use maud::html;

use crate::base::error::Result;
use crate::base::id::OrganizationId;
use crate::base::right::Right;
use crate::call::{Call, Input, LongWork, Work};
use crate::console::form::entity::{ADMINISTRATIVE_CONTACT, ATTRIBUTES, EntityForm, Offer, TECHNICAL_CONTACT, Widget, field};
use crate::console::form::fields::{Fields, label};
use crate::console::form::problem::Problems;
use crate::console::form::saving::save;
use crate::console::form::{contacts, deletion, id_check};
use crate::console::organizations::page::{OrganizationPage, OrganizationTab};
use crate::console::page::layout::{Layout, after, signed_in};
use crate::console::page::menu::MenuItem;
use crate::console::page::paths;
use crate::http::reply::Reply;
use crate::model::mask::Mask;
use crate::model::organization::{FIELDS, Organization};
use crate::model::shape::ORGANIZATION_IDENTIFIERS;
use crate::registry::entity::Entity;
use crate::registry::organizations;
use crate::store::members::Owned;

static FORM: EntityForm<Organization> = EntityForm {
    message: "Organization",
    identifiers: &ORGANIZATION_IDENTIFIERS,
    table: FIELDS,
    id: label(
        "id",
        "Organization ID",
        "3 to 36 lowercase letters, digits and single dashes; for public clients usually the brand. It cannot be changed.",
    )
    .required(),
    check: "/console/check/organization/",
    inputs: &[
        field("name", "Name", "", Widget::Text),
        field("description", "Description", "", Widget::Area),
        ADMINISTRATIVE_CONTACT,
        TECHNICAL_CONTACT,
        ATTRIBUTES,
        field(
            "group",
            "Group in apps",
            "Whether apps that sign users in learn who its members are. An app may give rights to this group.",
            Widget::Choice(&[("", "If an administrator made it"), ("true", "Yes"), ("false", "No")]),
        )
        .of_sign_in(),
    ],
};

/// Returns what people call a field that an event names.
pub fn field_label(field: &str) -> String {
    FORM.field_label(field, &[("fanout_notifications", "Forwarding of notifications")])
}

pub fn add_page<'r>(input: &'r Input<'r>) -> Result<Work<'r>> {
    Ok(Box::new(move |call| add_form(call, input, &Fields::default())))
}

pub fn add<'r>(input: &'r Input<'r>) -> Result<LongWork<'r>> {
    let draw = |call: &Call<'_>, fields: &Fields| add_form(call, input, fields);
    save(input, draw, |transactions, form| {
        let mut problems = Problems::default();
        problems.note(transactions.read(|call| id_check::is_free_for_organization(call, form.one("id"))))?;
        problems.add(FORM.problems(form, transactions.read(|call| Ok(call.by.is_admin))?, None)?);
        problems.refuse()?;
        let (id, sent) = FORM.created::<OrganizationId>(form)?;
        let made = transactions.write(|call| organizations::create(call.tx, call.by, call.settings, id, signed_in(call)?, &sent))?;
        Ok(after(&format!("/console/organizations/{}", made.id), "created"))
    })
}

pub fn page<'r>(input: &'r Input<'r>) -> Result<Work<'r>> {
    let id = paths::organization(input)?;
    Ok(Box::new(move |call| {
        let page = OrganizationPage::by_id(call, input, &id)?;
        edit_form(&page, &FORM.filled(&page.organization))
    }))
}

/// Saves only what differs.
pub fn change<'r>(input: &'r Input<'r>) -> Result<LongWork<'r>> {
    let id = paths::organization(input)?;
    let (entity, shown) = (Entity::Organization(id.clone()), id.clone());
    let draw = move |call: &Call<'_>, fields: &Fields| edit_form(&OrganizationPage::by_id(call, input, &shown)?, fields);
    save(input, draw, move |transactions, form| {
        let ((old, _), is_admin) =
            transactions.read(|call| Ok((organizations::get(call.tx, call.by, &id, &Mask::default())?, call.by.is_admin)))?;
        FORM.problems(form, is_admin, Some(&old))?.refuse()?;
        transactions.write(|call| {
            let (old, _) = organizations::get(call.tx, call.by, &id, &Mask::default())?;
            if let Some((mask, sent)) = FORM.changes(call, &entity, &old, form)? {
                organizations::update(call.tx, call.by, call.settings, &id, &mask, &sent)?;
            }
            Ok(())
        })?;
        Ok(after(&paths::path(&entity), "saved"))
    })
}

fn add_form(call: &Call<'_>, input: &Input<'_>, fields: &Fields) -> Result<Reply> {
    let layout = Layout::of(call, input)?;
    let rows = html! { (FORM.new_id(fields)) (FORM.new_rows(fields, Offer { is_admin: call.by.is_admin, ..Offer::default() })) };
    let content = html! {
        h1 { "Add organization" }
        p { (OrganizationPage::PURPOSE) " You will own it, and can add members afterwards." }
        (fields.form(&layout, "/console/add/organization", &rows, "Create organization", "/console/organizations"))
    };
    Ok(layout.page(fields.status(), MenuItem::Organizations, "Add organization", &content))
}

fn edit_form(page: &OrganizationPage<'_>, fields: &Fields) -> Result<Reply> {
    let (call, organization) = (page.layout.call, &page.organization);
    let entity = Entity::Organization(organization.id.clone());
    let contacts = [organization.administrative_contact.as_ref(), organization.technical_contact.as_ref()];
    let content = html! {
        @if page.rights.has(Right::OrganizationSettingsBasic) {
            @let accounts = contacts::choices(call, &Owned::Organization(organization.id.clone()), contacts)?;
            @let fields = contacts::placed(fields, contacts, &accounts);
            @let rows = FORM.changed_rows(call, &entity, &fields, &accounts)?;
            (fields.form(&page.layout, &page.path(), &rows, "Save changes", "/console/organizations"))
        } @else {
            p .description { (organization.description) }
            dl .facts {
                dt { "Administrative contact" } dd { (contacts::shown(contacts[0])) }
                dt { "Technical contact" } dd { (contacts::shown(contacts[1])) }
                @for (key, value) in &organization.attributes { dt { code { (key) } } dd { (value) } }
            }
        }
        @if page.rights.has(Right::OrganizationDelete) { (deletion::zone(&page.layout, &entity)) }
    };
    Ok(page.show(fields.status(), OrganizationTab::Settings, &content))
}
