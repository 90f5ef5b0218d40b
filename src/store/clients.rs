//! The rows of clients.

use std::sync::LazyLock;

use rusqlite::{Connection, named_params};

use crate::base::error::Result;
use crate::base::id::{AccountId, ClientId};
use crate::base::page::Listed;
use crate::base::time::Time;
use crate::model::choice::State;
use crate::model::client::{BUILT_IN, Client};
use crate::model::member::ContactAddresses;
use crate::store::cache::{Cached, Kinds, TEXT};
use crate::store::pattern::literal;
use crate::store::query::{Deleted, RedirectHost, Search, Searched, SelectQuery, order_by};
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

/// New clients wait for the text index and are all looked at.
const SEARCHED: Searched = Searched {
    id: "client_id",
    number: "client_number",
    indexed: "SELECT rowid FROM client_text WHERE client_text MATCH :indexed UNION ALL \
         SELECT client_number FROM clients WHERE client_number > (SELECT client_number FROM client_text_end)",
};

/// How many new clients wait for the text index, until the commit that makes them so many.
const MOST_UNINDEXED: i64 = 128;

const FROM: &str = "clients t LEFT JOIN accounts a ON a.account_id = t.administrative_contact \
     LEFT JOIN accounts b ON b.account_id = t.technical_contact";

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
        attributes: attributes as pairs,
        redirect_uris: redirect_uris as texts,
        logout_redirect_uris: logout_redirect_uris as texts,
        grants: grants as grants,
        rights: rights as rights,
        approved_rights: approved,
        sign_in: sign_in,
    }
    rest(cells) { contact_info: ContactAddresses::default(), secret: None }
}

static CLIENT: LazyLock<String> = LazyLock::new(|| format!("SELECT {} FROM {FROM} WHERE t.client_id = :client_id", Client::COLUMNS));

impl Cached for Client {
    const KINDS: Kinds = Kinds::CLIENTS;

    fn bytes(&self) -> usize {
        let texts = [&self.name, &self.description, &self.state_description].into_iter().map(String::len).sum::<usize>();
        let uris = self.redirect_uris.iter().chain(&self.logout_redirect_uris).map(|uri| TEXT + uri.len()).sum::<usize>();
        let attributes = self.attributes.iter().map(|(key, value)| 2 * TEXT + key.len() + value.len()).sum::<usize>();
        let words = self.sign_in.words().map(|word| TEXT + word.len()).sum::<usize>();
        texts + uris + attributes + words + self.rights.len() + self.grants.len()
    }
}

/// When a client that exists was deleted.
#[derive(Clone)]
struct DeletedAt(Option<Time>);

impl Cached for DeletedAt {
    const KINDS: Kinds = Kinds::CLIENTS;
}

