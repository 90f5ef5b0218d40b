//! Writes JSON replies.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde_core::Serialize;
use serde_json::json;

use crate::base::error::{Error, Result};
use crate::base::page::{ENDS_EARLY, Page, Reading};
use crate::base::processor;
use crate::call::Input;
use crate::http::pairs::{Pairs, encoded};
use crate::http::reply::Reply;
use crate::model::bounds::REPLY;
use crate::model::field::{Audience, Field};
use crate::model::mask::Mask;
use crate::model::view::render;

/// Returns 200 with compact JSON (registry.md 0.1).
pub fn ok(value: &impl Serialize) -> Reply {
    Reply::json(200, value)
}

/// Returns 200 with `{}`.
pub fn done() -> Reply {
    ok(&json!({}))
}

/// Returns a page of a list under its key, which is absent if the page is empty, and the number of items on all pages in `X-Total-Count`.
pub fn list<'i, T: 'i, V: Serialize>(
    input: &Input<'_>,
    page: Page,
    key: &str,
    listed: impl Into<Reading<'i, T>>,
    show: impl Fn(&T) -> V,
) -> Result<Reply> {
    written(input, page, key, listed.into(), |item, out| serde_json::to_writer(out, &show(item)))
}

/// The same for entities, each as far as its audience may read it.
pub fn entities<'i, E: 'i>(
    input: &Input<'_>,
    page: Page,
    key: &str,
    fields: &'static [Field<E>],
    listed: impl Into<Reading<'i, (E, Audience)>>,
    mask: &Mask,
) -> Result<Reply> {
    written(input, page, key, listed.into(), |(entity, audience), out| serde_json::to_writer(out, &render(fields, entity, mask, *audience)))
}

/// Returns a list without a count.
pub fn items(key: &str, items: Vec<impl Serialize>) -> Reply {
    let members = (!items.is_empty()).then_some((key, items));
    ok(&BTreeMap::from_iter(members))
}

/// Writes items until the reply is full: then the page ends early. Headers say where the next page begins, after such a page and after
/// every other but the last, so links lead to the end (RFC 8288).
fn written<T>(
    input: &Input<'_>,
    page: Page,
    key: &str,
    listed: Reading<'_, T>,
    write: impl Fn(&T, &mut Vec<u8>) -> serde_json::Result<()>,
) -> Result<Reply> {
    let mut body = format!("{{\"{key}\":[").into_bytes();
    let mut ends: Vec<usize> = Vec::new();
    let mut rest = None;
    for item in listed.items {
        processor::end_slice_if_over();
        if !ends.is_empty() {
            body.push(b',');
        }
        write(&item?, &mut body).map_err(|error| Error::Internal(error.into()))?;
        if body.len() > REPLY.most && !ends.is_empty() {
            rest = Some(page.after_only(ends.len()));
            break;
        }
        ends.push(body.len());
    }
    let shown = rest.map_or(ends.len(), |rest| usize::try_from(rest.limit()).unwrap_or_default());
    let Some(end) = shown.checked_sub(1).and_then(|last| ends.get(last)) else {
        return Ok(done().with("X-Total-Count", listed.total.to_string()));
    };
    body.truncate(*end);
    body.extend_from_slice(b"]}");
    let mut reply = Reply::json_text(200, body).with("X-Total-Count", listed.total.to_string());
    if let Some(next) = rest.or_else(|| page.after(listed.total)) {
        reply = reply.with("Link", format!("<{}>; rel=\"next\"", address(input, next)?));
    }
    if let Some(rest) = rest {
        let [(_, limit), (_, number)] = rest.parameters();
        let most = REPLY.most;
        let warning = format!("{ENDS_EARLY} {shown} items, because it has {most} bytes at most: go on with limit={limit}&page={number}");
        reply = reply.with("X-Warning", warning);
    }
    Ok(reply)
}

/// Returns the address of another page of the request.
fn address(input: &Input<'_>, page: Page) -> Result<String> {
    let asked = Pairs::of_query(input.request)?;
    let parameters = page.parameters().map(|(name, value)| (name, value.to_string()));
    let others = asked.iter().filter(|(name, _)| parameters.iter().all(|(replaced, _)| name != replaced));
    let pairs = others.chain(parameters.iter().map(|(name, value)| (*name, value.as_str())));
    Ok(format!("{}?{}", input.request.path(), encoded(pairs)))
}

/// Returns the reply to an update, with a warning for callers that still send contact info (registry.md 0.3).
pub fn updated(value: &impl Serialize, contact_info_was_sent: bool) -> Reply {
    const WARNING: &str = "Contact info is deprecated and will be removed in the next major release";
    if contact_info_was_sent { ok(value).with("X-Warning", WARNING) } else { ok(value) }
}

/// Adds warnings to a reply, each in a header of its own (registry.md 0.3).
pub fn warned(reply: Reply, warnings: impl IntoIterator<Item = impl Into<Cow<'static, str>>>) -> Reply {
    warnings.into_iter().fold(reply, |reply, warning| reply.with("X-Warning", warning.into()))
}
