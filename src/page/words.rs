//! Turns texts for programs into sentences for people.

use crate::base::error::Named;

/// Returns the text with a capital first and one full stop at the end.
pub fn sentence(text: &str) -> String {
    format!("{}.", capitalised(text).trim_end_matches('.'))
}

/// What a user reads instead of an error's text, by the error's name; placeholders are its attributes. A text ends where the administrators'
/// reason follows, if there is one.
const IN_WORDS: &[(&str, &str)] = &[
    ("access_token_not_found", "This access token has already ended, or never existed"),
    ("account_not_found", "There is no {account_type} with the ID {account_id}"),
    ("admins_create_clients", "On this server only administrators register OAuth clients, and members for their organizations"),
    ("admins_create_organizations", "On this server only administrators create organizations"),
    ("admins_purge_clients", "Only administrators purge OAuth clients"),
    ("admins_purge_organizations", "Only administrators purge organizations"),
    ("admins_purge_users", "Only administrators purge users"),
    ("already_exists", "This is already taken. Choose another"),
    ("api_key_not_found", "There is no such API key, or it was deleted"),
    ("authorization_not_found", "You have not authorized this client, or have revoked that"),
    ("changed_since", "The client was changed again afterwards. Undo the later change first, or edit the client"),
    ("client_needs_collaborator", "A client needs at least one collaborator with all rights. Give somebody else all rights first"),
    ("client_not_found", "There is no OAuth client with the ID {client_id}"),
    ("collaborator_is_contact", "{collaborator_id} is a contact here. Choose another contact first"),
    ("contact_info_restricted", "You can name only yourself as a contact"),
    ("contact_no_collaborator", "{contact} is not a collaborator here. Only collaborators can be contacts"),
    ("email", "Enter an e-mail address, such as name@example.com"),
    ("event_not_found", "There is no such change, or you may not see it"),
    ("event_not_undoable", "This change cannot be undone. Edit the client instead"),
    ("forbidden_id", "The ID {id} is reserved for the service itself. Choose another"),
    ("id_taken", "This ID is already taken, perhaps by something that was deleted. Choose another"),
    ("insufficient_client_rights", "Your rights on the client {uid} are not enough for this"),
    ("insufficient_organization_rights", "Your rights on the organization {uid} are not enough for this"),
    ("insufficient_user_rights", "Your rights on the account {uid} are not enough for this"),
    ("invalid_redirect_uri", "The app wants you sent back to an address that is not registered for it"),
    ("last_admin", "This is the last approved administrator. Make somebody else an administrator first"),
    ("membership_not_found", "This account has no rights here"),
    ("nested_organizations", "An organization cannot be a member of an organization"),
    ("no_client_rights", "There is no OAuth client {uid} that you can see"),
    ("no_organization_rights", "There is no organization {uid} that you can see"),
    ("no_user_rights", "You have no rights on the account {uid}"),
    ("old_password", "This is not your current password"),
    ("organization_needs_collaborator", "An organization needs at least one member with all rights. Give somebody else all rights first"),
    ("organization_not_found", "There is no organization with the ID {organization_id}"),
    ("password_contains_user_id", "The password must not contain the user ID"),
    ("password_equals_old", "The new password must differ from the old one"),
    ("password_strength_digits", "Use at least one digit"),
    ("password_strength_max_length", "Use at most {n} characters"),
    ("password_strength_min_length", "Use at least {n} characters"),
    ("password_strength_uppercase", "Use at least one uppercase letter"),
    ("permission_denied", "This page is only for administrators"),
    ("resource_server_unknown", "There is no OAuth client with the ID {resource_server}. Register it first"),
    ("restore_window_expired", "It was deleted too long ago to be restored"),
    ("too_many", "{of} already has {has} {field}, and there may be at most {most}: {remedy}"),
    ("unauthorized_client", "The app has no redirect URL, so nobody can be sent back to it"),
    ("user_not_found", "There is no user with the ID {user_id}"),
    ("user_rejected", "Your account was rejected"),
    ("user_requested", "Your account waits for approval"),
    ("user_session_not_found", "This session has already ended"),
    ("user_suspended", "Your account is suspended"),
];

/// The same where a request names no client at all.
const NO_CLIENT_ID: &str = "The address does not say which app you came from: client_id is missing in it";

/// What the user can do, after the administrators' reason.
const ADVICE: &[(&str, &str)] = &[
    ("user_suspended", "Ask an administrator if you think that this is wrong."),
    ("user_rejected", "Ask an administrator if you think that this is wrong."),
    ("user_requested", "An administrator has to approve it first."),
];

/// Returns what a refusal says to its user: in the words above or, without the marks that the API has around values, in its own; with the
/// administrators' reason if there is one.
pub fn refusal(named: &Named) -> String {
    let of_its_name = |texts: &[(&str, &'static str)]| texts.iter().find(|(name, _)| *name == named.definition.name).map(|(_, text)| *text);
    let is_unnamed = named.attributes.get("client_id").is_some_and(|id| id == "");
    let said = match of_its_name(IN_WORDS) {
        Some(_) if is_unnamed => NO_CLIENT_ID.to_owned(),
        Some(text) => named.filled(text),
        None => named.text().replace('`', "").replace(" 1 seconds", " 1 second"),
    };
    let said = match named.attributes.get("description").and_then(|reason| reason.as_str()) {
        Some(reason) => sentence(&format!("{said}: {reason}")),
        None => sentence(&said),
    };
    of_its_name(ADVICE).map_or_else(|| said.clone(), |advice| format!("{said} {advice}"))
}

/// Returns a number of things, in the plural unless it is 1.
pub fn counted(count: i64, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

/// Returns the beginning of a text, for lists: what is longer than this many characters ends with an ellipsis.
pub fn beginning(text: &str, longest: usize) -> String {
    match text.char_indices().nth(longest) {
        Some((end, _)) => format!("{}…", text[..end].trim_end()),
        None => text.to_owned(),
    }
}

pub fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| format!("{}{}", first.to_uppercase(), letters.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_begins_with_a_capital_and_ends_with_one_full_stop() {
        assert_eq!(sentence("élan is missing"), "Élan is missing.");
        assert_eq!(sentence("`x` is not valid."), "`x` is not valid.");
        assert_eq!(capitalised(""), "");
    }
}
