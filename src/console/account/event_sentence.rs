//! Tells an event in a sentence: “frank authorized Grafana”.

use maud::{Markup, html};
use serde_json::{Map, Value};

use crate::base::error::Result;
use crate::call::Call;
use crate::console::form::saving::{self, few};
use crate::console::{clients, organizations, users};
use crate::model::event::Action;
use crate::model::verdict::{Judge, Outcome};
use crate::registry::history::UNKNOWN_CLIENT;
use crate::registry::refusal::Reason;
use crate::store::Deleted;
use crate::store::events::Event;

/// A sentence in parts, some of which lead somewhere.
#[derive(Debug)]
pub struct Sentence(Vec<SentencePart>);

#[derive(Debug)]
struct SentencePart {
    text: String,
    path: Option<String>,
}

impl Sentence {
    pub fn of(call: &Call<'_>, event: &Event) -> Result<Sentence> {
        let values = saving::object(&event.new_values);
        let sentence = match Action::of_event(&event.name) {
            Some(_) if event.undoes.is_some() => "{who} undid a change of {it}",
            Some(Action::Update) if saving::names(event).is_empty() => "{who} saved {it} as it was",
            Some(action) => action.sentence(),
            None => "{who} {name} {it}",
        };
        let mut parts = Vec::new();
        for (n, piece) in sentence.split(['{', '}']).enumerate() {
            // What stands between braces is every second piece.
            parts.push(match piece {
                "it" if n % 2 == 1 => entity(call, event)?,
                name if n % 2 == 1 => SentencePart { text: filled(name, event, &values), path: None },
                text => SentencePart { text: text.to_owned(), path: None },
            });
        }
        Ok(Sentence(parts))
    }

    pub fn text(&self) -> String {
        self.0.iter().map(|part| part.text.as_str()).collect()
    }

    pub fn markup(&self) -> Markup {
        html! { @for SentencePart { text, path } in &self.0 { @match path { Some(path) => a href=(path) { (text) }, None => (text) } } }
    }
}

/// Returns what stands for a placeholder other than the entity.
fn filled(name: &str, event: &Event, values: &Map<String, Value>) -> String {
    let named = |name: &str| values.get(name).and_then(Value::as_str).unwrap_or_default();
    let verdict = |name: &str| values.get("verdict").and_then(|verdict| verdict[name].as_str()).unwrap_or_default();
    match name {
        "who" if verdict("judge") == Judge::Rules.name() => "The rules".to_owned(),
        "who" => actor(event),
        "fields" => fields(event),
        "outcome" => outcome(verdict("outcome")).to_owned(),
        "part" if event.name.ends_with("refuse") => {
            Reason::named(named("reason")).map_or_else(|| named("reason").to_owned(), Reason::in_words)
        }
        "part" => saving::names(event).join(", "),
        _ => event.name.clone(),
    }
}

fn actor(event: &Event) -> String {
    match (&event.actor.account_id, &event.actor.client_id) {
        (Some(account), _) => account.clone(),
        (None, _) if event.actor.is_operator() => "The operator".to_owned(),
        (None, Some(client)) => format!("The application {client}"),
        (None, None) => "Somebody who was not signed in".to_owned(),
    }
}

fn outcome(name: &str) -> &'static str {
    match Outcome::EVERY.iter().find(|outcome| outcome.name() == name) {
        Some(Outcome::Approved) => "approved",
        Some(Outcome::Rejected) => "rejected",
        Some(Outcome::ChangesRequested) => "asked for changes of",
        Some(Outcome::Judged) | None => "looked at",
    }
}

/// Returns what people call a value of an event.
pub fn field_label(event: &Event, name: &str) -> String {
    match (name, event.entity_kind.as_str()) {
        // Of a refusal.
        ("reason", _) => "Name in the log".to_owned(),
        ("redirect_uri", _) => "Redirect URL".to_owned(),
        ("first_difference", _) => "How many characters agree".to_owned(),
        (_, "client") => clients::form::field_label(name),
        (_, "organization") => organizations::settings::field_label(name),
        _ => users::settings::field_label(name),
    }
}

/// Returns the names of the changed fields as the forms have them, but not as the beginning of a sentence.
fn fields(event: &Event) -> String {
    let label = |name: &String| {
        let label = field_label(event, name);
        // Abbreviations, and words such as OAuth, stay as they are.
        if label.chars().nth(1).is_some_and(char::is_uppercase) { label } else { label[..1].to_lowercase() + &label[1..] }
    };
    let mut labels: Vec<String> = saving::names(event).iter().filter(|name| !name.is_empty()).map(label).collect();
    labels.dedup();
    few(&labels)
}

/// Names what an event is about: a client as it is called now, if it is still the same.
fn entity(call: &Call<'_>, event: &Event) -> Result<SentencePart> {
    let (kind, id) = (event.entity_kind.as_str(), &event.entity_id);
    if id == UNKNOWN_CLIENT {
        return Ok(SentencePart { text: "an unknown client".to_owned(), path: None });
    }
    if kind == "server" {
        return Ok(SentencePart { text: id.clone(), path: None });
    }
    if kind == "client" {
        let client =
            id.parse().map_or(Ok(None), |id| call.tx.client(&id, Deleted::No))?.filter(|client| client.created_at <= event.first_at);
        let name = client.as_ref().map(|client| client.name.as_str()).filter(|name| !name.is_empty());
        return Ok(SentencePart { text: name.unwrap_or(id).to_owned(), path: client.is_some().then(|| format!("/console/clients/{id}")) });
    }
    let is_own = event.actor.account_id.as_ref() == Some(id);
    let path = call.by.is_admin.then(|| format!("/console/{kind}s/{id}"));
    Ok(if is_own {
        SentencePart { text: "their account".to_owned(), path: None }
    } else {
        SentencePart { text: format!("the {kind} {id}"), path }
    })
}

/// Draws through what the actor acted, if not by hand.
pub fn means(event: &Event) -> Markup {
    let client = event.actor.client_id.as_ref().filter(|_| event.actor.account_id.is_some());
    html! {
        @if event.actor.api_key_id.is_some() { ", with an API key" }
        @if let Some(client) = client { ", through the OAuth client " code { (client) } }
    }
}
