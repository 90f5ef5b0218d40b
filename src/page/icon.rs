//! The icons, as inline SVG of our own: lines of one width on a grid of 20, in the colour of the text beside them.

use maud::{Markup, PreEscaped, html};

/// An icon, by what it stands for. It only repeats what the text beside it says, so screen readers pass over it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Icon {
    Activity,
    Add,
    Clients,
    Clock,
    Copy,
    Dashboard,
    Download,
    Done,
    Key,
    Menu,
    Organization,
    Person,
    Review,
    Search,
    Shield,
    Theme,
    Warning,
}

impl Icon {
    /// Returns the path that is drawn.
    fn path(self) -> &'static str {
        match self {
            Icon::Activity => "M2 10h4l2.5-6 4 12L15 10h3",
            Icon::Add => "M10 4v12M4 10h12",
            Icon::Clients => "M3 3h5.5v5.5H3zM11.5 3H17v5.5h-5.5zM3 11.5h5.5V17H3zM14.2 11.5v5.4M11.5 14.2h5.4",
            Icon::Clock => "M10 2.5a7.5 7.5 0 1 1 0 15 7.5 7.5 0 0 1 0-15M10 6v4.3l2.8 1.7",
            Icon::Copy => "M7 7h10v10H7zM13 7V3H3v10h4",
            Icon::Dashboard => "M3 17h14M5.5 17v-5M10 17V4M14.5 17V8",
            Icon::Download => "M10 3v9M6 8.5l4 4 4-4M3 16.5h14",
            Icon::Done => "M4 10.5l4 4 8-9",
            Icon::Key => "M6.8 9.5a3.8 3.8 0 1 1 0 7.6 3.8 3.8 0 0 1 0-7.6M9.6 10.5 17 3.1M13.2 7l2.6 2.6",
            Icon::Menu => "M3 5.5h14M3 10h14M3 14.5h14",
            Icon::Organization => "M4 17V3h7v14M11 8h5v9M2.5 17h15M6.5 6.5h2M6.5 10h2M6.5 13.5h2M13.5 11.5v2",
            Icon::Person => "M10 3a3.5 3.5 0 1 1 0 7 3.5 3.5 0 0 1 0-7M3 17.5c.6-3.5 3.3-5 7-5s6.4 1.5 7 5",
            Icon::Review => "M3 10v6.5h14V10M3 10l2.5-6.5h9L17 10M3 10h4.5l1 2.5h3l1-2.5H17",
            Icon::Search => "M8.5 3a5.5 5.5 0 1 1 0 11 5.5 5.5 0 0 1 0-11M12.7 12.7 17 17",
            Icon::Shield => "M10 2.5 16.5 5v4.5c0 4-2.6 6.7-6.5 8-3.9-1.3-6.5-4-6.5-8V5z",
            Icon::Theme => "M10 3a7 7 0 1 0 0 14zM10 3a7 7 0 0 1 0 14",
            Icon::Warning => "M10 3 18 16.5H2zM10 8v4M10 14.2v.3",
        }
    }
}

/// Draws an icon.
pub fn icon(icon: Icon) -> Markup {
    html! { svg .icon viewBox="0 0 20 20" aria-hidden="true" { path d=(icon.path()) {} } }
}

/// The mark of the product: a key on its ring.
const MARK: &str = include_str!("icon.svg");

/// Draws the mark of the product, beside its name.
pub fn mark() -> Markup {
    html! { span .mark aria-hidden="true" { (PreEscaped(MARK)) } }
}
