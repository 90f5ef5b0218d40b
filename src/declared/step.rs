//! The steps of a plan. They have no secrets.

use serde_json::{Map, Value, json};

use crate::base::named::named;
use crate::declared::drift::Drift;
use crate::model::view::MASKED;

/// Whether what the declaration made, and has no longer, is removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Prune {
    Yes,
    No,
}

named! {
    /// What is done to an entity.
    pub enum PlannedAction {
        Create = "create",
        Restore = "restore",
        Change = "change",
        Leave = "leave",
        Remove = "remove",
    }
}

/// What is to be done. Has no secrets.
pub struct Plan {
    pub name: Option<String>,
    pub steps: Vec<PlanStep>,
}

/// What is to be done to one user, organization or client, or to one authorization.
pub struct PlanStep {
    pub action: PlannedAction,
    pub kind: &'static str,
    pub id: String,
    pub changes: Vec<FieldChange>,
    pub notes: Vec<String>,
}

/// A field, a member, a key or a secret before and after. `null` is absent.
pub struct FieldChange {
    /// `name`, `attributes/KEY`, `collaborators/ID`, `api_keys/NAME`, `secret`.
    pub field: String,
    pub was: Value,
    pub will: Value,
    pub drift: Option<Drift>,
    /// Where in the declaration the secret was generated that this needs.
    pub generated_at: Option<String>,
    /// The ID of the API key that is removed: others may have its name.
    pub removed_key: Option<String>,
}

impl FieldChange {
    pub fn new(field: impl Into<String>, was: Value, will: Value) -> FieldChange {
        FieldChange { field: field.into(), was, will, drift: None, generated_at: None, removed_key: None }
    }

    /// Returns the change of a secret, none of which is shown.
    pub fn of_secret(field: &str, is_there: bool, will: Value) -> FieldChange {
        FieldChange::new(field, if is_there { MASKED.into() } else { Value::Null }, will)
    }
}

impl Plan {
    pub fn has_changes(&self) -> bool {
        self.steps.iter().any(|step| step.action != PlannedAction::Leave)
    }

    /// Returns it in JSON, with the places of the generated secrets that it needs.
    pub fn to_json(&self) -> Value {
        let count = |action: PlannedAction| self.steps.iter().filter(|step| step.action == action).count();
        let summary: Map<String, Value> =
            PlannedAction::NAMED.iter().map(|(name, action)| ((*name).to_owned(), count(*action).into())).collect();
        let steps: Vec<Value> = self.steps.iter().map(PlanStep::to_json).collect();
        let generated: Vec<&str> =
            self.steps.iter().flat_map(|step| &step.changes).filter_map(|change| change.generated_at.as_deref()).collect();
        json!({"name": self.name, "has_changes": self.has_changes(), "summary": summary, "steps": steps, "generated": generated})
    }
}

impl PlanStep {
    fn to_json(&self) -> Value {
        let changes: Vec<Value> = self
            .changes
            .iter()
            .map(|change| {
                let mut shown = json!({"field": change.field, "old": change.was, "new": change.will});
                if let Some(drift) = &change.drift {
                    shown["drift"] = drift.to_json();
                }
                shown
            })
            .collect();
        json!({"action": self.action.name(), "kind": self.kind, "id": self.id, "changes": changes, "notes": self.notes})
    }

    /// Returns whether a field changes, or something in it.
    pub fn changes(&self, field: &str) -> bool {
        self.changes.iter().any(|change| change.field.split('/').next() == Some(field))
    }
}
