//! The secrets of a running server: in its file, its log and its replies they are nowhere but in the one reply that issues them.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use data_encoding::{BASE64, BASE64URL, HEXLOWER, HEXUPPER};
use keyfob::http::pairs::Pairs;
use serde_json::{Value, json};

use crate::browser::{CALLBACK, authorize_target, form};
use crate::client::{Reply, send};
use crate::folder::Folder;
use crate::process::Process;
use crate::secrets::{holds, key_of};
use crate::server::ADMIN_KEY;

const FORM: (&str, &str) = ("Content-Type", "application/x-www-form-urlencoded");
const JSON: (&str, &str) = ("Content-Type", "application/json");

const PASSWORD: &str = "Seeded-passw0rd-of-somebody";
const NEW_PASSWORD: &str = "Seeded-passw0rd-that-is-new";

/// A server, and everything that was said to it and by it.
struct Story {
    server: Process,
    /// What nobody may find, and what it is.
    secrets: Vec<(&'static str, String)>,
    /// What was asked, the whole reply, and the secrets that it was to issue.
    replies: Vec<(String, String, Vec<String>)>,
    folder: Folder,
}

/// The name of its cookies is the same after a restart, whatever port it is given.
const SETTINGS: &[&str] = &["--data", "keyfob.db", "--public-url", "http://127.0.0.1:1885"];

/// What a client got.
struct Tokens {
    access: String,
    refresh: String,
}

fn bearer(token: &str) -> String {
    format!("Bearer {token}")
}

impl Story {
    fn begin(name: &str) -> Story {
        let folder = Folder::new(name);
        let server = Process::start(&folder.0, "", SETTINGS);
        let mut story = Story { server, secrets: Vec::new(), replies: Vec::new(), folder };
        story.seed("the administrator's key", ADMIN_KEY);
        story.seed("a password", PASSWORD);
        story.seed("a new password", NEW_PASSWORD);
        let user = json!({"user": {
            "ids": {"user_id": "alice"}, "primary_email_address": "alice@example.com", "password": PASSWORD, "state": "STATE_APPROVED",
        }});
        story.succeed("POST", "/api/v3/users", &[("Authorization", &bearer(ADMIN_KEY)), JSON], &user.to_string());
        story
    }

    fn seed(&mut self, what: &'static str, secret: &str) {
        self.secrets.push((what, key_of(secret).to_owned()));
    }

    fn ask(&mut self, method: &str, target: &str, headers: &[(&str, &str)], body: &str) -> Reply {
        let reply = send(&self.server.address, method, target, headers, body);
        self.replies.push((format!("{method} {target}"), format!("{:?}\n{}", reply.headers, reply.body), Vec::new()));
        reply
    }

    #[track_caller]
    fn succeed(&mut self, method: &str, target: &str, headers: &[(&str, &str)], body: &str) -> Reply {
        let reply = self.ask(method, target, headers, body);
        assert!(reply.status < 400, "{method} {target}: {} {}", reply.status, reply.body);
        reply
    }

    #[track_caller]
    fn fail(&mut self, method: &str, target: &str, headers: &[(&str, &str)], body: &str) {
        let reply = self.ask(method, target, headers, body);
        assert!((400..500).contains(&reply.status), "{method} {target}: {} {}", reply.status, reply.body);
    }

    /// Sends what is no request, and keeps what the listener answers.
    fn blurt(&mut self, bytes: &str) {
        let mut stream = TcpStream::connect(&self.server.address).expect("it accepts");
        stream.set_read_timeout(Some(Duration::from_secs(20))).expect("a timeout is set");
        stream.write_all(bytes.as_bytes()).expect("it is sent");
        let mut reply = String::new();
        stream.read_to_string(&mut reply).expect("it is answered");
        assert!(reply.starts_with("HTTP/1.1 4") || reply.starts_with("HTTP/1.1 5"), "{reply}");
        self.replies.push(("what is no request".to_owned(), reply, Vec::new()));
    }

    /// The last reply was to issue this.
    fn issued(&mut self, what: &'static str, secret: &str) {
        let (_, _, issued) = self.replies.last_mut().expect("there was a reply");
        issued.push(key_of(secret).to_owned());
        self.seed(what, secret);
    }