impl Tx<'_> {
    /// Returns false, and does nothing, if the ID is taken, also by a deleted client.
    /// # Errors
    /// Only those of the database.
    pub fn insert_client(&self, client: &Client, registered_by: Option<&AccountId>) -> Result<bool> {
        self.insert_if_new(client, &[&registered_by])
    }

    /// Returns a client.
    /// # Errors
    /// Only those of the database.
    pub fn client(&self, id: &ClientId, deleted: Deleted) -> Result<Option<Client>> {
        let read = || self.one(&CLIENT, named_params! {":client_id": id}, Client::read);
        let client = self.cached(id.as_str(), read)?;
        Ok(client.filter(|client| deleted.includes(client.deleted_at)))
    }

    /// Visits every client, also deleted ones.
    pub(crate) fn each_client(&self, visit: &mut dyn FnMut(Client) -> Result<()>) -> Result<()> {
        self.each(&format!("SELECT {} FROM {FROM} ORDER BY t.client_id", Client::COLUMNS), &[], Client::read, visit)
    }

    /// Returns whether any client but the built-in one is endorsed.
    pub(crate) fn are_any_clients_endorsed(&self) -> Result<bool> {
        static ANY: LazyLock<String> = LazyLock::new(|| {
            format!("SELECT EXISTS (SELECT 1 FROM clients WHERE endorsed = 1 AND deleted_at IS NULL AND client_id <> '{BUILT_IN}')")
        });
        self.value(&ANY, &[])
    }

    /// Returns whether a client exists.
    /// # Errors
    /// Only those of the database.
    pub fn client_exists(&self, id: &ClientId, deleted: Deleted) -> Result<bool> {
        let statement = "SELECT deleted_at FROM clients WHERE client_id = :client_id";
        let read = || self.one(statement, named_params! {":client_id": id}, |cells| cells.take("deleted_at").map(DeletedAt));
        Ok(self.cached(id.as_str(), read)?.is_some_and(|DeletedAt(deleted_at)| deleted.includes(deleted_at)))
    }

    /// Returns who registered a client, if that account still exists.
    pub(crate) fn client_registered_by(&self, id: &ClientId) -> Result<Option<AccountId>> {
        let statement = "SELECT a.account_id, a.kind FROM clients c JOIN accounts a ON a.account_id = c.registered_by \
             WHERE c.client_id = :client_id";
        self.one(statement, named_params! {":client_id": id}, |cells| cells.owner("account_id"))
    }

    /// Returns how many clients an account registered, or an organization that it created; also deleted ones.
    pub(crate) fn clients_registered_by(&self, account: &AccountId) -> Result<i64> {
        let statement = "SELECT coalesce((SELECT registered_clients FROM account_counts WHERE account_id = :account), 0)";
        self.value(statement, named_params! {":account": account})
    }

    /// Stores all fields of a client that exists.
    /// # Errors
    /// Only those of the database.
    pub fn update_client(&self, client: &Client) -> Result<()> {
        self.update(client)
    }

    pub(crate) fn set_client_deleted(&self, id: &ClientId, deleted_at: Option<Time>) -> Result<()> {
        let statement = "UPDATE clients SET deleted_at = :deleted_at WHERE client_id = :client_id";
        self.run(statement, named_params! {":client_id": id, ":deleted_at": deleted_at})
    }

    /// Deletes everything about a client except its events.
    /// # Errors
    /// Only those of the database.
    pub fn purge_client(&self, id: &ClientId) -> Result<()> {
        self.run("DELETE FROM clients WHERE client_id = :client_id", named_params! {":client_id": id})
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
        query.page_counted(self, id, &order, search.page, |cells| cells.take("client_id"), || self.count_clients(scope, search, &query))
    }

    fn is_in_organizations(&self, account: &AccountId) -> Result<bool> {
        self.exists("SELECT 1 FROM organization_members WHERE account_id = :account", named_params! {":account": account})
    }

    /// Returns how many clients a search finds; without looking at each where triggers count them.
    fn count_clients(&self, scope: &ClientScope, search: &Search<ClientKey>, found: &SelectQuery<'_>) -> Result<i64> {
        match scope {
            ClientScope::Everyone if !search.is_narrowed() => self.client_count(search.deleted),
            // Most are approved: the others are counted.
            ClientScope::Everyone if search.texts.is_empty() && search.states.contains(&State::Approved) => {
                let states = State::EVERY.iter().copied().filter(|state| !search.states.contains(state)).collect::<Vec<_>>();
                let others = Search { states, ..search.clone() };
                let others = if others.states.is_empty() { 0 } else { query(scope, &others).0.count(self)? };
                Ok(self.client_count(search.deleted)? - others)
            }
            ClientScope::Direct(account) if !search.is_narrowed() => {
                let clients = match search.deleted {
                    Deleted::No => "live_clients",
                    Deleted::Yes => "deleted_clients",
                    Deleted::Either => "live_clients + deleted_clients",
                };
                let statement = format!("SELECT coalesce((SELECT {clients} FROM account_counts WHERE account_id = :account), 0)");
                self.value(&statement, named_params! {":account": account})
            }
            // A client that is reached in several ways is counted once, which no sum can do.
            ClientScope::Everyone | ClientScope::Direct(_) | ClientScope::Reachable(_) => found.count(self),
        }
    }

    /// Returns how many clients there are beside the built-in one.
    fn client_count(&self, deleted: Deleted) -> Result<i64> {
        let clients = match deleted {
            Deleted::No => "(SELECT coalesce(max(client_number), 0) FROM clients) - unused_numbers - deleted",
            Deleted::Yes => "deleted",
            Deleted::Either => "(SELECT coalesce(max(client_number), 0) FROM clients) - unused_numbers",
        };
        let condition = deleted.condition();
        let built_in = format!("SELECT count(*) FROM clients t WHERE t.client_id = '{BUILT_IN}' AND {condition}");
        self.value(&format!("SELECT {clients} - ({built_in}) FROM client_counts"), &[])
    }
}

