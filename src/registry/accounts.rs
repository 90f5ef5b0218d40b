//! Looking for accounts: whom to make a collaborator (contract 6.9).

use crate::base::error::{Result, errors};
use crate::base::id::AccountId;
use crate::registry::guidelines;
use crate::registry::principal::Principal;
use crate::registry::rights::Entity;
use crate::store::accounts::{AccountSearch, Members};
use crate::store::members::Owned;
use crate::store::{Deleted, TextSearch, Tx};

errors! {
    ALREADY_EXISTS: AlreadyExists "pkg/util/store" "already_exists" "already exists";
    SEARCH_FORBIDDEN: PermissionDenied "pkg/identityserver" "search_forbidden" "search is forbidden";
}

/// What somebody who is no administrator must give of an ID, and gets at most.
const SHORTEST_QUERY: usize = 2;
const MOST_FOR_OTHERS: u32 = 10;

/// The accounts found; `counted` when the answer says how many there are.
#[derive(Debug)]
pub struct FoundAccounts {
    pub accounts: Vec<AccountId>,
    pub counted: bool,
}

/// Refuses an ID that a new account cannot have: one that is reserved, or taken by a user or an organization, be it a deleted one.
pub fn check_id_is_free(tx: &Tx<'_>, id: &AccountId) -> Result<()> {
    guidelines::check_id(id.as_str())?;
    if tx.account_id_is_taken(id)? { Err((&ALREADY_EXISTS).into()) } else { Ok(()) }
}

/// Accounts by a substring of their ID: the members of an entity, everyone else, or without one everybody.
pub fn search(tx: &Tx<'_>, by: &Principal, query: &str, only_users: bool, members: Option<(Owned, Members)>) -> Result<FoundAccounts> {
    if let Some((owned, _)) = &members {
        let entity = Entity::from(owned);
        if !entity.exists(tx, Deleted::No)? {
            return Err(entity.no_entity());
        }
    }
    let restricted = members.is_none() && !by.is_admin;
    if restricted && query.chars().count() < SHORTEST_QUERY {
        return Ok(FoundAccounts { accounts: Vec::new(), counted: false });
    }
    let id_contains = (!query.is_empty()).then(|| query.to_owned());
    let search = AccountSearch {
        texts: TextSearch { id_contains, ..TextSearch::default() },
        only_users,
        members,
        most: restricted.then_some(MOST_FOR_OTHERS),
    };
    Ok(FoundAccounts { accounts: tx.accounts(&search)?, counted: restricted })
}
