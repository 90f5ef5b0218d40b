//! The review queue: requests that wait for an administrator, decided one by one or many at once.

use maud::{Markup, html};

use crate::base::error::{Result, errors};
use crate::base::id::ClientId;
use crate::base::right::Rights;
use crate::call::{Call, Input, LongWork, Work};
use crate::console::clients::overview;
use crate::console::clients::page::{shown_name, state_reason};
use crate::console::form::fields::{Fields, Label, label};
use crate::console::form::problem::{Problem, Refused};
use crate::console::form::saving::{self, EditedPart, Seen, save};
use crate::console::page::layout::{Layout, MenuItem, after, timestamp, title};
use crate::console::page::listing::Listing;
use crate::http::form::Form;
use crate::http::reply::Reply;
use crate::model::choice::State;
use crate::model::client::Client;
use crate::model::mask::Mask;
use crate::page::message;
use crate::page::rights::groups;
use crate::page::words::sentence;
use crate::registry::approval::ReviewAnswer;
use crate::registry::entity::Entity;
use crate::registry::{clients, consent, review_queue};
use crate::store::clients::ClientKey;
use crate::store::{Direction, Search};

errors! {
    CLIENT_CHANGED: FailedPrecondition "keyfob" "client_changed"
        "client `{client_id}` was changed while you looked at it: see what it asks for now, and answer again";
}

const PATH: &str = "/console/review";

/// The box that selects all requests on the page, which are listed with it.
const EVERY: &str = "every";
const LISTED: &str = "listed";

/// The fields that a request shows.
const SHOWN: &[&str] =
    &["name", "description", "secret", "redirect_uris", "logout_redirect_uris", "grants", "rights", "administrative_contact"];

const REASON: Label = label("reason", "Reason for a rejection", "At most 128 characters; those who asked are shown it.");

pub fn page<'r>(input: &'r Input<'r>) -> Result<Work<'r>> {
    Ok(Box::new(move |call| shown(call, input, &Fields::default())))
}

/// Decides all selected requests alike, or none of them.
pub fn submit<'r>(input: &'r Input<'r>) -> Result<LongWork<'r>> {
    let draw = |call: &Call<'_>, fields: &Fields| shown(call, input, fields);
    save(input, draw, |transactions, form| {
        let answer = ReviewForm::of(form);
        let verdict = answer.verdict()?;
        let answered = transactions.write(|call| {
            review_queue::answer(call.tx, call.by, call.settings, &answer.clients, &verdict)?;
            answer.check_is_about_what_was_seen(call)
        });
        answered.map_err(|error| Refused::from(error).renamed("state_description", REASON.name))?;
        Ok(after(
            PATH,
            match verdict {
                ReviewAnswer::Approve(_) => "approved",
                ReviewAnswer::Reject(_) => "rejected",
                ReviewAnswer::AskForChanges(_) => "changes-requested",
            },
        ))
    })
}

/// The administrator's choice: requests, button, reason.
#[derive(Debug, Default)]
struct ReviewForm {
    clients: Vec<ClientId>,
    is_approval: bool,
    reason: String,
    seen: Seen,
}

impl ReviewForm {
    /// Reads the choice. The buttons beside a request are about that one, the other buttons about all selected ones.
    fn of(form: &Form) -> ReviewForm {
        let single = form.all("approve").into_iter().chain(form.all("reject")).find(|id| !id.is_empty()).map(str::to_owned);
        let ticked = if form.has(EVERY) { form.all(LISTED) } else { form.all("client") };
        let ids = single.map_or_else(|| ticked.into_iter().map(str::to_owned).collect(), |id| vec![id]);
        ReviewForm {
            clients: ids.iter().filter_map(|id| id.parse().ok()).collect(),
            is_approval: form.has("approve"),
            reason: form.one(REASON.name).to_owned(),
            seen: Seen::of_form(form),
        }
    }

