//! How our words are written in SQL, and the small things every table's code needs.

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
pub fn list<T: serde_json_list::Item>(row: &Row<'_>, column: &str) -> rusqlite::Result<Vec<T>> {
    let text: String = row.get(column)?;
    let items: Vec<serde_json::Value> = serde_json::from_str(&text).map_err(|_| FromSqlError::InvalidType)?;
    items.into_iter().map(|item| T::read(item).ok_or_else(|| FromSqlError::InvalidType.into())).collect()
}

/// Pairs that a subselect gathered with `json_group_object(key, value)`.
pub fn pairs(row: &Row<'_>, column: &str) -> rusqlite::Result<std::collections::BTreeMap<String, String>> {
    let text: String = row.get(column)?;
    let pairs: serde_json::Map<String, serde_json::Value> = serde_json::from_str(&text).map_err(|_| FromSqlError::InvalidType)?;
    Ok(crate::model::value::to_attributes(&pairs.into()))
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

/// What [`list`] can read.
mod serde_json_list {
    use serde_json::Value;

    use super::{Grant, Right};

    pub trait Item: Sized {
        fn read(value: Value) -> Option<Self>;
    }

    impl Item for String {
        fn read(value: Value) -> Option<String> {
            match value {
                Value::String(text) => Some(text),
                _ => None,
            }
        }
    }

    impl Item for Grant {
        fn read(value: Value) -> Option<Grant> {
            value.as_i64().and_then(Grant::from_number)
        }
    }

    impl Item for Right {
        fn read(value: Value) -> Option<Right> {
            value.as_i64().and_then(Right::from_number)
        }
    }
}
