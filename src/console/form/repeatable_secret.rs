//! Lets the page that shows a new secret be reloaded: a form that is sent again makes the same secret.
//!
//! Such a form carries a random number. The secret is derived from all that the form says with the key in the browser's session cookie, of
//! which only a hash is stored, so it is in no URL and in nothing that this server keeps. A form that was changed before it is sent again
//! says something else, and makes another secret.

use maud::{Markup, html};

use crate::base::error::Result;
use crate::base::id::ClientId;
use crate::base::secret::{Token, TokenKind, derived_key, fresh_key};
use crate::call::{Call, Input};
use crate::http::form::Form;
use crate::model::client::Client;
use crate::registry::secrets::{self, NewSecret};
use crate::registry::sessions::SessionCookie;

const NAME: &str = "once";

/// Draws the hidden field with the number.
pub fn field() -> Markup {
    html! { input type="hidden" name=(NAME) value=(fresh_key()); }
}

/// Returns the secret that this form makes for a client.
pub fn of_client(input: &Input<'_>, form: &Form, id: &ClientId) -> NewSecret {
    derived_for_client(input, form, id).map_or_else(NewSecret::fresh, NewSecret::generated)
}

/// Returns the client with the secret that this form has made for it just now; `None` if it has made none.
/// # Errors
/// Only those of the store.
pub fn issued(call: &Call<'_>, input: &Input<'_>, form: &Form, id: &ClientId) -> Result<Option<Client>> {
    derived_for_client(input, form, id).map_or(Ok(None), |secret| secrets::issued_just_now(call.tx, id, &secret))
}

/// Returns the API key that this form makes.
pub fn api_key(input: &Input<'_>, form: &Form) -> Token {
    let derived = |session: &SessionCookie| Token::derived(TokenKind::ApiKey, &session.token.key, &input.request.body);
    session(input, form).map_or_else(|| Token::fresh(TokenKind::ApiKey), derived)
}

fn derived_for_client(input: &Input<'_>, form: &Form, id: &ClientId) -> Option<String> {
    let session = session(input, form)?;
    Some(derived_key(&session.token.key, &input.request.body, &format!("the secret of client {id}")))
}

/// Returns the session whose key secrets are derived with; `None` if the form carries no number.
fn session<'r>(input: &'r Input<'_>, form: &Form) -> Option<&'r SessionCookie> {
    input.session_cookie.as_ref().filter(|_| form.one(NAME).len() == fresh_key().len())
}
