//! The rows of users.

use std::sync::LazyLock;

use rusqlite::named_params;

use crate::base::error::Result;
use crate::base::id::{AccountId, UserId};
use crate::base::page::Listed;
use crate::base::secret::Hash;
use crate::base::time::Time;
use crate::model::choice::State;
use crate::model::user::{Standing, User};
use crate::store::accounts;
use crate::store::accounts::{Account, SEARCHED};
use crate::store::cache::{Cached, Kinds};
use crate::store::query::{Deleted, Search, SelectQuery, order_by};
use crate::store::sql::Cells;
use crate::store::table::{Stored, table};
use crate::store::transaction::Tx;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UserKey {
    Id,
    Name,
    PrimaryEmailAddress,
    State,
    Admin,
    CreatedAt,
}

/// What a user signs in with.
pub struct Passwords {
    pub password: Hash,
    pub temporary: Option<Hash>,
    pub temporary_expires_at: Option<Time>,
}

impl Passwords {
    /// Returns when the temporary password ends, if there is one and it has not ended. One without an end, from before there were ends, has.
    pub fn temporary_until(&self, now: Time) -> Option<Time> {
        self.temporary.as_ref().and(self.temporary_expires_at).filter(|end| *end > now)
    }
}

const FROM: &str = "users u JOIN accounts t ON t.account_id = u.user_id";

table! {
    User in "users" u with live_email_address, password_hash;
    fixed { user_id: id, subject: subject }
    changing {
        primary_email_address: primary_email_address,
        primary_email_address_validated_at: primary_email_address_validated_at,
        password_updated_at: password_updated_at,
        require_password_update: require_password_update,
        state: state,
        state_description: state_description,
        admin: admin,
        temporary_password_created_at: temporary_password_created_at,
        temporary_password_expires_at: temporary_password_expires_at,
    }
    rest(cells) {
        created_at: cells.take("created_at")?,
        updated_at: cells.take("updated_at")?,
        deleted_at: cells.take("deleted_at")?,
        name: cells.text("name")?,
        description: cells.take("description")?,
        attributes: cells.pairs("attributes")?,
        temporary_password: None,
    }
}

static COLUMNS: LazyLock<String> = LazyLock::new(|| format!("{}, {}", User::COLUMNS, accounts::COLUMNS));

static USER: LazyLock<String> = LazyLock::new(|| format!("SELECT {} FROM {FROM} WHERE u.user_id = :user_id", *COLUMNS));

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

/// The address that no other live user may have; none for a deleted user.
fn live_email_address(user: &User) -> Option<String> {
    user.deleted_at.is_none().then(|| user.primary_email_address.to_lowercase())
}

/// The standing of a user, and when the user was deleted.
#[derive(Clone)]
struct StandingEvenDeleted(Standing, Option<Time>);

impl Cached for StandingEvenDeleted {
    const KINDS: Kinds = Kinds::ACCOUNTS;

    fn bytes(&self) -> usize {
        self.0.state_description.len()
    }
}

