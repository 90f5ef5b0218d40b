//! Reads query parameters (registry.md 0.5).

use crate::base::error::{Error, Result};
use crate::base::page::Page;
use crate::base::validation::Invalid;
use crate::call::Input;
use crate::http::pairs::Pairs;
use crate::model::bounds::PAGE;
use crate::model::choice::{STATES, State};
use crate::model::field::{Field, Purpose};
use crate::model::mask::Mask;
use crate::model::shape::{check_attributes, check_text, is_spelling};
use crate::store::{Deleted, Direction, Order, Search, TextSearch};

/// The longest text to search for, in characters.
pub const LONGEST_TEXT: usize = 50;

/// Names and values as sent. Names are dotted paths whose parts are snake_case or lowerCamelCase; unknown ones are ignored.
pub struct Query(Pairs);

/// What a list can be sorted by, with the names of the orders as a refusal lists them. A leading `-` is descending.
pub type Orders<Key> = &'static [(&'static [&'static str], Key)];

/// What a flag may be.
pub const NO: [&str; 6] = ["false", "0", "f", "F", "FALSE", "False"];
pub const YES: [&str; 6] = ["true", "1", "t", "T", "TRUE", "True"];

impl Query {
    pub fn of(input: &Input<'_>) -> Result<Query> {
        Pairs::of_query(input.request).map(Query)
    }

    /// Returns every value of a parameter, in the order sent.
    pub fn all(&self, name: &str) -> Result<Vec<&str>> {
        if self.0.iter().any(|(key, _)| key.split_once('[').is_some_and(|(before, _)| is(before, name))) {
            return Err(bad(name, "it takes no brackets"));
        }
        Ok(self.0.iter().filter(|(key, _)| is(key, name)).map(|(_, value)| value).collect())
    }

    /// Returns the value of a parameter. Fails if it is repeated.
    pub fn one(&self, name: &str) -> Result<Option<&str>> {
        match self.all(name)?.as_slice() {
            [] => Ok(None),
            [value] => Ok(Some(value)),
            _ => Err(bad(name, "too many values")),
        }
    }

    pub fn flag(&self, name: &str) -> Result<bool> {
        match self.one(name)? {
            None => Ok(false),
            Some(text) if NO.contains(&text) => Ok(false),
            Some(text) if YES.contains(&text) => Ok(true),
            Some(_) => Err(bad(name, "expected true or false")),
        }
    }

    /// Returns a number of plain digits that fits 32 bits; 0 if absent.
    pub fn number(&self, name: &str) -> Result<u32> {
        match self.one(name)? {
            None => Ok(0),
            Some(digits) if digits.bytes().all(|b| b.is_ascii_digit()) => digits.parse().map_err(|_| bad(name, "expected a 32-bit number")),
            Some(_) => Err(bad(name, "expected a number")),
        }
    }

    /// Refuses a plain value for a message.
    pub fn is_no_value(&self, name: &str) -> Result<()> {
        if self.all(name)?.is_empty() { Ok(()) } else { Err(bad(name, "it is a message: name one of its fields")) }
    }

    /// Returns the fields to read: `field_mask=a,b` once, or `field_mask.paths=a` repeated.
    pub fn mask<E>(&self, fields: &'static [Field<E>]) -> Result<Mask> {
        let mut paths: Vec<String> = self.one("field_mask")?.into_iter().flat_map(|joined| joined.split(',')).map(str::to_owned).collect();
        paths.extend(self.all("field_mask.paths")?.into_iter().map(str::to_owned));
        Ok(Mask::parse(fields, Purpose::Read, &paths)?)
    }

    /// Returns the requested page of a list and its order; by default the first of each. `message` is the API's name of the request.
    pub fn listing<Key: Copy>(&self, message: &str, orders: Orders<Key>) -> Result<(Order<Key>, Page)> {
        self.listing_or(message, orders, Order { by: orders[0].1, direction: Direction::Ascending })
    }

    /// The same, with this default order.
    pub fn listing_or<Key: Copy>(&self, message: &str, orders: Orders<Key>, unasked: Order<Key>) -> Result<(Order<Key>, Page)> {
        let order = self.one("order")?.unwrap_or_default();
        let order = match orders.iter().find(|(names, _)| names.contains(&order)) {
            Some((_, by)) if order.starts_with('-') => Order { by: *by, direction: Direction::Descending },
            Some((_, by)) => Order { by: *by, direction: Direction::Ascending },
            None if order.is_empty() => unasked,
            None => {
                let names: Vec<&str> = orders.iter().flat_map(|(names, _)| names.iter().copied()).collect();
                return Err(Invalid::new(message, "order", format!("value must be in list [ {}]", names.join(" "))).into());
            }
        };
        Ok((order, self.page(message)?))
    }

    /// Returns the requested page of a list; by default the first.
    pub fn page(&self, message: &str) -> Result<Page> {
        let (limit, page) = (self.number("limit")?, self.number("page")?);
        if limit as usize > PAGE.most {
            return Err(Invalid::new(message, "limit", format!("value must be less than or equal to {}", PAGE.most)).into());
        }
        Ok(Page::new(limit, page))
    }

    /// Returns the search of a list: a page of live or deleted entities.
    pub fn search<Key: Copy>(&self, message: &str, orders: Orders<Key>) -> Result<Search<Key>> {
        let (order, page) = self.listing(message, orders)?;
        Ok(Search { deleted: self.deleted()?, texts: TextSearch::default(), states: Vec::new(), order, page })
    }

    /// Reads `deleted=true`, which asks for the deleted ones only.
    fn deleted(&self) -> Result<Deleted> {
        Ok(if self.flag("deleted")? { Deleted::Yes } else { Deleted::No })
    }

    /// Returns the conditions that every search has (registry.md 1.12).
    pub fn texts(&self, message: &str) -> Result<TextSearch> {
        let text = |name: &str| -> Result<Option<String>> {
            let text = self.one(name)?.unwrap_or_default();
            check_text(message, name, &text.into(), LONGEST_TEXT)?;
            Ok((!text.is_empty()).then(|| text.to_owned()))
        };
        Ok(TextSearch {
            query: text("query")?,
            id_contains: text("id_contains")?,
            name_contains: text("name_contains")?,
            description_contains: text("description_contains")?,
            attributes_contain: self.attributes(message, "attributes_contain")?,
            ..TextSearch::default()
        })
    }

    /// Adds the fields of the conditions to the mask (registry.md 1.12).
    pub fn add_searched<E>(&self, fields: &'static [Field<E>], texts: &TextSearch, mask: &mut Mask) {
        for (used, field) in [
            (texts.name_contains.is_some(), "name"),
            (texts.description_contains.is_some(), "description"),
            (!texts.attributes_contain.is_empty(), "attributes"),
        ] {
            if used {
                mask.add(fields, field);
            }
        }
    }

    /// Returns the values of `state=…`, any of which match.
    pub fn states(&self, message: &str) -> Result<Vec<State>> {
        let mut states: Vec<State> = Vec::new();
        for (n, text) in self.all("state")?.into_iter().enumerate() {
            let value = STATES.decode_parameter(text).ok_or_else(|| bad("state", "expected a known name or a number"))?;
            let place = format!("state[{n}]");
            let Some(state) = value.as_str().and_then(State::from_name) else {
                return Err(Invalid::new(message, &place, "value must be one of the defined enum values").into());
            };
            if states.contains(&state) {
                return Err(Invalid::new(message, &place, "repeated value must contain unique items").into());
            }
            states.push(state);
        }
        Ok(states)
    }

    /// Reads `attributes_contain[key]=value`.
    fn attributes(&self, message: &str, name: &str) -> Result<Vec<(String, String)>> {
        let mut pairs = serde_json::Map::new();
        for (parameter, value) in self.0.iter() {
            let Some(key) = parameter.split_once('[').filter(|(before, _)| is(before, name)).and_then(|(_, key)| key.strip_suffix(']'))
            else {
                if is(parameter, name) {
                    return Err(bad(name, "expected a key in brackets"));
                }
                continue;
            };
            pairs.insert(key.to_owned(), value.into());
        }
        check_attributes(message, name, &pairs.clone().into(), LONGEST_TEXT)?;
        Ok(pairs.into_iter().map(|(key, value)| (key, value.as_str().unwrap_or_default().to_owned())).collect())
    }
}

/// Returns whether a key is a dotted name in either spelling, part by part.
fn is(key: &str, name: &str) -> bool {
    key == name || key.split('.').count() == name.split('.').count() && key.split('.').zip(name.split('.')).all(|(k, n)| is_spelling(k, n))
}

fn bad(name: &str, why: &str) -> Error {
    Error::malformed(format!("parsing field \"{name}\": {why}"))
}
