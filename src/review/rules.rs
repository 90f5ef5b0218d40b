//! Every rule of the review, one per row: `check`, `keyfob explain` and the table of doc/review.md are derived from it.

mod description;
mod grants;
mod names;
mod owner;
pub mod redirect;
mod rights;

use crate::review::finding::RuleFinding;
use crate::review::finding::Severity::{Blocks, Notes, Warns};
use crate::review::reviewed_client::ReviewedClient;
use crate::review::rule::{Rule, guideline};

/// The version of the rules: greater whenever a rule finds something else than before.
pub const RULE_SET: u32 = 1;

#[rustfmt::skip]
pub static RULES: &[Rule] = &[
    Rule { name: "protected_name", guideline: guideline::CONFUSABLE, severity: Blocks, check: names::protected, why: "Users would take the client for one of those whose name it resembles, and trust it as them." },
    Rule { name: "password_grant", guideline: guideline::PASSWORD, severity: Blocks, check: grants::password, why: "Users would have to type their passwords into the client, which can then do everything they can." },
    Rule { name: "redirect_uri_unsafe", guideline: guideline::REDIRECT, severity: Blocks, check: redirect::unsafe_uris, why: "The code of an authorization could be run, read or caught by somebody else than the client." },

    Rule { name: "like_another_client", guideline: guideline::CONFUSABLE, severity: Warns, check: names::like_another, why: "Users cannot tell which of the two asks for their consent." },
    Rule { name: "owner_is_not_brand", guideline: guideline::OWNER, severity: Warns, check: owner::is_not_brand, why: "Users and administrators cannot see who provides the client: anybody can use the name of a brand." },
    Rule { name: "owner_gone", guideline: guideline::UPKEEP, severity: Warns, check: owner::gone, why: "Nobody answers for the client any more, and nobody can change it." },
    Rule { name: "name_missing", guideline: guideline::NAME, severity: Warns, check: names::missing, why: "Users are asked for consent under this name." },
    Rule { name: "description", guideline: guideline::DESCRIPTION, severity: Warns, check: description::says_nothing, why: "Users read it when they are asked for consent, and have nothing else to decide by." },
    Rule { name: "hidden_characters", guideline: guideline::DESCRIPTION, severity: Warns, check: description::hidden_characters, why: "Users would see something else than what is written." },
    Rule { name: "short_link", guideline: guideline::DESCRIPTION, severity: Warns, check: description::short_links, why: "Nobody can see where such an address leads, and it can lead elsewhere tomorrow." },
    Rule { name: "redirect_uri_missing", guideline: guideline::REDIRECT, severity: Warns, check: redirect::missing, why: "Without one, nobody can authorize the client." },
    Rule { name: "redirect_uri_wrong", guideline: guideline::REDIRECT, severity: Warns, check: redirect::wrong, why: "Browsers refuse or change such an address, or others on the network can read the code that is sent there." },
    Rule { name: "redirect_uri_of_another_owner", guideline: guideline::REDIRECT, severity: Warns, check: redirect::of_another_owner, why: "The codes of this client's users would go to somebody else." },
    Rule { name: "redirect_uri_works", guideline: guideline::REDIRECT, severity: Warns, check: redirect::does_not_work, why: "Users who have agreed are left with an error page, and the client never gets its code." },
    Rule { name: "refresh_token_grant", guideline: guideline::REFRESH, severity: Warns, check: grants::refresh_without_reason, why: "With refresh tokens the client keeps its access while the user is away, for months." },
    Rule { name: "all_rights", guideline: guideline::RIGHTS, severity: Warns, check: rights::all, why: "Such a right holds everything, what is added to it later too, and most clients need little of it." },

    Rule { name: "dangerous_rights", guideline: guideline::RIGHTS, severity: Notes, check: rights::dangerous, why: "What is deleted is gone, and with keys somebody keeps access when the client's has ended." },
    Rule { name: "rights_not_mentioned", guideline: guideline::RIGHTS, severity: Notes, check: rights::not_mentioned, why: "Users are asked for something that the client does not seem to be about." },
    Rule { name: "id_shape", guideline: guideline::ID, severity: Notes, check: names::id_shape, why: "The ID never changes, and an ID of brand and purpose says for ever whose it is and what for." },
    Rule { name: "name_unlike_id", guideline: guideline::NAME, severity: Notes, check: names::unlike_id, why: "Those who see the name on one page and the ID on another must know that it is the same client." },
    Rule { name: "owner_is_a_person", guideline: guideline::OWNER, severity: Notes, check: owner::is_a_person, why: "People leave, and an organization tells users better who is providing the service." },
    Rule { name: "redirect_uri_host", guideline: guideline::REDIRECT, severity: Notes, check: redirect::unknown_host, why: "The codes go to a host that does not seem to be its owner's." },
    Rule { name: "secret_kind", guideline: guideline::GRANTS, severity: Notes, check: grants::secret_kind, why: "A secret inside a program on users' devices is no secret, and a client on a server that has none cannot prove who it is." },
    Rule { name: "no_grants", guideline: guideline::GRANTS, severity: Notes, check: grants::none, why: "Without a grant the client cannot get a token." },
    Rule { name: "contacts_gone", guideline: guideline::UPKEEP, severity: Notes, check: owner::contacts_gone, why: "Nobody can be asked about the client." },
    Rule { name: "never_used", guideline: guideline::UPKEEP, severity: Notes, check: grants::never_used, why: "What nobody uses can still be misused." },
];

/// Returns what the rules find about a client, worst first, and what weighs the same in the order of the rules.
pub fn judge(client: &ReviewedClient<'_>) -> Vec<RuleFinding> {
    let mut findings: Vec<RuleFinding> = RULES.iter().flat_map(|rule| rule.findings(client)).collect();
    findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    findings
}
