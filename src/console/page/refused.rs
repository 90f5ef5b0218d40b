//! Error pages inside the Console, with the menu and the user.

use crate::base::error::{Error, Result};
use crate::call::{Call, Input};
use crate::console::page::layout::{Layout, MenuItem};
use crate::failure;
use crate::http::reply::Reply;

pub fn page(call: &Call<'_>, input: &Input<'_>, error: &Error) -> Result<Reply> {
    let (kind, _) = failure::body(input.request, error);
    let (title, content) = failure::explained(input.request, error);
    let reply = Layout::of(call, input)?.page(kind.status(), MenuItem::of(input.request.path()), title, &content);
    Ok(failure::with_headers(reply, error))
}
