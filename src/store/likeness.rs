//! By what the review finds clients that are like another one: their folded IDs and names, the same reversed, and the hosts of their redirect URIs.

use rusqlite::named_params;

use crate::base::error::Result;
use crate::base::id::{ClientId, OrganizationId, UserId};
use crate::store::sql::Cells;
use crate::store::table::json;
use crate::store::transaction::Tx;

/// What of a client others can be like.
#[derive(Clone, Debug)]
pub struct Likeness {
    pub number: i64,
    pub id: ClientId,
    pub name: String,
    pub redirect_uris: Vec<String>,
    /// Whether it is live and open to everyone.
    pub is_open: bool,
}

const COLUMNS: &str = "t.client_number, t.client_id, t.name, t.redirect_uris, t.deleted_at IS NULL AND t.state IN (1, 3) AS is_open";

/// The clients that are not looked up yet: new ones, and those that changed.
const WAITING: &str = "FROM clients t WHERE t.client_number IN \
     (SELECT client_number FROM (SELECT client_number FROM client_likeness_waiting ORDER BY client_number LIMIT :limit) UNION ALL \
      SELECT client_number FROM (SELECT client_number FROM clients WHERE client_number > (SELECT client_number FROM client_likeness_end) \
          ORDER BY client_number LIMIT :limit)) \
     ORDER BY t.client_number LIMIT :limit";

fn read(cells: &mut Cells<'_>) -> rusqlite::Result<Likeness> {
    Ok(Likeness {
        number: cells.take("client_number")?,
        id: cells.take("client_id")?,
        name: cells.text("name")?,
        redirect_uris: cells.texts("redirect_uris")?,
        is_open: cells.take("is_open")?,
    })
}

impl Tx<'_> {
    /// Returns at most `limit` clients whose keys are not stored yet, oldest first.
    pub(crate) fn likenesses_waiting(&self, limit: usize) -> Result<Vec<Likeness>> {
        self.all(&format!("SELECT {COLUMNS} {WAITING}"), named_params! {":limit": limit as i64}, read)
    }

    /// Stores the keys of a client.
    pub(crate) fn insert_likeness_keys(&self, number: i64, keys: &[String]) -> Result<()> {
        let statement = "INSERT INTO client_likeness (key, client_number) VALUES (:key, :number) ON CONFLICT DO NOTHING";
        keys.iter().try_for_each(|key| self.run(statement, named_params! {":key": key, ":number": number}))
    }

    /// Notes that the keys of all clients up to this one are stored.
    pub(crate) fn end_likeness_waiting(&self, last: i64) -> Result<()> {
        self.run("DELETE FROM client_likeness_waiting WHERE client_number <= :last", named_params! {":last": last})?;
        let statement = "UPDATE client_likeness_end SET client_number = :last WHERE client_number < :last";
        self.run(statement, named_params! {":last": last})
    }

    /// Returns the clients that have a key of this range, of at most `limit` keys of it.
    pub(crate) fn likenesses_within(&self, first: &str, before: &str, limit: usize) -> Result<Vec<Likeness>> {
        let statement = format!(
            "SELECT {COLUMNS} FROM clients t WHERE t.client_number IN \
             (SELECT client_number FROM client_likeness WHERE key >= :first AND key < :before LIMIT :limit)"
        );
        self.all(&statement, named_params! {":first": first, ":before": before, ":limit": limit as i64}, read)
    }

    /// Returns whether one of these accounts is a member of a client.
    pub(crate) fn has_member_of(&self, number: i64, accounts: &[&str]) -> Result<bool> {
        let accounts = json(accounts);
        let statement = "SELECT 1 FROM client_members WHERE client_number = :number \
             AND account_id IN (SELECT value FROM json_each(:accounts))";
        self.exists(statement, named_params! {":number": number, ":accounts": accounts})
    }

    /// Returns the first account, by ID, that a client is shared with.
    pub(crate) fn first_collaborator(&self, number: i64) -> Result<Option<String>> {
        let statement = "SELECT min(account_id) AS account_id FROM client_members WHERE client_number = :number";
        Ok(self.one(statement, named_params! {":number": number}, |cells| cells.take::<Option<String>>("account_id"))?.flatten())
    }

    /// Returns the live organizations that a user is a member of.
    pub(crate) fn organizations_of(&self, user: &UserId) -> Result<Vec<OrganizationId>> {
        let statement = "SELECT o.organization_id FROM organization_members o \
             JOIN accounts a ON a.account_id = o.organization_id AND a.deleted_at IS NULL WHERE o.account_id = :user LIMIT 1000";
        self.all(statement, named_params! {":user": user}, |cells| cells.take("organization_id"))
    }

    /// Returns the live user who created an organization, if the user is a member of it.
    pub(crate) fn creator_and_member(&self, organization: &OrganizationId) -> Result<Option<UserId>> {
        let statement = "SELECT m.account_id FROM organizations o JOIN organization_members m \
             ON m.organization_id = o.organization_id AND m.account_id = o.created_by \
             JOIN accounts a ON a.account_id = m.account_id AND a.deleted_at IS NULL WHERE o.organization_id = :organization";
        self.one(statement, named_params! {":organization": organization}, |cells| cells.take("account_id"))
    }

    /// Returns the validated e-mail address of a user.
    pub(crate) fn validated_address(&self, user: &UserId) -> Result<Option<String>> {
        let statement = "SELECT primary_email_address FROM users WHERE user_id = :user AND primary_email_address_validated_at IS NOT NULL";
        self.one(statement, named_params! {":user": user}, |cells| cells.take("primary_email_address"))
    }
}
