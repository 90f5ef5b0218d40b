//! Who has which rights on clients and organizations: two pairs of tables of one shape.

use rusqlite::{OptionalExtension, named_params};

use crate::base::error::Result;
use crate::base::id::{AccountId, ClientId, OrganizationId, UserId};
use crate::base::page::{Listed, Page};
use crate::base::right::{Right, Rights};
use crate::model::member::{Member, expanded};
use crate::store::query::{Query, order_by};
use crate::store::sql::{Cells, reading};
use crate::store::{Order, Tx};

/// What can have members.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Owned {
    Client(ClientId),
    Organization(OrganizationId),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MemberKey {
    Id,
    Rights,
}

/// The tables of one kind of entity.
struct Tables {
    members: &'static str,
    rights: &'static str,
    id: &'static str,
}

impl Owned {
    fn tables(&self) -> Tables {
        match self {
            Owned::Client(_) => Tables { members: "client_members", rights: "client_member_rights", id: "client_id" },
            Owned::Organization(_) => {
                Tables { members: "organization_members", rights: "organization_member_rights", id: "organization_id" }
            }
        }
    }

    /// Selects the IDs of the members of the entity `:entity_id`.
    pub(super) fn member_ids(&self) -> String {
        let Tables { members, id, .. } = self.tables();
        format!("SELECT account_id FROM {members} WHERE {id} = :entity_id")
    }

    /// `client` or `organization`, as errors and events say it.
    pub fn kind(&self) -> &'static str {
        match self {
            Owned::Client(_) => "client",
            Owned::Organization(_) => "organization",
        }
    }

    pub fn as_str(&self) -> &str {
        match self {
            Owned::Client(id) => id.as_str(),
            Owned::Organization(id) => id.as_str(),
        }
    }
}

fn read(cells: &mut Cells<'_>) -> rusqlite::Result<Option<Member>> {
    let (account, rights) = (cells.account("account_id", "kind")?, cells.rights("rights")?);
    Ok(account.map(|account| Member { account, rights }))
}

/// The rights of one member, gathered in the row `m`.
fn gathered(tables: &Tables) -> String {
    let Tables { rights, id, .. } = tables;
    format!(
        "(SELECT json_group_array(right) FROM (SELECT right FROM {rights} r WHERE r.{id} = m.{id} AND r.account_id = m.account_id ORDER BY position)) AS rights"
    )
}

