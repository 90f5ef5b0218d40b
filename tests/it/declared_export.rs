//! What is exported, and the schema of that format.

use std::os::unix::fs::PermissionsExt;

use serde_json::{Value, json};

use crate::binary::{keyfob, run};
use crate::cli::done;
use crate::declared::{Story, app, only, step, whole};
use crate::json_schema::allowed;
use crate::process::Process;
use crate::readme::blocks;

#[test]
fn an_export_applied_to_an_empty_data_file_gives_the_same_export() {
    let (one, other) = (Story::new("export"), Story::new("import"));
    one.apply(&whole());
    one.expect("export --output exported.json", 0);
    assert_eq!(std::fs::metadata(one.folder.file("exported.json")).expect("it is there").permissions().mode() & 0o777, 0o600);
    one.expect("plan exported.json", 0);
    other.write("exported.json", &one.read("exported.json"));
    other.expect("apply exported.json --yes", 0);
    let without_times = |mut exported: Value| {
        exported["users"]
            .as_array_mut()
            .into_iter()
            .flatten()
            .for_each(|user| drop(user.as_object_mut().map(|user| user.remove("password"))));
        exported
    };
    other.expect("plan exported.json", 0);
    let names =
        |exported: &Value| exported["users"].as_array().map(|users| users.iter().map(|user| user["user_id"].clone()).collect::<Vec<_>>());
    let (one, other) = (without_times(one.exported()), without_times(other.exported()));
    assert_eq!(
        (names(&one), &one["clients"], &one["organizations"], &one["authorizations"]),
        (names(&other), &other["clients"], &other["organizations"], &other["authorizations"])
    );
}

#[test]
fn the_schema_of_declarations_describes_every_member() {
    fn described(schema: &Value, at: &str) {
        for (name, member) in schema["properties"].as_object().into_iter().flatten() {
            assert!(member["description"].as_str().is_some_and(|doc| doc.ends_with('.')), "{at}/{name} is not described");
            described(member, &format!("{at}/{name}"));
            described(&member["items"], &format!("{at}/{name}/items"));
        }
    }
    let output = run(&std::env::temp_dir(), &["schema"], &[]);
    let schema: Value = serde_json::from_slice(&output.stdout).expect("the schema is JSON");
    assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
    let members: Vec<&String> = schema["properties"].as_object().expect("members").keys().collect();
    assert_eq!(members, ["$schema", "name", "users", "organizations", "clients", "authorizations"]);
    described(&schema, "");
    assert!(done(keyfob(&std::env::temp_dir(), &["schema", "seed"], &[]), "").out.contains("\"tokens\""));
}

#[test]
fn a_validator_allows_and_refuses_by_the_schema_what_is_read_and_refused() {
    let story = Story::new("schema");
    let output = run(&std::env::temp_dir(), &["schema"], &[]);
    let schema: Value = serde_json::from_slice(&output.stdout).expect("the schema is JSON");
    story.apply(&whole());
    let mut good = vec![whole(), json!({}), story.exported()];
    let document = include_str!("../../doc/declared.md");
    let examples = blocks(document).into_iter().filter(|block| block.language == "json");
    good.extend(examples.map(|block| serde_json::from_str::<Value>(block.text).expect("an example is JSON")));
    assert!(good.len() > 3, "no example was found");
    let client = |name: &str, value: Value| {
        let mut client = app();
        client[name] = value;
        only(&client)
    };
    let bad = [
        json!([]),
        json!({"user": []}),
        json!({"name": ""}),
        json!({"name": "prod", "clock": {}}),
        json!({"clients": [{"client_id": "web-app"}]}),
        json!({"users": [{"user_id": "ada", "temporary_password": null}]}),
        json!({"organizations": [{"organization_id": "acme", "members": [{"user_id": "ada"}]}]}),
        client("client_id", json!("Web")),
        client("rights", json!(["RIGHT_USER_INFOS"])),
        client("secret", json!({"file": "a", "env": "b"})),
        client("secret", json!({"generate": "once"})),
        client("secret", json!({"write_to": "a"})),
        client("secret", json!({"hash": "secret"})),
        client("older_secrets", json!([{"hash": "PBKDF2$sha256$1$salt$sT1ml-mc1tF0XaCX7gPkvlATQedv6RYaeI3j1M0L4hk"}])),
        client("redirect_uris", json!("https://app.example/callback")),
        client("created_at", json!("2030-01-02T03:04:05Z")),
    ];
    for declaration in &bad {
        story.write("declaration.json", &declaration.to_string());
        story.expect("plan declaration.json", 1);
    }
    let all: Vec<&Value> = good.iter().chain(&bad).collect();
    let Some(allowed) = allowed("the schema of declarations in a validator", &schema, &all) else { return };
    let expected: Vec<bool> = good.iter().map(|_| true).chain(bad.iter().map(|_| false)).collect();
    assert_eq!(allowed, expected, "{all:#?}");
}

