//! Columns, written down once: what a statement selects, how a row is read, inserted and updated follows from one list.

use std::collections::BTreeMap;

use rusqlite::types::{ToSqlOutput, Value};
use rusqlite::{ToSql, params_from_iter};
use serde_core::Serialize;

use crate::base::error::Result;
use crate::base::right::Right;
use crate::model::choice::Grant;
use crate::store::sql::Cells;
use crate::store::transaction::Tx;

/// A record whose columns [`table!`] has written down.
pub trait Stored: Sized {
    /// What a statement selects for [`Stored::read`], in its order.
    const COLUMNS: &'static str;
    const INSERT: &'static str;
    const INSERT_IF_NEW: &'static str;
    const UPDATE: &'static str;

    fn read(cells: &mut Cells<'_>) -> rusqlite::Result<Self>;

    /// The values that stay, the key first, and those that may change.
    fn values(&self) -> rusqlite::Result<(Vec<ToSqlOutput<'_>>, Vec<ToSqlOutput<'_>>)>;
}

impl Tx<'_> {
    /// Inserts a record, with values for the columns that its table names in `with`.
    pub(super) fn insert<R: Stored>(&self, record: &R, more: &[&dyn ToSql]) -> Result<()> {
        self.insert_by(R::INSERT, record, more).map(drop)
    }

    /// The same; returns false, and does nothing, if there is a record of this key.
    pub(super) fn insert_if_new<R: Stored>(&self, record: &R, more: &[&dyn ToSql]) -> Result<bool> {
        Ok(self.insert_by(R::INSERT_IF_NEW, record, more)? == 1)
    }

    fn insert_by<R: Stored>(&self, statement: &str, record: &R, more: &[&dyn ToSql]) -> Result<usize> {
        let (fixed, changing) = record.values()?;
        let more = more.iter().map(|value| value.to_sql()).collect::<rusqlite::Result<Vec<_>>>()?;
        let values = params_from_iter(fixed.into_iter().chain(changing).chain(more));
        Ok(self.note_changes(statement, self.connection()?.prepare_cached(statement)?.execute(values)?))
    }

    /// Updates the columns of a record that may change.
    pub(super) fn update<R: Stored>(&self, record: &R) -> Result<()> {
        let (fixed, changing) = record.values()?;
        let values = params_from_iter(changing.into_iter().chain(fixed.into_iter().take(1)));
        self.note_changes(R::UPDATE, self.connection()?.prepare_cached(R::UPDATE)?.execute(values)?);
        Ok(())
    }
}

/// An empty text is NULL, so that it sorts as an absent one.
pub fn or_null(text: &str) -> ToSqlOutput<'_> {
    if text.is_empty() { ToSqlOutput::Owned(Value::Null) } else { ToSqlOutput::from(text) }
}

/// Returns a list of rights as JSON, in its order: their numbers, as [`Cells::rights`] reads them.
pub fn rights_json(rights: &[Right]) -> String {
    numbers_json(rights.iter().map(|right| *right as i64))
}

/// The same of grants.
pub fn grants_json(grants: &[Grant]) -> String {
    numbers_json(grants.iter().map(|grant| grant.number()))
}

fn numbers_json(numbers: impl Iterator<Item = i64>) -> String {
    json(&numbers.collect::<Vec<_>>())
}

/// Returns a list of texts as JSON.
pub fn texts_json(texts: &[String]) -> String {
    json(texts)
}

/// Returns pairs as a JSON object; NULL if there are none.
pub fn pairs_json(pairs: &BTreeMap<String, String>) -> ToSqlOutput<'static> {
    ToSqlOutput::Owned((!pairs.is_empty()).then(|| json(pairs)).into())
}

/// Returns a value as JSON, written straight into the text.
pub fn json(value: &(impl Serialize + ?Sized)) -> String {
    serde_json::to_string(value).expect("what is stored as JSON can be written as such")
}

