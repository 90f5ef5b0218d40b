//! A server in this process, and actors who talk to it. Time stands still until a story moves it.

use std::borrow::Cow;
use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::Duration;

use keyfob::app::App;
use keyfob::base::time::{Clock, SetClock, Time};
use keyfob::http::pairs::Pairs;
use keyfob::http::reply::Reply;
use keyfob::http::request::{Method, Request};
use keyfob::model::settings::{Approval, Settings};
use keyfob::registry::bootstrap::{Administrator, administrator};
use keyfob::store::Store;
use rusqlite::Connection;
use rusqlite::types::FromSql;
use serde_json::{Value, json};

/// The administrator's key in every test server.
pub const ADMIN_KEY: &str = "NNSXS.ADMINADMINADMINADMINADMINADMINADMINADMI.ADMINADMINADMINADMINADMINADMINADMINADMINADMINADMINAD";

/// When every test server starts: 2026-01-02T03:04:05.678Z.
pub const START: i64 = 1_767_323_045_678_000;

/// Where the requests of stories come from.
pub const PEER: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

pub struct Server {
    pub app: App,
    clock: Arc<SetClock>,
    /// Bearer tokens by the names of those who hold them.
    keys: HashMap<String, String>,
    next_id: std::cell::Cell<u32>,
}

/// The cookies of a browser.
#[derive(Clone, Debug, Default)]
pub struct Jar(HashMap<String, String>);

impl Jar {
    /// The header `Cookie`; nothing if there are none.
    pub fn header(&self) -> Option<String> {
        let pairs: Vec<String> = self.0.iter().map(|(name, value)| format!("{name}={value}")).collect();
        (!pairs.is_empty()).then(|| pairs.join("; "))
    }

    /// Takes what a reply sets, and lets go of what it clears.
    pub fn keep(&mut self, answer: &Answer) {
        for (_, cookie) in answer.headers.iter().filter(|(name, _)| *name == "Set-Cookie") {
            let (name, value) = cookie.split(';').next().and_then(|pair| pair.split_once('=')).expect("a cookie has a name");
            if value.is_empty() || cookie.contains("Max-Age=0") {
                self.0.remove(name);
            } else {
                self.0.insert(name.to_owned(), value.to_owned());
            }
        }
    }

    /// The name and the value of the cookie that a session lives in.
    #[track_caller]
    pub fn session(&self) -> (&str, &str) {
        self.0.iter().find(|(name, _)| name.contains("session")).map(|(name, value)| (&**name, &**value)).expect("somebody is signed in")
    }

    pub fn names(&self) -> Vec<String> {
        self.0.keys().cloned().collect()
    }

    pub fn holds_session(&self) -> bool {
        self.0.keys().any(|name| name.contains("session"))
    }

    /// Takes a cookie as if a page of another port of this host had set it.
    pub fn plant(&mut self, name: &str, value: &str) {
        self.0.insert(name.to_owned(), value.to_owned());
    }
}

/// What came back.
pub struct Answer {
    pub status: u16,
    pub headers: Vec<(&'static str, Cow<'static, str>)>,
    pub body: Vec<u8>,
}

impl Answer {
    /// Nothing for a body that is no JSON.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// All values of a header.
    pub fn all(&self, name: &str) -> Vec<&str> {
        self.headers.iter().filter(|(n, _)| *n == name).map(|(_, value)| &**value).collect()
    }

    /// A parameter of the place that the browser is sent to.
    pub fn location_parameter(&self, name: &str) -> Option<String> {
        let (_, query) = self.header("Location")?.split_once('?')?;
        Pairs::parse(query).ok()?.first(name).map(str::to_owned)
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| *n == name).map(|(_, value)| &**value)
    }

    /// The name of the error, or nothing.
    pub fn error(&self) -> String {
        self.json()["details"][0]["name"].as_str().unwrap_or_default().to_owned()
    }
}

impl Server {
    /// Approves by hand, as The Things Stack does; otherwise as shipped.
    pub fn start() -> Server {
        Server::with(Settings { approval: Approval::Manual, ..Settings::default() })
    }

    /// Passwords are hashed in a moment.
    pub fn with(settings: Settings) -> Server {
        Server::slowly(Settings { password_rounds: 1000, ..settings })
    }

