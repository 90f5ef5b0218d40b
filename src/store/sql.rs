//! How our words are written in SQL, and the small things every table's code needs.

use std::collections::BTreeMap;

use rusqlite::Row;
use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSql, ToSqlOutput, ValueRef};

use crate::base::id::{AccountId, ClientId, OrganizationId, UserId};
use crate::base::right::{Right, Rights};
use crate::base::time::Time;
use crate::model::choice::{Grant, State};

macro_rules! id_in_sql {
    ($($id:ident),+) => {
        $(
            impl ToSql for $id {
                fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
                    self.as_str().to_sql()
                }
            }

            impl FromSql for $id {
                fn column_result(value: ValueRef<'_>) -> FromSqlResult<$id> {
                    value.as_str()?.parse().map_err(|_| FromSqlError::InvalidType)
                }
            }
        )+
    };
}
id_in_sql!(ClientId, UserId, OrganizationId);

impl ToSql for AccountId {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        self.as_str().to_sql()
    }
}

impl ToSql for Time {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(self.micros().into())
    }
}

impl FromSql for Time {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Time> {
        value.as_i64().map(Time::from_micros)
    }
}

impl ToSql for State {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(self.number().into())
    }
}

impl FromSql for State {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<State> {
        let number = value.as_i64()?;
        State::from_number(number).ok_or(FromSqlError::OutOfRange(number))
    }
}

impl ToSql for Grant {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(self.number().into())
    }
}

impl FromSql for Grant {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Grant> {
        let number = value.as_i64()?;
        Grant::from_number(number).ok_or(FromSqlError::OutOfRange(number))
    }
}

impl FromSql for Right {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Right> {
        let number = value.as_i64()?;
        Right::from_number(number).ok_or(FromSqlError::OutOfRange(number))
    }
}

impl ToSql for Right {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok((*self as i64).into())
    }
}

/// A set of rights is one number, a bit for each.
impl ToSql for Rights {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(self.bits().cast_signed().into())
    }
}

impl FromSql for Rights {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Rights> {
        value.as_i64().map(|bits| Rights::from_bits(bits.cast_unsigned()))
    }
}

/// The cells of one row, taken one after the other, as the statement lists them.
///
/// Each is taken by its name, but not looked for: that took a fifth of the time of a request. Where debug assertions are on, as in all
/// tests, a name out of step with the statement panics.
pub struct Cells<'r> {
    row: &'r Row<'r>,
    next: usize,
}

impl<'r> Cells<'r> {
    pub fn of(row: &'r Row<'r>) -> Cells<'r> {
        Cells { row, next: 0 }
    }

    pub fn take<T: FromSql>(&mut self, name: &str) -> rusqlite::Result<T> {
        let column = self.step(name);
        self.row.get(column)
    }

    /// A text that is empty where the cell is NULL.
    pub fn text(&mut self, name: &str) -> rusqlite::Result<String> {
        Ok(self.take::<Option<String>>(name)?.unwrap_or_default())
    }

    /// A text that is never NULL, where it stands.
    pub fn str(&mut self, name: &str) -> rusqlite::Result<&'r str> {
        let column = self.step(name);
        Ok(self.row.get_ref(column)?.as_str()?)
    }

    /// Rights that a subselect gathered as JSON: `json_group_array` over an ordered subselect, which takes the order of the primary key
    /// instead of sorting.
    pub fn rights(&mut self, name: &str) -> rusqlite::Result<Vec<Right>> {
        let numbers: Vec<i64> = serde_json::from_str(self.str(name)?).map_err(|_| FromSqlError::InvalidType)?;
        let rights = numbers.into_iter().map(|number| Right::from_number(number).ok_or(FromSqlError::OutOfRange(number)));
        Ok(rights.collect::<FromSqlResult<_>>()?)
    }

    /// Pairs that a subselect gathered with `json_group_object(key, value)`.
    pub fn pairs(&mut self, name: &str) -> rusqlite::Result<BTreeMap<String, String>> {
        match self.str(name)? {
            "{}" => Ok(BTreeMap::new()),
            text => serde_json::from_str(text).map_err(|_| FromSqlError::InvalidType.into()),
        }
    }

    /// An account from its ID and, in the cell after it, its kind; nothing where they are NULL.
    pub fn account(&mut self, id: &str, kind: &str) -> rusqlite::Result<Option<AccountId>> {
        let (id, kind) = (self.step(id), self.step(kind));
        match self.row.get_ref(kind)?.as_str_or_null()? {
            None => Ok(None),
            Some("user") => self.row.get(id).map(|id| Some(AccountId::User(id))),
            Some(_) => self.row.get(id).map(|id| Some(AccountId::Organization(id))),
        }
    }

    /// The column that comes next, which has this name.
    fn step(&mut self, name: &str) -> usize {
        let column = self.next;
        debug_assert_eq!(self.row.as_ref().column_name(column), Ok(name), "cells are taken as the statement lists them");
        self.next += 1;
        column
    }
}

/// An empty text is NULL, so that it sorts as an absent one.
pub fn or_null(text: &str) -> Option<&str> {
    (!text.is_empty()).then_some(text)
}

/// Reads rows by their cells.
pub fn reading<T>(read: impl Fn(&mut Cells<'_>) -> rusqlite::Result<T>) -> impl FnMut(&Row<'_>) -> rusqlite::Result<T> {
    move |row| read(&mut Cells::of(row))
}
