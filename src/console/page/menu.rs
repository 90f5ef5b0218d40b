//! What surrounds every page of the Console: the header, and the menu at the left. Where there is little room the menu opens by a link.

use maud::{Markup, html};

use crate::base::id::UserId;
use crate::page::icon::{Icon, icon};
use crate::page::look;

/// A menu item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MenuItem {
    Dashboard,
    Clients,
    Authorizations,
    ApiKeys,
    Sessions,
    Password,
    Profile,
    Organizations,
    Activity,
    Review,
    Users,
    /// In the header.
    Search,
}

/// The items that stand alone, with their icons.
const ALONE: &[(MenuItem, Icon)] = &[
    (MenuItem::Dashboard, Icon::Dashboard),
    (MenuItem::Clients, Icon::Clients),
    (MenuItem::Organizations, Icon::Organization),
    (MenuItem::Activity, Icon::Activity),
];

/// A submenu: its title, its icon and its items.
type Submenu = (&'static str, Icon, &'static [MenuItem]);

/// The clients are here too: that is where The Things Stack's guide looks for them.
const USER_SETTINGS: Submenu = (
    "User settings",
    Icon::Person,
    &[MenuItem::Profile, MenuItem::Clients, MenuItem::Authorizations, MenuItem::ApiKeys, MenuItem::Sessions, MenuItem::Password],
);
const ADMINISTRATION: Submenu = ("Administration", Icon::Shield, &[MenuItem::Review, MenuItem::Users]);

impl MenuItem {
    /// Returns the item to which the page at this path belongs.
    pub fn of(path: &str) -> MenuItem {
        let alone = ALONE.iter().map(|(item, _)| item).filter(|item| **item != MenuItem::Dashboard);
        let mut items = alone.chain(USER_SETTINGS.2).chain(ADMINISTRATION.2);
        items.find(|item| path.starts_with(item.entry().0)).copied().unwrap_or(MenuItem::Dashboard)
    }

    fn entry(self) -> (&'static str, &'static str) {
        match self {
            MenuItem::Dashboard => ("/console", "Dashboard"),
            MenuItem::Clients => ("/console/clients", "OAuth clients"),
            MenuItem::Authorizations => ("/console/authorizations", "OAuth client authorizations"),
            MenuItem::ApiKeys => ("/console/api-keys", "API keys"),
            MenuItem::Sessions => ("/console/sessions", "Sessions"),
            MenuItem::Password => ("/console/password", "Password"),
            MenuItem::Profile => ("/console/profile", "Profile"),
            MenuItem::Organizations => ("/console/organizations", "Organizations"),
            MenuItem::Activity => ("/console/activity", "Activity"),
            MenuItem::Review => ("/console/review", "Review queue"),
            MenuItem::Users => ("/console/users", "Users"),
            MenuItem::Search => ("/console/search", "Search"),
        }
    }
}

/// Draws the header, with the form that signs the user out.
pub fn header(user: &UserId, sign_out: &Markup) -> Markup {
    html! {
        header .top {
            div {
                (look::brand("/console", "Console"))
                div .user {
                    a .button.quiet href=(MenuItem::Search.entry().0) aria-keyshortcuts="/ Control+K" data-search { (icon(Icon::Search)) "Search" }
                    span .who { (icon(Icon::Person)) span .hidden { "Signed in as" } " " strong { (user) } }
                    (sign_out)
                    a .button.quiet.menu-button href="#menu" { (icon(Icon::Menu)) "Menu" }
                }
            }
        }
    }
}

/// Draws the menu, with the number of clients that wait for an administrator, and below it the choice of a theme.
pub fn menu(here: MenuItem, is_admin: bool, waiting: i64, themes: &Markup) -> Markup {
    let link =
        |item: MenuItem, content: Markup| html! { a href=(item.entry().0) aria-current=[(item == here).then_some("page")] { (content) } };
    // In a submenu only what stands nowhere else is marked.
    let is_alone = |item: MenuItem| ALONE.iter().any(|(other, _)| *other == item);
    let count = |is_shown: bool| html! { @if is_shown && waiting > 0 { " " span .count data-count=(waiting) { (waiting) span .hidden { " waiting" } } } };
    let below = |item: MenuItem| {
        let text = html! { (item.entry().1) (count(item == MenuItem::Review)) };
        if is_alone(item) {
            html! { a href=(item.entry().0) { (text) } }
        } else {
            link(item, text)
        }
    };
    let submenu = |(title, sign, items): Submenu| {
        let is_open = items.iter().any(|item| *item == here && !is_alone(*item));
        // Also while it is folded.
        let hides_count = !is_open && items.contains(&MenuItem::Review);
        html! { details open[is_open] { summary { (icon(sign)) (title) (count(hides_count)) } ul { @for item in items { li { (below(*item)) } } } } }
    };
    html! {
        nav .menu id="menu" tabindex="-1" aria-label="Console" {
            a .button.quiet.menu-button href="#content" { "Close the menu" }
            ul {
                @for (item, sign) in ALONE { li { (link(*item, html! { (icon(*sign)) (item.entry().1) })) } }
                li { (submenu(USER_SETTINGS)) }
                @if is_admin { li { (submenu(ADMINISTRATION)) } }
            }
            (themes)
        }
    }
}
