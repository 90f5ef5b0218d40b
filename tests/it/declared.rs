//! What a file declares: planned, applied, exported.

use std::os::unix::fs::PermissionsExt;

use serde_json::{Value, json};

use crate::binary::{keyfob, run};
use crate::cli::{Done, Fixture, done};
use crate::cli_files::{admin, data};
use crate::folder::Folder;
use crate::process::Process;

/// A data file, and a declaration beside it.
pub struct Story {
    pub folder: Folder,
}

impl Story {
    pub fn new(name: &str) -> Story {
        Story { folder: data(&format!("declared-{name}")) }
    }

    pub fn write(&self, name: &str, text: &str) {
        std::fs::write(self.folder.file(name), text).expect("a file is written");
        std::fs::set_permissions(self.folder.file(name), PermissionsExt::from_mode(0o600)).expect("its mode is set");
    }

    pub fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.folder.file(name)).expect("a file is read")
    }

    pub fn run(&self, line: &str) -> Done {
        admin(&self.folder, line)
    }

    #[track_caller]
    pub fn expect(&self, line: &str, code: i32) -> Done {
        let done = self.run(line);
        assert_eq!(done.code, Some(code), "{line}\n{}\n{}", done.out, done.err);
        done
    }

    /// The plan of a declaration; it has changes.
    #[track_caller]
    pub fn plan(&self, declaration: &Value) -> Value {
        self.write("declaration.json", &declaration.to_string());
        serde_json::from_str(&self.expect("plan declaration.json --output-format json", 2).out).expect("a plan")
    }

    #[track_caller]
    pub fn apply(&self, declaration: &Value) -> Done {
        self.write("declaration.json", &declaration.to_string());
        let done = self.expect("apply declaration.json --yes", 0);
        self.expect("plan declaration.json", 0);
        done
    }

    pub fn exported(&self) -> Value {
        serde_json::from_str(&self.expect("export", 0).out).expect("what was exported")
    }

    /// What was exported of a client.
    pub fn client(&self, id: &str) -> Value {
        let exported = self.exported();
        exported["clients"].as_array().expect("clients").iter().find(|client| client["client_id"] == id).cloned().unwrap_or_default()
    }
}

pub fn whole() -> Value {
    json!({
        "name": "prod",
        "users": [
            {"user_id": "ada", "name": "Ada", "email": "ada@example.com", "password": "Correct-horse-9"},
            {"user_id": "gone", "state": "STATE_SUSPENDED", "state_description": "left"},
        ],
        "organizations": [{"organization_id": "acme", "name": "ACME", "members": [{"user_id": "ada", "rights": ["RIGHT_ALL"]}]}],
        "clients": [
            {
                "client_id": "web-app", "owner": "acme", "name": "Web", "secret": {"generate": "once", "write_to": "web.secret"},
                "redirect_uris": ["https://app.example/callback"], "grants": ["GRANT_AUTHORIZATION_CODE"], "rights": ["RIGHT_USER_INFO"],
                "collaborators": [{"account": "ada", "rights": ["RIGHT_CLIENT_ALL"]}],
                "technical_contact": {"user_ids": {"user_id": "ada"}},
            },
            {"client_id": "phone-app", "owner": "ada", "secret": null},
        ],
        "authorizations": [{"user_id": "ada", "client_id": "web-app"}],
    })
}

pub fn only(client: &Value) -> Value {
    json!({"name": "prod", "clients": [client]})
}

pub fn app() -> Value {
    json!({"client_id": "web-app", "owner": "admin", "name": "Web", "secret": null})
}

/// The step about an entity.
pub fn step<'p>(plan: &'p Value, id: &str) -> &'p Value {
    plan["steps"].as_array().expect("steps").iter().find(|step| step["id"] == id).expect("a step")
}

