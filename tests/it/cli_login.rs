//! Stories of `keyfob login`: a browser, a code, and tokens that are kept, refreshed and revoked.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};

use crate::binary::PASSWORD;
use crate::cli::{Done, Town, done};
use crate::cli_commands::check_row;
use crate::client::{Reply, send};

/// A browser in which the administrator has signed in: its cookies.
struct Browser(String);

impl Browser {
    fn of(town: &Town) -> Browser {
        let form = format!("user_id=admin&password={}", PASSWORD.1);
        let headers = [("Content-Type", "application/x-www-form-urlencoded")];
        let reply = send(town.address(), "POST", "/oauth/api/auth/login", &headers, &form);
        assert_eq!(reply.status, 204, "{}", reply.body);
        let cookies = reply.headers.iter().filter(|(name, _)| name == "set-cookie");
        Browser(cookies.map(|(_, value)| value.split(';').next().unwrap_or_default()).collect::<Vec<_>>().join("; "))
    }

    /// Goes to an address of the town, and tells where it is sent on to.
    fn visit(&self, town: &Town, url: &str) -> String {
        let target = url.strip_prefix(&town.url).unwrap_or(url);
        let reply = send(town.address(), "GET", target, &[("Cookie", &self.0)], "");
        assert_eq!(reply.status, 302, "{target}\n{}", reply.body);
        reply.header("location").expect("a place").to_owned()
    }

    /// Agrees on the page that asks, and tells where it is sent on to.
    fn agree(&self, town: &Town, url: &str) -> String {
        let target = url.strip_prefix(&town.url).unwrap_or(url);
        let page = send(town.address(), "GET", target, &[("Cookie", &self.0)], "");
        assert!(page.status == 200 && page.body.contains("Did you start this yourself"), "{target}\n{}", page.body);
        let mut cookies = vec![self.0.clone()];
        let set = page.headers.iter().filter(|(name, _)| name == "set-cookie");
        cookies.extend(set.map(|(_, value)| value.split(';').next().unwrap_or_default().to_owned()));
        let token = page.body.split("name=\"_csrf\" value=\"").nth(1).and_then(|rest| rest.split('"').next()).expect("a token");
        let headers = [("Cookie", cookies.join("; ")), ("Content-Type", "application/x-www-form-urlencoded".to_owned())];
        let headers = headers.each_ref().map(|(name, value)| (*name, value.as_str()));
        let reply = send(town.address(), "POST", target, &headers, &format!("_csrf={token}&authorize=true"));
        assert!(matches!(reply.status, 302 | 303), "{target}\n{}", reply.body);
        reply.header("location").expect("a place").to_owned()
    }
}

