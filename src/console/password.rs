//! Changing one's own password.

use maud::html;

use crate::base::error::Result;
use crate::base::secret::Hash;
use crate::call::{Call, Input, OwnWork, Work};
use crate::console::fields::{Fields, label};
use crate::console::problem::Problem;
use crate::console::view::{Place, View, after, signed_in, title};
use crate::http::form::Form;
use crate::http::reply::Reply;
use crate::registry::users::{self, OldAccess};

pub fn page<'r>(input: &'r Input<'r>) -> Result<Work<'r>> {
    Ok(Box::new(move |call| shown(call, input, 200, None)))
}

/// Verifying the old one and hashing the new one stand between two transactions.
pub fn submit<'r>(input: &'r Input<'r>) -> Result<OwnWork<'r>> {
    let form = Form::of_body(input.request)?;
    let old_access = if form.has("revoke") { OldAccess::Revoked } else { OldAccess::Stays };
    Ok(Box::new(move |own| {
        let (id, kept, now) = own.read(|call| {
            let id = signed_in(call)?.clone();
            let kept = users::passwords(call.tx, &id)?;
            Ok((id, kept, call.tx.now))
        })?;
        let (old, new) = (form.verbatim("old"), form.verbatim("password"));
        let changed =
            users::check_new_password(&id, old, new).and_then(|()| users::verify_password(kept.as_ref(), &id, old, now)).and_then(|()| {
                let hash = Hash::of_chosen(new);
                kept.as_ref()
                    .map_or(Ok(()), |kept| own.write(|call| users::change_password(call.tx, call.by, &id, kept, &hash, old_access)))
            });
        match changed {
            Ok(()) => Ok(after("/console/password", "password")),
            Err(error) => {
                let problem = Problem::of(error)?;
                own.read(|call| shown(call, input, 400, Some(problem)))
            }
        }
    }))
}

fn shown(call: &Call<'_>, input: &Input<'_>, status: u16, problem: Option<Problem>) -> Result<Reply> {
    let view = View::of(call, input)?;
    let fields = Fields::with(problem);
    let content = html! {
        (title("Password", &html! {}))
        (fields.summary())
        (view.form("/console/password", &html! {
            (fields.password(label("old", "Current password", "")))
            (fields.password(label("password", "New password", "At least 8 characters, with an uppercase letter and a digit.")))
            (fields.tick(label("revoke", "Sign out everywhere", "Ends every session, and every token that clients have of you. API keys stay."), false.into()))
            div .submit { button .main { "Change password" } }
        }))
    };
    Ok(view.page(status, Place::Password, "Password", &content))
}