#[test]
fn what_is_declared_is_planned_and_applied_and_twice_is_once() {
    let story = Story::new("twice");
    let plan = story.plan(&whole());
    assert_eq!(plan["summary"], json!({"create": 6, "restore": 0, "change": 0, "leave": 0, "remove": 0}));
    assert_eq!(step(&plan, "web-app")["changes"][0], json!({"field": "name", "old": null, "new": "Web"}));
    assert!(!story.folder.file("web.secret").exists(), "a plan writes nothing");
    assert!(story.exported()["clients"].as_array().is_some_and(Vec::is_empty), "a plan changes nothing");
    let text = story.expect("plan declaration.json", 2).out;
    assert!(text.contains("+ client web-app\n    name: \"Web\"\n") && text.ends_with("6 to create, 0 unchanged.\n"), "{text}");

    assert!(story.apply(&whole()).err.contains("wrote a secret to web.secret"));
    let secret = story.read("web.secret");
    assert_eq!(secret.len(), 53);
    assert_eq!(std::fs::metadata(story.folder.file("web.secret")).expect("it is there").permissions().mode() & 0o777, 0o600);
    let before = story.exported();
    let again = story.expect("apply declaration.json --yes", 0);
    assert!(again.out.ends_with("No changes: 6 unchanged.\n") && !again.err.contains("applied"), "{}", again.out);
    assert_eq!((story.exported(), story.read("web.secret")), (before, secret));
    let client = story.client("web-app");
    assert_eq!((&client["attributes"], &client["owner"]), (&json!({"managed-by": "prod"}), &json!("acme")));
    assert_eq!(client["technical_contact"], json!({"user_ids": {"user_id": "ada"}}));
}

