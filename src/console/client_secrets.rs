//! The secrets of a client: a new one in the place of the old, at once or with a grace; and the end of an old one.

use maud::{Markup, html};

use crate::base::error::Result;
use crate::base::id::ClientId;
use crate::call::{Input, OwnWork, Work};
use crate::console::client_pages::{Opened, Tab};
use crate::console::confirmation::{self, Confirmation};
use crate::console::fields::{Fields, label};
use crate::console::names;
use crate::console::shown_once;
use crate::console::view::{Place, View, after, age, moment, moment_or};
use crate::http::form::Form;
use crate::http::reply::Reply;
use crate::registry::{secrets, usage};
use crate::store::client_secrets::ClientSecret;

/// How long older secrets may stay good, in seconds.
const GRACES: &[(i64, &str)] = &[
    (0, "They end at once"),
    (3600, "They end in an hour"),
    (86_400, "They end in a day"),
    (604_800, "They end in a week"),
    (2_592_000, "They end in 30 days"),
];

/// The grace that is offered: long enough to carry the new secret to where it is used.
const OFFERED: i64 = 86_400;

pub fn page<'r>(input: &'r Input<'r>) -> Result<Work<'r>> {
    Ok(Box::new(move |call| shown(&Opened::of(call, input)?)))
}

/// The new secret is in the reply itself, this once.
pub fn rotate<'r>(input: &'r Input<'r>) -> Result<Work<'r>> {
    let id = names::client(input)?;
    let asked = Form::of_body(input.request)?.one("grace").parse().unwrap_or(OFFERED);
    let grace_seconds = GRACES.iter().map(|(seconds, _)| *seconds).find(|seconds| *seconds == asked).unwrap_or(OFFERED);
    Ok(Box::new(move |call| {
        let client = secrets::rotate(call.tx, call.by, &id, grace_seconds)?;
        Ok(shown_once::client_secret(&View::of(call, input)?, &client, "New client secret"))
    }))
}

/// Asks before an older secret is ended.
pub fn end_page<'r>(input: &'r Input<'r>) -> Result<Work<'r>> {
    let asked = ending(&names::client(input)?, number(input));
    confirmation::ask(input, move |_| Ok(asked))
}

pub fn end<'r>(input: &'r Input<'r>) -> Result<OwnWork<'r>> {
    let (id, number) = (names::client(input)?, number(input));
    let asked = ending(&id, number);
    confirmation::go_through(
        input,
        move |_| Ok(asked),
        move |call| {
            secrets::end(call.tx, call.by, &id, number)?;
            Ok(after(&format!("/console/clients/{id}/secrets"), "ended"))
        },
    )
}

fn ending(id: &ClientId, number: i64) -> Confirmation {
    let back = format!("/console/clients/{id}/secrets");
    Confirmation {
        place: Place::Clients,
        what: "Expire the secret now".to_owned(),
        consequence: "Whatever still uses this secret stops working at once.".to_owned(),
        path: format!("{back}/{number}/end"),
        back,
        typed: id.as_str().to_owned(),
    }
}

fn number(input: &Input<'_>) -> i64 {
    input.capture("secret_number").and_then(|number| number.parse().ok()).unwrap_or_default()
}

fn shown(opened: &Opened<'_>) -> Result<Reply> {
    let call = opened.view.call;
    let fields = Fields::default();
    let secrets = usage::of_client(call.tx, &opened.client.id)?.secrets;
    let graces: Vec<_> = GRACES.iter().map(|(seconds, text)| (seconds.to_string(), (*text).to_owned())).collect();
    let grace = label(
        "grace",
        "Secrets that are good now",
        "With a grace, what uses the old secret goes on working until you have carried the new one there.",
    );
    let content = html! {
        p { "A secret is shown once, when it is made. What is kept here proves it, but can not be turned back into it." }
        @if secrets.is_empty() { p .warning { "It has no secret: a public client, which must use PKCE." } }
        @else { (table(opened, &secrets)) }
        section {
            h2 { "Rotate" }
            (opened.view.form(&opened.path(Tab::Secrets), &html! {
                (fields.select(grace, &graces, &OFFERED.to_string()))
                div .submit { button .main { "Make a new secret" } }
            }))
        }
    };
    Ok(opened.page(200, Tab::Secrets, &content))
}

fn table(opened: &Opened<'_>, secrets: &[ClientSecret]) -> Markup {
    let now = opened.view.call.tx.now;
    html! {
        table {
            caption .hidden { "Secrets" }
            thead { tr {
                th scope="col" { "Made" }
                th scope="col" { "Age" }
                th scope="col" { "Last used" }
                th scope="col" { "Ends" }
                th scope="col" { span .hidden { "Actions" } }
            } }
            tbody {
                @for (n, secret) in secrets.iter().enumerate() {
                    tr {
                        td data-label="Made" { (moment(secret.created_at)) }
                        td data-label="Age" { (age(secret.created_at, now)) }
                        td data-label="Last used" { (moment_or(secret.last_used_at, "never")) }
                        td data-label="Ends" { (moment_or(secret.expires_at, "never")) }
                        td .actions { @if n == 0 { span .quiet { "the newest" } } @else {
                            a .button.danger href={(opened.path(Tab::Secrets)) "/" (secret.number) "/end"} { "Expire now …" }
                        } }
                    }
                }
            }
        }
    }
}
