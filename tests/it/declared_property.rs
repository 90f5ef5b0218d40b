//! Whatever a registry has come to hold, its export says: applied to it, it changes nothing, and applied to an empty one it gives equal answers.

use std::collections::BTreeMap;

use keyfob::base::error::Result;
use keyfob::base::id::{ClientId, UserId};
use keyfob::base::right::Right;
use keyfob::declared::apply::{ApplyMode, apply};
use keyfob::declared::export::export;
use keyfob::declared::input::InputValue;
use keyfob::declared::read::Declaration;
use keyfob::declared::step::{Plan, Prune};
use keyfob::model::scope::GrantedScope;
use keyfob::model::settings::{AdminRights, Settings};
use keyfob::store::{Deleted, Tx};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::server::Server;

const USERS: [&str; 4] = ["admin", "alice", "bob", "carol"];
const ORGANIZATIONS: [&str; 2] = ["acme", "globex"];
const CLIENTS: [&str; 3] = ["client-1", "client-2", "client-3"];
const STATES: [&str; 5] = ["STATE_APPROVED", "STATE_SUSPENDED", "STATE_REQUESTED", "STATE_REJECTED", "STATE_FLAGGED"];

/// One request of the administrator, or an authorization by a user.
#[derive(Clone, Debug)]
enum Happening {
    Request(&'static str, String, Value),
    Authorization(usize, usize, u64),
}

fn account() -> impl Strategy<Value = Value> {
    prop_oneof![
        3 => (0..USERS.len()).prop_map(|user| json!({"user_ids": {"user_id": USERS[user]}})),
        1 => (0..ORGANIZATIONS.len()).prop_map(|organization| json!({"organization_ids": {"organization_id": ORGANIZATIONS[organization]}})),
    ]
}

/// `users/ID` or `organizations/ID`.
fn path_of(account: &Value) -> String {
    match account["user_ids"]["user_id"].as_str() {
        Some(user) => format!("users/{user}"),
        None => format!("organizations/{}", account["organization_ids"]["organization_id"].as_str().unwrap_or_default()),
    }
}

fn rights() -> impl Strategy<Value = Value> {
    let known =
        ["RIGHT_ALL", "RIGHT_CLIENT_ALL", "RIGHT_CLIENT_INFO", "RIGHT_ORGANIZATION_ALL", "RIGHT_ORGANIZATION_INFO", "RIGHT_USER_INFO"];
    prop::collection::vec(prop::sample::select(known.to_vec()), 0..3).prop_map(|rights| json!(rights))
}

/// Some fields that all entities have, and their mask.
fn fields() -> impl Strategy<Value = (Value, Value)> {
    let all = ("[a-zé ]{0,8}", "[a-z\n\"]{0,8}", prop::collection::btree_map("[a-z]{3}", "[a-z]{0,3}", 0..3), 0..8_usize);
    all.prop_map(|(name, description, attributes, which)| {
        let mut fields = json!({"name": name, "description": description, "attributes": attributes});
        let names = ["name", "description", "attributes"];
        let mask: Vec<&str> = names.into_iter().enumerate().filter(|(n, _)| which & (1 << n) != 0).map(|(_, name)| name).collect();
        fields.as_object_mut().expect("an object").retain(|name, _| mask.contains(&name.as_str()));
        (fields, json!({"paths": mask}))
    })
}

fn with(mut fields: Value, more: Value) -> Value {
    fields.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
    fields
}

fn of_user() -> impl Strategy<Value = Happening> {
    (0..USERS.len(), fields(), 0..STATES.len(), any::<bool>(), 0..7_u8).prop_map(|(user, (fields, mask), state, admin, what)| {
        let id = USERS[user];
        let path = format!("/api/v3/users/{id}");
        let put = |user: Value, mask: Value| {
            Happening::Request("PUT", path.clone(), json!({"user": with(user, json!({"ids": {"user_id": id}})), "field_mask": mask}))
        };
        match what {
            0..=2 => {
                let address = format!("{id}@example.com");
                let own = json!({"ids": {"user_id": id}, "primary_email_address": address, "password": "Correct-horse-9", "admin": admin});
                Happening::Request("POST", "/api/v3/users".to_owned(), json!({"user": with(fields, own)}))
            }
            3 => put(fields, mask),
            4 => put(json!({"state": STATES[state], "state_description": "so"}), json!({"paths": ["state", "state_description"]})),
            5 => Happening::Request("DELETE", path, Value::Null),
            _ => Happening::Request("DELETE", format!("{path}/purge"), Value::Null),
        }
    })
}

fn of_organization() -> impl Strategy<Value = Happening> {
    let all = (0..ORGANIZATIONS.len(), 0..USERS.len(), fields(), account(), rights(), 0..9_u8);
    all.prop_map(|(organization, user, (fields, mask), account, rights, what)| {
        let id = ORGANIZATIONS[organization];
        let path = format!("/api/v3/organizations/{id}");
        let ids = json!({"ids": {"organization_id": id}});
        match what {
            0..=2 => {
                let body = json!({"organization": with(fields, ids)});
                Happening::Request("POST", format!("/api/v3/users/{}/organizations", USERS[user]), body)
            }
            3 => Happening::Request("PUT", path, json!({"organization": with(fields, ids), "field_mask": mask})),
            4..=6 => {
                let body = json!({"collaborator": {"ids": account, "rights": rights}});
                Happening::Request("PUT", format!("{path}/collaborators"), body)
            }
            7 => {
                let body = with(json!({"technical_contact": account, "fanout_notifications": true}), ids);
                let mask = json!({"paths": ["technical_contact", "fanout_notifications"]});
                Happening::Request("PUT", path, json!({"organization": body, "field_mask": mask}))
            }
            _ => Happening::Request("DELETE", path, Value::Null),
        }
    })
}

fn of_client() -> impl Strategy<Value = Happening> {
    let all = (0..CLIENTS.len(), account(), fields(), rights(), 0..STATES.len(), 0..13_u8);
    all.prop_map(|(client, account, (fields, mask), rights, state, what)| {
        let id = CLIENTS[client];
        let path = format!("/api/v3/clients/{id}");
        let put = |client: Value, mask: Value| {
            Happening::Request("PUT", path.clone(), json!({"client": with(client, json!({"ids": {"client_id": id}})), "field_mask": mask}))
        };
        let some = |paths: &[&str]| json!({ "paths": paths });
        match what {
            0..=3 => {
                let own = json!({
                    "ids": {"client_id": id}, "rights": rights, "grants": ["GRANT_PASSWORD", "GRANT_AUTHORIZATION_CODE"],
                    "redirect_uris": ["https://a.example", "b"],
                });
                Happening::Request("POST", format!("/api/v3/{}/clients", path_of(&account)), json!({"client": with(fields, own)}))
            }
            4 => put(fields, mask),
            5 => put(json!({"state": STATES[state], "state_description": "so"}), some(&["state", "state_description"])),
            6..=7 => {
                let body = json!({"collaborator": {"ids": account, "rights": rights}});
                Happening::Request("PUT", format!("{path}/collaborators"), body)
            }
            8 => put(json!({"technical_contact": account}), some(&["technical_contact"])),
            9 => put(json!({"secret": "a secret that was chosen"}), some(&["secret"])),
            10 => put(json!({}), some(&["secret"])),
            11 => {
                let fields = json!({"skip_authorization": true, "endorsed": true, "rights": rights, "grants": []});
                put(fields, some(&["skip_authorization", "endorsed", "rights", "grants"]))
            }
            _ => Happening::Request("DELETE", path.clone(), Value::Null),
        }
    })
}

fn happening() -> impl Strategy<Value = Happening> {
    let key = (account(), "[a-z]{0,4}", rights(), any::<bool>()).prop_map(|(account, name, rights, ends)| {
        let end = if ends { json!("2030-01-02T03:04:05Z") } else { Value::Null };
        let body = json!({"name": name, "rights": rights, "expires_at": end});
        Happening::Request("POST", format!("/api/v3/{}/api-keys", path_of(&account)), body)
    });
    let authorization = (0..USERS.len(), 0..CLIENTS.len(), any::<u64>());
    prop_oneof![
        3 => of_user(),
        3 => of_organization(),
        5 => of_client(),
        1 => key,
        1 => authorization.prop_map(|(user, client, rights)| Happening::Authorization(user, client, rights)),
    ]
}

fn happens(server: &Server, happening: &Happening) {
    match happening {
        // Much is refused, which changes nothing.
        Happening::Request(method, path, body) => {
            let body = if body.is_null() { String::new() } else { body.to_string() };
            assert!(server.send("admin", method, path, &body).status < 500, "{happening:?}");
        }
        Happening::Authorization(user, client, bits) => {
            let (user, client) = (USERS[*user].parse().expect("an ID"), CLIENTS[*client].parse().expect("an ID"));
            let some = [Right::UserInfo, Right::ClientInfo, Right::All].into_iter().enumerate().filter(|(n, _)| bits & (1 << n) != 0);
            let granted = GrantedScope { rights: some.map(|(_, right)| right).collect(), ..GrantedScope::default() };
            let authorized = server.app.store().write(|tx| {
                if are_there(tx, &user, &client)? {
                    tx.set_authorization(&user, &client, &granted, &GrantedScope::default())
                } else {
                    Ok(())
                }
            });
            authorized.expect("it is stored");
        }
    }
}

fn are_there(tx: &Tx<'_>, user: &UserId, client: &ClientId) -> Result<bool> {
    Ok(tx.passwords(user)?.is_some() && tx.client_exists(client, Deleted::No)?)
}

fn settings() -> Settings {
    Settings { admin_rights: AdminRights::All, password_rounds: 1000, ..Settings::default() }
}

fn planned(server: &Server, declaration: &Declaration, mode: ApplyMode<'_>) -> Plan {
    apply(server.app.store(), &settings(), declaration, Prune::No, mode).expect("it can be applied")
}

/// Makes an administrator whom no happening touches; `admin` may have been suspended.
fn has_reader(server: &mut Server) {
    let reader = json!({"name": "readers", "users": [{"user_id": "reader", "admin": true, "password": "Correct-horse-9"}]});
    let declaration = Declaration::read(&InputValue::root(&reader)).expect("a declaration");
    planned(server, &declaration, ApplyMode::Do { seen: None });
    server.gives_key("reader", "reader", &["RIGHT_ALL"]);
}

/// What every read answers, by its address, without the times that a declaration does not carry.
fn reads(server: &Server) -> BTreeMap<String, Value> {
    let mut answers = BTreeMap::new();
    let mut read = |target: String| {
        let answer = server.check("reader", "GET", &target, "", "200").json();
        answers.insert(target, answer.clone());
        answer
    };
    let common = "limit=1000&field_mask=name,description,attributes";
    let contacts = "administrative_contact,technical_contact";
    let state = "state,state_description";
    let users = read(format!(
        "/api/v3/users?{common},{state},primary_email_address,primary_email_address_validated_at,require_password_update,admin"
    ));
    let organizations = read(format!("/api/v3/search/organizations?{common},{contacts},fanout_notifications"));
    let clients = read(format!(
        "/api/v3/search/clients?{common},{contacts},{state},redirect_uris,logout_redirect_uris,skip_authorization,endorsed,grants,rights"
    ));
    let ids = |list: &Value, name: &str, key: &str| -> Vec<String> {
        list[name].as_array().into_iter().flatten().filter_map(|item| item["ids"][key].as_str().map(str::to_owned)).collect()
    };
    // The reader's own key has another ID in each registry.
    for user in ids(&users, "users", "user_id").iter().filter(|id| *id != "reader") {
        ["api-keys", "authorizations", "clients", "organizations"]
            .iter()
            .for_each(|part| drop(read(format!("/api/v3/users/{user}/{part}"))));
    }
    for organization in ids(&organizations, "organizations", "organization_id") {
        let parts = ["api-keys", "collaborators", "clients"];
        parts.iter().for_each(|part| drop(read(format!("/api/v3/organizations/{organization}/{part}"))));
    }
    for client in ids(&clients, "clients", "client_id") {
        read(format!("/api/v3/clients/{client}/collaborators"));
    }
    let live = ids(&clients, "clients", "client_id");
    for answer in answers.values_mut() {
        // Authorizations of deleted clients are left out, as the clients are.
        if let Some(authorizations) = answer.get_mut("authorizations").and_then(Value::as_array_mut) {
            authorizations.retain(|one| live.iter().any(|id| one["client_ids"]["client_id"] == id.as_str()));
        }
        take_times_out(answer);
    }
    answers.values_mut().filter(|answer| answer["authorizations"] == json!([])).for_each(|answer| *answer = json!({}));
    answers
}

fn take_times_out(value: &mut Value) {
    match value {
        Value::Object(members) => {
            members.retain(|name, _| !matches!(name.as_str(), "created_at" | "updated_at" | "password_updated_at"));
            members.values_mut().for_each(take_times_out);
        }
        Value::Array(items) => {
            items.iter_mut().for_each(take_times_out);
            // The order of authorizations is that of their times.
            items.sort_by_key(Value::to_string);
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn check(happenings: &[Happening]) {
    let mut server = Server::with(settings());
    for user in &USERS[1..3] {
        server.has_user(user);
    }
    happenings.iter().for_each(|happening| happens(&server, happening));
    let exported = server.app.store().read(export).expect("it is exported");
    let declaration = Declaration::read(&InputValue::root(&exported.declaration)).expect("what is exported can be read");
    let again = planned(&server, &declaration, ApplyMode::Try);
    assert!(!again.has_changes(), "{}", again.to_json());

    let mut other = Server::with(settings());
    planned(&other, &declaration, ApplyMode::Do { seen: None });
    let again = planned(&other, &declaration, ApplyMode::Try);
    assert!(!again.has_changes(), "{}", again.to_json());
    let is_whole = exported.notes.iter().all(|note| note.ends_with("that are deleted"));
    // Otherwise what differs was said.
    if is_whole {
        [&mut server, &mut other].into_iter().for_each(has_reader);
        if server.send("reader", "GET", "/api/v3/users/admin", "").status == 404 {
            // The other one has still the administrator that every registry begins with.
            other.check("reader", "DELETE", "/api/v3/users/admin", "", "200");
        }
        let (one, other) = (reads(&server), reads(&other));
        for (target, answer) in &one {
            assert_eq!(Some(answer), other.get(target), "{target}");
        }
        assert_eq!(one.len(), other.len());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn an_export_changes_nothing_where_it_was_made_and_answers_alike_elsewhere(happenings in prop::collection::vec(happening(), 0..60)) {
        check(&happenings);
    }
}
