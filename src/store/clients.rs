//! The rows of clients.

use std::collections::BTreeMap;

use rusqlite::{Connection, OptionalExtension, named_params};

use crate::base::error::Result;
use crate::base::id::{AccountId, ClientId};
use crate::base::page::{Listed, Page};
use crate::base::time::Time;
use crate::model::choice::State;
use crate::model::client::{BUILT_IN, Client};
use crate::model::member::Contacts;
use crate::store::query::{Query, Searched, TextSearch, order_by};
use crate::store::sql::{Cells, reading};
use crate::store::{Deleted, Order, Tx, sql};

/// Whose clients.
#[derive(Clone, Debug)]
pub enum Scope {
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

/// What a list or a search of clients asks for. All conditions must hold.
#[derive(Clone, Debug)]
pub struct ClientSearch {
    pub scope: Scope,
    pub deleted: Deleted,
    pub texts: TextSearch,
    /// Any of these; any at all if empty.
    pub states: Vec<State>,
    pub order: Order<ClientKey>,
    pub page: Page,
}

const SEARCHED: Searched = Searched { id: "client_id", number: "client_number", index: "client_text", attributes: "client_attributes" };

/// What of a client is one value each.
const COLUMNS: &str = "t.client_id, t.created_at, t.updated_at, t.deleted_at, t.name, t.description, t.state, t.state_description, \
     t.skip_authorization, t.endorsed, t.approved_rights, t.administrative_contact, a.kind AS administrative_kind, t.technical_contact, b.kind AS technical_kind";

const FROM: &str = "clients t LEFT JOIN accounts a ON a.account_id = t.administrative_contact \
     LEFT JOIN accounts b ON b.account_id = t.technical_contact";

/// The lists of a client, an item a row, each list in the order of its primary key. One statement for all of them takes half the time
/// that subselects do which gather them as JSON.
const ITEMS: &str = "SELECT 'attributes' AS list, key, value AS item FROM client_attributes WHERE client_id = :client_id \
     UNION ALL SELECT 'redirect_uris', NULL, uri FROM client_redirect_uris WHERE client_id = :client_id \
     UNION ALL SELECT 'logout_redirect_uris', NULL, uri FROM client_logout_redirect_uris WHERE client_id = :client_id \
     UNION ALL SELECT 'grants', NULL, grant_type FROM client_grants WHERE client_id = :client_id \
     UNION ALL SELECT 'rights', NULL, right FROM client_rights WHERE client_id = :client_id";

/// All but the lists.
fn read(cells: &mut Cells<'_>) -> rusqlite::Result<Client> {
    Ok(Client {
        id: cells.take("client_id")?,
        created_at: cells.take("created_at")?,
        updated_at: cells.take("updated_at")?,
        deleted_at: cells.take("deleted_at")?,
        name: cells.text("name")?,
        description: cells.take("description")?,
        state: cells.take("state")?,
        state_description: cells.take("state_description")?,
        skip_authorization: cells.take("skip_authorization")?,
        endorsed: cells.take("endorsed")?,
        approved: cells.take("approved_rights")?,
        contact_info: Contacts::default(),
        administrative_contact: cells.account("administrative_contact", "administrative_kind")?,
        technical_contact: cells.account("technical_contact", "technical_kind")?,
        secret: None,
        attributes: BTreeMap::new(),
        redirect_uris: Vec::new(),
        logout_redirect_uris: Vec::new(),
        grants: Vec::new(),
        rights: Vec::new(),
    })
}

/// Puts one row of [`ITEMS`] where it belongs.
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
    /// False, and nothing done, if the ID is taken, be it by a deleted client.
    pub fn insert_client(&self, client: &Client, registered_by: Option<&AccountId>) -> Result<bool> {
        let inserted = self
            .connection
            .prepare_cached(
                "INSERT INTO clients (client_id, created_at, updated_at, name, description, administrative_contact, technical_contact, \
                 state, state_description, skip_authorization, endorsed, registered_by, \
                 approved_rights) \
                 VALUES (:client_id, :created_at, :updated_at, :name, :description, :administrative_contact, :technical_contact, \
                 :state, :state_description, :skip_authorization, :endorsed, :registered_by, \
                 :approved_rights) ON CONFLICT (client_id) DO NOTHING",
            )?
            .execute(named_params! {
                ":client_id": client.id,
                ":created_at": client.created_at,
                ":updated_at": client.updated_at,
                ":name": sql::or_null(&client.name),
                ":description": client.description,
                ":administrative_contact": client.administrative_contact,
                ":technical_contact": client.technical_contact,
                ":state": client.state,
                ":state_description": client.state_description,
                ":skip_authorization": client.skip_authorization,
                ":endorsed": client.endorsed,
                ":registered_by": registered_by,
                ":approved_rights": client.approved,
            })?
            == 1;
        if inserted {
            self.insert_client_lists(client)?;
        }
        Ok(inserted)
    }

