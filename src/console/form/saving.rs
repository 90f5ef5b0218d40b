//! Saves forms: only what differs is changed, and no changes are overwritten that the user has not seen.
//!
//! Every change leaves an event, so a form carries the number of the newest event when its page was made. What the form can change must not
//! have changed since. If it has, the form is shown again with what was typed and what happened, and the next attempt saves it.

use maud::{Markup, html};
use serde_json::{Map, Value};

use crate::base::error::{Result, errors};
use crate::base::id::AccountId;
use crate::call::{Call, Input, LongWork, Transactions};
use crate::console::form::fields::{Fields, Label};
use crate::console::form::findings::FieldLabel;
use crate::console::form::problem::Refused;
use crate::http::form::Form;
use crate::http::reply::Reply;
use crate::model::event::Action;
use crate::model::value;
use crate::page::times::timestamp;
use crate::registry::entity::Entity;
use crate::registry::history;
use crate::registry::rights;
use crate::store::Deleted;
use crate::store::events::Event;

errors! {
    CHANGED_MEANWHILE: FailedPrecondition "keyfob" "changed_meanwhile"
        "nothing is saved yet: this was changed while the form was open. What you typed is still here; save it again to overwrite the change";
}

/// Saves a form: admits the caller and does the work. On a refusal shows the form again with what was typed.
pub fn save<'r>(
    input: &'r Input<'r>,
    draw: impl FnOnce(&Call<'_>, &Fields) -> Result<Reply> + 'r,
    work: impl FnOnce(&Transactions<'_>, &Form) -> std::result::Result<Reply, Refused> + 'r,
) -> Result<LongWork<'r>> {
    let form = Form::of_body(input.request)?;
    Ok(Box::new(move |transactions| {
        transactions.require_admission()?;
        match work(transactions, &form) {
            Ok(reply) => Ok(reply),
            Err(Refused::Failed(error)) => Err(error),
            Err(Refused::Problems(problems)) => {
                let fields = Fields { values: form, problems, check: None };
                transactions.read(|call| draw(call, &fields)).map(|reply| fields.problems.carried_by(reply))
            }
        }
    }))
}

const NAME: &str = "seen";

/// The newest event when a form was made; 0 without one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Seen(i64);

