//! Stories of what the command line keeps and opens: credentials, and the data file of an operator.

use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use serde_json::{Value, json};

use crate::binary::{KEY, keyfob};
use crate::cli::{Done, Fixture, done, wrong_key};
use crate::folder::Folder;
use crate::server::ADMIN_KEY;

/// A call without a key of its own.
fn keyless(fixture: &Fixture, line: &str) -> Done {
    let mut command: Command = fixture.command(line);
    command.env_remove("KEYFOB_API_KEY");
    done(command, "")
}

#[test]
fn login_keeps_a_key_that_works_and_logout_forgets_it() {
    let fixture = Fixture::new("login");
    let refused = keyless(&fixture, &format!("login --api-key {}", wrong_key()));
    assert!(refused.code == Some(1) && refused.err.contains("invalid_authorization"), "{}", refused.err);
    assert!(!fixture.path("keyfob/credentials.json").exists(), "a wrong key is not kept");

    let login = keyless(&fixture, &format!("login --api-key {ADMIN_KEY}"));
    assert!(login.code == Some(0) && login.err.contains("as the user `admin`") && !login.err.contains("NNSXS"), "{}", login.err);
    let file = std::fs::metadata(fixture.path("keyfob/credentials.json")).expect("the file");
    assert_eq!(file.permissions().mode() & 0o777, 0o600);
    assert_eq!(keyless(&fixture, "clients list").out, "[]\n");
    assert!(keyless(&fixture, "clients list --server http://localhost:1").err.starts_with("error:keyfob/cli:unauthenticated"));

    assert_eq!(keyless(&fixture, "logout").code, Some(0));
    assert!(keyless(&fixture, "clients list").err.starts_with("error:keyfob/cli:unauthenticated"));
    let kept = std::fs::read_to_string(fixture.path("keyfob/credentials.json")).expect("the file");
    assert_eq!(serde_json::from_str::<Value>(&kept).expect("JSON"), json!({"servers": {}}));
}

#[test]
fn credentials_that_others_may_read_are_narrowed_to_their_owner_with_a_warning_or_not_used() {
    let fixture = Fixture::new("narrow");
    assert_eq!(keyless(&fixture, &format!("login --api-key {ADMIN_KEY}")).code, Some(0));
    let file = fixture.path("keyfob/credentials.json");
    let open_to_all = || std::fs::set_permissions(&file, PermissionsExt::from_mode(0o644)).expect("its mode is set");
    open_to_all();
    let listed = keyless(&fixture, "clients list");
    assert!(listed.out == "[]\n" && listed.err.starts_with("warning: others could read "), "{}", listed.err);
    assert_eq!(std::fs::metadata(&file).expect("the file").permissions().mode() & 0o777, 0o600);
    assert_eq!(keyless(&fixture, "clients list").err, "");
    // Only who may do everything can give a file away.
    open_to_all();
    if std::os::unix::fs::chown(&file, Some(54_321), None).is_ok() {
        fixture.routes();
        let refused = keyless(&fixture, "clients list");
        assert!(refused.code == Some(1) && refused.err.starts_with("error:keyfob/cli:credentials"), "{}", refused.err);
        assert!(refused.err.contains("somebody else's") && fixture.routes().is_empty(), "{}", refused.err);
    }
}

/// A data file with its administrator, and nobody who holds it.
pub fn data(name: &str) -> Folder {
    let folder = Folder::new(name);
    let mut server = keyfob(&folder.0, &["serve", "--listen", "127.0.0.1:0"], &[KEY])
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::null())
        .spawn()
        .expect("it starts");
    let mut line = String::new();
    std::io::BufRead::read_line(&mut std::io::BufReader::new(server.stdout.as_mut().expect("its output")), &mut line).expect("a line");
    server.kill().and_then(|()| server.wait()).expect("it ends");
    folder
}

pub fn admin(folder: &Folder, line: &str) -> Done {
    done(keyfob(&folder.0, &line.split(' ').collect::<Vec<_>>(), &[]), "")
}

