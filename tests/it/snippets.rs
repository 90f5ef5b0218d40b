//! The programs that a client's page gives to its developer, run as the developer would run them.

use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use keyfob::base::uri::form_encoded;
use serde_json::{Value, json};

use crate::binary::Running;
use crate::client::send;
use crate::console::{new_client, secret_of, server_with_alice};
use crate::folder::Folder;
use crate::process::left_out;
use crate::server::Answer;

const FORM: (&str, &str) = ("Content-Type", "application/x-www-form-urlencoded");

/// A server, alice's session in it, and a folder for what is downloaded.
struct Fixture {
    server: Running,
    cookie: String,
    folder: Folder,
}

impl Fixture {
    /// With a client that has a secret, one that has none, and one that only signs users in. A redirect URL may have what is special to a language.
    fn new(name: &str) -> Fixture {
        let folder = Folder::new(name);
        let client = |id: &str| json!({"client_id": id, "owner": "alice", "redirect_uris": ["https://app.example/it's/$HOME"], "grants": ["GRANT_AUTHORIZATION_CODE"], "rights": ["RIGHT_USER_INFO"]});
        let mut public = client("public-app");
        public["secret"] = Value::Null;
        let mut signing_in = client("sign-in-app");
        signing_in["rights"] = json!([]);
        let seed = json!({"users": [{"user_id": "alice"}], "clients": [client("secret-app"), public, signing_in]});
        std::fs::write(folder.0.join("seed.json"), seed.to_string()).expect("a seed is written");
        let server = Running::start(&folder.0, &["--fixture", "seed.json"], &[]);
        let password = server.ready["users"][0]["password"].as_str().expect("a password");
        let body = format!("user_id=alice&password={}", form_encoded(password.as_bytes()));
        let reply = send(server.address(), "POST", "/oauth/api/auth/login", &[FORM], &body);
        let cookie = reply.headers.iter().find(|(name, value)| name == "set-cookie" && value.starts_with("keyfob_session"));
        let cookie =
            cookie.unwrap_or_else(|| panic!("{} {:?}", reply.status, reply.headers)).1.split(';').next().expect("a session").to_owned();
        Fixture { server, cookie, folder }
    }

    fn download(&self, client: &str, snippet: &str, file: &str) -> PathBuf {
        let target = format!("/console/clients/{client}/snippets/{snippet}");
        let reply = send(self.server.address(), "GET", &target, &[("Cookie", &self.cookie)], "");
        let name = format!("attachment; filename=\"{client}.{}\"", file.rsplit('.').next().unwrap_or_default());
        assert_eq!((reply.status, reply.header("content-disposition")), (200, Some(name.as_str())), "{}", reply.body);
        self.save(file, &reply.body)
    }

    fn save(&self, file: &str, text: &str) -> PathBuf {
        let path = self.folder.0.join(file);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder is made");
        std::fs::write(&path, text).expect("it is written");
        path
    }

    /// Where the browser of alice, who agrees, is sent.
    fn authorize(&self, url: &str) -> String {
        let body = json!({"user_id": "alice", "url": url, "decision": "allow"}).to_string();
        let reply = send(self.server.address(), "POST", "/_fixture/authorize", &[("Content-Type", "application/json")], &body);
        reply.json()["location"].as_str().unwrap_or_else(|| panic!("{url}: {}", reply.body)).to_owned()
    }

    /// Runs a program, lets alice follow its address, and gives it the one that she is led to. It prints an access token of hers.
    fn signs_alice_in(&self, client: &str, command: &mut Command) {
        // As if the developer had loaded the file.
        let secret = self.server.ready["clients"].as_array().into_iter().flatten().find(|found| found["client_id"] == client);
        let secret = secret.and_then(|client| client["client_secret"].as_str()).unwrap_or("there is none");
        let command = command.current_dir(&self.folder.0).env("OAUTH_CLIENT_SECRET", secret);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("it starts");
        let mut lines = BufReader::new(child.stdout.take().expect("its output")).lines().map(|line| line.expect("a line"));
        assert_eq!(lines.next().as_deref(), Some("Open this in a browser:"));
        let address = self.authorize(&lines.next().expect("an address"));
        assert_eq!(lines.next().as_deref(), Some("Then paste the address that it leads to:"));
        writeln!(child.stdin.take().expect("its input"), "{address}").expect("it is read");
        let output = lines.collect::<Vec<_>>().join("\n");
        assert!(child.wait().expect("it ends").success(), "{output}");
        let tokens: Value = serde_json::from_str(&output).unwrap_or_else(|_| panic!("{output} is no JSON"));
        let bearer = format!("Bearer {}", tokens["access_token"].as_str().expect("a token"));
        let opened = if client == "sign-in-app" { "/oauth/userinfo" } else { "/api/v3/users/alice" };
        let reply = send(self.server.address(), "GET", opened, &[("Authorization", &bearer)], "");
        assert_eq!(reply.status, 200, "{}", reply.body);
    }
}

