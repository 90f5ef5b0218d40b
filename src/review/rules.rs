//! Every rule of the review, one per row: `check`, `keyfob explain` and the table of doc/review.md are derived from it.

mod description;
mod grants;
mod names;
mod owner;
pub mod redirect;
mod rights;

pub use rights::is_dangerous;

use crate::review::finding::RuleFinding;
use crate::review::finding::Severity::{Blocks, Notes, Warns};
use crate::review::reviewed_client::ReviewedClient;
use crate::review::rule::{Rule, guideline};

/// The version of the rules: greater whenever a rule finds something else than before.
pub const RULE_SET: u32 = 4;

#[rustfmt::skip]
pub static RULES: &[Rule] = &[
    Rule { name: "protected_name", guideline: guideline::CONFUSABLE, severity: Blocks, finds: "The client's ID or name, or its owner's, can be confused with a protected name.", check: names::protected, why: "Users would take the client for one of those whose name it resembles, and trust it as them." },
    Rule { name: "reserved_id", guideline: guideline::CONFUSABLE, severity: Blocks, finds: "The ID of a new client is one that nobody can register.", check: names::reserved, why: "Such an ID would be taken for a part of the service itself, and registering it is refused." },
    Rule { name: "password_grant", guideline: guideline::PASSWORD, severity: Blocks, finds: "The client has the password grant.", check: grants::password, why: "Users would have to type their passwords into the client, which can then do everything they can." },
    Rule { name: "redirect_uri_unsafe", guideline: guideline::REDIRECT, severity: Blocks, finds: "A redirect or logout redirect URL has a scheme such as `javascript:`, `data:` or `file:`, a wildcard or a fragment, or is not absolute.", check: redirect::unsafe_uris, why: "The code of an authorization could be run, read or caught by somebody other than the client." },
    Rule { name: "hidden_in_name", guideline: guideline::CONFUSABLE, severity: Blocks, finds: "The name of the client or of its owner has characters that are invisible or change the direction of the text.", check: description::hidden_in_name, why: "Users would read a name other than the one that is written." },

    Rule { name: "like_another_client", guideline: guideline::CONFUSABLE, severity: Warns, finds: "The ID or the name is the same as that of an approved client of another owner, or differs in one letter.", check: names::like_another, why: "Users cannot tell which of the two asks for their consent." },
    Rule { name: "owner_is_not_brand", guideline: guideline::OWNER, severity: Warns, finds: "The owner is neither an organization that shares a brand with the client, nor a user whose own or test client it is; or the client was registered for somebody else.", check: owner::is_not_brand, why: "Users and administrators cannot see who provides the client: anybody can use the name of a brand." },
    Rule { name: "owner_like_protected_name", guideline: guideline::CONFUSABLE, severity: Warns, finds: "The ID or the name of the owner differs in one letter from a protected name.", check: names::owner_near_protected, why: "Users could take the owner for another, although many honest names differ in one letter only." },
    Rule { name: "contact_of_another", guideline: guideline::OWNER, severity: Warns, finds: "The administrative contact is neither the owner, nor a member of the organization that is.", check: owner::contact_of_another, why: "Users are told of this account when they are asked for consent, and anybody can be named without being asked." },
    Rule { name: "owner_gone", guideline: guideline::UPKEEP, severity: Warns, finds: "The client has no collaborator any more.", check: owner::gone, why: "Nobody answers for the client any more, and nobody can change it." },
    Rule { name: "name_missing", guideline: guideline::NAME, severity: Warns, finds: "The client has no name.", check: names::missing, why: "Users are asked for consent under this name." },
    Rule { name: "description", guideline: guideline::DESCRIPTION, severity: Warns, finds: "The description is missing, the name again, a placeholder, or has fewer than 20 letters.", check: description::says_nothing, why: "Users read it when they are asked for consent, and have nothing else to decide by." },
    Rule { name: "hidden_characters", guideline: guideline::DESCRIPTION, severity: Warns, finds: "The description has characters that are invisible or change the direction of the text, or the name mixes scripts within a word.", check: description::hidden_characters, why: "Users would see something other than what is written." },
    Rule { name: "short_link", guideline: guideline::DESCRIPTION, severity: Warns, finds: "The description has an address of a URL shortener.", check: description::short_links, why: "Nobody can see where such an address leads, and it can lead elsewhere tomorrow." },
    Rule { name: "redirect_uri_missing", guideline: guideline::REDIRECT, severity: Warns, finds: "The client has the authorization code grant and no redirect URL.", check: redirect::missing, why: "Without one, nobody can authorize the client." },
    Rule { name: "redirect_uri_wrong", guideline: guideline::REDIRECT, severity: Warns, finds: "A redirect or logout redirect URL is not encrypted, has a user before the host, a path that browsers rewrite, or characters or a scheme that lead nowhere.", check: redirect::wrong, why: "Browsers refuse or change such an address, or others on the network can read the code that is sent there." },
    Rule { name: "redirect_uri_of_another_owner", guideline: guideline::REDIRECT, severity: Warns, finds: "A redirect or logout redirect URL is on a host of an approved client of another owner.", check: redirect::of_another_owner, why: "The codes of this client's users would go to somebody else." },
    Rule { name: "redirect_uri_host_disguised", guideline: guideline::REDIRECT, severity: Warns, finds: "A redirect or logout redirect URL is on a host that looks like the owner's brand, or like a host of another owner's client, and is written with other letters.", check: redirect::like_another_host, why: "Users and administrators would take the host for the one that it looks like." },
    Rule { name: "redirect_uri_works", guideline: guideline::REDIRECT, severity: Warns, finds: "A redirect URL was tried, and does not work.", check: redirect::does_not_work, why: "Users who have agreed are left with an error page, and the client never gets its code." },
    Rule { name: "refresh_token_grant", guideline: guideline::REFRESH, severity: Warns, finds: "The client has the refresh token grant, and neither its description, an attribute such as `refresh-token-reason`, nor the request for review says what for.", check: grants::refresh_without_reason, why: "With refresh tokens the client keeps its access while the user is away, for months." },
    Rule { name: "all_rights", guideline: guideline::RIGHTS, severity: Warns, finds: "The client asks for `RIGHT_ALL` or another right that ends in `_ALL`, and neither its description, an attribute such as `rights-reason`, nor the request for review says why.", check: rights::all, why: "Such a right includes everything, even what is added to it later, and most clients need little of that." },

    Rule { name: "protected_name_in_private_client", guideline: guideline::CONFUSABLE, severity: Notes, finds: "The ID or the name of a user's private or test client has a protected name in it.", check: names::protected_in_private, why: "As long as only its owner uses it, nobody is misled; for others it needs another name." },
    Rule { name: "dangerous_rights", guideline: guideline::RIGHTS, severity: Notes, finds: "The client asks for rights to delete things, or rights over keys and secrets, or over collaborators and members.", check: rights::dangerous, why: "What is deleted is gone, and keys keep giving access after the client's own has ended." },
    Rule { name: "rights_not_mentioned", guideline: guideline::RIGHTS, severity: Notes, finds: "The client asks for rights on something that its ID, name and description do not mention.", check: rights::not_mentioned, why: "Users are asked for something that the client does not seem to be about." },
    Rule { name: "unused_rights", guideline: guideline::RIGHTS, severity: Notes, finds: "No token of the client has used a right for 90 days, although the client is in use.", check: rights::unused, why: "Anyone who gets hold of its tokens can do what the client itself never needs to." },
    Rule { name: "id_shape", guideline: guideline::ID, severity: Notes, finds: "The ID is one word, or has no word that is a brand.", check: names::id_shape, why: "The ID never changes, so it should say whose the client is and what it is for." },
    Rule { name: "name_unlike_id", guideline: guideline::NAME, severity: Notes, finds: "The name shares no word with the ID, and the description does not explain it.", check: names::unlike_id, why: "People who see the name on one page and the ID on another should know that it is the same client." },
    Rule { name: "owner_is_a_person", guideline: guideline::OWNER, severity: Notes, finds: "A client that is neither private nor a test belongs to a user.", check: owner::is_a_person, why: "People leave, and an organization tells users better who is providing the service." },
    Rule { name: "redirect_uri_host", guideline: guideline::REDIRECT, severity: Notes, finds: "A redirect or logout redirect URL is on a host that has no word of the owner or the brand, or has a scheme that is no domain in reverse.", check: redirect::unknown_host, why: "The codes go to a host that does not seem to be its owner's." },
    Rule { name: "secret_kind", guideline: guideline::GRANTS, severity: Notes, finds: "A program on users' devices has a secret, or a web client without one has the refresh token grant.", check: grants::secret_kind, why: "A secret inside a program on users' devices is no secret, and a client on a server without one cannot prove who it is." },
    Rule { name: "no_grants", guideline: guideline::GRANTS, severity: Notes, finds: "The client has no grant.", check: grants::none, why: "Without a grant the client cannot get a token." },
    Rule { name: "contacts_gone", guideline: guideline::UPKEEP, severity: Notes, finds: "A contact of the client is gone.", check: owner::contacts_gone, why: "Nobody can be asked about the client." },
    Rule { name: "never_used", guideline: guideline::UPKEEP, severity: Notes, finds: "The client has received no token for more than 90 days.", check: grants::never_used, why: "What nobody uses can still be misused." },
];

/// Returns what the rules find about a client, worst first, and what weighs the same in the order of the rules.
pub fn judge(client: &ReviewedClient<'_>) -> Vec<RuleFinding> {
    let mut findings: Vec<RuleFinding> = RULES.iter().flat_map(|rule| rule.findings(client)).collect();
    findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    findings
}