/// Adds the texts of new clients to the text index, once there are enough of them.
pub(super) fn index_new_texts(connection: &Connection) -> rusqlite::Result<()> {
    let waiting: Option<i64> = connection
        .prepare_cached("SELECT (SELECT max(client_number) FROM clients) - client_number FROM client_text_end")?
        .query_row([], |row| row.get(0))?;
    if waiting.is_some_and(|waiting| waiting >= MOST_UNINDEXED) {
        connection
            .prepare_cached(
                "INSERT INTO client_text (rowid, client_id, name, description) SELECT client_number, client_id, name, description \
                 FROM clients WHERE client_number > (SELECT client_number FROM client_text_end) ORDER BY client_number",
            )?
            .execute([])?;
        connection.prepare_cached("UPDATE client_text_end SET client_number = (SELECT max(client_number) FROM clients)")?.execute([])?;
    }
    Ok(())
}

/// Returns the query, and its column with the ID.
fn query<'v>(scope: &'v ClientScope, search: &'v Search<ClientKey>) -> (SelectQuery<'v>, &'static str) {
    let is_in_order_of_ids = !search.is_narrowed() && search.order.by == ClientKey::Id;
    let (from, id) = match scope {
        // One index has an account's clients ordered by ID: nothing else is read.
        ClientScope::Direct(_) if is_in_order_of_ids => ("client_members m", "m.client_id"),
        ClientScope::Direct(_) => ("client_members m JOIN clients t ON t.client_number = m.client_number", "m.client_id"),
        ClientScope::Everyone | ClientScope::Reachable(_) => ("clients t", "t.client_id"),
    };
    let mut query = SelectQuery::from(from);
    match scope {
        ClientScope::Everyone => {
            query.only_if(match search.deleted {
                Deleted::No if is_in_order_of_ids => NOT_DELETED,
                deleted => deleted.condition(),
            });
            query.only_if(format!("t.client_id <> '{BUILT_IN}'"));
        }
        ClientScope::Direct(account) => {
            query.only_if("m.account_id = :account").only_if(search.deleted.condition_on_live("m")).with(":account", account);
        }
        ClientScope::Reachable(account) => {
            query.only_if(search.deleted.condition()).only_if(format!("t.client_id IN ({REACHABLE})")).with(":account", account);
        }
    }
    search.narrow(&mut query, &SEARCHED, "t.state");
    if let Some(collaborator) = &search.texts.collaborator {
        query.only_if("t.client_number IN (SELECT client_number FROM client_members WHERE account_id = :collaborator)");
        query.with(":collaborator", collaborator);
    }
    if let Some(RedirectHost { host, key }) = &search.texts.redirect_host {
        query.only_if(HAS_HOST).with(":host_key", key).with(":host", format!("://{}", literal(host)));
    }
    if !search.states.is_empty() && !search.states.contains(&State::Approved) {
        query.only_if(NOT_APPROVED);
    }
    (query, id)
}

/// The clients that `:account` is a collaborator of, itself or through an organization.
pub(super) const REACHABLE: &str = "SELECT client_id FROM client_members WHERE account_id = :account \
     UNION SELECT m.client_id FROM organization_members o \
     JOIN accounts a ON a.account_id = o.organization_id AND a.deleted_at IS NULL \
     JOIN client_members m ON m.account_id = o.organization_id WHERE o.account_id = :account";

