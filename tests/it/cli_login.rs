//! Stories of `keyfob login`: a browser, a code, and tokens that are kept, refreshed and revoked.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};

use crate::binary::PASSWORD;
use crate::cli::{Done, Fixture, done};
use crate::cli_commands::check_row;
use crate::client::{Reply, send};
use crate::process::left_out;

/// A browser in which the administrator has signed in: its cookies.
struct Browser(String);

impl Browser {
    fn of(fixture: &Fixture) -> Browser {
        let form = format!("user_id=admin&password={}", PASSWORD.1);
        let headers = [("Content-Type", "application/x-www-form-urlencoded")];
        let reply = send(fixture.address(), "POST", "/oauth/api/auth/login", &headers, &form);
        assert_eq!(reply.status, 204, "{}", reply.body);
        let cookies = reply.headers.iter().filter(|(name, _)| name == "set-cookie");
        Browser(cookies.map(|(_, value)| value.split(';').next().unwrap_or_default()).collect::<Vec<_>>().join("; "))
    }

    /// Goes to an address of the fixture, and tells where it is sent on to.
    fn visit(&self, fixture: &Fixture, url: &str) -> String {
        let target = url.strip_prefix(&fixture.url).unwrap_or(url);
        let reply = send(fixture.address(), "GET", target, &[("Cookie", &self.0)], "");
        assert_eq!(reply.status, 302, "{target}\n{}", reply.body);
        reply.header("location").expect("a place").to_owned()
    }

    /// Agrees on the page that asks, and tells where it is sent on to.
    fn agree(&self, fixture: &Fixture, url: &str) -> String {
        let target = url.strip_prefix(&fixture.url).unwrap_or(url);
        let page = send(fixture.address(), "GET", target, &[("Cookie", &self.0)], "");
        assert!(page.status == 200 && page.body.contains("Did you start this yourself"), "{target}\n{}", page.body);
        let mut cookies = vec![self.0.clone()];
        let set = page.headers.iter().filter(|(name, _)| name == "set-cookie");
        cookies.extend(set.map(|(_, value)| value.split(';').next().unwrap_or_default().to_owned()));
        let token = page.body.split("name=\"_csrf\" value=\"").nth(1).and_then(|rest| rest.split('"').next()).expect("a token");
        let headers = [("Cookie", cookies.join("; ")), ("Content-Type", "application/x-www-form-urlencoded".to_owned())];
        let headers = headers.each_ref().map(|(name, value)| (*name, value.as_str()));
        let reply = send(fixture.address(), "POST", target, &headers, &format!("_csrf={token}&authorize=true"));
        assert!(matches!(reply.status, 302 | 303), "{target}\n{}", reply.body);
        reply.header("location").expect("a place").to_owned()
    }
}

/// A login under way, and the address that it asks to open.
fn begin(fixture: &Fixture, line: &str) -> (Child, String) {
    let mut command = keyless(fixture, line);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it runs");
    let mut errors = BufReader::new(child.stderr.as_mut().expect("its errors"));
    let mut line = String::new();
    while !line.trim_start().starts_with("http") {
        line.clear();
        assert!(errors.read_line(&mut line).expect("a line") > 0, "it ended without an address");
    }
    (child, line.trim().to_owned())
}

/// A call that has nothing but what login keeps.
fn keyless(fixture: &Fixture, line: &str) -> Command {
    let mut command = fixture.command(line);
    command.env_remove("KEYFOB_API_KEY");
    command
}

fn run(fixture: &Fixture, line: &str) -> Done {
    done(keyless(fixture, line), "")
}

fn kept(fixture: &Fixture) -> Value {
    let file = std::fs::read_to_string(fixture.path("keyfob/credentials.json")).expect("the file");
    serde_json::from_str::<Value>(&file).expect("JSON")["servers"][&fixture.url].clone()
}

