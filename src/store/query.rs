//! Builds queries from conditions, for lists and searches.

use rusqlite::ToSql;

use crate::base::error::Result;
use crate::base::id::AccountId;
use crate::base::page::{Listed, Page};
use crate::base::time::Time;
use crate::model::choice::State;
use crate::store::pattern::index_query;
use crate::store::sql::Cells;
use crate::store::transaction::Tx;

/// Whether deleted rows are included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deleted {
    No,
    Yes,
    Either,
}

impl Deleted {
    /// Returns the condition on the table `t`.
    pub(super) fn condition(self) -> &'static str {
        match self {
            Deleted::No => "t.deleted_at IS NULL",
            Deleted::Yes => "t.deleted_at IS NOT NULL",
            Deleted::Either => "TRUE",
        }
    }

    /// Returns whether a row with this time of deletion is included.
    pub(super) fn includes(self, deleted_at: Option<Time>) -> bool {
        match self {
            Deleted::No => deleted_at.is_none(),
            Deleted::Yes => deleted_at.is_some(),
            Deleted::Either => true,
        }
    }

    /// Returns the condition on the table `name`, which only has `is_live`.
    pub(super) fn condition_on_live(self, name: &str) -> String {
        match self {
            Deleted::No => format!("{name}.is_live = 1"),
            Deleted::Yes => format!("{name}.is_live = 0"),
            Deleted::Either => "TRUE".to_owned(),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    Ascending,
    Descending,
}

/// The order of a list; ties are broken by ID in the same direction (registry.md 1.5).
#[derive(Clone, Copy, Debug)]
pub struct Order<Key> {
    pub by: Key,
    pub direction: Direction,
}

/// A list or a search of clients, users or organizations. All conditions must hold.
#[derive(Clone, Debug)]
pub struct Search<Key> {
    pub deleted: Deleted,
    pub texts: TextSearch,
    /// Any of these; all if empty, as always for organizations, which have no state.
    pub states: Vec<State>,
    pub order: Order<Key>,
    pub page: Page,
}

impl<Key> Search<Key> {
    /// Returns the search for all live ones.
    pub fn live(by: Key, direction: Direction, page: Page) -> Search<Key> {
        Search { deleted: Deleted::No, texts: TextSearch::default(), states: Vec::new(), order: Order { by, direction }, page }
    }

    /// Returns whether it has other conditions than being live or deleted.
    pub(super) fn is_narrowed(&self) -> bool {
        !self.texts.is_empty() || !self.states.is_empty()
    }

    /// Adds the conditions on texts of the table `t`, and on the state in this column.
    pub(super) fn narrow<'v>(&'v self, query: &mut SelectQuery<'v>, searched: &Searched, state: &str) {
        self.texts.narrow(query, searched);
        if !self.states.is_empty() {
            let numbers: Vec<String> = self.states.iter().map(|state| state.number().to_string()).collect();
            query.only_if(format!("{state} IN ({})", numbers.join(", ")));
        }
    }
}

/// The conditions on texts and attributes of every search. Texts are patterns (`store::pattern`); all conditions must hold.
#[derive(Clone, Debug, Default)]
pub struct TextSearch {
    /// In the ID, the name or the description.
    pub query: Option<String>,
    pub id_contains: Option<String>,
    pub name_contains: Option<String>,
    pub description_contains: Option<String>,
    /// Key and pattern.
    pub attributes_contain: Vec<(String, String)>,
    /// Of clients: a collaborator.
    pub collaborator: Option<AccountId>,
    /// Of clients: the host of a redirect URI.
    pub redirect_host: Option<RedirectHost>,
    /// Of users: what the e-mail address begins with.
    pub address_begins: Option<String>,
}

/// A host, and the key by which clients with it are found (`registry::likeness`).
#[derive(Clone, Debug)]
pub struct RedirectHost {
    pub host: String,
    pub key: String,
}

/// What a [`TextSearch`] searches.
pub struct Searched {
    /// The column with the ID.
    pub id: &'static str,
    pub number: &'static str,
    /// Selects the numbers of those that the text index finds for `:indexed`.
    pub indexed: &'static str,
}

impl TextSearch {
    /// Returns whether there are no conditions.
    pub(super) fn is_empty(&self) -> bool {
        let TextSearch {
            query,
            id_contains,
            name_contains,
            description_contains,
            attributes_contain,
            collaborator,
            redirect_host,
            address_begins,
        } = self;
        let texts = [query, id_contains, name_contains, description_contains, address_begins];
        let is_for_all = attributes_contain.is_empty() && collaborator.is_none() && redirect_host.is_none();
        is_for_all && texts.iter().all(|text| text.is_none())
    }

