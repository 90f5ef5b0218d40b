//! Organizations: those one is a member of, and for administrators all of them.

use maud::{Markup, html};
use serde_json::{Map, Value, json};

use crate::base::error::{Error, Result};
use crate::base::id::OrganizationId;
use crate::base::right::Right;
use crate::call::{Call, Input, LongWork, Work};
use crate::console::form::attributes::Attributes;
use crate::console::form::contacts::{self, Contacts};
use crate::console::form::deletion;
use crate::console::form::fields::{Choice, Fields, Label, Typing, label};
use crate::console::form::problem::Problem;
use crate::console::form::saving::{self, Part, Seen};
use crate::console::organizations::page::{Opened, Tab};
use crate::console::page::layout::{Place, View, after, signed_in};
use crate::console::page::paths;
use crate::http::form::Form;
use crate::http::reply::Reply;
use crate::model::mask::Mask;
use crate::model::organization::{FIELDS, Organization};
use crate::model::patch::Patch;
use crate::model::shape::ORGANIZATION_IDENTIFIERS;
use crate::registry::entity::Entity;
use crate::registry::{guidelines, organizations};
use crate::store::members::Owned;

const ID: Label = label(
    "id",
    "Organization ID",
    "3 to 36 lower-case letters, digits and single dashes; for public clients usually the brand. It cannot be changed.",
);
const NAME: Label = label("name", "Name", "");
const DESCRIPTION: Label = label("description", "Description", "");

pub fn add_page<'r>(input: &'r Input<'r>) -> Result<Work<'r>> {
    Ok(Box::new(move |call| add_form(call, input, 200, &Draft::default(), None)))
}

pub fn add<'r>(input: &'r Input<'r>) -> Result<LongWork<'r>> {
    let draft = Draft::of_form(&Form::of_body(input.request)?);
    Ok(Box::new(move |transactions| {
        transactions.require_admission()?;
        let made = draft.judged().and_then(|(id, sent)| {
            transactions.write(|call| organizations::create(call.tx, call.by, call.settings, id, signed_in(call)?, &sent))
        });
        match made {
            Ok(organization) => Ok(after(&format!("/console/organizations/{}", organization.id), "created")),
            Err(error) => {
                let problem = Problem::of(error)?;
                transactions.read(|call| add_form(call, input, 400, &draft, Some(problem)))
            }
        }
    }))
}

pub fn page<'r>(input: &'r Input<'r>) -> Result<Work<'r>> {
    let id = paths::organization(input)?;
    Ok(Box::new(move |call| {
        let opened = Opened::by_id(call, input, &id)?;
        let draft = Draft::of_organization(&opened.organization);
        edit_form(&opened, 200, &draft, None)
    }))
}

/// Only what differs is changed.
pub fn change<'r>(input: &'r Input<'r>) -> Result<LongWork<'r>> {
    let id = paths::organization(input)?;
    let sent = Form::of_body(input.request)?;
    let seen = Seen::of_form(&sent);
    let draft = Draft { id: id.to_string(), ..Draft::of_form(&sent) };
    Ok(Box::new(move |transactions| {
        transactions.require_admission()?;
        let sent = Patch::decode(FIELDS, &draft.to_object()).map_err(Error::from)?;
        let changed = transactions.write(|call| {
            saving::check(call, &Entity::Organization(id.clone()), SHOWN, seen)?;
            draft.attributes.check("Organization")?;
            let (old, _) = organizations::get(call.tx, call.by, &id, &Mask::default())?;
            let mask = saving::differing(FIELDS, SHOWN_FIELDS, &old, &sent);
            if mask.is_empty() {
                return Ok(());
            }
            sent.check(FIELDS, "Organization", Some(&mask))?;
            organizations::update(call.tx, call.by, call.settings, &id, &mask, &sent.clone().only(FIELDS, &mask)).map(drop)
        });
        match changed {
            Ok(()) => Ok(after(&format!("/console/organizations/{id}"), "saved")),
            Err(error) => {
                let problem = Problem::of(error)?;
                transactions.read(|call| edit_form(&Opened::by_id(call, input, &id)?, 400, &draft, Some((seen, problem))))
            }
        }
    }))
}

/// What can be changed in the form of an organization.
const SHOWN_FIELDS: &[&str] = &["name", "description", "attributes", "administrative_contact", "technical_contact"];
const SHOWN: Part<'_> = Part::Fields(SHOWN_FIELDS);