    /// With as many rounds for a password as the settings say.
    pub fn slowly(settings: Settings) -> Server {
        let clock = Arc::new(SetClock::frozen_at(Time::from_micros(START)));
        let store = Store::ephemeral_with(Clock::Set(clock.clone())).expect("a temporary database opens");
        Server { clock, ..Server::on(store, settings) }
    }

    /// On a database of the caller's, which has its own time. The administrator is made if it is empty.
    pub fn on(store: Store, settings: Settings) -> Server {
        let wanted = Administrator {
            user_id: "admin".to_owned(),
            // The administrator's ID is in no password of these stories.
            password: Some("Correct-horse-battery-staple-9".to_owned()),
            api_key: Some(ADMIN_KEY.to_owned()),
            password_rounds: settings.password_rounds,
        };
        administrator(&store, wanted).expect("the administrator is made, or there");
        let app = App::new(store, settings);
        let keys = HashMap::from([("admin".to_owned(), ADMIN_KEY.to_owned())]);
        Server { app, clock: Arc::default(), keys, next_id: 0.into() }
    }

    fn database(&self) -> Connection {
        let connection = Connection::open(self.app.store().path()).expect("the file opens");
        connection.busy_timeout(Duration::from_secs(5)).expect("a timeout is set");
        connection
    }

    /// The one value that a query of the database finds.
    pub fn value<T: FromSql>(&self, sql: &str) -> T {
        self.database().query_row(sql, [], |row| row.get(0)).expect("a value")
    }

    /// Changes the database without asking the server.
    pub fn execute(&self, sql: &str) {
        self.database().execute_batch(sql).expect("it is done");
        self.app.store().invalidate_cache();
    }

    /// Lets time pass.
    pub fn wait_seconds(&self, seconds: i64) {
        self.pass(seconds * 1_000_000);
    }

    fn pass(&self, micros: i64) {
        self.clock.advance(micros);
    }

    /// Sets the clock forward, or back, without time passing.
    pub fn sets_clock(&self, seconds: i64) {
        self.clock.set(self.clock.now().plus_seconds(seconds));
    }

    /// Sends a request as somebody: `anon`, `admin`, or a name that was given a key. Every request happens a little later than the one before.
    pub fn send(&self, who: &str, method: &str, target: &str, body: &str) -> Answer {
        let bearer = match who {
            "anon" => None,
            name => Some(format!("Bearer {}", self.keys.get(name).map_or("missing", String::as_str))),
        };
        self.send_with(bearer.as_deref(), &[], method, target, body.as_bytes())
    }

    pub fn send_with(&self, authorization: Option<&str>, headers: &[(&str, &str)], method: &str, target: &str, body: &[u8]) -> Answer {
        self.send_from(PEER, authorization, headers, method, target, body)
    }

    /// The same, from an address.
    pub fn send_from(
        &self,
        peer: IpAddr,
        authorization: Option<&str>,
        headers: &[(&str, &str)],
        method: &str,
        target: &str,
        body: &[u8],
    ) -> Answer {
        self.pass(1_001);
        self.next_id.set(self.next_id.get() + 1);
        let mut headers: Vec<(String, String)> = headers.iter().map(|(n, v)| (n.to_lowercase(), (*v).to_owned())).collect();
        headers.extend(authorization.map(|value| ("authorization".to_owned(), value.to_owned())));
        let request = Request {
            method: Method::parse(method),
            target: target.to_owned(),
            headers,
            body: body.to_vec(),
            id: format!("request-{}", self.next_id.get()),
            peer,
        };
        let Reply { status, headers, body, .. } = self.app.answer(request, &|| ());
        let answer = Answer { status, headers, body };
        crate::described::check(Method::parse(method), target, &answer);
        answer
    }

    /// Sends and expects a status, and that the answer holds at least what is given: `200 {"name":"New"}`, `403 no_client_rights`, `404`.
    #[track_caller]
    pub fn check(&self, who: &str, method: &str, target: &str, body: &str, expected: &str) -> Answer {
        let answer = self.send(who, method, target, body);
        let (status, rest) = expected.split_once(' ').unwrap_or((expected, ""));
        let shown = String::from_utf8_lossy(&answer.body).into_owned();
        assert_eq!(answer.status.to_string(), status, "{who} {method} {target} {body}\n{shown}");
        match rest {
            "" => {}
            rest if rest.starts_with('{') => {
                let wanted: Value = serde_json::from_str(rest).expect("what is expected is JSON");
                assert!(holds(&answer.json(), &wanted), "{who} {method} {target} {body}\nwanted {wanted}\ngot {shown}");
            }
            name => assert_eq!(answer.error(), name, "{who} {method} {target} {body}\n{shown}"),
        }
        answer
    }

