//! Lists: search, order, page.

use maud::{Markup, html};

use crate::base::error::Result;
use crate::base::page::{Listed, Page, Reading};
use crate::http::form::Form;
use crate::http::pairs::with_query;
use crate::http::request::Request;
use crate::page::message;
use crate::store::{Deleted, Direction, Order, Search, TextSearch};

/// The number of items on a page if none is asked for, what is offered, and the most.
const SIZE: u32 = 25;
const SIZES: &[u32] = &[10, SIZE, 50, 100];
const MOST: u32 = 100;

/// From how many bytes on a page has no more items, where one may take many.
const LONGEST_PAGE: usize = 40 * 1024;

/// The most items of a list that is sorted by what no index has in order: each of them is read.
const SHORT: u32 = 500;

/// The order of a list with this column if none is asked for.
const UNASKED: &str = "-created";

/// The parameters that narrow a list down.
const SEARCHED: [&str; 4] = ["q", "owner", "host", "state"];

/// The longest text that can be searched for.
const LONGEST_TEXT: usize = 50;

/// The parameters of a list.
#[derive(Debug)]
pub struct Listing {
    path: String,
    form: Form,
    number: u32,
    size: u32,
}

impl Listing {
    pub fn of(request: &Request) -> Result<Listing> {
        let form = Form::of_query(request)?;
        let number = form.one("page").parse().unwrap_or(1).clamp(1, 1_000_000);
        let size = form.one("size").parse().unwrap_or(SIZE).clamp(1, MOST);
        Ok(Listing { path: request.path().to_owned(), form, number, size })
    }

    pub fn one(&self, name: &str) -> &str {
        self.form.one(name)
    }

    /// Returns whether something narrows the list down.
    pub fn is_search(&self) -> bool {
        SEARCHED.iter().any(|name| !self.one(name).is_empty())
    }

    /// Returns the address of the whole list.
    pub fn unsearched(&self) -> String {
        self.address(&unsearched())
    }

    pub fn page(&self) -> Page {
        Page::new(self.size, self.number)
    }

    /// Returns the text to search for in IDs, names and descriptions.
    pub fn query(&self) -> String {
        self.form.one("q").chars().take(LONGEST_TEXT).collect()
    }

    pub fn texts(&self) -> TextSearch {
        let query = self.query();
        TextSearch { query: (!query.is_empty()).then_some(query), ..TextSearch::default() }
    }