/// An organization as the form has it.
#[derive(Clone, Debug, Default)]
struct Draft {
    id: String,
    name: String,
    description: String,
    attributes: Attributes,
    contacts: Contacts,
}

impl Draft {
    fn of_organization(organization: &Organization) -> Draft {
        Draft {
            id: organization.id.to_string(),
            name: organization.name.clone(),
            description: organization.description.clone(),
            attributes: Attributes::of(&organization.attributes),
            contacts: Contacts::of(organization.administrative_contact.as_ref(), organization.technical_contact.as_ref()),
        }
    }

    fn of_form(form: &Form) -> Draft {
        Draft {
            id: form.one("id").to_owned(),
            name: form.one("name").to_owned(),
            description: form.one("description").to_owned(),
            attributes: Attributes::of_form(form),
            contacts: Contacts::of_form(form),
        }
    }

    /// As the API is sent an organization.
    fn to_object(&self) -> Map<String, Value> {
        let mut object = Map::from_iter([
            ("ids".to_owned(), json!({"organization_id": self.id})),
            ("name".to_owned(), json!(self.name)),
            ("description".to_owned(), json!(self.description)),
            ("attributes".to_owned(), self.attributes.to_json()),
        ]);
        self.contacts.add_to(&mut object);
        object
    }

    fn judged(&self) -> Result<(OrganizationId, Patch)> {
        let sent = Patch::decode(FIELDS, &self.to_object()).map_err(Error::from)?;
        let id: OrganizationId = paths::typed(&self.id, &ORGANIZATION_IDENTIFIERS)?;
        guidelines::check_id(id.as_str())?;
        self.attributes.check("Organization")?;
        sent.check(FIELDS, "Organization", None)?;
        Ok((id, sent))
    }

    /// Nobody but the founder can be a contact from the start: those can be chosen later.
    fn rows(&self, fields: &Fields, contacts: Option<&[Choice]>) -> Markup {
        html! {
            (fields.text(NAME, &self.name))
            (fields.area(DESCRIPTION, &self.description))
            @if let Some(choices) = contacts { (self.contacts.rows(fields, choices)) }
            (self.attributes.rows(fields))
        }
    }
}

fn add_form(call: &Call<'_>, input: &Input<'_>, status: u16, draft: &Draft, problem: Option<Problem>) -> Result<Reply> {
    let view = View::of(call, input)?;
    let fields = Fields::with(problem);
    let content = html! {
        h1 { "Add organization" }
        p { "You will own it, and can add members afterwards." }
        (fields.summary())
        (view.form("/console/add/organization", &html! {
            (fields.id(ID, &draft.id, Typing::Check("/console/check/organization/")))
            (draft.rows(&fields, None))
            div .submit { button .main { "Create organization" } a href="/console/organizations" { "Cancel" } }
        }))
    };
    Ok(view.page(status, Place::Organizations, "Add organization", &content))
}

/// With what was wrong, in a form that had seen this much.
fn edit_form(opened: &Opened<'_>, status: u16, draft: &Draft, back: Option<(Seen, Problem)>) -> Result<Reply> {
    let (call, organization) = (opened.view.call, &opened.organization);
    let entity = Entity::Organization(organization.id.clone());
    let contacts = [organization.administrative_contact.as_ref(), organization.technical_contact.as_ref()];
    let content = html! {
        @if opened.rights.has(Right::OrganizationSettingsBasic) {
            @let carried = saving::carried(call, &entity, SHOWN, back.as_ref().map(|(seen, _)| *seen))?;
            @let choices = contacts::choices(call, &Owned::Organization(organization.id.clone()), contacts)?;
            @let fields = Fields::with(back.map(|(_, problem)| draft.contacts.placed(problem, contacts, &choices)));
            (fields.summary())
            (opened.view.form(&opened.path(), &html! {
                (carried)
                (draft.rows(&fields, Some(&choices)))
                div .submit { button .main { "Save changes" } a href="/console/organizations" { "Cancel" } }
            }))
        } @else {
            p .description { (draft.description) }
            dl .facts {
                dt { "Administrative contact" } dd { (contacts::shown(contacts[0])) }
                dt { "Technical contact" } dd { (contacts::shown(contacts[1])) }
                @for (key, value) in &organization.attributes { dt { code { (key) } } dd { (value) } }
            }
        }
        @if opened.rights.has(Right::OrganizationDelete) { (deletion::zone(&opened.view, &entity)) }
    };
    Ok(opened.page(status, Tab::Settings, &content))
}
