//! Below a path of a host that it shares: `https://home.example/keyfob`, behind a proxy that takes the path off and one that passes it along.

use keyfob::http::request::Method;
use keyfob::model::settings::{Approval, Settings};
use keyfob::routes::{Guard, ROUTES};
use serde_json::json;
use std::collections::{BTreeSet, VecDeque};

use crate::browser::{Browser, CALLBACK, PASSWORD, authorize_target, form};
use crate::console::Fixture;
use crate::console_sweep::{fields, prepared, target};
use crate::server::{Answer, Server};

const BASE: &str = "/keyfob";
const ISSUER: &str = "https://home.example/keyfob";

fn settings() -> Settings {
    Settings { public_url: ISSUER.to_owned(), approval: Approval::Manual, ..Settings::default() }
}

/// What a proxy does with the base path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Proxy {
    TakesItOff,
    PassesItAlong,
}

const BOTH: [Proxy; 2] = [Proxy::TakesItOff, Proxy::PassesItAlong];

impl Proxy {
    /// What the server is asked for, when a browser asks the proxy for this. Fails for what the proxy would send to another server.
    #[track_caller]
    fn target(self, outside: &str) -> String {
        let inside = outside.strip_prefix(BASE).filter(|rest| rest.is_empty() || rest.starts_with(['/', '?']));
        let inside = inside.unwrap_or_else(|| panic!("{outside} is not below {BASE}"));
        match self {
            Proxy::TakesItOff if inside.starts_with('/') => inside.to_owned(),
            Proxy::TakesItOff => format!("/{inside}"),
            Proxy::PassesItAlong => outside.to_owned(),
        }
    }

    #[track_caller]
    fn get(self, browser: &mut Browser, server: &Server, outside: &str) -> Answer {
        browser.send(server, "GET", &self.target(outside), &[("Accept", "text/html")], "")
    }

    #[track_caller]
    fn post(self, browser: &mut Browser, server: &Server, outside: &str, fields: &[(&str, &str)]) -> Answer {
        browser.post(server, &self.target(outside), fields)
    }
}

/// Where a page leads.
#[derive(Debug)]
struct Link {
    method: Method,
    place: String,
}

/// Every attribute of a page: the number of its tag, its name and its value.
fn attributes(page: &str) -> Vec<(usize, &str, String)> {
    let (mut rest, mut tag) = (page, 0);
    let mut attributes = Vec::new();
    while let Some((before, after)) = rest.split_once("=\"") {
        let (value, end) = after.split_once('"').expect("a value ends");
        tag += before.matches('<').count();
        attributes.push((tag, before.rsplit(' ').next().unwrap_or_default(), value.replace("&amp;", "&")));
        rest = end;
    }
    attributes
}

/// The links of a page at this place. Everything that looks like a path of this server has to be one of them.
fn links(page: &str, place: &str) -> Vec<Link> {
    let attributes = attributes(page);
    let posts: Vec<usize> =
        attributes.iter().filter(|(_, name, value)| *name == "method" && value == "post").map(|(tag, ..)| *tag).collect();
    let path = place.split('?').next().unwrap_or_default();
    let mut links = Vec::new();
    for (tag, name, value) in attributes {
        let method = if posts.contains(&tag) { Method::Post } else { Method::Get };
        match name {
            "href" | "src" | "action" | "formaction" if value.starts_with('?') => {
                links.push(Link { method, place: format!("{path}{value}") })
            }
            "href" | "src" | "action" | "formaction" if value.starts_with('/') => links.push(Link { method, place: value }),
            "data-check" | "data-suggest" => links.push(Link { method, place: format!("{value}x") }),
            "value" | "aria-keyshortcuts" => {}
            _ => assert!(!value.starts_with('/'), "{name} of {place} is {value}"),
        }
    }
    links
}

