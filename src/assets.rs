//! Floor 5: the files that pages need.

use crate::base::error::Result;
use crate::call::{Input, Work};
use crate::http::reply::Reply;
use crate::page::frame::{SCRIPT, SIGN_IN_LINK_SCRIPT, STYLE};
use crate::page::icon::{FAVICON, MARK};

pub fn style<'r>(_: &'r Input<'r>) -> Result<Work<'r>> {
    Ok(Box::new(|_| Ok(asset("text/css; charset=utf-8", STYLE.as_bytes()))))
}

pub fn script<'r>(_: &'r Input<'r>) -> Result<Work<'r>> {
    Ok(Box::new(|_| Ok(asset("text/javascript; charset=utf-8", SCRIPT.as_bytes()))))
}

pub fn sign_in_link_script<'r>(_: &'r Input<'r>) -> Result<Work<'r>> {
    Ok(Box::new(|_| Ok(asset("text/javascript; charset=utf-8", SIGN_IN_LINK_SCRIPT.as_bytes()))))
}

pub fn icon<'r>(_: &'r Input<'r>) -> Result<Work<'r>> {
    Ok(Box::new(|_| Ok(asset("image/svg+xml", MARK.as_bytes()))))
}

pub fn favicon<'r>(_: &'r Input<'r>) -> Result<Work<'r>> {
    Ok(Box::new(|_| Ok(asset("image/x-icon", FAVICON))))
}

/// Gives the operator's mark, or ours. An SVG can hold scripts: where it is opened by itself, this policy lets it do nothing.
pub fn site_logo<'r>(_: &'r Input<'r>) -> Result<Work<'r>> {
    Ok(Box::new(|call| {
        let logo = call.settings.site_logo.get();
        let reply = logo.map_or_else(|| asset("image/svg+xml", MARK.as_bytes()), |logo| asset(logo.media_type, &logo.bytes));
        Ok(reply.with("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; sandbox; frame-ancestors 'none'"))
    }))
}

/// Cached for minutes only, because a new version of the program may bring a new one.
fn asset(media_type: &'static str, content: &[u8]) -> Reply {
    Reply::new(200, media_type, content.into()).with("Cache-Control", "max-age=600")
}
