//! Lets the page that shows a new secret be reloaded: a form that is sent again makes the same secret.
//!
//! Such a form carries a random number. The secret is derived from it with the key in the browser's session cookie, of which only a hash is
//! stored, so it is in no URL and in nothing that this server keeps.

use maud::{Markup, html};

use crate::base::id::ClientId;
use crate::base::secret::{derived_key, fresh_key};
use crate::call::Input;
use crate::http::form::Form;

const NAME: &str = "once";

/// Draws the hidden field with the number.
pub fn field() -> Markup {
    html! { input type="hidden" name=(NAME) value=(fresh_key()); }
}

/// Returns the secret that this form makes for a client; `None` if it carries no number.
pub fn of_form(input: &Input<'_>, form: &Form, id: &ClientId) -> Option<String> {
    let session = input.session_cookie.as_ref()?;
    let number = Some(form.one(NAME)).filter(|number| number.len() == fresh_key().len())?;
    Some(derived_key(&session.token.key, number.as_bytes(), &format!("the secret of client {id}")))
}