/// Follows every link from these places, and tells which places there are.
fn walk(proxy: Proxy, browser: &mut Browser, server: &Server, begin: Vec<String>) -> BTreeSet<String> {
    let (mut seen, mut posts, mut waiting) = (BTreeSet::new(), BTreeSet::new(), VecDeque::from(begin));
    while let Some(place) = waiting.pop_front() {
        if !seen.insert(place.clone()) {
            continue;
        }
        let answer = proxy.get(browser, server, &place);
        waiting.extend(answer.header("Location").filter(|place| !place.starts_with(CALLBACK)).map(str::to_owned));
        assert!(matches!(answer.status, 200 | 302 | 308), "{place}: {}", answer.status);
        if answer.header("Content-Type") != Some("text/html; charset=utf-8") {
            continue;
        }
        for link in links(&answer.text(), &place) {
            match link.method {
                Method::Post => drop(posts.insert(link.place)),
                _ => waiting.push_back(link.place),
            }
        }
    }
    assert!(posts.len() > 20, "{posts:?}");
    for place in posts {
        // Every form is refused from another site: the refusal says that there is one, and changes nothing.
        let answer = browser.clone().send(server, "POST", &proxy.target(&place), &[("Sec-Fetch-Site", "cross-site")], "");
        assert_eq!(answer.status, 403, "{place}");
    }
    seen
}

#[test]
fn every_link_form_and_asset_of_every_page_stays_below_the_base_path_and_works() {
    for proxy in BOTH {
        let mut fixture = Fixture::on(Server::with(settings()));
        let rows = ROUTES.iter().filter(|route| route.method == Method::Get && matches!(route.guard, Guard::Console(_)));
        let begin: Vec<String> = rows.map(|route| format!("{BASE}{}", target(&fixture, route))).collect();
        let begin = begin.into_iter().filter(|place| !place.contains("/check/") && !place.contains("/search/"));
        let (of_admin, of_alice): (Vec<_>, Vec<_>) =
            begin.partition(|place| ["/users", "/review", "/purge", "/add/user"].iter().any(|part| place.contains(part)));
        for (browser, begin) in [(&mut fixture.admin, of_admin), (&mut fixture.alice, of_alice)] {
            let begin = [vec![BASE.to_owned(), format!("{BASE}/oauth/login"), format!("{BASE}{}", authorize_target("my-app", &[]))], begin]
                .concat();
            let seen = walk(proxy, browser, &fixture.server, begin);
            assert!(seen.len() > 30 && seen.contains("/keyfob/assets/style.css"), "{seen:?}");
        }
    }
}

#[test]
fn every_form_of_the_console_leads_back_below_the_base_path() {
    let mut redirects = 0;
    for (number, route) in ROUTES.iter().enumerate() {
        let (true, Guard::Console(access)) = (route.method == Method::Post, route.guard) else { continue };
        let (fixture, proxy) = (Fixture::on(Server::with(settings())), BOTH[number % 2]);
        let target = target(&fixture, route);
        let answer =
            prepared(&fixture, route, access).sends_form(&fixture.server, &proxy.target(&format!("{BASE}{target}")), fields(route));
        assert!(matches!(answer.status, 200 | 303), "{target}: {}\n{}", answer.status, answer.text());
        if let Some(place) = answer.header("Location") {
            proxy.target(place);
            redirects += 1;
        }
        links(&answer.text(), &target).iter().for_each(|link| drop(proxy.target(&link.place)));
    }
    assert!(redirects >= 30, "only {redirects}");
}

