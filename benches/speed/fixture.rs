//! What tests wait for: a server that they steer.

use std::io::Write;

use serde_json::{Value, json};

use crate::Plan;
use crate::load::{once, request};
use crate::report::Row;
use crate::report::Target::AtMost;
use crate::rows::{median, plain, repeat};
use crate::world::{World, get};

const SEEDED: usize = 20;
const WORLDS: usize = 200;

/// A seed with a user and so many clients.
fn seed(plan: &Plan) -> String {
    let client = |n: usize| {
        json!({"client_id": format!("app-{n}"), "owner": "ada", "secret": format!("the-secret-of-app-{n}"), "rights": ["RIGHT_USER_INFO"],
            "grants": ["GRANT_AUTHORIZATION_CODE"], "redirect_uris": [format!("https://app-{n}.example.com/callback")]})
    };
    let clients: Vec<Value> = (0..SEEDED).map(client).collect();
    let path = plan.folder.join("seed.json");
    let seed = json!({"users": [{"user_id": "ada", "password": "Correct-horse-9"}], "clients": clients});
    std::fs::File::create(&path).and_then(|mut file| file.write_all(seed.to_string().as_bytes())).expect("the seed is written");
    path.display().to_string()
}

pub fn rows(plan: &Plan) -> Vec<Row> {
    let seed = seed(plan);
    let start = || World::start_with(&["--fixture", &seed]);
    let starts = (0..9).map(|_| start().started_in.as_secs_f64() * 1000.0).collect();
    let server = start();
    let reset = request("POST", "/_fixture/reset", "", "");
    let reply = once(&server.address, &reset);
    assert!(reply.starts_with("HTTP/1.1 204 "), "{reply}");
    let resets = (0..plan.rounds).map(|_| repeat(plan, &server.address, 1, &reset).percentile(50) / 1000.0).collect();
    for _ in 0..WORLDS {
        let created = once(&server.address, &request("POST", "/_fixture/worlds", "", ""));
        let name = created.split("\"world\":\"").nth(1).and_then(|rest| rest.split('"').next()).expect("a name");
        let asked =
            String::from_utf8(get("app-0")).expect("a request is text").replace("Host: localhost", &format!("Host: {name}.localhost"));
        let reply = once(&server.address, asked.as_bytes());
        assert!(reply.starts_with("HTTP/1.1 200 "), "{reply}");
    }
    vec![
        plain("start to the ready line, a seed of 20 clients", AtMost(15.0), " ms", median(starts)),
        plain("reset to the seed, p50", AtMost(1.0), " ms", median(resets)),
        plain("resident memory with 200 worlds", AtMost(150.0), " MiB", server.memory()),
    ]
}
