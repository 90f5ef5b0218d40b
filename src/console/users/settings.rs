//! Creates, changes and suspends users, for administrators.

use maud::html;

use crate::base::error::Result;
use crate::base::id::UserId;
use crate::base::secret::Hash;
use crate::call::{Call, Input, LongWork, Work};
use crate::console::form::entity::{ATTRIBUTES, EntityForm, Mode, Offer, Widget, field};
use crate::console::form::fields::{Fields, label};
use crate::console::form::problem::{Problem, Problems, Refused};
use crate::console::form::saving::save;
use crate::console::form::{deletion, id_check};
use crate::console::page::layout::{Layout, after, badge, link_button, title};
use crate::console::page::menu::MenuItem;
use crate::console::page::paths;
use crate::console::users::{belongings, recovery};
use crate::http::queue::Slow;
use crate::http::reply::Reply;
use crate::model::choice::State;
use crate::model::password;
use crate::model::shape::USER_IDENTIFIERS;
use crate::model::user::{FIELDS, User};
use crate::page::times::timestamp;
use crate::registry::entity::{Entity, live_user};
use crate::registry::users;

static FORM: EntityForm<User> = EntityForm {
    message: "User",
    identifiers: &USER_IDENTIFIERS,
    table: FIELDS,
    id: label("id", "User ID", "2 to 36 lowercase letters, digits and single dashes. It cannot be changed.").required(),
    check: "/console/check/user/",
    inputs: &[
        field(
            "password",
            "Password",
            "At least 8 characters, with an uppercase letter and a digit. The user can change it.",
            Widget::Password,
        )
        .only_in(Mode::Create)
        .required_in(&[Mode::Create]),
        field("name", "Name", "", Widget::Text),
        field("description", "Description", "", Widget::Area),
        field("primary_email_address", "E-mail address", "Unique among users.", Widget::Text).required_in(&[Mode::Create, Mode::Update]),
        field(
            "state",
            "State",
            "Suspended and rejected users can do nothing: they cannot sign in, and their keys and tokens do not work.",
            Widget::State,
        ),
        field("state_description", "State description", "Why the user is in that state. The user sees it.", Widget::Text),
        field("admin", "Administrator", "May see and change what belongs to others, approve clients, and create users.", Widget::Tick),
        ATTRIBUTES,
    ],
};

/// Returns what people call a field that an event names.
pub fn field_label(field: &str) -> String {
    const OTHERS: &[(&str, &str)] = &[
        ("admin", "Administrator's rights"),
        ("contact_info", "E-mail address"),
        ("primary_email_address_validated_at", "Confirmation of the e-mail address"),
        ("require_password_update", "Requirement to change the password"),
        ("password_updated_at", "Password"),
        ("temporary_password_created_at", "Temporary password"),
        ("temporary_password_expires_at", "Temporary password"),
    ];
    FORM.field_label(field, OTHERS)
}

pub fn add_page<'r>(input: &'r Input<'r>) -> Result<Work<'r>> {
    Ok(Box::new(move |call| add_form(call, input, &Fields::filled([("state", State::Approved.name().to_owned())]))))
}

/// Creates a user. The password is hashed before the transaction.
pub fn add<'r>(input: &'r Input<'r>) -> Result<LongWork<'r>> {
    let draw = |call: &Call<'_>, fields: &Fields| add_form(call, input, fields);
    save(input, draw, |transactions, form| {
        let mut problems = Problems::default();
        problems.note(transactions.read(|call| id_check::is_free_for_user(call, form.one("id"))))?;
        problems.add(FORM.problems(form, true, None)?);
        problems.add(
            password::problems(form.verbatim("password"), form.one("id").parse().ok().as_ref())
                .map(|weakness| Problem::of_named(&weakness)),
        );
        problems.refuse()?;
        let (id, sent) = FORM.created::<UserId>(form)?;
        users::check_email(&sent)?;
        transactions.read(|call| users::check_registration(call.by, call.settings, &id, &sent))?;
        let hash = || Ok(Hash::of_chosen(form.verbatim("password"), transactions.settings.password_rounds));
        let password = transactions.slowly(Slow::Password, input.request.peer, hash)?;
        let passwords = users::NewPasswords { password, temporary: None };
        let made = transactions.write(|call| users::create(call.tx, call.by, call.settings, id, &sent, &passwords));
        let user = made.map_err(|error| Refused::from(error).of_address())?;
        Ok(after(&format!("/console/users/{}", user.id), "created"))
    })
}

pub fn page<'r>(input: &'r Input<'r>) -> Result<Work<'r>> {
    let id = paths::user(input)?;
    Ok(Box::new(move |call| {
        let user = live_user(call.tx, &id)?;
        edit_form(call, input, &user, &FORM.filled(&user))
    }))
}

/// Saves only what differs.
pub fn change<'r>(input: &'r Input<'r>) -> Result<LongWork<'r>> {
    let id = paths::user(input)?;
    let (entity, shown) = (Entity::User(id.clone()), id.clone());
    let draw = move |call: &Call<'_>, fields: &Fields| edit_form(call, input, &live_user(call.tx, &shown)?, fields);
    save(input, draw, move |transactions, form| {
        let old = transactions.read(|call| live_user(call.tx, &id))?;
        FORM.problems(form, true, Some(&old))?.refuse()?;
        let changed = transactions.write(|call| {
            if let Some((mask, sent)) = FORM.changes(call, &entity, &live_user(call.tx, &id)?, form)? {
                users::check_email(&sent)?;
                users::update(call.tx, call.by, &id, &mask, &sent, None)?;
            }
            Ok(())
        });
        changed.map_err(|error| Refused::from(error).of_address())?;
        Ok(after(&paths::path(&entity), "saved"))
    })
}

fn add_form(call: &Call<'_>, input: &Input<'_>, fields: &Fields) -> Result<Reply> {
    let layout = Layout::of(call, input)?;
    let rows = html! { (FORM.new_id(fields)) (FORM.new_rows(fields, Offer { is_admin: call.by.is_admin, ..Offer::default() })) };
    let content = html! {
        h1 { "Add user" }
        (fields.form(&layout, "/console/add/user", &rows, "Create user", "/console/users"))
    };
    Ok(layout.page(fields.status(), MenuItem::Users, "Add user", &content))
}

fn edit_form(call: &Call<'_>, input: &Input<'_>, user: &User, fields: &Fields) -> Result<Reply> {
    let layout = Layout::of(call, input)?;
    let entity = Entity::User(user.id.clone());
    let rows = FORM.changed_rows(call, &entity, fields, &[])?;
    let content = html! {
        p .crumbs { a href="/console/users" { "Users" } }
        (title(user.id.as_str(), &html! { (badge(user.state)) (link_button(&format!("/console/add/client?owner=user:{}", user.id), "+ Add OAuth client")) }))
        p { "Created " (timestamp(user.created_at)) ". " a href={"/console/activity?actor=" (user.id)} { "What this user did" } }
        (fields.form(&layout, &paths::path(&entity), &rows, "Save changes", "/console/users"))
        (belongings::sections(&layout, input, user)?)
        (recovery::section(&layout, call, user)?)
        (deletion::zone(&layout, &entity))
    };
    Ok(layout.page(fields.status(), MenuItem::Users, user.id.as_str(), &content))
}
