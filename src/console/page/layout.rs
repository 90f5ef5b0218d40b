//! What stands around every page of the Console: the menu, who is signed in, what was just done.

use maud::{Markup, html};

use crate::base::error::Result;
use crate::base::id::UserId;
use crate::base::time::Time;
use crate::call::{Call, Input};
use crate::http::csrf;
use crate::http::form::Form;
use crate::http::origin;
use crate::http::reply::Reply;
use crate::http::request::Request;
use crate::model::choice::State;
use crate::page::frame::{self, Surface};
use crate::page::words::counted;
use crate::registry::sessions;

/// A line of the menu.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    Dashboard,
    Clients,
    Authorizations,
    ApiKeys,
    Sessions,
    Password,
    Organizations,
    Activity,
    Review,
    Users,
}

impl Place {
    /// The line to which the page at this path belongs.
    pub fn of(path: &str) -> Place {
        let alone = [Place::Organizations, Place::Activity];
        let lines = USER_SETTINGS.1.iter().chain(ADMINISTRATION.1).chain(&alone);
        lines.copied().find(|place| path.starts_with(place.line().0)).unwrap_or(Place::Dashboard)
    }

    fn line(self) -> (&'static str, &'static str) {
        match self {
            Place::Dashboard => ("/console", "Dashboard"),
            Place::Clients => ("/console/clients", "OAuth clients"),
            Place::Authorizations => ("/console/authorizations", "OAuth client authorizations"),
            Place::ApiKeys => ("/console/api-keys", "API keys"),
            Place::Sessions => ("/console/sessions", "Sessions"),
            Place::Password => ("/console/password", "Password"),
            Place::Organizations => ("/console/organizations", "Organizations"),
            Place::Activity => ("/console/activity", "Activity"),
            Place::Review => ("/console/review", "Review queue"),
            Place::Users => ("/console/users", "Users"),
        }
    }
}

/// Menus that open: their titles and lines.
const USER_SETTINGS: (&str, &[Place]) =
    ("User settings", &[Place::Clients, Place::Authorizations, Place::ApiKeys, Place::Sessions, Place::Password]);
const ADMINISTRATION: (&str, &[Place]) = ("Administration", &[Place::Review, Place::Users]);

/// What a page says after a change, by the name that the address carries.
const DONE: &[(&str, &str)] = &[
    ("saved", "Your changes are saved."),
    (
        "saved-unvouched",
        "Your changes are saved. The administrators do not vouch for the client any more, because what they saw was changed.",
    ),
    (
        "saved-unapproved",
        "Your changes are saved. The client waits for an administrator's approval again, because what was approved was changed.",
    ),
    (
        "saved-unvouched-unapproved",
        "Your changes are saved. Because what administrators saw was changed, they do not vouch for the client any more, and it waits for their \
         approval again.",
    ),
    ("deleted", "Deleted. It can be restored for a day."),
    ("restored", "Restored."),
    ("purged", "Purged. Its ID is free again."),
    ("created", "Created."),
    ("added", "Added."),
    ("removed", "Removed."),
    ("revoked", "Revoked, with every token that was issued under it."),
    ("ended", "Ended."),
    ("approved", "Approved."),
    ("rejected", "Rejected. Those who asked are shown your reason."),
    ("trial-begun", "You can try it now, until an administrator decides."),
    ("trial-ended", "You no longer try it."),
    ("password", "Your password is changed."),
];

/// A page in the making.
#[derive(Debug)]
pub struct View<'a> {
    pub call: &'a Call<'a>,
    request: &'a Request,
    token: csrf::FormToken,
    user_id: UserId,
}

