//! Writing JSON replies.

use std::collections::BTreeMap;

use serde_core::Serialize;
use serde_json::json;

use crate::base::page::Listed;
use crate::http::reply::Reply;
use crate::model::field::{Audience, Field};
use crate::model::mask::Mask;
use crate::model::view::render;

/// 200, compact (contract 0.1).
pub fn ok(value: &impl Serialize) -> Reply {
    Reply::json(200, value)
}

/// 200 `{}`: done, nothing to tell.
pub fn done() -> Reply {
    ok(&json!({}))
}

/// One page under its key, which is absent when the page is empty, and the number of all in `X-Total-Count`.
pub fn list(key: &str, listed: Listed<impl Serialize>) -> Reply {
    items(key, listed.items).with("X-Total-Count", listed.total.to_string())
}

/// The same of entities, each as far as its reader may see it.
pub fn entities<E>(key: &str, fields: &'static [Field<E>], listed: &Listed<(E, Audience)>, mask: &Mask) -> Reply {
    let items = listed.items.iter().map(|(entity, audience)| render(fields, entity, mask, *audience)).collect();
    list(key, Listed { items, total: listed.total })
}

/// The same, uncounted.
pub fn items(key: &str, items: Vec<impl Serialize>) -> Reply {
    let members = (!items.is_empty()).then_some((key, items));
    ok(&BTreeMap::from_iter(members))
}

/// What an update answers, with a warning for whoever still sends contact info (contract 0.3).
pub fn updated(value: &impl Serialize, contact_info_was_sent: bool) -> Reply {
    const WARNING: &str = "Contact info is deprecated and will be removed in the next major release";
    if contact_info_was_sent { ok(value).with("X-Warning", WARNING) } else { ok(value) }
}

/// A reply with warnings, each in a header of its own (contract 0.3).
pub fn warned(reply: Reply, warnings: &[&'static str]) -> Reply {
    warnings.iter().fold(reply, |reply, warning| reply.with("X-Warning", *warning))
}
