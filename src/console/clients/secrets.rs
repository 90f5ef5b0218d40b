//! The secrets of a client: a new one beside or in the place of the old, the end of an old one, and a client without any.

use maud::{Markup, html};

use crate::base::error::Result;
use crate::base::id::ClientId;
use crate::base::time::Time;
use crate::call::{Input, LongWork, Work};
use crate::console::clients::page::{Opened, Tab, saved};
use crate::console::form::confirmation::{self, Confirmation};
use crate::console::form::fields::{Fields, Label, label};
use crate::console::form::problem::Problem;
use crate::console::page::layout::{Place, View, after, age, moment, moment_or};
use crate::console::page::new_secret;
use crate::console::page::paths;
use crate::http::form::Form;
use crate::http::queue::Slow;
use crate::http::reply::Reply;
use crate::model::client::FIELDS;
use crate::model::mask::Mask;
use crate::model::patch::Patch;
use crate::registry::approval::Withdrawn;
use crate::registry::secrets::NewSecret;
use crate::registry::{clients, secrets, usage};
use crate::store::client_secrets::ClientSecret;

/// How long older secrets may stay good, in seconds.
const GRACES: &[(i64, &str)] =
    &[(3600, "Expire in an hour"), (86_400, "Expire in a day"), (604_800, "Expire in a week"), (2_592_000, "Expire in 30 days")];

/// The grace that is offered: long enough to carry the new secret to where it is used.
const OFFERED: i64 = 86_400;

const GRACE: Label = label(
    "grace",
    "Current secrets",
    "How long they stay valid, so that what uses them keeps working until you have given it the new one.",
);
const CHOSEN: Label =
    label("secret", "A secret of your own", "Optional, for a client that is moved here and has one. Leave it empty to have one generated.");

pub fn page<'r>(input: &'r Input<'r>) -> Result<Work<'r>> {
    Ok(Box::new(move |call| shown(&Opened::of(call, input)?, 200, OFFERED, None)))
}

/// The new secret is in the reply itself, this once. One that was chosen is hashed before the transaction.
pub fn rotate<'r>(input: &'r Input<'r>) -> Result<LongWork<'r>> {
    let id = paths::client(input)?;
    let form = Form::of_body(input.request)?;
    let asked = form.one("grace").parse().unwrap_or(OFFERED);
    let grace_seconds = GRACES.iter().map(|(seconds, _)| *seconds).find(|seconds| *seconds == asked).unwrap_or(OFFERED);
    Ok(Box::new(move |transactions| {
        transactions.require_admission()?;
        let chosen = Some(form.verbatim("secret")).filter(|secret| !secret.is_empty());
        let secret = match chosen {
            None => Ok(NewSecret::fresh()),
            Some(chosen) => check_chosen(chosen)
                .and_then(|()| transactions.slowly(Slow::ClientSecret, input.request.peer, || Ok(NewSecret::chosen(chosen)))),
        };
        match secret {
            Ok(secret) => {
                let changed = transactions.write(|call| secrets::rotate(call.tx, call.by, call.settings, &id, secret, grace_seconds))?;
                let mut warnings = changed.withdrawn.warnings();
                warnings.extend(chosen.and_then(secrets::warning));
                transactions
                    .read(|call| Ok(new_secret::client_secret(&View::of(call, input)?, &changed.client, &warnings, "New client secret")))
            }
            Err(error) => Problem::shown(error, |status, problem| {
                transactions.read(|call| shown(&Opened::of(call, input)?, status, grace_seconds, Some(problem)))
            }),
        }
    }))
}

fn check_chosen(secret: &str) -> Result<()> {
    let mut judged = FIELDS.iter().filter(|field| field.name == CHOSEN.name);
    Ok(judged.try_for_each(|field| field.shape.check("Client", field.name, &secret.into()))?)
}

/// Asks before a new secret takes the place of all others at once.
pub fn replace_page<'r>(input: &'r Input<'r>) -> Result<Work<'r>> {
    let asked = replacing(&paths::client(input)?);
    confirmation::ask(input, move |_| Ok(asked))
}

pub fn replace<'r>(input: &'r Input<'r>) -> Result<LongWork<'r>> {
    let id = paths::client(input)?;
    let asked = replacing(&id);
    confirmation::go_through(
        input,
        move |_| Ok(asked),
        move |call| {
            let changed = secrets::rotate(call.tx, call.by, call.settings, &id, NewSecret::fresh(), 0)?;
            Ok(new_secret::client_secret(&View::of(call, input)?, &changed.client, &changed.withdrawn.warnings(), "New client secret"))
        },
    )
}

fn replacing(id: &ClientId) -> Confirmation {
    asking(
        id,
        "Replace all secrets now",
        "Whatever uses a secret of this client stops working at once, until it has the new one.",
        "/replace",
    )
}

