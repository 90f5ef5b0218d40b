//! A browser, and the authorization code flow.

use keyfob::base::uri::form_encoded;
use serde_json::Value;

use crate::server::{Answer, Jar, Server};

/// The password of everyone whom `Server::has_user` makes.
pub const PASSWORD: &str = "Hunter2-hunter2";

/// Where the clients of `Server::has_app` are sent back to.
pub const CALLBACK: &str = "https://app.example/cb";

/// A browser: it keeps its cookies, and follows no redirect.
#[derive(Clone, Default)]
pub struct Browser {
    pub jar: Jar,
}

/// Parameters as a form or a query has them.
pub fn form(pairs: &[(&str, &str)]) -> String {
    pairs.iter().map(|(name, value)| format!("{name}={}", form_encoded(value.as_bytes()))).collect::<Vec<_>>().join("&")
}

/// The request of a client that was registered with [`CALLBACK`], with these parameters beside its own.
pub fn authorize_target(client: &str, more: &[(&str, &str)]) -> String {
    let mut pairs = vec![("client_id", client), ("response_type", "code")];
    if !more.iter().any(|(name, _)| *name == "redirect_uri") {
        pairs.push(("redirect_uri", CALLBACK));
    }
    pairs.extend(more);
    format!("/oauth/authorize?{}", form(&pairs))
}

impl Browser {
    pub fn send(&mut self, server: &Server, method: &str, target: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        let cookies = self.jar.header();
        let mut all: Vec<(&str, &str)> = headers.to_vec();
        all.extend(cookies.as_deref().map(|cookies| ("Cookie", cookies)));
        let answer = server.send_with(None, &all, method, target, body.as_bytes());
        self.jar.keep(&answer);
        answer
    }

    pub fn get(&mut self, server: &Server, target: &str) -> Answer {
        self.send(server, "GET", target, &[], "")
    }

    pub fn post(&mut self, server: &Server, target: &str, pairs: &[(&str, &str)]) -> Answer {
        self.send(server, "POST", target, &[("Content-Type", "application/x-www-form-urlencoded")], &form(pairs))
    }

    /// The token of the forms of a page.
    #[track_caller]
    pub fn form_token(&mut self, server: &Server, target: &str) -> String {
        let page = self.get(server, target);
        page.header("X-CSRF-Token").unwrap_or_else(|| panic!("{target} has no form: {}", page.status)).to_owned()
    }

    /// Opens a page with a client's request and agrees to it.
    #[track_caller]
    pub fn consents(&mut self, server: &Server, client: &str, more: &[(&str, &str)]) -> Answer {
        let answer = self.post(server, &authorize_target(client, more), &[("authorize", "true")]);
        assert_eq!(answer.status, 303, "{}", answer.text());
        answer
    }

    /// The same, and the code that came of it.
    #[track_caller]
    pub fn code(&mut self, server: &Server, client: &str, more: &[(&str, &str)]) -> String {
        let answer = self.consents(server, client, more);
        answer.location_parameter("code").unwrap_or_else(|| panic!("no code in {:?}", answer.header("Location")))
    }
}

impl Server {
    /// A browser in which this user has signed in.
    #[track_caller]
    pub fn signed_in(&self, user: &str) -> Browser {
        let mut browser = Browser::default();
        let answer = browser.post(self, "/oauth/api/auth/login", &[("user_id", user), ("password", PASSWORD)]);
        assert_eq!(answer.status, 204, "{}", answer.text());
        browser
    }

    /// A client of `owner`, approved, with both grants; its secret.
    #[track_caller]
    pub fn has_app(&self, owner: &str, id: &str, rights: &[&str]) -> String {
        let client = serde_json::json!({"client": {
            "ids": {"client_id": id}, "name": id, "redirect_uris": [CALLBACK], "logout_redirect_uris": ["https://app.example/bye"],
            "grants": ["GRANT_AUTHORIZATION_CODE", "GRANT_REFRESH_TOKEN"], "rights": rights,
        }});
        let made = self.check(owner, "POST", &format!("/api/v3/users/{owner}/clients"), &client.to_string(), "200").json();
        self.has_state(id, "STATE_APPROVED");
        made["secret"].as_str().expect("a secret").to_owned()
    }

    #[track_caller]
    pub fn has_state(&self, client: &str, state: &str) {
        let body = format!(r#"{{"client":{{"state":"{state}"}},"field_mask":"state"}}"#);
        self.check("admin", "PUT", &format!("/api/v3/clients/{client}"), &body, "200");
    }

    /// Asks for a token with a form.
    pub fn token(&self, pairs: &[(&str, &str)]) -> Answer {
        self.post_form("/oauth/token", pairs)
    }

    pub fn post_form(&self, target: &str, pairs: &[(&str, &str)]) -> Answer {
        self.send_with(None, &[("Content-Type", "application/x-www-form-urlencoded")], "POST", target, form(pairs).as_bytes())
    }

    /// Turns a code into tokens.
    #[track_caller]
    pub fn tokens(&self, client: &str, secret: &str, code: &str) -> Tokens {
        let answer = self.token(&[
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", CALLBACK),
            ("client_id", client),
            ("client_secret", secret),
        ]);
        Tokens::of(&answer)
    }

    pub fn refresh(&self, client: &str, secret: &str, refresh: &str) -> Answer {
        self.token(&[("grant_type", "refresh_token"), ("refresh_token", refresh), ("client_id", client), ("client_secret", secret)])
    }

    /// The status of a request with this bearer token.
    pub fn status_with(&self, token: &str, target: &str) -> u16 {
        self.send_with(Some(&format!("Bearer {token}")), &[], "GET", target, b"").status
    }
}

/// What a client got.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tokens {
    pub access: String,
    pub refresh: String,
}

impl Tokens {
    #[track_caller]
    pub fn of(answer: &Answer) -> Tokens {
        assert_eq!(answer.status, 200, "{}", answer.text());
        let json: Value = answer.json();
        let part = |name: &str| json[name].as_str().unwrap_or_default().to_owned();
        Tokens { access: part("access_token"), refresh: part("refresh_token") }
    }
}