/// A login under way, and the address that it asks to open.
fn begin(town: &Town, line: &str) -> (Child, String) {
    let mut command = keyless(town, line);
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
fn keyless(town: &Town, line: &str) -> Command {
    let mut command = town.command(line);
    command.env_remove("KEYFOB_API_KEY");
    command
}

fn run(town: &Town, line: &str) -> Done {
    done(keyless(town, line), "")
}

fn kept(town: &Town) -> Value {
    let file = std::fs::read_to_string(town.path("keyfob/credentials.json")).expect("the file");
    serde_json::from_str::<Value>(&file).expect("JSON")["servers"][&town.url].clone()
}

fn auth_info(town: &Town, token: &Value) -> Reply {
    let bearer = format!("Bearer {}", token.as_str().expect("a token"));
    send(town.address(), "GET", "/api/v3/auth_info", &[("Authorization", &bearer)], "")
}

fn parameter(url: &str, name: &str) -> String {
    let query = url.split_once('?').expect("a query").1;
    query.split('&').find_map(|pair| pair.strip_prefix(&format!("{name}="))).expect("the parameter").to_owned()
}

/// Logs in by carrying the code from the browser.
fn log_in(town: &Town) {
    let (mut child, url) = begin(town, "login --callback=false");
    let place = Browser::of(town).agree(town, &url);
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
    let town = Town::new("paste");
    log_in(&town);
    let token = kept(&town)["access_token"].clone();
    assert_eq!(auth_info(&town, &token).status, 200);
    let made = run(&town, "clients create my-app");
    assert!(made.code == Some(0) && made.out.contains("\"user_id\": \"admin\""), "{}", made.err);
    assert_eq!(run(&town, "logout").code, Some(0));
    assert_eq!(auth_info(&town, &token).status, 401);
    assert_eq!(kept(&town), Value::Null);
    assert!(run(&town, "clients list").err.starts_with("error:keyfob/cli:unauthenticated"));
}

#[test]
fn a_browser_that_comes_back_logs_in() {
    // The port is one for the whole machine: where somebody has it, there is no such story to tell.
    let held = std::fs::File::create(std::env::temp_dir().join("keyfob-port-11885")).expect("a file");
    held.lock().expect("nobody else tells this story meanwhile");
    let places: Vec<&str> = ["127.0.0.1", "[::1]"].into_iter().filter(|host| TcpListener::bind(format!("{host}:0")).is_ok()).collect();
    if places.iter().any(|host| TcpListener::bind(format!("{host}:11885")).is_err()) {
        return;
    }
    let town = Town::new("callback");
    for host in &places {
        let other = TcpListener::bind(format!("{host}:11885")).expect("the port");
        let stopped = run(&town, "login");
        let clear = format!("error:keyfob/cli:login (cannot log in: cannot listen on {host}:11885 (");
        assert!(stopped.code == Some(1) && stopped.err.starts_with(&clear), "who listens on {host} gets no code: {}", stopped.err);
        assert!(stopped.err.contains("--callback=false") && !stopped.err.contains("/oauth/authorize"), "{}", stopped.err);
        drop(other);
    }
    for host in &places {
        let (child, url) = begin(&town, "login");
        let browser = Browser::of(&town);
        let here = browser.visit(&town, &browser.agree(&town, &url));
        let target = here.strip_prefix("http://localhost:11885").unwrap_or_else(|| panic!("{here}"));
        let address = format!("{host}:11885");
        assert_eq!(send(&address, "GET", "/favicon.ico", &[], "").status, 404);
        let page = send(&address, "GET", target, &[], "");
        assert!(page.status == 200 && page.body.contains("You are signed in"), "{}", page.body);
        let output = child.wait_with_output().expect("it ends");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        assert_eq!(run(&town, "clients list").out, "[]\n");
    }
}

#[test]
fn a_token_that_is_old_refreshes_by_itself() {
    let town = Town::new("refresh");
    log_in(&town);
    let before = kept(&town);
    let mut old = before.clone();
    old["expires_at"] = "2020-01-01T00:00:00Z".into();
    std::fs::write(town.path("keyfob/credentials.json"), json!({"servers": {(&town.url): old}}).to_string()).expect("the file");
    // Two commands at once: one refreshes, the other takes what it kept.
    let both = [keyless(&town, "clients list"), keyless(&town, "auth-info")]
        .map(|mut command| command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it runs"));
    for child in both {
        let output = child.wait_with_output().expect("it ends");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
    let after = kept(&town);
    assert_ne!(after["access_token"], before["access_token"]);
    assert_eq!(town.routes().iter().filter(|route| *route == "oauth.token").count(), 2, "one code, one refresh");

    let mut dead = after;
    dead["expires_at"] = "2020-01-01T00:00:00Z".into();
    dead["refresh_token"] = "OJSWM.AAAA.BBBB".into();
    std::fs::write(town.path("keyfob/credentials.json"), json!({"servers": {(&town.url): dead}}).to_string()).expect("the file");
    let refused = run(&town, "clients list");
    assert!(refused.code == Some(1) && refused.err.contains("run `keyfob login` again"), "{}", refused.err);
    assert!(!refused.err.contains("OJSWM"), "{}", refused.err);
    log_in(&town);
}

#[test]
fn what_is_no_code_is_not_sent() {
    let town = Town::new("no-code");
    let (mut child, _) = begin(&town, "login --callback=false");
    child.stdin.take().expect("its input").write_all(b"hunter2\n").expect("something is pasted");
    let mut errors = String::new();
    child.stderr.take().expect("its errors").read_to_string(&mut errors).expect("they are read");
    assert_eq!(child.wait().expect("it ends").code(), Some(1));
    assert!(errors.contains("error:keyfob/cli:login (cannot log in: that is no code") && !errors.contains("hunter2"), "{errors}");
    assert!(town.routes().is_empty());
}

#[test]
fn sessions_authorizations_and_tokens_are_listed_and_ended() {
    let town = Town::new("grants");
    log_in(&town);
    log_in(&town);
    town.routes();
    let sessions: Value = serde_json::from_str(&check_row(&town, "users sessions list")).expect("a list");
    assert_eq!(sessions.as_array().map(Vec::len), Some(2), "{sessions}");
    check_row(&town, &format!("users sessions delete --session-id {}", sessions[0]["session_id"].as_str().expect("an ID")));
    assert_eq!(check_row(&town, "users oauth authorizations list --output-format client_ids.client_id"), "cli\n");
    let tokens = check_row(&town, "users oauth tokens list --client-id cli --output-format id");
    let first = tokens.lines().next().expect("a token");
    check_row(&town, &format!("users oauth access-tokens delete --client-id cli --token-id {first}"));
    check_row(&town, "users oauth authorizations delete --client-id cli");
    assert_eq!(town.ok("users oauth authorizations list"), "[]\n");
    assert_eq!(run(&town, "clients list").code, Some(1), "its tokens are gone");
}
