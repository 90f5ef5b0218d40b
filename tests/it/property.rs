//! Random sequences of operations leave the API as a small model in memory says.

use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::{Value, json};

use crate::server::Server;

const PEOPLE: [&str; 4] = ["alice", "bob", "carol", "admin"];
const CLIENTS: [&str; 3] = ["client-1", "client-2", "client-3"];

/// Rights on a client, as bits: info, basic, manage, delete, `RIGHT_CLIENT_ALL`, `RIGHT_ALL`.
type Bits = u8;
const INFO: Bits = 1;
const BASIC: Bits = 2;
const MANAGE: Bits = 4;
const DELETE: Bits = 8;
const OWNER: Bits = 16;
const CONCRETE: Bits = INFO | BASIC | MANAGE | DELETE;

/// What can be given, and what it amounts to.
const GIFTS: [(&[&str], Bits); 6] = [
    (&[], 0),
    (&["RIGHT_CLIENT_INFO"], INFO),
    (&["RIGHT_CLIENT_SETTINGS_BASIC", "RIGHT_CLIENT_INFO"], BASIC | INFO),
    (&["RIGHT_CLIENT_SETTINGS_COLLABORATORS"], MANAGE),
    (&["RIGHT_CLIENT_ALL"], CONCRETE | OWNER),
    (&["RIGHT_ALL"], CONCRETE | OWNER | 32),
];

#[derive(Clone, Debug)]
enum Operation {
    Create { by: usize, client: usize },
    Rename { by: usize, client: usize, name: String },
    Delete { by: usize, client: usize },
    Restore { by: usize, client: usize },
    Purge { by: usize, client: usize },
    SetCollaborator { by: usize, client: usize, whom: usize, gift: usize },
    RemoveCollaborator { by: usize, client: usize, whom: usize },
    SetContact { by: usize, client: usize, whom: usize },
}

fn operation() -> impl Strategy<Value = Operation> {
    let (by, client, whom) = (0..PEOPLE.len(), 0..CLIENTS.len(), 0..PEOPLE.len());
    prop_oneof![
        3 => (by.clone(), client.clone()).prop_map(|(by, client)| Operation::Create { by, client }),
        2 => (by.clone(), client.clone(), "[a-z]{0,8}").prop_map(|(by, client, name)| Operation::Rename { by, client, name }),
        1 => (by.clone(), client.clone()).prop_map(|(by, client)| Operation::Delete { by, client }),
        1 => (by.clone(), client.clone()).prop_map(|(by, client)| Operation::Restore { by, client }),
        1 => (by.clone(), client.clone()).prop_map(|(by, client)| Operation::Purge { by, client }),
        5 => (by.clone(), client.clone(), whom.clone(), 0..GIFTS.len())
            .prop_map(|(by, client, whom, gift)| Operation::SetCollaborator { by, client, whom, gift }),
        2 => (by.clone(), client.clone(), whom.clone()).prop_map(|(by, client, whom)| Operation::RemoveCollaborator { by, client, whom }),
        2 => (by, client, whom).prop_map(|(by, client, whom)| Operation::SetContact { by, client, whom }),
    ]
}

/// What the model knows of a client.
#[derive(Clone, Debug)]
struct Known {
    name: String,
    deleted: bool,
    contact: &'static str,
    technical_contact: &'static str,
    /// Places in `GIFTS`.
    members: BTreeMap<&'static str, usize>,
}

