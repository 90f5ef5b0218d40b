//! Changing one's own password.

use maud::html;

use crate::base::error::Result;
use crate::call::{Call, Input, LongWork, Transactions, Work};
use crate::console::form::fields::{Fields, label};
use crate::console::form::problem::Problem;
use crate::console::page::layout::{Place, View, after, signed_in, title};
use crate::http::form::Form;
use crate::http::reply::Reply;
use crate::registry::sign_in::Attempt;
use crate::registry::users::{self, OldAccess};

pub fn page<'r>(input: &'r Input<'r>) -> Result<Work<'r>> {
    Ok(Box::new(move |call| shown(call, input, 200, None)))
}

/// Verifying the old one and hashing the new one stand between two transactions.
pub fn submit<'r>(input: &'r Input<'r>) -> Result<LongWork<'r>> {
    let form = Form::of_body(input.request)?;
    let old_access = if form.has("revoke") { OldAccess::Revoked } else { OldAccess::Stays };
    Ok(Box::new(move |transactions| {
        let attempt = transactions.read(|call| {
            let id = signed_in(call)?.clone();
            Ok(Attempt { user_id: id, peer: input.request.peer })
        })?;
        match change(transactions, &attempt, &form, old_access) {
            Ok(()) => Ok(after("/console/password", "password")),
            // Whoever gave the wrong password is signed in all the same.
            Err(error) => Problem::shown(error, |status, problem| transactions.read(|call| shown(call, input, status, Some(problem)))),
        }
    }))
}

fn change(transactions: &Transactions<'_>, attempt: &Attempt, form: &Form, old_access: OldAccess) -> Result<()> {
    let (old, new) = (form.verbatim("old"), form.verbatim("password"));
    users::check_new_password(&attempt.user_id, old, new)?;
    transactions.change_password(attempt, old, new, old_access)
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
            (fields.tick(label("revoke", "Sign out everywhere", "Ends every session, and every token that clients have for your account. API keys stay."), false.into()))
            div .submit { button .main { "Change password" } }
        }))
    };
    Ok(view.page(status, Place::Password, "Password", &content))
}
