//! The review queue: requests that wait for an administrator, decided one by one or many at once.

use maud::{Markup, html};

use crate::base::error::Result;
use crate::call::{Call, Input, LongWork, Work};
use crate::console::clients::client_review::{DESPITE, ReviewReader};
use crate::console::clients::form::field_label;
use crate::console::clients::page::{shown_name, state_reason};
use crate::console::clients::{client_review, overview};
use crate::console::form::fields::{Fields, Label, label};
use crate::console::form::findings;
use crate::console::form::problem::Problem;
use crate::console::form::saving::{self, EditedPart, Seen, save};
use crate::console::page::layout::{Layout, after_changing, title};
use crate::console::page::listing::Listing;
use crate::console::page::menu::MenuItem;
use crate::http::form::Form;
use crate::http::reply::Reply;
use crate::model::client::Client;
use crate::page::message;
use crate::page::rights::groups;
use crate::page::times::timestamp;
use crate::page::words::sentence;
use crate::registry::approval::{CLIENT_CHANGED, ReviewAnswer};
use crate::registry::entity::Entity;
use crate::registry::review_queue::{self, AnsweredClient, ClientReview, WaitsFor};
use crate::review::rules::is_dangerous;

const PATH: &str = "/console/review";

/// The box that selects all requests on the page, which are listed with it.
const EVERY: &str = "every";
const LISTED: &str = "listed";

/// Beside each request: what stands for what was read.
const READ: &str = "seen";

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
            let answer = |client| review_queue::answer(call.tx, call.by, call.settings, client, &answer).map(drop);
            review.clients.iter().try_for_each(answer)
        });
        answered.map_err(|error| client_review::refused(error, |id| beside(DESPITE, id)).renamed("reason", &review.reason_field()))?;
        let done = match answer {
            ReviewAnswer::Approve(_) => "approved",
            ReviewAnswer::Reject(_) => "rejected",
            ReviewAnswer::AskForChanges(_) => "changes-requested",
        };
        let what: Vec<&str> = review.clients.iter().map(|client| client.id.as_str()).collect();
        Ok(after_changing(PATH, done, &what))
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
    clients: Vec<AnsweredClient>,
    /// Whether the button is beside one request; otherwise it is about all selected ones.
    is_single: bool,
    button: Button,
    reason: String,
}

impl ReviewForm {
    /// Reads the choice. The reason beside a request counts for that one, the other reason for all selected ones, and for one without its own.
    fn of(form: &Form) -> ReviewForm {
        let single = Button::EVERY.iter().flat_map(|button| form.all(button.name())).find(|id| !id.is_empty());
        let ticked = if form.has(EVERY) { form.all(LISTED) } else { form.all("client") };
        let own_reason = single.map(|id| form.one(&beside(REASON.name, id))).unwrap_or_default();
        let reason = if own_reason.is_empty() { form.one(REASON.name) } else { own_reason };
        let answered = |id: &str| {
            let seen = form.one(&beside(READ, id)).to_owned();
            Some(AnsweredClient { id: id.parse().ok()?, seen, despite_blocking: form.has(&beside(DESPITE, id)) })
        };
        ReviewForm {
            is_single: single.is_some(),
            clients: single.map_or(ticked, |id| vec![id]).into_iter().filter_map(answered).collect(),
            button: Button::EVERY.into_iter().find(|button| form.has(button.name())).unwrap_or_default(),
            reason: reason.to_owned(),
        }
    }