/// Whether a program can be run.
fn is_there(program: &str) -> bool {
    Command::new(program).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok()
}

/// The command that has a program run a file.
fn of_file(program: impl AsRef<OsStr>, file: &Path) -> Command {
    let mut command = Command::new(program);
    command.arg(file);
    command
}

/// Of each client; the folder is where the language finds its packages.
fn every_client(name: &str, snippet: &str, place: impl Fn(&str) -> String, run: impl Fn(&Path, &Path) -> Command) {
    let fixture = Fixture::new(name);
    for client in ["secret-app", "public-app", "sign-in-app"] {
        let file = fixture.download(client, snippet, &place(client));
        fixture.save(&format!("{client}.env"), &format!("OAUTH_CLIENT_ID={client}\n"));
        fixture.signs_alice_in(client, &mut run(&fixture.folder.0, &file));
    }
}

#[test]
fn the_curl_program_of_a_client_signs_its_user_in() {
    if !is_there("curl") || !is_there("openssl") {
        return left_out("a program with curl", "there is no curl, or no openssl");
    }
    let command = |_: &Path, file: &Path| of_file("sh", file);
    every_client("curl", "curl", |client| format!("{client}.sh"), command);
}

/// `tests/snippets/run` installs the packages of each language into a folder, and names it.
#[expect(clippy::disallowed_methods, reason = "what the script that runs this test says")]
fn packages(variable: &str) -> PathBuf {
    std::env::var_os(variable).unwrap_or_else(|| panic!("{variable} is not set: run tests/snippets/run")).into()
}

#[test]
#[ignore = "needs openid-client: tests/snippets/run"]
fn the_openid_client_program_of_a_client_signs_its_user_in() {
    let packages = packages("SNIPPETS_NODE");
    let command = |folder: &Path, file: &Path| {
        let _ = std::os::unix::fs::symlink(packages.join("node_modules"), folder.join("node_modules"));
        of_file("node", file)
    };
    every_client("node", "openid-client", |client| format!("{client}.mjs"), command);
}

#[test]
#[ignore = "needs Authlib: tests/snippets/run"]
fn the_authlib_program_of_a_client_signs_its_user_in() {
    let packages = packages("SNIPPETS_PYTHON");
    let command = |_: &Path, file: &Path| of_file(packages.join("bin/python3"), file);
    every_client("python", "authlib", |client| format!("{client}.py"), command);
}

#[test]
#[ignore = "needs x/oauth2: tests/snippets/run"]
fn the_go_program_of_a_client_signs_its_user_in() {
    let packages = packages("SNIPPETS_GO");
    let command = |_: &Path, file: &Path| {
        let (module, program) = (packages.join("go.mod"), file.with_extension("program"));
        let mut build = Command::new("go");
        let built = build.current_dir(&packages).args(["build", "-modfile"]).arg(module).arg("-o").arg(&program).arg(file);
        assert!(built.status().expect("go runs").success());
        Command::new(program)
    };
    every_client("go", "x-oauth2", |client| format!("{client}.go"), command);
}

#[test]
#[ignore = "needs the crate oauth2 with ureq: tests/snippets/run"]
fn the_rust_program_of_a_client_signs_its_user_in() {
    let packages = packages("SNIPPETS_RUST");
    let command = |_: &Path, file: &Path| {
        std::fs::copy(file, packages.join("src/main.rs")).expect("it is put into its package");
        let built = Command::new("cargo").args(["build", "--quiet"]).current_dir(&packages).status();
        assert!(built.expect("cargo runs").success());
        Command::new(packages.join("target/debug/example"))
    };
    every_client("rust", "oauth2", |client| format!("{client}.rs"), command);
}