#[test]
fn a_change_by_hand_of_what_is_declared_is_told_from_others_and_set_back() {
    let story = Story::new("drift");
    story.apply(&only(&app()));
    let server = Process::start(&story.folder.0, "", &[]);
    let put = |fields: &str, mask: &str| {
        let body = format!(r#"{{"client":{{"ids":{{"client_id":"web-app"}},{fields}}},"field_mask":{{"paths":["{mask}"]}}}}"#);
        assert_eq!(server.send("PUT", "/api/v3/clients/web-app", &body).status, 200);
    };
    put(r#""name":"Other""#, "name");
    put(r#""description":"By hand""#, "description");
    let plan = story.plan(&only(&app()));
    let changes = step(&plan, "web-app")["changes"].as_array().expect("changes").clone();
    assert_eq!(changes.len(), 1, "what is not declared is no change: {changes:?}");
    assert_eq!((&changes[0]["old"], &changes[0]["new"]), (&json!("Other"), &json!("Web")));
    assert_eq!((&changes[0]["drift"]["changed_by"], &changes[0]["drift"]["declared"]), (&json!("admin"), &json!("Web")));
    let text = story.expect("plan declaration.json", 2).out;
    assert!(text.contains("name: \"Other\" -> \"Web\"\n      changed by hand: by admin at 20"), "{text}");
    story.apply(&only(&app()));
    assert_eq!((&story.client("web-app")["name"], &story.client("web-app")["description"]), (&json!("Web"), &json!("By hand")));
    // What the file says anew is no change by hand.
    let mut renamed = app();
    renamed["name"] = "New".into();
    assert_eq!(step(&story.plan(&only(&renamed)), "web-app")["changes"][0].get("drift"), None);
    drop(server);
}

#[test]
fn only_what_a_declaration_made_is_removed_when_it_is_no_longer_there_and_only_if_asked() {
    let story = Story::new("prune");
    story.expect("admin create-client by-hand --user-id admin", 0);
    let mut both = only(&app());
    both["clients"].as_array_mut().expect("clients").push(json!({"client_id": "other-app", "owner": "admin", "secret": null}));
    story.apply(&both);
    story.write("declaration.json", &only(&app()).to_string());
    let left = story.expect("plan declaration.json", 0).out;
    assert!(left.contains("= client other-app\n    (no longer declared: --prune removes it)"), "{left}");
    story.expect("apply declaration.json --yes", 0);
    assert_eq!(story.client("other-app")["client_id"], "other-app", "it stays without --prune");
    let removed = story.expect("plan declaration.json --prune", 2).out;
    assert!(removed.contains("- client other-app") && removed.ends_with("1 to remove, 1 unchanged.\n"), "{removed}");
    story.expect("apply declaration.json --yes --prune", 0);
    assert!(story.client("other-app").is_null());
    assert_eq!(story.client("by-hand")["client_id"], "by-hand");
    // It is only deleted, and comes back.
    let plan = story.plan(&both);
    assert_eq!(step(&plan, "other-app")["action"], "restore");
    story.apply(&both);
    // Keys and members that it made, too; others stay.
    let key =
        |name: &str| json!({"name": name, "rights": ["RIGHT_USER_INFO"], "key": {"generate": "once", "write_to": format!("{name}.key")}});
    let user = |keys: Value| json!({"name": "people", "users": [{"user_id": "ada", "api_keys": keys}]});
    story.apply(&user(json!([key("one"), key("two")])));
    story.expect("admin create-api-key ada --name laptop", 0);
    story.write("declaration.json", &user(json!([key("one")])).to_string());
    story.expect("apply declaration.json --yes --prune", 0);
    let exported = story.exported();
    let ada = exported["users"].as_array().expect("users").iter().find(|user| user["user_id"] == "ada").expect("ada").clone();
    let mut names: Vec<&str> = ada["api_keys"].as_array().expect("keys").iter().filter_map(|key| key["name"].as_str()).collect();
    names.sort_unstable();
    assert_eq!(names, ["laptop", "one"]);
}

#[test]
fn what_was_made_by_hand_is_taken_over_only_as_the_plan_says_and_never_from_another_declaration() {
    let story = Story::new("adopt");
    story.expect("admin create-client web-app --user-id admin --name Old --description kept --attributes mine=1", 0);
    let mut declared = app();
    declared.as_object_mut().expect("an object").remove("secret");
    let plan = story.plan(&only(&declared));
    let found = step(&plan, "web-app");
    let secret = "its secret stays the one that it was given by hand: declare one to replace it";
    assert_eq!(found["notes"], json!(["was made by hand: from now on it is managed", secret]));
    let fields: Vec<&str> = found["changes"].as_array().expect("changes").iter().filter_map(|change| change["field"].as_str()).collect();
    assert_eq!(fields, ["name", "attributes/managed-by"]);
    let secret = story.client("web-app")["secret"].clone();
    story.apply(&only(&declared));
    let client = story.client("web-app");
    assert_eq!((&client["description"], &client["secret"]), (&json!("kept"), &secret));
    assert_eq!(client["attributes"], json!({"mine": "1", "managed-by": "prod"}));

    story.write("declaration.json", &json!({"name": "staging", "clients": [declared]}).to_string());
    let others = story.expect("plan declaration.json", 0).out;
    let says = "= client web-app\n    (stays as it is: the declaration `prod` manages it, so leave it out here or there)\n";
    assert!(others.starts_with(says), "{others}");
}

#[test]
fn only_administrators_change_the_mark_that_decides_what_declarations_manage() {
    let fixture = Fixture::with("declared-mark", &["--admin-rights", "all"]);
    let file = fixture.path("declaration.json");
    let write = |declared: &Value| {
        std::fs::write(&file, declared.to_string()).expect("a file is written");
        std::fs::set_permissions(&file, PermissionsExt::from_mode(0o600)).expect("its mode is set");
    };
    let key = json!({"name": "ci", "rights": ["RIGHT_USER_ALL", "RIGHT_CLIENT_ALL"], "key": {"generate": "once", "write_to": "ci.key"}});
    let ada = json!({"user_id": "ada", "email": "ada@example.com", "api_keys": [key]});
    let mut declared = json!({"name": "prod", "users": [ada], "clients": [{"client_id": "web-app", "owner": "ada", "secret": null}]});
    write(&declared);
    fixture.ok("apply declaration.json --yes");
    let ci = std::fs::read_to_string(fixture.path("ci.key")).expect("the key");
    let with_key = |line: &str| {
        let mut command = fixture.command(line);
        command.env("KEYFOB_API_KEY", ci.trim());
        done(command, "")
    };
    for line in [
        "clients set web-app --attributes mine=1",
        "users set ada --attributes managed-by=zzz",
        "clients create own-app --user-id ada --attributes managed-by=prod",
    ] {
        let refused = with_key(line);
        assert!(refused.code == Some(1) && refused.err.contains("managed_by_reserved"), "{line}: {}{}", refused.out, refused.err);
    }
    assert_eq!(with_key("clients set web-app --attributes mine=1 --attributes managed-by=prod").code, Some(0));
    fixture.ok("plan declaration.json");

    declared.as_object_mut().expect("an object").remove("users");
    declared["clients"][0]["name"] = "Web".into();
    declared["clients"][0]["attributes"] = json!({"mine": "2"});
    write(&declared);
    let applied = with_key("apply declaration.json --yes");
    assert_eq!(applied.code, Some(0), "{}{}", applied.out, applied.err);
    let client = fixture.json("clients get web-app --all");
    assert_eq!((&client["name"], &client["attributes"]), (&json!("Web"), &json!({"mine": "2", "managed-by": "prod"})));
    assert!(with_key("plan declaration.json --prune").err.contains("only administrators mark"));
}

#[test]
fn a_declaration_that_cannot_be_is_refused_by_file_place_and_what_to_do_and_changes_nothing() {
    let story = Story::new("refused");
    story.expect("admin create-client deleted --user-id admin", 0);
    let user = |more: Value| {
        let mut user = json!({"user_id": "ada"});
        user.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
        json!({"users": [user]}).to_string()
    };
    let client = |name: &str, value: Value| {
        let mut client = app();
        client[name] = value;
        json!({"clients": [{"client_id": "first-app", "owner": "admin", "secret": null}, client]}).to_string()
    };
    let before = story.exported();
    for (text, says) in [
        (String::new(), "it is empty: write {} for one that declares nothing"),
        ("{".to_owned(), "it is not JSON: EOF while parsing an object at line 1 column 1"),
        ("[]".to_owned(), "`the body` must be an object"),
        (r#"{"user": []}"#.to_owned(), "`/user` is not known here: did you mean `users`?"),
        (
            client("rights", json!(["RIGHT_CLIENT_INF"])),
            "`/clients/1/rights/0` must be a name that begins with RIGHT_, did you mean RIGHT_CLIENT_INFO?",
        ),
        (client("owner", json!("admn")), "`/clients/1/owner` names no user or organization: there is no `admn`; did you mean `admin`?"),
        (client("client_id", json!("first-app")), "`/clients/1/client_id` must not be `first-app`, which is there before"),
        (client("client_id", json!("cli")), "`/clients/1/client_id` is refused: client `cli` is built in"),
        (client("secret", json!({"file": "nowhere"})), "`/clients/1/secret` names nowhere, which cannot be read: No such file"),
        (client("secret", json!({"env": "NOWHERE"})), "`/clients/1/secret` names the variable NOWHERE, which is not set: set it"),
        (client("secret", json!({"generate": "once"})), "`/clients/1/secret` needs `write_to`"),
        (
            client("secret", json!({"generate": "twice", "write_to": "x"})),
            "`/clients/1/secret/generate` must be one of the known words: once",
        ),
        (client("secret", json!({"env": "A", "file": "B"})), "`/clients/1/secret` must have one of `file`, `env`, `generate` and `hash`"),
        (client("secret", json!({"hash": "SHA1$x"})), "`/clients/1/secret/hash` must be a hash as keyfob or The Things Stack writes it"),
        (
            client("technical_contact", json!({"user_ids": {"user_id": "ada"}})),
            "`/clients/1/client_id` is refused: contact `ada` is not a collaborator",
        ),
        (user(json!({"password": "weak"})), "`/users/0/password` is not good enough"),
        (user(json!({"api_keys": [{"name": "ci", "rights": ["RIGHT_ALL"]}]})), "`/users/0/api_keys/0` needs a `key`"),
        (user(json!({"email": "admin@localhost"})), "`/users/0/user_id` is refused: already exists"),
        (
            json!({"clients": [{"client_id": "new-app", "owner": "admin"}]}).to_string(),
            "`/clients/0` needs a `secret`: there is no such client yet.",
        ),
        (
            json!({"organizations": [{"organization_id": "admin"}]}).to_string(),
            "`/organizations/0/organization_id` must not be `admin`: there is a user of this ID",
        ),
        (
            json!({"users": [{"user_id": "admin", "admin": false}]}).to_string(),
            "`/users/0/user_id` is refused: this is the last administrator, and one must remain",
        ),
        (
            json!({"users": [{"user_id": "admin", "state": "STATE_SUSPENDED"}]}).to_string(),
            "`/users/0/user_id` is refused: this is the last administrator, and one must remain",
        ),
    ] {
        story.write("declaration.json", &text);
        for line in ["plan declaration.json", "apply declaration.json --yes"] {
            let refused = story.expect(line, 1);
            assert!(refused.err.starts_with(&format!("keyfob: declaration.json: {says}")), "{text}: {}", refused.err);
        }
    }
    assert_eq!(story.exported(), before);
    assert!(story.expect("plan nowhere.json", 1).err.starts_with("keyfob: nowhere.json: cannot read it: No such file"));
    story.write("declaration.json", &only(&app()).to_string());
    assert!(story.expect("apply declaration.json", 1).err.contains("add --yes to apply without being asked"));
}

#[test]
fn secrets_come_from_where_the_file_says_and_are_never_shown() {
    let story = Story::new("secrets");
    story.write("in-file", "a secret in its file\n");
    let client = |id: &str, secret: Value| json!({"client_id": id, "owner": "admin", "secret": secret});
    let hash = "PBKDF2$sha256$1$saltsaltsaltsalt$sT1ml-mc1tF0XaCX7gPkvlATQedv6RYaeI3j1M0L4hk";
    let declared = json!({"clients": [
        client("clear", json!("a secret in clear")), client("in-file", json!({"file": "in-file"})), client("hashed", json!({"hash": hash})),
    ]});
    let said = story.apply(&declared);
    let proves = |id: &str, secret: &str| {
        let stored = story.client(id)["secret"]["hash"].as_str().expect("a hash").to_owned();
        keyfob::base::secret::Hash::stored(stored).matches(secret)
    };
    assert!(proves("clear", "a secret in clear") && proves("in-file", "a secret in its file") && proves("hashed", "password"));
    for shown in [&said.out, &said.err] {
        assert!(!shown.contains("a secret in") && !shown.contains("PBKDF2"), "{shown}");
    }
    // A secret that is changed in its file is changed.
    story.write("in-file", "another secret in its file");
    story.expect("apply declaration.json --yes", 0);
    assert!(proves("in-file", "another secret in its file"));
    // The environment, for those who run it there.
    story.write("declaration.json", &json!({"clients": [client("in-env", json!({"env": "APP_SECRET"}))]}).to_string());
    let applied = run(&story.folder.0, &["apply", "declaration.json", "--yes"], &[("APP_SECRET", "a secret in a variable")]);
    assert!(applied.status.success() && proves("in-env", "a secret in a variable"));
    // Others can read it: that is said.
    let readable =
        |name: &str| std::fs::set_permissions(story.folder.file(name), PermissionsExt::from_mode(0o644)).expect("its mode is set");
    story.write("declaration.json", &declared.to_string());
    ["declaration.json", "in-file"].into_iter().for_each(readable);
    let warned = story.expect("plan declaration.json", 0).err;
    assert!(warned.contains("warning: in-file holds a secret, and other users can read it: chmod 600 it"), "{warned}");
    assert!(
        warned.contains("warning: declaration.json holds a secret in clear (`/clients/0/secret`) and other users can read it"),
        "{warned}"
    );
}

#[test]
fn a_generated_secret_is_in_its_file_before_it_is_in_use_and_a_refused_declaration_leaves_none() {
    let story = Story::new("generated");
    let generated = json!({"generate": "once", "write_to": "web.secret"});
    let mut client = app();
    client["secret"] = generated;
    let mut bad = only(&client);
    bad["clients"].as_array_mut().expect("clients").push(json!({"client_id": "other-app", "owner": "nobody", "secret": null}));
    story.write("declaration.json", &bad.to_string());
    story.expect("apply declaration.json --yes", 1);
    assert!(!story.folder.file("web.secret").exists());
    // A file that is there is what counts.
    story.write("web.secret", "chosen before all this\n");
    story.apply(&only(&client));
    assert_eq!(story.read("web.secret"), "chosen before all this\n");
    let hash = story.client("web-app")["secret"]["hash"].as_str().expect("a hash").to_owned();
    assert!(keyfob::base::secret::Hash::stored(hash.clone()).matches("chosen before all this"));
    // Without its file, or with another secret in it, what is in use stays.
    std::fs::remove_file(story.folder.file("web.secret")).expect("it is removed");
    story.expect("apply declaration.json --yes", 0);
    story.write("web.secret", "another one\n");
    story.expect("apply declaration.json --yes", 0);
    assert_eq!(story.client("web-app")["secret"]["hash"], hash.as_str());
    // Where nothing can be written, nothing is done.
    client["client_id"] = "new-app".into();
    client["secret"]["write_to"] = "no-folder/secret".into();
    story.write("declaration.json", &only(&client).to_string());
    assert!(story.expect("apply declaration.json --yes", 1).err.contains("`/clients/0/secret` cannot be written to no-folder/secret"));
    assert!(story.client("new-app").is_null());
}

#[test]
fn a_secret_that_another_application_takes_back_is_never_in_use() {
    let story = Story::new("taken-back");
    story.write("declaration.json", &whole().to_string());
    story.write("web.secret", "of-another-application-that-will-fail-0123456789");
    let folder = std::fs::File::open(story.folder.file(".")).expect("the folder");
    rustix::fs::flock(&folder, rustix::fs::FlockOperation::LockExclusive).expect("its lock");
    let applied = std::thread::scope(|scope| {
        let applying = scope.spawn(|| story.run("apply declaration.json --yes"));
        // Long enough for it to have read the secret; where it is not, less is tried.
        std::thread::sleep(std::time::Duration::from_secs(2));
        std::fs::remove_file(story.folder.file("web.secret")).expect("it is taken back");
        drop(folder);
        applying.join().expect("it ends")
    });
    assert_eq!(applied.code, Some(0), "{}{}", applied.out, applied.err);
    assert_eq!(story.read("web.secret").len(), 53, "it is one that was generated for this");
    let again = story.expect("plan declaration.json", 0).out;
    assert!(!again.contains("another than in its file"), "{again}");
}

#[test]
fn a_running_server_does_the_same_and_knows_it_at_once() {
    let (alone, beside) = (Story::new("alone"), Story::new("beside"));
    let server = Process::start(&beside.folder.0, "", &["--approval", "manual", "--client-creation", "admins"]);
    for line in [
        "plan declaration.json",
        "apply declaration.json --yes",
        "plan declaration.json",
        "export --output exported.json",
        "plan exported.json",
    ] {
        let [one, other] = [&alone, &beside].map(|story| {
            story.write("declaration.json", &whole().to_string());
            let done = story.run(line);
            (done.code, done.out, done.err)
        });
        assert_eq!(one, other, "{line}");
    }
    assert_eq!(server.send("GET", "/api/v3/clients/web-app", "").status, 200);
    let log = server.log_so_far();
    assert!(log.contains(r#""operation":"apply""#) && !log.contains("Correct-horse-9"), "{log}");
    drop(server);
}

/// Sends SIGHUP, and waits.
fn hang_up(server: &Process, is_done: &dyn Fn() -> bool) {
    let pid = server.pid().to_string();
    assert!(std::process::Command::new("kill").args(["-HUP", &pid]).status().expect("kill runs").success());
    let waited = (0..500).any(|_| {
        std::thread::sleep(std::time::Duration::from_millis(20));
        is_done()
    });
    assert!(waited, "{}", server.log_so_far());
}

#[test]
fn a_server_applies_its_declaration_before_it_answers_and_again_on_a_hangup() {
    let story = Story::new("served");
    story.write("declaration.json", &only(&app()).to_string());
    let mut server = Process::start(&story.folder.0, "", &["--apply", "declaration.json", "--apply-prune"]);
    assert_eq!(server.send("GET", "/api/v3/clients/web-app", "").status, 200, "it is there with the ready line");
    let name = || server.send("GET", "/api/v3/clients/web-app?field_mask=name", "").json()["name"].clone();
    let mut renamed = app();
    renamed["name"] = "New".into();
    story.write("declaration.json", &only(&renamed).to_string());
    hang_up(&server, &|| name() == "New");
    // A refused one changes nothing, and the log says why.
    story.write("declaration.json", r#"{"clients": [{"client_id": "web-app", "owner": "nobody"}]"#);
    hang_up(&server, &|| server.log_so_far().contains("declaration.json: it is not JSON: EOF"));
    assert_eq!(name(), "New");
    story.write("declaration.json", r#"{"name": "prod"}"#);
    hang_up(&server, &|| server.send("GET", "/api/v3/clients/web-app", "").status == 404);
    server.stop();
    story.write("declaration.json", r#"{"name": "prod", "clients": [{"client_id": "web-app"}]}"#);
    let serve = |more: &[&str]| done(keyfob(&story.folder.0, &[&["serve", "--listen", "127.0.0.1:0"], more].concat(), &[]), "");
    let refused = serve(&["--apply", "declaration.json"]);
    assert_eq!((refused.code, refused.out.as_str()), (Some(1), ""));
    assert!(refused.err.contains("keyfob: declaration.json: `/clients/0/owner` is missing"), "{}", refused.err);
    assert_eq!(serve(&["--fixture", "--apply", "declaration.json"]).code, Some(2));
    assert_eq!(serve(&["--apply-prune"]).code, Some(2));
}

#[test]
fn a_temporary_server_applies_its_declaration_again_on_a_hangup_too() {
    let story = Story::new("served-ephemeral");
    story.write("declaration.json", &only(&app()).to_string());
    let mut server = Process::start(&story.folder.0, "", &["--ephemeral", "--apply", "declaration.json"]);
    let mut renamed = app();
    renamed["name"] = "New".into();
    story.write("declaration.json", &only(&renamed).to_string());
    hang_up(&server, &|| server.send("GET", "/api/v3/clients/web-app?field_mask=name", "").json()["name"] == "New");
    server.stop();
}

#[test]
fn a_declaration_is_applied_over_the_api_with_the_rights_that_it_takes() {
    let fixture = Fixture::with("declared", &["--admin-rights", "all"]);
    let key = json!({"name": "ci", "rights": ["RIGHT_USER_INFO"], "key": {"generate": "once", "write_to": "ci.key"}});
    let mut declared = whole();
    declared["users"][0]["api_keys"] = json!([key]);
    let file = fixture.path("declaration.json");
    let write = |declared: &Value| {
        std::fs::write(&file, declared.to_string()).expect("a file is written");
        std::fs::set_permissions(&file, PermissionsExt::from_mode(0o600)).expect("its mode is set");
    };
    write(&declared);
    let refused = fixture.refused("plan declaration.json", 1, "error:keyfob/cli:not_over_api");
    assert!(refused.err.contains("the authorization ada of web-app"), "{}", refused.err);
    declared.as_object_mut().expect("an object").remove("authorizations");
    write(&declared);
    let plan = fixture.run("plan declaration.json");
    assert!(plan.code == Some(2) && plan.out.ends_with("5 to create, 0 unchanged.\n"), "{}{}", plan.out, plan.err);
    let applied = fixture.run("apply declaration.json --yes");
    assert!(applied.code == Some(0) && applied.err.contains("wrote a secret to web.secret"), "{}{}", applied.out, applied.err);
    let again = fixture.ok("plan declaration.json");
    assert!(again.ends_with("No changes: 5 unchanged.\n"), "{again}");
    let ci = std::fs::read_to_string(fixture.path("ci.key")).expect("the key");
    let with_key = |line: &str| {
        let mut command = fixture.command(line);
        command.env("KEYFOB_API_KEY", ci.trim());
        done(command, "")
    };
    assert_eq!(with_key("users get ada").code, Some(0), "the key is the one that the server issued");
    let refused = with_key("plan declaration.json");
    assert!(refused.code == Some(1) && refused.err.contains("RIGHT_"), "it says which right is missing: {}", refused.err);

    fixture.ok("clients set web-app --name Other --description kept");
    let changed = fixture.run("plan declaration.json");
    assert!(changed.code == Some(2) && changed.out.contains("name: \"Other\" -> \"Web\""), "{}", changed.out);
    fixture.ok("apply declaration.json --yes");
    let client = fixture.json("clients get web-app --all");
    assert_eq!((&client["name"], &client["description"]), (&json!("Web"), &json!("kept")));
    declared["clients"].as_array_mut().expect("clients").remove(1);
    write(&declared);
    fixture.ok("plan declaration.json");
    assert_eq!(fixture.run("plan declaration.json --prune").code, Some(2));
    fixture.ok("apply declaration.json --prune --yes");
    fixture.refused("clients get phone-app", 1, "error:");
}

#[test]
fn an_administrator_is_suspended_once_another_one_is_there() {
    let story = Story::new("successor");
    let users = json!([
        {"user_id": "admin", "admin": true, "state": "STATE_SUSPENDED"},
        {"user_id": "carol", "admin": true, "email": "carol@example.com", "password": "Correct-horse-9"},
    ]);
    story.apply(&json!({"name": "prod", "users": users}));
    let exported = story.exported();
    let states = exported["users"].as_array().expect("users").iter().map(|user| user["state"].clone()).collect::<Vec<_>>();
    assert_eq!(states, ["STATE_SUSPENDED", "STATE_APPROVED"], "{exported}");
}

#[test]
fn what_one_owner_gives_up_another_may_have_first_in_whatever_order_they_stand() {
    let story = Story::new("exchanged");
    let declared = |ada: &str, zoe: &str| {
        let users = ["ada", "zoe"].map(|id| json!({"user_id": id, "email": format!("{id}@example.com"), "password": "Correct-horse-9"}));
        let of = |member: &str, kind| json!([{member: "ada", "rights": [format!("RIGHT_{kind}_{ada}")]}, {member: "zoe", "rights": [format!("RIGHT_{kind}_{zoe}")]}]);
        json!({
            "name": "prod", "users": users,
            "organizations": [{"organization_id": "acme", "members": of("user_id", "ORGANIZATION")}],
            "clients": [{"client_id": "web-app", "owner": "ada", "secret": null, "collaborators": of("account", "CLIENT")}],
        })
    };
    story.apply(&declared("INFO", "ALL"));
    story.apply(&declared("ALL", "INFO"));
    story.apply(&declared("INFO", "ALL"));
}