    /// Signs alice in; her browser's cookie.
    fn sign_in(&mut self, password: &str) -> String {
        let body = json!({"user_id": "alice", "password": password}).to_string();
        let reply = self.succeed("POST", "/oauth/api/auth/login", &[JSON], &body);
        let cookie = reply.header("set-cookie").and_then(|cookie| cookie.split(';').next()).expect("a cookie").to_owned();
        self.issued("a session", &cookie);
        cookie
    }

    /// Makes a key for alice in her browser.
    fn api_key(&mut self, cookie: &str) -> String {
        let page = self.succeed("GET", "/oauth/", &[("Cookie", cookie)], "");
        let csrf = page.header("x-csrf-token").expect("a token for forms").to_owned();
        let headers = [("Cookie", cookie), ("X-CSRF-Token", &csrf), JSON];
        let made = self.succeed("POST", "/api/v3/users/alice/api-keys", &headers, r#"{"rights":["RIGHT_ALL"]}"#);
        let key = made.json()["key"].as_str().expect("a key").to_owned();
        self.issued("an API key", &key);
        key
    }

    /// Registers `my-app` for alice; its secret.
    fn client(&mut self, key: &str) -> String {
        let client = json!({"client": {
            "ids": {"client_id": "my-app"}, "redirect_uris": [CALLBACK], "rights": ["RIGHT_USER_INFO"],
            "grants": ["GRANT_AUTHORIZATION_CODE", "GRANT_REFRESH_TOKEN"],
        }});
        let made = self.succeed("POST", "/api/v3/users/alice/clients", &[("Authorization", &bearer(key)), JSON], &client.to_string());
        let secret = made.json()["secret"].as_str().expect("a secret").to_owned();
        self.issued("a client's secret", &secret);
        let approved = json!({"client": {"state": "STATE_APPROVED"}, "field_mask": "state"}).to_string();
        self.succeed("PUT", "/api/v3/clients/my-app", &[("Authorization", &bearer(ADMIN_KEY)), JSON], &approved);
        secret
    }

    /// Alice agrees that `my-app` may act for her; the code.
    fn code(&mut self, cookie: &str) -> String {
        let target = authorize_target("my-app", &[("state", "of-no-interest")]);
        self.succeed("GET", &target, &[("Cookie", cookie)], "");
        let agreed = self.succeed("POST", &target, &[("Cookie", cookie), FORM], "authorize=true");
        let query = agreed.header("location").and_then(|place| place.split_once('?')).expect("a place with a query").1;
        let code = Pairs::parse(query).expect("pairs").first("code").expect("a code").to_owned();
        self.issued("a code", &code);
        code
    }

    fn tokens(&mut self, more: &[(&str, &str)], secret: &str) -> Tokens {
        let body = form(&[more, &[("redirect_uri", CALLBACK), ("client_id", "my-app"), ("client_secret", secret)]].concat());
        let json = self.succeed("POST", "/oauth/token", &[FORM], &body).json();
        let part = |name: &str| json[name].as_str().expect("a token").to_owned();
        let tokens = Tokens { access: part("access_token"), refresh: part("refresh_token") };
        self.issued("an access token", &tokens.access);
        self.issued("a refresh token", &tokens.refresh);
        tokens
    }

    /// What the server left in its folder, its log among it, and every reply: nothing of it holds what it must not.
    fn holds_no_secret(&self) {
        for entry in std::fs::read_dir(&self.folder.0).expect("the folder is read") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                // The folder of the control socket holds no file.
                assert!(path.ends_with("keyfob.db-control"), "{}", path.display());
                continue;
            }
            let bytes = std::fs::read(&path).expect("a file is read");
            for (what, secret) in &self.secrets {
                assert!(!holds(&bytes, secret), "{what} stands in {}", path.display());
            }
        }
        for (asked, reply, issued) in &self.replies {
            for (what, secret) in self.secrets.iter().filter(|(_, secret)| !issued.contains(secret)) {
                assert!(!reply.contains(secret), "{what} stands in the reply to {asked}:\n{reply}");
            }
            assert!(issued.iter().all(|secret| reply.contains(secret)), "{asked}");
        }
    }
}

