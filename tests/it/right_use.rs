//! Which rights of a client's tokens admitted requests, and what the review makes of it.

use keyfob::registry::expiry::sweep;
use keyfob::registry::review;
use keyfob::store::Deleted;
use serde_json::json;

use crate::browser::form;
use crate::server::Server;

const DAY: i64 = 24 * 60 * 60;
const RIGHTS: [&str; 2] = ["RIGHT_USER_INFO", "RIGHT_USER_CLIENTS_LIST"];

struct Story {
    server: Server,
    secret: String,
}

impl Story {
    /// A client of alice's that asks for two rights, known since the first sweep.
    fn begin() -> Story {
        let mut server = Server::start();
        server.has_user("alice");
        server.sweeps();
        let secret = server.has_app("alice", "my-app", &RIGHTS);
        Story { server, secret }
    }

    /// A new access token.
    fn token(&self) -> String {
        let code = self.server.signed_in("alice").code(&self.server, "my-app", &[]);
        self.server.tokens("my-app", &self.secret, &code).access
    }

    /// What the review says of unused rights.
    fn unused(&self) -> Vec<String> {
        let findings = self.server.app.store().read(|tx| {
            let client = tx.client(&"my-app".parse().expect("an ID"), Deleted::No)?.expect("it is there");
            review::findings(tx, self.server.app.settings(), &client)
        });
        let findings = findings.expect("it is judged").into_iter().filter(|finding| finding.rule == "unused_rights");
        findings.map(|finding| finding.seen).collect()
    }
}

impl Server {
    fn sweeps(&self) {
        self.app.store().write(sweep).expect("it sweeps");
    }
}

const OWN_INFO: &str = "/api/v3/users/alice?field_mask=primary_email_address";

#[test]
fn a_right_that_no_token_has_used_for_ninety_days_is_noted() {
    let story = Story::begin();
    story.server.wait_seconds(91 * DAY);
    let token = story.token();
    assert_eq!(story.server.status_with(&token, OWN_INFO), 200);
    assert_eq!(story.server.value::<i64>("SELECT count(*) FROM client_right_use"), 0, "a request writes nothing");
    story.server.sweeps();
    let seen = story.unused();
    assert!(seen.len() == 1 && seen[0].starts_with("RIGHT_USER_CLIENTS_LIST, which no token"), "{seen:?}");
    assert_eq!(story.server.status_with(&token, "/api/v3/users/alice/clients"), 200);
    story.server.sweeps();
    assert_eq!(story.unused(), [""; 0], "now it is used");
    story.server.wait_seconds(89 * DAY);
    assert_eq!(story.unused(), [""; 0], "it was used less than 90 days ago");
}

#[test]
fn nothing_is_said_of_rights_that_are_new_unknown_or_asked_about_elsewhere() {
    let story = Story::begin();
    story.server.wait_seconds(30 * DAY);
    story.server.status_with(&story.token(), OWN_INFO);
    story.server.sweeps();
    assert_eq!(story.unused(), [""; 0], "the client is new");
    story.server.wait_seconds(61 * DAY);
    story.server.status_with(&story.token(), OWN_INFO);
    story.server.sweeps();
    assert_eq!(story.unused().len(), 1);
    let body = json!({"client": {"rights": ["RIGHT_USER_INFO", "RIGHT_USER_ORGANIZATIONS_LIST"]}, "field_mask": "rights"}).to_string();
    story.server.check("alice", "PUT", "/api/v3/clients/my-app", &body, "200");
    assert_eq!(story.unused(), [""; 0], "it asks for that since today");
    story.server.wait_seconds(91 * DAY);
    let token = story.token();
    story.server.status_with(&token, OWN_INFO);
    story.server.sweeps();
    assert_eq!(story.unused().len(), 1);
    story.server.execute("UPDATE observations SET observed_at = observed_at + 90 * 86400000000 WHERE name = 'right_use'");
    assert_eq!(story.unused().len(), 1);
    story.server.execute("UPDATE observations SET observed_at = observed_at + 90 * 86400000000 WHERE name = 'right_use'");
    assert_eq!(story.unused(), [""; 0], "nobody knows what was used before");
    story.server.execute("UPDATE observations SET observed_at = 0 WHERE name = 'right_use'");
    let asked = form(&[("token", &token), ("client_id", "my-app"), ("client_secret", &story.secret)]);
    let headers = [("Content-Type", "application/x-www-form-urlencoded")];
    let answer = story.server.send_with(None, &headers, "POST", "/oauth/introspect", asked.as_bytes());
    assert_eq!(answer.json()["active"], true);
    story.server.sweeps();
    assert_eq!(story.unused(), [""; 0], "what somebody else decided by the token is not known");
}

#[test]
fn a_client_that_is_not_in_use_is_not_told_of_each_right() {
    let story = Story::begin();
    story.server.wait_seconds(200 * DAY);
    story.server.sweeps();
    assert_eq!(story.unused(), [""; 0]);
}

#[test]
fn a_refused_request_uses_no_right() {
    let story = Story::begin();
    let token = story.token();
    assert_eq!(story.server.status_with(&token, "/api/v3/users/alice/api-keys"), 403);
    story.server.sweeps();
    assert_eq!(story.server.value::<i64>("SELECT count(*) FROM client_right_use"), 0);
    story.server.status_with(&token, OWN_INFO);
    story.server.check("admin", "DELETE", "/api/v3/clients/my-app/purge", "", "200");
    story.server.sweeps();
    assert_eq!(story.server.value::<i64>("SELECT count(*) FROM client_right_use"), 0, "the client is gone");
}