    /// Returns the search for users, whose e-mail address is meant where there is an `@`.
    pub fn texts_of_users(&self) -> TextSearch {
        if !self.query().contains('@') {
            return self.texts();
        }
        TextSearch { address_begins: Some(self.query().trim().to_owned()), ..TextSearch::default() }
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

    /// Returns the page asked for of a list that `read` reads. A short one is also sorted by these columns, which no index has in order: `key`
    /// returns what an item has in one.
    pub fn page_of<T, Key: Ord>(
        &self,
        read: impl Fn(Page) -> Result<Listed<T>>,
        columns: &[&str],
        key: impl Fn(&T, &str) -> Result<Key>,
    ) -> Result<Listed<T>> {
        let asked = self.form.one("sort");
        let column = asked.strip_prefix('-').unwrap_or(asked);
        let first = if columns.contains(&column) {
            Some(read(Page::new(SHORT, 1))?).filter(|all| self.if_short(all.total).is_some())
        } else {
            None
        };
        let Some(Listed { items, total }) = first else { return read(self.page()) };
        let mut keyed = items.into_iter().map(|item| Ok((key(&item, column)?, item))).collect::<Result<Vec<_>>>()?;
        keyed.sort_by(|(one, _), (other, _)| one.cmp(other));
        if asked != column {
            keyed.reverse();
        }
        let offset = usize::try_from(self.page().offset()).unwrap_or(usize::MAX);
        Ok(Listed { items: keyed.into_iter().skip(offset).take(self.size as usize).map(|(_, item)| item).collect(), total })
    }

    /// Returns this, if a list of so many items is short.
    pub fn if_short(&self, total: i64) -> Option<&Listing> {
        (total <= i64::from(SHORT)).then_some(self)
    }

    /// Draws the head of a sortable column: a link that sorts by it, or reverses the order.
    pub fn head(&self, name: &str, text: &str) -> Markup {
        let asked = Some(self.form.one("sort")).filter(|asked| !asked.is_empty()).unwrap_or(UNASKED);
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
        let links = self.links("of", &unsearched(), choices, "page");
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

    /// Draws items that may take much each, as many as a page may have, at least one.
    pub fn drawn_while_light<T>(found: Reading<'_, T>, draw: impl Fn(&T) -> Result<Markup>) -> Result<Listed<(T, Markup)>> {
        Ok(Listed { items: drawn_while_light(found.items, LONGEST_PAGE, draw)?, total: found.total })
    }

    /// Draws the items of a page with links to the others; or that there is no such page, or what `none` says if there are no items at all.
    pub fn shown<T>(
        &self,
        found: Listed<T>,
        table: impl FnOnce(Vec<T>) -> Result<Markup>,
        none: impl FnOnce() -> Markup,
    ) -> Result<Markup> {
        let Listed { items, total } = found;
        let (count, is_empty) = (items.len(), items.is_empty());
        Ok(html! {
            @if !is_empty { (table(items)?) }
            @else if total > 0 { (self.beyond(total)) }
            @else { (none()) }
            @if !is_empty { (self.pager(total, count)) }
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
        (total + i64::from(self.size) - 1) / i64::from(self.size)
    }

    /// Draws links to the previous and the next page, and to pages of other sizes. A page with fewer items than it has room for ended early.
    fn pager(&self, total: i64, shown: usize) -> Markup {
        let (pages, number, page) = (self.pages(total), i64::from(self.number), self.page());
        let (before, shown_to) = (page.offset(), page.offset() + i64::try_from(shown).unwrap_or_default());
        let ends_early = shown < self.size as usize && shown_to < total;
        let next = if ends_early { Some(page.after_only(shown)) } else { page.after(total) };
        let next = next.map(|next| next.parameters().map(|(_, value)| value.to_string()));
        let to = |number: i64| self.address(&[("page", &number.to_string())]);
        html! {
            @if pages > 1 || total > i64::from(SIZES[0]) || ends_early {
                nav .pager aria-label="Pages" {
                    @if number > 1 { a rel="prev" href=(to(number - 1)) { "Previous" } }
                    @if ends_early { span { (before + 1) " to " (shown_to) " of " (total) } }
                    @else if pages > 1 { span { "Page " (number) " of " (pages) ", " (total) " in all" } }
                    @if let Some([size, number]) = next { a rel="next" href=(self.address(&[("size", &size), ("page", &number)])) { "Next" } }
                    span .sizes {
                        "Rows: "
                        @for size in SIZES.iter().filter(|size| i64::from(**size) < total || **size <= self.size) {
                            @let text = size.to_string();
                            a href=(self.address(&[("size", &text), ("page", "")])) aria-label={(size) " rows a page"} aria-current=[(*size == self.size).then_some("true")] { (size) } " "
                        }
                    }
                }
            }
        }
    }

    /// Draws the search field. The rest of the address stays as it is, except the page number.
    pub fn search(&self, text: &str) -> Markup {
        self.search_form(text, false, &[])
    }

    /// Draws the same for a page that is opened to search.
    pub fn focused_search(&self, text: &str) -> Markup {
        self.search_form(text, true, &[])
    }

    /// Draws the same with further fields: name and text of each.
    pub fn search_with(&self, text: &str, fields: &[(&str, &str)]) -> Markup {
        self.search_form(text, false, fields)
    }

    fn search_form(&self, text: &str, has_focus: bool, fields: &[(&str, &str)]) -> Markup {
        html! {
            form .search role="search" action=(self.path) {
                label .hidden for="q" { (text) }
                input id="q" name="q" type="search" value=(self.query()) maxlength=(LONGEST_TEXT) placeholder=(text) autofocus[has_focus];
                @for name in ["of", "state", "sort", "size"] {
                    @if !self.form.one(name).is_empty() { input type="hidden" name=(name) value=(self.form.one(name)); }
                }
                @for (name, text) in fields {
                    label .hidden for=(name) { (text) }
                    input id=(name) name=(name) type="search" value=(self.form.one(name)) maxlength="200" placeholder=(text);
                }
                button { "Search" }
            }
        }
    }

    /// Returns the address of this list with other parameters; an empty value removes one.
    pub fn address(&self, changed: &[(&str, &str)]) -> String {
        let names = ["of"].into_iter().chain(SEARCHED).chain(["sort", "size", "page"]);
        let value = |name| changed.iter().find(|(changed, _)| *changed == name).map_or(self.form.one(name), |(_, value)| *value);
        with_query(&self.path, names.map(|name| (name, value(name))))
    }
}

/// Returns what an address has to change to, so that nothing narrows its list down.
fn unsearched() -> Vec<(&'static str, &'static str)> {
    SEARCHED.into_iter().chain(["page"]).map(|name| (name, "")).collect()
}

/// Draws items until they have more than `longest` bytes, at least one.
pub fn drawn_while_light<T>(
    items: impl IntoIterator<Item = Result<T>>,
    longest: usize,
    draw: impl Fn(&T) -> Result<Markup>,
) -> Result<Vec<(T, Markup)>> {
    let (mut light, mut bytes) = (Vec::new(), 0);
    for item in items {
        let item = item?;
        let drawn = draw(&item)?;
        bytes += drawn.0.len();
        if !light.is_empty() && bytes > longest {
            break;
        }
        light.push((item, drawn));
    }
    Ok(light)
}