impl<'a> View<'a> {
    pub fn of(call: &'a Call<'a>, input: &'a Input<'a>) -> Result<View<'a>> {
        let user_id = signed_in(call)?.clone();
        Ok(View { call, request: input.request, token: input.form_token(), user_id })
    }

    /// Who is signed in.
    pub fn user_id(&self) -> &UserId {
        &self.user_id
    }

    /// A form that proves to come from this page.
    pub fn form(&self, action: &str, content: &Markup) -> Markup {
        html! {
            form method="post" action=(action) {
                input type="hidden" name=(csrf::FIELD) value=(self.token.value());
                (content)
            }
        }
    }

    /// A form that is a button and nothing else.
    pub fn button(&self, action: &str, text: &str, class: &str) -> Markup {
        self.form(action, &html! { button class=(class) { (text) } })
    }

    pub fn page(&self, status: u16, place: Place, title: &str, content: &Markup) -> Reply {
        let body = html! {
            a .skip href="#content" { "Skip to the content" }
            (self.header())
            div .console {
                (self.menu(place))
                main id="content" {
                    (self.restriction())
                    (self.done())
                    (content)
                }
            }
        };
        self.token.carried_by(frame::document(Surface::Console, status, title, &body))
    }

    fn header(&self) -> Markup {
        let sign_out = html! {
            span { "Signed in as " strong { (self.user_id) } }
            button .quiet { "Sign out" }
        };
        html! {
            header .bar {
                a href="/console" { "keyfob Console" }
                (self.form("/oauth/api/auth/logout", &sign_out))
            }
        }
    }

    fn menu(&self, here: Place) -> Markup {
        let line = |place: Place| {
            let (path, text) = place.line();
            html! { a href=(path) aria-current=[(place == here).then_some("page")] { (text) } }
        };
        let group = |(title, places): (&str, &[Place])| {
            html! {
                details open[places.contains(&here)] {
                    summary { (title) }
                    ul { @for place in places { li { (line(*place)) } } }
                }
            }
        };
        html! {
            nav aria-label="Console" {
                ul {
                    li { (line(Place::Dashboard)) }
                    li { (group(USER_SETTINGS)) }
                    li { (line(Place::Organizations)) }
                    li { (line(Place::Activity)) }
                    @if self.call.by.is_admin { li { (group(ADMINISTRATION)) } }
                }
            }
        }
    }

    /// For pages with addresses to copy: whoever opened this one under another name is told so.
    pub fn other_host(&self) -> Markup {
        let public_url = &self.call.settings.public_url;
        html! {
            @if let Some(host) = origin::other_host(self.request, public_url) {
                p .note {
                    "You opened this page at " code { (host) } ", but the server knows itself as " code { (public_url) } ", and so do these lines. "
                    "If that is wrong, start it with " code { "--public-url" } " and the address that its users open."
                }
            }
        }
    }

    /// An account that waits is told so on every page.
    fn restriction(&self) -> Markup {
        html! {
            @if !may_add(self.call) {
                p .warning {
                    "Your account waits for approval. You can add OAuth clients, organizations and API keys once an administrator has approved you."
                }
            }
        }
    }

    fn done(&self) -> Markup {
        let said = Form::of_query(self.request).unwrap_or_default();
        let text = DONE.iter().find(|(name, _)| *name == said.one("done")).map(|(_, text)| *text);
        html! { @if let Some(text) = text { p .alert.success role="status" { (text) } } }
    }
}

/// The user in this browser. The guard has seen to it that there is one.
pub fn signed_in<'a>(call: &'a Call<'a>) -> Result<&'a UserId> {
    call.by.session().map(|session| &session.user_id).ok_or_else(|| sessions::not_authenticated(None))
}

/// The title of a page, with what can be done about all of it at its right.
pub fn title(text: &str, action: &Markup) -> Markup {
    html! { div .title { h1 { (text) } (action) } }
}

/// A link that looks like what it is: the way to a form.
pub fn way(path: &str, text: &str) -> Markup {
    html! { a .button.main href=(path) { (text) } }
}

/// The same, to a form that adds something. Accounts that wait for approval cannot.
pub fn adding(call: &Call<'_>, path: &str, text: &str) -> Markup {
    html! { @if may_add(call) { (way(path, text)) } }
}

/// Whether the account does not wait for approval.
pub fn may_add(call: &Call<'_>) -> bool {
    call.by.restriction.is_none()
}

/// Where the browser goes after a change.
pub fn after(path: &str, done: &str) -> Reply {
    let mark = if path.contains('?') { '&' } else { '?' };
    Reply::empty(303).with("Location", format!("{path}{mark}done={done}"))
}

/// An instant, to the minute; exactly in its title. The script writes it in the reader's time zone.
pub fn moment(time: Time) -> Markup {
    let exact = time.to_string();
    html! { time datetime=(exact) title=(exact) { (exact[..10]) " " (exact[11..16]) " UTC" } }
}

/// The same, where there may have been none.
pub fn moment_or(time: Option<Time>, none: &str) -> Markup {
    html! { @if let Some(time) = time { (moment(time)) } @else { span .quiet { (none) } } }
}

/// How long ago, roughly.
pub fn age(since: Time, now: Time) -> String {
    let seconds = now.seconds() - since.seconds();
    match seconds {
        ..60 => "less than a minute old".to_owned(),
        60..3600 => counted(seconds / 60, "minute") + " old",
        3600..86_400 => counted(seconds / 3600, "hour") + " old",
        _ => counted(seconds / 86_400, "day") + " old",
    }
}

/// A state in a word.
pub fn state_name(state: State) -> &'static str {
    match state {
        State::Requested => "Requested",
        State::Approved => "Approved",
        State::Rejected => "Rejected",
        State::Flagged => "Flagged",
        State::Suspended => "Suspended",
    }
}

/// A state as a badge; told by its word, not by its colour alone.
pub fn badge(state: State) -> Markup {
    html! { span class={"badge " (state_name(state).to_lowercase())} { (state_name(state)) } }
}
