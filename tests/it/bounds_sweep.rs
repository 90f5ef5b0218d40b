//! Walks the table of bounds: as many as it says are taken, and one more is refused, or makes another one go.

use keyfob::base::id::{AccountId, ClientId, UserId};
use keyfob::base::right::Right;
use keyfob::base::secret::Hash;
use keyfob::base::time::Time;
use keyfob::model::bounds::{AUTHORIZATIONS, BOUNDS, Beyond, Bound, REPLY, SESSIONS, TOKENS};
use keyfob::model::client::Client;
use keyfob::model::scope::GrantedScope;
use keyfob::model::user::User;
use keyfob::store::members::Owned;
use serde_json::{Value, json};

use crate::browser::{Browser, CALLBACK, Tokens, authorize_target};
use crate::server::{Answer, Server};

/// `alice`, who has all there can be of something, in an otherwise empty server.
struct Story {
    server: Server,
    browser: Browser,
    secret: String,
    refresh: String,
}

/// How to come to the edge.
enum Edge {
    /// A request with so many of them.
    List(fn(&mut Story, usize) -> Answer),
    /// A request that adds the next one, and what counts those that are there.
    Counted(fn(&mut Story, usize) -> Answer, &'static str),
    /// A reply that would be larger.
    Reply,
    /// Changes that the history has no room for.
    History,
}

impl Story {
    fn begin() -> Story {
        let mut server = Server::start();
        server.has_user("alice");
        let secret = server.has_app("alice", "my-app", &["RIGHT_USER_INFO"]);
        let browser = server.signed_in("alice");
        Story { server, browser, secret, refresh: String::new() }
    }

    fn change_client(&mut self, field: &str, value: Value) -> Answer {
        let body = json!({"client": {field: value}, "field_mask": field}).to_string();
        // Grants are the administrators' to change.
        self.server.send(if field == "grants" { "admin" } else { "alice" }, "PUT", "/api/v3/clients/my-app", &body)
    }

