//! The choice of a theme: as the system has it, light or dark. It is kept in a cookie, so each page is right from its first line.

use crate::base::error::Result;
use crate::base::uri::is_local;
use crate::call::{Input, Work};
use crate::http::form::Form;
use crate::http::reply::Reply;
use crate::page::look::{THEME, kept_theme};

/// As long as browsers keep a cookie.
const KEPT_SECONDS: i64 = 400 * 24 * 60 * 60;

/// Keeps the choice, and leads back to where it was made.
pub fn choose<'r>(input: &'r Input<'r>) -> Result<Work<'r>> {
    let form = Form::of_body(input.request)?;
    Ok(Box::new(move |_| {
        let chosen = kept_theme(form.one(THEME));
        let cookie = chosen.map_or_else(|| input.cookies.clear(THEME), |theme| input.cookies.set(THEME, theme, Some(KEPT_SECONDS)));
        let back = Some(form.one("back")).filter(|back| back.starts_with("/console") && is_local(back)).unwrap_or("/console");
        Ok(Reply::empty(303).with("Location", back.to_owned()).with("Set-Cookie", cookie))
    }))
}
