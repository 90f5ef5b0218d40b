//! The rows of clients.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use rusqlite::{Connection, named_params};

use crate::base::error::Result;
use crate::base::id::{AccountId, ClientId};
use crate::base::page::Listed;
use crate::base::time::Time;
use crate::model::client::{BUILT_IN, Client};
use crate::model::member::ContactAddresses;
use crate::store::query::{Deleted, Search, Searched, SelectQuery, order_by};
use crate::store::sql::Cells;
use crate::store::table::{Stored, table};
use crate::store::transaction::Tx;

/// Whose clients.
#[derive(Clone, Debug)]
pub enum ClientScope {
    Everyone,
    /// The account is a collaborator itself.
    Direct(AccountId),
    /// The account is a collaborator itself or through an organization.
    Reachable(AccountId),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClientKey {
    Id,
    Name,
    CreatedAt,
}

const SEARCHED: Searched = Searched { id: "client_id", number: "client_number", index: "client_text", attributes: "client_attributes" };

const FROM: &str = "clients t LEFT JOIN accounts a ON a.account_id = t.administrative_contact \
     LEFT JOIN accounts b ON b.account_id = t.technical_contact";

// All columns; the lists have tables of their own.
table! {
    Client in "clients" t with registered_by;
    fixed { client_id: id, created_at: created_at }
    changing {
        updated_at: updated_at,
        deleted_at: deleted_at,
        name: name as text,
        description: description,
        administrative_contact: administrative_contact as account("a.kind"),
        technical_contact: technical_contact as account("b.kind"),
        state: state,
        state_description: state_description,
        skip_authorization: skip_authorization,
        endorsed: endorsed,
        approved_rights: approved,
    }
    rest(cells) {
        contact_info: ContactAddresses::default(),
        secret: None,
        attributes: BTreeMap::new(),
        redirect_uris: Vec::new(),
        logout_redirect_uris: Vec::new(),
        grants: Vec::new(),
        rights: Vec::new(),
    }
}

static CLIENT: LazyLock<String> = LazyLock::new(|| format!("SELECT {} FROM {FROM} WHERE t.client_id = :client_id", Client::COLUMNS));

/// The lists of a client, one item per row, each list in the order of its primary key. One statement for all of them takes half as long as
/// subselects that gather them as JSON.
const ITEMS: &str = "SELECT 'attributes' AS list, key, value AS item FROM client_attributes WHERE client_id = :client_id \
     UNION ALL SELECT 'redirect_uris', NULL, uri FROM client_redirect_uris WHERE client_id = :client_id \
     UNION ALL SELECT 'logout_redirect_uris', NULL, uri FROM client_logout_redirect_uris WHERE client_id = :client_id \
     UNION ALL SELECT 'grants', NULL, grant_type FROM client_grants WHERE client_id = :client_id \
     UNION ALL SELECT 'rights', NULL, right FROM client_rights WHERE client_id = :client_id";

/// Adds one row of [`ITEMS`] to its list.
fn add_item(client: &mut Client, cells: &mut Cells<'_>) -> rusqlite::Result<()> {
    let (list, key) = (cells.str("list")?, cells.text("key")?);
    match list {
        "attributes" => drop(client.attributes.insert(key, cells.take("item")?)),
        "redirect_uris" => client.redirect_uris.push(cells.take("item")?),
        "logout_redirect_uris" => client.logout_redirect_uris.push(cells.take("item")?),
        "grants" => client.grants.push(cells.take("item")?),
        _ => client.rights.push(cells.take("item")?),
    }
    Ok(())
}

impl Tx<'_> {
    /// Returns false, and does nothing, if the ID is taken, also by a deleted client.
    /// # Errors
    /// Only those of the database.
    pub fn insert_client(&self, client: &Client, registered_by: Option<&AccountId>) -> Result<bool> {
        let is_new = self.insert_if_new(client, &[&registered_by])?;
        if is_new {
            self.insert_client_lists(client)?;
        }
        Ok(is_new)
    }

