//! The Console: every page and every form, for everyone who may come with a browser.

use keyfob::http::request::Method;
use keyfob::routes::{Guard, ROUTES, Route};

use super::callers::{Everybody, Names, Presented};
use super::model::{Answer, Rule, Set, Somebody, Thing, Who, client, no, organization, user};
use super::world::{self, WORLD, open};
use crate::browser::{Browser, PASSWORD};
use crate::console::signed_in_admin;
use crate::console_sweep;
use crate::server::{self, Server};

/// What a page or a form asks of who is signed in.
#[derive(Clone, Copy, Debug)]
enum Needs {
    /// Nothing more.
    Nothing,
    /// A right on the own account.
    Own(&'static str),
    Of(Rule),
    /// The same, and the form comes back to who lacks it.
    OwnInForm(&'static str),
    /// To be one of those who have such a thing: for others there is nothing of this name.
    ToBe(&'static [&'static str], &'static str),
    /// A token that alice gave a client; mallory has authorized it too.
    AlicesToken,
    /// To be a collaborator of the client that waits for approval: not even administrators try what is not theirs.
    Tries,
}

const fn holds(thing: Thing, right: &'static str) -> Needs {
    Needs::Of(Rule::Holds(thing, right))
}

const fn admin(error: &'static str) -> Needs {
    Needs::Of(Rule::Admin(error))
}

/// Where people are led who are not signed in.
const SIGN_IN: &str = "/oauth/login";

const MINE: Thing = client("my-app");
const WAITING: Thing = client("waiting-app");
const TEAM: Thing = organization("acme-corp");

/// What a row of the Console asks, said here by its name and method.
fn needs(route: &Route) -> Needs {
    let changes = route.method != Method::Get;
    match route.name {
        "console.dashboard" | "console.client.list" | "console.search" => Needs::Nothing,
        // The form offers one's organizations.
        "console.client.add" if !changes => Needs::Own("RIGHT_USER_ORGANIZATIONS_LIST"),
        "console.client.add" => Needs::Own("RIGHT_USER_CLIENTS_CREATE"),
        "console.client.check_id" | "console.organization.check_id" => Needs::Nothing,
        "console.account.search" => Needs::Of(Rule::Approved),
        "console.client.overview" | "console.client.activity" => holds(MINE, "RIGHT_CLIENT_INFO"),
        "console.client.review" if changes => holds(WAITING, "RIGHT_CLIENT_SETTINGS_BASIC"),
        "console.client.review" => holds(WAITING, "RIGHT_CLIENT_INFO"),
        "console.client.trial" if changes => Needs::Tries,
        "console.client.trial" | "console.client.trial.end" => holds(WAITING, "RIGHT_CLIENT_INFO"),
        "console.client.settings" if !changes => holds(MINE, "RIGHT_CLIENT_INFO"),
        name if name.starts_with("console.client.settings") || name.starts_with("console.client.secrets") => {
            holds(MINE, "RIGHT_CLIENT_SETTINGS_BASIC")
        }
        "console.client.authorizations.revoke" => holds(MINE, "RIGHT_CLIENT_SETTINGS_BASIC"),
        "console.client.probe" | "console.client.environment" => holds(MINE, "RIGHT_CLIENT_SETTINGS_BASIC"),
        "console.client.snippet" | "console.client.flow" => holds(MINE, "RIGHT_CLIENT_INFO"),
        name if name.starts_with("console.client.collaborator") => holds(MINE, "RIGHT_CLIENT_SETTINGS_COLLABORATORS"),
        "console.client.danger" | "console.client.delete" => holds(MINE, "RIGHT_CLIENT_DELETE"),
        "console.client.restore" => Needs::Of(Rule::HoldsDeleted(client("old-app"), "RIGHT_CLIENT_DELETE")),
        "console.client.purge" => admin("admins_purge_clients"),
        "console.user.purge" => admin("admins_purge_users"),
        "console.review" => admin("permission_denied"),
        name if name == "console.user" || name.starts_with("console.user.") => admin("permission_denied"),
        "console.organization.add" if changes => Needs::OwnInForm("RIGHT_USER_ORGANIZATIONS_CREATE"),
        "console.organization.list" | "console.organization.add" => Needs::Nothing,
        "console.organization" if changes => holds(TEAM, "RIGHT_ORGANIZATION_SETTINGS_BASIC"),
        "console.organization" => holds(TEAM, "RIGHT_ORGANIZATION_INFO"),
        "console.organization.clients" => holds(TEAM, "RIGHT_ORGANIZATION_CLIENTS_LIST"),
        name if name.starts_with("console.organization.member") => holds(TEAM, "RIGHT_ORGANIZATION_SETTINGS_MEMBERS"),
        name if name.starts_with("console.organization.api_key") => holds(TEAM, "RIGHT_ORGANIZATION_SETTINGS_API_KEYS"),
        "console.organization.delete" => holds(TEAM, "RIGHT_ORGANIZATION_DELETE"),
        "console.organization.restore" => Needs::Of(Rule::HoldsDeleted(organization("old-corp"), "RIGHT_ORGANIZATION_DELETE")),
        "console.organization.purge" => admin("admins_purge_organizations"),
        "console.api_key.list" | "console.api_key.add" => Needs::Nothing,
        "console.api_key" | "console.api_key.delete" => Needs::ToBe(&["alice"], "api_key_not_found"),
        "console.authorization.list" | "console.session.list" | "console.password" | "console.password.withdraw" | "console.activity" => {
            Needs::Nothing
        }
        "console.authorization" | "console.authorization.revoke" | "console.token.end_all" => {
            Needs::ToBe(&["alice", "mallory"], "authorization_not_found")
        }
        "console.token.end" => Needs::AlicesToken,
        "console.session.end" => Needs::ToBe(&["alice"], "user_session_not_found"),
        "console.theme" => Needs::Nothing,
        "console.profile" if changes => Needs::OwnInForm("RIGHT_USER_SETTINGS_BASIC"),
        "console.profile" => Needs::Nothing,
        "console.activity.undo" => Needs::Of(Rule::Undoes(MINE, "RIGHT_CLIENT_INFO", "RIGHT_CLIENT_SETTINGS_BASIC")),
        name => panic!("nothing here says what {name} asks"),
    }
}

/// Somebody with a browser.
struct Person {
    id: &'static str,
    browser: Browser,
    who: Who,
}

fn people(server: &Server) -> Vec<Person> {
    let somebody = |id: &'static str| {
        let rights: Set = ["RIGHT_ALL"].into();
        Who::Somebody(Somebody { account: user(id), rights, of_admin: id == "admin", pending: id == "penny", client: None })
    };
    let mut people: Vec<Person> = ["alice", "bob", "carl", "dora", "erin", "mallory", "penny", "flo", "susan", "ray"]
        .into_iter()
        .map(|id| {
            let who = match id {
                "susan" => Who::Refused(403, "user_suspended"),
                "ray" => Who::Refused(403, "user_rejected"),
                _ => somebody(id),
            };
            Person { id, browser: server.signed_in(id), who }
        })
        .collect();
    people.push(Person { id: "admin", browser: signed_in_admin(server), who: somebody("admin") });
    people.push(Person { id: "nobody", browser: Browser::default(), who: Who::Nobody });
    people
}

fn wanted(person: &Person, route: &Route) -> Answer {
    let by = match &person.who {
        Who::Somebody(by) => by,
        Who::Refused(status, error) if route.method == Method::Get => return no(*status, *error),
        // Without a page of ours nobody can post.
        Who::Refused(..) => return no(403, "invalid_csrf_token"),
        _ if route.method == Method::Get => return no(302, SIGN_IN),
        _ => return no(403, "invalid_csrf_token"),
    };
    match needs(route) {
        Needs::Nothing => Answer::LetIn,
        Needs::Own(right) => WORLD.answer(&person.who, Rule::Holds(by.account, right)),
        Needs::Of(rule) => WORLD.answer(&person.who, rule),
        Needs::OwnInForm(right) => match WORLD.answer(&person.who, Rule::Holds(by.account, right)) {
            Answer::LetIn => Answer::LetIn,
            Answer::No(..) => no(400, ""),
        },
        Needs::Tries if person.id == "admin" => no(403, "only_collaborators_try"),
        Needs::Tries => WORLD.answer(&person.who, Rule::Holds(WAITING, "RIGHT_CLIENT_INFO")),
        Needs::AlicesToken if person.id == "alice" => Answer::LetIn,
        Needs::AlicesToken if person.id == "mallory" => no(400, "access_token_mismatch"),
        Needs::AlicesToken => no(404, "authorization_not_found"),
        Needs::ToBe(ids, _) if ids.contains(&person.id) => Answer::LetIn,
        Needs::ToBe(_, error) => no(404, error),
    }
}

/// The page, a form that was taken, and a form that came back with what is wrong in it: all are for those who are let in.
fn said(answer: &server::Answer) -> Answer {
    let place = answer.header("Location").and_then(|place| place.split('?').next()).unwrap_or_default();
    match answer.status {
        302 | 303 if place == SIGN_IN => no(302, place),
        200 | 303 => Answer::LetIn,
        status => no(status, answer.error()),
    }
}

fn target(route: &Route, names: &Names) -> String {
    let is_restored = route.name.ends_with(".restore");
    let client = match route.name {
        "console.client.restore" => "old-app",
        "console.client.trial" | "console.client.trial.end" | "console.client.review" => WAITING.id,
        _ => MINE.id,
    };
    let of_organization = route.path.contains("{organization_id}");
    route
        .path
        .replace("{client_id}", client)
        .replace("{organization_id}", if is_restored { "old-corp" } else { "acme-corp" })
        .replace(
            "{user_id}",
            if is_restored {
                "gina"
            } else if route.name == "console.user.session.end" {
                "alice"
            } else {
                "mallory"
            },
        )
        .replace("{kind}", "user")
        .replace("{account_id}", "bob")
        .replace("{secret_number}", &names.old_secret)
        .replace("{key_id}", if of_organization { &names.organization_key_id } else { &names.key_id })
        .replace("{token_id}", &names.token_id)
        .replace("{session_id}", &names.session_id)
        .replace("{event_number}", &names.event_number)
        .replace("{snippet}", "curl")
}

/// What a form sends, so that only who sends it decides what comes of it.
fn fields<'a>(route: &Route, person: &Person, owner: &'a str, email: &'a str) -> Vec<(&'static str, &'a str)> {
    let mut fields: Vec<(&str, &str)> = console_sweep::fields(route).to_vec();
    for (name, value) in &mut fields {
        match *name {
            "account" => *value = "zoe",
            "owner" => *value = owner,
            "primary_email_address" if route.name == "console.profile" => *value = email,
            "old" if person.id == "admin" => *value = "Correct-horse-battery-staple-9",
            "old" => *value = PASSWORD,
            _ => {}
        }
    }
    match route.name {
        // Bob keeps what he has and gets what everybody has who may change it: nobody gives or takes what they don't have.
        "console.client.collaborator" => {
            fields.extend([("rights", "RIGHT_CLIENT_SETTINGS_BASIC"), ("rights", "RIGHT_CLIENT_SETTINGS_COLLABORATORS")]);
        }
        "console.client.collaborator.remove" => fields.push(("confirm", "my-app")),
        "console.organization.member.remove" => fields.push(("confirm", "acme-corp")),
        "console.client.settings" => fields.extend([
            ("redirect_uris", "https://app.example/cb"),
            ("grants", "GRANT_AUTHORIZATION_CODE"),
            ("state", "STATE_APPROVED"),
        ]),
        _ => {}
    }
    fields
}

