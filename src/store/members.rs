//! The members of clients and organizations and their rights: two tables of one shape.

use rusqlite::named_params;

use crate::base::error::Result;
use crate::base::id::{AccountId, ClientId, OrganizationId, UserId};
use crate::base::page::{Listed, Page};
use crate::base::right::{Right, Rights};
use crate::base::time::Time;
use crate::model::member::{Member, expanded};
use crate::store::cache::{Cached, Kinds};
use crate::store::query::{Order, SelectQuery, order_by};
use crate::store::sql::Cells;
use crate::store::table::rights_json;
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

impl Owned {
    /// Returns the table `m` of the members.
    fn table(&self) -> &'static str {
        match self {
            Owned::Client(_) => "client_members AS m",
            Owned::Organization(_) => "organization_members AS m",
        }
    }

    /// Returns the condition on `m` that it is a member of the entity `:entity_id`.
    fn is_of_it(&self) -> &'static str {
        match self {
            Owned::Client(_) => "m.client_number = (SELECT client_number FROM clients WHERE client_id = :entity_id)",
            Owned::Organization(_) => "m.organization_id = :entity_id",
        }
    }

    /// Selects the IDs of the members of the entity `:entity_id`.
    pub(super) fn member_ids(&self) -> String {
        format!("SELECT m.account_id FROM {} WHERE {}", self.table(), self.is_of_it())
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

/// A member, of what, and since when that exists.
pub struct Membership {
    pub of: Owned,
    pub member: Member,
    pub created_at: Time,
}

fn read(cells: &mut Cells<'_>) -> rusqlite::Result<Member> {
    Ok(Member { account: cells.owner("account_id")?, rights: cells.rights("rights")? })
}

#[derive(Clone)]
struct DirectRights(Vec<Right>);

impl Cached for DirectRights {
    const KINDS: Kinds = Kinds::MEMBERS;

    fn bytes(&self) -> usize {
        self.0.len()
    }
}

/// The rights of a user on a client through organizations.
#[derive(Clone)]
struct IndirectRights(Rights);

impl Cached for IndirectRights {
    const KINDS: Kinds = Kinds::MEMBERS.with(Kinds::ACCOUNTS);
}

impl Tx<'_> {
    /// Returns the rights that an account has on an entity directly, as given; `None` if it is not a member.
    pub(crate) fn member(&self, owned: &Owned, account: &AccountId) -> Result<Option<Vec<Right>>> {
        let read = || {
            let statement = format!("SELECT m.rights FROM {} WHERE {} AND m.account_id = :account_id", owned.table(), owned.is_of_it());
            let values = named_params! {":entity_id": owned.as_str(), ":account_id": account};
            self.one(&statement, values, |cells| cells.rights("rights").map(DirectRights))
        };
        let key = format!("{} {} {}", owned.kind(), owned.as_str(), account.as_str());
        Ok(self.cached(&key, read)?.map(|DirectRights(rights)| rights))
    }

    /// Adds a member to what exists, or replaces a member's rights.
    /// # Errors
    /// Only those of the database.
    pub fn set_member(&self, owned: &Owned, account: &AccountId, rights: &[Right]) -> Result<()> {
        let statement = match owned {
            Owned::Client(_) => {
                "INSERT INTO client_members (client_number, client_id, account_id, rights) \
                 VALUES ((SELECT client_number FROM clients WHERE client_id = :entity_id), :entity_id, :account_id, :rights) \
                 ON CONFLICT (client_number, account_id) DO UPDATE SET rights = excluded.rights"
            }
            Owned::Organization(_) => {
                "INSERT INTO organization_members (organization_id, account_id, rights) VALUES (:entity_id, :account_id, :rights) \
                 ON CONFLICT (organization_id, account_id) DO UPDATE SET rights = excluded.rights"
            }
        };
        let values = named_params! {":entity_id": owned.as_str(), ":account_id": account, ":rights": rights_json(rights)};
        self.run(statement, values)
    }

    /// Returns the number of members, with those of deleted accounts.
    pub(crate) fn member_count(&self, owned: &Owned) -> Result<i64> {
        let statement = format!("SELECT count(*) FROM {} WHERE {}", owned.table(), owned.is_of_it());
        self.value(&statement, named_params! {":entity_id": owned.as_str()})
    }

    pub(crate) fn remove_member(&self, owned: &Owned, account: &AccountId) -> Result<()> {
        let statement = format!("DELETE FROM {} WHERE {} AND m.account_id = :account_id", owned.table(), owned.is_of_it());
        self.run(&statement, named_params! {":entity_id": owned.as_str(), ":account_id": account})
    }

    /// Removes every member; returns whether there was any.
    pub(crate) fn remove_members(&self, owned: &Owned) -> Result<bool> {
        let statement = format!("DELETE FROM {} WHERE {}", owned.table(), owned.is_of_it());
        Ok(self.change(&statement, named_params! {":entity_id": owned.as_str()})? > 0)
    }

    /// Returns the members whose accounts are live.
    pub(crate) fn members(&self, owned: &Owned, order: Order<MemberKey>, page: Page) -> Result<Listed<Member>> {
        let from = match owned {
            Owned::Client(_) => "client_members m JOIN accounts t ON t.account_id = m.account_id",
            Owned::Organization(_) => "organization_members m JOIN accounts t ON t.account_id = m.account_id",
        };
        let mut query = SelectQuery::from(from);
        query.only_if(owned.is_of_it()).only_if("t.deleted_at IS NULL").with(":entity_id", owned.as_str());
        let by = match order.by {
            MemberKey::Id => "m.account_id",
            MemberKey::Rights => "m.rights",
        };
        query.page(self, "m.account_id, t.kind, m.rights", &order_by(by, "m.account_id", order.direction), page, read)
    }

    /// Visits every member of every client and organization, also those that are deleted.
    pub(crate) fn each_member(&self, visit: &mut dyn FnMut(Membership) -> Result<()>) -> Result<()> {
        let of_clients = "SELECT m.account_id, t.kind, m.rights, c.client_id, c.created_at FROM client_members m \
             JOIN accounts t ON t.account_id = m.account_id JOIN clients c ON c.client_number = m.client_number ORDER BY 4, 1";
        let of_client = |cells: &mut Cells<'_>| {
            let (member, of) = (read(cells)?, Owned::Client(cells.take("client_id")?));
            Ok(Membership { of, member, created_at: cells.take("created_at")? })
        };
        self.each(of_clients, &[], of_client, visit)?;
        let of_organizations = "SELECT m.account_id, t.kind, m.rights, m.organization_id, o.created_at FROM organization_members m \
             JOIN accounts t ON t.account_id = m.account_id JOIN accounts o ON o.account_id = m.organization_id ORDER BY 4, 1";
        let of_organization = |cells: &mut Cells<'_>| {
            let (member, of) = (read(cells)?, Owned::Organization(cells.take("organization_id")?));
            Ok(Membership { of, member, created_at: cells.take("created_at")? })
        };
        self.each(of_organizations, &[], of_organization, visit)
    }

    /// Returns whether a live member other than this one has one of the rights.
    pub(crate) fn has_other_member_with(&self, owned: &Owned, except: &AccountId, rights: &[Right]) -> Result<bool> {
        let numbers: Vec<String> = rights.iter().map(|right| (*right as u8).to_string()).collect();
        let statement = format!(
            "SELECT 1 FROM {} JOIN accounts t ON t.account_id = m.account_id AND t.deleted_at IS NULL \
             WHERE {} AND m.account_id <> :except AND EXISTS (SELECT 1 FROM json_each(m.rights) WHERE value IN ({}))",
            owned.table(),
            owned.is_of_it(),
            numbers.join(", ")
        );
        self.exists(&statement, named_params! {":entity_id": owned.as_str(), ":except": except})
    }

    /// Returns the rights of a user on a client through live organizations: for each, those that the user has on it and it has on the
    /// client (registry.md 5.4).
    pub(crate) fn rights_through_organizations(&self, client: &ClientId, user: &UserId) -> Result<Rights> {
        let key = format!("{} {}", client.as_str(), user.as_str());
        let read = || self.read_rights_through_organizations(client, user).map(|rights| Some(IndirectRights(rights)));
        Ok(self.cached(&key, read)?.map_or(Rights::NONE, |IndirectRights(rights)| rights))
    }

    fn read_rights_through_organizations(&self, client: &ClientId, user: &UserId) -> Result<Rights> {
        let chains = self.all(
            "SELECT o.rights AS mine, m.rights AS theirs FROM organization_members o \
             JOIN client_members m ON m.account_id = o.organization_id \
                 AND m.client_number = (SELECT client_number FROM clients WHERE client_id = :client_id) \
             JOIN accounts t ON t.account_id = o.organization_id AND t.deleted_at IS NULL \
             WHERE o.account_id = :user_id",
            named_params! {":client_id": client, ":user_id": user},
            |cells| Ok(expanded(&cells.rights("mine")?).and(expanded(&cells.rights("theirs")?))),
        )?;
        Ok(chains.into_iter().fold(Rights::NONE, Rights::or))
    }
}
