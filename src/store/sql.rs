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

/// A list that a subselect gathered as JSON: `json_group_array` over an ordered subselect, which takes the order of the primary key instead of sorting.
pub fn list<T: Item>(row: &Row<'_>, column: &str) -> rusqlite::Result<Vec<T>> {
    match row.get_ref(column)?.as_str()? {
        "[]" => Ok(Vec::new()),
        text => T::read_all(text).ok_or_else(|| FromSqlError::InvalidType.into()),
    }
}

/// Pairs that a subselect gathered with `json_group_object(key, value)`.
pub fn pairs(row: &Row<'_>, column: &str) -> rusqlite::Result<BTreeMap<String, String>> {
    match row.get_ref(column)?.as_str()? {
        "{}" => Ok(BTreeMap::new()),
        text => serde_json::from_str(text).map_err(|_| FromSqlError::InvalidType.into()),
    }
}

/// An account from its ID and its kind; nothing where the ID is NULL.
pub fn account(row: &Row<'_>, id: &str, kind: &str) -> rusqlite::Result<Option<AccountId>> {
    match row.get::<_, Option<String>>(kind)?.as_deref() {
        None => Ok(None),
        Some("user") => row.get(id).map(|id| Some(AccountId::User(id))),
        Some(_) => row.get(id).map(|id| Some(AccountId::Organization(id))),
    }
}

/// An empty text is NULL, so that it sorts as an absent one.
pub fn or_null(text: &str) -> Option<&str> {
    (!text.is_empty()).then_some(text)
}

/// What [`list`] can read, from a JSON array.
pub trait Item: Sized {
    fn read_all(text: &str) -> Option<Vec<Self>>;
}

impl Item for String {
    fn read_all(text: &str) -> Option<Vec<String>> {
        serde_json::from_str(text).ok()
    }
}

impl Item for Grant {
    fn read_all(text: &str) -> Option<Vec<Grant>> {
        serde_json::from_str::<Vec<i64>>(text).ok()?.into_iter().map(Grant::from_number).collect()
    }
}

impl Item for Right {
    fn read_all(text: &str) -> Option<Vec<Right>> {
        serde_json::from_str::<Vec<i64>>(text).ok()?.into_iter().map(Right::from_number).collect()
    }
}