#[test]
fn an_operator_makes_users_keys_and_clients_without_a_server() {
    let folder = data("cli-admin");
    let ok = |line: &str| {
        let done = admin(&folder, line);
        assert_eq!(done.code, Some(0), "{line}\n{}", done.err);
        serde_json::from_str::<Value>(&done.out).unwrap_or_default()
    };
    let user = ok("admin create-user ada --email ada@example.com --admin");
    assert_eq!((&user["admin"], &user["state"]), (&true.into(), &"STATE_APPROVED".into()));
    assert!(user["password"].as_str().is_some_and(|password| password.len() == 32));
    assert!(ok("admin reset-password ada")["password"].is_string());
    assert_eq!(ok("admin reset-password ada --password Correct-horse-9"), Value::Null);
    let key = ok("admin create-api-key ada --name laptop");
    assert_eq!(key["rights"], json!(["RIGHT_ALL"]));
    ok("admin create-api-key ada --rights USER_INFO --api-key-expiry 2999-01-31T00:00:00Z --secret-out key");
    let client = ok(
        "admin create-client console --user-id ada --redirect-uris /console/oauth/callback --rights RIGHT_ALL --skip-authorization --endorsed",
    );
    assert_eq!((&client["state"], &client["skip_authorization"]), (&"STATE_APPROVED".into(), &true.into()));
    assert_eq!(client["secret"].as_str().map(str::len), Some(52));
    ok("admin create-user sam --password-rounds 2000");
    std::fs::write(folder.0.join("weak"), "hunter2").expect("a file");
    let weak = admin(&folder, "admin create-client weak-app --user-id ada --secret-file weak");
    assert!(weak.code == Some(0) && weak.err.contains("warning: The client secret is weak"), "{}", weak.err);

    for (line, says) in [
        ("admin create-user ada", "error:pkg/util/store:already_exists"),
        ("admin create-user eve --password weak", "error:pkg/identityserver:password_strength_min_length"),
        ("admin reset-password nobody", "error:pkg/identityserver/store:user_not_found"),
        ("admin create-api-key nobody", "error:pkg/identityserver/store:user_not_found"),
        ("admin create-client my-app --user-id nobody", "error:pkg/identityserver/store:user_not_found"),
        ("admin create-client console --user-id ada", "error:pkg/util/store:id_taken"),
        ("admin create-user eve --data nowhere.db", "error:keyfob/cli:no_data"),
    ] {
        let refused = admin(&folder, line);
        assert!(refused.code == Some(1) && refused.err.starts_with(says), "{line}\n{}", refused.err);
    }
    assert!(!folder.0.join("nowhere.db").exists());
    for (line, says) in [("admin create-client my-app", "no_collaborator"), ("admin create-user Eve", "--user-id: value does not match")] {
        let wrong = admin(&folder, line);
        assert!(wrong.code == Some(2) && wrong.err.contains(says), "{line}\n{}", wrong.err);
    }

    let database = rusqlite::Connection::open(folder.0.join("keyfob.db")).expect("the data file");
    let rounds = |user: &str| {
        let text: String =
            database.query_row("SELECT password_hash FROM users WHERE user_id = ?1", [user], |row| row.get(0)).expect("a hash");
        text.split('$').nth(2).map(str::to_owned)
    };
    assert_eq!((rounds("ada").as_deref(), rounds("sam").as_deref()), (Some("1000"), Some("2000")), "as the server has it set");
    let mut events =
        database.prepare("SELECT name FROM events WHERE entity_id IN ('ada', 'console') ORDER BY event_number").expect("a statement");
    let kinds: Vec<String> = events.query_map([], |row| row.get(0)).expect("rows").map(|kind| kind.expect("a kind")).collect();
    assert_eq!(
        kinds,
        ["user.create", "user.password.update", "user.password.update", "user.api-key.create", "user.api-key.create", "client.create"]
    );
}