/// Asks before a client loses its secrets.
pub fn remove_page<'r>(input: &'r Input<'r>) -> Result<Work<'r>> {
    let asked = removing(&paths::client(input)?);
    confirmation::ask(input, move |_| Ok(asked))
}

pub fn remove<'r>(input: &'r Input<'r>) -> Result<LongWork<'r>> {
    let id = paths::client(input)?;
    let asked = removing(&id);
    confirmation::go_through(
        input,
        move |_| Ok(asked),
        move |call| {
            let mut mask = Mask::default();
            mask.add(FIELDS, "secret");
            let changed = clients::update(call.tx, call.by, call.settings, &id, &mask, &Patch::default(), None)?;
            let done = if changed.withdrawn == Withdrawn::default() { "ended" } else { saved(changed.withdrawn) };
            Ok(after(&format!("/console/clients/{id}/secrets"), done))
        },
    )
}

fn removing(id: &ClientId) -> Confirmation {
    asking(
        id,
        "Remove all secrets",
        "Whatever uses a secret of this client stops working at once. It becomes a public client, which must use PKCE.",
        "/remove",
    )
}

/// Asks before an older secret is ended.
pub fn end_page<'r>(input: &'r Input<'r>) -> Result<Work<'r>> {
    let asked = ending(&paths::client(input)?, number(input));
    confirmation::ask(input, move |_| Ok(asked))
}

pub fn end<'r>(input: &'r Input<'r>) -> Result<LongWork<'r>> {
    let (id, number) = (paths::client(input)?, number(input));
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
    asking(id, "Expire the secret now", "Whatever still uses this secret stops working at once.", &format!("/{number}/end"))
}

fn number(input: &Input<'_>) -> i64 {
    input.capture("secret_number").and_then(|number| number.parse().ok()).unwrap_or_default()
}

/// A question about the secrets of a client, at this address below them.
fn asking(id: &ClientId, what: &str, consequence: &str, end: &str) -> Confirmation {
    let back = format!("/console/clients/{id}/secrets");
    Confirmation {
        place: Place::Clients,
        what: what.to_owned(),
        consequence: consequence.to_owned(),
        path: format!("{back}{end}"),
        back,
        typed: id.as_str().to_owned(),
    }
}

fn shown(opened: &Opened<'_>, status: u16, grace_seconds: i64, problem: Option<Problem>) -> Result<Reply> {
    let call = opened.view.call;
    let fields = Fields::with(problem);
    let secrets = usage::of_client(call.tx, &opened.client.id)?.secrets;
    let graces: Vec<_> = GRACES.iter().map(|(seconds, text)| (seconds.to_string(), (*text).to_owned())).collect();
    let path = opened.path(Tab::Secrets);
    let content = html! {
        (fields.summary())
        p { "A secret is shown once, when it is made. What is kept here proves it, but cannot be turned back into it." }
        (opened.stakes())
        @if secrets.is_empty() { p .warning { "It has no secret: a public client, which must use PKCE." } }
        @else { (table(&path, &secrets, call.tx.now)) }
        section {
            h2 { @if secrets.is_empty() { "Give it a secret" } @else { "Rotate" } }
            (opened.view.form(&path, &html! {
                @if !secrets.is_empty() { (fields.select(GRACE, &graces, &grace_seconds.to_string())) }
                (fields.password(CHOSEN))
                div .submit { button .main { "Make a new secret" } }
            }))
        }
        @if !secrets.is_empty() {
            section .danger-zone {
                h2 { "No grace period" }
                p { "If a secret has got into the wrong hands, replace all of them at once." }
                a .button.danger href={(path) "/replace"} { "Replace all secrets now …" }
                p { "A client that cannot keep a secret, in a browser or on a phone, should have none." }
                a .button.danger href={(path) "/remove"} { "Remove all secrets …" }
            }
        }
    };
    Ok(opened.page(status, Tab::Secrets, &content))
}

fn table(path: &str, secrets: &[ClientSecret], now: Time) -> Markup {
    html! {
        table {
            caption .hidden { "Secrets" }
            thead { tr {
                th scope="col" { "Created" }
                th scope="col" { "Age" }
                th scope="col" { "Last used" }
                th scope="col" { "Expires" }
                th scope="col" { span .hidden { "Actions" } }
            } }
            tbody {
                @for (n, secret) in secrets.iter().enumerate() {
                    tr {
                        td data-label="Created" { (moment(secret.created_at)) }
                        td data-label="Age" { (age(secret.created_at, now)) }
                        td data-label="Last used" { (moment_or(secret.last_used_at, "never")) }
                        td data-label="Expires" { (moment_or(secret.expires_at, "never")) }
                        td .actions { @if n == 0 { span .quiet { "newest" } } @else {
                            a .button.danger href={(path) "/" (secret.number) "/end"} { "Expire now …" }
                        } }
                    }
                }
            }
        }
    }
}
