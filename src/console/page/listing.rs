//! Lists: search, order, page.

use maud::{Markup, html};

use crate::base::error::Result;
use crate::base::page::{Listed, Page};
use crate::base::uri::form_encoded;
use crate::http::form::Form;
use crate::http::request::Request;
use crate::page::message;
use crate::store::{Deleted, Direction, Order, Search, TextSearch};

/// The number of items on a page.
const SIZE: u32 = 25;

/// The longest text that can be searched for.
const LONGEST_TEXT: usize = 50;

/// The parameters of a list.
#[derive(Debug)]
pub struct Listing {
    path: String,
    form: Form,
    number: u32,
}

impl Listing {
    pub fn of(request: &Request) -> Result<Listing> {
        let form = Form::of_query(request)?;
        let number = form.one("page").parse().unwrap_or(1).clamp(1, 1_000_000);
        Ok(Listing { path: request.path().to_owned(), form, number })
    }

    pub fn one(&self, name: &str) -> &str {
        self.form.one(name)
    }

    pub fn page(&self) -> Page {
        Page::new(SIZE, self.number)
    }

    /// Returns the text to search for in IDs, names and descriptions.
    pub fn query(&self) -> String {
        self.form.one("q").chars().take(LONGEST_TEXT).collect()
    }

    pub fn texts(&self) -> TextSearch {
        let query = self.query();
        TextSearch { query: (!query.is_empty()).then_some(query), ..TextSearch::default() }
    }

    /// Returns the order asked for: `name`, or `-name` for the other direction.
    pub fn order<Key: Copy>(&self, keys: &[(&str, Key)], unasked: Order<Key>) -> Order<Key> {
        let asked = self.form.one("sort");
        let name = asked.strip_prefix('-').unwrap_or(asked);
        let direction = if asked.starts_with('-') { Direction::Descending } else { Direction::Ascending };
        keys.iter().find(|(known, _)| *known == name).map_or(unasked, |(_, by)| Order { by: *by, direction })
    }

    /// Returns the search, newest first by default. `created_at` is the key of the creation time.
    pub fn wanted<Key: Copy>(&self, keys: &[(&str, Key)], created_at: Key) -> Search<Key> {
        let order = self.order(keys, Order { by: created_at, direction: Direction::Descending });
        Search { deleted: self.deleted(), texts: self.texts(), states: Vec::new(), order, page: self.page() }
    }

    /// Draws the head of a sortable column: a link that sorts by it, or reverses the order.
    pub fn head(&self, name: &str, text: &str) -> Markup {
        let asked = self.form.one("sort");
        let (next, sorted) = match asked.strip_prefix('-') {
            Some(asked) if asked == name => (name.to_owned(), Some("descending")),
            None if asked == name => (format!("-{name}"), Some("ascending")),
            _ => (name.to_owned(), None),
        };
        html! { th scope="col" aria-sort=[sorted] { a href=(self.address(&[("sort", &next), ("page", "")])) { (text) } } }
    }

    /// Returns whether deleted entities are listed.
    pub fn deleted(&self) -> Deleted {
        if self.one("of") == "deleted" { Deleted::Yes } else { Deleted::No }
    }

    /// Draws tabs for live and deleted entities.
    pub fn deleted_tabs(&self) -> Markup {
        self.tabs("Which", &[("", "Live"), ("deleted", "Deleted")])
    }

    /// Draws tabs that choose which entities are listed. Each begins a new search.
    pub fn tabs(&self, label: &str, choices: &[(&str, &str)]) -> Markup {
        let links = self.links("of", &[("page", ""), ("state", ""), ("q", "")], choices, "page");
        html! { nav .tabs aria-label=(label) { (links) } }
    }

    /// Draws chips for the values of a parameter.
    pub fn chips(&self, label: &str, name: &str, choices: &[(&str, &str)]) -> Markup {
        html! { nav .chips aria-label=(label) { (self.links(name, &[("page", "")], choices, "true")) } }
    }

    fn links(&self, name: &str, reset: &[(&str, &str)], choices: &[(&str, &str)], current: &str) -> Markup {
        let address = |value: &str| self.address(&[&[(name, value)], reset].concat());
        html! {
            @for (value, text) in choices { a href=(address(value)) aria-current=[(self.one(name) == *value).then_some(current)] { (text) } }
        }
    }

    /// Draws the items of a page with links to the others; or that there is no such page, or what `none` says if there are no items at all.
    pub fn shown<T>(
        &self,
        found: Listed<T>,
        table: impl FnOnce(Vec<T>) -> Result<Markup>,
        none: impl FnOnce() -> Markup,
    ) -> Result<Markup> {
        let Listed { items, total } = found;
        let is_empty = items.is_empty();
        Ok(html! {
            @if !is_empty { (table(items)?) }
            @else if total > 0 { (self.beyond(total)) }
            @else { (none()) }
            @if !is_empty { (self.pager(total)) }
        })
    }

    fn beyond(&self, total: i64) -> Markup {
        let last = self.address(&[("page", &self.pages(total).to_string())]);
        message::empty(
            "no-such-page",
            html! {
                p { "There is no page " (self.number) ": the list ends with page " (self.pages(total)) "." }
                p { a href=(last) { "Go to the last page" } }
            },
        )
    }

    fn pages(&self, total: i64) -> i64 {
        (total + i64::from(SIZE) - 1) / i64::from(SIZE)
    }

    /// Draws links to the previous and the next page.
    fn pager(&self, total: i64) -> Markup {
        let pages = self.pages(total);
        let number = i64::from(self.number);
        let to = |number: i64| self.address(&[("page", &number.to_string())]);
        html! {
            @if pages > 1 {
                nav .pager aria-label="Pages" {
                    @if number > 1 { a rel="prev" href=(to(number - 1)) { "Previous" } }
                    span { "Page " (number) " of " (pages) ", " (total) " in all" }
                    @if number < pages { a rel="next" href=(to(number + 1)) { "Next" } }
                }
            }
        }
    }

    /// Draws the search field. The rest of the address stays as it is, except the page number.
    pub fn search(&self, text: &str) -> Markup {
        html! {
            form .search role="search" action=(self.path) {
                label .hidden for="q" { (text) }
                input id="q" name="q" type="search" value=(self.query()) maxlength=(LONGEST_TEXT) placeholder=(text);
                @for name in ["of", "state", "sort"] {
                    @if !self.form.one(name).is_empty() { input type="hidden" name=(name) value=(self.form.one(name)); }
                }
                button { "Search" }
            }
        }
    }

    /// Returns the address of this list with other parameters; an empty value removes one.
    pub fn address(&self, changed: &[(&str, &str)]) -> String {
        let names = ["of", "q", "state", "sort", "page"];
        let value =
            |name: &str| changed.iter().find(|(changed, _)| *changed == name).map_or(self.form.one(name), |(_, value)| value).to_owned();
        let pairs: Vec<String> = names
            .iter()
            .map(|name| (name, value(name)))
            .filter(|(_, value)| !value.is_empty())
            .map(|(name, value)| format!("{name}={}", form_encoded(value.as_bytes())))
            .collect();
        if pairs.is_empty() { self.path.clone() } else { format!("{}?{}", self.path, pairs.join("&")) }
    }
}
