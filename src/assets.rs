//! Floor 5: the files that pages need.

use crate::base::error::Result;
use crate::call::{Input, Work};
use crate::http::reply::Reply;
use crate::page::frame::{ICON, SCRIPT, STYLE};

pub fn style<'r>(_: &'r Input<'r>) -> Result<Work<'r>> {
    Ok(Box::new(|_| Ok(asset("text/css; charset=utf-8", STYLE))))
}

pub fn script<'r>(_: &'r Input<'r>) -> Result<Work<'r>> {
    Ok(Box::new(|_| Ok(asset("text/javascript; charset=utf-8", SCRIPT))))
}

pub fn icon<'r>(_: &'r Input<'r>) -> Result<Work<'r>> {
    Ok(Box::new(|_| Ok(asset("image/svg+xml", ICON))))
}

/// Cached for minutes only, because a new version of the program may bring a new one.
fn asset(media_type: &'static str, text: &str) -> Reply {
    Reply::new(200, media_type, text.into()).with("Cache-Control", "max-age=600")
}
