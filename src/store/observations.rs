//! When something that concerns the server itself was last noticed.

use rusqlite::named_params;

use crate::base::error::Result;
use crate::base::named::named;
use crate::base::time::Time;
use crate::store::schema;
use crate::store::sql::Cells;
use crate::store::transaction::Tx;

named! {
    pub enum Observation {
        /// The readiness check has written durably.
        Ready = "ready",
        /// A request came from a proxy that is not trusted.
        UntrustedProxy = "untrusted_proxy",
        /// From then on it is known which rights were used.
        RightUse = "right_use",
        /// The server made a backup by itself, or failed to.
        Backup = "backup",
        FailedBackup = "failed_backup",
    }
}

impl Tx<'_> {
    /// Notes that something was noticed now.
    pub(crate) fn observe(&self, observation: Observation) -> Result<()> {
        let statement = "INSERT INTO observations (name, observed_at) VALUES (:name, :now) \
             ON CONFLICT (name) DO UPDATE SET observed_at = excluded.observed_at";
        self.run(statement, named_params! {":name": observation.name(), ":now": self.now})
    }

    /// Notes that something was noticed now, unless it was before.
    pub(crate) fn observe_first(&self, observation: Observation) -> Result<()> {
        let statement = "INSERT INTO observations (name, observed_at) VALUES (:name, :now) ON CONFLICT (name) DO NOTHING";
        self.run(statement, named_params! {":name": observation.name(), ":now": self.now})
    }

    /// Returns when something was noticed last.
    pub(crate) fn observed_at(&self, observation: Observation) -> Result<Option<Time>> {
        let statement = "SELECT observed_at FROM observations WHERE name = :name";
        self.one(statement, named_params! {":name": observation.name()}, |cells: &mut Cells<'_>| cells.take("observed_at"))
    }

    /// Returns whether the file has the schema of this program.
    pub(crate) fn is_schema_current(&self) -> Result<bool> {
        let found: i64 = self.value("SELECT user_version FROM pragma_user_version", &[])?;
        Ok(found == schema::KNOWN)
    }
}