    /// Returns the name of the field that the reason belongs in.
    fn reason_field(&self) -> String {
        match self.clients.first().filter(|_| self.is_single) {
            Some(client) => beside(REASON.name, client.id.as_str()),
            None => REASON.name.to_owned(),
        }
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

/// Returns the name of a field beside the request of a client.
fn beside(name: &str, id: &str) -> String {
    format!("{name}-{id}")
}

fn shown(call: &Call<'_>, input: &Input<'_>, fields: &Fields) -> Result<Reply> {
    let answered = ReviewForm::of(&fields.values).clients;
    let layout = Layout::of(call, input)?;
    let listing = Listing::of(input.request)?;
    let found = Listing::drawn_while_light(review_queue::waiting(call.tx, call.settings, listing.page())?, |review| {
        let is_chosen = answered.iter().any(|answered| answered.id == review.client.id);
        request(call, review, fields, is_chosen)
    })?;
    let content = html! {
        (title("Review queue", &html! {}))
        (fields.summary())
        (listing.shown(found, |requests| Ok(layout.form(PATH, &requests_form(call, &requests, fields)?)), || {
            message::empty("no-requests", "No requests are waiting. New ones are listed here, those with the worst findings first.")
        })?)
    };
    Ok(layout.page(fields.status(), MenuItem::Review, "Review queue", &content))
}

/// Draws the answer for all that are selected, and each request with its own.
fn requests_form(call: &Call<'_>, requests: &[(ClientReview, Markup)], fields: &Fields) -> Result<Markup> {
    Ok(html! {
        (Seen::now(call)?.field())
        // First in the form: pressing Enter in the reason uses the button beside it.
        (fields.text(REASON))
        div .submit {
            button .danger name="reject" value="" { "Reject selected" }
            button name="ask" value="" { "Ask for changes to selected" }
            button .main name="approve" value="" { "Approve selected" }
        }
        @if requests.len() > 1 {
            label .tick { input type="checkbox" name=(EVERY) value="true"; span { "Select all " (requests.len()) " on this page" } }
            @for (review, _) in requests { input type="hidden" name=(LISTED) value=(review.client.id); }
        }
        @for (_, drawn) in requests { (drawn) }
    })
}

/// Draws one request: what the rules find, what changed since it was approved, and what it asks for.
fn request(call: &Call<'_>, review: &ClientReview, fields: &Fields, is_chosen: bool) -> Result<Markup> {
    let client = &review.client;
    let is_changed = is_chosen && fields.problems.each().iter().any(|problem| problem.error == CLIENT_CHANGED.name);
    let changes = if is_changed {
        changes(call, review, Seen::of_form(&fields.values))?
    } else {
        html! {}
    };
    Ok(html! {
        article .request aria-labelledby={"request-" (client.id)} data-item=(client.id) {
            label .tick {
                input type="checkbox" name="client" value=(client.id) checked[is_chosen];
                span .request-name id={"request-" (client.id)} { (shown_name(client)) }
            }
            p .quiet {
                a href={"/console/clients/" (client.id)} { (client.id) }
                // Not the contact: that is whom the owner names.
                @for owner in &review.now.owners { ", owned by " (owner.kind()) " " strong { (owner.as_str()) } }
                ", registered " (timestamp(client.created_at))
            }
            (changes)
            @if let Some(request) = &review.request { (client_review::asked(request, call)) }
            @if review.waits_for == Some(WaitsFor::Owner) { (client_review::standing(review, ReviewReader::Administrator)) }
            @else if let Some(reason) = state_reason(client) { p { (sentence(&reason)) } }
            @if review.now.findings.is_empty() { p .quiet { "The rules find nothing." } }
            (findings::all(&review.now.findings, field_label))
            @if let Some(approval) = &review.approval { (client_review::since_approval(approval, review)) }
            p { @if client.description.is_empty() { span .quiet { "It has no description." } } @else { (client.description) } }
            (asks_for(client, review.now.shown.get("secretless") == Some(&true.into())))
            (own_answer(review, fields))
        }
    })
}

/// Draws what happened to a client and its owners since the page was made.
fn changes(call: &Call<'_>, review: &ClientReview, seen: Seen) -> Result<Markup> {
    let mut changes = saving::changed_since(call, &Entity::Client(review.client.id.clone()), EditedPart::Reviewed(field_label), seen)?;
    for owner in &review.now.owners {
        changes.extend(saving::changed_since(
            call,
            &Entity::from(owner),
            EditedPart::Fields(&[label("name", "Name of the owner", "")]),
            seen,
        )?);
    }
    Ok(html! {
        @if changes.is_empty() {
            (message::note("changed", "What the rules find about it has changed since you opened this page. Read it again, then answer."))
        } @else {
            div .note data-message="changed" { @for change in changes { (change) } }
        }
    })
}

/// Draws the reason beside a request and its buttons.
fn own_answer(review: &ClientReview, fields: &Fields) -> Markup {
    let client = &review.client;
    let (name, despite) = (beside(REASON.name, client.id.as_str()), beside(DESPITE, client.id.as_str()));
    html! {
        input type="hidden" name=(beside(READ, client.id.as_str())) value=(review.seen);
        div .field {
            label for=(name) { "Reason, or what to change" }
            textarea id=(name) name=(name) rows="2" maxlength=(LONGEST_REASON) autofocus[fields.is_first(&name)] { (fields.values.one(&name)) }
            (fields.problem_at(&name))
        }
        @if !review.now.blocking().is_empty() {
            (client_review::despite(&despite, fields))
        }
        div .submit {
            button .danger name="reject" value=(client.id) aria-label={"Reject " (client.id)} { "Reject" }
            button name="ask" value=(client.id) aria-label={"Ask for changes to " (client.id)} { "Ask for changes" }
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
            @if !client.attributes.is_empty() {
                dt { "Attributes" }
                dd { ul .plain { @for (key, value) in &client.attributes { li { code { (key) } " " (value) } } } }
            }
        }
    }
}
