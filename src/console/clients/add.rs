//! Registering a client.

use maud::html;

use crate::base::error::{Error, Result};
use crate::base::id::{AccountId, ClientId, UserId};
use crate::call::{Call, Input, LongWork, Work};
use crate::console::clients::draft::Draft;
use crate::console::form::fields::{Choice, Fields, Label, Typing, account_choice, label};
use crate::console::form::problem::Problem;
use crate::console::page::layout::{Place, View, signed_in};
use crate::console::page::new_secret;
use crate::console::page::paths::{self, account, account_value};
use crate::http::form::Form;
use crate::http::reply::Reply;
use crate::model::client::{Client, FIELDS, IDENTIFIERS};
use crate::model::patch::Patch;
use crate::model::settings::Approval;
use crate::registry::secrets::NewSecret;
use crate::registry::{clients, guidelines, organizations};

const ID: Label = label(
    "id",
    "OAuth Client ID",
    "3 to 36 lower-case letters, digits and single dashes. It cannot be changed, and not be used again after deletion.",
);
const OWNER: Label = label("owner", "Owner", "You, or another account for which you may register clients.");

pub fn page<'r>(input: &'r Input<'r>) -> Result<Work<'r>> {
    let asked = Form::of_query(input.request)?;
    Ok(Box::new(move |call| {
        let owner = match account(asked.one("owner")) {
            Some(owner) => owner,
            None => AccountId::User(signed_in(call)?.clone()),
        };
        let draft = Draft::fresh(account_value(&owner));
        form(call, input, 200, &draft, None)
    }))
}

/// What was wrong comes back in the form, with all that was typed; otherwise the secret is shown, this once.
pub fn submit<'r>(input: &'r Input<'r>) -> Result<LongWork<'r>> {
    let draft = Draft::of_form(&Form::of_body(input.request)?);
    Ok(Box::new(move |transactions| {
        transactions.require_admission()?;
        let made = judged(&draft).and_then(|(id, owner, sent)| {
            transactions
                .write(|call| {
                    clients::check_may_register(call.tx, call.by, &owner)?;
                    clients::create(call.tx, call.by, call.settings, id, &owner, &sent, NewSecret::fresh())
                })
                .map_err(Wrong::Refused)
        });
        match made {
            Ok(client) => transactions.read(|call| created(call, input, &client)),
            Err(wrong) => {
                let problem = wrong.problem()?;
                transactions.read(|call| form(call, input, 400, &draft, Some(problem)))
            }
        }
    }))
}

/// Why nothing was registered.
enum Wrong {
    Refused(Error),
    /// The API would take it; the form asks for more.
    Missing(Problem),
}

impl Wrong {
    fn problem(self) -> Result<Problem> {
        match self {
            Wrong::Refused(error) => Problem::of(error),
            Wrong::Missing(problem) => Ok(problem),
        }
    }
}

impl<E: Into<Error>> From<E> for Wrong {
    fn from(error: E) -> Wrong {
        Wrong::Refused(error.into())
    }
}

fn judged(draft: &Draft) -> std::result::Result<(ClientId, AccountId, Patch), Wrong> {
    let sent = Patch::decode(FIELDS, &draft.to_object()).map_err(Error::from)?;
    let id: ClientId = paths::typed(&draft.id, &IDENTIFIERS)?;
    guidelines::check_id(id.as_str())?;
    draft.attributes.check("Client")?;
    sent.check(FIELDS, "Client", None)?;
    let missing = |field: &str, text: &str| Err(Wrong::Missing(Problem::new(field, text)));
    if draft.redirect_uris.is_empty() {
        return missing("redirect_uris", "At least one redirect URL is needed.");
    }
    if draft.rights.is_empty() {
        return missing("rights", "At least one right must be selected.");
    }
    match account(&draft.owner) {
        Some(owner) => Ok((id, owner, sent)),
        None => missing("owner", "Choose who owns the client."),
    }
}

fn created(call: &Call<'_>, input: &Input<'_>, client: &Client) -> Result<Reply> {
    let view = View::of(call, input)?;
    Ok(new_secret::client_secret(&view, client, &[], "OAuth client created"))
}

fn form(call: &Call<'_>, input: &Input<'_>, status: u16, draft: &Draft, problem: Option<Problem>) -> Result<Reply> {
    let view = View::of(call, input)?;
    let owners = owners(call, view.user_id(), &draft.owner)?;
    let fields = Fields::with(problem);
    let becomes = match call.settings.approval {
        Approval::Auto => "Approved, as any new client here",
        Approval::Manual => "Requested",
    };
    let content = html! {
        h1 { "Add OAuth client" }
        @if call.settings.approval == Approval::Manual && !call.by.is_admin {
            p { "An administrator reviews new clients. Until then you can try it, and so can collaborators who choose to." }
        }
        (fields.summary())
        (view.form("/console/add/client", &html! {
            (fields.id(ID, &draft.id, Typing::Check("/console/check/client/")))
            @if owners.len() > 1 { (fields.select(OWNER, &owners, &draft.owner)) }
            @else { @for (owner, _) in &owners { input type="hidden" name="owner" value=(owner); } }
            (draft.basics(&fields))
            (draft.grants(&fields, call.by.is_admin))
            p .note { "Ask only for the minimum set of rights that the application needs: every right is shown to users when they are asked for consent." }
            (draft.rights(&fields))
            (draft.attributes.rows(&fields))
            @if call.by.is_admin { (draft.advanced(&fields, Some(becomes))) }
            div .submit { button .main { "Create OAuth client" } a href="/console/clients" { "Cancel" } }
        }))
    };
    Ok(view.page(status, Place::Clients, "Add OAuth client", &content))
}

/// The user, and other accounts for which the user may register clients: organizations with the user as a member, and whichever an
/// administrator comes from.
fn owners(call: &Call<'_>, user: &UserId, chosen: &str) -> Result<Vec<Choice>> {
    let itself = AccountId::User(user.clone());
    let organizations = organizations::of_member(call.tx, call.by, &itself)?;
    let mut accounts: Vec<_> = organizations.into_iter().map(|one| AccountId::Organization(one.id)).collect();
    let chosen = account(chosen).filter(|chosen| call.by.is_admin && *chosen != itself && !accounts.contains(chosen));
    accounts.extend(chosen);
    let mut owners = vec![(account_value(&itself), format!("{user} (you)"))];
    for account in accounts {
        match clients::check_may_register(call.tx, call.by, &account) {
            Ok(()) => owners.push(account_choice(&account)),
            Err(Error::Named(_)) => {}
            Err(failed) => return Err(failed),
        }
    }
    Ok(owners)
}
