//! Opens the database, creates the first administrator, and puts a seed into it.

use std::path::Path;
use std::sync::Arc;

use crate::base::error::{Error, Kind};
use crate::base::log;
use crate::base::time::{Clock, SetClock};
use crate::cli::failure::{Failure, UsageError};
use crate::cli::serve::introduction;
use crate::cli::serve::seed::{SeedFile, unusable};
use crate::cli::serve::settings::{Configuration, Upgrade};
use crate::fixture::world::{Beginning, WorldBasis};
use crate::registry::bootstrap::{Administrator, FirstCredentials, administrator};
use crate::store::Store;
use crate::store::backup::back_up_before_upgrade;

/// A database with an administrator.
pub struct Opened {
    pub store: Store,
    /// Only if the administrator was created.
    pub issued: Option<FirstCredentials>,
    /// For a fixture.
    pub beginning: Option<Beginning>,
}

/// Opens the data file, or creates a temporary database.
pub fn without_seed(configuration: &Configuration) -> Result<Opened, Failure> {
    let store = match &configuration.data {
        Some(path) => {
            copy_before_upgrade(Path::new(path), configuration.upgrade)?;
            Store::open(Path::new(path))
        }
        None => Store::ephemeral(),
    };
    let store = store.map_err(|error| Failure::because(configuration.data.as_deref().unwrap_or(TEMPORARY), &error))?;
    let issued = make_administrator(&store, configuration)?;
    issued.iter().try_for_each(introduction::show)?;
    Ok(Opened { store, issued, beginning: None })
}

/// Creates a temporary database with what the seed says.
pub fn with_seed(configuration: &Configuration, SeedFile { seed, approval }: SeedFile) -> Result<Opened, Failure> {
    let clock = Arc::<SetClock>::default();
    seed.set_clock(&clock);
    let store = Store::ephemeral_with(Clock::Set(clock.clone())).map_err(|error| Failure::because(TEMPORARY, &error))?;
    let issued = make_administrator(&store, configuration)?;
    let administrator = issued.clone().ok_or_else(|| Failure::because(TEMPORARY, &"it has users already"))?;
    let basis = WorldBasis { administrator: Arc::new(administrator), approval };
    let beginning = Beginning::of(&store, clock, &configuration.settings, basis, &seed).map_err(|error| unusable(configuration, &error))?;
    // The ready line has what tests need; they are not shown the rest.
    Ok(Opened { store, issued, beginning: Some(beginning) })
}

const TEMPORARY: &str = "temporary database";

/// Keeps a data file that this start upgrades.
fn copy_before_upgrade(path: &Path, upgrade: Upgrade) -> Result<(), Failure> {
    match upgrade {
        Upgrade::WithoutCopy => Ok(()),
        Upgrade::WithCopy => {
            let copy = back_up_before_upgrade(path).map_err(|error| {
                Failure::because("the data file cannot be copied before its upgrade (--no-upgrade-copy does without)", &error)
            })?;
            if let Some(copy) = copy {
                log::info("copied the data file before its upgrade", &[("file", copy.file.display().to_string().into())]);
            }
            Ok(())
        }
    }
}

fn make_administrator(store: &Store, configuration: &Configuration) -> Result<Option<FirstCredentials>, Failure> {
    let wanted = Administrator {
        user_id: configuration.admin_user.clone(),
        password: configuration.admin_password.clone(),
        api_key: configuration.admin_api_key.clone(),
        password_rounds: configuration.settings.password_rounds,
    };
    let given = configuration.admin_password.is_some() || configuration.admin_api_key.is_some();
    match administrator(store, wanted) {
        Ok(Some(issued)) => Ok(Some(issued)),
        Ok(None) => {
            if given {
                log::info("the database has users: KEYFOB_ADMIN_PASSWORD and KEYFOB_ADMIN_API_KEY are not used", &[]);
            }
            Ok(None)
        }
        Err(Error::Named(named)) if named.kind == Kind::InvalidArgument => {
            let setting = match named.definition.name {
                "admin_user" => "--admin-user",
                "admin_password" => "KEYFOB_ADMIN_PASSWORD",
                _ => "KEYFOB_ADMIN_API_KEY",
            };
            Err(UsageError(format!("{setting}: {}", named.message())).into())
        }
        Err(error) => Err(Failure::because("cannot make the administrator", &error)),
    }
}
