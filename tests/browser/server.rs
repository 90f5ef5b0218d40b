//! The built program, for a story of its own: on loopback, with a database that is gone when the story is over.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};

use crate::client::{Reply, send};

const ADMIN_KEY: &str = "NNSXS.ADMINADMINADMINADMINADMINADMINADMINADMI.ADMINADMINADMINADMINADMINADMINADMINADMINADMINADMINAD";

/// The password of the administrator and of everyone else.
pub const PASSWORD: &str = "Correct-Horse-battery-9";

pub struct Server {
    child: Child,
    /// `http://127.0.0.1:…`.
    pub url: String,
}

impl Server {
    /// With `--approval auto` or `manual`, and a user `alice` beside the administrator.
    pub fn start(approval: &str) -> Server {
        let server = Server::with(&["--ephemeral", "--approval", approval]);
        server.has_user("alice");
        server
    }

    /// With the data of a seed, and the controls.
    pub fn steered(seed: &str) -> Server {
        Server::with(&["--fixture", seed])
    }

    fn with(arguments: &[&str]) -> Server {
        let mut child = Command::new(env!("CARGO_BIN_EXE_keyfob"))
            .args(["serve", "--listen", "127.0.0.1:0"])
            .args(arguments)
            .env_clear()
            .envs([("KEYFOB_ADMIN_API_KEY", ADMIN_KEY), ("KEYFOB_ADMIN_PASSWORD", PASSWORD)])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the program starts");
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().expect("its output")).read_line(&mut line).expect("a line");
        let ready: Value = serde_json::from_str(&line).unwrap_or_else(|_| panic!("not ready: {line}"));
        Server { child, url: ready["url"].as_str().expect("an address").to_owned() }
    }

    pub fn has_user(&self, id: &str) {
        let user = json!({"user": {"ids": {"user_id": id}, "primary_email_address": format!("{id}@example.com"), "password": PASSWORD, "state": "STATE_APPROVED"}});
        self.is_told("POST", "/api/v3/users", &user);
    }

    /// A client of a user, which asks for what clients ask for.
    pub fn has_client(&self, owner: &str, id: &str) {
        let client = json!({"client": {
            "ids": {"client_id": id}, "name": format!("The {id}"), "description": "Shows your profile on a lamp.",
            "redirect_uris": ["https://lamp.example/callback"], "grants": ["GRANT_AUTHORIZATION_CODE", "GRANT_REFRESH_TOKEN"],
            "rights": ["RIGHT_USER_INFO", "RIGHT_USER_GATEWAYS_LIST", "RIGHT_GATEWAY_INFO"],
        }});
        self.is_told("POST", &format!("/api/v3/users/{owner}/clients"), &client);
    }

    /// The administrator has this done.
    pub fn is_told(&self, method: &str, target: &str, body: &Value) -> Value {
        let reply = self.send(
            method,
            target,
            &[("Authorization", &format!("Bearer {ADMIN_KEY}"))],
            &if body.is_null() { String::new() } else { body.to_string() },
        );
        assert_eq!(reply.status, 200, "{method} {target}: {}", reply.body);
        reply.json()
    }

    /// Uses a control of the server.
    pub fn is_steered(&self, method: &str, control: &str, body: &Value) {
        let reply = self.send(method, &format!("/_fixture{control}"), &[], &body.to_string());
        assert!(reply.status < 300, "{method} {control}: {}", reply.body);
    }

    pub fn send(&self, method: &str, target: &str, headers: &[(&str, &str)], body: &str) -> Reply {
        let address = self.url.strip_prefix("http://").expect("an address");
        send(address, method, target, headers, body)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