fn auth_info(fixture: &Fixture, token: &Value) -> Reply {
    let bearer = format!("Bearer {}", token.as_str().expect("a token"));
    send(fixture.address(), "GET", "/api/v3/auth_info", &[("Authorization", &bearer)], "")
}

fn parameter(url: &str, name: &str) -> String {
    let query = url.split_once('?').expect("a query").1;
    query.split('&').find_map(|pair| pair.strip_prefix(&format!("{name}="))).expect("the parameter").to_owned()
}

/// Logs in by carrying the code from the browser.
fn log_in(fixture: &Fixture) {
    let (mut child, url) = begin(fixture, "login --callback=false");
    let place = Browser::of(fixture).agree(fixture, &url);
    assert!(place.contains("/oauth/code?code=MF2XI."), "{place}");
    let mut stdin = child.stdin.take().expect("its input");
    writeln!(stdin, "{}", parameter(&place, "code")).expect("the code is pasted");
    let output = child.wait_with_output().expect("it ends");
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success() && errors.contains("as the user `admin`"), "{errors}");
    assert!(!errors.contains("MFRWG") && !errors.contains("OJSWM"), "{errors}");
}

#[test]
fn a_code_that_is_carried_from_the_browser_logs_in_and_logout_revokes_the_token() {
    let fixture = Fixture::new("paste");
    log_in(&fixture);
    let token = kept(&fixture)["access_token"].clone();
    assert_eq!(auth_info(&fixture, &token).status, 200);
    let made = run(&fixture, "clients create my-app");
    assert!(made.code == Some(0) && made.out.contains("\"user_id\": \"admin\""), "{}", made.err);
    assert_eq!(run(&fixture, "logout").code, Some(0));
    assert_eq!(auth_info(&fixture, &token).status, 401);
    assert_eq!(kept(&fixture), Value::Null);
    assert!(run(&fixture, "clients list").err.starts_with("error:keyfob/cli:unauthenticated"));
}

#[test]
fn a_browser_that_comes_back_logs_in() {
    // The port is one for the whole machine: where another program has it, there is no such story to tell.
    let held = std::fs::File::create(std::env::temp_dir().join("keyfob-port-11885")).expect("a file");
    held.lock().expect("nobody else tells this story meanwhile");
    let places: Vec<&str> = ["127.0.0.1", "[::1]"].into_iter().filter(|host| TcpListener::bind(format!("{host}:0")).is_ok()).collect();
    if places.iter().any(|host| TcpStream::connect(format!("{host}:11885")).is_ok()) {
        return left_out("a browser that comes back to `keyfob login`", "port 11885 is in use");
    }
    let fixture = Fixture::new("callback");
    for host in &places {
        // A process of its own: a listener of this one lives on in what other tests start meanwhile.
        let other = Fixture::with("other", &["--listen", &format!("{host}:11885")]);
        let stopped = run(&fixture, "login");
        let clear = format!("error:keyfob/cli:login (cannot log in: cannot listen on {host}:11885 (");
        assert!(stopped.code == Some(1) && stopped.err.starts_with(&clear), "who listens on {host} gets no code: {}", stopped.err);
        assert!(stopped.err.contains("--callback=false") && !stopped.err.contains("/oauth/authorize"), "{}", stopped.err);
        drop(other);
    }
    for host in &places {
        let (child, url) = begin(&fixture, "login");
        let browser = Browser::of(&fixture);
        let here = browser.visit(&fixture, &browser.agree(&fixture, &url));
        let target = here.strip_prefix("http://localhost:11885").unwrap_or_else(|| panic!("{here}"));
        let address = format!("{host}:11885");
        assert_eq!(send(&address, "GET", "/favicon.ico", &[], "").status, 404);
        let page = send(&address, "GET", target, &[], "");
        assert!(page.status == 200 && page.body.contains("You are signed in"), "{}", page.body);
        let output = child.wait_with_output().expect("it ends");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        assert_eq!(run(&fixture, "clients list").out, "[]\n");
    }
}

