//! The secrets of a client: adding one, replacing all, ending an old one, removing all.

use maud::{Markup, html};

use crate::base::error::Result;
use crate::base::id::ClientId;
use crate::base::time::Time;
use crate::call::{Call, Input, LongWork, Work};
use crate::console::clients::issued;
use crate::console::clients::page::{ClientPage, ClientTab, saved};
use crate::console::form::confirmation::{Confirmation, Confirmed, confirmed};
use crate::console::form::fields::{Fields, Label, label};
use crate::console::form::repeatable_secret;
use crate::console::form::saving::save;
use crate::console::page::layout::{after, age};
use crate::console::page::menu::MenuItem;
use crate::console::page::paths;
use crate::console::page::table::Table;
use crate::http::form::Form;
use crate::http::queue::Slow;
use crate::http::reply::Reply;
use crate::model::client::FIELDS;
use crate::model::mask::Mask;
use crate::model::patch::Patch;
use crate::page::message;
use crate::page::times::{exact, timestamp_or};
use crate::registry::approval::Withdrawn;
use crate::registry::secrets::NewSecret;
use crate::registry::{clients, secrets, usage};
use crate::store::client_secrets::ClientSecret;

/// The grace periods offered, in seconds.
const GRACES: &[(i64, &str)] =
    &[(3600, "Expire in an hour"), (86_400, "Expire in a day"), (604_800, "Expire in a week"), (2_592_000, "Expire in 30 days")];

/// The default grace period: long enough to deploy the new secret.
const OFFERED: i64 = 86_400;

const GRACE: Label = label(
    "grace",
    "Current secrets",
    "How long they stay valid, so that what uses them keeps working until you have given it the new one.",
);
const CHOSEN: Label =
    label("secret", "A secret of your own", "Optional, for a client that is moved here and has one. Leave it empty to have one generated.");

pub fn page<'r>(input: &'r Input<'r>) -> Result<Work<'r>> {
    Ok(Box::new(move |call| shown(&ClientPage::of(call, input)?, &Fields::filled([(GRACE.name, OFFERED.to_string())]))))
}

/// Adds a secret, which only this reply shows. A chosen one is hashed before the transaction.
pub fn rotate<'r>(input: &'r Input<'r>) -> Result<LongWork<'r>> {
    let id = paths::client(input)?;
    let draw = |call: &Call<'_>, fields: &Fields| shown(&ClientPage::of(call, input)?, fields);
    save(input, draw, move |transactions, form| {
        let asked = form.one(GRACE.name);
        let grace_seconds = GRACES.iter().map(|(seconds, _)| *seconds).find(|seconds| seconds.to_string() == asked).unwrap_or(OFFERED);
        let chosen = Some(form.verbatim(CHOSEN.name)).filter(|secret| !secret.is_empty());
        if let Some(client) = transactions.read(|call| repeatable_secret::issued(call, input, form, &id))? {
            return Ok(transactions.read(|call| issued::page(call, input, &client, &[], "New client secret"))?);
        }
        let secret = match chosen {
            None => repeatable_secret::of_client(input, form, &id),
            Some(chosen) => {
                check_chosen(chosen)?;
                transactions.slowly(Slow::ClientSecret, input.request.peer, || Ok(NewSecret::chosen(chosen)))?
            }
        };
        let changed = transactions.write(|call| secrets::rotate(call.tx, call.by, call.settings, &id, secret, grace_seconds))?;
        let mut warnings = changed.withdrawn.warnings();
        warnings.extend(chosen.and_then(secrets::warning));
        Ok(transactions.read(|call| issued::page(call, input, &changed.client, &warnings, "New client secret"))?)
    })
}

fn check_chosen(secret: &str) -> Result<()> {
    let mut judged = FIELDS.iter().filter(|field| field.name == CHOSEN.name);
    Ok(judged.try_for_each(|field| field.shape.check("Client", field.name, &secret.into()))?)
}

confirmed! { replace_page, replace: replacement }

