//! The rows of organizations.

use std::sync::LazyLock;

use rusqlite::named_params;

use crate::base::error::Result;
use crate::base::id::{AccountId, OrganizationId, UserId};
use crate::base::page::Listed;
use crate::base::time::Time;
use crate::model::member::ContactAddresses;
use crate::model::organization::Organization;
use crate::store::accounts;
use crate::store::accounts::{Account, SEARCHED};
use crate::store::query::{Deleted, Search, SelectQuery, order_by};
use crate::store::table::{Stored, json, table};
use crate::store::transaction::Tx;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OrganizationKey {
    Id,
    Name,
    CreatedAt,
}

const FROM: &str = "organizations o JOIN accounts t ON t.account_id = o.organization_id";

table! {
    Organization in "organizations" o with created_by, made_by_admin;
    fixed { organization_id: id }
    changing {
        administrative_contact: administrative_contact as account("(SELECT kind FROM accounts WHERE account_id = o.administrative_contact)"),
        technical_contact: technical_contact as account("(SELECT kind FROM accounts WHERE account_id = o.technical_contact)"),
        fanout_notifications: fanout_notifications,
        is_group: group,
    }
    rest(cells) {
        created_at: cells.take("created_at")?,
        updated_at: cells.take("updated_at")?,
        deleted_at: cells.take("deleted_at")?,
        name: cells.text("name")?,
        description: cells.take("description")?,
        attributes: cells.pairs("attributes")?,
        contact_info: ContactAddresses::default(),
    }
}

static COLUMNS: LazyLock<String> = LazyLock::new(|| format!("{}, {}", Organization::COLUMNS, accounts::COLUMNS));

static ORGANIZATION: LazyLock<String> =
    LazyLock::new(|| format!("SELECT {} FROM {FROM} WHERE o.organization_id = :organization_id", *COLUMNS));

fn account(organization: &Organization) -> Account<'_> {
    Account {
        id: AccountId::Organization(organization.id.clone()),
        created_at: organization.created_at,
        updated_at: organization.updated_at,
        name: &organization.name,
        description: &organization.description,
        attributes: &organization.attributes,
    }
}

impl Tx<'_> {
    /// Returns false, and does nothing, if the ID is taken.
    pub(crate) fn insert_organization(
        &self,
        organization: &Organization,
        created_by: Option<&AccountId>,
        made_by_admin: bool,
    ) -> Result<bool> {
        let is_new = self.insert_account(&account(organization))?;
        if is_new {
            self.insert(organization, &[&created_by, &made_by_admin])?;
        }
        Ok(is_new)
    }

    /// Returns the live organizations of a user that count as groups, by their IDs: those that administrators made, unless they say otherwise. If
    /// there are any in `only`, no others.
    pub(crate) fn groups_of(&self, user: &UserId, only: &[String]) -> Result<Vec<OrganizationId>> {
        let only = (!only.is_empty()).then(|| json(only));
        self.all(
            "SELECT m.organization_id FROM organization_members m JOIN organizations o ON o.organization_id = m.organization_id \
             JOIN accounts t ON t.account_id = m.organization_id WHERE m.account_id = :user_id AND t.deleted_at IS NULL \
             AND (:only IS NULL OR m.organization_id IN (SELECT value FROM json_each(:only))) \
             AND coalesce(o.is_group, o.made_by_admin) = 1 ORDER BY m.organization_id",
            named_params! {":user_id": user, ":only": only},
            |cells| cells.take("organization_id"),
        )
    }

    /// Returns how many organizations an account created, deleted ones included.
    pub(crate) fn organizations_created_by(&self, account: &AccountId) -> Result<i64> {
        self.value("SELECT count(*) FROM organizations WHERE created_by = :account", named_params! {":account": account})
    }

    pub(crate) fn organization(&self, id: &OrganizationId, deleted: Deleted) -> Result<Option<Organization>> {
        let found = self.one(&ORGANIZATION, named_params! {":organization_id": id}, Organization::read)?;
        Ok(found.filter(|organization| deleted.includes(organization.deleted_at)))
    }

    pub(crate) fn update_organization(&self, organization: &Organization) -> Result<()> {
        self.update_account(&account(organization))?;
        self.update(organization)
    }

    pub(crate) fn set_organization_deleted(&self, id: &OrganizationId, deleted_at: Option<Time>) -> Result<()> {
        self.set_account_deleted(&AccountId::Organization(id.clone()), deleted_at)
    }

    /// Deletes an organization and what belongs to it: memberships, keys, attributes.
    pub(crate) fn purge_organization(&self, id: &OrganizationId) -> Result<()> {
        self.purge_account(&AccountId::Organization(id.clone()))
    }

    /// Visits every organization, also deleted ones.
    pub(crate) fn each_organization(&self, visit: &mut dyn FnMut(Organization) -> Result<()>) -> Result<()> {
        self.each(&format!("SELECT {} FROM {FROM} ORDER BY o.organization_id", *COLUMNS), &[], Organization::read, visit)
    }

    /// Lists organizations, or those of a member.
    pub(crate) fn organizations(&self, member: Option<&AccountId>, search: &Search<OrganizationKey>) -> Result<Listed<Organization>> {
        let order = match search.order.by {
            OrganizationKey::Id => "t.account_id",
            OrganizationKey::Name => "t.name",
            OrganizationKey::CreatedAt => "t.created_at",
        };
        let mut query = SelectQuery::from(FROM);
        query.only_if("t.kind = 'organization'").only_if(search.deleted.condition());
        if let Some(member) = member {
            query.only_if("o.organization_id IN (SELECT organization_id FROM organization_members WHERE account_id = :member)");
            query.with(":member", member);
        }
        search.texts.narrow(&mut query, &SEARCHED);
        let order = order_by(order, "t.account_id", search.order.direction);
        query.page(self, &COLUMNS, &order, search.page, Organization::read)
    }
}