#[test]
fn a_user_signs_in_agrees_and_signs_out_below_the_base_path() {
    for proxy in BOTH {
        let mut server = Server::with(settings());
        server.has_user("bob");
        let secret = server.has_app("bob", "my-app", &["RIGHT_USER_INFO"]);
        let mut bob = Browser::default();
        let asked = format!("{BASE}{}", authorize_target("my-app", &[("state", "xyz")]));
        let sent = proxy.get(&mut bob, &server, &asked);
        let place = sent.header("Location").expect("bob has to sign in").to_owned();
        assert!(place.starts_with("/keyfob/oauth/login?n="), "{place}");
        let page = proxy.get(&mut bob, &server, &place).text();
        let to_sign_in = links(&page, &place).into_iter().find(|link| link.method == Method::Post).expect("a form");
        let next = sent.location_parameter("n").expect("where it leads");
        let signed_in = proxy.post(&mut bob, &server, &to_sign_in.place, &[("user_id", "bob"), ("password", PASSWORD), ("n", &next)]);
        assert_eq!(signed_in.header("Location"), Some(asked.as_str()));
        assert_eq!(proxy.get(&mut bob, &server, &asked).status, 200);
        let agreed = proxy.post(&mut bob, &server, &asked, &[("authorize", "true")]);
        assert!(agreed.header("Location").expect("bob is sent back").starts_with(CALLBACK));
        assert_eq!(agreed.location_parameter("iss").as_deref(), Some(ISSUER));
        let code = agreed.location_parameter("code").expect("a code");
        let exchange = form(&[
            ("grant_type", "authorization_code"),
            ("code", &code),
            ("redirect_uri", CALLBACK),
            ("client_id", "my-app"),
            ("client_secret", &secret),
        ]);
        let headers = [("Content-Type", "application/x-www-form-urlencoded")];
        let token = server.send_with(None, &headers, "POST", &proxy.target("/keyfob/oauth/token"), exchange.as_bytes()).json();
        let asked =
            form(&[("token", token["access_token"].as_str().expect("a token")), ("client_id", "my-app"), ("client_secret", &secret)]);
        let told = server.send_with(None, &headers, "POST", &proxy.target("/keyfob/oauth/introspect"), asked.as_bytes()).json();
        assert_eq!((&told["active"], &told["iss"]), (&json!(true), &json!(ISSUER)));
        let signed_out = bob.send(&server, "POST", &proxy.target("/keyfob/oauth/api/auth/logout"), &[("Accept", "text/html")], "");
        assert_eq!(signed_out.header("Location"), Some("/keyfob/oauth/login"));
        assert!(!bob.jar.holds_session());
        let led = proxy.get(&mut bob, &server, "/keyfob/console/clients?page=2");
        assert_eq!(led.header("Location"), Some("/keyfob/oauth/login?n=%2Fconsole%2Fclients%3Fpage%3D2"));
    }
}

#[test]
fn the_own_callbacks_of_the_command_line_are_below_the_base_path() {
    let server = Server::with(settings());
    let mut admin = crate::console::signed_in_admin(&server);
    let more =
        [("redirect_uri", "code"), ("code_challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"), ("code_challenge_method", "S256")];
    let agreed = admin.consents(&server, "cli", &more);
    assert!(agreed.header("Location").expect("a place").starts_with("/keyfob/oauth/code?code="));
}

#[test]
fn the_metadata_of_an_issuer_with_a_path_is_where_rfc_8414_and_openid_connect_have_it() {
    let server = Server::with(settings());
    // RFC 8414 puts it before the path, and a proxy passes that one place along as it is; OpenID Connect after it, also where a proxy takes the
    // path off. Some libraries do the one with the name of the other.
    for name in ["oauth-authorization-server", "openid-configuration"] {
        for place in [format!("/.well-known/{name}/keyfob"), format!("/keyfob/.well-known/{name}"), format!("/.well-known/{name}")] {
            let answer = server.check("anon", "GET", &place, "", "200");
            let metadata = answer.json();
            assert_eq!(
                (&metadata["issuer"], &metadata["token_endpoint"]),
                (&json!(ISSUER), &json!(format!("{ISSUER}/oauth/token"))),
                "{place}"
            );
            assert_eq!(answer.header("Access-Control-Allow-Origin"), Some("*"), "{place}");
        }
        for place in ["other", "keyfob/more", "keyfob/", "keyfo", "KEYFOB"] {
            server.check("anon", "GET", &format!("/.well-known/{name}/{place}"), "", "404");
        }
        server.check("anon", "GET", &format!("/keyfob/.well-known/{name}/keyfob"), "", "404");
    }
}

