//! Changes the user's own password.

use maud::html;

use crate::base::error::Result;
use crate::call::{Call, Input, LongWork, Work};
use crate::console::form::fields::{Fields, Label, label};
use crate::console::form::problem::{Problem, Problems};
use crate::console::form::saving::save;
use crate::console::page::layout::{Layout, after, signed_in, title};
use crate::console::page::menu::MenuItem;
use crate::console::users::recovery;
use crate::http::reply::Reply;
use crate::model::password;
use crate::registry;
use crate::registry::sign_in::SignInAttempt;
use crate::registry::users::{self, OldAccess};

const OLD: Label = label("old", "Current password", "").required();
const NEW: Label = label("password", "New password", "At least 8 characters, with an uppercase letter and a digit.").required();
const REVOKE: Label =
    label("revoke", "Sign out everywhere", "Ends every session, and every token that clients have for your account. API keys stay.");

pub fn page<'r>(input: &'r Input<'r>) -> Result<Work<'r>> {
    Ok(Box::new(move |call| shown(call, input, &Fields::default())))
}

/// Changes the password. The old one is verified and the new one hashed between two transactions.
pub fn submit<'r>(input: &'r Input<'r>) -> Result<LongWork<'r>> {
    let draw = |call: &Call<'_>, fields: &Fields| shown(call, input, fields);
    save(input, draw, |transactions, form| {
        let user_id = transactions.read(|call| signed_in(call).cloned())?;
        let attempt = SignInAttempt::to_prove(user_id, input.request.peer);
        let (old, new) = (form.verbatim(OLD.name), form.verbatim(NEW.name));
        let mut problems = Problems::default();
        if old.is_empty() {
            problems.add([Problem::new(OLD.name, "no_password", "Enter your current password.")]);
        }
        problems.add(password::problems(new, Some(&attempt.user_id)).map(|weakness| Problem::of_named(&weakness)));
        problems.refuse()?;
        users::check_new_password(&attempt.user_id, old, new)?;
        let old_access = if form.has(REVOKE.name) { OldAccess::Revoked } else { OldAccess::Stays };
        transactions.change_password(&attempt, old, new, old_access)?;
        Ok(after("/console/password", "password"))
    })
}

/// Withdraws a temporary password or sign-in link that an administrator made for the user.
pub fn withdraw<'r>(_: &'r Input<'r>) -> Result<Work<'r>> {
    Ok(Box::new(|call| {
        registry::users::withdraw_ways_in(call.tx, call.by, signed_in(call)?)?;
        Ok(after("/console/password", "withdrawn"))
    }))
}

fn shown(call: &Call<'_>, input: &Input<'_>, fields: &Fields) -> Result<Reply> {
    let layout = Layout::of(call, input)?;
    let outstanding = registry::recovery::outstanding(call.tx, layout.user_id())?;
    let content = html! {
        (title("Password", &html! {}))
        (recovery::notes(&layout, outstanding, "/console/password/withdraw"))
        (fields.summary())
        (layout.form("/console/password", &html! {
            (fields.password(OLD))
            (fields.password(NEW))
            (fields.tick(REVOKE))
            div .submit { button .main { "Change password" } }
        }))
    };
    Ok(layout.page(fields.status(), MenuItem::Password, "Password", &content))
}
