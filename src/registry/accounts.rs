//! Searches accounts that could become collaborators (registry.md 6.9).

use crate::base::error::{Result, errors};
use crate::base::id::AccountId;
use crate::base::page::{Listed, Page};
use crate::registry::entity::{ALREADY_EXISTS, Entity};
use crate::registry::members::managing;
use crate::registry::principal::Principal;
use crate::registry::{guidelines, rights};
use crate::store::accounts::{AccountSearch, Members};
use crate::store::members::Owned;
use crate::store::{Deleted, TextSearch, Tx};

errors! {
    SEARCH_FORBIDDEN: PermissionDenied "pkg/identityserver" "search_forbidden" "search is forbidden";
}

/// The letters and digits of an ID that a caller who is no administrator has to give; wildcards don't count.
const FEWEST_LETTERS: usize = 2;

/// The most accounts that such a caller gets when searching all of them.
const MOST_FOR_OTHERS: u32 = 10;

/// Checks that a new account can have this ID. Those of deleted accounts stay taken.
/// # Errors
/// `forbidden_id` if it is reserved, `already_exists` if a user or an organization has it.
pub fn check_id_is_free(tx: &Tx<'_>, id: &AccountId) -> Result<()> {
    guidelines::check_id(id.as_str())?;
    if tx.account_id_is_taken(id)? { Err((&ALREADY_EXISTS).into()) } else { Ok(()) }
}

/// Finds accounts by a substring of their ID. With an entity, among its members or among all others.
/// # Errors
/// `user_requested`; with an entity also those of [`rights::require`], because its members are for those who may manage them.
pub fn search(
    tx: &Tx<'_>,
    by: &Principal,
    query: &str,
    only_users: bool,
    members: Option<(Owned, Members)>,
    page: Page,
) -> Result<Listed<AccountId>> {
    by.in_good_standing()?;
    if let Some((owned, _)) = &members {
        rights::require(tx, by, &Entity::from(owned), managing(owned), Deleted::No)?;
    }
    if !by.is_admin && query.chars().filter(char::is_ascii_alphanumeric).count() < FEWEST_LETTERS {
        return Ok(Listed::none());
    }
    let id_contains = (!query.is_empty()).then(|| query.to_owned());
    let restricted = members.is_none() && !by.is_admin;
    let page = if restricted { Page::new(MOST_FOR_OTHERS, 1) } else { page };
    let search = AccountSearch { texts: TextSearch { id_contains, ..TextSearch::default() }, only_users, members, page };
    let found = tx.accounts(&search)?;
    // The real total is not disclosed to a restricted caller.
    let total = if restricted { found.items.len() as i64 } else { found.total };
    Ok(Listed { total, ..found })
}