    /// Returns a client.
    /// # Errors
    /// Only those of the database.
    pub fn client(&self, id: &ClientId, deleted: Deleted) -> Result<Option<Client>> {
        let client = self.one(&CLIENT, named_params! {":client_id": id}, Client::read)?;
        let Some(mut client) = client.filter(|client| deleted.includes(client.deleted_at)) else { return Ok(None) };
        let mut items = self.connection.prepare_cached(ITEMS)?;
        let mut rows = items.query(named_params! {":client_id": id})?;
        while let Some(row) = rows.next()? {
            add_item(&mut client, &mut Cells::of(row))?;
        }
        Ok(Some(client))
    }

    /// Returns whether a client exists.
    /// # Errors
    /// Only those of the database.
    pub fn client_exists(&self, id: &ClientId, deleted: Deleted) -> Result<bool> {
        let statement = "SELECT deleted_at FROM clients WHERE client_id = :client_id";
        let found = self.one(statement, named_params! {":client_id": id}, |cells| cells.take("deleted_at"))?;
        Ok(found.is_some_and(|deleted_at| deleted.includes(deleted_at)))
    }

    /// Returns how many clients an account registered, or an organization that it created; also deleted ones.
    pub(crate) fn clients_registered_by(&self, account: &AccountId) -> Result<i64> {
        self.value("SELECT count(*) FROM clients WHERE registered_by = :account", named_params! {":account": account})
    }

    /// Stores all fields of a client that exists.
    /// # Errors
    /// Only those of the database.
    pub fn update_client(&self, client: &Client) -> Result<()> {
        self.update(client)?;
        for statement in [
            "DELETE FROM client_attributes WHERE client_id = :client_id",
            "DELETE FROM client_redirect_uris WHERE client_id = :client_id",
            "DELETE FROM client_logout_redirect_uris WHERE client_id = :client_id",
            "DELETE FROM client_grants WHERE client_id = :client_id",
            "DELETE FROM client_rights WHERE client_id = :client_id",
        ] {
            self.run(statement, named_params! {":client_id": client.id})?;
        }
        self.insert_client_lists(client)
    }

    pub(crate) fn set_client_deleted(&self, id: &ClientId, deleted_at: Option<Time>) -> Result<()> {
        let statement = "UPDATE clients SET deleted_at = :deleted_at WHERE client_id = :client_id";
        self.run(statement, named_params! {":client_id": id, ":deleted_at": deleted_at}).map(drop)
    }

    /// Deletes everything about a client except its events.
    /// # Errors
    /// Only those of the database.
    pub fn purge_client(&self, id: &ClientId) -> Result<()> {
        self.run("DELETE FROM clients WHERE client_id = :client_id", named_params! {":client_id": id}).map(drop)
    }

    /// Returns the IDs of one page: what a page skips is not looked at, and each client is read when it is shown.
    /// # Errors
    /// Only those of the database.
    pub fn client_ids(&self, scope: &ClientScope, search: &Search<ClientKey>) -> Result<Listed<ClientId>> {
        if let ClientScope::Reachable(account) = scope
            && !search.is_narrowed()
            && !self.is_in_organizations(account)?
        {
            return self.client_ids(&ClientScope::Direct(account.clone()), search);
        }
        let (query, id) = query(scope, search);
        let order = match search.order.by {
            ClientKey::Id => id,
            ClientKey::Name => "t.name",
            ClientKey::CreatedAt => "t.created_at",
        };
        let order = order_by(order, id, search.order.direction);
        let count = || if search.is_narrowed() { query.count(self) } else { self.known_count(scope, search.deleted, &query) };
        query.page_counted(self, id, &order, search.page, |cells| cells.take("client_id"), count)
    }

    fn is_in_organizations(&self, account: &AccountId) -> Result<bool> {
        self.exists("SELECT 1 FROM organization_members WHERE account_id = :account", named_params! {":account": account})
    }