    fn write<T>(&self, work: impl FnOnce(&keyfob::store::Tx<'_>) -> keyfob::base::error::Result<T>) -> T {
        self.server.app.store().write(work).expect("it is written")
    }

    fn count(&self, select: &str) -> usize {
        let count: i64 = self.server.value(&format!("SELECT count(*) FROM {select}"));
        count as usize
    }

    /// A client and a consent to it, without the time that registering and agreeing take.
    fn has_authorized(&self, n: usize) {
        let id: ClientId = format!("other-app-{n}").parse().expect("an ID");
        let user: UserId = "alice".parse().expect("an ID");
        self.write(|tx| {
            assert!(tx.insert_client(&Client::new(id.clone(), Time::from_micros(1)), None)?);
            tx.set_authorization(&user, &id, &GrantedScope::default(), &GrantedScope::default())
        });
    }

    /// A client of somebody else on which alice collaborates, and which waits for approval.
    fn has_waiting_client(&self, n: usize) -> ClientId {
        let id: ClientId = format!("waiting-app-{n}").parse().expect("an ID");
        let alice = AccountId::User("alice".parse().expect("an ID"));
        self.write(|tx| {
            tx.insert_client(&Client::new(id.clone(), Time::from_micros(1)), None)?;
            tx.set_member(&Owned::Client(id.clone()), &alice, &[Right::ClientInfo])
        });
        id
    }

    fn tokens(&mut self) -> Answer {
        let code = self.browser.code(&self.server, "my-app", &[]);
        self.server.token(&[
            ("grant_type", "authorization_code"),
            ("code", &code),
            ("redirect_uri", CALLBACK),
            ("client_id", "my-app"),
            ("client_secret", &self.secret),
        ])
    }
}

/// So many words, each another one.
fn words(number: usize) -> Value {
    (0..number).map(|n| format!("word-{n}")).collect()
}

/// Every row of the table has to be here.
fn edge(bound: &Bound) -> Edge {
    match bound.name {
        "rights" => Edge::List(|story, n| story.change_client("rights", json!(vec!["RIGHT_USER_INFO"; n]))),
        "grants" => Edge::List(|story, n| story.change_client("grants", json!(vec!["GRANT_REFRESH_TOKEN"; n]))),
        "attributes" => Edge::List(|story, n| {
            let pairs: serde_json::Map<_, _> = (0..n).map(|n| (format!("key-{n}"), "value".into())).collect();
            story.change_client("attributes", pairs.into())
        }),
        "redirect_uris" => Edge::List(|story, n| story.change_client("redirect_uris", json!(vec![CALLBACK; n]))),
        "logout_redirect_uris" => Edge::List(|story, n| story.change_client("logout_redirect_uris", json!(vec![CALLBACK; n]))),
        "scopes" => Edge::List(|story, n| story.change_client("scopes", words(n))),
        "group_filter" => Edge::List(|story, n| story.change_client("group_filter", words(n))),
        "allowed_groups" => Edge::List(|story, n| story.change_client("allowed_groups", words(n))),
        "resource_servers" => Edge::List(|story, n| {
            for id in words(n).as_array().into_iter().flatten().filter_map(Value::as_str) {
                let body = json!({"client": {"ids": {"client_id": id}}}).to_string();
                // Some are there from the call before.
                story.server.send("alice", "POST", "/api/v3/users/alice/clients", &body);
            }
            story.change_client("resource_servers", words(n))
        }),
        "items" => Edge::List(|story, n| story.server.send("alice", "GET", &format!("/api/v3/clients?limit={n}"), "")),
        "clients" => Edge::Counted(
            |story, n| {
                let body = json!({"client": {"ids": {"client_id": format!("client-{n}")}}}).to_string();
                story.server.send("alice", "POST", "/api/v3/users/alice/clients", &body)
            },
            "clients WHERE registered_by = 'alice'",
        ),
        "organizations" => Edge::Counted(
            |story, n| {
                let body = json!({"organization": {"ids": {"organization_id": format!("organization-{n}")}}}).to_string();
                story.server.send("alice", "POST", "/api/v3/users/alice/organizations", &body)
            },
            "organizations WHERE created_by = 'alice'",
        ),
        "collaborators" => Edge::Counted(add_collaborator, "client_members WHERE client_id = 'my-app'"),
        "api_keys" => Edge::Counted(
            |story, _| story.server.send("alice", "POST", "/api/v3/users/alice/api-keys", r#"{"rights":["RIGHT_USER_INFO"]}"#),
            "api_keys WHERE account_id = 'alice'",
        ),
        "secrets" => Edge::Counted(
            |story, _| story.server.send("alice", "POST", "/api/v3/clients/my-app/secret", r#"{"grace":"3600s"}"#),
            "client_secrets",
        ),
        "chosen secrets" => Edge::Counted(
            |story, n| {
                let chosen = format!("chosen-by-a-person-{n}");
                story.browser.sends_form(&story.server, "/console/clients/my-app/secrets", &[("grace", "86400"), ("secret", &chosen)])
            },
            "client_secrets WHERE secret_hash NOT LIKE 'PBKDF2$sha256$1$%'",
        ),
        "sessions" => Edge::Counted(
            |story, _| {
                let mut other = Browser::default();
                other.post(&story.server, "/oauth/api/auth/login", &[("user_id", "alice"), ("password", crate::browser::PASSWORD)])
            },
            "sessions",
        ),
        "authorizations" => Edge::Counted(
            |story, n| {
                if n + 1 < AUTHORIZATIONS.most {
                    story.has_authorized(n);
                    return story.server.send("alice", "GET", "/api/v3/auth_info", "");
                }
                // The last ones are asked for as everyone asks.
                let app = format!("last-app-{n}");
                story.server.has_app("admin", &app, &["RIGHT_USER_INFO"]);
                story.browser.post(&story.server, &authorize_target(&app, &[]), &[("authorize", "true")])
            },
            "authorizations",
        ),
        "trials" => Edge::Counted(
            |story, n| {
                let id = story.has_waiting_client(n);
                story.browser.sends_form(&story.server, &format!("/console/clients/{id}/trial"), &[])
            },
            "client_testers WHERE user_id = 'alice'",
        ),
        "verdicts" => Edge::Counted(
            |story, n| {
                let state = if n % 2 == 0 { "STATE_APPROVED" } else { "STATE_REJECTED" };
                let other = if n % 2 == 0 { "STATE_SUSPENDED" } else { "STATE_FLAGGED" };
                for state in [other, state] {
                    let body = json!({"client": {"state": state}, "field_mask": "state"}).to_string();
                    story.server.check("admin", "PUT", "/api/v3/clients/my-app", &body, "200");
                }
                story.server.send("alice", "GET", "/api/v3/clients/my-app/review", "")
            },
            "client_verdicts",
        ),
        "codes" => Edge::Counted(
            |story, _| story.browser.post(&story.server, &authorize_target("my-app", &[]), &[("authorize", "true")]),
            "authorization_codes",
        ),
        "tokens" => Edge::Counted(|story, _| story.tokens(), "access_tokens WHERE rotated_at IS NULL"),
        "rotated tokens" => Edge::Counted(
            |story, _| {
                if story.refresh.is_empty() {
                    story.refresh = Tokens::of(&story.tokens()).refresh;
                }
                let answer = story.server.refresh("my-app", &story.secret, &story.refresh);
                story.refresh = answer.json()["refresh_token"].as_str().unwrap_or_default().to_owned();
                answer
            },
            "access_tokens WHERE rotated_at IS NOT NULL",
        ),
        "bytes" => Edge::Reply,
        "bytes of values" | "single changes" | "rows of changes" | "rows" => Edge::History,
        // `verdicts::a_review_is_asked_for…` goes to this edge.
        "requests for review" => Edge::History,
        unknown => panic!("nothing shows that `{unknown}` is bounded"),
    }
}

fn add_collaborator(story: &mut Story, n: usize) -> Answer {
    let id: UserId = format!("member-{n}").parse().expect("an ID");
    let email = format!("{id}@example.com");
    let user = User { primary_email_address: email, ..User::new(id.clone(), Time::from_micros(1)) };
    assert!(story.write(|tx| tx.insert_user(&user, &Hash::of_generated("nothing opens it"))));
    let body = json!({"collaborator": {"ids": {"user_ids": {"user_id": id.as_str()}}, "rights": ["RIGHT_CLIENT_INFO"]}}).to_string();
    story.server.send("alice", "PUT", "/api/v3/clients/my-app/collaborators", &body)
}

fn is_taken(answer: &Answer) -> bool {
    matches!(answer.status, 200 | 204 | 302 | 303)
}

#[test]
fn every_bound_is_enforced_at_its_edge() {
    for bound in BOUNDS {
        let mut story = Story::begin();
        match (bound.beyond, edge(bound)) {
            (Beyond::Refused(_), Edge::List(send)) => {
                assert!(is_taken(&send(&mut story, bound.most)), "{}", bound.name);
                let refused = send(&mut story, bound.most + 1);
                assert_eq!(refused.error(), "validation", "{}", bound.name);
                assert!(refused.text().contains(&bound.most.to_string()), "{}", refused.text());
            }
            (Beyond::Refused(remedy), Edge::Counted(add, counted)) => {
                for n in story.count(counted)..bound.most {
                    let answer = add(&mut story, n);
                    assert!(is_taken(&answer), "{} {n}: {}", bound.name, answer.text());
                }
                assert_eq!(story.count(counted), bound.most, "{}", bound.name);
                let refused = add(&mut story, bound.most);
                assert_eq!(refused.status, 400, "{}: {}", bound.name, refused.text());
                let text = refused.text();
                assert!(text.contains(remedy) && text.contains(&bound.most.to_string()), "{}: {text}", bound.name);
                assert_eq!(story.count(counted), bound.most, "{}", bound.name);
            }
            (Beyond::Replaces(_), Edge::Counted(add, counted)) => {
                for n in story.count(counted)..bound.most {
                    assert!(is_taken(&add(&mut story, n)), "{} {n}", bound.name);
                }
                for n in 0..2 {
                    assert_eq!(story.count(counted), bound.most, "{}", bound.name);
                    assert!(is_taken(&add(&mut story, bound.most + n)), "{}", bound.name);
                }
                assert_eq!(story.count(counted), bound.most, "{}", bound.name);
            }
            (Beyond::Ends(_), Edge::Counted(add, counted)) => {
                for n in 0..bound.most {
                    assert!(is_taken(&add(&mut story, n)), "{} {n}", bound.name);
                }
                assert_eq!(story.count(counted), bound.most, "{}", bound.name);
                let refused = add(&mut story, bound.most);
                assert_eq!((refused.status, story.count(counted)), (400, 0), "{}: {}", bound.name, refused.text());
            }
            // `bounds::a_page_that_would_be_too_large…` goes to this edge.
            (Beyond::Continues, Edge::Reply) => assert!(std::ptr::eq(*bound, &REPLY)),
            // The stories of `history` go to these.
            (Beyond::Shortens(_) | Beyond::Delays(_), Edge::History) => {}
            _ => panic!("{} is not bounded as its row says", bound.name),
        }
    }
}

/// Whose sessions or tokens went can sign in again; nobody else's go, and the newest are good.
#[test]
fn the_one_that_goes_is_the_oldest_and_only_ones_own() {
    let mut story = Story::begin();
    story.server.has_user("bob");
    let mut bob = story.server.signed_in("bob");
    let (of_bob, first) = (bob.code(&story.server, "my-app", &[]), Tokens::of(&story.tokens()));
    let of_bob = story.server.tokens("my-app", &story.secret, &of_bob);
    let mut second = Tokens::of(&story.tokens());
    let status = |story: &Story, tokens: &Tokens| story.server.status_with(&tokens.access, "/api/v3/auth_info");
    for _ in 2..TOKENS.most {
        Tokens::of(&story.tokens());
    }
    assert_eq!((status(&story, &first), status(&story, &second)), (200, 200));
    // What is refreshed is in use.
    second = Tokens::of(&story.server.refresh("my-app", &story.secret, &second.refresh));
    let newest = Tokens::of(&story.tokens());
    assert_eq!((status(&story, &first), status(&story, &second), status(&story, &newest), status(&story, &of_bob)), (401, 200, 200, 200));
    let refused = story.server.refresh("my-app", &story.secret, &first.refresh);
    assert_eq!(refused.json()["error"], "invalid_grant");

    for _ in 0..SESSIONS.most {
        story.server.signed_in("alice");
    }
    assert_eq!(story.browser.get(&story.server, "/oauth/api/me").status, 401);
    assert_eq!(bob.get(&story.server, "/oauth/api/me").status, 200);
    let sessions = story.server.check("alice", "GET", "/api/v3/users/alice/sessions?limit=1000", "", "200");
    assert_eq!(sessions.total(), SESSIONS.most.to_string());
    assert_eq!(story.count("events WHERE name = 'user.session.delete' AND entity_id = 'alice'"), 1);
}