#[test]
fn a_password_comes_from_a_file_or_from_standard_input_and_one_in_an_argument_is_warned_of() {
    let fixture = Fixture::new("passwords");
    for (file, text) in
        [("first", "First-passw0rd\n"), ("second", "Second-passw0rd\r\n"), ("secret", "Chosen-secret-99"), ("nothing", "\n")]
    {
        std::fs::write(fixture.path(file), text).expect("a file");
    }
    let path = |file: &str| fixture.path(file).display().to_string();
    let ok = |line: &str, input: &str| {
        let done = fixture.pipe(line, input);
        assert_eq!((done.code, done.err.contains("warning")), (Some(0), line.contains("word=")), "{line}\n{}", done.err);
    };
    ok(&format!("users create ada --primary-email-address a@example.com --password-file {}", path("first")), "");
    ok(&format!("users update-password ada --old-file {} --new-file {}", path("first"), path("second")), "");
    ok("users update-password ada --old-file - --new-file -", "Second-passw0rd\nThird-passw0rd\n");
    ok(&format!("users update-password ada --old-file - --new-file {}", path("first")), "Third-passw0rd\n");
    ok("users create bob --primary-email-address b@example.com --password-file -", "Fourth-passw0rd\n");
    ok("users set bob --temporary-password-file -", "Fifth-passw0rd\n");
    ok("users create eve --primary-email-address e@example.com --password=Sixth-passw0rd", "");
    ok(&format!("clients create my-app --secret-file {}", path("secret")), "");
    let token = "grant_type=refresh_token&refresh_token=x&client_id=my-app&client_secret=Chosen-secret-99";
    let form = [("Content-Type", "application/x-www-form-urlencoded")];
    let reply = crate::client::send(fixture.address(), "POST", "/oauth/token", &form, token);
    assert!(!reply.body.contains("invalid_client"), "the secret is the one of the file: {}", reply.body);

    for (line, flag) in [
        ("users update-password ada --old First-passw0rd --new-file first", "--old"),
        ("users create mia --primary-email-address m@example.com --password Weak", "--password"),
        ("clients set my-app --secret Other-secret-9", "--secret"),
        (&format!("clients list --api-key {}", wrong_key()), "--api-key"),
    ] {
        let told = fixture.run(line).err;
        assert!(
            told.lines().last().is_some_and(|last| last.starts_with(&format!("warning: {flag} on the command line"))),
            "{line}\n{told}"
        );
        assert!(!told.contains("passw0rd") && !told.contains("NNSXS"), "{told}");
    }
    for (line, says) in [
        ("users create mia --password x --password-file first", "keyfob: --password and --password-file exclude each other"),
        ("users create mia --password-file nowhere", "keyfob: --password-file: cannot read it"),
        ("users create mia --password-file nothing", "keyfob: --password-file: it holds nothing"),
    ] {
        fixture.refused(line, 2, says);
    }
    let folder = data("cli-passwords");
    std::fs::write(folder.0.join("first"), "First-passw0rd\n").expect("a file");
    for line in ["admin create-user ada --password-file first", "admin reset-password ada --password-file first"] {
        let done = admin(&folder, line);
        assert!(done.code == Some(0) && done.err.is_empty() && !done.out.contains("password\""), "{line}: {} {}", done.err, done.out);
    }
}

#[test]
fn a_key_that_goes_to_another_machine_in_clear_is_warned_of_before_it_goes() {
    let fixture = Fixture::new("clear");
    // By this address a program reaches its own machine, but it is none of loopback.
    let elsewhere = fixture.url.replace("127.0.0.1", "0.0.0.0");
    let warning = format!("warning: {elsewhere} is another machine and not https: keys, passwords and answers can be read on the way\n");
    let done = fixture.run(&format!("clients list --server {elsewhere}"));
    assert_eq!((done.code, done.out.as_str(), done.err.as_str()), (Some(0), "[]\n", warning.as_str()));
    let mut login = fixture.command(&format!("login --callback=false --server {elsewhere}"));
    login.env_remove("KEYFOB_API_KEY");
    let login = crate::cli::done(login, "no code\n").err;
    assert!(login.starts_with(&warning) && login.matches("warning").count() == 1, "before the browser goes there: {login}");
    let password = fixture
        .pipe(&format!("users update-password admin --server {elsewhere} --old-file - --new-file -"), "Wrong-passw0rd\nOther-passw0rd\n");
    assert!(password.err.starts_with(&warning), "{}", password.err);
    assert_eq!(fixture.run("clients list").err, "");
}
