//! The rows of organizations.

use rusqlite::{OptionalExtension, named_params};

use crate::base::error::Result;
use crate::base::id::{AccountId, OrganizationId, UserId};
use crate::base::page::{Listed, Page};
use crate::base::time::Time;
use crate::model::member::Contacts;
use crate::model::organization::Organization;
use crate::store::accounts::{Account, SEARCHED};
use crate::store::query::{Query, TextSearch, order_by};
use crate::store::sql::{Cells, reading};
use crate::store::{Deleted, Order, Tx};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OrganizationKey {
    Id,
    Name,
    CreatedAt,
}

/// What a list or a search of organizations asks for. All conditions must hold.
#[derive(Clone, Debug)]
pub struct OrganizationSearch {
    /// Only those of which this account is a member.
    pub member: Option<AccountId>,
    pub deleted: Deleted,
    pub texts: TextSearch,
    pub order: Order<OrganizationKey>,
    pub page: Page,
}

const FROM: &str = "organizations o JOIN accounts t ON t.account_id = o.organization_id";

const COLUMNS: &str = "o.organization_id, t.created_at, t.updated_at, t.deleted_at, t.name, t.description, o.fanout_notifications, \
     o.administrative_contact, (SELECT kind FROM accounts WHERE account_id = o.administrative_contact) AS administrative_kind, \
     o.technical_contact, (SELECT kind FROM accounts WHERE account_id = o.technical_contact) AS technical_kind, \
     (SELECT json_group_object(key, value) FROM account_attributes l WHERE l.account_id = o.organization_id) AS attributes";

fn read(cells: &mut Cells<'_>) -> rusqlite::Result<Organization> {
    Ok(Organization {
        id: cells.take("organization_id")?,
        created_at: cells.take("created_at")?,
        updated_at: cells.take("updated_at")?,
        deleted_at: cells.take("deleted_at")?,
        name: cells.text("name")?,
        description: cells.take("description")?,
        fanout_notifications: cells.take("fanout_notifications")?,
        contact_info: Contacts::default(),
        administrative_contact: cells.account("administrative_contact", "administrative_kind")?,
        technical_contact: cells.account("technical_contact", "technical_kind")?,
        attributes: cells.pairs("attributes")?,
    })
}

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
    /// False, and nothing done, if the ID is taken.
    pub fn insert_organization(&self, organization: &Organization, created_by: Option<&AccountId>) -> Result<bool> {
        if !self.insert_account(&account(organization))? {
            return Ok(false);
        }
        self.connection
            .prepare_cached(
                "INSERT INTO organizations (organization_id, administrative_contact, technical_contact, fanout_notifications, created_by) \
                 VALUES (:organization_id, :administrative_contact, :technical_contact, :fanout_notifications, :created_by)",
            )?
            .execute(named_params! {
                ":organization_id": organization.id,
                ":administrative_contact": organization.administrative_contact,
                ":technical_contact": organization.technical_contact,
                ":fanout_notifications": organization.fanout_notifications,
                ":created_by": created_by,
            })?;
        Ok(true)
    }

    /// The user who created an organization, deleted or not; `None` where that is not known, or the user was purged.
    pub fn organization_creator(&self, id: &OrganizationId) -> Result<Option<UserId>> {
        let creator = self
            .connection
            .prepare_cached("SELECT u.user_id FROM organizations o JOIN users u ON u.user_id = o.created_by WHERE o.organization_id = :id")?
            .query_row(named_params! {":id": id}, |row| row.get(0))
            .optional()?;
        Ok(creator)
    }

    /// How many organizations an account created, deleted ones included.
    pub fn organizations_created_by(&self, account: &AccountId) -> Result<i64> {
        let organizations = self
            .connection
            .prepare_cached("SELECT count(*) FROM organizations WHERE created_by = :account")?
            .query_row(named_params! {":account": account}, |row| row.get(0))?;
        Ok(organizations)
    }

    pub fn organization(&self, id: &OrganizationId, deleted: Deleted) -> Result<Option<Organization>> {
        let condition = deleted.condition();
        let organization = self
            .connection
            .prepare_cached(&format!("SELECT {COLUMNS} FROM {FROM} WHERE o.organization_id = :organization_id AND {condition}"))?
            .query_row(named_params! {":organization_id": id}, reading(read))
            .optional()?;
        Ok(organization)
    }

    pub fn update_organization(&self, organization: &Organization) -> Result<()> {
        self.update_account(&account(organization))?;
        self.connection
            .prepare_cached(
                "UPDATE organizations SET administrative_contact = :administrative_contact, technical_contact = :technical_contact, \
                 fanout_notifications = :fanout_notifications WHERE organization_id = :organization_id",
            )?
            .execute(named_params! {
                ":organization_id": organization.id,
                ":administrative_contact": organization.administrative_contact,
                ":technical_contact": organization.technical_contact,
                ":fanout_notifications": organization.fanout_notifications,
            })?;
        Ok(())
    }

    pub fn set_organization_deleted(&self, id: &OrganizationId, deleted_at: Option<Time>) -> Result<()> {
        self.set_account_deleted(&AccountId::Organization(id.clone()), deleted_at)
    }

    pub fn organizations(&self, search: &OrganizationSearch) -> Result<Listed<Organization>> {
        let order = match search.order.by {
            OrganizationKey::Id => "t.account_id",
            OrganizationKey::Name => "t.name",
            OrganizationKey::CreatedAt => "t.created_at",
        };
        let mut query = Query::from(FROM);
        query.only_if("t.kind = 'organization'");
        query.only_if(search.deleted.condition());
        if let Some(member) = &search.member {
            query.only_if("o.organization_id IN (SELECT organization_id FROM organization_members WHERE account_id = :member)");
            query.with(":member", member);
        }
        search.texts.narrow(&mut query, &SEARCHED);
        let order = order_by(order, "t.account_id", search.order.direction);
        Ok(query.page(self.connection, COLUMNS, &order, search.page, read)?)
    }
}
