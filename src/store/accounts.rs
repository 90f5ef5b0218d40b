//! The rows that users and organizations share.

use std::collections::BTreeMap;

use rusqlite::named_params;

use crate::base::error::Result;
use crate::base::id::{AccountId, UserId};
use crate::base::page::{Listed, Page};
use crate::base::time::Time;
use crate::store::members::Owned;
use crate::store::query::{Deleted, Searched, SelectQuery, TextSearch};
use crate::store::sql::Cells;
use crate::store::table::{or_null, pairs_json};
use crate::store::transaction::Tx;

/// The columns that users and organizations share.
pub(super) struct Account<'a> {
    pub id: AccountId,
    pub created_at: Time,
    pub updated_at: Time,
    pub name: &'a str,
    pub description: &'a str,
    pub attributes: &'a BTreeMap<String, String>,
}

pub(super) const SEARCHED: Searched =
    Searched { id: "account_id", number: "account_number", indexed: "SELECT rowid FROM account_text WHERE account_text MATCH :indexed" };

/// What a search for accounts asks for (registry.md 6.9).
#[derive(Clone, Debug)]
pub struct AccountSearch {
    pub texts: TextSearch,
    pub only_users: bool,
    pub members: Option<(Owned, Members)>,
    pub page: Page,
}

/// Which accounts, relative to an entity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Members {
    /// Its members.
    Those,
    /// All others.
    Others,
}

/// The columns of `accounts t`, in the order in which both are read.
pub(super) const COLUMNS: &str = "t.created_at, t.updated_at, t.deleted_at, t.name, t.description, t.attributes";

impl Tx<'_> {
    /// Returns false, and does nothing, if the ID is taken, also by a deleted account of either kind.
    pub(super) fn insert_account(&self, account: &Account<'_>) -> Result<bool> {
        let inserted = self.change(
            "INSERT INTO accounts (account_id, kind, created_at, updated_at, name, description, attributes) \
             VALUES (:account_id, :kind, :created_at, :updated_at, :name, :description, :attributes) ON CONFLICT (account_id) DO NOTHING",
            named_params! {
                ":account_id": account.id,
                ":kind": account.id.kind(),
                ":created_at": account.created_at,
                ":updated_at": account.updated_at,
                ":name": or_null(account.name),
                ":description": account.description,
                ":attributes": pairs_json(account.attributes),
            },
        )?;
        Ok(inserted == 1)
    }

    pub(super) fn update_account(&self, account: &Account<'_>) -> Result<()> {
        self.run(
            "UPDATE accounts SET updated_at = :updated_at, name = :name, description = :description, attributes = :attributes \
             WHERE account_id = :account_id",
            named_params! {
                ":account_id": account.id,
                ":updated_at": account.updated_at,
                ":name": or_null(account.name),
                ":description": account.description,
                ":attributes": pairs_json(account.attributes),
            },
        )
    }

    pub(super) fn set_account_deleted(&self, id: &AccountId, deleted_at: Option<Time>) -> Result<()> {
        let statement = "UPDATE accounts SET deleted_at = :deleted_at WHERE account_id = :account_id";
        self.run(statement, named_params! {":account_id": id, ":deleted_at": deleted_at})
    }

    pub(super) fn purge_account(&self, id: &AccountId) -> Result<()> {
        self.run("DELETE FROM accounts WHERE account_id = :account_id", named_params! {":account_id": id})
    }

    /// Returns whether there is an account of this kind and ID.
    pub(crate) fn account_exists(&self, id: &AccountId, deleted: Deleted) -> Result<bool> {
        let statement = "SELECT deleted_at FROM accounts WHERE account_id = :account_id AND kind = :kind";
        let found = self.one(statement, named_params! {":account_id": id, ":kind": id.kind()}, |cells| cells.take("deleted_at"))?;
        Ok(found.is_some_and(|deleted_at| deleted.includes(deleted_at)))
    }

    /// Returns how many live clients an account is a collaborator of.
    pub(crate) fn live_clients_of(&self, id: &AccountId) -> Result<i64> {
        let statement = "SELECT coalesce((SELECT live_clients FROM account_counts WHERE account_id = :account_id), 0)";
        self.value(statement, named_params! {":account_id": id})
    }

    /// Returns whether there is an account of this ID, of either kind, live or deleted.
    pub(crate) fn account_id_is_taken(&self, id: &AccountId) -> Result<bool> {
        self.exists("SELECT 1 FROM accounts WHERE account_id = :account_id", named_params! {":account_id": id})
    }

    /// Returns the user behind a contact, and the user's e-mail address: for a live user the user, for an organization its own contact of
    /// the same kind (registry.md 1.9).
    pub(crate) fn contact_address(&self, id: &AccountId, contact: ContactSort) -> Result<Option<(UserId, String)>> {
        let of_organization = match contact {
            ContactSort::Administrative => "administrative_contact",
            ContactSort::Technical => "technical_contact",
        };
        let statement = format!(
            "SELECT u.user_id, u.primary_email_address FROM users u \
             JOIN accounts t ON t.account_id = u.user_id AND t.deleted_at IS NULL \
             WHERE u.user_id = coalesce((SELECT {of_organization} FROM organizations WHERE organization_id = :account_id), :account_id)"
        );
        let read = |cells: &mut Cells<'_>| Ok((cells.take("user_id")?, cells.take("primary_email_address")?));
        self.one(&statement, named_params! {":account_id": id}, read)
    }

    /// Returns live accounts by a substring of their ID, in the order of their IDs.
    pub(crate) fn accounts(&self, search: &AccountSearch) -> Result<Listed<AccountId>> {
        let mut query = SelectQuery::from("accounts t");
        query.only_if("t.deleted_at IS NULL");
        search.texts.narrow(&mut query, &SEARCHED);
        if search.only_users {
            query.only_if("t.kind = 'user'");
        }
        if let Some((owned, which)) = &search.members {
            let not = if *which == Members::Others { "NOT" } else { "" };
            query.only_if(format!("t.account_id {not} IN ({})", owned.member_ids())).with(":entity_id", owned.as_str());
        }
        let read = |cells: &mut Cells<'_>| cells.owner("account_id");
        query.page(self, "t.account_id, t.kind", "t.account_id", search.page, read)
    }
}

/// Which of the two contacts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ContactSort {
    Administrative,
    Technical,
}