/// Makes a record [`Stored`]: which column of a table, known by an alias, holds which of its members.
///
/// The first column is the key. What stands under `fixed` is never updated. A text `as text` is NULL where it is empty, and so are `pairs`;
/// `texts`, `rights` and `grants` are lists. An account that may be absent is `as account("kind")`, one that is always there `as owner("kind")`, each with the expression for its kind. `with` names
/// the columns that are inserted beside the record, `rest` the members that are not in these columns.
macro_rules! table {
    (
        $record:ident in $table:literal $t:ident $(with $($more:ident),+)?;
        fixed { $key:ident: $key_member:ident $(, $fixed:ident: $fixed_member:ident $(as $fixed_kind:ident($fixed_of:literal))?)* $(,)? }
        changing { $($column:ident: $member:ident $(as $kind:ident $(($of:literal))?)?),* $(,)? }
        rest($cells:ident) { $($rest:tt)* }
    ) => {
        impl $crate::store::table::Stored for $record {
            const COLUMNS: &'static str = concat!(
                stringify!($t), ".", stringify!($key)
                $(, ", ", $crate::store::table::selected!($t $fixed $($fixed_of)?))*
                $(, ", ", $crate::store::table::selected!($t $column $($($of)?)?))*
            );
            const INSERT: &'static str = $crate::store::table::inserting!($table $key $($fixed)* $($column)* $($($more)+)?);
            const INSERT_IF_NEW: &'static str = concat!(
                $crate::store::table::inserting!($table $key $($fixed)* $($column)* $($($more)+)?),
                " ON CONFLICT (", stringify!($key), ") DO NOTHING"
            );
            const UPDATE: &'static str = concat!(
                "UPDATE ", $table, " SET ", $crate::store::table::assigned!($($column)*), " WHERE ", stringify!($key), " = :", stringify!($key)
            );

            fn read($cells: &mut $crate::store::sql::Cells<'_>) -> rusqlite::Result<$record> {
                Ok($record {
                    $key_member: $cells.take(stringify!($key))?,
                    $($fixed_member: $crate::store::table::taken!($cells $fixed $($fixed_kind)?),)*
                    $($member: $crate::store::table::taken!($cells $column $($kind)?),)*
                    $($rest)*
                })
            }

            fn values(&self) -> rusqlite::Result<(Vec<rusqlite::types::ToSqlOutput<'_>>, Vec<rusqlite::types::ToSqlOutput<'_>>)> {
                use rusqlite::ToSql;
                let fixed = vec![self.$key_member.to_sql()? $(, self.$fixed_member.to_sql()?)*];
                Ok((fixed, vec![$($crate::store::table::bound!(self.$member $(, $kind)?)),*]))
            }
        }
    };
}

macro_rules! selected {
    ($t:ident $column:ident) => {
        concat!(stringify!($t), ".", stringify!($column))
    };
    ($t:ident $column:ident $kind:literal) => {
        concat!(stringify!($t), ".", stringify!($column), ", ", $kind, " AS kind")
    };
}

macro_rules! inserting {
    ($table:literal $first:ident $($column:ident)*) => {
        concat!(
            "INSERT INTO ", $table, " (", stringify!($first) $(, ", ", stringify!($column))*, ") \
             VALUES (:", stringify!($first) $(, ", :", stringify!($column))*, ")"
        )
    };
}

macro_rules! assigned {
    () => { "" };
    ($first:ident $($column:ident)*) => {
        concat!(stringify!($first), " = :", stringify!($first) $(, ", ", stringify!($column), " = :", stringify!($column))*)
    };
}

macro_rules! taken {
    ($cells:ident $column:ident) => {
        $cells.take(stringify!($column))?
    };
    ($cells:ident $column:ident $kind:ident) => {
        $cells.$kind(stringify!($column))?
    };
}

macro_rules! bound {
    ($value:expr, text) => {
        $crate::store::table::or_null(&$value)
    };
    ($value:expr, texts) => {
        $crate::store::table::texts_json(&$value).into()
    };
    ($value:expr, rights) => {
        $crate::store::table::rights_json(&$value).into()
    };
    ($value:expr, grants) => {
        $crate::store::table::grants_json(&$value).into()
    };
    ($value:expr, pairs) => {
        $crate::store::table::pairs_json(&$value)
    };
    ($value:expr $(, $kind:ident)?) => {
        $value.to_sql()?
    };
}

pub(super) use {assigned, bound, inserting, selected, table, taken};