impl Tx<'_> {
    /// Returns false, and does nothing, if the ID is taken.
    /// # Errors
    /// Only those of the database.
    pub fn insert_user(&self, user: &User, password: &Hash) -> Result<bool> {
        let is_new = self.insert_account(&account(user))?;
        if is_new {
            self.insert(user, &[&live_email_address(user), password])?;
        }
        Ok(is_new)
    }

    pub(crate) fn user(&self, id: &UserId, deleted: Deleted) -> Result<Option<User>> {
        let found = self.one(&USER, named_params! {":user_id": id}, User::read)?;
        Ok(found.filter(|user| deleted.includes(user.deleted_at)))
    }

    /// Returns the state of a user, without the rest of the row.
    pub(crate) fn standing(&self, id: &UserId, deleted: Deleted) -> Result<Option<Standing>> {
        let statement = "SELECT u.state, u.state_description, u.admin, t.deleted_at FROM users u JOIN accounts t ON t.account_id = u.user_id \
             WHERE u.user_id = :user_id";
        let stored = |cells: &mut Cells<'_>| {
            let (state, state_description, admin) = (cells.take("state")?, cells.take("state_description")?, cells.take("admin")?);
            Ok(StandingEvenDeleted(Standing { state, state_description, admin }, cells.take("deleted_at")?))
        };
        let read = || self.one(statement, named_params! {":user_id": id}, stored);
        let found = self.cached(id.as_str(), read)?;
        Ok(found
            .filter(|StandingEvenDeleted(_, deleted_at)| deleted.includes(*deleted_at))
            .map(|StandingEvenDeleted(standing, _)| standing))
    }

    pub(crate) fn update_user(&self, user: &User) -> Result<()> {
        self.update_account(&account(user))?;
        self.update(user)?;
        let statement = "UPDATE users SET live_email_address = :address WHERE user_id = :user_id";
        self.run(statement, named_params! {":user_id": user.id, ":address": live_email_address(user)})
    }

    /// Deletes or restores. Deleting frees the e-mail address; restoring must have seen that it is still free.
    pub(crate) fn set_user_deleted(&self, user: &User, deleted_at: Option<Time>) -> Result<()> {
        self.set_account_deleted(&AccountId::User(user.id.clone()), deleted_at)?;
        self.update_user(&User { deleted_at, ..user.clone() })
    }

    /// Deletes a user and all that is the user's own: memberships, keys, attributes.
    pub(crate) fn purge_user(&self, id: &UserId) -> Result<()> {
        self.purge_account(&AccountId::User(id.clone()))
    }

    /// Returns when a session of a user was last used, to the hour, if there is one.
    pub(crate) fn session_last_used(&self, id: &UserId) -> Result<Option<Time>> {
        self.value("SELECT max(updated_at) FROM sessions WHERE user_id = :user_id", named_params! {":user_id": id})
    }

    /// Returns whether a live user other than this one has the address, without regard to case.
    pub(crate) fn email_address_is_taken(&self, address: &str, except: &UserId) -> Result<bool> {
        let statement = "SELECT 1 FROM users WHERE live_email_address = :address AND user_id <> :except";
        self.exists(statement, named_params! {":address": address.to_lowercase(), ":except": except})
    }

    /// Returns whether there is a live, approved administrator other than this one.
    pub(crate) fn has_other_acting_admin(&self, except: &UserId) -> Result<bool> {
        self.exists(
            "SELECT 1 FROM users u JOIN accounts t ON t.account_id = u.user_id \
             WHERE u.admin = 1 AND u.state = :state AND u.user_id <> :except AND t.deleted_at IS NULL",
            named_params! {":state": State::Approved, ":except": except},
        )
    }

    /// Returns the first live, approved administrator.
    pub(crate) fn acting_admin(&self) -> Result<Option<UserId>> {
        self.value(
            "SELECT min(u.user_id) FROM users u JOIN accounts t ON t.account_id = u.user_id \
             WHERE u.admin = 1 AND u.state = :state AND t.deleted_at IS NULL",
            named_params! {":state": State::Approved},
        )
    }

    /// Returns the most rounds, up to `most`, that the hash of any user's password takes, live or deleted; 0 if there are none.
    pub(crate) fn most_password_rounds(&self, most: u32) -> Result<u32> {
        let most: Option<i64> = self.value(
            "SELECT max(CAST(substr(password_hash, 15) AS INTEGER)) FROM users WHERE CAST(substr(password_hash, 15) AS INTEGER) <= :most",
            named_params! {":most": most},
        )?;
        Ok(u32::try_from(most.unwrap_or(0)).unwrap_or(u32::MAX))
    }

    /// Returns whether there are users, also deleted ones.
    /// # Errors
    /// Only those of the database.
    pub fn has_users(&self) -> Result<bool> {
        self.exists("SELECT 1 FROM users", &[])
    }

    /// Returns the hashes of a user's passwords.
    /// # Errors
    /// Only those of the database.
    pub fn passwords(&self, id: &UserId) -> Result<Option<Passwords>> {
        self.one(
            "SELECT password_hash, temporary_password_hash, temporary_password_expires_at FROM users WHERE user_id = :user_id",
            named_params! {":user_id": id},
            |cells| {
                Ok(Passwords {
                    password: cells.take("password_hash")?,
                    temporary: cells.take("temporary_password_hash")?,
                    temporary_expires_at: cells.take("temporary_password_expires_at")?,
                })
            },
        )
    }

    /// Visits every user, also deleted ones, with the hashes of their passwords.
    pub(crate) fn each_user(&self, visit: &mut dyn FnMut((User, Passwords)) -> Result<()>) -> Result<()> {
        let statement = format!("SELECT {}, u.password_hash, u.temporary_password_hash FROM {FROM} ORDER BY u.user_id", *COLUMNS);
        let read = |cells: &mut Cells<'_>| {
            let user = User::read(cells)?;
            let (password, temporary) = (cells.take("password_hash")?, cells.take("temporary_password_hash")?);
            let temporary_expires_at = user.temporary_password_expires_at;
            Ok((user, Passwords { password, temporary, temporary_expires_at }))
        };
        self.each(&statement, &[], read, visit)
    }

    pub(crate) fn set_password(&self, id: &UserId, password: &Hash) -> Result<()> {
        let statement = "UPDATE users SET password_hash = :hash WHERE user_id = :user_id";
        self.run(statement, named_params! {":user_id": id, ":hash": password})
    }

    pub(crate) fn set_temporary_password(&self, id: &UserId, password: Option<&Hash>) -> Result<()> {
        let statement = "UPDATE users SET temporary_password_hash = :hash WHERE user_id = :user_id";
        self.run(statement, named_params! {":user_id": id, ":hash": password})
    }

    /// Returns whom apps know by this, deleted or not.
    pub(crate) fn user_of_subject(&self, subject: &str) -> Result<Option<UserId>> {
        self.one("SELECT user_id FROM users WHERE subject = :subject", named_params! {":subject": subject}, |cells| cells.take("user_id"))
    }

    pub(crate) fn set_subject(&self, id: &UserId, subject: &str) -> Result<()> {
        let statement = "UPDATE users SET subject = :subject WHERE user_id = :user_id";
        self.run(statement, named_params! {":user_id": id, ":subject": subject})
    }

    pub(crate) fn users(&self, search: &Search<UserKey>) -> Result<Listed<User>> {
        let order = match search.order.by {
            UserKey::Id => "t.account_id",
            UserKey::Name => "t.name",
            UserKey::PrimaryEmailAddress => "u.primary_email_address",
            UserKey::State => "u.state",
            UserKey::Admin => "u.admin",
            UserKey::CreatedAt => "t.created_at",
        };
        let mut query = SelectQuery::from(FROM);
        query.only_if("t.kind = 'user'").only_if(search.deleted.condition());
        search.narrow(&mut query, &SEARCHED, "u.state");
        if let Some(begin) = &search.texts.address_begins {
            query.only_if("u.live_email_address >= :begin AND u.live_email_address < :end").with(":begin", begin.to_lowercase());
            query.with(":end", begin.to_lowercase() + "\u{10ffff}");
        }
        let order = order_by(order, "t.account_id", search.order.direction);
        query.page(self, &COLUMNS, &order, search.page, User::read)
    }
}