    /// Adds its conditions on the table `t`.
    pub(super) fn narrow<'v>(&'v self, query: &mut SelectQuery<'v>, searched: &Searched) {
        let Searched { id, number, indexed: numbers } = searched;
        let texts: [(&str, &Option<String>, &[&str]); 4] = [
            (":query", &self.query, &[id, "name", "description"]),
            (":id_contains", &self.id_contains, &[id]),
            (":name_contains", &self.name_contains, &["name"]),
            (":description_contains", &self.description_contains, &["description"]),
        ];
        let mut indexed: Vec<String> = Vec::new();
        for (name, pattern, columns) in texts {
            let Some(pattern) = pattern else { continue };
            indexed.extend(index_query(pattern));
            let any: Vec<String> = columns.iter().map(|column| format!("contains(t.{column}, {name})")).collect();
            query.only_if(format!("({})", any.join(" OR "))).with(name, pattern);
        }
        if !indexed.is_empty() {
            query.only_if(format!("t.{number} IN ({numbers})")).with(":indexed", indexed.join(" AND "));
        }
        for (n, (key, pattern)) in self.attributes_contain.iter().enumerate() {
            query.only_if("t.attributes IS NOT NULL");
            query.only_if(format!(
                "EXISTS (SELECT 1 FROM json_each(t.attributes) a WHERE a.key = :key{n} AND contains(a.value, :value{n}))"
            ));
            query.with(format!(":key{n}"), key).with(format!(":value{n}"), pattern);
        }
    }
}

/// Conditions and their values.
pub(super) struct SelectQuery<'v> {
    /// After `FROM`.
    pub from: &'static str,
    pub conditions: Vec<String>,
    pub values: Vec<(String, Box<dyn ToSql + 'v>)>,
}

impl<'v> SelectQuery<'v> {
    pub fn from(from: &'static str) -> SelectQuery<'v> {
        SelectQuery { from, conditions: Vec::new(), values: Vec::new() }
    }

    pub fn only_if(&mut self, condition: impl Into<String>) -> &mut Self {
        self.conditions.push(condition.into());
        self
    }

    pub fn with(&mut self, name: impl Into<String>, value: impl ToSql + 'v) -> &mut Self {
        self.values.push((name.into(), Box::new(value)));
        self
    }

    /// Returns one page, and the number of rows on all pages.
    pub fn page<T>(
        &self,
        tx: &Tx<'_>,
        columns: &str,
        order: &str,
        page: Page,
        read: impl Fn(&mut Cells<'_>) -> rusqlite::Result<T>,
    ) -> Result<Listed<T>> {
        self.page_counted(tx, columns, order, page, read, || self.count(tx))
    }

    /// The same, where `count` returns the number of rows; called only if the page does not tell it.
    pub fn page_counted<T>(
        &self,
        tx: &Tx<'_>,
        columns: &str,
        order: &str,
        page: Page,
        read: impl Fn(&mut Cells<'_>) -> rusqlite::Result<T>,
        count: impl FnOnce() -> Result<i64>,
    ) -> Result<Listed<T>> {
        let items = self.rows(tx, columns, order, page.limit(), page.offset(), read)?;
        let total = page.total(items.len()).map_or_else(count, Ok)?;
        Ok(Listed { items, total })
    }

    /// Returns the number of rows.
    pub fn count(&self, tx: &Tx<'_>) -> Result<i64> {
        tx.value(&format!("SELECT count(*) FROM {} WHERE {}", self.from, self.condition()), &self.parameters(&[]))
    }

    /// Returns at most `most` rows.
    pub fn all<T>(
        &self,
        tx: &Tx<'_>,
        columns: &str,
        order: &str,
        most: Option<u32>,
        read: impl Fn(&mut Cells<'_>) -> rusqlite::Result<T>,
    ) -> Result<Vec<T>> {
        // SQLite takes a negative limit for none.
        self.rows(tx, columns, order, most.map_or(-1, i64::from), 0, read)
    }

    /// Returns at most `limit` rows after the first `offset`.
    pub fn rows<T>(
        &self,
        tx: &Tx<'_>,
        columns: &str,
        order: &str,
        limit: i64,
        offset: i64,
        read: impl Fn(&mut Cells<'_>) -> rusqlite::Result<T>,
    ) -> Result<Vec<T>> {
        tx.all(&self.select(columns, order), &self.parameters(&[(":limit", &limit), (":offset", &offset)]), read)
    }

    /// Returns the statement for the page that `:limit` and `:offset` say.
    pub fn select(&self, columns: &str, order: &str) -> String {
        format!("SELECT {columns} FROM {} WHERE {} ORDER BY {order} LIMIT :limit OFFSET :offset", self.from, self.condition())
    }

    fn condition(&self) -> String {
        if self.conditions.is_empty() { "TRUE".to_owned() } else { self.conditions.join(" AND ") }
    }

    fn parameters<'a>(&'a self, more: &[(&'a str, &'a dyn ToSql)]) -> Vec<(&'a str, &'a dyn ToSql)> {
        self.values.iter().map(|(name, value)| (name.as_str(), &**value as &dyn ToSql)).chain(more.iter().copied()).collect()
    }
}

/// Returns `ORDER BY` for a column that may be NULL: NULL comes last, or first in descending order; ties are broken by `id`.
pub fn order_by(column: &str, id: &str, direction: Direction) -> String {
    match (column == id, direction) {
        (true, Direction::Ascending) => id.to_owned(),
        (true, Direction::Descending) => format!("{id} DESC"),
        (false, Direction::Ascending) => format!("{column} NULLS LAST, {id}"),
        (false, Direction::Descending) => format!("{column} DESC NULLS FIRST, {id} DESC"),
    }
}
