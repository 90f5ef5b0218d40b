//! Bounds on everything that a caller can add to, one per row. Input checks, the registry, the table of doc/limits.md and the OpenAPI
//! document use these rows.

/// The most that there may be of one thing.
#[derive(Debug)]
pub struct Bound {
    /// What is counted, as refusals name it; for a field of the API, the field's name.
    pub name: &'static str,
    pub most: usize,
    /// What the figure applies to.
    pub of: &'static str,
    pub beyond: Beyond,
}

/// What happens to one too many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Beyond {
    /// The request is refused and changes nothing. With what the caller can do.
    Refused(&'static str),
    /// Another one makes room. With which one.
    Replaces(&'static str),
    /// The request is refused, and its object ends. With what its user does then.
    Ends(&'static str),
    /// The reply ends early, and says where the next page begins.
    Continues,
    /// It is stored in less space. With how.
    Shortens(&'static str),
    /// The request is refused with 429 until the next day, except an administrator's. With what the caller may still do.
    Delays(&'static str),
}

/// How many make room at a time in a file that has more from before the bound: writers wait for it.
pub const MOST_SURPLUS: usize = 10;

/// Defines bounds, one per row, and the list of all of them.
macro_rules! bounds {
    ($($id:ident = $most:literal $name:literal $of:literal $beyond:expr;)+) => {
        $(pub static $id: Bound = Bound { name: $name, most: $most, of: $of, beyond: $beyond };)+
        pub static BOUNDS: &[&Bound] = &[$(&$id),+];
    };
}

use Beyond::{Continues, Delays, Ends, Refused, Replaces, Shortens};

bounds! {
    RIGHTS = 64 "rights" "a client, a collaborator, a member or an API key" Refused("leave out repeated ones: each is kept once");
    GRANTS = 10 "grants" "a client" Refused("leave out repeated ones: each is kept once");
    ATTRIBUTES = 10 "attributes" "a client, a user, an organization, or a search" Refused("leave some out");
    REDIRECT_URIS = 10 "redirect_uris" "a client" Refused("leave some out");
    LOGOUT_REDIRECT_URIS = 10 "logout_redirect_uris" "a client" Refused("leave some out");
    SCOPES = 32 "scopes" "a client" Refused("leave some out");
    GROUP_FILTER = 100 "group_filter" "a client" Refused("leave some out");
    ALLOWED_GROUPS = 100 "allowed_groups" "a client" Refused("leave some out");
    RESOURCE_SERVERS = 10 "resource_servers" "a client" Refused("leave some out");
    CLIENTS = 1000 "clients" "the user or the organization who registered them, deleted ones included; administrators may register more"
        Refused("purge some, which takes an administrator, or let somebody else register it");
    ORGANIZATIONS = 100 "organizations" "the user who created them, deleted ones included; administrators may create more"
        Refused("purge some, which takes an administrator, or let somebody else create it");
    MEMBERS = 200 "collaborators" "a client or an organization" Refused("remove one first");
    API_KEYS = 200 "api_keys" "a user or an organization, expired ones included" Refused("delete one first");
    SECRETS = 10 "secrets" "a client, good at the same time" Refused("end an older one first, or rotate without a grace");
    CHOSEN_SECRETS = 3 "chosen secrets" "a client, good at the same time: slow to compare with, because people chose them"
        Refused("end an older one first, or rotate without a grace");
    SESSIONS = 100 "sessions" "a user" Replaces("the one that nobody used for the longest time ends");
    AUTHORIZATIONS = 500 "authorizations" "a user" Refused("revoke one in the Console first");
    TRIALS = 100 "trials" "a user, of clients that wait for approval and that somebody else registered" Refused("stop trying another client first");
    VERDICTS = 20 "verdicts" "a client, and the newest approval besides" Replaces("the oldest goes");
    REVIEW_REQUESTS = 10 "requests for review" "a client on a day (UTC)"
        Delays("what was asked for still waits for its answer");
    // A used code with valid tokens must be recognized when it is used again, so only their bound limits it.
    CODES = 100 "codes" "a user and a client; used ones are remembered for a day, and count once their tokens have ended"
        Replaces("the oldest goes");
    TOKENS = 100 "tokens" "a user and a client" Replaces("the one that was issued or refreshed the longest time ago ends");
    // None makes room for another: a thief would refresh until the victim's token, and with it the second use, was forgotten. An hourly
    // refresh makes 168 in a week.
    ROTATED_TOKENS = 2000 "rotated tokens" "what came of one code: each is remembered for a week, to notice its second use"
        Ends("the refresh is refused and all that came of the code ends; the user agrees anew");
    PAGE = 1000 "items" "a page of a list" Refused("ask for another page");
    REPLY = 4_194_304 "bytes" "a page of a list, or else one item" Continues;
    EVENT = 20_480 "bytes of values" "an event in the history, half of them before the change and half after it"
        Shortens("texts of more than 200 bytes are kept as their beginning, their length and their SHA-256");
    SINGLE_EVENTS = 100 "single changes" "a client, a user or an organization on a day (UTC)"
        Shortens("what is given the same value again is counted: the first time and the last have rows in the history");
    ENTITY_EVENTS = 300 "rows of changes" "the history of a client, a user or an organization by one account on a day (UTC)"
        Delays("what takes something away goes on, and so do, counted, new secrets, passwords and attributes");
    ACCOUNT_EVENTS = 2_000 "rows" "the history by a user and the keys of organizations that this user made, on a day (UTC)"
        Delays("what takes something away goes on, and so do, counted, new secrets, passwords, attributes and signing in");
}
