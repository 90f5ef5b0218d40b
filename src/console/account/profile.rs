//! The user's own profile: name and e-mail address.

use maud::html;

use crate::base::error::Result;
use crate::base::right::Right;
use crate::call::{Call, Input, LongWork, Work};
use crate::console::form::entity::{EntityForm, Mode, Widget, field};
use crate::console::form::fields::{Fields, label};
use crate::console::form::problem::Refused;
use crate::console::form::saving::save;
use crate::console::page::layout::{Layout, after, signed_in, title};
use crate::console::page::menu::MenuItem;
use crate::http::reply::Reply;
use crate::model::shape::USER_IDENTIFIERS;
use crate::model::user::{FIELDS, User};
use crate::page::times::timestamp;
use crate::registry::entity::{Entity, live_user};
use crate::registry::{rights, users};
use crate::store::Deleted;

const PATH: &str = "/console/profile";

static FORM: EntityForm<User> = EntityForm {
    message: "User",
    identifiers: &USER_IDENTIFIERS,
    table: FIELDS,
    id: label("id", "User ID", ""),
    check: "",
    inputs: &[
        field("name", "Name", "Shown in the apps that you allow to see it.", Widget::Text),
        field(
            "primary_email_address",
            "E-mail address",
            "Unique among users. Shared with the apps that you allow to see it.",
            Widget::Text,
        )
        .required_in(&[Mode::Update]),
    ],
};

pub fn page<'r>(input: &'r Input<'r>) -> Result<Work<'r>> {
    Ok(Box::new(move |call| shown(call, input, &FORM.filled(&live_user(call.tx, signed_in(call)?)?))))
}

/// Saves only what differs.
pub fn submit<'r>(input: &'r Input<'r>) -> Result<LongWork<'r>> {
    let draw = |call: &Call<'_>, fields: &Fields| shown(call, input, fields);
    save(input, draw, |transactions, form| {
        let old = transactions.read(|call| live_user(call.tx, signed_in(call)?))?;
        FORM.problems(form, false, Some(&old))?.refuse()?;
        let entity = Entity::User(old.id.clone());
        let changed = transactions.write(|call| {
            rights::require(call.tx, call.by, &entity, Right::UserSettingsBasic, Deleted::No)?;
            if let Some((mask, sent)) = FORM.changes(call, &entity, &live_user(call.tx, &old.id)?, form)? {
                users::check_email(&sent)?;
                users::update(call.tx, call.by, &old.id, &mask, &sent, None)?;
            }
            Ok(())
        });
        changed.map_err(|error| Refused::from(error).of_address())?;
        Ok(after(PATH, "saved"))
    })
}

fn shown(call: &Call<'_>, input: &Input<'_>, fields: &Fields) -> Result<Reply> {
    let layout = Layout::of(call, input)?;
    let user = live_user(call.tx, layout.user_id())?;
    let rows = FORM.changed_rows(call, &Entity::User(user.id.clone()), fields, &[])?;
    let content = html! {
        (title("Profile", &html! {}))
        p .quiet { "You sign in as " code { (user.id) } ". The account was made " (timestamp(user.created_at)) "." }
        (fields.form(&layout, PATH, &rows, "Save changes", "/console"))
    };
    Ok(layout.page(fields.status(), MenuItem::Profile, "Profile", &content))
}