fn replacement<'r>(input: &'r Input<'r>) -> Result<Confirmed<'r>> {
    let id = paths::client(input)?;
    let consequence = "Whatever uses a secret of this client stops working at once, until it has the new one.";
    let asked = asking(&id, "Replace all secrets now", consequence, "/replace");
    let form = Form::of_body(input.request)?;
    Ok(Confirmed::new(
        move |_| Ok(asked),
        move |call| {
            if let Some(client) = repeatable_secret::issued(call, input, &form, &id)? {
                return issued::page(call, input, &client, &[], "New client secret");
            }
            let secret = repeatable_secret::of_client(input, &form, &id);
            let changed = secrets::rotate(call.tx, call.by, call.settings, &id, secret, 0)?;
            issued::page(call, input, &changed.client, &changed.withdrawn.warnings(), "New client secret")
        },
    ))
}

confirmed! { remove_page, remove: removal }

fn removal<'r>(input: &'r Input<'r>) -> Result<Confirmed<'r>> {
    let id = paths::client(input)?;
    let consequence = "Whatever uses a secret of this client stops working at once. It becomes a public client, which must use PKCE.";
    let asked = asking(&id, "Remove all secrets", consequence, "/remove");
    Ok(Confirmed::new(
        move |_| Ok(asked),
        move |call| {
            let mut mask = Mask::default();
            mask.add(FIELDS, "secret");
            let changed = clients::update(call.tx, call.by, call.settings, &id, &mask, &Patch::default(), None)?;
            let done = if changed.withdrawn == Withdrawn::default() { "ended" } else { saved(changed.withdrawn) };
            Ok(after(&format!("/console/clients/{id}/secrets"), done))
        },
    ))
}

confirmed! { end_page, end: ending }

fn ending<'r>(input: &'r Input<'r>) -> Result<Confirmed<'r>> {
    let id = paths::client(input)?;
    let number = input.capture("secret_number").and_then(|number| number.parse().ok()).unwrap_or_default();
    let asked = asking(&id, "Expire the secret now", "Whatever still uses this secret stops working at once.", &format!("/{number}/end"));
    Ok(Confirmed::new(
        move |_| Ok(asked),
        move |call| {
            secrets::end(call.tx, call.by, &id, number)?;
            Ok(after(&format!("/console/clients/{id}/secrets"), "ended"))
        },
    ))
}

/// Returns the confirmation of an action on a client's secrets, at this path below them.
fn asking(id: &ClientId, what: &str, consequence: &str, end: &str) -> Confirmation {
    let back = format!("/console/clients/{id}/secrets");
    Confirmation {
        menu_item: MenuItem::Clients,
        what: what.to_owned(),
        consequence: html! { (consequence) },
        path: format!("{back}{end}"),
        back,
        typed: Some(id.as_str().to_owned()),
    }
}

fn shown(page: &ClientPage<'_>, fields: &Fields) -> Result<Reply> {
    let call = page.layout.call;
    let secrets = usage::of_client(call.tx, &page.client.id)?.secrets;
    let graces: Vec<_> = GRACES.iter().map(|(seconds, text)| (seconds.to_string(), (*text).to_owned())).collect();
    let path = page.path(ClientTab::Secrets);
    let content = html! {
        (fields.summary())
        p { "A secret is shown once, when it is made. Only a hash of it is stored, from which it cannot be recovered." }
        (page.stakes())
        @if secrets.is_empty() { (message::warning("public", "It has no secret: a public client, which must use PKCE.")) }
        @else { (secrets_table(&path, &secrets, call.tx.now)) }
        section {
            h2 { @if secrets.is_empty() { "Give it a secret" } @else { "Rotate" } }
            (page.layout.form(&path, &html! {
                (repeatable_secret::field())
                @if !secrets.is_empty() { (fields.select(GRACE, &graces)) }
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
    Ok(page.show(fields.status(), ClientTab::Secrets, &content))
}

fn secrets_table(path: &str, secrets: &[ClientSecret], now: Time) -> Markup {
    let newest = secrets.first().map(|secret| secret.number);
    let table = Table::<ClientSecret>::new("Secrets", |secret| secret.number.to_string())
        .column("Created", |secret| html! { (exact(secret.created_at)) @if newest == Some(secret.number) { " " span .quiet { "newest" } } })
        .column("Age", |secret| html! { (age(secret.created_at, now)) })
        .column("Last used", |secret| timestamp_or(secret.last_used_at, "never"))
        .column("Expires", |secret| timestamp_or(secret.expires_at, "never"))
        .actions(|secret| {
            html! {
                @if newest != Some(secret.number) { a .button.danger href={(path) "/" (secret.number) "/end"} { "Expire now …" } }
            }
        });
    table.show(secrets)
}