    /// Refuses to approve what was changed since the page was drawn.
    fn check_is_about_what_was_seen(&self, call: &Call<'_>) -> Result<()> {
        for id in &self.clients {
            if saving::is_changed(call, &Entity::Client(id.clone()), EditedPart::Fields(SHOWN), self.seen)? {
                return Err(CLIENT_CHANGED.with("client_id", id.as_str()).into());
            }
        }
        Ok(())
    }

    fn verdict(&self) -> std::result::Result<ReviewAnswer, Problem> {
        if self.clients.is_empty() {
            return Err(Problem::new("", "no_client", "Choose at least one request."));
        }
        match (self.is_approval, self.reason.is_empty()) {
            (true, _) => Ok(ReviewAnswer::Approve(String::new())),
            (false, false) => Ok(ReviewAnswer::Reject(self.reason.clone())),
            (false, true) => Err(Problem::new(REASON.name, "no_reason", "Say why: those who asked are shown the reason.")),
        }
    }
}

fn shown(call: &Call<'_>, input: &Input<'_>, fields: &Fields) -> Result<Reply> {
    let answer = ReviewForm::of(&fields.values);
    let layout = Layout::of(call, input)?;
    let listing = Listing::of(input.request)?;
    let oldest_first = Search::live(ClientKey::CreatedAt, Direction::Ascending, listing.page());
    let search = Search { texts: listing.texts(), states: vec![State::Requested], ..oldest_first };
    let mask = Mask::default();
    let found = clients::search(call.tx, call.by, &search, &mask)?.listed()?;
    let content = html! {
        (title("Review queue", &html! {}))
        (fields.summary())
        @if found.items.is_empty() {
            (message::empty("no-requests", "No requests are waiting. New ones are listed here, the oldest first."))
        } @else {
            (layout.form(PATH, &html! {
                (Seen::now(call)?.field())
                // First in the form: pressing Enter in the reason uses the button beside it.
                (fields.text(REASON))
                div .submit {
                    button .danger name="reject" value="" { "Reject selected" }
                    button .main name="approve" value="" { "Approve selected" }
                }
                @if found.items.len() > 1 {
                    label .tick { input type="checkbox" name=(EVERY) value="true"; span { "Select all " (found.items.len()) " on this page" } }
                    @for (client, _) in &found.items { input type="hidden" name=(LISTED) value=(client.id); }
                }
                @for (client, _) in &found.items {
                    (request(client, consent::is_public(call.tx, &client.id)?, answer.clients.contains(&client.id)))
                }
            }))
            (listing.pager(found.total))
        }
    };
    Ok(layout.page(fields.status(), MenuItem::Review, "Review queue", &content))
}

/// Draws one request, with what it asks for.
fn request(client: &Client, is_public: bool, is_chosen: bool) -> Markup {
    let rights: Rights = client.rights.iter().copied().collect();
    html! {
        article .request aria-labelledby={"request-" (client.id)} data-item=(client.id) {
            div .title {
                label .tick {
                    input type="checkbox" name="client" value=(client.id) checked[is_chosen];
                    span .request-name id={"request-" (client.id)} { (shown_name(client)) }
                }
                span {
                    button name="approve" value=(client.id) aria-label={"Approve " (client.id)} { "Approve" }
                    " "
                    button .danger name="reject" value=(client.id) aria-label={"Reject " (client.id)} { "Reject" }
                }
            }
            p .quiet {
                a href={"/console/clients/" (client.id)} { (client.id) }
                @if let Some(owner) = &client.administrative_contact { ", of the " (owner.kind()) " " strong { (owner.as_str()) } }
                ", asked " (timestamp(client.created_at))
            }
            @if let Some(reason) = state_reason(client) { p { (sentence(reason)) } }
            p { @if client.description.is_empty() { span .quiet { "It does not say what it is for." } } @else { (client.description) } }
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
                @if !rights.is_empty() { dt { "Rights" } dd .quiet { "As users read them when they are asked:" } }
                @for group in groups(rights) {
                    dt { (group.title) }
                    dd { (group.rights.iter().map(|right| right.words()).collect::<Vec<_>>().join("; ")) }
                }
                @if rights.is_empty() { dt { "Rights" } dd .quiet { "none" } }
            }
        }
    }
}
