//! The icons, as inline SVG of our own: lines of one width on a grid of 20, in the colour of the text beside them.

use maud::{Markup, PreEscaped, html};

/// An icon, by what it stands for. It only repeats what the text beside it says, so screen readers pass over it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Icon {
    Activity,
    Clients,
    Dashboard,
    Menu,
    Organization,
    Person,
    Search,
    Shield,
}

impl Icon {
    /// Returns the path that is drawn.
    fn path(self) -> &'static str {
        match self {
            Icon::Activity => "M2 10h4l2.5-6 4 12L15 10h3",
            Icon::Clients => "M3 3h5.5v5.5H3zM11.5 3H17v5.5h-5.5zM3 11.5h5.5V17H3zM14.2 11.5v5.4M11.5 14.2h5.4",
            Icon::Dashboard => "M3 17h14M5.5 17v-5M10 17V4M14.5 17V8",
            Icon::Menu => "M3 5.5h14M3 10h14M3 14.5h14",
            Icon::Organization => "M4 17V3h7v14M11 8h5v9M2.5 17h15M6.5 6.5h2M6.5 10h2M6.5 13.5h2M13.5 11.5v2",
            Icon::Person => "M10 3a3.5 3.5 0 1 1 0 7 3.5 3.5 0 0 1 0-7M3 17.5c.6-3.5 3.3-5 7-5s6.4 1.5 7 5",
            Icon::Search => "M9 3a6 6 0 1 1 0 12A6 6 0 0 1 9 3m4.3 10.3L17.5 17.5",
            Icon::Shield => "M10 2.5 16.5 5v4.5c0 4-2.6 6.7-6.5 8-3.9-1.3-6.5-4-6.5-8V5z",
        }
    }
}

/// Draws an icon.
pub fn icon(icon: Icon) -> Markup {
    html! { svg .icon viewBox="0 0 20 20" aria-hidden="true" { path d=(icon.path()) {} } }
}

/// The mark of the product, a key on its ring: the icon of every page, at [`MARK_PATH`].
pub const MARK: &str = include_str!("icon.svg");

/// The same as pixels, for what shows no page and for browsers that look for no other.
pub const FAVICON: &[u8] = include_bytes!("favicon.ico");

/// Where the mark lies.
pub const MARK_PATH: &str = "/assets/icon.svg";

/// Draws the mark of the product, beside its name.
pub fn mark() -> Markup {
    html! { span .mark aria-hidden="true" { (PreEscaped(MARK)) } }
}
