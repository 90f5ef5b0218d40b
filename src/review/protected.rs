//! Names that only their bearers may use.

use std::sync::{Arc, LazyLock, Mutex};

use crate::base::id::AccountId;
use crate::base::mutex::locked;
use crate::model::protected_names::{ProtectedName, parse};
use crate::review::confusable::{FoldedName, NameOf, Resemblance, SearchedName};
use crate::review::names::readings;

/// The names that are protected on every server.
pub static BUILT_IN: LazyLock<Arc<Vec<ProtectedName>>> = LazyLock::new(|| Arc::new(parse(include_str!("protected-names.txt"))));

static BUILT_IN_READY: LazyLock<ProtectedNames> = LazyLock::new(|| ProtectedNames::folded(BUILT_IN.clone()));

/// The operator's names as they were last asked for: folding a thousand takes longer than comparing with them.
static LAST: Mutex<Option<ProtectedNames>> = Mutex::new(None);

/// Protected names, ready to be compared.
#[derive(Clone, Debug, Default)]
pub struct ProtectedNames {
    names: Arc<Vec<ProtectedName>>,
    wanted: Arc<Vec<FoldedName>>,
}

impl ProtectedNames {
    /// Returns the operator's names, ready to be compared.
    pub fn of(names: Arc<Vec<ProtectedName>>) -> ProtectedNames {
        let mut last = locked(&LAST);
        match &*last {
            Some(last) if Arc::ptr_eq(&last.names, &names) => last.clone(),
            Some(_) | None => last.insert(ProtectedNames::folded(names)).clone(),
        }
    }

    fn folded(names: Arc<Vec<ProtectedName>>) -> ProtectedNames {
        let wanted = names.iter().map(|name| FoldedName::of(&name.name)).collect();
        ProtectedNames { names, wanted: Arc::new(wanted) }
    }

    /// Returns the protected name, of these or a built-in one, that a text is confusable with, unless one of these accounts may use it.
    pub fn confusable(&self, text: &str, of: NameOf<'_>, accounts: &[&AccountId]) -> Option<(Resemblance, &str)> {
        let readings: Vec<SearchedName> = readings(text).iter().map(|text| SearchedName::of(text)).collect();
        let resemblance = |wanted: &FoldedName| readings.iter().filter_map(|text| text.resemblance(wanted, of)).max();
        let may_use = |name: &ProtectedName| accounts.iter().any(|account| name.bearers.iter().any(|bearer| bearer == account.as_str()));
        let all = self.pairs().chain(BUILT_IN_READY.pairs());
        let found = all.filter_map(|(name, wanted)| Some((resemblance(wanted)?, name)));
        let found = found.filter(|(_, name)| !may_use(name)).map(|(resemblance, name)| (resemblance, name.name.as_str()));
        // Of several the longest says best what it is confused with.
        found.max_by_key(|(resemblance, name)| (*resemblance, name.len()))
    }

    fn pairs(&self) -> impl Iterator<Item = (&ProtectedName, &FoldedName)> {
        self.names.iter().zip(self.wanted.iter())
    }
}