/// Those with a host among their redirect URIs. Those whose keys are not stored yet are all looked at.
const HAS_HOST: &str = "t.client_number IN (SELECT client_number FROM client_likeness WHERE key = :host_key \
     UNION ALL SELECT client_number FROM client_likeness_waiting \
     UNION ALL SELECT client_number FROM clients WHERE client_number > (SELECT client_number FROM client_likeness_end)) \
     AND EXISTS (SELECT 1 FROM json_each(t.redirect_uris) u WHERE contains(u.value, :host))";

/// The same as being live, by indexes alone: few clients are deleted.
const NOT_DELETED: &str = "NOT EXISTS (SELECT 1 FROM clients d INDEXED BY clients_deleted \
     WHERE d.client_id = t.client_id AND d.deleted_at IS NOT NULL)";

/// As the index of the clients that are not approved says it.
const NOT_APPROVED: &str = "t.state <> 1";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::page::Page;
    use crate::store::{Direction, Store, TextSearch};

    /// How SQLite finds the rows of a page and counts them.
    fn plan(store: &Store, scope: &ClientScope, search: &Search<ClientKey>) -> Vec<String> {
        let (query, id) = query(scope, search);
        let key = if search.order.by == ClientKey::Name { "t.name" } else { "t.created_at" };
        let key = if search.order.by == ClientKey::Id { id } else { key };
        let order = order_by(key, id, search.order.direction);
        let statement = format!("EXPLAIN QUERY PLAN {}", query.select(id, &order));
        let plan = store.read(|tx| {
            let mut explain = tx.connection()?.prepare(&statement)?;
            let steps = explain.raw_query().mapped(|row| row.get(3)).collect::<rusqlite::Result<Vec<String>>>()?;
            Ok(steps)
        });
        plan.unwrap()
    }

    #[test]
    fn a_page_of_clients_is_read_in_its_order_from_an_index() {
        let store = Store::ephemeral().unwrap();
        let live = |by, direction| Search::live(by, direction, Page::new(0, 0));
        for (by, index) in [
            (ClientKey::Id, "sqlite_autoindex_clients_1"),
            (ClientKey::Name, "clients_live_by_name"),
            (ClientKey::CreatedAt, "clients_live_by_creation"),
        ] {
            for direction in [Direction::Ascending, Direction::Descending] {
                for states in [vec![], vec![State::Approved]] {
                    let plan = plan(&store, &ClientScope::Everyone, &Search { states, ..live(by, direction) });
                    assert!(plan[0].starts_with("SCAN t USING ") && plan[0].contains(index), "{by:?} {plan:#?}");
                    assert!(plan.iter().all(|step| !step.contains("TEMP B-TREE")), "{by:?} {plan:#?}");
                }
            }
        }
        let account = ClientScope::Direct(AccountId::User("alice".parse().unwrap()));
        let plan = plan(&store, &account, &live(ClientKey::Id, Direction::Ascending));
        assert_eq!(plan, ["SEARCH m USING COVERING INDEX client_members_by_account (account_id=? AND is_live=?)"]);
    }

    #[test]
    fn what_few_clients_have_is_searched_in_an_index_of_those() {
        let store = Store::ephemeral().unwrap();
        let all = || Search::live(ClientKey::Id, Direction::Ascending, Page::new(0, 0));
        let attributes = TextSearch { attributes_contain: vec![("a".to_owned(), "b".to_owned())], ..TextSearch::default() };
        let texts = TextSearch { query: Some("abc".to_owned()), ..TextSearch::default() };
        for (search, first) in [
            (Search { states: vec![State::Requested], ..all() }, "SEARCH t USING INDEX clients_not_approved (state=?)"),
            (Search { deleted: Deleted::Yes, ..all() }, "SCAN t USING INDEX clients_deleted"),
            (Search { texts: attributes, ..all() }, "SCAN t USING INDEX clients_with_attributes"),
            (Search { texts, ..all() }, "SEARCH t USING INTEGER PRIMARY KEY (rowid=?)"),
        ] {
            let plan = plan(&store, &ClientScope::Everyone, &search);
            assert_eq!(plan[0], first, "{plan:#?}");
        }
    }
}
