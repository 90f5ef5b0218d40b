//! Error pages inside the Console, with the menu and the user. What was deleted is offered to those who may restore it.

use maud::{Markup, html};

use crate::base::error::{Error, Result};
use crate::call::{Call, Input};
use crate::console::form::deletion;
use crate::console::page::layout::{Layout, title};
use crate::console::page::menu::MenuItem;
use crate::console::page::paths;
use crate::failure;
use crate::http::reply::Reply;

pub fn page(call: &Call<'_>, input: &Input<'_>, error: &Error) -> Result<Reply> {
    let layout = Layout::of(call, input)?;
    let (kind, _) = failure::body(input.request, error);
    let (heading, explained) = failure::explained(input.request, error);
    let (heading, content) = match deleted(&layout, input)? {
        Some((name, offer)) => (format!("{name} is deleted"), offer),
        None => (heading.to_owned(), explained),
    };
    Ok(failure::with_headers(layout.page(kind.status(), MenuItem::of(input.request.path()), &heading, &content), error))
}

/// Returns the ID of what the page was about, and what can be done with it, if it is deleted and the user may restore or purge it.
fn deleted(layout: &Layout<'_>, input: &Input<'_>) -> Result<Option<(String, Markup)>> {
    let Ok(entity) = paths::entity(input) else { return Ok(None) };
    if !input.request.path().starts_with(&paths::path(&entity)) {
        return Ok(None);
    }
    let Some(offer) = deletion::offer(layout, &entity)? else { return Ok(None) };
    let content = html! { (title(&format!("{} is deleted", entity.as_str()), &html! {})) (offer) };
    Ok(Some((entity.as_str().to_owned(), content)))
}
