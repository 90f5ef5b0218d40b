//! Tables. The label over a column also labels its cells where they are below each other.

use maud::{Markup, html};

use crate::console::page::listing::Listing;

/// A table, described column by column.
pub struct Table<'a, T> {
    caption: &'static str,
    columns: Vec<Column<'a, T>>,
    /// Returns the ID of an item.
    id: fn(&T) -> String,
}

struct Column<'a, T> {
    head: Markup,
    /// `None` over buttons.
    label: Option<&'static str>,
    class: Option<&'static str>,
    cell: Box<dyn Fn(&T) -> Markup + 'a>,
}

/// Up to how many letters a word has room in every column.
const LONGEST_WHOLE: usize = 20;

/// Draws a word that is not broken; a long one is, because it may be wider than its column can be.
pub fn whole(word: &str) -> Markup {
    html! { @if word.len() <= LONGEST_WHOLE { span .word { (word) } } @else { (word) } }
}

impl<'a, T> Table<'a, T> {
    pub fn new(caption: &'static str, id: fn(&T) -> String) -> Table<'a, T> {
        Table { caption, columns: Vec::new(), id }
    }

    fn with(mut self, head: Markup, label: Option<&'static str>, cell: impl Fn(&T) -> Markup + 'a) -> Table<'a, T> {
        self.columns.push(Column { head, label, class: None, cell: Box::new(cell) });
        self
    }

    pub fn column(self, label: &'static str, cell: impl Fn(&T) -> Markup + 'a) -> Table<'a, T> {
        self.with(html! { th scope="col" { (label) } }, Some(label), cell)
    }

    /// Adds a column by which the list sorts, under this name.
    pub fn sorted(self, listing: &Listing, name: &str, label: &'static str, cell: impl Fn(&T) -> Markup + 'a) -> Table<'a, T> {
        self.with(listing.head(name, label), Some(label), cell)
    }

    /// Adds a column by which only a short list sorts, because no index has its order.
    pub fn sorted_if(self, short: Option<&Listing>, name: &str, label: &'static str, cell: impl Fn(&T) -> Markup + 'a) -> Table<'a, T> {
        match short {
            Some(listing) => self.sorted(listing, name, label, cell),
            None => self.column(label, cell),
        }
    }

    /// Adds the last column, with buttons for what can be done with an item.
    pub fn actions(self, cell: impl Fn(&T) -> Markup + 'a) -> Table<'a, T> {
        self.with(html! { th scope="col" { span .hidden { "Actions" } } }, None, cell).class("actions")
    }

    /// Gives the cells of the last column a class.
    pub fn class(mut self, class: &'static str) -> Table<'a, T> {
        if let Some(column) = self.columns.last_mut() {
            column.class = Some(class);
        }
        self
    }

    pub fn show(&self, items: &[T]) -> Markup {
        html! {
            div .table {
                table {
                    caption .hidden { (self.caption) }
                    thead { tr { @for column in &self.columns { (column.head) } } }
                    tbody {
                        @for item in items {
                            tr data-item=((self.id)(item)) { @for column in &self.columns { td class=[column.class] data-label=[column.label] { ((column.cell)(item)) } } }
                        }
                    }
                }
            }
        }
    }
}

impl<T> std::fmt::Debug for Table<'_, T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.caption)
    }
}
