//! What administrators decide about clients: the state of a new one (registry.md 1.3; the operator sets the mode), and what a change by
//! somebody else withdraws.

use crate::base::error::{Result, errors};
use crate::model::choice::State;
use crate::model::client::Client;
use crate::model::patch::Patch;
use crate::model::settings::{Approval, Settings};
use crate::registry::principal::Principal;
use crate::registry::trials;
use crate::store::Tx;

errors! {
    CLIENT_CHANGED: FailedPrecondition "keyfob" "client_changed"
        "client `{client_id}`, its owner or what is found about them has changed since you read the review: read it again, then answer";
    BLOCKING_FINDINGS: FailedPrecondition "keyfob" "blocking_findings"
        "what the rules find about client `{client_id}` blocks it ({rules}): reject it, or ask for changes. To approve it all the same, say so with `despite_blocking`, or `--despite-blocking` on the command line";
}

/// The state description of a new client that waits, in the words of The Things Stack.
pub const APPROVAL_REQUIRED: &str = "admin approval required";

/// The beginning of that of one whose approval a change withdrew; then come the fields.
pub const APPROVAL_REQUIRED_AGAIN: &str = "admin approval required again, for a change of";

/// An administrator's answer to a request, with its reason, which the collaborators see.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReviewAnswer {
    /// The reason may be empty.
    Approve(String),
    Reject(String),
    /// With what to change; the client goes on waiting.
    AskForChanges(String),
}

/// Sets the fields that only administrators may set, whatever was sent.
pub fn decide(by: &Principal, settings: &Settings, sent: &Patch, client: &mut Client) {
    let asked_for_a_state = by.is_admin && sent.get("state").is_some();
    if !by.is_admin {
        client.skip_authorization = false;
        client.endorsed = false;
        client.state_description = String::new();
    }
    match settings.approval {
        Approval::Auto if !asked_for_a_state => client.state = State::Approved,
        // With `Review`, `verdicts` approves it once it is judged.
        Approval::Manual | Approval::Review if !by.is_admin => {
            client.state = State::Requested;
            client.state_description = APPROVAL_REQUIRED.to_owned();
        }
        Approval::Review if !asked_for_a_state => client.state = State::Approved,
        Approval::Auto | Approval::Manual | Approval::Review => {}
    }
}

/// The administrators' decisions that a change by somebody else withdraws.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Withdrawn {
    /// `skip_authorization` and `endorsed`, if they were set.
    pub vouching: bool,
    /// The state in which everyone can use the client.
    pub approval: bool,
}

impl Withdrawn {
    /// Returns the warnings for the header `X-Warning` and for people.
    pub fn warnings(self) -> Vec<&'static str> {
        const VOUCHING: &str =
            "What administrators vouched for was changed: the client is not endorsed any more, and its users are asked for consent";
        const APPROVAL: &str = "What administrators approved was changed: the client waits for their approval again";
        [(self.vouching, VOUCHING), (self.approval, APPROVAL)].into_iter().filter_map(|(is, text)| is.then_some(text)).collect()
    }
}

/// A changed client, and which decisions of administrators the change withdrew.
pub struct ChangedClient {
    pub client: Client,
    pub withdrawn: Withdrawn,
}

/// Whether a client gets its first secret, or loses its last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Secretlessness {
    Stays,
    Changes,
}

/// Withdraws administrators' decisions about `old` where somebody else changed what they were about. Endorsement covers all that users are
/// shown and where a client may send them; approval covers rights, redirect URIs and the name.
pub(super) fn withdraw(by: &Principal, settings: &Settings, old: &Client, new: &mut Client, secretlessness: Secretlessness) -> Withdrawn {
    if by.is_admin {
        return Withdrawn::default();
    }
    let changed = approved_fields_that_differ(old, new);
    let is_as_seen = secretlessness == Secretlessness::Stays
        && changed.is_empty()
        && old.all_rights() == new.all_rights()
        && old.description == new.description
        && old.sign_in.scopes == new.sign_in.scopes
        && old.sign_in.resource_servers == new.sign_in.resource_servers
        && old.administrative_contact == new.administrative_contact
        && old.logout_redirect_uris == new.logout_redirect_uris;
    let vouching = !is_as_seen && (old.skip_authorization || old.endorsed);
    if vouching {
        new.skip_authorization = false;
        new.endorsed = false;
    }
    let was_flagged = old.state == State::Flagged;
    let is_open_to_everyone = was_flagged || old.state == State::Approved;
    let approval = settings.approval == Approval::Manual && is_open_to_everyone && !changed.is_empty();
    if approval {
        let flag = if was_flagged { "; it was flagged before" } else { "" };
        new.state = State::Requested;
        new.state_description = format!("{APPROVAL_REQUIRED_AGAIN} {}{flag}", changed.join(", "));
    }
    Withdrawn { vouching, approval }
}

fn approved_fields_that_differ(old: &Client, new: &Client) -> Vec<&'static str> {
    let is_widened = !new.all_rights().without(old.all_rights().expanded()).is_empty();
    [("rights", is_widened), ("redirect_uris", old.redirect_uris != new.redirect_uris), ("name", old.name != new.name)]
        .into_iter()
        .filter_map(|(name, differs)| differs.then_some(name))
        .collect()
}

/// Records the approved rights: while the client is open to everyone, all that it asks for; afterwards never more.
pub(super) fn note_approved(client: &mut Client) {
    let rights = client.all_rights();
    client.approved = match client.state {
        State::Approved | State::Flagged => rights,
        State::Requested | State::Rejected | State::Suspended => client.approved.within(rights),
    };
}

/// Stores a changed client, and ends what its old state or old consent allowed.
pub(super) fn save(tx: &Tx<'_>, by: &Principal, old: &Client, new: &mut Client) -> Result<()> {
    note_approved(new);
    tx.update_client(new)?;
    match new.state {
        State::Requested => {}
        State::Approved | State::Flagged => tx.delete_client_testers(&new.id)?,
        State::Rejected | State::Suspended => trials::end_all(tx, by, &new.id)?,
    }
    // Codes issued without consent end when the client may no longer skip it.
    if old.skip_authorization && !new.skip_authorization {
        tx.delete_unredeemed_authorization_codes(&new.id)?;
    }
    Ok(())
}
