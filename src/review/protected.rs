//! Names that only their bearers may use.

use std::sync::LazyLock;

use crate::base::id::AccountId;
use crate::model::protected_names::{ProtectedName, parse};
use crate::review::names::{Word, is_confusable, words};

/// The names that are protected on every server.
pub static BUILT_IN: LazyLock<Vec<ProtectedName>> = LazyLock::new(|| parse(include_str!("protected-names.txt")));

/// Their words.
static BUILT_IN_WORDS: LazyLock<Vec<Vec<Word>>> = LazyLock::new(|| BUILT_IN.iter().map(|name| words(&name.name)).collect());

/// The built-in names, and the operator's.
#[derive(Clone, Debug, Default)]
pub struct ProtectedNames(pub std::sync::Arc<Vec<ProtectedName>>);

impl ProtectedNames {
    /// Returns the protected name that a text is confusable with, unless one of these accounts may use it.
    pub fn confusable<'p>(&'p self, text: &str, accounts: &[&AccountId]) -> Option<&'p str> {
        let may_use = |name: &ProtectedName| accounts.iter().any(|account| name.bearers.iter().any(|bearer| bearer == account.as_str()));
        let text = words(text);
        let own = self.0.iter().filter(|name| !may_use(name) && is_confusable(&text, &words(&name.name)));
        let built_in = BUILT_IN.iter().zip(BUILT_IN_WORDS.iter()).filter(|(_, wanted)| is_confusable(&text, wanted)).map(|(name, _)| name);
        // Of several the longest says best what it is confused with.
        let found = own.chain(built_in);
        found.max_by_key(|name| name.name.len()).map(|name| name.name.as_str())
    }
}
