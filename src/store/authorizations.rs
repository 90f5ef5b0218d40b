//! The rows of authorizations.

use std::sync::LazyLock;

use rusqlite::named_params;

use crate::base::error::Result;
use crate::base::id::{ClientId, UserId};
use crate::base::page::{Listed, Page};
use crate::base::time::Time;
use crate::model::grant::Authorization;
use crate::model::scope::GrantedScope;
use crate::store::query::{Direction, SelectQuery, order_by};
use crate::store::table::{Stored, table};
use crate::store::transaction::Tx;

table! {
    Authorization in "authorizations" a;
    fixed { user_id: user_id, client_id: client_id, created_at: created_at }
    changing { rights: rights, updated_at: updated_at, agreed: agreed, words: words, agreed_words: agreed_words }
    rest(cells) {}
}

static AUTHORIZATION: LazyLock<String> = LazyLock::new(|| {
    format!("SELECT {} FROM authorizations a WHERE a.user_id = :user_id AND a.client_id = :client_id", Authorization::COLUMNS)
});

/// Keeps only the creation time of an earlier authorization.
static RENEW: LazyLock<String> = LazyLock::new(|| {
    format!(
        "{} ON CONFLICT (user_id, client_id) DO UPDATE SET rights = excluded.rights, updated_at = excluded.updated_at, \
         agreed = excluded.agreed, words = excluded.words, agreed_words = excluded.agreed_words",
        Authorization::INSERT
    )
});

impl Tx<'_> {
    pub(crate) fn authorization(&self, user: &UserId, client: &ClientId) -> Result<Option<Authorization>> {
        self.one(&AUTHORIZATION, named_params! {":user_id": user, ":client_id": client}, Authorization::read)
    }

    /// Stores an authorization; of an earlier one only the creation time stays.
    /// # Errors
    /// Only those of the database.
    pub fn set_authorization(&self, user: &UserId, client: &ClientId, granted: &GrantedScope, agreed: &GrantedScope) -> Result<()> {
        let now = self.now;
        self.run(
            &RENEW,
            named_params! {
                ":user_id": user, ":client_id": client, ":rights": granted.rights, ":created_at": now, ":updated_at": now,
                ":agreed": agreed.rights, ":words": granted.words, ":agreed_words": agreed.words,
            },
        )
    }

    pub(crate) fn each_authorization(&self, visit: &mut dyn FnMut(Authorization) -> Result<()>) -> Result<()> {
        let statement = format!("SELECT {} FROM authorizations a ORDER BY a.user_id, a.client_id", Authorization::COLUMNS);
        self.each(&statement, &[], Authorization::read, visit)
    }

    /// Returns how many clients a user has authorized.
    pub(crate) fn authorization_count(&self, user: &UserId) -> Result<i64> {
        self.value("SELECT count(*) FROM authorizations WHERE user_id = :user_id", named_params! {":user_id": user})
    }

    pub(crate) fn authorizations(&self, user: &UserId, direction: Direction, page: Page) -> Result<Listed<Authorization>> {
        let mut query = SelectQuery::from("authorizations a");
        query.only_if("a.user_id = :user_id").with(":user_id", user);
        let order = order_by("a.created_at", "a.client_id", direction);
        query.page(self, Authorization::COLUMNS, &order, page, Authorization::read)
    }

    /// Deletes an authorization with its codes and tokens; returns false if there is none.
    pub(crate) fn delete_authorization(&self, user: &UserId, client: &ClientId) -> Result<bool> {
        let mut deleted = 0;
        for statement in [
            "DELETE FROM access_tokens WHERE user_id = :user_id AND client_id = :client_id",
            "DELETE FROM authorization_codes WHERE user_id = :user_id AND client_id = :client_id",
            "DELETE FROM authorizations WHERE user_id = :user_id AND client_id = :client_id",
        ] {
            deleted = self.change(statement, named_params! {":user_id": user, ":client_id": client})?;
        }
        Ok(deleted == 1)
    }

    /// Returns at most `most` of the users who have authorized a client, those who did it longest ago first.
    pub(crate) fn first_users_who_authorized(&self, client: &ClientId, most: usize) -> Result<Vec<UserId>> {
        self.all(
            "SELECT user_id FROM authorizations WHERE client_id = :client_id ORDER BY updated_at, user_id LIMIT :most",
            named_params! {":client_id": client, ":most": most as i64},
            |cells| cells.take("user_id"),
        )
    }

    /// Returns how many users have authorized a client.
    pub(crate) fn users_who_authorized(&self, client: &ClientId) -> Result<i64> {
        self.value("SELECT count(*) FROM authorizations WHERE client_id = :client_id", named_params! {":client_id": client})
    }

    /// Returns when somebody last authorized the client.
    pub(crate) fn last_authorized(&self, client: &ClientId) -> Result<Option<Time>> {
        self.value("SELECT max(updated_at) FROM authorizations WHERE client_id = :client_id", named_params! {":client_id": client})
    }
}
