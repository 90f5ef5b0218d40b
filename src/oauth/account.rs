//! The signed-in user, and signing out (oauth.md 1.6.1).

use serde_json::json;

use crate::base::error::Result;
use crate::call::{Input, Work};
use crate::failure;
use crate::http::reply::Reply;
use crate::model::field::Audience;
use crate::model::mask::Mask;
use crate::model::user::FIELDS;
use crate::model::view::render;
use crate::registry::entity::live_user;
use crate::registry::sessions::{self, COOKIE};

/// Returns `{"user","logged_in_at","session_id"}`, with the public fields of the user.
pub fn me<'r>(_: &'r Input<'r>) -> Result<Work<'r>> {
    Ok(Box::new(|call| {
        let session = call.by.session().ok_or_else(|| sessions::not_authenticated(None))?;
        let user = live_user(call.tx, &session.user_id)?;
        let body = json!({
            "user": render(FIELDS, &user, &Mask::everything(FIELDS), Audience::Public),
            "logged_in_at": session.created_at.to_string(),
            "session_id": session.id,
        });
        Ok(Reply::json_text(200, failure::indented(&body)))
    }))
}

/// Ends the session; tokens granted in it stay valid. Redirects browsers to the sign-in page.
pub fn sign_out<'r>(input: &'r Input<'r>) -> Result<Work<'r>> {
    Ok(Box::new(|call| {
        let session = call.by.session().ok_or_else(|| sessions::not_authenticated(None))?;
        sessions::delete(call.tx, call.by, &session.user_id, &session.id)?;
        let reply =
            if failure::prefers_html(input.request) { Reply::redirect(input.request.method, "/oauth/login") } else { Reply::empty(204) };
        Ok(reply.with("Set-Cookie", input.cookies.clear(COOKIE)))
    }))
}