#[test]
fn every_page_and_form_of_the_console_answers_everyone_as_the_rules_say() {
    let Everybody { folder, names, callers } = Everybody::gathered("console");
    let shared = open(&folder.world());
    world::approve_all(&shared);
    let people = people(&shared);
    world::set_states(&shared);
    drop(shared);
    let shared = open(&folder.copied("shared.db"));
    let before = shared.app.store().read(|tx| tx.newest_event()).expect("a number");
    let (mut wrong, mut cells) = (Vec::new(), 0);
    for route in ROUTES.iter().filter(|route| matches!(route.guard, Guard::Console(_))) {
        let target = target(route, &names);
        for person in &people {
            cells += 1;
            let wanted = wanted(person, route);
            let (owner, email) = (format!("user:{}", person.id), format!("{}@example.org", person.id));
            let send = |server: &Server| {
                let mut browser = person.browser.clone();
                match (route.method, &person.who) {
                    (Method::Get, _) => browser.get(server, &target),
                    (_, Who::Somebody(_)) => browser.sends_form(server, &target, &fields(route, person, &owner, &email)),
                    _ => browser.post(server, &target, &fields(route, person, &owner, &email)),
                }
            };
            let changes = route.method != Method::Get && wanted == Answer::LetIn;
            let answer = if changes { folder.on_a_copy(send) } else { send(&shared) };
            if said(&answer) != wanted {
                let (method, said) = (route.method.name(), said(&answer));
                wrong.push(format!("{} asks for {method} {target}: {said:?} instead of {wanted:?}", person.id));
            }
        }
        // Keys and tokens open nothing here, whatever they open in the API, and with a form's token too.
        let form = [("Content-Type", "application/x-www-form-urlencoded"), ("X-CSRF-Token", "x")];
        for caller in callers.iter().filter(|caller| matches!(caller.presented, Presented::Authorization(_))) {
            cells += 1;
            let said = said(&caller.send_with(&shared, &form, route.method.name(), &target, ""));
            if said != no(302, SIGN_IN) {
                wrong.push(format!("{} asks for {} {target}: {said:?}", caller.name, route.method.name()));
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {cells} cells are wrong:\n{}", wrong.len(), wrong.join("\n"));
    assert!(cells > 5500, "only {cells} cells");
    let after = shared.app.store().read(|tx| tx.newest_event()).expect("a number");
    assert_eq!(before, after, "a refused request changed something");
}