#[test]
fn a_token_that_is_old_refreshes_by_itself() {
    let fixture = Fixture::new("refresh");
    log_in(&fixture);
    let before = kept(&fixture);
    let mut old = before.clone();
    old["expires_at"] = "2020-01-01T00:00:00Z".into();
    std::fs::write(fixture.path("keyfob/credentials.json"), json!({"servers": {(&fixture.url): old}}).to_string()).expect("the file");
    // Two commands at once: one refreshes, the other takes what it kept.
    let both = [keyless(&fixture, "clients list"), keyless(&fixture, "auth-info")]
        .map(|mut command| command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it runs"));
    for child in both {
        let output = child.wait_with_output().expect("it ends");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
    let after = kept(&fixture);
    assert_ne!(after["access_token"], before["access_token"]);
    assert_eq!(fixture.routes().iter().filter(|route| *route == "oauth.token").count(), 2, "one code, one refresh");

    let mut dead = after;
    dead["expires_at"] = "2020-01-01T00:00:00Z".into();
    dead["refresh_token"] = "OJSWM.AAAA.BBBB".into();
    std::fs::write(fixture.path("keyfob/credentials.json"), json!({"servers": {(&fixture.url): dead}}).to_string()).expect("the file");
    let refused = run(&fixture, "clients list");
    assert!(refused.code == Some(1) && refused.err.contains("run `keyfob login` again"), "{}", refused.err);
    assert!(!refused.err.contains("OJSWM"), "{}", refused.err);
    log_in(&fixture);
}

#[test]
fn what_is_no_code_is_not_sent() {
    let fixture = Fixture::new("no-code");
    let (mut child, _) = begin(&fixture, "login --callback=false");
    child.stdin.take().expect("its input").write_all(b"hunter2\n").expect("something is pasted");
    let mut errors = String::new();
    child.stderr.take().expect("its errors").read_to_string(&mut errors).expect("they are read");
    assert_eq!(child.wait().expect("it ends").code(), Some(1));
    assert!(errors.contains("error:keyfob/cli:login (cannot log in: that is no code") && !errors.contains("hunter2"), "{errors}");
    assert!(fixture.routes().is_empty());
}

#[test]
fn sessions_authorizations_and_tokens_are_listed_and_ended() {
    let fixture = Fixture::new("grants");
    log_in(&fixture);
    log_in(&fixture);
    fixture.routes();
    let sessions: Value = serde_json::from_str(&check_row(&fixture, "users sessions list")).expect("a list");
    assert_eq!(sessions.as_array().map(Vec::len), Some(2), "{sessions}");
    check_row(&fixture, &format!("users sessions delete --session-id {}", sessions[0]["session_id"].as_str().expect("an ID")));
    assert_eq!(check_row(&fixture, "users oauth authorizations list --output-format client_ids.client_id"), "cli\n");
    let tokens = check_row(&fixture, "users oauth tokens list --client-id cli --output-format id");
    let first = tokens.lines().next().expect("a token");
    check_row(&fixture, &format!("users oauth access-tokens delete --client-id cli --token-id {first}"));
    check_row(&fixture, "users oauth authorizations delete --client-id cli");
    assert_eq!(fixture.ok("users oauth authorizations list"), "[]\n");
    assert_eq!(run(&fixture, "clients list").code, Some(1), "its tokens are gone");
}

#[test]
fn a_server_below_a_path_is_logged_in_to_by_its_whole_address() {
    let mut fixture = Fixture::with("path", &["--public-url", "http://127.0.0.1:1885/keyfob"]);
    fixture.url.push_str("/keyfob");
    log_in(&fixture);
    assert_eq!(auth_info(&fixture, &kept(&fixture)["access_token"]).status, 200);
    assert_eq!(run(&fixture, "clients create my-app").code, Some(0));
    assert!(run(&fixture, "clients list --limit 1 --all-pages").out.contains("my-app"));
    assert_eq!(run(&fixture, "logout").code, Some(0));
    assert_eq!(kept(&fixture), Value::Null);
}