#[test]
fn only_the_base_path_is_taken_off_and_only_once() {
    let server = Server::with(settings());
    for path in ["/keyfobx/console", "/other/console", "/keyfob/keyfob/console", "/KEYFOB/console", "/keyfob%2Fconsole"] {
        server.check("anon", "GET", path, "", "404");
    }
    let plain = Server::start();
    plain.check("anon", "GET", "/keyfob/console", "", "404");
    // What a request says of its prefix could come from anyone.
    for server in [&server, &plain] {
        for name in ["X-Forwarded-Prefix", "X-Script-Name", "X-Original-URL", "X-Rewrite-URL"] {
            let answer = server.send_with(None, &[(name, "/evil")], "GET", "/console", b"");
            assert!(!format!("{:?}{}", answer.headers, answer.text()).contains("/evil"), "{name}");
        }
    }
}

#[test]
fn a_cookie_goes_to_no_other_path_of_the_host() {
    for (public_url, prefix, attributes) in [
        (ISSUER, "__Secure-keyfob_session_443_keyfob=", "; Path=/keyfob; HttpOnly; SameSite=Lax; Secure"),
        ("http://nas/apps/keyfob", "keyfob_session_80_apps_keyfob=", "; Path=/apps/keyfob; HttpOnly; SameSite=Lax"),
    ] {
        let mut server = Server::with(Settings { public_url: public_url.to_owned(), ..Settings::default() });
        server.has_user("bob");
        let answer = Browser::default().post(&server, "/oauth/login", &[("user_id", "bob"), ("password", PASSWORD)]);
        let cookie = answer.all("Set-Cookie").into_iter().find(|cookie| cookie.contains("session")).expect("a session");
        assert!(cookie.starts_with(prefix) && cookie.ends_with(attributes), "{cookie}");
    }
}

#[test]
fn a_form_counts_from_the_origin_of_the_public_url() {
    for proxy in BOTH {
        let mut fixture = Fixture::on(Server::with(settings()));
        let target = proxy.target("/keyfob/console/clients/my-app/settings");
        let body = fixture.alice.form_of(&fixture.server, &target, &[("name", "New"), ("rights", "RIGHT_USER_INFO")]);
        for (origin, status) in [("https://evil.example", 403), ("https://home.example:8443", 403), ("https://home.example", 303)] {
            let headers = [("Content-Type", "application/x-www-form-urlencoded"), ("Origin", origin)];
            assert_eq!(fixture.alice.send(&fixture.server, "POST", &target, &headers, &body).status, status, "{origin}");
        }
    }
}

#[test]
fn programs_are_led_below_the_base_path() {
    let server = Server::with(settings());
    let page = server.check("admin", "GET", "/keyfob/api/v3/clients?limit=1", "", "200");
    assert!(page.header("Link").is_none_or(|link| link.starts_with("</keyfob/api/v3/clients?")), "{:?}", page.header("Link"));
    server.has_client("admin", "one");
    server.has_client("admin", "two");
    let page = server.check("admin", "GET", "/api/v3/clients?limit=1", "", "200");
    assert_eq!(page.header("Link"), Some("</keyfob/api/v3/clients?limit=1&page=2>; rel=\"next\""));
    let document = server.check("anon", "GET", "/keyfob/api/v3/openapi.json", "", "200").json();
    assert_eq!(document["servers"], json!([{"url": "/keyfob"}]));
    assert_eq!(Server::start().check("anon", "GET", "/api/v3/openapi.json", "", "200").json()["servers"], json!([{"url": "/"}]));
}

#[test]
fn what_people_write_is_left_as_they_wrote_it() {
    let mut fixture = Fixture::on(Server::with(settings()));
    let name = r#"<a href="/console"> href="/x" action="/y""#;
    let body = json!({"client": {"name": name, "redirect_uris": ["/code", "https://app.example/cb"]}, "field_mask": "name,redirect_uris"});
    fixture.server.check("alice", "PUT", "/api/v3/clients/my-app", &body.to_string(), "200");
    let page = fixture.alice.get(&fixture.server, "/console/clients/my-app/settings").text();
    assert!(page.contains("value=\"/code\"") && page.contains("href=&quot;/x&quot; action=&quot;/y&quot;"), "{page}");
    let read = fixture.server.check("alice", "GET", "/api/v3/clients/my-app?field_mask=name", "", "200").json();
    assert_eq!(read["name"], name);
}