impl Tx<'_> {
    /// The rights that an account has on an entity itself, as they were given; nothing if it is no member.
    pub fn member(&self, owned: &Owned, account: &AccountId) -> Result<Option<Vec<Right>>> {
        let tables = owned.tables();
        let (members, id, rights) = (tables.members, tables.id, gathered(&tables));
        let found = self
            .connection
            .prepare_cached(&format!("SELECT {rights} FROM {members} m WHERE m.{id} = :entity_id AND m.account_id = :account_id"))?
            .query_row(named_params! {":entity_id": owned.as_str(), ":account_id": account}, reading(|cells| cells.rights("rights")))
            .optional()?;
        Ok(found)
    }

    /// Makes a member, or replaces a member's rights.
    pub fn set_member(&self, owned: &Owned, account: &AccountId, rights: &[Right]) -> Result<()> {
        self.remove_member(owned, account)?;
        let Tables { members, rights: table, id } = owned.tables();
        self.connection
            .prepare_cached(&format!("INSERT INTO {members} ({id}, account_id) VALUES (:entity_id, :account_id)"))?
            .execute(named_params! {":entity_id": owned.as_str(), ":account_id": account})?;
        let mut insert = self.connection.prepare_cached(&format!(
            "INSERT INTO {table} ({id}, account_id, position, right) VALUES (:entity_id, :account_id, :position, :right)"
        ))?;
        for (position, right) in rights.iter().enumerate() {
            insert.execute(named_params! {
                ":entity_id": owned.as_str(), ":account_id": account, ":position": position as i64, ":right": right,
            })?;
        }
        Ok(())
    }

    /// How many members there are, those of deleted accounts included.
    pub fn member_count(&self, owned: &Owned) -> Result<i64> {
        let Tables { members, id, .. } = owned.tables();
        let count = self
            .connection
            .prepare_cached(&format!("SELECT count(*) FROM {members} WHERE {id} = :entity_id"))?
            .query_row(named_params! {":entity_id": owned.as_str()}, |row| row.get(0))?;
        Ok(count)
    }

    pub fn remove_member(&self, owned: &Owned, account: &AccountId) -> Result<()> {
        let Tables { members, id, .. } = owned.tables();
        self.connection
            .prepare_cached(&format!("DELETE FROM {members} WHERE {id} = :entity_id AND account_id = :account_id"))?
            .execute(named_params! {":entity_id": owned.as_str(), ":account_id": account})?;
        Ok(())
    }

    /// Removes every member; says whether there was any.
    pub fn remove_members(&self, owned: &Owned) -> Result<bool> {
        let Tables { members, id, .. } = owned.tables();
        let removed = self
            .connection
            .prepare_cached(&format!("DELETE FROM {members} WHERE {id} = :entity_id"))?
            .execute(named_params! {":entity_id": owned.as_str()})?;
        Ok(removed > 0)
    }

    /// The members whose accounts are live.
    pub fn members(&self, owned: &Owned, order: Order<MemberKey>, page: Page) -> Result<Listed<Member>> {
        let (from, id) = match owned {
            Owned::Client(_) => ("client_members m JOIN accounts t ON t.account_id = m.account_id", "m.client_id"),
            Owned::Organization(_) => ("organization_members m JOIN accounts t ON t.account_id = m.account_id", "m.organization_id"),
        };
        let mut query = Query::from(from);
        query.only_if(format!("{id} = :entity_id AND t.deleted_at IS NULL"));
        query.with(":entity_id", owned.as_str());
        let columns = format!("m.account_id, t.kind, {}", gathered(&owned.tables()));
        let by = match order.by {
            MemberKey::Id => "m.account_id",
            MemberKey::Rights => "rights",
        };
        let listed = query.page(self.connection, &columns, &order_by(by, "m.account_id", order.direction), page, read)?;
        Ok(Listed { items: listed.items.into_iter().flatten().collect(), total: listed.total })
    }

    /// Whether a live member other than this one has one of the rights.
    pub fn has_other_member_with(&self, owned: &Owned, except: &AccountId, rights: &[Right]) -> Result<bool> {
        let Tables { rights: table, id, .. } = owned.tables();
        let numbers: Vec<String> = rights.iter().map(|right| (*right as u8).to_string()).collect();
        let numbers = numbers.join(", ");
        let has = self
            .connection
            .prepare_cached(&format!(
                "SELECT EXISTS (SELECT 1 FROM {table} r JOIN accounts t ON t.account_id = r.account_id AND t.deleted_at IS NULL \
                 WHERE r.{id} = :entity_id AND r.account_id <> :except AND r.right IN ({numbers}))"
            ))?
            .query_row(named_params! {":entity_id": owned.as_str(), ":except": except}, |row| row.get(0))?;
        Ok(has)
    }

    /// What a user may do on a client through live organizations: for each, the rights that the user has on it and it has on the client (registry.md 5.4).
    pub fn rights_through_organizations(&self, client: &ClientId, user: &UserId) -> Result<Rights> {
        let chains = self
            .connection
            .prepare_cached(
                "SELECT (SELECT json_group_array(right) FROM organization_member_rights r \
                         WHERE r.organization_id = o.organization_id AND r.account_id = o.account_id) AS mine, \
                        (SELECT json_group_array(right) FROM client_member_rights r \
                         WHERE r.client_id = m.client_id AND r.account_id = m.account_id) AS theirs \
                 FROM organization_members o \
                 JOIN client_members m ON m.client_id = :client_id AND m.account_id = o.organization_id \
                 JOIN accounts t ON t.account_id = o.organization_id AND t.deleted_at IS NULL \
                 WHERE o.account_id = :user_id",
            )?
            .query_map(
                named_params! {":client_id": client, ":user_id": user},
                reading(|cells| Ok(expanded(&cells.rights("mine")?).and(expanded(&cells.rights("theirs")?)))),
            )?
            .collect::<rusqlite::Result<Vec<Rights>>>()?;
        Ok(chains.into_iter().fold(Rights::NONE, Rights::or))
    }
}
