//! Tells changes by hand from changes of the declaration, by the history.

use std::cell::OnceCell;

use serde_json::{Map, Value, json};

use crate::base::error::Result;
use crate::base::request_id;
use crate::base::time::Time;
use crate::model::event::Action;
use crate::registry::entity::Entity;
use crate::registry::history;
use crate::registry::principal::Principal;
use crate::store::Tx;
use crate::store::events::EventSearch;

/// A change by hand of what is declared.
#[derive(Clone, Debug)]
pub struct Drift {
    /// The account, or `operator`.
    by: String,
    at: Time,
    /// What the declaration said before; `None` if it is not known.
    declared: Option<Value>,
}

impl Drift {
    pub fn to_json(&self) -> Value {
        let mut shown = json!({"changed_by": self.by, "changed_at": self.at.to_string()});
        if let Some(declared) = &self.declared {
            shown["declared"] = declared.clone();
        }
        shown
    }
}

/// What is known of the past of an entity; read only where it is asked for.
pub struct Memory<'a> {
    tx: &'a Tx<'a>,
    entity: &'a Entity,
    /// Of the declaration; nothing is known without it.
    name: Option<&'a str>,
    changes: OnceCell<Vec<PastChange>>,
}

/// An event, newest first.
struct PastChange {
    at: Time,
    /// `None` for this declaration.
    by: Option<String>,
    /// Fields, or an API key.
    new: Map<String, Value>,
    /// The rights of collaborators and members, whose IDs may be the names of fields.
    members: Map<String, Value>,
}

/// How many events of an entity are looked at.
const MOST_EVENTS: u32 = 500;

impl<'a> Memory<'a> {
    /// Returns the memory of an entity; an empty one for a declaration without a name.
    pub fn of(tx: &'a Tx<'a>, entity: &'a Entity, name: Option<&'a str>) -> Memory<'a> {
        Memory { tx, entity, name, changes: OnceCell::new() }
    }

    fn changes(&self) -> Result<&[PastChange]> {
        if self.changes.get().is_none() {
            // Nobody sets it in between.
            let _ = self.changes.set(self.read()?);
        }
        Ok(self.changes.get().map_or(&[], Vec::as_slice))
    }

    fn read(&self) -> Result<Vec<PastChange>> {
        let (Some(name), entity) = (self.name, self.entity) else { return Ok(Vec::new()) };
        let search = EventSearch { since_purge_of: Some((vec![entity.kind()], entity.as_str().to_owned())), ..EventSearch::default() };
        let events = history::list(self.tx, &Principal::operator(), Some(entity), search, MOST_EVENTS)?;
        let own = request_id::of_declaration(name);
        let changes = events.into_iter().map(|event| {
            let is_own = event.actor.request_id == own;
            let by = || event.actor.account_id.clone().unwrap_or_else(|| request_id::OPERATOR.to_owned());
            let values = serde_json::from_str(&event.new_values).unwrap_or_default();
            let is_of_member =
                [Action::SetCollaborator, Action::RemoveCollaborator].into_iter().any(|action| event.name == action.of(entity.kind()));
            let (new, members) = if is_of_member { (Map::new(), values) } else { (values, Map::new()) };
            PastChange { at: event.happened_at, by: (!is_own).then(by), new, members }
        });
        Ok(changes.collect())
    }

    /// Returns the drift of a field of a plan, if it was last changed by hand after the declaration had set it.
    pub fn drift(&self, field: &str) -> Result<Option<Drift>> {
        let (name, key) = field.split_once('/').map_or((field, None), |(name, key)| (name, Some(key)));
        let value_in = |change: &PastChange| match (name, key) {
            ("attributes", Some(key)) => change.new.get(name).map(|all| all.get(key).cloned().unwrap_or_default()),
            ("api_keys", Some(key)) => change.new.get("api_key").filter(|found| found["name"] == key).cloned(),
            (_, Some(account)) => change.members.get(account).cloned(),
            (_, None) => change.new.get(name).cloned(),
        };
        let mut changes = self.changes()?.iter().filter_map(|change| value_in(change).map(|value| (change, value)));
        let Some((PastChange { at, by: Some(by), .. }, _)) = changes.next() else { return Ok(None) };
        let declared = changes.find(|(change, _)| change.by.is_none());
        let is_secret = matches!(name, "secret" | "password" | "api_keys");
        Ok(declared.map(|(_, value)| Drift { by: by.clone(), at: *at, declared: Some(value).filter(|_| !is_secret) }))
    }

    /// Returns whether the declaration gave this account its present rights.
    pub fn is_ours(&self, account: &str) -> Result<bool> {
        let last = self.changes()?.iter().find(|change| change.members.contains_key(account));
        Ok(last.is_some_and(|change| change.by.is_none()))
    }

    /// Returns whether the declaration created this API key.
    pub fn made_key(&self, id: &str) -> Result<bool> {
        let mut of_key = self.changes()?.iter().filter(|change| change.new.get("api_key").is_some_and(|key| key["id"] == id));
        Ok(of_key.next_back().is_some_and(|change| change.by.is_none()))
    }

    /// The same, where nothing is told apart without a name.
    pub fn may_have_made_key(&self, id: &str) -> Result<bool> {
        Ok(self.name.is_none() || self.made_key(id)?)
    }
}
