//! The review queue: requests that wait for an administrator, decided one by one or many at once.

use maud::{Markup, html};

use crate::base::error::Result;
use crate::base::id::ClientId;
use crate::call::{Call, Input, LongWork, Work};
use crate::console::clients::page::{shown_name, state_reason};
use crate::console::clients::{client_review, overview};
use crate::console::form::fields::{Fields, Label, label};
use crate::console::form::findings;
use crate::console::form::problem::{Problem, Refused};
use crate::console::form::saving::{self, EditedPart, Seen, save};
use crate::console::page::layout::{Layout, MenuItem, after, timestamp, title};
use crate::console::page::listing::Listing;
use crate::http::form::Form;
use crate::http::reply::Reply;
use crate::model::client::Client;
use crate::page::message;
use crate::page::rights::groups;
use crate::page::words::sentence;
use crate::registry::approval::{CLIENT_CHANGED, ReviewAnswer};
use crate::registry::entity::Entity;
use crate::registry::review_queue::{self, ClientReview, WaitsFor};
use crate::review::rules::is_dangerous;

const PATH: &str = "/console/review";

/// The box that selects all requests on the page, which are listed with it.
const EVERY: &str = "every";
const LISTED: &str = "listed";

/// The fields that a request shows.
const SHOWN: &[&str] = &[
    "name",
    "description",
    "attributes",
    "secret",
    "redirect_uris",
    "logout_redirect_uris",
    "grants",
    "rights",
    "administrative_contact",
    "technical_contact",
];

const REASON: Label = label(
    "reason",
    "Reason, or what to change, for all that are selected",
    "Those who asked are shown it. Needed to reject, and to ask for changes; a reason beside a request counts for that one.",
);

/// The longest reason, as forms say it.
const LONGEST_REASON: usize = crate::model::verdict::LONGEST_TEXT;

pub fn page<'r>(input: &'r Input<'r>) -> Result<Work<'r>> {
    Ok(Box::new(move |call| shown(call, input, &Fields::default())))
}

/// Decides all selected requests alike, or none of them.
pub fn submit<'r>(input: &'r Input<'r>) -> Result<LongWork<'r>> {
    let draw = |call: &Call<'_>, fields: &Fields| shown(call, input, fields);
    save(input, draw, |transactions, form| {
        let review = ReviewForm::of(form);
        let answer = review.answer()?;
        let answered = transactions.write(|call| {
            review_queue::answer(call.tx, call.by, call.settings, &review.clients, &answer)?;
            review.check_is_about_what_was_seen(call)
        });
        answered.map_err(|error| Refused::from(error).renamed("reason", &review.reason_field()))?;
        Ok(after(
            PATH,
            match answer {
                ReviewAnswer::Approve(_) => "approved",
                ReviewAnswer::Reject(_) => "rejected",
                ReviewAnswer::AskForChanges(_) => "changes-requested",
            },
        ))
    })
}

/// The buttons, by their names.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Button {
    Approve,
    #[default]
    Reject,
    Ask,
}

impl Button {
    const EVERY: [Button; 3] = [Button::Approve, Button::Reject, Button::Ask];

    fn name(self) -> &'static str {
        match self {
            Button::Approve => "approve",
            Button::Reject => "reject",
            Button::Ask => "ask",
        }
    }
}

/// The administrator's choice: requests, button, reason.
#[derive(Debug, Default)]
struct ReviewForm {
    clients: Vec<ClientId>,
    /// Whether the button is beside one request; otherwise it is about all selected ones.
    is_single: bool,
    button: Button,
    reason: String,
    seen: Seen,
}

impl ReviewForm {
    /// Reads the choice. The reason beside a request counts for that one, the other reason for all selected ones, and for one without its own.
    fn of(form: &Form) -> ReviewForm {
        let single = Button::EVERY.iter().flat_map(|button| form.all(button.name())).find(|id| !id.is_empty());
        let ticked = if form.has(EVERY) { form.all(LISTED) } else { form.all("client") };
        let own_reason = single.map(|id| form.one(&reason_name(id))).unwrap_or_default();
        let reason = if own_reason.is_empty() { form.one(REASON.name) } else { own_reason };
        ReviewForm {
            is_single: single.is_some(),
            clients: single.map_or(ticked, |id| vec![id]).into_iter().filter_map(|id| id.parse().ok()).collect(),
            button: Button::EVERY.into_iter().find(|button| form.has(button.name())).unwrap_or_default(),
            reason: reason.to_owned(),
            seen: Seen::of_form(form),
        }
    }

    /// Returns the name of the field that the reason belongs in.
    fn reason_field(&self) -> String {
        match self.clients.first().filter(|_| self.is_single) {
            Some(id) => reason_name(id.as_str()),
            None => REASON.name.to_owned(),
        }
    }

    /// Refuses to approve what was changed since the page was drawn.
    fn check_is_about_what_was_seen(&self, call: &Call<'_>) -> Result<()> {
        for id in &self.clients {
            let entity = Entity::Client(id.clone());
            if saving::is_changed(call, &entity, EditedPart::Fields(SHOWN), self.seen)?
                || saving::is_changed(call, &entity, EditedPart::Members, self.seen)?
            {
                return Err(CLIENT_CHANGED.with("client_id", id.as_str()).into());
            }
        }
        Ok(())
    }

