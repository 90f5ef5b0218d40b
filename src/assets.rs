//! Floor 5: the files that pages need.

use crate::base::error::Result;
use crate::call::{Input, Work};
use crate::http::reply::Reply;
use crate::page::frame::STYLE;

pub fn style<'r>(_: &'r Input<'r>) -> Result<Work<'r>> {
    Ok(Box::new(|_| Ok(Reply::new(200, "text/css; charset=utf-8", STYLE.into()).with("Cache-Control", "max-age=3600"))))
}
