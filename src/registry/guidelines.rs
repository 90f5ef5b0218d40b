//! The IDs that no caller may register (registry.md 2.3).

use std::collections::HashSet;
use std::sync::LazyLock;

use crate::base::error::{Result, errors};

errors! {
    FORBIDDEN_ID: InvalidArgument "pkg/identityserver/blocklist" "forbidden_id" "the ID `{id}` can not be registered";
}

/// One a line, sorted.
const RESERVED_IDS: &str = include_str!("reserved-ids.txt");

static RESERVED: LazyLock<HashSet<&str>> = LazyLock::new(|| RESERVED_IDS.lines().collect());

/// Checks that an ID could not be mistaken for the service itself. Only called at creation.
/// # Errors
/// `forbidden_id`.
pub fn check_id(id: &str) -> Result<()> {
    if RESERVED.contains(id) { Err(FORBIDDEN_ID.with("id", id).into()) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reserved_ids_are_refused_whole() {
        assert_eq!(RESERVED.len(), 731);
        assert!(check_id("console").is_err());
        assert!(check_id("console-2").is_ok());
    }
}
