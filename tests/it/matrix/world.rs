//! The facts: a server in which everything is once, and copies of it for requests that change something.

use std::path::{Path, PathBuf};

use keyfob::model::settings::{Approval, Settings};
use keyfob::store::Store;
use serde_json::json;

use super::model::{Thing, World, client, organization, user};
use crate::folder;
use crate::server::Server;

/// As it is built below.
pub static WORLD: World = World {
    there: &[
        user("admin"),
        user("alice"),
        user("bob"),
        user("carl"),
        user("dora"),
        user("erin"),
        user("mallory"),
        user("penny"),
        user("susan"),
        user("ray"),
        user("flo"),
        user("zoe"),
        client("my-app"),
        client("waiting-app"),
        organization("acme-corp"),
        organization("other-corp"),
    ],
    deleted: &[client("old-app"), organization("old-corp"), user("gina")],
    members: &[
        (client("my-app"), user("alice"), &["RIGHT_ALL"]),
        (client("my-app"), user("bob"), &["RIGHT_CLIENT_INFO", "RIGHT_CLIENT_SETTINGS_BASIC"]),
        (client("my-app"), user("carl"), &["RIGHT_CLIENT_ALL"]),
        (client("my-app"), user("penny"), &["RIGHT_ALL"]),
        (client("my-app"), user("susan"), &["RIGHT_ALL"]),
        (client("my-app"), user("ray"), &["RIGHT_ALL"]),
        (client("waiting-app"), user("mallory"), &["RIGHT_ALL"]),
        (client("waiting-app"), user("bob"), &["RIGHT_CLIENT_INFO"]),
        (client("my-app"), organization("acme-corp"), &["RIGHT_CLIENT_INFO", "RIGHT_CLIENT_SETTINGS_COLLABORATORS"]),
        (organization("acme-corp"), user("alice"), &["RIGHT_ALL"]),
        (organization("acme-corp"), user("bob"), &["RIGHT_ORGANIZATION_INFO", "RIGHT_ORGANIZATION_SETTINGS_MEMBERS"]),
        (organization("acme-corp"), user("carl"), &["RIGHT_ORGANIZATION_ALL"]),
        (organization("acme-corp"), user("dora"), &["RIGHT_ORGANIZATION_INFO", "RIGHT_CLIENT_INFO"]),
        (organization("acme-corp"), user("erin"), &["RIGHT_ORGANIZATION_INFO", "RIGHT_CLIENT_ALL"]),
        (organization("acme-corp"), user("penny"), &["RIGHT_ALL"]),
        (organization("acme-corp"), user("susan"), &["RIGHT_ALL"]),
        (organization("other-corp"), user("mallory"), &["RIGHT_ALL"]),
        (client("old-app"), user("alice"), &["RIGHT_ALL"]),
        (client("old-app"), user("bob"), &["RIGHT_CLIENT_DELETE"]),
        (organization("old-corp"), user("alice"), &["RIGHT_ALL"]),
        (organization("old-corp"), user("carl"), &["RIGHT_ORGANIZATION_ALL"]),
    ],
};

/// A folder with the file of the world, as it is before any request.
pub struct Folder(folder::Folder);

impl Folder {
    pub fn new(name: &str) -> Folder {
        Folder(folder::Folder::new(&format!("matrix-{name}")))
    }

    pub fn world(&self) -> PathBuf {
        self.0.file("world.db")
    }

    /// Another file of the same world, under this name.
    pub fn copied(&self, name: &str) -> PathBuf {
        let copy = self.0.file(name);
        std::fs::copy(self.world(), &copy).expect("the world is copied");
        copy
    }

    /// Runs something on a copy of the world that nobody has changed.
    pub fn on_a_copy<T>(&self, work: impl FnOnce(&Server) -> T) -> T {
        let copy = self.copied("copy.db");
        let result = work(&open(&copy));
        for end in ["", "-wal", "-shm"] {
            let _ = std::fs::remove_file(format!("{}{end}", copy.display()));
        }
        result
    }
}

pub fn open(path: &Path) -> Server {
    let settings = Settings { approval: Approval::Manual, password_rounds: 1000, ..Settings::default() };
    Server::on(Store::open(path).expect("the file opens"), settings)
}

/// Makes everything of [`WORLD`] but the clients of callers. Those who may do little do it later.
pub fn build(server: &mut Server) {
    for name in ["alice", "bob", "carl", "dora", "erin", "mallory", "penny", "susan", "ray", "flo", "zoe", "gina"] {
        server.has_user(name);
    }
    server.has_organization("alice", "acme-corp");
    server.has_organization("mallory", "other-corp");
    server.check("admin", "POST", "/api/v3/users/alice/sign-in-link", "", "200");
    server.has_organization("alice", "old-corp");
    server.has_client("alice", "old-app");
    for (thing, account, rights) in WORLD.members.iter().filter(|(_, account, _)| account.id != "alice" && account.id != "mallory") {
        // Those are made by `callers`, when there is something to be done with them.
        if !matches!(thing.id, "my-app" | "waiting-app") {
            add_member(server, "alice", *thing, *account, rights);
        }
    }
    server.check("alice", "DELETE", "/api/v3/clients/old-app", "", "200");
    server.check("alice", "DELETE", "/api/v3/organizations/old-corp", "", "200");
    server.check("admin", "DELETE", "/api/v3/users/gina", "", "200");
}

/// As the owner does it.
pub fn add_member(server: &Server, owner: &str, thing: Thing, account: Thing, rights: &[&str]) {
    let (ids, key) = (format!("{}_ids", account.kind.word()), format!("{}_id", account.kind.word()));
    let member = json!({"collaborator": {"ids": {ids: {key: account.id}}, "rights": rights}});
    server.check(owner, "PUT", &format!("/api/v3/{}s/{}/collaborators", thing.kind.word(), thing.id), &member.to_string(), "200");
}

/// Puts the people into the states in which they may do little.
pub fn set_states(server: &Server) {
    for (id, fields) in [
        ("penny", json!({"state": "STATE_REQUESTED"})),
        ("susan", json!({"state": "STATE_SUSPENDED"})),
        ("ray", json!({"state": "STATE_REJECTED"})),
        ("flo", json!({"state": "STATE_FLAGGED", "admin": true})),
    ] {
        let paths: Vec<&String> = fields.as_object().expect("fields").keys().collect();
        let body = json!({"user": fields, "field_mask": {"paths": paths}}).to_string();
        server.check("admin", "PUT", &format!("/api/v3/users/{id}"), &body, "200");
    }
}

/// Lets everybody sign in once more.
pub fn approve_all(server: &Server) {
    for id in ["penny", "susan", "ray", "flo"] {
        let body = json!({"user": {"state": "STATE_APPROVED"}, "field_mask": "state"}).to_string();
        server.check("admin", "PUT", &format!("/api/v3/users/{id}"), &body, "200");
    }
}
