//! The kinds of callers of the API: what each presents, and what the model is told of it.

use keyfob::base::id::AccountId;
use keyfob::base::time::Time;
use keyfob::registry::api_keys::{NewKey, create};
use keyfob::registry::principal::Principal;
use rusqlite::Connection;
use serde_json::json;

use super::model::{Set, Somebody, Thing, Who, client, organization, user};
use super::world::{self, Folder, WORLD};
use crate::browser::{Browser, Tokens};
use crate::console::signed_in_admin;
use crate::server::{ADMIN_KEY, Answer, Server};

pub enum Presented {
    Nothing,
    Authorization(String),
    /// The cookies of somebody who is or was signed in, and the token of a page that was opened with them.
    Browser {
        cookies: String,
        form_token: String,
    },
}

pub struct Caller {
    pub name: String,
    pub presented: Presented,
    pub who: Who,
}

impl Caller {
    pub fn send(&self, server: &Server, method: &str, target: &str, body: &str) -> Answer {
        self.send_with(server, &[], method, target, body)
    }

    pub fn send_with(&self, server: &Server, headers: &[(&str, &str)], method: &str, target: &str, body: &str) -> Answer {
        let mut headers = headers.to_vec();
        let authorization = match &self.presented {
            Presented::Nothing => None,
            Presented::Authorization(header) => Some(header.as_str()),
            Presented::Browser { cookies, form_token } => {
                headers.extend([("Cookie", cookies.as_str()), ("X-CSRF-Token", form_token)]);
                None
            }
        };
        server.send_with(authorization, &headers, method, target, body.as_bytes())
    }
}

/// What requests name besides entities.
pub struct Names {
    pub key_id: String,
    pub organization_key_id: String,
    pub session_id: String,
    pub token_id: String,
    /// A change of `my-app` that can be undone.
    pub event_number: String,
    /// A token that alice gave `my-app`.
    pub token: String,
    /// The number of the secret of `my-app` that was rotated away.
    pub old_secret: String,
}

/// Everybody, in a world of their own.
pub struct Everybody {
    pub folder: Folder,
    pub callers: Vec<Caller>,
    pub names: Names,
}

