//! The layout of every page: the menu, the user, and what was just done.

use maud::{Markup, PreEscaped, html};

use crate::base::error::Result;
use crate::base::id::UserId;
use crate::base::time::Time;
use crate::call::{Call, Input};
use crate::console::page::menu::{self, MenuItem};
use crate::http::csrf;
use crate::http::form::Form;
use crate::http::origin;
use crate::http::reply::Reply;
use crate::http::request::{Method, Request};
use crate::model::choice::State;
use crate::page::frame::{self, Surface};
use crate::page::look::{THEME, THEMES, kept_theme};
use crate::page::words::counted;
use crate::page::{message, times};
use crate::registry::{review_queue, sessions};

/// The message after a change, by its name in the address. `{what}` is what the address names, or “it”.
const DONE: &[(&str, &str)] = &[
    ("saved", "Your changes are saved."),
    ("saved-unvouched", "Your changes are saved. The administrators no longer vouch for the client, because what they saw was changed."),
    (
        "saved-unapproved",
        "Your changes are saved. The client waits for an administrator's approval again, because what was approved was changed.",
    ),
    (
        "saved-unvouched-unapproved",
        "Your changes are saved. Because what administrators saw was changed, they no longer vouch for the client, and it waits for their \
         approval again.",
    ),
    ("deleted", "Deleted {what}, which can be restored for a day."),
    ("restored", "Restored {what}."),
    ("purged", "Purged {what}. The ID is free again."),
    ("created", "Created."),
    ("added", "Added."),
    ("removed", "Removed."),
    ("revoked", "Revoked, with every token that was issued under it."),
    ("revoked-all", "Revoked: {what} has no authorizations and no tokens any more."),
    ("ended", "Ended."),
    ("approved", "Approved {what}."),
    ("rejected", "Rejected {what}. Those who asked are shown your reason."),
    ("tried", "The redirect URLs were tried."),
    ("undone", "Undone. That is a change too, and can itself be undone."),
    ("undone-in-part", "Undone, except for secrets and what only administrators can set: those stay as they are."),
    ("review-requested", "The administrators have been asked. Their answer will appear here."),
    ("changes-requested", "Asked for changes to {what}. Those who asked are shown what to change, and can ask again."),
    ("trial-begun", "You can try it now, until an administrator decides."),
    ("trial-ended", "You have stopped trying it. What you allowed it in the meantime is revoked."),
    ("password", "Your password has been changed."),
    ("withdrawn", "Withdrawn: it no longer works."),
];

/// The layout of a page: the user, and the token of its forms.
pub struct Layout<'a> {
    pub call: &'a Call<'a>,
    request: &'a Request,
    token: csrf::FormToken,
    user_id: UserId,
    /// The theme that the reader chose.
    theme: &'static str,
    /// How many clients wait for an administrator's answer; 0 for others.
    waiting: i64,
}