#[test]
fn what_works_for_a_while_is_exported_with_its_end() {
    let (one, other) = (Story::new("graces"), Story::new("graces-elsewhere"));
    let mut server = Process::start(&one.folder.0, "", &["--data", "keyfob.db"]);
    server.send("POST", "/api/v3/users/admin/clients", r#"{"client":{"ids":{"client_id":"web-app"},"secret":"the first secret of all"}}"#);
    for grace in ["3600s", "7200s"] {
        assert_eq!(server.send("POST", "/api/v3/clients/web-app/secret", &json!({"grace": grace}).to_string()).status, 200);
    }
    server.stop();
    one.expect("admin create-user ada --email ada@example.com", 0);
    let temporary = one.expect("admin create-temporary-password ada", 0).out;
    let temporary: Value = serde_json::from_str(&temporary).expect("JSON");
    let exported = one.expect("export --output exported.json", 0);
    assert!(!exported.err.contains("left out"), "{}", exported.err);
    one.expect("plan exported.json", 0);
    other.write("exported.json", &one.read("exported.json"));
    let plan = other.expect("plan exported.json --output-format json", 2).out;
    let plan: Value = serde_json::from_str(&plan).expect("JSON");
    let created = |id: &str, field: &str| {
        let changes = step(&plan, id)["changes"].as_array().cloned().unwrap_or_default();
        changes.iter().find(|change| change["field"] == field).map(|change| change["new"].clone())
    };
    assert_eq!((created("web-app", "older_secrets"), created("ada", "temporary_password")), (Some(json!(2)), Some(json!("***"))));
    other.expect("apply exported.json --yes", 0);
    assert_eq!(one.client("web-app"), other.client("web-app"));
    let mut server = Process::start(&other.folder.0, "", &["--data", "keyfob.db"]);
    let form = "grant_type=client_credentials&client_id=web-app&client_secret=the+first+secret+of+all";
    let refused = server.send("POST", "/oauth/token", form).body;
    assert!(!refused.contains("invalid_client"), "the oldest secret is known: {refused}");
    let form = json!({"user_id": "ada", "password": temporary["temporary_password"]}).to_string();
    let signed_in = server.send("POST", "/oauth/api/auth/login", &form);
    assert!(!signed_in.body.contains("no_user_password_match"), "the temporary password is known: {}", signed_in.body);
    server.stop();
}

#[test]
fn apps_go_on_knowing_the_users_of_a_server_that_moves() {
    let (one, other) = (Story::new("subjects"), Story::new("subjects-moved"));
    one.apply(&whole());
    let subjects = |story: &Story| {
        let exported = story.exported();
        let users = exported["users"].as_array().expect("users");
        users.iter().map(|user| (user["user_id"].clone(), user["subject"].clone())).collect::<Vec<_>>()
    };
    // Some users of the other server are there already, as its administrator is.
    other.apply(&whole());
    assert_ne!(subjects(&one), subjects(&other));
    other.write("exported.json", &one.exported().to_string());
    other.expect("apply exported.json --yes", 0);
    assert_eq!(subjects(&one), subjects(&other));
    other.expect("plan exported.json", 0);
    let user = |id: &str, subject: &Value| json!({"users": [{"user_id": id, "subject": subject}]});
    let taken = subjects(&one)[0].1.clone();
    for (wrong, why) in [
        (json!("two words"), "subject"),
        (json!("ü"), "subject"),
        (json!(""), "subject"),
        (json!(1), "subject"),
        (taken, "another user has it"),
    ] {
        other.write("wrong.json", &user("newcomer", &wrong).to_string());
        let refused = other.expect("apply wrong.json --yes", 1);
        assert!(refused.err.contains(why), "{wrong}: {}", refused.err);
    }
    assert_eq!(subjects(&one), subjects(&other));
}
