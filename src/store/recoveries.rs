//! The rows of account recovery: sign-in links, and browsers in which a new password may be chosen.

use std::sync::LazyLock;

use rusqlite::named_params;

use crate::base::error::Result;
use crate::base::id::UserId;
use crate::base::secret::Hash;
use crate::base::time::Time;
use crate::model::recovery::{Recovery, RecoveryStep};
use crate::store::table::{Stored, table};
use crate::store::transaction::Tx;

table! {
    Recovery in "recoveries" r with secret_hash;
    fixed { recovery_id: id, user_id: user_id, step: step, expires_at: expires_at, temporary_password_hash: temporary_password }
    changing {}
    rest(cells) {}
}

static RECOVERY: LazyLock<String> =
    LazyLock::new(|| format!("SELECT {}, r.secret_hash FROM recoveries r WHERE r.recovery_id = :recovery_id", Recovery::COLUMNS));

impl Tx<'_> {
    /// Inserts a recovery in place of the user's former one of this step.
    pub(crate) fn replace_recovery(&self, recovery: &Recovery, secret: &Hash) -> Result<()> {
        self.delete_recovery(&recovery.user_id, recovery.step)?;
        self.insert(recovery, &[secret])
    }

    /// Returns a recovery with the hash of its secret.
    pub(crate) fn recovery(&self, id: &str) -> Result<Option<(Recovery, Hash)>> {
        self.one(&RECOVERY, named_params! {":recovery_id": id}, |cells| Ok((Recovery::read(cells)?, cells.take("secret_hash")?)))
    }

    /// Returns when a user's recovery of this step ends, if there is one.
    pub(crate) fn recovery_end(&self, user: &UserId, step: RecoveryStep) -> Result<Option<Time>> {
        let statement = "SELECT expires_at FROM recoveries WHERE user_id = :user_id AND step = :step";
        self.one(statement, named_params! {":user_id": user, ":step": step}, |cells| cells.take("expires_at"))
    }

    /// Deletes a user's recovery of this step; returns false if there is none.
    pub(crate) fn delete_recovery(&self, user: &UserId, step: RecoveryStep) -> Result<bool> {
        let statement = "DELETE FROM recoveries WHERE user_id = :user_id AND step = :step";
        Ok(self.change(statement, named_params! {":user_id": user, ":step": step})? == 1)
    }

    pub(crate) fn delete_recoveries(&self, user: &UserId) -> Result<()> {
        self.run("DELETE FROM recoveries WHERE user_id = :user_id", named_params! {":user_id": user})
    }

    /// Deletes at most `limit` recoveries that have ended; returns how many were deleted.
    pub(crate) fn delete_ended_recoveries(&self, limit: usize) -> Result<usize> {
        self.prune("recoveries", "recovery_id", "expires_at <= :before", self.now, limit)
    }
}
