//! Every command once, and every route by some command.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;

use keyfob::cli::commands::{COMMANDS, Entry, GROUPS, below};
use keyfob::cli::dispatch::{Invocation, read};
use keyfob::routes::ROUTES;

use crate::cli::{Fixture, words};

/// Routes that no command asks, and why.
const UNREACHED: &[(&str, &str)] = &[
    ("account.search", "it completes an ID while somebody types it, in a browser"),
    ("client.collaborator.search", "the same"),
    ("organization.collaborator.search", "the same"),
    ("openapi", "`keyfob openapi` prints the same document without a server"),
    ("configuration", "it tells a browser what the server expects of its users"),
];

/// One line for each thing to do, in an order in which each finds what it needs. What begins with `!` prepares, and may be refused.
const LINES: &str = "
users create ada --primary-email-address ada@example.com --password Hunter2-hunter2
users create bob --primary-email-address bob@example.com --password Hunter2-hunter2
users list --name
users search --query ada --output-format table
users get ada --all
users set ada --name \"Ada L\"
users update-password ada --old Hunter2-hunter2 --new Hunter3-hunter3
users rights admin
users create-temporary-password ada --output-format table
users delete-temporary-password ada
users create-sign-in-link ada --secret-out link
users delete-sign-in-link ada
users delete bob
users restore bob
users purge bob --force
organizations create acme-corp --name Acme
organizations create ada-corp --user-id ada
organizations list
organizations search --query acme
organizations get acme-corp --name
organizations set acme-corp --description Makers
organizations rights acme-corp
organizations collaborators set acme-corp --user-id ada --right-organization-info
organizations collaborators list acme-corp --output-format table
organizations collaborators get acme-corp --user-id ada
organizations collaborators delete acme-corp --user-id ada
organizations api-keys create acme-corp --name one --rights ORGANIZATION_INFO --secret-out organization-key
organizations api-keys list acme-corp
organizations api-keys get acme-corp $ORGANIZATION_KEY
organizations api-keys set acme-corp $ORGANIZATION_KEY --name other
organizations api-keys delete acme-corp $ORGANIZATION_KEY
organizations delete ada-corp
organizations restore ada-corp
organizations purge ada-corp --force
users api-keys create --name one --right-user-info --secret-out user-key
users api-keys create --user-id admin --rights RIGHT_USER_INFO
users api-keys list
users api-keys get --api-key-id $USER_KEY
users api-keys set --api-key-id $USER_KEY --api-key-expiry 2999-01-31T00:00:00Z --rights USER_INFO
users api-keys delete --api-key-id $USER_KEY
clients create my-app --name App
clients create acme-app --organization-id acme-corp
clients list
clients list --user-id admin
clients list --organization-id acme-corp
clients search --state APPROVED,STATE_FLAGGED --attributes-contain \"key=a b\"
clients get my-app --name
clients set my-app --name New
clients review probe my-app
history my-app --output-format table
undo $EVENT
clients check acme-gateway-hub --organization-id acme-corp --name \"Acme Gateway Hub\" --description \"Watch over your Acme gateways from the browser\" --redirect-uris https://hub.acme.example/callback --output-format table
clients approve my-app
clients reject my-app --reason \"Not yet\"
clients suspend my-app
clients flag my-app
clients set my-app --state REQUESTED
clients review list
clients review --all --output-format table
clients review show my-app
clients review ask my-app --reason \"Say more\"
clients review request my-app --text Done
clients review reject my-app --reason No
clients review request my-app
clients review approve my-app --seen $SEEN
clients rotate-secret my-app --grace 1h --secret-out secret
clients rights my-app
clients collaborators set my-app --user-id ada --right-client-info --right-client-delete
clients collaborators set my-app --organization-id acme-corp --rights CLIENT_INFO
clients collaborators list my-app
clients collaborators get my-app --user-id ada
clients collaborators get my-app --organization-id acme-corp
clients collaborators delete my-app --user-id ada
clients collaborators delete my-app --organization-id acme-corp
clients delete my-app
clients restore my-app
clients purge my-app --force
auth-info
login
logout
explain password_grant
schema seed
openapi
completions fish
man
version
";

/// Commands that other stories run.
const ELSEWHERE: &[&str] = &[
    "serve",
    "users oauth authorizations list",
    "users oauth authorizations delete",
    "users oauth access-tokens list",
    "users oauth access-tokens delete",
    "users sessions list",
    "users sessions delete",
    "admin create-user",
    "admin reset-password",
    "admin create-temporary-password",
    "admin create-sign-in-link",
    "admin create-api-key",
    "plan",
    "apply",
    "export",
    "admin create-client",
    "admin revoke-authorizations",
    "keys list",
    "keys rotate",
    "keys import",
    "backup",
    "restore",
    "doctor",
    "healthcheck",
];