    pub fn client(&self, id: &ClientId, deleted: Deleted) -> Result<Option<Client>> {
        let condition = deleted.condition();
        let client = self
            .connection
            .prepare_cached(&format!("SELECT {COLUMNS} FROM {FROM} WHERE t.client_id = :client_id AND {condition}"))?
            .query_row(named_params! {":client_id": id}, reading(read))
            .optional()?;
        let Some(mut client) = client else { return Ok(None) };
        let mut items = self.connection.prepare_cached(ITEMS)?;
        let mut rows = items.query(named_params! {":client_id": id})?;
        while let Some(row) = rows.next()? {
            add_item(&mut client, &mut Cells::of(row))?;
        }
        Ok(Some(client))
    }

    pub fn client_exists(&self, id: &ClientId, deleted: Deleted) -> Result<bool> {
        let condition = deleted.condition();
        let exists = self
            .connection
            .prepare_cached(&format!("SELECT EXISTS (SELECT 1 FROM clients t WHERE t.client_id = :client_id AND {condition})"))?
            .query_row(named_params! {":client_id": id}, |row| row.get(0))?;
        Ok(exists)
    }

    /// How many clients an account registered, or an organization that it created; deleted ones included.
    pub fn clients_registered_by(&self, account: &AccountId) -> Result<i64> {
        let clients = self
            .connection
            .prepare_cached(
                "SELECT count(*) FROM clients WHERE registered_by IN \
                 (SELECT :account UNION ALL SELECT organization_id FROM organizations WHERE created_by = :account)",
            )?
            .query_row(named_params! {":account": account}, |row| row.get(0))?;
        Ok(clients)
    }

    pub fn update_client(&self, client: &Client) -> Result<()> {
        self.connection
            .prepare_cached(
                "UPDATE clients SET updated_at = :updated_at, deleted_at = :deleted_at, name = :name, description = :description, \
                 administrative_contact = :administrative_contact, technical_contact = :technical_contact, state = :state, \
                 state_description = :state_description, skip_authorization = :skip_authorization, endorsed = :endorsed, \
                 approved_rights = :approved_rights \
                 WHERE client_id = :client_id",
            )?
            .execute(named_params! {
                ":client_id": client.id,
                ":updated_at": client.updated_at,
                ":deleted_at": client.deleted_at,
                ":name": sql::or_null(&client.name),
                ":description": client.description,
                ":administrative_contact": client.administrative_contact,
                ":technical_contact": client.technical_contact,
                ":state": client.state,
                ":state_description": client.state_description,
                ":skip_authorization": client.skip_authorization,
                ":endorsed": client.endorsed,
                ":approved_rights": client.approved,
            })?;
        for table in LISTS {
            self.connection
                .prepare_cached(&format!("DELETE FROM {table} WHERE client_id = :client_id"))?
                .execute(named_params! {":client_id": client.id})?;
        }
        self.insert_client_lists(client)
    }

    pub fn set_client_deleted(&self, id: &ClientId, deleted_at: Option<Time>) -> Result<()> {
        self.connection
            .prepare_cached("UPDATE clients SET deleted_at = :deleted_at WHERE client_id = :client_id")?
            .execute(named_params! {":client_id": id, ":deleted_at": deleted_at})?;
        Ok(())
    }

    /// Removes every trace but the events. False if there is no such client.
    pub fn purge_client(&self, id: &ClientId) -> Result<bool> {
        let purged = self
            .connection
            .prepare_cached("DELETE FROM clients WHERE client_id = :client_id")?
            .execute(named_params! {":client_id": id})?;
        Ok(purged == 1)
    }

    /// The IDs of one page: what a page skips is not looked at, and each client is read when it is shown.
    pub fn client_ids(&self, search: &ClientSearch) -> Result<Listed<ClientId>> {
        if let Scope::Reachable(account) = &search.scope
            && !search.is_narrowed()
            && !self.is_in_organizations(account)?
        {
            return self.client_ids(&ClientSearch { scope: Scope::Direct(account.clone()), ..search.clone() });
        }
        let (query, id) = search.query();
        let order = match search.order.by {
            ClientKey::Id => id,
            ClientKey::Name => "t.name",
            ClientKey::CreatedAt => "t.created_at",
        };
        let order = order_by(order, id, search.order.direction);
        let count = || if search.is_narrowed() { query.count(self.connection) } else { self.kept_count(search, &query) };
        Ok(query.page_counted(self.connection, id, &order, search.page, |cells| cells.take("client_id"), count)?)
    }

    fn is_in_organizations(&self, account: &AccountId) -> Result<bool> {
        let is = self
            .connection
            .prepare_cached("SELECT EXISTS (SELECT 1 FROM organization_members WHERE account_id = :account)")?
            .query_row(named_params! {":account": account}, |row| row.get(0))?;
        Ok(is)
    }

