//! The rows of users.

use rusqlite::{OptionalExtension, named_params};

use crate::base::error::Result;
use crate::base::id::{AccountId, UserId};
use crate::base::page::{Listed, Page};
use crate::base::secret::Hash;
use crate::base::time::Time;
use crate::model::choice::State;
use crate::model::user::{Standing, User};
use crate::store::accounts::{Account, SEARCHED};
use crate::store::query::{Query, TextSearch, order_by};
use crate::store::sql::{Cells, reading};
use crate::store::{Deleted, Order, Tx};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UserKey {
    Id,
    Name,
    PrimaryEmailAddress,
    State,
    Admin,
    CreatedAt,
}

/// What a list or a search of users asks for. All conditions must hold.
#[derive(Clone, Debug)]
pub struct UserSearch {
    pub deleted: Deleted,
    pub texts: TextSearch,
    /// Any of these; any at all if empty.
    pub states: Vec<State>,
    pub order: Order<UserKey>,
    pub page: Page,
}

/// What a user signs in with.
#[derive(Debug)]
pub struct Passwords {
    pub password: Hash,
    pub temporary: Option<Hash>,
    pub temporary_expires_at: Option<Time>,
}

const FROM: &str = "users u JOIN accounts t ON t.account_id = u.user_id";

const COLUMNS: &str = "u.user_id, t.created_at, t.updated_at, t.deleted_at, t.name, t.description, u.primary_email_address, \
     u.primary_email_address_validated_at, u.password_updated_at, u.require_password_update, u.state, u.state_description, u.admin, \
     u.temporary_password_created_at, u.temporary_password_expires_at, \
     (SELECT json_group_object(key, value) FROM account_attributes l WHERE l.account_id = u.user_id) AS attributes";

fn read(cells: &mut Cells<'_>) -> rusqlite::Result<User> {
    Ok(User {
        id: cells.take("user_id")?,
        created_at: cells.take("created_at")?,
        updated_at: cells.take("updated_at")?,
        deleted_at: cells.take("deleted_at")?,
        name: cells.text("name")?,
        description: cells.take("description")?,
        primary_email_address: cells.take("primary_email_address")?,
        primary_email_address_validated_at: cells.take("primary_email_address_validated_at")?,
        password_updated_at: cells.take("password_updated_at")?,
        require_password_update: cells.take("require_password_update")?,
        state: cells.take("state")?,
        state_description: cells.take("state_description")?,
        admin: cells.take("admin")?,
        temporary_password: None,
        temporary_password_created_at: cells.take("temporary_password_created_at")?,
        temporary_password_expires_at: cells.take("temporary_password_expires_at")?,
        attributes: cells.pairs("attributes")?,
    })
}

fn account(user: &User) -> Account<'_> {
    Account {
        id: AccountId::User(user.id.clone()),
        created_at: user.created_at,
        updated_at: user.updated_at,
        name: &user.name,
        description: &user.description,
        attributes: &user.attributes,
    }
}

