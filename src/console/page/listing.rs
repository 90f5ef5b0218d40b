//! Lists: what is searched for, how it is sorted, which page is shown.

use maud::{Markup, html};

use crate::base::error::Result;
use crate::base::page::Page;
use crate::base::uri::form_encoded;
use crate::http::form::Form;
use crate::http::request::Request;
use crate::store::{Deleted, Direction, Order, TextSearch};

/// How many items a page of a list has.
const SIZE: u32 = 25;

/// The longest text that can be searched for.
const LONGEST_TEXT: usize = 50;

/// What the address of a list asks for.
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

    /// What is searched for in IDs, names and descriptions.
    pub fn query(&self) -> String {
        self.form.one("q").chars().take(LONGEST_TEXT).collect()
    }

    pub fn texts(&self) -> TextSearch {
        let query = self.query();
        TextSearch { query: (!query.is_empty()).then_some(query), ..TextSearch::default() }
    }

    /// The order asked for: `name`, or `-name` for the other direction.
    pub fn order<Key: Copy>(&self, keys: &[(&str, Key)], unasked: Order<Key>) -> Order<Key> {
        let asked = self.form.one("sort");
        let name = asked.strip_prefix('-').unwrap_or(asked);
        let direction = if asked.starts_with('-') { Direction::Descending } else { Direction::Ascending };
        keys.iter().find(|(known, _)| *known == name).map_or(unasked, |(_, by)| Order { by: *by, direction })
    }

    /// The head of a column that sorts. `first` is the direction in which it is sorted when it is asked for first.
    pub fn head(&self, name: &str, text: &str) -> Markup {
        let asked = self.form.one("sort");
        let (next, sorted) = match asked.strip_prefix('-') {
            Some(asked) if asked == name => (name.to_owned(), Some("descending")),
            None if asked == name => (format!("-{name}"), Some("ascending")),
            _ => (name.to_owned(), None),
        };
        html! { th scope="col" aria-sort=[sorted] { a href=(self.address(&[("sort", &next), ("page", "")])) { (text) } } }
    }

    /// Ways to the pages before and after this one.
    pub fn pager(&self, total: i64) -> Markup {
        let pages = (total + i64::from(SIZE) - 1) / i64::from(SIZE);
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

    /// A field to search with. What else the address asks for stays, but the page.
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

    /// This list with something else asked for; an empty value asks for nothing.
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

/// Live ones or deleted ones.
pub fn which(listing: &Listing, deleted: Deleted) -> Markup {
    let tab = |here: Deleted, value: &str, text: &str| {
        let address = listing.address(&[("of", value), ("page", ""), ("q", "")]);
        html! { a href=(address) aria-current=[(deleted == here).then_some("page")] { (text) } }
    };
    html! { nav .tabs aria-label="Which" { (tab(Deleted::No, "", "Live")) (tab(Deleted::Yes, "deleted", "Deleted")) } }
}