#[derive(Default)]
struct Model(BTreeMap<&'static str, Known>);

impl Model {
    /// The rights of somebody on a client, or the status that refuses him.
    fn rights(&self, by: &str, client: &str, deleted_too: bool) -> Result<Bits, u16> {
        let Some(known) = self.0.get(client).filter(|known| deleted_too || !known.deleted) else {
            return Err(if by == "admin" { 404 } else { 403 });
        };
        let own = known.members.get(by).map_or(0, |gift| GIFTS[*gift].1);
        Ok(if by == "admin" { own | CONCRETE } else { own })
    }

    fn need(&self, by: &str, client: &str, right: Bits, deleted_too: bool) -> Result<Bits, u16> {
        let rights = self.rights(by, client, deleted_too)?;
        if rights & right == right { Ok(rights) } else { Err(403) }
    }

    /// The status that the operation should have; what it changes is changed here too.
    fn apply(&mut self, operation: &Operation) -> Result<(), u16> {
        match operation {
            Operation::Create { by, client } => {
                let (by, client) = (PEOPLE[*by], CLIENTS[*client]);
                if self.0.contains_key(client) {
                    return Err(409);
                }
                let members = BTreeMap::from([(by, 5)]);
                self.0.insert(client, Known { name: client.to_owned(), deleted: false, contact: by, technical_contact: by, members });
            }
            Operation::Rename { by, client, name } => {
                self.need(PEOPLE[*by], CLIENTS[*client], BASIC, false)?;
                self.known(*client).name = name.clone();
            }
            Operation::Delete { by, client } => {
                self.need(PEOPLE[*by], CLIENTS[*client], DELETE, false)?;
                self.known(*client).deleted = true;
            }
            Operation::Restore { by, client } => {
                self.need(PEOPLE[*by], CLIENTS[*client], DELETE, true)?;
                let known = self.known(*client);
                if !known.deleted {
                    return Err(404);
                }
                known.deleted = false;
            }
            Operation::Purge { by, client } => {
                if PEOPLE[*by] != "admin" {
                    return Err(403);
                }
                self.0.remove(CLIENTS[*client]).ok_or(404_u16)?;
            }
            Operation::SetCollaborator { by, client, whom, gift } => {
                let mine = self.need(PEOPLE[*by], CLIENTS[*client], MANAGE, false)?;
                let known = self.known(*client);
                let old = known.members.get(PEOPLE[*whom]).map_or(0, |gift| GIFTS[*gift].1);
                let new = GIFTS[*gift].1;
                let lacks = |rights: Bits| rights & !mine != 0;
                if lacks(new & !old) || (new != 0 && lacks(old & !new)) {
                    return Err(403);
                }
                known.owner_remains(PEOPLE[*whom], old, new)?;
                known.members.remove(PEOPLE[*whom]);
                if new != 0 {
                    known.members.insert(PEOPLE[*whom], *gift);
                }
            }
            Operation::RemoveCollaborator { by, client, whom } => {
                self.need(PEOPLE[*by], CLIENTS[*client], MANAGE, false)?;
                let known = self.known(*client);
                let old = GIFTS[*known.members.get(PEOPLE[*whom]).ok_or(404_u16)?].1;
                if [known.contact, known.technical_contact].contains(&PEOPLE[*whom]) {
                    return Err(400);
                }
                known.owner_remains(PEOPLE[*whom], old, 0)?;
                known.members.remove(PEOPLE[*whom]);
            }
            Operation::SetContact { by, client, whom } => {
                self.need(PEOPLE[*by], CLIENTS[*client], BASIC, false)?;
                let known = self.known(*client);
                if !known.members.contains_key(PEOPLE[*whom]) {
                    return Err(400);
                }
                known.contact = PEOPLE[*whom];
            }
        }
        Ok(())
    }

    fn known(&mut self, client: usize) -> &mut Known {
        self.0.get_mut(CLIENTS[client]).expect("rights were found on it")
    }
}

impl Known {
    fn owner_remains(&self, whom: &str, old: Bits, new: Bits) -> Result<(), u16> {
        let another = self.members.iter().any(|(member, gift)| *member != whom && GIFTS[*gift].1 & OWNER != 0);
        if old & OWNER != 0 && new & OWNER == 0 && !another { Err(400) } else { Ok(()) }
    }
}

/// Sends the operation to the server.
fn send(server: &Server, operation: &Operation) -> u16 {
    let user = |whom: &usize| json!({"user_ids": {"user_id": PEOPLE[*whom]}});
    let (by, method, target, body) = match operation {
        Operation::Create { by, client } => {
            let body = json!({"client": {"ids": {"client_id": CLIENTS[*client]}, "name": CLIENTS[*client]}});
            (by, "POST", format!("/api/v3/users/{}/clients", PEOPLE[*by]), body)
        }
        Operation::Rename { by, client, name } => {
            (by, "PUT", format!("/api/v3/clients/{}", CLIENTS[*client]), json!({"client": {"name": name}, "field_mask": "name"}))
        }
        Operation::Delete { by, client } => (by, "DELETE", format!("/api/v3/clients/{}", CLIENTS[*client]), Value::Null),
        Operation::Restore { by, client } => (by, "POST", format!("/api/v3/clients/{}/restore", CLIENTS[*client]), Value::Null),
        Operation::Purge { by, client } => (by, "DELETE", format!("/api/v3/clients/{}/purge", CLIENTS[*client]), Value::Null),
        Operation::SetCollaborator { by, client, whom, gift } => {
            let body = json!({"collaborator": {"ids": user(whom), "rights": GIFTS[*gift].0}});
            (by, "PUT", format!("/api/v3/clients/{}/collaborators", CLIENTS[*client]), body)
        }
        Operation::RemoveCollaborator { by, client, whom } => {
            (by, "DELETE", format!("/api/v3/clients/{}/collaborators/user/{}", CLIENTS[*client], PEOPLE[*whom]), Value::Null)
        }
        Operation::SetContact { by, client, whom } => {
            let body = json!({"client": {"administrative_contact": user(whom)}, "field_mask": "administrative_contact"});
            (by, "PUT", format!("/api/v3/clients/{}", CLIENTS[*client]), body)
        }
    };
    server.send(PEOPLE[*by], method, &target, &body.to_string()).status
}

/// Everything that can be seen, as the model says it.
fn compare(server: &Server, model: &Model) {
    for client in CLIENTS {
        let target = format!("/api/v3/clients/{client}");
        let answer = server.send("bob", "GET", &format!("{target}?field_mask=name,administrative_contact"), "");
        match model.0.get(client).filter(|known| !known.deleted) {
            None => assert_eq!(answer.status, 404, "{client}"),
            Some(known) => {
                assert_eq!(answer.json()["name"].as_str().unwrap_or_default(), known.name);
                assert_eq!(answer.json()["administrative_contact"], json!({"user_ids": {"user_id": known.contact}}));
                let members = server.check("admin", "GET", &format!("{target}/collaborators"), "", "200").json();
                let wanted: Vec<Value> = known
                    .members
                    .iter()
                    .map(|(user, gift)| json!({"ids": {"user_ids": {"user_id": user}}, "rights": GIFTS[*gift].0}))
                    .collect();
                assert_eq!(members["collaborators"], json!(wanted), "{client}");
            }
        }
    }
    for deleted in [false, true] {
        let wanted = model.0.values().filter(|known| known.deleted == deleted).count().to_string();
        for page in ["limit=1", "page=9"] {
            let answer = server.check("admin", "GET", &format!("/api/v3/search/clients?deleted={deleted}&{page}"), "", "200");
            assert_eq!(answer.total(), wanted);
        }
    }
    for user in PEOPLE {
        for deleted in [false, true] {
            let wanted: Vec<&str> = model
                .0
                .iter()
                .filter(|(_, known)| known.deleted == deleted && known.members.contains_key(user))
                .map(|(client, _)| *client)
                .collect();
            let answer = server.check(user, "GET", &format!("/api/v3/users/{user}/clients?deleted={deleted}"), "", "200");
            assert_eq!(
                (answer.ids(), answer.total()),
                (wanted.iter().map(|id| (*id).to_owned()).collect(), wanted.len().to_string().as_str())
            );
            // A page that is full, and one behind the end, do not tell how many there are: they say what was counted along.
            for page in ["limit=1", "page=9"] {
                let answer = server.check(user, "GET", &format!("/api/v3/users/{user}/clients?deleted={deleted}&{page}"), "", "200");
                assert_eq!(answer.total(), wanted.len().to_string());
                let answer = server.check(user, "GET", &format!("/api/v3/clients?deleted={deleted}&{page}"), "", "200");
                assert_eq!(answer.total(), wanted.len().to_string());
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_operations_leave_the_api_as_the_model_says(operations in prop::collection::vec(operation(), 1..60)) {
        let mut server = Server::start();
        for user in &PEOPLE[..3] {
            server.has_user(user);
        }
        let mut model = Model::default();
        for operation in &operations {
            let wanted = model.apply(operation).map_or_else(|status| status, |()| 200);
            prop_assert_eq!(send(&server, operation), wanted, "{:?}", operation);
        }
        compare(&server, &model);
    }
}