    fn answer(&self) -> std::result::Result<ReviewAnswer, Problem> {
        if self.clients.is_empty() {
            return Err(Problem::new("", "no_client", "Choose at least one request."));
        }
        let reason = self.reason.clone();
        match self.button {
            Button::Approve => Ok(ReviewAnswer::Approve(reason)),
            Button::Reject | Button::Ask if reason.trim().is_empty() => {
                Err(Problem::new(&self.reason_field(), "no_reason", "Say why, or what to change: those who asked are shown it."))
            }
            Button::Reject => Ok(ReviewAnswer::Reject(reason)),
            Button::Ask => Ok(ReviewAnswer::AskForChanges(reason)),
        }
    }
}

/// Returns the name of the field with the reason beside a request.
fn reason_name(id: &str) -> String {
    format!("{}-{id}", REASON.name)
}

fn shown(call: &Call<'_>, input: &Input<'_>, fields: &Fields) -> Result<Reply> {
    let answer = ReviewForm::of(&fields.values);
    let layout = Layout::of(call, input)?;
    let listing = Listing::of(input.request)?;
    let found = review_queue::waiting(call.tx, call.settings, listing.page())?.listed()?;
    let content = html! {
        (title("Review queue", &html! {}))
        (fields.summary())
        @if found.items.is_empty() {
            (message::empty("no-requests", "No requests are waiting. New ones are listed here, those with the worst findings first."))
        } @else {
            (layout.form(PATH, &html! {
                (Seen::now(call)?.field())
                // First in the form: pressing Enter in the reason uses the button beside it.
                (fields.text(REASON))
                div .submit {
                    button .danger name="reject" value="" { "Reject selected" }
                    button name="ask" value="" { "Ask for changes" }
                    button .main name="approve" value="" { "Approve selected" }
                }
                @if found.items.len() > 1 {
                    label .tick { input type="checkbox" name=(EVERY) value="true"; span { "Select all " (found.items.len()) " on this page" } }
                    @for review in &found.items { input type="hidden" name=(LISTED) value=(review.client.id); }
                }
                @for review in &found.items { (request(call, review, fields, answer.clients.contains(&review.client.id))) }
            }))
            (listing.pager(found.total))
        }
    };
    Ok(layout.page(fields.status(), MenuItem::Review, "Review queue", &content))
}

/// Draws one request: what the rules find, what changed since it was approved, and what it asks for.
fn request(call: &Call<'_>, review: &ClientReview, fields: &Fields, is_chosen: bool) -> Markup {
    let client = &review.client;
    html! {
        article .request aria-labelledby={"request-" (client.id)} data-item=(client.id) {
            label .tick {
                input type="checkbox" name="client" value=(client.id) checked[is_chosen];
                span .request-name id={"request-" (client.id)} { (shown_name(client)) }
            }
            p .quiet {
                a href={"/console/clients/" (client.id)} { (client.id) }
                @if let Some(owner) = &client.administrative_contact { ", of the " (owner.kind()) " " strong { (owner.as_str()) } }
                ", registered " (timestamp(client.created_at))
            }
            @if let Some(request) = &review.request { (client_review::asked(request, call)) }
            @if review.waits_for == Some(WaitsFor::Owner) { (client_review::standing(review)) }
            @else if let Some(reason) = state_reason(client) { p { (sentence(reason)) } }
            @if review.now.findings.is_empty() { p .quiet { "The rules find nothing." } }
            (findings::all(&review.now.findings))
            @if let Some(approval) = &review.approval { (client_review::since_approval(approval, review)) }
            p { @if client.description.is_empty() { span .quiet { "It does not say what it is for." } } @else { (client.description) } }
            (asks_for(client, review.now.shown.get("secretless") == Some(&true.into())))
            (own_answer(client, fields))
        }
    }
}

/// Draws the reason beside a request and its buttons.
fn own_answer(client: &Client, fields: &Fields) -> Markup {
    let name = reason_name(client.id.as_str());
    html! {
        div .field {
            label for=(name) { "Reason, or what to change" }
            textarea id=(name) name=(name) rows="2" maxlength=(LONGEST_REASON) { (fields.values.one(&name)) }
            (fields.problem_at(&name))
        }
        div .submit {
            button .danger name="reject" value=(client.id) aria-label={"Reject " (client.id)} { "Reject" }
            button name="ask" value=(client.id) aria-label={"Ask for changes of " (client.id)} { "Ask for changes" }
            button .main name="approve" value=(client.id) aria-label={"Approve " (client.id)} { "Approve" }
        }
    }
}

/// Draws what a client asks for, with dangerous rights marked.
fn asks_for(client: &Client, is_public: bool) -> Markup {
    let rights = client.all_rights();
    html! {
        dl .facts {
            dt { "Redirect URLs" }
            dd { ul .plain { @for uri in &client.redirect_uris { li { code { (uri) } } } } @if client.redirect_uris.is_empty() { span .quiet { "none" } } }
            @if !client.logout_redirect_uris.is_empty() {
                dt { "Logout redirect URLs" }
                dd { ul .plain { @for uri in &client.logout_redirect_uris { li { code { (uri) } } } } }
            }
            @if is_public { dt { "Secret" } dd { "none: a public client, which cannot prove who it is" } }
            dt { "Grant types" }
            dd { (overview::grants(client)) }
            @if !rights.is_empty() { dt { "Rights" } dd .quiet { "As users read them when they are asked; dangerous ones are marked:" } }
            @for group in groups(rights) {
                dt { (group.title) }
                dd {
                    @for (n, right) in group.rights.iter().enumerate() {
                        @if n > 0 { "; " }
                        @if is_dangerous(*right) { mark data-dangerous=(right.name()) { "⚠ " (right.words()) } } @else { (right.words()) }
                    }
                }
            }
            @if rights.is_empty() { dt { "Rights" } dd .quiet { "none" } }
        }
    }
}
