//! Names that only their bearers may use.

use std::sync::LazyLock;

use crate::base::id::AccountId;
use crate::model::protected_names::{ProtectedName, parse};
use crate::review::names::is_confusable;

/// The names that are protected on every server.
static BUILT_IN: LazyLock<Vec<ProtectedName>> = LazyLock::new(|| parse(include_str!("protected-names.txt")));

/// The built-in names, and the operator's.
#[derive(Clone, Debug, Default)]
pub struct ProtectedNames(pub std::sync::Arc<Vec<ProtectedName>>);

impl ProtectedNames {
    /// Returns the protected name that a text is confusable with, unless one of these accounts may use it.
    pub fn confusable<'p>(&'p self, text: &str, accounts: &[&AccountId]) -> Option<&'p str> {
        let may_use = |name: &ProtectedName| accounts.iter().any(|account| name.bearers.iter().any(|bearer| bearer == account.as_str()));
        let names = self.0.iter().chain(BUILT_IN.iter());
        // Of several the longest says best what it is confused with.
        let found = names.filter(|name| !may_use(name) && is_confusable(text, &name.name));
        found.max_by_key(|name| name.name.len()).map(|name| name.name.as_str())
    }
}