    /// Returns how many clients are in the scope, by the counts that triggers maintain.
    fn known_count(&self, scope: &ClientScope, deleted: Deleted, query: &SelectQuery<'_>) -> Result<i64> {
        let condition = deleted.condition_on_live("c");
        match scope {
            ClientScope::Everyone => {
                let deleted = deleted.condition();
                let statement = format!(
                    "SELECT (SELECT coalesce(sum(clients), 0) FROM client_counts c WHERE {condition}) \
                     - (SELECT count(*) FROM clients t WHERE t.client_id = '{BUILT_IN}' AND {deleted})"
                );
                self.value(&statement, &[])
            }
            ClientScope::Direct(account) => {
                let from = format!("account_client_counts c WHERE c.account_id = :account AND {condition}");
                self.value(&format!("SELECT coalesce(sum(clients), 0) FROM {from}"), named_params! {":account": account})
            }
            // A client that is reached in several ways is counted once, which no sum can do.
            ClientScope::Reachable(_) => query.count(self),
        }
    }

    fn insert_client_lists(&self, client: &Client) -> Result<()> {
        let attribute = "INSERT INTO client_attributes (client_id, key, value) VALUES (:client_id, :key, :value)";
        for (key, value) in &client.attributes {
            self.run(attribute, named_params! {":client_id": client.id, ":key": key, ":value": value})?;
        }
        let owner = named_params! {":client_id": client.id};
        let uri = "INSERT INTO client_redirect_uris (client_id, position, uri) VALUES (:client_id, :position, :item)";
        self.insert_list(uri, owner, &client.redirect_uris)?;
        let logout_uri = "INSERT INTO client_logout_redirect_uris (client_id, position, uri) VALUES (:client_id, :position, :item)";
        self.insert_list(logout_uri, owner, &client.logout_redirect_uris)?;
        let grant = "INSERT INTO client_grants (client_id, position, grant_type) VALUES (:client_id, :position, :item)";
        self.insert_list(grant, owner, &client.grants)?;
        let right = "INSERT INTO client_rights (client_id, position, right) VALUES (:client_id, :position, :item)";
        self.insert_list(right, owner, &client.rights)
    }
}

/// Adds the texts of new clients to the text index, once for all that are committed together. Until then no search finds them, so no search
/// may run in the transaction that adds them.
pub(super) fn index_new_texts(connection: &Connection) -> rusqlite::Result<()> {
    let is_any_pending: bool =
        connection.prepare_cached("SELECT EXISTS (SELECT 1 FROM client_text_pending)")?.query_row([], |row| row.get(0))?;
    if is_any_pending {
        connection
            .prepare_cached(
                "INSERT INTO client_text (rowid, client_id, name, description) SELECT client_number, client_id, name, description \
                 FROM clients WHERE client_number IN (SELECT client_number FROM client_text_pending)",
            )?
            .execute([])?;
        connection.prepare_cached("DELETE FROM client_text_pending")?.execute([])?;
    }
    Ok(())
}

/// Returns the query, and its column with the ID.
fn query<'v>(scope: &'v ClientScope, search: &'v Search<ClientKey>) -> (SelectQuery<'v>, &'static str) {
    let is_by_membership_alone = !search.is_narrowed() && search.order.by == ClientKey::Id;
    let (from, id) = match scope {
        // One index has an account's clients ordered by ID: nothing else is read.
        ClientScope::Direct(_) if is_by_membership_alone => ("client_members m", "m.client_id"),
        ClientScope::Direct(_) => ("client_members m JOIN clients t ON t.client_id = m.client_id", "m.client_id"),
        ClientScope::Everyone | ClientScope::Reachable(_) => ("clients t", "t.client_id"),
    };
    let mut query = SelectQuery::from(from);
    match scope {
        ClientScope::Everyone => {
            query.only_if(search.deleted.condition());
            query.only_if(format!("t.client_id <> '{BUILT_IN}'"));
        }
        ClientScope::Direct(account) => {
            query.only_if("m.account_id = :account");
            query.only_if(search.deleted.condition_on_live("m"));
            query.with(":account", account);
        }
        ClientScope::Reachable(account) => {
            query.only_if(search.deleted.condition());
            query.only_if(
                "t.client_id IN (SELECT client_id FROM client_members WHERE account_id = :account \
                 UNION SELECT m.client_id FROM organization_members o \
                 JOIN accounts a ON a.account_id = o.organization_id AND a.deleted_at IS NULL \
                 JOIN client_members m ON m.account_id = o.organization_id WHERE o.account_id = :account)",
            );
            query.with(":account", account);
        }
    }
    search.narrow(&mut query, &SEARCHED, "t.state");
    (query, id)
}