/// What holds `rights`, of the account.
fn holding(account: Thing, rights: &[&'static str]) -> Somebody {
    Somebody {
        account,
        rights: rights.iter().copied().collect::<Set>(),
        of_admin: account.id == "admin",
        pending: account.id == "penny",
        client: None,
    }
}

struct Gathering {
    server: Server,
    callers: Vec<Caller>,
}

impl Gathering {
    fn add(&mut self, name: &str, presented: Presented, who: Who) {
        self.callers.push(Caller { name: name.to_owned(), presented, who });
    }

    fn bearer(&mut self, name: &str, token: &str, who: Who) {
        self.add(name, Presented::Authorization(format!("Bearer {token}")), who);
    }

    /// A key of a user with these rights, who is who the model is told.
    fn key(&mut self, of: &'static str, rights: &[&'static str], who: Option<Who>) {
        let name = format!("{of}'s key with {}", rights.join(", "));
        self.server.gives_key(of, "newest", rights);
        let token = self.server.key("newest").to_owned();
        self.bearer(&name, &token, who.unwrap_or_else(|| Who::Somebody(holding(user(of), rights))));
    }

    fn organization_key(&mut self, maker: &str, of: &'static str, rights: &[&'static str]) {
        let body = json!({"name": "k", "rights": rights}).to_string();
        let made = self.server.check(maker, "POST", &format!("/api/v3/organizations/{of}/api-keys"), &body, "200").json();
        let token = made["key"].as_str().expect("a key").to_owned();
        self.bearer(&format!("{of}'s key with {}", rights.join(", ")), &token, Who::Somebody(holding(organization(of), rights)));
    }

    /// The tokens that somebody gives a client in a browser.
    fn tokens(&self, browser: &mut Browser, client: &str, secret: &str) -> Tokens {
        let code = browser.code(&self.server, client, &[]);
        self.server.tokens(client, secret, &code)
    }

    fn token(&mut self, of: &'static str, client: &'static str, rights: &[&'static str], token: &str) {
        let who = Somebody { client: Some(client), ..holding(user(of), rights) };
        self.bearer(&format!("{of}'s token of {client}"), token, Who::Somebody(who));
    }

    fn strangers(&mut self) {
        self.add("nobody", Presented::Nothing, Who::Nobody);
        self.bearer("no token at all", "missing", Who::Refused(400, "token"));
        self.bearer("dots", "..", Who::Refused(401, "token"));
        self.add("another scheme", Presented::Authorization("Basic YTpi".to_owned()), Who::Refused(401, "unsupported_authorization"));
        self.bearer("an unknown key", "NNSXS.A.B", Who::Refused(401, "api_key_not_found"));
        self.bearer("an unknown token", "MFRWG.A.B", Who::Refused(401, "token_not_found"));
        let (id, key) = ADMIN_KEY.rsplit_once('.').expect("an ID and a key");
        let guess = format!("{id}.{}", key.replace('A', "B"));
        self.bearer("the administrator's key, guessed", &guess, Who::Refused(401, "invalid_authorization"));
        let browser = self.browser(self.server.signed_in("mallory"));
        let sessions = self.server.check("mallory", "GET", "/api/v3/users/mallory/sessions", "", "200").json();
        let id = sessions["sessions"][0]["session_id"].as_str().expect("an ID").to_owned();
        self.server.check("mallory", "DELETE", &format!("/api/v3/users/mallory/sessions/{id}"), "", "200");
        self.add("a browser that was signed out", browser, Who::Refused(401, "token_not_found"));
    }

    fn users(&mut self) {
        for name in ["admin", "alice", "bob", "carl", "dora", "erin", "mallory", "penny", "flo"] {
            self.key(name, &["RIGHT_ALL"], None);
        }
        self.key("susan", &["RIGHT_ALL"], Some(Who::Refused(403, "user_suspended")));
        self.key("ray", &["RIGHT_ALL"], Some(Who::Refused(403, "user_rejected")));
        let gina = self.server.key("gina").to_owned();
        self.bearer("gina's key", &gina, Who::Refused(401, "api_key_not_found"));
        self.expired_key();
        for (of, rights) in [
            ("admin", &["RIGHT_USER_NOTIFICATIONS_READ"][..]),
            ("admin", &["RIGHT_SEND_INVITES"]),
            ("admin", &["RIGHT_CLIENT_INFO"]),
            (
                "admin",
                &[
                    "RIGHT_CLIENT_ALL",
                    "RIGHT_USER_ALL",
                    "RIGHT_ORGANIZATION_ALL",
                    "RIGHT_APPLICATION_ALL",
                    "RIGHT_GATEWAY_ALL",
                    "RIGHT_SEND_INVITES",
                ],
            ),
            ("alice", &["RIGHT_CLIENT_INFO"]),
            ("alice", &["RIGHT_CLIENT_SETTINGS_BASIC"]),
            ("alice", &["RIGHT_CLIENT_SETTINGS_COLLABORATORS"]),
            ("alice", &["RIGHT_CLIENT_DELETE"]),
            ("alice", &["RIGHT_CLIENT_ALL"]),
            ("alice", &["RIGHT_USER_ALL"]),
            ("alice", &["RIGHT_USER_SETTINGS_API_KEYS"]),
            ("alice", &["RIGHT_USER_AUTHORIZED_CLIENTS"]),
            ("alice", &["RIGHT_USER_CLIENTS_LIST", "RIGHT_USER_CLIENTS_CREATE"]),
            ("alice", &["RIGHT_ORGANIZATION_SETTINGS_API_KEYS"]),
            ("alice", &["RIGHT_ORGANIZATION_INFO", "RIGHT_ORGANIZATION_SETTINGS_MEMBERS"]),
            ("alice", &["RIGHT_ORGANIZATION_DELETE", "RIGHT_ORGANIZATION_CLIENTS_LIST"]),
            ("alice", &["RIGHT_SEND_INVITES"]),
        ] {
            self.key(of, rights, None);
        }
        self.organization_key("alice", "acme-corp", &["RIGHT_ALL"]);
        self.organization_key("alice", "acme-corp", &["RIGHT_CLIENT_INFO", "RIGHT_ORGANIZATION_INFO"]);
        self.organization_key("alice", "acme-corp", &["RIGHT_ORGANIZATION_ALL"]);
        self.organization_key("mallory", "other-corp", &["RIGHT_ALL"]);
    }

    /// The operator may make one that is over from the start.
    fn expired_key(&mut self) {
        let owner = AccountId::User("admin".parse().expect("an ID"));
        let rights = vec![keyfob::base::right::Right::All];
        let wanted = NewKey { name: "over".to_owned(), rights, expires_at: Some(Time::from_micros(1)) };
        let made = self.server.app.store().write(|tx| create(tx, &Principal::operator(), &owner, wanted));
        let token = made.expect("a key is made").1.reveal();
        self.bearer("the administrator's expired key", &token, Who::Refused(401, "api_key_expired"));
    }

    /// Makes `my-app` and other clients, and gives them tokens. The names of what alice has.
    fn clients(&mut self) -> Names {
        let secret = self.server.has_app("alice", "my-app", &["RIGHT_USER_INFO"]);
        for (thing, account, rights) in WORLD.members.iter().filter(|(thing, account, _)| thing.id == "my-app" && account.id != "alice") {
            world::add_member(&self.server, "alice", *thing, *account, rights);
        }
        let mut alice = self.server.signed_in("alice");
        let mut admin = signed_in_admin(&self.server);
        let own = self.tokens(&mut alice, "my-app", &secret);
        self.token("alice", "my-app", &["RIGHT_USER_INFO"], &own.access);
        self.bearer("a refresh token", &own.refresh, Who::Refused(401, "unsupported_authorization"));
        let code = alice.code(&self.server, "my-app", &[]);
        self.bearer("a code", &code, Who::Refused(401, "unsupported_authorization"));
        let code = alice.code(&self.server, "my-app", &[("scope", "openid email")]);
        let for_sign_in = self.server.tokens("my-app", &secret, &code);
        self.bearer("a token that signs alice in", &for_sign_in.access, Who::Refused(403, "token_without_rights"));
        let mallorys = self.tokens(&mut self.server.signed_in("mallory"), "my-app", &secret);
        self.token("mallory", "my-app", &["RIGHT_USER_INFO"], &mallorys.access);
        let susans = self.tokens(&mut self.server.signed_in("susan"), "my-app", &secret);
        self.bearer("susan's token", &susans.access, Who::Refused(403, "user_suspended"));

        let whole = self.server.has_app("zoe", "whole-app", &["RIGHT_ALL"]);
        let small = self.server.has_app("zoe", "small-app", &["RIGHT_CLIENT_ALL", "RIGHT_USER_INFO"]);
        let barred = self.server.has_app("zoe", "barred-app", &["RIGHT_ALL"]);
        let tokens = self.tokens(&mut admin, "whole-app", &whole);
        self.token("admin", "whole-app", &["RIGHT_ALL"], &tokens.access);
        let tokens = self.tokens(&mut admin, "small-app", &small);
        self.token("admin", "small-app", &["RIGHT_CLIENT_ALL", "RIGHT_USER_INFO"], &tokens.access);
        let tokens = self.tokens(&mut alice, "small-app", &small);
        self.token("alice", "small-app", &["RIGHT_CLIENT_ALL", "RIGHT_USER_INFO"], &tokens.access);
        let tokens = self.tokens(&mut admin, "barred-app", &barred);
        self.bearer("the administrator's token of a suspended client", &tokens.access, Who::OfSuspendedClient);
        let tokens = self.tokens(&mut admin, "whole-app", &whole);
        self.bearer("the administrator's expired token", &tokens.access, Who::Refused(401, "token_expired"));
        self.server.has_state("barred-app", "STATE_SUSPENDED");
        self.server.has_client("mallory", "waiting-app");
        world::add_member(&self.server, "mallory", client("waiting-app"), user("bob"), &["RIGHT_CLIENT_INFO"]);
        self.server.check("alice", "POST", "/api/v3/clients/my-app/secret", r#"{"grace":"86400s"}"#, "200");
        let id = "my-app".parse().expect("an ID");
        let secrets = self.server.app.store().read(|tx| tx.client_secrets(&id)).expect("secrets");

        let key_id = |target: &str, name: &str, right: &str| {
            let body = json!({"name": name, "rights": [right]}).to_string();
            let made = self.server.check("alice", "POST", &format!("/api/v3/{target}/api-keys"), &body, "200").json();
            made["id"].as_str().expect("an ID").to_owned()
        };
        let sessions = self.server.check("alice", "GET", "/api/v3/users/alice/sessions", "", "200").json();
        Names {
            key_id: key_id("users/alice", "k", "RIGHT_USER_INFO"),
            organization_key_id: key_id("organizations/acme-corp", "ok", "RIGHT_ORGANIZATION_INFO"),
            session_id: sessions["sessions"][0]["session_id"].as_str().expect("an ID").to_owned(),
            token_id: own.access.split('.').nth(1).expect("an ID").to_owned(),
            event_number: self.server.changes_description("my-app"),
            token: own.access,
            old_secret: secrets.last().expect("two of them").number.to_string(),
        }
    }

    /// What a browser presents that has opened a page of ours.
    fn browser(&self, mut browser: Browser) -> Presented {
        let form_token = browser.form_token(&self.server, "/console");
        Presented::Browser { cookies: browser.jar.header().expect("a session"), form_token }
    }

    /// Browsers, which may use the API too.
    fn sessions(&mut self) {
        for name in ["alice", "bob", "erin", "mallory", "penny", "susan"] {
            let browser = self.browser(self.server.signed_in(name));
            let who =
                if name == "susan" { Who::Refused(403, "user_suspended") } else { Who::Somebody(holding(user(name), &["RIGHT_ALL"])) };
            self.add(&format!("{name}'s browser"), browser, who);
        }
        let browser = self.browser(signed_in_admin(&self.server));
        self.add("the administrator's browser", browser, Who::Somebody(holding(user("admin"), &["RIGHT_ALL"])));
    }
}

impl Everybody {
    pub fn gathered(name: &str) -> Everybody {
        let folder = Folder::new(name);
        let mut server = world::open(&folder.world());
        world::build(&mut server);
        let mut gathering = Gathering { server, callers: Vec::new() };
        gathering.strangers();
        let names = gathering.clients();
        gathering.users();
        gathering.sessions();
        world::set_states(&gathering.server);
        let Gathering { server, callers } = gathering;
        drop(server);
        let expired = callers.iter().find(|caller| caller.name.contains("expired token")).expect("there is one");
        if let Presented::Authorization(header) = &expired.presented {
            let id = header.split('.').nth(1).expect("an ID");
            let file = Connection::open(folder.world()).expect("the file opens");
            file.execute("UPDATE access_tokens SET expires_at = 1 WHERE token_id = ?", [id]).expect("it is over");
        }
        Everybody { folder, callers, names }
    }
}