/// The flow, and the steps of it that can go wrong, going wrong.
fn flow(story: &mut Story, cookie: &str, secret: &str) -> Tokens {
    let code = story.code(cookie);
    let authorization = format!("Basic {}", BASE64.encode(b"my-app:Wrong-secret-in-a-header"));
    story.secrets.push(("credentials in base64", authorization["Basic ".len()..].to_owned()));
    for secret in ["Wrong-secret", "Wrong-code", "Wrong-token", "Wrong-verifier"] {
        story.seed("a wrong one", secret);
    }
    let exchange = |code: &str, secret: &str| {
        form(&[
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", CALLBACK),
            ("client_id", "my-app"),
            ("client_secret", secret),
        ])
    };
    story.fail("POST", "/oauth/token", &[FORM], &exchange(&code, "Wrong-secret"));
    story.fail("POST", "/oauth/token", &[FORM], &exchange("MF.WRONG.Wrong-code", secret));
    story.fail("POST", "/oauth/token", &[FORM], &(exchange("Wrong-code", secret) + "&code_verifier=Wrong-verifier"));
    story.fail(
        "POST",
        "/oauth/token",
        &[FORM, ("Authorization", &authorization)],
        &form(&[("grant_type", "authorization_code"), ("code", &code)]),
    );
    let first = story.tokens(&[("grant_type", "authorization_code"), ("code", &code)], secret);
    let second = story.tokens(&[("grant_type", "refresh_token"), ("refresh_token", &first.refresh)], secret);
    for token in [&second.access, &second.refresh, &first.access, "Wrong-token", "MF.WRONG.Wrong-token"] {
        let asked = |secret: &str| form(&[("token", token), ("client_id", "my-app"), ("client_secret", secret)]);
        story.succeed("POST", "/oauth/introspect", &[FORM], &asked(secret));
        story.fail("POST", "/oauth/introspect", &[FORM], &asked("Wrong-secret"));
    }
    second
}

