//! Converts our types to and from SQL, and runs statements.

use std::collections::BTreeMap;

use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSql, ToSqlOutput, ValueRef};
use rusqlite::{OptionalExtension, Row};

use crate::base::error::Result;
use crate::base::id::{AccountId, ClientId, OrganizationId, UserId};
use crate::base::jws::SigningAlgorithm;
use crate::base::right::{Right, Rights};
use crate::base::secret::Hash;
use crate::base::time::Time;
use crate::model::choice::{Grant, State};
use crate::model::recovery::RecoveryStep;
use crate::model::scope::Words;
use crate::model::sign_in::SignInSettings;
use crate::model::verdict::{Judge, Outcome};
use crate::store::transaction::Tx;

/// The condition that a row is of the client `:client_id`.
pub(super) const OF_CLIENT: &str = "client_number = (SELECT client_number FROM clients WHERE client_id = :client_id)";

/// The values of a statement, by name.
type NamedValues<'a> = &'a [(&'a str, &'a dyn ToSql)];

impl Tx<'_> {
    /// Runs a statement.
    pub(super) fn run(&self, statement: &str, values: NamedValues<'_>) -> Result<()> {
        self.change(statement, values).map(drop)
    }

    /// The same; returns how many rows it changed.
    pub(super) fn change(&self, statement: &str, values: NamedValues<'_>) -> Result<usize> {
        Ok(self.note_changes(statement, self.connection()?.prepare_cached(statement)?.execute(values)?))
    }

    /// Returns the first row that a statement finds, if it finds any.
    pub(super) fn one<T>(
        &self,
        statement: &str,
        values: NamedValues<'_>,
        read: impl Fn(&mut Cells<'_>) -> rusqlite::Result<T>,
    ) -> Result<Option<T>> {
        Ok(self.connection()?.prepare_cached(statement)?.query_row(values, reading(read)).optional()?)
    }

    /// Returns every row that a statement finds.
    pub(super) fn all<T>(
        &self,
        statement: &str,
        values: NamedValues<'_>,
        read: impl Fn(&mut Cells<'_>) -> rusqlite::Result<T>,
    ) -> Result<Vec<T>> {
        Ok(self.connection()?.prepare_cached(statement)?.query_map(values, reading(read))?.collect::<rusqlite::Result<_>>()?)
    }

    /// Visits the rows that a statement finds, one after the other, so that they need not all be in memory.
    pub(super) fn each<T>(
        &self,
        statement: &str,
        values: NamedValues<'_>,
        read: impl Fn(&mut Cells<'_>) -> rusqlite::Result<T>,
        visit: &mut dyn FnMut(T) -> Result<()>,
    ) -> Result<()> {
        self.connection()?.prepare_cached(statement)?.query_map(values, reading(read))?.try_for_each(|row| visit(row?))
    }

    /// Returns the one value of a statement that always finds one row, such as a count.
    pub(super) fn value<T: FromSql>(&self, statement: &str, values: NamedValues<'_>) -> Result<T> {
        Ok(self.connection()?.prepare_cached(statement)?.query_row(values, |row| row.get(0))?)
    }

    /// Returns whether a statement finds any row.
    pub(super) fn exists(&self, statement: &str, values: NamedValues<'_>) -> Result<bool> {
        Ok(self.connection()?.prepare_cached(statement)?.exists(values)?)
    }

    /// Deletes at most `limit` rows of which `condition` holds, in which `:before` stands for a point in time or a day; returns how many
    /// were deleted. `key` has the columns of the primary key.
    pub(super) fn prune(&self, table: &str, key: &str, condition: &str, before: impl ToSql, limit: usize) -> Result<usize> {
        let statement = format!("DELETE FROM {table} WHERE ({key}) IN (SELECT {key} FROM {table} WHERE {condition} LIMIT :limit)");
        self.change(&statement, &[(":before", &before), (":limit", &(limit as i64))])
    }
}

/// Defines how values of a type are stored, and how they are read again; what cannot be read is `None`.
macro_rules! stored {
    ($($type:ty: |$own:ident| $to:expr, |$cell:ident| $from:expr;)+) => {
        $(
            impl ToSql for $type {
                fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
                    let $own = self;
                    Ok($to.into())
                }
            }

            impl FromSql for $type {
                fn column_result($cell: ValueRef<'_>) -> FromSqlResult<$type> {
                    $from.ok_or(FromSqlError::InvalidType)
                }
            }
        )+
    };
}

stored! {
    ClientId: |id| id.as_str(), |cell| cell.as_str()?.parse().ok();
    UserId: |id| id.as_str(), |cell| cell.as_str()?.parse().ok();
    OrganizationId: |id| id.as_str(), |cell| cell.as_str()?.parse().ok();
    Time: |time| time.micros(), |cell| Some(Time::from_micros(cell.as_i64()?));
    Hash: |hash| hash.as_str(), |cell| Some(Hash::stored(cell.as_str()?.to_owned()));
    State: |state| state.number(), |cell| State::from_number(cell.as_i64()?);
    Outcome: |outcome| outcome.name(), |cell| Outcome::from_name(cell.as_str()?);
    Judge: |judge| judge.name(), |cell| Judge::from_name(cell.as_str()?);
    RecoveryStep: |step| step.name(), |cell| RecoveryStep::from_name(cell.as_str()?);
    SigningAlgorithm: |algorithm| algorithm.name(), |cell| SigningAlgorithm::from_name(cell.as_str()?);
    // One number with a bit for each.
    Rights: |rights| rights.bits().cast_signed(), |cell| Some(Rights::from_bits(cell.as_i64()?.cast_unsigned()));
    // One text, with spaces between them.
    Words: |words| words.to_string(), |cell| Some(Words::parse(cell.as_str()?));
    // NULL if all are as by default.
    SignInSettings:
        |settings| ToSqlOutput::Owned((*settings != SignInSettings::default()).then(|| settings.to_json().to_string()).into()),
        |cell| match cell.as_str_or_null()? {
            None => Some(SignInSettings::default()),
            Some(text) => serde_json::from_str(text).ok().map(|json| SignInSettings::from_json(&json)),
        };
}

impl ToSql for AccountId {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        self.as_str().to_sql()
    }
}

