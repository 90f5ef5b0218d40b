//! The activity: of one client, by one account, or all; as a page, or as a file.

use maud::{Markup, html};

use crate::base::error::Result;
use crate::base::id::ClientId;
use crate::base::time::Time;
use crate::call::{Call, Input, LongWork, Work};
use crate::console::account::event_export::{self, ExportFormat};
use crate::console::account::event_sentence::{self, Sentence, means};
use crate::console::clients::form::field_label;
use crate::console::clients::page::{ClientPage, ClientTab, saved};
use crate::console::form::confirmation::{Confirmation, Confirmed, confirmed};
use crate::console::form::fields::{Choice, Fields, Label, label};
use crate::console::form::saving;
use crate::console::page::charts;
use crate::console::page::layout::{Layout, after, title};
use crate::console::page::listing::drawn_while_light;
use crate::console::page::menu::MenuItem;
use crate::http::form::Form;
use crate::http::pairs::with_query;
use crate::http::reply::Reply;
use crate::model::event::Topic;
use crate::page::message;
use crate::page::times::{exact, timestamp};
use crate::registry::approval::Withdrawn;
use crate::registry::entity::Entity;
use crate::registry::history;
use crate::registry::undo::{self, Undoable, Undone};
use crate::store::events::{Event, EventSearch, FoundEvents};

/// How many events a page has at most.
const SIZE: u32 = 50;

/// From how many bytes on a page has no more events, and how many the values of one may take.
const LONGEST_PAGE: usize = 32 * 1024;
const LONGEST_VALUES: usize = 24 * 1024;

/// What the address may name, beside the page and the format.
const FILTERS: [&str; 4] = ["client", "actor", "kind", "day"];

/// Lists all events that the caller may see.
pub fn page<'r>(input: &'r Input<'r>) -> Result<Work<'r>> {
    let asked = Form::of_query(input.request)?;
    Ok(Box::new(move |call| {
        let client = asked.one("client");
        let entity = client.parse().ok().map(Entity::Client);
        let is_nothing = !client.is_empty() && entity.is_none();
        let nothing = || Ok(FoundEvents { events: Vec::new(), end: None });
        let found = if is_nothing { nothing() } else { found(call, &asked, entity.as_ref()) }?;
        let activity = Activity { call, asked: &asked, path: "/console/activity", found };
        if let Some(file) = activity.file()? {
            return Ok(file);
        }
        let layout = Layout::of(call, input)?;
        let own = [label("client", "Client ID", "")];
        let both = [own[0], label("actor", "Who (ID)", "")];
        let content = html! {
            (title("Activity", &html! {}))
            p .quiet { @if call.by.is_admin { "What changed, and who changed it." } @else { "What you did, and what happened to your clients. To see what others did to a client, enter its ID." } }
            (activity.show(if call.by.is_admin || entity.is_some() { &both } else { &own })?)
        };
        Ok(layout.page(200, MenuItem::Activity, "Activity", &content))
    }))
}

/// Lists the events of one client.
pub fn of_client<'r>(input: &'r Input<'r>) -> Result<Work<'r>> {
    let asked = Form::of_query(input.request)?;
    Ok(Box::new(move |call| {
        let page = ClientPage::of(call, input)?;
        let found = found(call, &asked, Some(&Entity::Client(page.client.id.clone())))?;
        let path = page.path(ClientTab::Activity);
        let activity = Activity { call, asked: &asked, path: &path, found };
        if let Some(file) = activity.file()? {
            return Ok(file);
        }
        Ok(page.show(200, ClientTab::Activity, &activity.show(&[label("actor", "Who (ID)", "")])?))
    }))
}

confirmed! {
    /// Undoes a change of a client once that is confirmed, and leads to the client's activity.
    undo_page, undo: undoing
}

