//! What a page tells its reader: a text, and a name by which programs find it whatever its wording.
//!
//! The names are attributes: `data-message` here, `data-error` for the name of an error, `data-problem` for the field of a form that it is
//! about, `data-item` for the row of a list, and `data-state` for a state.

use maud::{Markup, Render, html};

/// Draws what was just done.
pub fn success(name: &str, text: impl Render) -> Markup {
    html! { p .alert.success role="status" data-message=(name) { (text) } }
}

pub fn warning(name: &str, text: impl Render) -> Markup {
    html! { p .warning data-message=(name) { (text) } }
}

pub fn note(name: &str, text: impl Render) -> Markup {
    html! { p .note data-message=(name) { (text) } }
}

/// Draws what is shown instead of a list without items.
pub fn empty(name: &str, text: impl Render) -> Markup {
    html! { div .empty data-message=(name) { (text) } }
}

/// Draws what stands between backticks as code.
pub fn with_code(text: &str) -> Markup {
    html! { @for (n, part) in text.split('`').enumerate() { @if n % 2 == 1 { code { (part) } } @else { (part) } } }
}