/// Reads the cells of one row one after the other, in the order of the statement.
///
/// Cells are read by name but not looked up, which took a fifth of the time of a request. With debug assertions, as in all tests, a name
/// out of step with the statement panics.
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

    /// Returns a text; empty if the cell is NULL.
    pub fn text(&mut self, name: &str) -> rusqlite::Result<String> {
        Ok(self.take::<Option<String>>(name)?.unwrap_or_default())
    }

    /// Returns a borrowed text that is never NULL.
    pub fn str(&mut self, name: &str) -> rusqlite::Result<&'r str> {
        let column = self.step(name);
        Ok(self.row.get_ref(column)?.as_str()?)
    }

    /// Returns a list of rights in its stored order.
    pub fn rights(&mut self, name: &str) -> rusqlite::Result<Vec<Right>> {
        self.numbers(name, Right::from_number)
    }

    /// Returns a list of grants in its stored order.
    pub fn grants(&mut self, name: &str) -> rusqlite::Result<Vec<Grant>> {
        self.numbers(name, Grant::from_number)
    }

    fn numbers<T>(&mut self, name: &str, of: fn(i64) -> Option<T>) -> rusqlite::Result<Vec<T>> {
        let numbers: Vec<i64> = serde_json::from_str(self.str(name)?).map_err(|_| FromSqlError::InvalidType)?;
        Ok(numbers.into_iter().map(|number| of(number).ok_or(FromSqlError::OutOfRange(number))).collect::<FromSqlResult<_>>()?)
    }

    /// Returns a list of texts in its stored order.
    pub fn texts(&mut self, name: &str) -> rusqlite::Result<Vec<String>> {
        serde_json::from_str(self.str(name)?).map_err(|_| FromSqlError::InvalidType.into())
    }

    /// Returns pairs of texts; none if the cell is NULL.
    pub fn pairs(&mut self, name: &str) -> rusqlite::Result<BTreeMap<String, String>> {
        let column = self.step(name);
        let pairs = self.row.get_ref(column)?.as_str_or_null()?.map(serde_json::from_str).transpose();
        Ok(pairs.map_err(|_| FromSqlError::InvalidType)?.unwrap_or_default())
    }

    /// Returns an account from its ID and the kind in the next cell; `None` if they are NULL.
    pub fn account(&mut self, id: &str) -> rusqlite::Result<Option<AccountId>> {
        let (id, kind) = (self.step(id), self.step("kind"));
        match self.row.get_ref(kind)?.as_str_or_null()? {
            None => Ok(None),
            Some("user") => self.row.get(id).map(|id| Some(AccountId::User(id))),
            Some(_) => self.row.get(id).map(|id| Some(AccountId::Organization(id))),
        }
    }

    /// The same, never NULL.
    pub fn owner(&mut self, id: &str) -> rusqlite::Result<AccountId> {
        self.account(id)?.ok_or_else(|| FromSqlError::InvalidType.into())
    }

    /// Returns the index of the next column, which has this name.
    fn step(&mut self, name: &str) -> usize {
        let column = self.next;
        debug_assert_eq!(self.row.as_ref().column_name(column), Ok(name), "cells are taken as the statement lists them");
        self.next += 1;
        column
    }
}

/// Returns a reader of rows.
fn reading<T>(read: impl Fn(&mut Cells<'_>) -> rusqlite::Result<T>) -> impl FnMut(&Row<'_>) -> rusqlite::Result<T> {
    move |row| read(&mut Cells::of(row))
}
