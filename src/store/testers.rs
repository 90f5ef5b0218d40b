//! Who may try a client before it is approved: the user who registered it, and the rows of testers, who asked to.

use rusqlite::named_params;

use crate::base::error::Result;
use crate::base::id::{ClientId, UserId};
use crate::base::time::Time;
use crate::model::choice::State;
use crate::store::members::Owned;
use crate::store::transaction::Tx;

impl Tx<'_> {
    /// Returns the user who registered a client; nobody if it was no user, or one who was purged.
    pub(crate) fn client_registrar(&self, client: &ClientId) -> Result<Option<UserId>> {
        self.one(
            "SELECT u.user_id FROM clients c JOIN users u ON u.user_id = c.registered_by WHERE c.client_id = :client_id",
            named_params! {":client_id": client},
            |cells| cells.take("user_id"),
        )
    }

    /// Returns since when a user tries a client; `None` for one who does not.
    pub(crate) fn trial_begun_at(&self, client: &ClientId, user: &UserId) -> Result<Option<Time>> {
        let statement = "SELECT created_at FROM client_testers WHERE client_id = :client_id AND user_id = :user_id";
        self.one(statement, named_params! {":client_id": client, ":user_id": user}, |cells| cells.take("created_at"))
    }

    pub(crate) fn insert_client_tester(&self, client: &ClientId, user: &UserId) -> Result<()> {
        let statement = "INSERT INTO client_testers (client_id, user_id, created_at) VALUES (:client_id, :user_id, :now)";
        self.run(statement, named_params! {":client_id": client, ":user_id": user, ":now": self.now})
    }

    /// Returns how many clients a user tries.
    pub(crate) fn trial_count(&self, user: &UserId) -> Result<i64> {
        self.value("SELECT count(*) FROM client_testers WHERE user_id = :user_id", named_params! {":user_id": user})
    }

    /// Returns the testers of a client, and who registered it while it waits for approval; or those of the clients of an organization who are
    /// its members: whose trial may end with a change there. Of one user, if there is one.
    pub(crate) fn client_testers(&self, owned: &Owned, user: Option<&UserId>) -> Result<Vec<(ClientId, UserId)>> {
        let of_owned = match owned {
            Owned::Client(_) => "client_id = :id",
            Owned::Organization(_) => {
                "client_id IN (SELECT client_id FROM client_members WHERE account_id = :id) \
                 AND user_id IN (SELECT account_id FROM organization_members WHERE organization_id = :id)"
            }
        };
        let statement = format!(
            "SELECT client_id, user_id FROM (SELECT client_id, user_id FROM client_testers UNION \
             SELECT c.client_id, u.user_id FROM clients c JOIN users u ON u.user_id = c.registered_by WHERE c.state = :requested) \
             WHERE {of_owned} AND (:user_id IS NULL OR user_id = :user_id)"
        );
        let values = named_params! {":id": owned.as_str(), ":user_id": user, ":requested": State::Requested.number()};
        self.all(&statement, values, |cells| Ok((cells.take("client_id")?, cells.take("user_id")?)))
    }

    pub(crate) fn delete_client_tester(&self, client: &ClientId, user: &UserId) -> Result<()> {
        let statement = "DELETE FROM client_testers WHERE client_id = :client_id AND user_id = :user_id";
        self.run(statement, named_params! {":client_id": client, ":user_id": user})
    }

    pub(crate) fn delete_client_testers(&self, client: &ClientId) -> Result<()> {
        self.run("DELETE FROM client_testers WHERE client_id = :client_id", named_params! {":client_id": client})
    }
}
