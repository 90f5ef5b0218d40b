//! Every row of `ROUTES`, walked: whom it refuses, which methods its path takes, and one example that reaches 200.

use keyfob::base::right::Right;
use keyfob::http::request::Method;
use keyfob::routes::{Guard, ROUTES, Route};
use serde_json::json;

use crate::browser::{PASSWORD, authorize_target, form};
use crate::server::Server;

const METHODS: &[&str] = &["GET", "POST", "PUT", "DELETE", "HEAD", "PATCH"];

/// Alice with a client, an organization and a key of her own; mallory, who has nothing to do with them.
fn fixture() -> Server {
    let mut server = Server::start();
    server.has_user("alice");
    server.has_user("mallory");
    server.has_client("alice", "my-app");
    server.has_organization("alice", "acme-corp");
    server
}

/// The path with the names of the fixture in it.
fn target(route: &Route) -> String {
    route
        .path
        .replace("{client_id}", "my-app")
        .replace("{user_id}", "alice")
        .replace("{organization_id}", "acme-corp")
        .replace("{key_id}", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")
        .replace("{kind}", "user")
        .replace("{account_id}", "mallory")
        .replace("{event_number}", "1")
        .replace("{snippet}", "curl")
}

/// A body that a route accepts. Routes without a row here need none.
fn body(route: &Route) -> String {
    let bob = json!({"user_ids": {"user_id": "mallory"}});
    match route.name {
        "client.create" | "client.check" => json!({"client": {"ids": {"client_id": "new-app"}}}),
        "client.update" => json!({"client": {"name": "New"}, "field_mask": "name"}),
        "client.review.request" => json!({"text": "Please"}),
        "client.review.answer" => json!({"answer": "reject", "reason": "Not now"}),
        "client.rotate_secret" => json!({"grace": "60s"}),
        "client.collaborator.set" => json!({"collaborator": {"ids": bob, "rights": ["RIGHT_CLIENT_INFO"]}}),
        "organization.collaborator.set" => json!({"collaborator": {"ids": bob, "rights": ["RIGHT_ORGANIZATION_INFO"]}}),
        "user.create" => {
            json!({"user": {"ids": {"user_id": "newcomer"}, "primary_email_address": "n@example.com", "password": "Good-passw0rd"}})
        }
        "user.update" => json!({"user": {"name": "New"}, "field_mask": "name"}),
        "user.password" => json!({"old": "Hunter2-hunter2", "new": "Other-passw0rd"}),
        "user.api_key.create" => json!({"name": "new", "rights": ["RIGHT_USER_INFO"]}),
        "organization.api_key.create" => json!({"name": "new", "rights": ["RIGHT_ORGANIZATION_INFO"]}),
        "user.api_key.update" | "organization.api_key.update" => json!({"api_key": {"name": "New"}, "field_mask": "name"}),
        "organization.create" => json!({"organization": {"ids": {"organization_id": "new-corp"}}}),
        "organization.update" => json!({"organization": {"name": "New"}, "field_mask": "name"}),
        _ => return String::new(),
    }
    .to_string()
}

#[test]
fn nobody_is_let_in_where_a_guard_stands() {
    let server = fixture();
    for route in ROUTES {
        let status = server.send("anon", route.method.name(), &target(route), &body(route)).status;
        let place = format!("{} {}", route.method.name(), route.path);
        match route.guard {
            Guard::SignedIn => assert_eq!(status, 401, "{place}"),
            Guard::Account(_)
            | Guard::Admin(_)
            | Guard::Purge(_)
            | Guard::Holds(_)
            | Guard::HoldsToList(_)
            | Guard::HoldsEvenDeleted(_)
            | Guard::HoldsOrIsToken(_) => {
                assert_eq!(status, 403, "{place}");
            }
            Guard::SignedInBrowser => assert_eq!(status, 401, "{place}"),
            // Without a token of a page of ours nothing is posted; who looks at a page is led to where one signs in.
            Guard::Console(_) => assert_eq!(status, if route.method == Method::Get { 302 } else { 403 }, "{place}"),
            // A client presents nothing, or no token.
            Guard::Client => assert_eq!(status, if route.name == "oauth.userinfo" { 401 } else { 400 }, "{place}"),
            Guard::Browser | Guard::SignIn => assert!(matches!(status, 200 | 302 | 303 | 400 | 403), "{place}: {status}"),
            Guard::Open | Guard::Password | Guard::Anyone | Guard::RightsReader | Guard::Registration => {
                assert!(matches!(status, 200 | 302 | 308 | 400 | 401), "{place}: {status}")
            }
        }
    }
}

#[test]
fn a_key_without_the_right_is_told_which_is_missing() {
    let mut server = fixture();
    let tiny = ["RIGHT_USER_NOTIFICATIONS_READ", "RIGHT_ORGANIZATION_ADD_AS_COLLABORATOR", "RIGHT_CLIENT_INFO"];
    server.gives_key("alice", "tiny", &tiny);
    server.gives_key("alice", "deleting", &["RIGHT_CLIENT_DELETE"]);
    for route in ROUTES {
        if let Guard::Holds(right) | Guard::HoldsToList(right) | Guard::HoldsEvenDeleted(right) = route.guard {
            let who = if right == Right::ClientInfo { "deleting" } else { "tiny" };
            let answer = server.send(who, route.method.name(), &target(route), &body(route));
            let place = format!("{} {}", route.method.name(), route.path);
            assert_eq!(answer.status, 403, "{place}");
            assert_eq!(answer.json()["details"][0]["attributes"]["missing"], json!([right.name()]), "{place}");
        }
    }
}

#[test]
fn bad_credentials_are_refused_wherever_they_are_looked_at() {
    let server = fixture();
    for route in ROUTES {
        let place = format!("{} {}", route.method.name(), route.path);
        for (bearer, refusal) in [("Bearer missing", 400), ("Bearer NNSXS.A.B", 401), ("Bearer NNSXS.A.B.C", 401), ("Basic YTpi", 401)] {
            let answer = server.send_with(Some(bearer), &[], route.method.name(), &target(route), body(route).as_bytes());
            match route.guard {
                Guard::Open | Guard::Password | Guard::Registration => assert_ne!(answer.error(), "api_key_not_found", "{place}"),
                Guard::Purge(_) => assert_eq!(answer.status, 403, "{place}"),
                // Only cookies count there, or what the client itself presents.
                Guard::Browser | Guard::SignIn | Guard::SignedInBrowser | Guard::Console(_) | Guard::Client => continue,
                Guard::Anyone
                | Guard::RightsReader
                | Guard::SignedIn
                | Guard::Account(_)
                | Guard::Admin(_)
                | Guard::Holds(_)
                | Guard::HoldsToList(_)
                | Guard::HoldsEvenDeleted(_)
                | Guard::HoldsOrIsToken(_) => assert_eq!(answer.status, refusal, "{place} {bearer}"),
            }
            if answer.status == 401 {
                let challenge = answer.header("WWW-Authenticate").unwrap_or_default();
                assert!(challenge.starts_with("Bearer realm="), "{place}: {challenge}");
            }
        }
    }
}

#[test]
fn a_token_that_only_signs_a_user_in_opens_no_row_but_userinfo() {
    let server = fixture();
    let secret = server.has_app("alice", "other-app", &["RIGHT_ALL"]);
    let code = server.signed_in("alice").code(&server, "other-app", &[("scope", "openid profile email groups")]);
    let bearer = format!("Bearer {}", server.tokens("other-app", &secret, &code).access);
    let mut opened = Vec::new();
    for route in ROUTES {
        let place = format!("{} {}", route.method.name(), route.path);
        let answer = |bearer| server.send_with(bearer, &[], route.method.name(), &target(route), body(route).as_bytes());
        let with_token = answer(Some(bearer.as_str()));
        match route.guard {
            Guard::Anyone
            | Guard::RightsReader
            | Guard::SignedIn
            | Guard::Account(_)
            | Guard::Admin(_)
            | Guard::Holds(_)
            | Guard::HoldsToList(_)
            | Guard::HoldsEvenDeleted(_)
            | Guard::HoldsOrIsToken(_) => {
                assert_eq!((with_token.status, with_token.error().as_str()), (403, "token_without_rights"), "{place}")
            }
            // It counts for nothing there.
            Guard::Purge(_) | Guard::Registration => assert_ne!(with_token.status, 200, "{place}"),
            // The password in the body opens it, to anyone.
            Guard::Password => {}
            Guard::Open | Guard::Browser | Guard::SignIn | Guard::SignedInBrowser | Guard::Console(_) | Guard::Client => {
                if with_token.status != answer(None).status {
                    opened.push(place);
                }
            }
        }
    }
    assert_eq!(opened, ["GET /oauth/userinfo", "POST /oauth/userinfo"]);
}

#[test]
fn every_path_refuses_the_methods_it_has_no_row_for() {
    let server = fixture();
    for route in ROUTES {
        for method in METHODS {
            let row_method = if *method == "HEAD" { Method::Get } else { Method::parse(method) };
            // `/clients/check` is the path of a client with that ID too.
            let is_same = |(one, other): (&str, &str)| one == other || one.starts_with('{');
            let covers = |path: &str| {
                path.split('/').count() == route.path.split('/').count() && path.split('/').zip(route.path.split('/')).all(is_same)
            };
            if ROUTES.iter().any(|other| covers(other.path) && other.method == row_method) {
                continue;
            }
            let answer = server.send("admin", method, &target(route), "");
            if route.path.starts_with("/api/") {
                assert_eq!(answer.status, 501, "{method} {}", route.path);
                assert_eq!(answer.json(), json!({"code": 12, "message": "Method Not Allowed"}));
            } else {
                assert_eq!(answer.status, 405, "{method} {}", route.path);
                assert!(answer.header("Allow").is_some_and(|allowed| allowed.contains(route.method.name())), "{method} {}", route.path);
            }
        }
    }
}

#[test]
fn one_example_of_every_row_of_the_api_succeeds() {
    for route in ROUTES.iter().filter(|route| route.path.starts_with("/api/")) {
        let server = fixture();
        let mut target = target(route);
        // What must be there, or gone, before.
        match route.name {
            "client.restore" => drop(server.check("alice", "DELETE", "/api/v3/clients/my-app", "", "200")),
            "client.event.undo" => target = target.replace("/1/", &format!("/{}/", server.changes_description("my-app"))),
            "user.sign_in_link.delete" => drop(server.check("admin", "POST", "/api/v3/users/alice/sign-in-link", "", "200")),
            "user.restore" => drop(server.check("alice", "DELETE", "/api/v3/users/alice", "", "200")),
            "organization.restore" => drop(server.check("alice", "DELETE", "/api/v3/organizations/acme-corp", "", "200")),
            _ => {}
        }
        if route.path.contains("{session_id}") {
            server.signed_in("alice");
            let sessions = server.check("alice", "GET", "/api/v3/users/alice/sessions", "", "200").json();
            target = target.replace("{session_id}", sessions["sessions"][0]["session_id"].as_str().expect("an ID"));
        }
        if route.path.contains("/authorizations/") {
            let secret = server.has_app("alice", "other-app", &["RIGHT_USER_INFO"]);
            let code = server.signed_in("alice").code(&server, "other-app", &[]);
            let tokens = server.tokens("other-app", &secret, &code);
            let token_id = tokens.access.split('.').nth(1).expect("an ID");
            target = target.replace("my-app", "other-app").replace("{token_id}", token_id);
        }
        let parent = if route.path.contains("organizations") { "organizations/acme-corp" } else { "users/alice" };
        if route.path.contains("{key_id}") {
            let rights = if parent.starts_with("users") { "RIGHT_USER_INFO" } else { "RIGHT_ORGANIZATION_INFO" };
            let made = server
                .check("alice", "POST", &format!("/api/v3/{parent}/api-keys"), &json!({"rights": [rights]}).to_string(), "200")
                .json();
            target = target.replace("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", made["id"].as_str().expect("an ID"));
        }
        if route.path.contains("/collaborator") && route.path.contains("{user_id}") {
            let entity = if route.path.contains("/clients/") {
                ("clients/my-app", "RIGHT_CLIENT_INFO")
            } else {
                ("organizations/acme-corp", "RIGHT_ORGANIZATION_INFO")
            };
            let member = json!({"collaborator": {"ids": {"user_ids": {"user_id": "mallory"}}, "rights": [entity.1]}}).to_string();
            server.check("alice", "PUT", &format!("/api/v3/{}/collaborators", entity.0), &member, "200");
            target = target.replace("user/alice", "user/mallory");
        }
        if route.path.contains("/collaborator") && route.path.starts_with("/api/v3/clients") && route.path.contains("{organization_id}") {
            let member =
                json!({"collaborator": {"ids": {"organization_ids": {"organization_id": "acme-corp"}}, "rights": ["RIGHT_CLIENT_INFO"]}})
                    .to_string();
            server.check("alice", "PUT", "/api/v3/clients/my-app/collaborators", &member, "200");
        }
        let admin = matches!(route.guard, Guard::Admin(_) | Guard::Purge(_) | Guard::Registration) || route.name == "user.restore";
        server.check(if admin { "admin" } else { "alice" }, route.method.name(), &target, &body(route), "200");
    }
}

#[test]
fn one_example_of_every_other_row_succeeds() {
    let server = fixture();
    let secret = server.has_app("alice", "other-app", &["RIGHT_USER_INFO"]);
    let mut browser = server.signed_in("alice");
    let target = authorize_target("other-app", &[]);
    let code = browser.code(&server, "other-app", &[]);
    let tokens = server.tokens("other-app", &secret, &code);
    let code = browser.code(&server, "other-app", &[("scope", "openid")]);
    let signed_in = server.tokens("other-app", &secret, &code).access;
    let bearer = format!("Bearer {signed_in}");
    let token_id = tokens.access.split('.').nth(1).expect("an ID").to_owned();
    let client = [("client_id", "other-app"), ("client_secret", secret.as_str())];
    let link = server.check("admin", "POST", "/api/v3/users/alice/sign-in-link", "", "200").json();
    let link = link["link"].as_str().expect("a link").to_owned();
    let sign_in = [("user_id", "alice"), ("password", PASSWORD)];
    let examples: &[(&str, &str, &str, String, u16)] = &[
        ("GET", "/oauth/authorize", &target, String::new(), 302),
        ("POST", "/oauth/authorize", &target, form(&[("authorize", "true")]), 303),
        (
            "POST",
            "/oauth/token",
            "/oauth/token",
            form(&[&client[..], &[("grant_type", "refresh_token"), ("refresh_token", &tokens.refresh)]].concat()),
            200,
        ),
        ("POST", "/oauth/introspect", "/oauth/introspect", form(&[&client[..], &[("token", &tokens.access)]].concat()), 200),
        ("POST", "/oauth/revoke", "/oauth/revoke", form(&[&client[..], &[("token", &tokens.access)]].concat()), 200),
        ("GET", "/.well-known/oauth-authorization-server", "/.well-known/oauth-authorization-server", String::new(), 200),
        ("GET", "/.well-known/openid-configuration", "/.well-known/openid-configuration", String::new(), 200),
        ("GET", "/oauth/keys", "/oauth/keys", String::new(), 200),
        ("GET", "/oauth/userinfo", "/oauth/userinfo", String::new(), 200),
        ("POST", "/oauth/userinfo", "/oauth/userinfo", form(&[("access_token", &signed_in)]), 200),
        ("GET", "/oauth/local-callback", "/oauth/local-callback?code=x", String::new(), 302),
        ("GET", "/oauth/code", "/oauth/code?code=x", String::new(), 200),
        ("GET", "/oauth", "/oauth", String::new(), 308),
        ("GET", "/oauth/", "/oauth/", String::new(), 200),
        ("GET", "/oauth/api/me", "/oauth/api/me", String::new(), 200),
        ("GET", "/oauth/login", "/oauth/login", String::new(), 302),
        ("POST", "/oauth/login", "/oauth/login", form(&sign_in), 303),
        ("GET", "/oauth/sign-in-link", "/oauth/sign-in-link", String::new(), 200),
        ("POST", "/oauth/sign-in-link", "/oauth/sign-in-link", form(&[("link", &link)]), 303),
        ("GET", "/oauth/new-password", "/oauth/new-password", String::new(), 200),
        ("POST", "/oauth/new-password", "/oauth/new-password", form(&[("password", PASSWORD)]), 303),
        ("POST", "/oauth/api/auth/login", "/oauth/api/auth/login", form(&sign_in), 204),
        ("POST", "/oauth/api/auth/logout", "/oauth/api/auth/logout", String::new(), 204),
        ("GET", "/oauth/logout", &format!("/oauth/logout?access_token_id={token_id}"), String::new(), 302),
        ("GET", "/oauth/end-session", "/oauth/end-session", String::new(), 200),
        ("POST", "/oauth/end-session", "/oauth/end-session", form(&[("client_id", "my-app")]), 303),
        ("GET", "/assets/style.css", "/assets/style.css", String::new(), 200),
        ("GET", "/assets/icon.svg", "/assets/icon.svg", String::new(), 200),
        ("GET", "/assets/site-logo", "/assets/site-logo", String::new(), 200),
        ("GET", "/assets/sign-in-link.js", "/assets/sign-in-link.js", String::new(), 200),
        ("GET", "/assets/console.js", "/assets/console.js", String::new(), 200),
        ("GET", "/favicon.ico", "/favicon.ico", String::new(), 200),
        ("GET", "/healthz", "/healthz", String::new(), 200),
        ("GET", "/readyz", "/readyz", String::new(), 200),
        ("GET", "/", "/", String::new(), 302),
        ("GET", "/console/", "/console/", String::new(), 302),
    ];
    // Those of the Console are walked in `console_sweep.rs`.
    let others = ROUTES.iter().filter(|route| !route.path.starts_with("/api/") && !matches!(route.guard, Guard::Console(_)));
    for route in others {
        let known = examples.iter().any(|(method, path, ..)| *method == route.method.name() && *path == route.path);
        assert!(known, "{} {} has no example", route.method.name(), route.path);
    }
    for (method, _, target, body, status) in examples {
        let mut headers = vec![("Content-Type", "application/x-www-form-urlencoded")];
        headers.extend((*target == "/oauth/userinfo" && body.is_empty()).then_some(("Authorization", bearer.as_str())));
        let answer = browser.send(&server, method, target, &headers, body);
        assert_eq!(answer.status, *status, "{method} {target}\n{}", answer.text());
    }
}

#[test]
fn every_reply_carries_the_common_headers() {
    let server = fixture();
    for (method, target) in [
        ("GET", "/api/v3/clients"),
        ("GET", "/api/v3/clients/not-there"),
        ("GET", "/api/v3/nothing"),
        ("PATCH", "/api/v3/clients"),
        ("OPTIONS", "/api/v3/clients"),
    ] {
        let answer = server.send("alice", method, target, "");
        for (name, value) in [
            ("Cache-Control", "no-store"),
            ("Pragma", "no-cache"),
            ("Referrer-Policy", "strict-origin-when-cross-origin"),
            ("X-Content-Type-Options", "nosniff"),
            ("X-Frame-Options", "SAMEORIGIN"),
            ("X-XSS-Protection", "1; mode=block"),
            ("Access-Control-Allow-Origin", "*"),
        ] {
            assert_eq!(answer.header(name), Some(value), "{method} {target}");
        }
        assert!(answer.header("X-Request-Id").is_some_and(|id| id.starts_with("request-")), "{method} {target}");
    }
}

#[test]
fn outside_the_api_a_path_that_is_nowhere_is_told_in_the_words_of_who_asks() {
    let server = Server::start();
    let json = server.check("anon", "GET", "/nothing", "", "404 route_not_found");
    assert!(json.body.starts_with(b"{\n\t\"code\": 5,"));
    let page = server.send_with(None, &[("Accept", "text/html,*/*")], "GET", "/nothing", b"");
    assert_eq!((page.status, page.header("Content-Type")), (404, Some("text/html; charset=utf-8")));
}

#[test]
fn head_is_answered_as_get_is_wherever_that_changes_nothing() {
    let server = fixture();
    let (mut shown, mut refused) = (0, 0);
    for route in ROUTES.iter().filter(|route| route.method == Method::Get) {
        for who in ["anon", "admin"] {
            let of = |method| {
                let answer = server.send(who, method, &target(route), "");
                let headers: Vec<_> = answer
                    .headers
                    .iter()
                    .filter(|(name, _)| !["X-Request-Id", "X-CSRF-Token", "Set-Cookie"].contains(name))
                    .cloned()
                    .collect();
                (answer.status, headers, answer.body.len())
            };
            if !route.answers_head() {
                let answer = server.send(who, "HEAD", &target(route), "");
                let allowed = answer.header("Allow").unwrap_or_default();
                assert!(answer.status == 405 && allowed.contains("GET") && !allowed.contains("HEAD"), "{} {allowed}", route.path);
                refused += 1;
                continue;
            }
            let got = of("GET");
            assert_eq!(of("HEAD"), got, "{who} {}", route.path);
            shown += usize::from(got.0 == 200);
        }
    }
    assert!(shown >= 50 && refused == 6, "{shown} were shown, {refused} refused");
}
