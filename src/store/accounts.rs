//! The rows that users and organizations have alike.

use std::collections::BTreeMap;

use rusqlite::{OptionalExtension, named_params};

use crate::base::error::Result;
use crate::base::id::{AccountId, UserId};
use crate::base::page::{Listed, Page};
use crate::base::time::Time;
use crate::store::members::Owned;
use crate::store::query::{Query, Searched, TextSearch};
use crate::store::sql::Cells;
use crate::store::{Deleted, Tx, sql};

/// What users and organizations share.
pub(super) struct Account<'a> {
    pub id: AccountId,
    pub created_at: Time,
    pub updated_at: Time,
    pub name: &'a str,
    pub description: &'a str,
    pub attributes: &'a BTreeMap<String, String>,
}

pub(super) const SEARCHED: Searched =
    Searched { id: "account_id", number: "account_number", index: "account_text", attributes: "account_attributes" };

/// What a search for accounts asks for (registry.md 6.9).
#[derive(Clone, Debug)]
pub struct AccountSearch {
    pub texts: TextSearch,
    pub only_users: bool,
    pub members: Option<(Owned, Members)>,
    pub page: Page,
}

/// Which accounts, seen from an entity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Members {
    /// Those that are its members.
    Those,
    /// Those that are not.
    Others,
}

impl Tx<'_> {
    /// False, and nothing done, if the ID is taken, be it by a deleted account of either kind.
    pub(super) fn insert_account(&self, account: &Account<'_>) -> Result<bool> {
        let inserted = self
            .connection
            .prepare_cached(
                "INSERT INTO accounts (account_id, kind, created_at, updated_at, name, description) \
                 VALUES (:account_id, :kind, :created_at, :updated_at, :name, :description) ON CONFLICT (account_id) DO NOTHING",
            )?
            .execute(named_params! {
                ":account_id": account.id,
                ":kind": account.id.kind(),
                ":created_at": account.created_at,
                ":updated_at": account.updated_at,
                ":name": sql::or_null(account.name),
                ":description": account.description,
            })?
            == 1;
        if inserted {
            self.insert_attributes(account)?;
        }
        Ok(inserted)
    }

    pub(super) fn update_account(&self, account: &Account<'_>) -> Result<()> {
        self.connection
            .prepare_cached(
                "UPDATE accounts SET updated_at = :updated_at, name = :name, description = :description WHERE account_id = :account_id",
            )?
            .execute(named_params! {
                ":account_id": account.id,
                ":updated_at": account.updated_at,
                ":name": sql::or_null(account.name),
                ":description": account.description,
            })?;
        self.connection
            .prepare_cached("DELETE FROM account_attributes WHERE account_id = :account_id")?
            .execute(named_params! {":account_id": account.id})?;
        self.insert_attributes(account)
    }

    pub(super) fn set_account_deleted(&self, id: &AccountId, deleted_at: Option<Time>) -> Result<()> {
        self.connection
            .prepare_cached("UPDATE accounts SET deleted_at = :deleted_at WHERE account_id = :account_id")?
            .execute(named_params! {":account_id": id, ":deleted_at": deleted_at})?;
        Ok(())
    }

    /// Removes an account and all that is its own: memberships, keys, attributes. False if there is none.
    pub fn purge_account(&self, id: &AccountId) -> Result<bool> {
        let purged = self
            .connection
            .prepare_cached("DELETE FROM accounts WHERE account_id = :account_id AND kind = :kind")?
            .execute(named_params! {":account_id": id, ":kind": id.kind()})?;
        Ok(purged == 1)
    }

    /// Whether there is an account of this kind and ID.
    pub fn account_exists(&self, id: &AccountId, deleted: Deleted) -> Result<bool> {
        let condition = deleted.condition();
        let exists = self
            .connection
            .prepare_cached(&format!(
                "SELECT EXISTS (SELECT 1 FROM accounts t WHERE t.account_id = :account_id AND t.kind = :kind AND {condition})"
            ))?
            .query_row(named_params! {":account_id": id, ":kind": id.kind()}, |row| row.get(0))?;
        Ok(exists)
    }

    /// Whether there is an account of this ID, of whatever kind, live or deleted.
    pub fn account_id_is_taken(&self, id: &AccountId) -> Result<bool> {
        let is_taken = self
            .connection
            .prepare_cached("SELECT EXISTS (SELECT 1 FROM accounts WHERE account_id = :account_id)")?
            .query_row(named_params! {":account_id": id}, |row| row.get(0))?;
        Ok(is_taken)
    }

    /// The user behind a contact, and the user's e-mail address: a live user himself, of an organization its contact of the same sort
    /// (registry.md 1.9).
    pub fn contact_address(&self, id: &AccountId, contact: ContactSort) -> Result<Option<(UserId, String)>> {
        let of_organization = match contact {
            ContactSort::Administrative => "administrative_contact",
            ContactSort::Technical => "technical_contact",
        };
        let address = self
            .connection
            .prepare_cached(&format!(
                "SELECT u.user_id, u.primary_email_address FROM users u \
                 JOIN accounts t ON t.account_id = u.user_id AND t.deleted_at IS NULL \
                 WHERE u.user_id = coalesce((SELECT {of_organization} FROM organizations WHERE organization_id = :account_id), :account_id)"
            ))?
            .query_row(named_params! {":account_id": id}, |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        Ok(address)
    }

    /// Live accounts by a substring of their ID, in the order of their IDs.
    pub fn accounts(&self, search: &AccountSearch) -> Result<Listed<AccountId>> {
        let mut query = Query::from("accounts t");
        query.only_if("t.deleted_at IS NULL");
        search.texts.narrow(&mut query, &SEARCHED);
        if search.only_users {
            query.only_if("t.kind = 'user'");
        }
        if let Some((owned, which)) = &search.members {
            let not = if *which == Members::Others { "NOT" } else { "" };
            query.only_if(format!("t.account_id {not} IN ({})", owned.member_ids()));
            query.with(":entity_id", owned.as_str());
        }
        let listed = query.page(self.connection, "t.account_id, t.kind", "t.account_id", search.page, read_id)?;
        Ok(Listed { items: listed.items.into_iter().flatten().collect(), total: listed.total })
    }

    fn insert_attributes(&self, account: &Account<'_>) -> Result<()> {
        for (key, value) in account.attributes {
            self.connection
                .prepare_cached("INSERT INTO account_attributes (account_id, key, value) VALUES (:account_id, :key, :value)")?
                .execute(named_params! {":account_id": account.id, ":key": key, ":value": value})?;
        }
        Ok(())
    }
}

/// Which of the two contacts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ContactSort {
    Administrative,
    Technical,
}

fn read_id(cells: &mut Cells<'_>) -> rusqlite::Result<Option<AccountId>> {
    cells.account("account_id", "kind")
}
