//! What a file declares, over the API.

use serde_json::{Value, json};

use crate::cli::Fixture;
use crate::declared::Story;

fn clients(numbers: std::ops::Range<usize>) -> Value {
    let client = |n: usize| json!({"client_id": format!("client-{n:04}"), "owner": "admin", "secret": null});
    json!({"name": "prod", "clients": numbers.map(client).collect::<Vec<_>>()})
}

#[test]
fn everything_that_is_managed_is_pruned_however_many_pages_it_has() {
    let story = Story::new("remote-prune");
    story.write("declaration.json", &clients(0..1010).to_string());
    let fixture = Fixture::with("remote-prune", &["--apply", story.folder.file("declaration.json").to_str().expect("a path")]);
    std::fs::write(fixture.path("declaration.json"), clients(0..5).to_string()).expect("a file");
    let plan = fixture.run("plan declaration.json --prune");
    assert!(plan.out.ends_with("\n1005 to remove, 5 unchanged.\n"), "{}{}", plan.out, plan.err);
}

#[test]
fn whatever_ends_it_in_the_middle_it_says_what_was_done() {
    let fixture = Fixture::with("remote-partly", &["--admin-rights", "all"]);
    let key = json!({"name": "ci", "rights": ["RIGHT_USER_INFO"], "key": {"generate": "once", "write_to": "no-such-folder/ci.key"}});
    let user = json!({"user_id": "ada", "email": "ada@example.com", "api_keys": [key]});
    std::fs::write(fixture.path("declaration.json"), json!({"users": [user]}).to_string()).expect("a file");
    // The first step is done in part: the user is there, the key is not.
    let refused = fixture.run("apply declaration.json --yes");
    assert!(refused.code == Some(1) && refused.err.contains("keyfob/cli:only_partly"), "{}", refused.err);
    assert!(refused.err.contains("0 of 1 steps were done, and the next, `user ada`, not or in part"), "{}", refused.err);
    assert!(refused.err.contains("no-such-folder/ci.key"), "{}", refused.err);
    std::fs::create_dir(fixture.path("no-such-folder")).expect("a folder");
    fixture.ok("apply declaration.json --yes");
    fixture.ok("plan declaration.json");
}