/// The secret stands in the page once, and its file is made of that page.
#[test]
fn the_env_file_of_a_new_secret_is_made_of_the_page_that_shows_it_and_of_nothing_else() {
    let (server, mut alice) = server_with_alice();
    let page = alice.sends_form(&server, "/console/add/client", &new_client(&[]));
    let secret = secret_of(&page);
    let shown = page.text_of("snippet-environment");
    assert!(
        shown.contains(&format!("\nOAUTH_CLIENT_SECRET={secret}\n")) && shown.contains("\nOAUTH_REDIRECT_URI=https://app.example/cb\n")
    );
    assert!(page.text().contains("action=\"/console/clients/my-client/env\"") && !page.text().contains("data:"));
    let file = alice.sends_form(&server, "/console/clients/my-client/env", &[("client_secret", &secret)]);
    let name = Some("attachment; filename=\"my-client.env\"");
    assert_eq!((file.status, file.header("Content-Disposition"), file.text()), (200, name, shown));
    assert_eq!(file.header("Cache-Control"), Some("no-store"));
    // What the server keeps proves a secret, and cannot be turned back into it.
    let without = alice.sends_form(&server, "/console/clients/my-client/env", &[]);
    assert!(without.text().contains("\nOAUTH_CLIENT_SECRET=the-secret-that-was-shown-once\n"));
    // Nothing that is sent for the secret becomes a line of its own.
    let planted =
        alice.sends_form(&server, "/console/clients/my-client/env", &[("client_secret", "x\nOAUTH_TOKEN_URL='https://evil.example'")]);
    assert_eq!(planted.status, 400, "{}", planted.text());
}

#[test]
fn the_page_of_a_client_has_its_addresses_and_its_programs_without_a_secret() {
    let (server, mut alice) = server_with_alice();
    let secret = secret_of(&alice.sends_form(&server, "/console/add/client", &new_client(&[])));
    let page: Answer = alice.opens(&server, "/console/clients/my-client");
    for (id, text) in [
        ("the-client-id", "my-client"),
        ("endpoint-issuer", "http://127.0.0.1:1885"),
        ("endpoint-token", "http://127.0.0.1:1885/oauth/token"),
    ] {
        assert_eq!(page.text_of(id), text);
        assert!(page.text().contains(&format!("data-copy=\"{id}\"")), "{id} cannot be copied");
    }
    for name in ["curl", "openid-client", "authlib", "x-oauth2", "oauth2"] {
        let shown = page.text_of(&format!("snippet-{name}"));
        let file = alice.opens(&server, &format!("/console/clients/my-client/snippets/{name}"));
        assert_eq!(file.text(), shown);
        assert!(shown.contains("my-client") && !shown.contains(&secret));
        for word in [
            "{secret}",
            "{public}",
            "{rights}",
            "{sign-in}",
            "{scope}",
            "{http}",
            "{file}",
            "{issuer}",
            "{client_id}",
            "_endpoint}",
            "{redirect_uri}",
            "{authorization_url}",
        ] {
            assert!(!shown.contains(word), "{name} has {word}");
        }
    }
    assert_eq!(alice.get(&server, "/console/clients/my-client/snippets/nothing").status, 404);
}

#[test]
fn what_a_client_without_rights_gets_asks_for_the_scope_that_signs_its_users_in() {
    let (server, mut alice) = server_with_alice();
    server.has_app("alice", "my-app", &[]);
    let page: Answer = alice.opens(&server, "/console/clients/my-app");
    let shown = |id: &str| page.text_of(&format!("snippet-{id}"));
    for (id, scope) in [
        ("authorize", "scope=openid+profile+email"),
        ("curl", "scope=openid+profile+email"),
        ("openid-client", "scope: \"openid profile email\""),
        ("authlib", "scope=\"openid profile email\""),
        ("x-oauth2", "[]string{\"openid profile email\"}"),
        ("oauth2", "Scope::new(\"openid profile email\""),
    ] {
        assert!(shown(id).replace("&quot;", "\"").contains(scope), "{id}: {}", shown(id));
    }
    assert!(!shown("openid-client").contains("'oauth2'"));
}