/// The part of an entity that a form changes.
#[derive(Clone, Copy, Debug)]
pub enum EditedPart<'a> {
    Fields(&'a [Label]),
    Member(&'a AccountId),
    /// All that an administrator answers about, with what people call each field.
    Reviewed(FieldLabel),
    /// By its ID.
    ApiKey(&'a str),
}

impl Seen {
    pub fn of_form(form: &Form) -> Seen {
        Seen(form.one(NAME).parse().unwrap_or_default())
    }

    /// Returns the newest event, for a page of this transaction.
    pub fn now(call: &Call<'_>) -> Result<Seen> {
        history::newest(call.tx).map(Seen)
    }

    /// Draws the hidden field that a form carries.
    pub fn field(self) -> Markup {
        html! { input type="hidden" name=(NAME) value=(self.0); }
    }
}

/// Refuses to overwrite changes since the form was made. Call it in the transaction that saves.
pub fn check(call: &Call<'_>, entity: &Entity, part: EditedPart<'_>, seen: Seen) -> Result<()> {
    if is_changed(call, entity, part, seen)? { Err((&CHANGED_MEANWHILE).into()) } else { Ok(()) }
}

pub fn is_changed(call: &Call<'_>, entity: &Entity, part: EditedPart<'_>, seen: Seen) -> Result<bool> {
    Ok(!since(call, entity, part, seen)?.is_empty())
}

/// Draws the hidden field. A refused form also shows what happened since it was made, which then counts as seen.
pub fn carried(call: &Call<'_>, entity: &Entity, part: EditedPart<'_>, fields: &Fields) -> Result<Markup> {
    let sent = (!fields.problems.is_empty()).then(|| Seen::of_form(&fields.values));
    let events = sent.map_or(Ok(Vec::new()), |seen| since(call, entity, part, seen))?;
    let seen = match sent {
        Some(seen) if events.is_empty() => seen,
        _ => Seen::now(call)?,
    };
    let may_read = rights::on(call.tx, call.by, entity, Deleted::No)?.has(history::reading(entity));
    Ok(html! {
        (seen.field())
        @for event in &events { div .note data-message="changed" { (happened(event, part, may_read)) } }
    })
}

/// Draws what was changed of this part since a page was made, for those who may read all of it.
pub fn changed_since(call: &Call<'_>, entity: &Entity, part: EditedPart<'_>, seen: Seen) -> Result<Vec<Markup>> {
    Ok(since(call, entity, part, seen)?.iter().map(|event| happened(event, part, true)).collect())
}

fn happened(event: &Event, part: EditedPart<'_>, may_read: bool) -> Markup {
    html! {
        p {
            @match &event.actor.account_id {
                Some(account) => strong { (account) },
                None if event.actor.is_operator() => "The operator",
                None => "Somebody who was not signed in",
            }
            " changed it, " (timestamp(event.happened_at)) "."
        }
        @if may_read { (differences(event, |name| part.label(name))) }
    }
}

/// Draws what an event changed: for each field that has a label, the old and the new value.
pub fn differences(event: &Event, label: impl Fn(&str) -> Option<String>) -> Markup {
    let (old, new) = (object(&event.old_values), object(&event.new_values));
    html! {
        dl .changes {
            @for (name, label) in names(event).iter().filter_map(|name| Some((name, label(name)?))) {
                dt { (label) }
                dd {
                    @let (was, is) = (in_words(old.get(name)), in_words(new.get(name)));
                    @if !was.is_empty() { del { (was) } " " }
                    @if !is.is_empty() { ins { (is) } }
                }
            }
        }
    }
}

/// Writes a value as people read it: texts without quotes, lists and members with commas, accounts by their IDs.
pub fn in_words(value: Option<&Value>) -> String {
    match value {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(Value::Array(items)) => items.iter().map(|item| in_words(Some(item))).collect::<Vec<_>>().join(", "),
        Some(Value::Object(members)) => {
            let in_pairs = || members.iter().map(|(key, value)| format!("{key}: {}", in_words(Some(value)))).collect::<Vec<_>>().join(", ");
            value.and_then(value::to_account).map_or_else(in_pairs, |account| account.as_str().to_owned())
        }
        Some(other) => other.to_string(),
    }
}

/// Returns the names of the fields that an event changed, sorted.
pub fn names(event: &Event) -> Vec<String> {
    let mut names: Vec<String> = object(&event.old_values).into_iter().chain(object(&event.new_values)).map(|(name, _)| name).collect();
    names.sort();
    names.dedup();
    names
}

/// Returns the first names, and how many more there are.
pub fn few(names: &[String]) -> String {
    const SHOWN: usize = 3;
    match names {
        [] => String::new(),
        [name] => name.clone(),
        [first @ .., last] if names.len() <= SHOWN => format!("{} and {last}", first.join(", ")),
        _ => format!("{} and {} more", names[..SHOWN - 1].join(", "), names.len() - SHOWN + 1),
    }
}

/// Reads the values of one side of an event.
pub fn object(text: &str) -> Map<String, Value> {
    serde_json::from_str(text).unwrap_or_default()
}

impl EditedPart<'_> {
    fn actions(&self) -> &'static [Action] {
        // One that was purged and created again is another.
        match self {
            EditedPart::Fields(_) => &[Action::Create, Action::Update],
            EditedPart::Member(_) => &[Action::Create, Action::SetCollaborator, Action::RemoveCollaborator],
            EditedPart::Reviewed(_) => {
                &[Action::Create, Action::Update, Action::SetCollaborator, Action::RemoveCollaborator, Action::RequestReview]
            }
            EditedPart::ApiKey(_) => &[Action::UpdateApiKey],
        }
    }

    /// Returns what people call the field with this name; `None` if this part does not have it.
    fn label(&self, name: &str) -> Option<String> {
        match self {
            EditedPart::Fields(fields) => fields.iter().find(|label| label.name == name).map(|label| label.text.to_owned()),
            EditedPart::Member(account) => (account.as_str() == name).then(|| name.to_owned()),
            EditedPart::Reviewed(label) => Some(label(name)),
            EditedPart::ApiKey(_) => (name == "api_key").then(|| "API key".to_owned()),
        }
    }

    fn is_changed_by(&self, entity: &Entity, event: &Event) -> bool {
        match self {
            _ if event.name == Action::Create.of(entity.kind()) => true,
            // It counts several changes, and only has the values of the last.
            _ if event.times > 1 => true,
            EditedPart::ApiKey(id) => object(&event.new_values).get("api_key").is_some_and(|key| key["id"] == *id),
            EditedPart::Fields(_) | EditedPart::Member(_) | EditedPart::Reviewed(_) => {
                names(event).iter().any(|name| self.label(name).is_some())
            }
        }
    }
}

/// The most events that a form shows.
const MOST: u32 = 50;

/// Returns the events since then that changed this part, oldest first; all of them if there are too many to check.
fn since(call: &Call<'_>, entity: &Entity, part: EditedPart<'_>, seen: Seen) -> Result<Vec<Event>> {
    let mut events = history::since(call.tx, entity, part.actions(), seen.0, MOST)?;
    if events.len() < MOST as usize {
        events.retain(|event| part.is_changed_by(entity, event));
    }
    Ok(events)
}