impl<'a> Layout<'a> {
    pub fn of(call: &'a Call<'a>, input: &'a Input<'a>) -> Result<Layout<'a>> {
        let user_id = signed_in(call)?.clone();
        let waiting = if call.by.is_admin { review_queue::waiting_count(call.tx)? } else { 0 };
        let theme = input.cookies.one(input.request, THEME).and_then(kept_theme).unwrap_or(THEMES[0].0);
        Ok(Layout { call, request: input.request, token: input.form_token(), user_id, theme, waiting })
    }

    /// Returns the user.
    pub fn user_id(&self) -> &UserId {
        &self.user_id
    }

    /// Draws a form with the CSRF token.
    pub fn form(&self, action: &str, content: &Markup) -> Markup {
        self.form_in(None, action, content)
    }

    /// Draws the same on a sheet of its own, on which what saves it stays in sight.
    pub fn card_form(&self, action: &str, content: &Markup) -> Markup {
        self.form_in(Some("card"), action, content)
    }

    fn form_in(&self, class: Option<&str>, action: &str, content: &Markup) -> Markup {
        html! {
            form class=[class] method="post" action=(action) novalidate {
                input type="hidden" name=(csrf::FIELD) value=(self.token.value());
                (content)
            }
        }
    }

    /// Draws a form that consists of one button.
    pub fn button(&self, action: &str, text: &str, class: &str) -> Markup {
        self.form(action, &html! { button class=(class) { (text) } })
    }

    pub fn page(&self, status: u16, menu_item: MenuItem, title: &str, content: &Markup) -> Reply {
        let body = html! {
            a .skip href="#content" { "Skip to the content" }
            (menu::header(&self.user_id, &self.form("/oauth/api/auth/logout", &html! { button .quiet { "Sign out" } })))
            div .console {
                (menu::menu(menu_item, self.call.by.is_admin, self.waiting, &self.themes()))
                main id="content" tabindex="-1" {
                    (self.restriction())
                    (self.done())
                    (content)
                }
            }
        };
        let body = PreEscaped(times::filled(&body.into_string(), self.call.tx.now));
        let title = if status < 400 { title.to_owned() } else { format!("Error: {title}") };
        self.token.carried_by(frame::document(Surface::Console, status, &title, &body))
    }

    /// Draws the choice of a theme, which leads back to this page, but not to what [`after`] made it say.
    fn themes(&self) -> Markup {
        let target = if self.request.method == Method::Get { self.request.target.as_str() } else { "/console" };
        let back = ["?done=", "&done="].iter().find_map(|said| target.split_once(said)).map_or(target, |(before, _)| before);
        self.form_in(
            Some("themes"),
            "/console/theme",
            &html! {
                input type="hidden" name="back" value=(back);
                fieldset {
                    legend { "Theme" }
                    @for (theme, text) in THEMES { button .quiet name=(THEME) value=(theme) aria-pressed=(theme == self.theme) { (text) } }
                }
            },
        )
    }

    /// Draws a note on pages with addresses to copy, if this one was opened under another host.
    pub fn other_host(&self) -> Markup {
        let public_url = &self.call.settings.public_url;
        html! {
            @if let Some(host) = origin::other_host(self.request, public_url) {
                (message::note("other-host", html! {
                    "You opened this page at " code { (host) } ", but the server knows itself as " code { (public_url) } ", which is what these lines use. "
                    "If that is wrong, start it with " code { "--public-url" } " and the address that its users open."
                }))
            }
        }
    }

    /// Draws on every page that the account waits for approval.
    fn restriction(&self) -> Markup {
        html! {
            @if !may_add(self.call) {
                (message::warning(
                    "account-waits",
                    "Your account waits for approval. You can add OAuth clients, organizations and API keys once an administrator has approved you.",
                ))
            }
        }
    }

    fn done(&self) -> Markup {
        let said = Form::of_query(self.request).unwrap_or_default();
        let done = DONE.iter().find(|(name, _)| *name == said.one("done"));
        // Only IDs: an address must not make a page say anything else.
        let what: Vec<&str> = said.one("what").split(',').filter(|id| id.parse::<UserId>().is_ok()).collect();
        let what = if what.is_empty() { "it".to_owned() } else { what.join(", ") };
        html! { @if let Some((name, text)) = done { (message::success(name, text.replace("{what}", &what))) } }
    }
}

/// Returns the signed-in user, whom the route's guard ensures.
pub fn signed_in<'a>(call: &'a Call<'a>) -> Result<&'a UserId> {
    call.by.session().map(|session| &session.user_id).ok_or_else(|| sessions::not_authenticated(None))
}

/// Draws the title of a page, with its main action on the right.
pub fn title(text: &str, action: &Markup) -> Markup {
    html! { div .title { h1 { (text) } (action) } }
}

/// Draws a link that looks like a button.
pub fn link_button(path: &str, text: &str) -> Markup {
    html! { a .button.main href=(path) { (text) } }
}

/// Draws such a link to a form that adds something, unless the account waits for approval.
pub fn adding(call: &Call<'_>, path: &str, text: &str) -> Markup {
    html! { @if may_add(call) { (link_button(path, text)) } }
}

/// Returns whether the account may add something: not if it waits for approval.
pub fn may_add(call: &Call<'_>) -> bool {
    call.by.restriction.is_none()
}

/// Redirects the browser after a change to a page that says what was done.
pub fn after(path: &str, done: &str) -> Reply {
    let mark = if path.contains('?') { '&' } else { '?' };
    Reply::empty(303).with("Location", format!("{path}{mark}done={done}"))
}

/// The same, which names by their IDs what was changed.
pub fn after_changing(path: &str, done: &str, what: &[&str]) -> Reply {
    after(path, &format!("{done}&what={}", what.join(",")))
}

/// Returns roughly how long ago that was.
pub fn age(since: Time, now: Time) -> String {
    let seconds = now.seconds() - since.seconds();
    match seconds {
        ..60 => "less than a minute old".to_owned(),
        60..3600 => counted(seconds / 60, "minute") + " old",
        3600..86_400 => counted(seconds / 3600, "hour") + " old",
        _ => counted(seconds / 86_400, "day") + " old",
    }
}

/// Returns the word for a state.
pub fn state_name(state: State) -> &'static str {
    match state {
        State::Requested => "Requested",
        State::Approved => "Approved",
        State::Rejected => "Rejected",
        State::Flagged => "Flagged",
        State::Suspended => "Suspended",
    }
}

/// Draws the state of what may be deleted: then it stands nowhere else.
pub fn badge_of(state: State, deleted_at: Option<Time>) -> Markup {
    html! { @if deleted_at.is_some() { span .badge.deleted data-state="deleted" { "Deleted" } } @else { (badge(state)) } }
}

/// Draws a state as a badge, in words and not only by colour.
pub fn badge(state: State) -> Markup {
    let name = state_name(state);
    html! { span class={"badge " (name.to_lowercase())} data-state=(name.to_lowercase()) { (name) } }
}