/// The ID of the key that a command wrote to a file, NNSXS.ID.KEY.
fn key_id(fixture: &Fixture, file: &str) -> String {
    let key = std::fs::read_to_string(fixture.path(file)).unwrap_or_default();
    key.split('.').nth(1).unwrap_or_default().to_owned()
}

/// The number of the newest event of `my-app`.
fn newest_event(fixture: &Fixture) -> String {
    let numbers = fixture.ok("history my-app --output-format number");
    fixture.routes();
    numbers.lines().next().unwrap_or_default().to_owned()
}

fn seen(fixture: &Fixture) -> String {
    let seen = fixture.ok("clients review show my-app --output-format seen");
    fixture.routes();
    seen.trim().to_owned()
}

fn command_of(line: &str) -> &'static str {
    match read(words(line).into_iter().map(OsString::from).collect()) {
        Ok(Invocation::Run(command, ..)) => command.name,
        other => panic!("{line}: {:?}", other.err()),
    }
}

/// Runs a line and holds the routes that it asked against the row of its command.
#[track_caller]
pub fn check_row(fixture: &Fixture, line: &str) -> String {
    fixture.routes();
    let printed = fixture.ok(line);
    let name = command_of(line);
    let row = COMMANDS.iter().find(|command| command.name == name).expect("its row");
    let asked: BTreeSet<String> = fixture.routes().into_iter().collect();
    assert_eq!(asked, row.routes.iter().map(|name| (*name).to_owned()).collect(), "{line}");
    printed
}

#[test]
fn every_command_does_what_it_says_and_asks_the_routes_of_its_row() {
    let fixture = Fixture::with("every", &["--admin-rights", "all"]);
    let mut asked: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for line in LINES.trim().lines() {
        let line =
            line.replace("$ORGANIZATION_KEY", &key_id(&fixture, "organization-key")).replace("$USER_KEY", &key_id(&fixture, "user-key"));
        let line = if line.contains("$EVENT") { line.replace("$EVENT", &newest_event(&fixture)) } else { line };
        let line = if line.contains("$SEEN") { line.replace("$SEEN", &seen(&fixture)) } else { line };
        fixture.ok(&line);
        asked.entry(command_of(&line)).or_default().extend(fixture.routes());
    }
    for command in COMMANDS {
        match asked.get(command.name) {
            Some(routes) => assert_eq!(*routes, command.routes.iter().map(|name| (*name).to_owned()).collect(), "{}", command.name),
            None => assert!(ELSEWHERE.contains(&command.name), "{} is run nowhere", command.name),
        }
    }
}

#[test]
fn every_route_of_the_api_is_reached_by_a_command_or_has_a_reason_not_to_be() {
    for route in ROUTES.iter().filter(|route| route.path.starts_with("/api/v3/")) {
        let reached = COMMANDS.iter().any(|command| command.routes.contains(&route.name));
        let excused = UNREACHED.iter().any(|(name, _)| *name == route.name);
        assert!(reached != excused, "{}: reached {reached}, excused {excused}", route.name);
    }
}

#[test]
fn every_row_is_sound() {
    let names: BTreeSet<&str> = COMMANDS.iter().map(|command| command.name).collect();
    assert_eq!(names.len(), COMMANDS.len(), "two commands have one name");
    for command in COMMANDS {
        assert!(command.doc.ends_with('.') && command.doc.starts_with(|c: char| c.is_uppercase()), "{}", command.doc);
        let flags: Vec<&str> = command.flags().iter().map(|flag| flag.key()).collect();
        let settings: Vec<&str> = command.settings().iter().map(|setting| setting.flag.trim_start_matches('-')).collect();
        for argument in command.arguments {
            assert!(flags.contains(argument) != settings.contains(argument), "{}: {argument} is no flag", command.name);
        }
        for route in command.routes {
            assert!(ROUTES.iter().any(|known| known.name == *route), "{}: there is no route {route}", command.name);
        }
        for flag in command.flags() {
            assert!(flag.doc.ends_with('.'), "{} {}: {}", command.name, flag.name, flag.doc);
            assert_eq!(flag.is_switch(), flag.value.is_empty(), "{} {}", command.name, flag.name);
        }
        if !command.routes.is_empty() {
            assert!(command.is_remote(), "{}: it has no server to ask", command.name);
        }
    }
}

#[test]
fn no_word_means_two_things_in_one_place() {
    for group in std::iter::once("").chain(GROUPS.iter().map(|group| group.name)) {
        let mut words: Vec<_> = below(group).flat_map(Entry::spellings).collect();
        words.sort_unstable();
        let twice: Vec<_> = words.windows(2).filter(|pair| pair[0] == pair[1]).collect();
        assert!(twice.is_empty(), "{group}: {twice:?}");
    }
}