    /// Makes an approved user whose key, by his name, holds `RIGHT_ALL`.
    pub fn has_user(&mut self, name: &str) {
        let user = json!({"user": {"ids": {"user_id": name}, "primary_email_address": format!("{name}@example.com"), "password": "Hunter2-hunter2", "state": "STATE_APPROVED"}});
        self.check("admin", "POST", "/api/v3/users", &user.to_string(), "200");
        self.gives_key(name, name, &["RIGHT_ALL"]);
    }

    /// Gives a user another key, under a name of its own.
    pub fn gives_key(&mut self, user: &str, name: &str, rights: &[&str]) {
        use keyfob::base::id::AccountId;
        use keyfob::base::right::Right;
        use keyfob::registry::api_keys::{NewKey, create};
        use keyfob::registry::principal::Principal;
        let owner = AccountId::User(user.parse().expect("a user ID"));
        let rights = rights.iter().map(|right| Right::from_name(right).expect("a right")).collect();
        let wanted = NewKey { name: name.to_owned(), rights, expires_at: None };
        let made = self.app.store().write(|tx| {
            let itself = Principal { account: Some(owner.clone()), ..Principal::operator() };
            create(tx, &itself, &owner, wanted)
        });
        let (_, token) = made.expect("a key is made");
        self.keys.insert(name.to_owned(), token.reveal());
    }

    pub fn knows_key(&mut self, name: &str, token: &str) {
        self.keys.insert(name.to_owned(), token.to_owned());
    }

    pub fn key(&self, name: &str) -> &str {
        &self.keys[name]
    }

    /// A client of the user, as he registers it himself. Its secret comes back.
    pub fn has_client(&self, user: &str, id: &str) -> String {
        let body = json!({"client": {"ids": {"client_id": id}, "name": id, "redirect_uris": [format!("https://{id}.example.com/callback")], "grants": ["GRANT_AUTHORIZATION_CODE"], "rights": ["RIGHT_USER_INFO"]}});
        let answer = self.check(user, "POST", &format!("/api/v3/users/{user}/clients"), &body.to_string(), "200");
        answer.json()["secret"].as_str().expect("a secret is shown").to_owned()
    }

    pub fn has_organization(&self, user: &str, id: &str) {
        let body = json!({"organization": {"ids": {"organization_id": id}, "name": id}});
        self.check(user, "POST", &format!("/api/v3/users/{user}/organizations"), &body.to_string(), "200");
    }
}

impl Answer {
    /// The IDs in a list, in the order they came.
    pub fn ids(&self) -> Vec<String> {
        let json = self.json();
        let items = json.as_object().and_then(|object| object.values().find_map(Value::as_array)).cloned().unwrap_or_default();
        let id = |item: &Value| {
            let mut at = item.get("ids").or(item.get("id")).unwrap_or(item);
            while let Some(inner) = at.as_object().and_then(|object| object.values().next()) {
                at = inner;
            }
            at.as_str().expect("an item has an ID").to_owned()
        };
        items.iter().map(id).collect()
    }

    /// How many there are in all, as the answer to a list says.
    pub fn total(&self) -> &str {
        self.header("X-Total-Count").unwrap_or("not said")
    }

    /// The names in `rights`, sorted: their order is not promised.
    pub fn rights(&self) -> Vec<String> {
        let mut rights: Vec<String> =
            self.json()["rights"].as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect();
        rights.sort();
        rights
    }
}

/// Whether everything that is wanted is there; objects may have more members, lists not.
pub fn holds(got: &Value, wanted: &Value) -> bool {
    match (got, wanted) {
        (Value::Object(got), Value::Object(wanted)) => wanted.iter().all(|(key, value)| got.get(key).is_some_and(|got| holds(got, value))),
        (Value::Array(got), Value::Array(wanted)) => got.len() == wanted.len() && got.iter().zip(wanted).all(|(g, w)| holds(g, w)),
        _ => got == wanted,
    }
}
