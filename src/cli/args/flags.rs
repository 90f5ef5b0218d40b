//! Flags, and those that several commands share.

use std::borrow::Cow;

use crate::base::right::{RIGHTS, Right};
use crate::model::choice::{Choices, RIGHT_CHOICES, STATES};

#[derive(Clone, Debug)]
pub struct Flag {
    /// With its two dashes, words joined by dashes. Underscores are read as dashes.
    pub name: Cow<'static, str>,
    /// The placeholder of its value; empty for a switch.
    pub value: &'static str,
    pub kind: FlagKind,
    pub doc: Cow<'static, str>,
}

#[derive(Clone, Copy, Debug)]
pub enum FlagKind {
    /// Alone it means true; `=false` means false.
    Switch,
    Text,
    /// One of an enumeration, or a value that a newer server knows.
    Choice(&'static Choices),
    /// Joined by commas, or the flag repeated.
    List,
    /// The same, of an enumeration.
    ChoiceList(&'static Choices),
    /// `key=value`, joined by commas, or the flag repeated.
    Pairs,
    File,
    /// A password or a secret. Other programs can see it on the command line.
    Secret,
    /// The path of a file that holds what belongs in the flag of the same name without `-file`, or `-` for standard input.
    SecretFile,
}

impl Flag {
    pub fn name(&'static self) -> &'static str {
        self.name.as_ref()
    }

    /// Returns the name without its dashes, by which commands ask for the value.
    pub fn key(&'static self) -> &'static str {
        self.name.trim_start_matches('-')
    }

    /// Returns `--name TEXT`.
    pub fn usage(&self) -> String {
        if self.value.is_empty() { self.name.to_string() } else { format!("{} {}", self.name, self.value) }
    }

    pub fn is_switch(&self) -> bool {
        matches!(self.kind, FlagKind::Switch)
    }

    /// Returns the values that are known beforehand.
    pub fn choices(&self) -> Vec<&'static str> {
        match self.kind {
            FlagKind::Choice(choices) | FlagKind::ChoiceList(choices) => (choices.names)(),
            FlagKind::Switch | FlagKind::Text | FlagKind::List | FlagKind::Pairs => Vec::new(),
            FlagKind::File | FlagKind::Secret | FlagKind::SecretFile => Vec::new(),
        }
    }
}

const fn flag(name: &'static str, value: &'static str, kind: FlagKind, doc: &'static str) -> Flag {
    Flag { name: Cow::Borrowed(name), value, kind, doc: Cow::Borrowed(doc) }
}

const fn text(name: &'static str, value: &'static str, doc: &'static str) -> Flag {
    flag(name, value, FlagKind::Text, doc)
}

const fn switch(name: &'static str, doc: &'static str) -> Flag {
    flag(name, "", FlagKind::Switch, doc)
}

const fn secret(name: &'static str, value: &'static str, doc: &'static str) -> Flag {
    flag(name, value, FlagKind::Secret, doc)
}

const fn secret_file(name: &'static str) -> Flag {
    flag(name, "FILE", FlagKind::SecretFile, SECRET_FILE_DOC)
}

/// The sentence of all flags that name a file with a secret.
pub const SECRET_FILE_DOC: &str = "The same, from a file; with -, a line of standard input, or asked for on a terminal.";

pub static CLIENT_ID: &[Flag] = &[text("--client-id", "ID", "The client.")];
pub static USER_ID: &[Flag] = &[text("--user-id", "ID", "The user.")];
pub static ORGANIZATION_ID: &[Flag] = &[text("--organization-id", "ID", "The organization.")];

/// The user who owns something.
pub static OF_USER: &[Flag] = &[text("--user-id", "ID", "The user; the caller if none is named.")];

pub static OWNER: &[Flag] = &[
    text("--user-id", "ID", "The user it belongs to; the caller if nobody is named."),
    text("--organization-id", "ID", "The organization it belongs to."),
];

pub static OWNING_USER: &[Flag] = &[text("--user-id", "ID", "The user it belongs to; the caller if nobody is named.")];

pub static COLLABORATOR: &[Flag] =
    &[text("--user-id", "ID", "The user who collaborates."), text("--organization-id", "ID", "The organization that collaborates.")];

pub static MEMBER: &[Flag] = &[text("--user-id", "ID", "The user who is a member.")];

pub static RIGHTS_LIST: &[Flag] = &[flag("--rights", "RIGHT,…", FlagKind::ChoiceList(&RIGHT_CHOICES), "The rights, by name.")];

pub static PAGING: &[Flag] = &[
    text("--order", "FIELD", "Sort by this field; with a minus before it, descending."),
    text("--limit", "N", "Items on a page, at most 1000."),
    text("--page", "N", "The number of the page, from 1."),
    switch("--all-pages", "Get all pages."),
];

pub static DELETED: &[Flag] = &[switch("--deleted", "Show deleted ones instead.")];

pub static SELECTION: &[Flag] =
    &[switch("--all", "Select every field."), flag("--field-mask", "FIELD,…", FlagKind::List, "Select these fields.")];

pub static SEARCH: &[Flag] = &[
    text("--query", "TEXT", "In the ID, the name or the description."),
    text("--id-contains", "TEXT", "In the ID."),
    text("--name-contains", "TEXT", "In the name."),
    text("--description-contains", "TEXT", "In the description."),
    flag("--attributes-contain", "KEY=TEXT,…", FlagKind::Pairs, "In the values of attributes."),
];

pub static SEARCH_STATE: &[Flag] =
    &[flag("--state", "STATE,…", FlagKind::ChoiceList(&STATES), "In any of these states; the state is shown.")];

pub static UNSET: &[Flag] = &[flag("--unset", "FIELD,…", FlagKind::List, "Clear these fields.")];

pub static FORCE: &[Flag] = &[switch("--force", "Do not ask for confirmation.")];

pub static SECRET_OUT: &[Flag] =
    &[flag("--secret-out", "FILE", FlagKind::File, "Write the secret to a new file that only you can read, and do not print it.")];

pub static GRACE: &[Flag] =
    &[text("--grace", "DURATION", "How long the previous secrets stay valid, such as 24h, 7d or 90s; without it they end at once.")];

pub static BACKUP: &[Flag] = &[
    flag("--file", "FILE|FOLDER", FlagKind::File, "The file to write; in a folder, one named after the time."),
    text("--keep", "N", "In a folder: delete older backups there, so that so many stay."),
];

pub static RESTORE: &[Flag] = &[
    flag("--file", "FILE", FlagKind::File, "The backup."),
    switch("--drill", "Only try it: restore it to a temporary place, start there, sign in and read every client."),
];

pub static EVENT: &[Flag] = &[text("--event", "NUMBER", "The event, by its number in `keyfob history`.")];

/// The declaration, and what becomes of what it has no longer.
pub static DECLARATION: &[Flag] = &[
    flag("--file", "FILE", FlagKind::File, "The declaration; - for standard input."),
    switch("--prune", "Also delete what this declaration made before and has no longer; it can be restored for a day."),
    text("--output-format", "FORMAT", "text, for people; or json."),
];

pub static YES: &[Flag] = &[switch("--yes", "Do not ask.")];

pub static EXPORT: &[Flag] = &[
    text("--to", "FORMAT", "declaration, which plan and apply read; or tts, SQL for the Identity Server of The Things Stack."),
    flag("--output", "FILE", FlagKind::File, "Write it to this file, which only you can read; without it, to standard output."),
];

pub static SCHEMA: &[Flag] = &[text("--of", "KIND", "declaration, which plan and apply read; or seed, which serve --fixture reads.")];

pub static KEY_ALGORITHM: &[Flag] = &[text("--algorithm", "NAME", "Only for RS256, or only for ES256.")];

pub static HANDOVER: &[Flag] =
    &[switch("--now", "The former keys may have been stolen: delete them, so that the tokens that they signed are refused at once.")];

pub static PRIVATE_KEY: &[Flag] = &[flag(
    "--private-key-file",
    "FILE",
    FlagKind::SecretFile,
    "The private key in PEM, RSA of 2048 to 4096 bits or on the curve P-256; - for standard input.",
)];

pub static REASON: &[Flag] = &[text("--reason", "TEXT", "The reason, stored as the state_description.")];

/// Of the registration review.
pub static REVIEW_ALL: &[Flag] = &[switch("--all", "All clients, by their IDs, and not only those that wait.")];
pub static REVIEWED: &[Flag] = &[flag("--client-id", "ID", FlagKind::List, "The client, or several joined by commas.")];
pub static REVIEW_READ: &[Flag] = &[flag(
    "--seen",
    "SEEN",
    FlagKind::List,
    "The fingerprint that `show` prints for each client; refused if anything it covers has changed since.",
)];
pub static DESPITE_BLOCKING: &[Flag] =
    &[switch("--despite-blocking", "Approve clients even if a finding blocks them; the history records it.")];
pub static REVIEW_REASON: &[Flag] = &[text("--reason", "TEXT", "Why, or what to change: shown to those who asked.")];
pub static REVIEW_TEXT: &[Flag] = &[text("--text", "TEXT", "What the administrators are to know.")];

pub static INVITATION: &[Flag] =
    &[secret("--invitation-token", "TOKEN", "The invitation, where a server asks for one."), secret_file("--invitation-token-file")];

pub static NEW_PASSWORD: &[Flag] = &[
    secret("--old", "PASSWORD", "The password, or a temporary one; asked for without it."),
    secret_file("--old-file"),
    secret("--new", "PASSWORD", "The new password; asked for without it."),
    secret_file("--new-file"),
    switch("--revoke-all-access", "Also end sessions and tokens; on unless =false."),
];

pub static API_KEY_ID: &[Flag] = &[text("--api-key-id", "ID", "The ID of the API key, its second part.")];

pub static API_KEY: &[Flag] =
    &[text("--name", "TEXT", "What the key is for."), text("--api-key-expiry", "TIME", "When it ends, such as 2030-01-31T00:00:00Z.")];

pub static TOKEN_ID: &[Flag] = &[text("--token-id", "ID", "The access token.")];
pub static SESSION_ID: &[Flag] = &[text("--session-id", "ID", "The session.")];

pub static DOCTOR: &[Flag] = &[switch("--json", "Print what was found as JSON."), switch("--strict", "Count advice as problems too.")];

pub static HEALTHCHECK: &[Flag] = &[text(
    "--target",
    "URL|unix:PATH",
    "The server to ask: at /readyz, unless the URL ends with /healthz; without it, the one that listens where --listen says.",
)];

pub static CALLBACK: &[Flag] = &[switch("--callback", "Wait for the browser to come back; with =false, paste the code instead.")];

pub static OPERATOR_USER: &[Flag] = &[
    text("--email", "ADDRESS", "The primary e-mail address, which counts as validated; USER-ID@localhost without it."),
    text("--name", "TEXT", "The name shown to others."),
    switch("--admin", "The user is an administrator."),
];

pub static GENERATED_PASSWORD: &[Flag] =
    &[secret("--password", "PASSWORD", "The password. Without it one is generated and shown once."), secret_file("--password-file")];

/// The flags that every command takes.
pub static EVERYWHERE: &[Flag] = &[switch("--help", "Explain the command."), switch("--version", "Print the version.")];

/// The flags of every command that prints an answer of the server.
pub static OUTPUT: &[Flag] =
    &[text("--output-format", "FORMAT", "json; table, for people; or a path such as ids.client_id, whose values are printed a line each.")];

/// Returns a switch for each right whose name begins with the prefix: `--right-client-info`.
pub fn of_rights(noun_prefix: &str) -> Vec<Flag> {
    let rights = RIGHTS.iter().filter(|right| **right != Right::Invalid && right.name().starts_with(noun_prefix));
    let row = |right: &Right| Flag {
        name: format!("--{}", right.name().to_lowercase().replace('_', "-")).into(),
        value: "",
        kind: FlagKind::Switch,
        doc: format!("With {}.", right.name()).into(),
    };
    rights.map(row).collect()
}

/// The owner of what an operator creates: there is no caller.
pub static OWNING_ACCOUNT: &[Flag] =
    &[text("--user-id", "ID", "The user it belongs to."), text("--organization-id", "ID", "The organization it belongs to.")];

pub static RULE: &[Flag] = &[text("--rule", "RULE", "The name of a rule; all of them without it.")];

pub static SHELL: &[Flag] = &[text("--shell", "SHELL", "bash, zsh or fish.")];