    /// How many clients are in the scope, by the counts that triggers keep.
    fn kept_count(&self, search: &ClientSearch, query: &Query<'_>) -> rusqlite::Result<i64> {
        let condition = search.deleted.condition_on_live("c");
        match &search.scope {
            Scope::Everyone => {
                let deleted = search.deleted.condition();
                self.connection
                    .prepare_cached(&format!(
                        "SELECT (SELECT coalesce(sum(clients), 0) FROM client_counts c WHERE {condition}) \
                         - (SELECT count(*) FROM clients t WHERE t.client_id = '{BUILT_IN}' AND {deleted})"
                    ))?
                    .query_row([], |row| row.get(0))
            }
            Scope::Direct(account) => self
                .connection
                .prepare_cached(&format!(
                    "SELECT coalesce(sum(clients), 0) FROM account_client_counts c WHERE c.account_id = :account AND {condition}"
                ))?
                .query_row(named_params! {":account": account}, |row| row.get(0)),
            // Who reaches a client in several ways is counted once, which no sum can do.
            Scope::Reachable(_) => query.count(self.connection),
        }
    }

    fn insert_client_lists(&self, client: &Client) -> Result<()> {
        for (key, value) in &client.attributes {
            self.connection
                .prepare_cached("INSERT INTO client_attributes (client_id, key, value) VALUES (:client_id, :key, :value)")?
                .execute(named_params! {":client_id": client.id, ":key": key, ":value": value})?;
        }
        self.insert_client_list("client_redirect_uris", "uri", &client.id, &client.redirect_uris)?;
        self.insert_client_list("client_logout_redirect_uris", "uri", &client.id, &client.logout_redirect_uris)?;
        self.insert_client_list("client_grants", "grant_type", &client.id, &client.grants)?;
        self.insert_client_list("client_rights", "right", &client.id, &client.rights)
    }

    fn insert_client_list(&self, table: &str, column: &str, id: &ClientId, items: &[impl rusqlite::ToSql]) -> Result<()> {
        let mut insert = self
            .connection
            .prepare_cached(&format!("INSERT INTO {table} (client_id, position, {column}) VALUES (:client_id, :position, :item)"))?;
        for (position, item) in items.iter().enumerate() {
            insert.execute(named_params! {":client_id": id, ":position": position as i64, ":item": item})?;
        }
        Ok(())
    }
}

/// Adds the text of new clients to its index, once for all that are committed together. Until then no search finds them, so none is
/// made where they are written.
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

/// The child tables that an update rewrites.
const LISTS: &[&str] = &["client_attributes", "client_redirect_uris", "client_logout_redirect_uris", "client_grants", "client_rights"];

impl ClientSearch {
    /// Whether it wants only some of the clients in its scope.
    fn is_narrowed(&self) -> bool {
        !self.texts.is_empty() || !self.states.is_empty()
    }

    /// The query, and the column in it that has the ID.
    fn query(&self) -> (Query<'_>, &'static str) {
        let is_by_membership_alone = !self.is_narrowed() && self.order.by == ClientKey::Id;
        let (from, id) = match self.scope {
            // One index has the clients of an account in the order of their IDs: nothing else is read.
            Scope::Direct(_) if is_by_membership_alone => ("client_members m", "m.client_id"),
            Scope::Direct(_) => ("client_members m JOIN clients t ON t.client_id = m.client_id", "m.client_id"),
            Scope::Everyone | Scope::Reachable(_) => ("clients t", "t.client_id"),
        };
        let mut query = Query::from(from);
        match &self.scope {
            Scope::Everyone => {
                query.only_if(self.deleted.condition());
                query.only_if(format!("t.client_id <> '{BUILT_IN}'"));
            }
            Scope::Direct(account) => {
                query.only_if("m.account_id = :account");
                query.only_if(self.deleted.condition_on_live("m"));
                query.with(":account", account);
            }
            Scope::Reachable(account) => {
                query.only_if(self.deleted.condition());
                query.only_if(
                    "t.client_id IN (SELECT client_id FROM client_members WHERE account_id = :account \
                     UNION SELECT m.client_id FROM organization_members o \
                     JOIN accounts a ON a.account_id = o.organization_id AND a.deleted_at IS NULL \
                     JOIN client_members m ON m.account_id = o.organization_id WHERE o.account_id = :account)",
                );
                query.with(":account", account);
            }
        }
        self.texts.narrow(&mut query, &SEARCHED);
        if !self.states.is_empty() {
            let numbers: Vec<String> = self.states.iter().map(|state| state.number().to_string()).collect();
            query.only_if(format!("t.state IN ({})", numbers.join(", ")));
        }
        (query, id)
    }
}
