//! The members of clients and organizations and their rights: two pairs of tables of one shape.

use rusqlite::named_params;

use crate::base::error::Result;
use crate::base::id::{AccountId, ClientId, OrganizationId, UserId};
use crate::base::page::{Listed, Page};
use crate::base::right::{Right, Rights};
use crate::model::member::{Member, expanded};
use crate::store::query::{Order, SelectQuery, order_by};
use crate::store::sql::Cells;
use crate::store::transaction::Tx;

/// An entity that has members.
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

    /// Returns `client` or `organization`.
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

fn read(cells: &mut Cells<'_>) -> rusqlite::Result<Member> {
    Ok(Member { account: cells.owner("account_id")?, rights: cells.rights("rights")? })
}

/// Returns the subselect of the rights of the member `m`.
fn gathered(tables: &Tables) -> String {
    let Tables { rights, id, .. } = tables;
    format!(
        "(SELECT json_group_array(right) FROM (SELECT right FROM {rights} r WHERE r.{id} = m.{id} AND r.account_id = m.account_id ORDER BY position)) AS rights"
    )
}

impl Tx<'_> {
    /// Returns the rights that an account has on an entity directly, as given; `None` if it is not a member.
    pub(crate) fn member(&self, owned: &Owned, account: &AccountId) -> Result<Option<Vec<Right>>> {
        let tables = owned.tables();
        let (members, id, rights) = (tables.members, tables.id, gathered(&tables));
        let statement = format!("SELECT {rights} FROM {members} m WHERE m.{id} = :entity_id AND m.account_id = :account_id");
        let values = named_params! {":entity_id": owned.as_str(), ":account_id": account};
        self.one(&statement, values, |cells| cells.rights("rights"))
    }

    /// Adds a member, or replaces a member's rights.
    /// # Errors
    /// Only those of the database.
    pub fn set_member(&self, owned: &Owned, account: &AccountId, rights: &[Right]) -> Result<()> {
        self.remove_member(owned, account)?;
        let Tables { members, rights: table, id } = owned.tables();
        let values = named_params! {":entity_id": owned.as_str(), ":account_id": account};
        self.run(&format!("INSERT INTO {members} ({id}, account_id) VALUES (:entity_id, :account_id)"), values)?;
        let right = format!("INSERT INTO {table} ({id}, account_id, position, right) VALUES (:entity_id, :account_id, :position, :item)");
        self.insert_list(&right, values, rights)
    }

    /// Returns the number of members, with those of deleted accounts.
    pub(crate) fn member_count(&self, owned: &Owned) -> Result<i64> {
        let Tables { members, id, .. } = owned.tables();
        self.value(&format!("SELECT count(*) FROM {members} WHERE {id} = :entity_id"), named_params! {":entity_id": owned.as_str()})
    }

    pub(crate) fn remove_member(&self, owned: &Owned, account: &AccountId) -> Result<()> {
        let Tables { members, id, .. } = owned.tables();
        let statement = format!("DELETE FROM {members} WHERE {id} = :entity_id AND account_id = :account_id");
        self.run(&statement, named_params! {":entity_id": owned.as_str(), ":account_id": account}).map(drop)
    }

    /// Removes every member; returns whether there was any.
    pub(crate) fn remove_members(&self, owned: &Owned) -> Result<bool> {
        let Tables { members, id, .. } = owned.tables();
        let statement = format!("DELETE FROM {members} WHERE {id} = :entity_id");
        Ok(self.run(&statement, named_params! {":entity_id": owned.as_str()})? > 0)
    }

    /// Returns the members whose accounts are live.
    pub(crate) fn members(&self, owned: &Owned, order: Order<MemberKey>, page: Page) -> Result<Listed<Member>> {
        let (from, id) = match owned {
            Owned::Client(_) => ("client_members m JOIN accounts t ON t.account_id = m.account_id", "m.client_id"),
            Owned::Organization(_) => ("organization_members m JOIN accounts t ON t.account_id = m.account_id", "m.organization_id"),
        };
        let mut query = SelectQuery::from(from);
        query.only_if(format!("{id} = :entity_id AND t.deleted_at IS NULL"));
        query.with(":entity_id", owned.as_str());
        let columns = format!("m.account_id, t.kind, {}", gathered(&owned.tables()));
        let by = match order.by {
            MemberKey::Id => "m.account_id",
            MemberKey::Rights => "rights",
        };
        query.page(self, &columns, &order_by(by, "m.account_id", order.direction), page, read)
    }

    /// Returns whether a live member other than this one has one of the rights.
    pub(crate) fn has_other_member_with(&self, owned: &Owned, except: &AccountId, rights: &[Right]) -> Result<bool> {
        let Tables { rights: table, id, .. } = owned.tables();
        let numbers: Vec<String> = rights.iter().map(|right| (*right as u8).to_string()).collect();
        let statement = format!(
            "SELECT 1 FROM {table} r JOIN accounts t ON t.account_id = r.account_id AND t.deleted_at IS NULL \
             WHERE r.{id} = :entity_id AND r.account_id <> :except AND r.right IN ({})",
            numbers.join(", ")
        );
        self.exists(&statement, named_params! {":entity_id": owned.as_str(), ":except": except})
    }

    /// Returns the rights of a user on a client through live organizations: for each, those that the user has on it and it has on the
    /// client (registry.md 5.4).
    pub(crate) fn rights_through_organizations(&self, client: &ClientId, user: &UserId) -> Result<Rights> {
        let chains = self.all(
            "SELECT (SELECT json_group_array(right) FROM organization_member_rights r \
                     WHERE r.organization_id = o.organization_id AND r.account_id = o.account_id) AS mine, \
                    (SELECT json_group_array(right) FROM client_member_rights r \
                     WHERE r.client_id = m.client_id AND r.account_id = m.account_id) AS theirs \
             FROM organization_members o \
             JOIN client_members m ON m.client_id = :client_id AND m.account_id = o.organization_id \
             JOIN accounts t ON t.account_id = o.organization_id AND t.deleted_at IS NULL \
             WHERE o.account_id = :user_id",
            named_params! {":client_id": client, ":user_id": user},
            |cells| Ok(expanded(&cells.rights("mine")?).and(expanded(&cells.rights("theirs")?))),
        )?;
        Ok(chains.into_iter().fold(Rights::NONE, Rights::or))
    }
}