fn undoing<'r>(input: &'r Input<'r>) -> Result<Confirmed<'r>> {
    let number = undo::number(input.capture("event_number"))?;
    let about = move |call: &Call<'_>| {
        let mut undoable = undo::undoable(call.tx, call.by, number)?;
        Ok(Confirmation {
            menu_item: MenuItem::Activity,
            what: "Undo this change".to_owned(),
            consequence: set_back(call, input, &mut undoable)?,
            path: undo_path(number),
            back: activity_path(&undoable.client_id),
            typed: None,
        })
    };
    Ok(Confirmed::new(about, move |call| {
        let Undone { changed, stays } = undo::undo(call.tx, call.by, call.settings, number)?;
        let done = match (changed.withdrawn == Withdrawn::default(), stays.is_empty()) {
            (false, _) => saved(changed.withdrawn),
            (true, true) => "undone",
            (true, false) => "undone-in-part",
        };
        Ok(after(&activity_path(&changed.client.id), done))
    }))
}

fn undo_path(number: i64) -> String {
    format!("/console/activity/{number}/undo")
}

fn activity_path(client: &ClientId) -> String {
    format!("/console/clients/{client}/activity")
}

/// Draws what a change was, and what undoing it sets back.
fn set_back(call: &Call<'_>, input: &Input<'_>, undoable: &mut Undoable) -> Result<Markup> {
    let sentence = Sentence::of(call, &undoable.event)?.markup();
    std::mem::swap(&mut undoable.event.old_values, &mut undoable.event.new_values);
    Ok(html! {
        p { (sentence) ", " (timestamp(undoable.event.happened_at)) ". Undoing it sets this back at once, for everybody who uses the client:" }
        (saving::differences(&undoable.event, |name| undoable.sets_back(name).then(|| field_label(name))))
        (ClientPage::by_id(call, input, &undoable.client_id)?.stakes())
    })
}

/// Returns the format in which a file is asked for.
fn format(asked: &Form) -> Option<ExportFormat> {
    ExportFormat::EVERY.iter().copied().find(|format| format.name() == asked.one("as"))
}

/// Looks for what the filters ask. A filter that names nothing finds nothing: a file of everything would look like the file that was asked for.
fn found(call: &Call<'_>, asked: &Form, entity: Option<&Entity>) -> Result<FoundEvents> {
    let given = |name: &str| !asked.one(name).is_empty();
    let topic = Topic::EVERY.iter().find(|topic| topic.name() == asked.one("kind"));
    let day = Time::parse_date(asked.one("day"));
    if given("kind") && topic.is_none() || given("day") && day.is_none() {
        return Ok(FoundEvents { events: Vec::new(), end: None });
    }
    let until = day.map(|day| history::first_since(call.tx, day.plus_seconds(24 * 60 * 60))).transpose()?;
    let search = EventSearch {
        actor: given("actor").then(|| asked.one("actor").to_owned()),
        before: until.into_iter().chain(asked.one("before").parse().ok()).min(),
        after: day.map(|day| history::first_since(call.tx, day)).transpose()?.map(|first| first - 1),
        names: topic.map(|topic| topic.events()).unwrap_or_default(),
        ..EventSearch::default()
    };
    let most = if format(asked).is_some() { event_export::MOST } else { SIZE };
    history::look_through(call.tx, call.by, entity, search, most)
}

/// What was found, and where it is shown.
struct Activity<'a> {
    call: &'a Call<'a>,
    asked: &'a Form,
    path: &'a str,
    found: FoundEvents,
}