/// What people get wrong, each time with a secret in it.
fn blunders(story: &mut Story, key: &str) {
    let authorization = bearer(key);
    let headers = [("Authorization", authorization.as_str()), JSON];
    for secret in ["Wrong-passw0rd", "Misplaced-secret", "nodigitsinthispassword"] {
        story.seed("a misplaced one", secret);
    }
    story.fail("POST", "/oauth/api/auth/login", &[JSON], r#"{"user_id":"alice","password":"Wrong-passw0rd"}"#);
    story.fail("POST", "/oauth/api/auth/login", &[JSON], r#"{"user_id":"Misplaced-secret","password":["Misplaced-secret"]}"#);
    story.ask("POST", "/oauth/login", &[FORM], "user_id=alice&password=Wrong-passw0rd");
    let password = "/api/v3/users/alice/password";
    story.fail("PUT", password, &[JSON], r#"{"old":"Wrong-passw0rd","new":"Misplaced-secret"}"#);
    story.fail("PUT", password, &[JSON], &json!({"old": PASSWORD, "new": "nodigitsinthispassword"}).to_string());
    for body in [
        r#"{"client":{"ids":{"client_id":"other"},"secret":"Misplaced-secret"#,
        r#"{"client":{"ids":{"client_id":"other"},"secret":["Misplaced-secret"]}}"#,
        r#"{"client":{"ids":{"client_id":"other"},"secret":{"Misplaced-secret":1}}}"#,
        r#"{"client":{"ids":{"client_id":"other"},"secret":Misplaced-secret}}"#,
        "Misplaced-secret",
        "\"Misplaced-secret\"",
    ] {
        story.fail("POST", "/api/v3/users/alice/clients", &headers, body);
    }
    for kind in ["", "Bearer ", "Bearer NNSXS.", "Bearer NNSXS.A.", "Basic "] {
        let authorization = format!("{kind}Misplaced-secret");
        story.fail("GET", "/api/v3/clients/my-app", &[("Authorization", &authorization)], "");
        let headers = [("Authorization", authorization.as_str()), FORM];
        story.fail("POST", "/oauth/token", &headers, "grant_type=refresh_token&refresh_token=Misplaced-secret");
    }
    story.fail("GET", "/oauth/api/me", &[("Cookie", "keyfob_session_1885=Misplaced-secret; keyfob_csrf_1885=Misplaced-secret")], "");
    for target in ["/api/v3/auth_info?access_token=Misplaced-secret", "/oauth/logout?access_token=Misplaced-secret"] {
        story.ask("GET", target, &[("Cookie", "x=Misplaced-secret"), ("X-Api-Key", "Misplaced-secret")], "");
    }
    story.fail("POST", "/oauth/token?client_secret=Misplaced-secret&client_id=my-app", &[JSON], r#"{"grant_type":"Misplaced-secret"#);
    for request in [
        "GET / HTTP/1.1\r\nHost: x\r\nAuthorization Misplaced-secret\r\n\r\n",
        "GET /?token=Misplaced-secret HTTP/2.0\r\nHost: x\r\n\r\n",
        "Misplaced-secret\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nMisplaced-secret\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: Misplaced-secret\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: x\r\nExpect: Misplaced-secret\r\n\r\n",
    ] {
        story.blurt(request);
    }
}

/// Alice loses her password twice.
fn recovery(story: &mut Story) {
    const TEMPORARY: &str = "Seeded-passw0rd-for-a-day";
    let admin = bearer(ADMIN_KEY);
    let admin = [("Authorization", admin.as_str()), JSON];
    let set = json!({"user": {"temporary_password": TEMPORARY}, "field_mask": "temporary_password"}).to_string();
    story.succeed("PUT", "/api/v3/users/alice", &admin, &set);
    story.issued("a temporary password", TEMPORARY);
    story.fail("POST", "/oauth/api/auth/login", &[JSON], &json!({"user_id": "alice", "password": TEMPORARY}).to_string());
    story.succeed("POST", "/oauth/login", &[FORM], &form(&[("user_id", "alice"), ("password", TEMPORARY)]));
    chooses(story, "Seeded-passw0rd-after-a-day");
    let link = story.succeed("POST", "/api/v3/users/alice/sign-in-link", &admin, "").json();
    let token = link["link"].as_str().and_then(|link| link.split('#').nth(1)).expect("a token").to_owned();
    story.issued("a sign-in link", &token);
    story.fail("POST", "/oauth/sign-in-link", &[FORM], &form(&[("link", &token[..token.len() - 1])]));
    story.succeed("POST", "/oauth/sign-in-link", &[FORM], &form(&[("link", &token)]));
    chooses(story, "Seeded-passw0rd-after-a-link");
    story.fail("POST", "/oauth/sign-in-link", &[FORM], &form(&[("link", &token)]));
}

/// Chooses a new password in the browser that the last reply was for.
fn chooses(story: &mut Story, password: &str) {
    let cookie = |reply: &str, name: &str| {
        reply.split('"').find(|text| text.starts_with(name)).and_then(|text| text.split(';').next()).map(str::to_owned)
    };
    let (_, reply, _) = story.replies.last().expect("there was a reply");
    let choice = cookie(reply, "keyfob_new_password_1885=").expect("a cookie");
    story.issued("the choice of a password", &choice);
    story.seed("a chosen password", password);
    story.fail("POST", "/oauth/new-password", &[FORM, ("Cookie", &choice)], "password=weak");
    story.succeed("POST", "/oauth/new-password", &[FORM, ("Cookie", &choice)], &form(&[("password", password)]));
    let (_, reply, _) = story.replies.last().expect("there was a reply");
    let session = cookie(reply, "keyfob_session_1885=").expect("a cookie");
    story.issued("a session", &session);
}

#[test]
fn a_secret_is_nowhere_but_in_the_reply_that_issues_it() {
    const CHOSEN: &str = "Seeded-secret-of-a-person";
    let mut story = Story::begin("leaks");
    let cookie = story.sign_in(PASSWORD);
    let key = story.api_key(&cookie);
    let secret = story.client(&key);
    let authorization = bearer(&key);
    let headers = [("Authorization", authorization.as_str()), JSON];
    let tokens = flow(&mut story, &cookie, &secret);
    let rotated =
        story.succeed("POST", "/api/v3/clients/my-app/secret", &headers, "").json()["secret"].as_str().expect("a secret").to_owned();
    story.issued("a rotated secret", &rotated);
    let chosen = json!({"client": {"secret": CHOSEN}, "field_mask": "secret"}).to_string();
    story.succeed("PUT", "/api/v3/clients/my-app", &headers, &chosen);
    story.issued("a chosen secret", CHOSEN);
    blunders(&mut story, &key);
    let newer = story.tokens(&[("grant_type", "refresh_token"), ("refresh_token", &tokens.refresh)], CHOSEN);
    // Everyone who holds something may look around.
    for authorization in [bearer(&key), bearer(ADMIN_KEY), bearer(&newer.access)] {
        for place in [
            "auth_info",
            "clients/my-app",
            "users/alice",
            "users/alice/api-keys",
            "users/alice/sessions",
            "users/alice/authorizations",
            "users/alice/authorizations/my-app/tokens",
        ] {
            story.ask("GET", &format!("/api/v3/{place}"), &[("Authorization", &authorization)], "");
        }
    }
    story.succeed("GET", "/oauth/", &[("Cookie", &cookie)], "");
    story.succeed(
        "POST",
        "/oauth/revoke",
        &[FORM],
        &form(&[("token", &newer.refresh), ("client_id", "my-app"), ("client_secret", CHOSEN)]),
    );
    story.fail("GET", "/api/v3/users/alice", &[("Authorization", &bearer(&newer.access))], "");
    story.succeed("PUT", "/api/v3/users/alice/password", &[JSON], &json!({"old": PASSWORD, "new": NEW_PASSWORD}).to_string());
    let cookie = story.sign_in(NEW_PASSWORD);
    story.ask("POST", "/oauth/api/auth/logout", &[("Cookie", &cookie)], "");
    recovery(&mut story);
    let written = std::fs::read(story.folder.0.join("keyfob.db-wal")).expect("the log of the file is read");
    assert!(holds(&written, "my-app") && story.server.log_so_far().contains("oauth.token"), "what is searched is what was written");
    assert!(story.secrets.len() > 20 && story.replies.len() > 80, "{} {}", story.secrets.len(), story.replies.len());
    story.holds_no_secret();
}

#[test]
fn a_private_key_is_in_no_log_and_no_reply() {
    let mut story = Story::begin("leaks-of-keys");
    let admin = bearer(ADMIN_KEY);
    for target in ["/.well-known/openid-configuration", "/oauth/keys", "/api/v3/users/admin", "/api/v3/clients"] {
        story.succeed("GET", target, &[("Authorization", &admin)], "");
    }
    story.fail("GET", "/oauth/userinfo", &[], "");
    story.server.stop();
    let file = rusqlite::Connection::open(story.folder.0.join("keyfob.db")).expect("the file opens");
    let mut select = file.prepare("SELECT private_key FROM signing_keys").expect("a statement");
    let keys: Vec<Vec<u8>> = select.query_map([], |row| row.get(0)).expect("rows").collect::<Result<_, _>>().expect("keys are read");
    assert_eq!(keys.len(), 2);
    let log = story.server.log();
    assert!(log.contains("oauth.keys"), "{log}");
    for key in keys {
        // A part of it that is not public: an exponent of the curve, or the end of an RSA key.
        let secret = if key.len() < 200 { &key[36..68] } else { &key[key.len() - 32..] };
        // In any of the three alignments of base64, a window of 30 octets of the key begins with what stands for it.
        let parts =
            secret.windows(30).flat_map(|part| [BASE64.encode(part), BASE64URL.encode(part), HEXLOWER.encode(part), HEXUPPER.encode(part)]);
        for part in parts {
            assert!(!log.contains(&part) && story.replies.iter().all(|(_, reply, _)| !reply.contains(&part)), "a part of a key is shown");
        }
    }
}

#[test]
fn sessions_tokens_and_keys_survive_a_kill_and_a_restart() {
    let mut story = Story::begin("restart");
    let cookie = story.sign_in(PASSWORD);
    let key = story.api_key(&cookie);
    let secret = story.client(&key);
    let code = story.code(&cookie);
    let tokens = story.tokens(&[("grant_type", "authorization_code"), ("code", &code)], &secret);
    let unused = story.code(&cookie);
    story.server.kill();
    story.server = Process::start(&story.folder.0, "", SETTINGS);
    let who: Value = story.succeed("GET", "/oauth/api/me", &[("Cookie", &cookie)], "").json();
    assert_eq!(who["user"]["ids"]["user_id"], "alice", "{who}");
    story.succeed("GET", "/api/v3/users/alice", &[("Authorization", &bearer(&key))], "");
    story.succeed("GET", "/api/v3/users/alice", &[("Authorization", &bearer(&tokens.access))], "");
    story.tokens(&[("grant_type", "refresh_token"), ("refresh_token", &tokens.refresh)], &secret);
    // What was over stays over, and what was not is good once.
    story.fail("GET", "/api/v3/users/alice", &[("Authorization", &bearer(&tokens.access))], "");
    story.tokens(&[("grant_type", "authorization_code"), ("code", &unused)], &secret);
}