impl Tx<'_> {
    /// False, and nothing done, if the ID is taken.
    pub fn insert_user(&self, user: &User, password: &Hash) -> Result<bool> {
        if !self.insert_account(&account(user))? {
            return Ok(false);
        }
        self.connection
            .prepare_cached(
                "INSERT INTO users (user_id, primary_email_address, live_email_address, primary_email_address_validated_at, password_hash, \
                 password_updated_at, require_password_update, state, state_description, admin, temporary_password_created_at, \
                 temporary_password_expires_at) VALUES (:user_id, :primary_email_address, :live_email_address, \
                 :primary_email_address_validated_at, :password_hash, :password_updated_at, :require_password_update, :state, \
                 :state_description, :admin, :temporary_password_created_at, :temporary_password_expires_at)",
            )?
            .execute(named_params! {
                ":user_id": user.id,
                ":primary_email_address": user.primary_email_address,
                ":live_email_address": user.primary_email_address.to_lowercase(),
                ":primary_email_address_validated_at": user.primary_email_address_validated_at,
                ":password_hash": password.as_str(),
                ":password_updated_at": user.password_updated_at,
                ":require_password_update": user.require_password_update,
                ":state": user.state,
                ":state_description": user.state_description,
                ":admin": user.admin,
                ":temporary_password_created_at": user.temporary_password_created_at,
                ":temporary_password_expires_at": user.temporary_password_expires_at,
            })?;
        Ok(true)
    }

    pub fn user(&self, id: &UserId, deleted: Deleted) -> Result<Option<User>> {
        let condition = deleted.condition();
        let user = self
            .connection
            .prepare_cached(&format!("SELECT {COLUMNS} FROM {FROM} WHERE u.user_id = :user_id AND {condition}"))?
            .query_row(named_params! {":user_id": id}, reading(read))
            .optional()?;
        Ok(user)
    }

    /// How a user stands, without the rest of the row.
    pub fn standing(&self, id: &UserId, deleted: Deleted) -> Result<Option<Standing>> {
        let standing = self
            .connection
            .prepare_cached(&format!(
                "SELECT u.state, u.state_description, u.admin FROM {FROM} WHERE u.user_id = :user_id AND {}",
                deleted.condition()
            ))?
            .query_row(
                named_params! {":user_id": id},
                reading(|cells| {
                    Ok(Standing {
                        state: cells.take("state")?,
                        state_description: cells.take("state_description")?,
                        admin: cells.take("admin")?,
                    })
                }),
            )
            .optional()?;
        Ok(standing)
    }

    pub fn update_user(&self, user: &User) -> Result<()> {
        self.update_account(&account(user))?;
        self.connection
            .prepare_cached(
                "UPDATE users SET primary_email_address = :primary_email_address, live_email_address = :live_email_address, \
                 primary_email_address_validated_at = :primary_email_address_validated_at, password_updated_at = :password_updated_at, \
                 require_password_update = :require_password_update, state = :state, state_description = :state_description, \
                 admin = :admin, temporary_password_created_at = :temporary_password_created_at, \
                 temporary_password_expires_at = :temporary_password_expires_at WHERE user_id = :user_id",
            )?
            .execute(named_params! {
                ":user_id": user.id,
                ":primary_email_address": user.primary_email_address,
                ":live_email_address": user.deleted_at.is_none().then(|| user.primary_email_address.to_lowercase()),
                ":primary_email_address_validated_at": user.primary_email_address_validated_at,
                ":password_updated_at": user.password_updated_at,
                ":require_password_update": user.require_password_update,
                ":state": user.state,
                ":state_description": user.state_description,
                ":admin": user.admin,
                ":temporary_password_created_at": user.temporary_password_created_at,
                ":temporary_password_expires_at": user.temporary_password_expires_at,
            })?;
        Ok(())
    }

    /// Deletes or restores. Deleting frees the e-mail address; who restores must have seen that it is still free.
    pub fn set_user_deleted(&self, user: &User, deleted_at: Option<Time>) -> Result<()> {
        self.set_account_deleted(&AccountId::User(user.id.clone()), deleted_at)?;
        self.update_user(&User { deleted_at, ..user.clone() })
    }

    /// Whether a live user other than this one has the address, without regard to case.
    pub fn email_address_is_taken(&self, address: &str, except: &UserId) -> Result<bool> {
        let taken = self
            .connection
            .prepare_cached("SELECT EXISTS (SELECT 1 FROM users WHERE live_email_address = :address AND user_id <> :except)")?
            .query_row(named_params! {":address": address.to_lowercase(), ":except": except}, |row| row.get(0))?;
        Ok(taken)
    }

    /// Whether there is a live, approved administrator other than this one.
    pub fn has_other_acting_admin(&self, except: &UserId) -> Result<bool> {
        let has = self
            .connection
            .prepare_cached(&format!(
                "SELECT EXISTS (SELECT 1 FROM {FROM} WHERE u.admin = 1 AND u.state = :state AND u.user_id <> :except AND t.deleted_at IS NULL)"
            ))?
            .query_row(named_params! {":state": State::Approved, ":except": except}, |row| row.get(0))?;
        Ok(has)
    }

    /// The most rounds, up to `most`, that the hash of any user's password takes, live or deleted; 0 if there are none.
    pub fn most_password_rounds(&self, most: u32) -> Result<u32> {
        let most: Option<i64> = self
            .connection
            .prepare_cached("SELECT max(CAST(substr(password_hash, 15) AS INTEGER)) FROM users WHERE CAST(substr(password_hash, 15) AS INTEGER) <= :most")?
            .query_row(named_params! {":most": most}, |row| row.get(0))?;
        Ok(u32::try_from(most.unwrap_or(0)).unwrap_or(u32::MAX))
    }

    pub fn has_users(&self) -> Result<bool> {
        Ok(self.connection.prepare_cached("SELECT EXISTS (SELECT 1 FROM users)")?.query_row([], |row| row.get(0))?)
    }

    pub fn passwords(&self, id: &UserId) -> Result<Option<Passwords>> {
        let passwords = self
            .connection
            .prepare_cached(
                "SELECT password_hash, temporary_password_hash, temporary_password_expires_at FROM users WHERE user_id = :user_id",
            )?
            .query_row(
                named_params! {":user_id": id},
                reading(|cells| {
                    Ok(Passwords {
                        password: Hash::kept(cells.take("password_hash")?),
                        temporary: cells.take::<Option<String>>("temporary_password_hash")?.map(Hash::kept),
                        temporary_expires_at: cells.take("temporary_password_expires_at")?,
                    })
                }),
            )
            .optional()?;
        Ok(passwords)
    }

    pub fn set_password(&self, id: &UserId, password: &Hash) -> Result<()> {
        self.connection
            .prepare_cached("UPDATE users SET password_hash = :hash WHERE user_id = :user_id")?
            .execute(named_params! {":user_id": id, ":hash": password.as_str()})?;
        Ok(())
    }

    pub fn set_temporary_password(&self, id: &UserId, password: Option<&Hash>) -> Result<()> {
        self.connection
            .prepare_cached("UPDATE users SET temporary_password_hash = :hash WHERE user_id = :user_id")?
            .execute(named_params! {":user_id": id, ":hash": password.map(Hash::as_str)})?;
        Ok(())
    }

    pub fn users(&self, search: &UserSearch) -> Result<Listed<User>> {
        let order = match search.order.by {
            UserKey::Id => "t.account_id",
            UserKey::Name => "t.name",
            UserKey::PrimaryEmailAddress => "u.primary_email_address",
            UserKey::State => "u.state",
            UserKey::Admin => "u.admin",
            UserKey::CreatedAt => "t.created_at",
        };
        let mut query = Query::from(FROM);
        query.only_if("t.kind = 'user'");
        query.only_if(search.deleted.condition());
        search.texts.narrow(&mut query, &SEARCHED);
        if !search.states.is_empty() {
            let numbers: Vec<String> = search.states.iter().map(|state| state.number().to_string()).collect();
            query.only_if(format!("u.state IN ({})", numbers.join(", ")));
        }
        let order = order_by(order, "t.account_id", search.order.direction);
        Ok(query.page(self.connection, COLUMNS, &order, search.page, read)?)
    }
}