impl Activity<'_> {
    /// Returns the file, if one is asked for.
    fn file(&self) -> Result<Option<Reply>> {
        let FoundEvents { events, end } = &self.found;
        let write = |format: ExportFormat| {
            let next = |before: i64| self.address(&[("as", format.name()), ("before", &before.to_string())]);
            event_export::file(self.call, format, events, *end, next)
        };
        format(self.asked).map(write).transpose()
    }

    /// Returns the address of the same filters, with these parameters.
    fn address(&self, more: &[(&str, &str)]) -> String {
        let asked = FILTERS.iter().map(|name| (*name, self.asked.one(name))).chain(more.iter().copied());
        with_query(self.path, asked)
    }

    /// Draws the filters, among them these, and the events below.
    fn show(&self, texts: &[Label]) -> Result<Markup> {
        let fields = Fields { values: self.asked.clone(), ..Fields::default() };
        let topics = Topic::EVERY.iter().map(|topic| (topic.name().to_owned(), topic.words().to_owned()));
        let kinds: Vec<Choice> = [(String::new(), "Everything".to_owned())].into_iter().chain(topics).collect();
        let is_filtered = FILTERS.iter().any(|name| !self.asked.one(name).is_empty());
        let is_later = !self.asked.one("before").is_empty();
        Ok(html! {
            form .filters action=(self.path) {
                (fields.select(label("kind", "What", ""), &kinds))
                @for text in texts { (fields.text(*text)) }
                (fields.date(label("day", "Day (UTC)", "")))
                button { "Filter" }
                @if is_filtered { a href=(self.path) { "Show everything" } }
            }
            @if self.found.events.is_empty() { (self.nothing(is_filtered || is_later)) } @else { (self.list()?) }
        })
    }

    fn nothing(&self, is_searched: bool) -> Markup {
        let further = self.found.end.map(|end| self.address(&[("before", &end.to_string())]));
        message::empty(
            "no-events",
            html! {
                @if let Some(further) = further {
                    p { "None of the events searched so far match." }
                    p { a href=(further) { "Look further back" } }
                } @else if is_searched {
                    p { "Nothing matches." }
                    p { a href=(self.path) { "Show everything" } }
                } @else {
                    p { "Nothing has happened yet. Every change will appear here." }
                }
            },
        )
    }

    /// Draws the events day by day, as many as a page may have, and a link to the next.
    fn list(&self) -> Result<Markup> {
        let FoundEvents { events, end } = &self.found;
        let shown = drawn_while_light(events.iter().map(Ok), LONGEST_PAGE, |event| self.event(event))?;
        let is_all = shown.len() == events.len() && shown.len() < SIZE as usize;
        let next = if is_all { *end } else { shown.last().map(|(last, _)| last.number) };
        Ok(html! {
            @for day in shown.chunk_by(|(one, _), (next, _)| one.happened_at.day() == next.happened_at.day()) {
                section .day {
                    h2 { (self.day_name(day[0].0.happened_at.day())) }
                    ul .events { @for (_, event) in day { (event) } }
                }
            }
            nav .pager aria-label="Pages" {
                @if let Some(next) = next {
                    a rel="next" href=(self.address(&[("before", &next.to_string())])) { @if is_all { "Look further back" } @else { "Older" } }
                }
                @for format in ExportFormat::EVERY {
                    a href=(self.address(&[("as", format.name()), ("before", self.asked.one("before"))])) { "Download " (format.name().to_uppercase()) }
                }
            }
        })
    }

    fn day_name(&self, day: i64) -> String {
        match self.call.tx.now.day() - day {
            0 => "Today".to_owned(),
            1 => "Yesterday".to_owned(),
            _ => charts::date(day),
        }
    }

    fn event(&self, event: &Event) -> Result<Markup> {
        let sentence = Sentence::of(self.call, event)?;
        Ok(html! {
            li data-item=(event.name) {
                div {
                    p {
                        span .word title=(event.name) { (sentence.markup()) }
                        @if event.times > 1 { ", " (event.times) " times since " (exact(event.first_at)) }
                        span .quiet { (means(event)) ", " (timestamp(event.happened_at)) }
                    }
                    (details(event))
                }
                (self.undo_link(event))
            }
        })
    }

    /// Draws the link to undo a change of a client, where the reader may change that client. Whether somebody changed its fields since is
    /// looked at when it is done.
    fn undo_link(&self, event: &Event) -> Markup {
        let is_undone = self.found.events.iter().any(|later| later.undoes == Some(event.number));
        let is_offered = !is_undone && undo::is_undoable(self.call.tx, self.call.by, event);
        html! { @if is_offered { a .button.quiet href=(undo_path(event.number)) { "Undo …" } } }
    }
}

/// Draws what changed, one line per field, for those who ask.
fn details(event: &Event) -> Markup {
    let differences = saving::differences(event, |name| Some(event_sentence::field_label(event, name)));
    html! {
        details {
            summary { "Details" }
            @if differences.0.len() <= LONGEST_VALUES { (differences) }
            @else { p { "These values are too long for a page. The downloads have them." } }
            p .quiet {
                "Event " (event.number) ", request " code { (event.actor.request_id) }
                @if let Some(key) = &event.actor.api_key_id { ", API key " code { (key) } }
                @if let Some(undone) = event.undoes { ", undoes event " (undone) }
            }
        }
    }
}
