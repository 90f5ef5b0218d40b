//! What was made by hand, beside what a file declares.

use serde_json::json;

use crate::declared::{Story, app, only, step};

#[test]
fn a_client_that_somebody_else_owns_is_not_taken_over() {
    let story = Story::new("squatted");
    story.expect("admin create-user mallory --email mallory@example.com", 0);
    story.expect("admin create-client web-app --user-id mallory", 0);
    let mut declared = app();
    declared.as_object_mut().expect("an object").remove("secret");
    story.write("declaration.json", &only(&declared).to_string());
    let refused = story.expect("plan declaration.json", 1).err;
    let says = "keyfob: declaration.json: `/clients/0/owner` must not be `admin`: the client `web-app` was made by hand, and its owner is `mallory`";
    assert!(refused.starts_with(says), "{refused}");

    declared["owner"] = "mallory".into();
    let plan = story.plan(&only(&declared));
    let secret = "its secret stays the one that it was given by hand: declare one to replace it";
    assert_eq!(step(&plan, "web-app")["notes"], json!(["was made by hand: from now on it is managed", secret]));
}

#[test]
fn a_key_made_by_hand_stays_when_one_of_its_name_is_no_longer_declared() {
    let story = Story::new("same-name");
    let key = json!({"name": "ci", "rights": ["RIGHT_USER_INFO"], "key": {"generate": "once", "write_to": "ci.key"}});
    let ada = |keys| json!({"name": "prod", "users": [{"user_id": "ada", "email": "ada@example.com", "api_keys": keys}]});
    story.apply(&ada(json!([key])));
    story.expect("admin create-api-key ada --name ci", 0);
    story.write("declaration.json", &ada(json!([])).to_string());
    story.expect("apply declaration.json --prune --yes", 0);
    let exported = story.exported();
    let users = exported["users"].as_array().expect("users");
    let keys = users.iter().find(|user| user["user_id"] == "ada").map(|user| user["api_keys"].as_array().map_or(0, Vec::len));
    assert_eq!(keys, Some(1), "{exported}");
}

#[test]
fn a_collaborator_whose_id_is_the_name_of_a_field_is_not_taken_for_it() {
    let story = Story::new("field-names");
    let mut declared = app();
    story.expect("admin create-user name --email name@example.com", 0);
    declared["collaborators"] = json!([{"account": "name", "rights": ["RIGHT_CLIENT_INFO"]}]);
    story.apply(&only(&declared));
    declared["name"] = "Another name".into();
    story.apply(&only(&declared));
    declared.as_object_mut().expect("an object").remove("collaborators");
    story.write("declaration.json", &only(&declared).to_string());
    story.expect("apply declaration.json --prune --yes", 0);
    let members = story.client("web-app")["collaborators"].to_string();
    assert!(!members.contains("\"name\""), "the declaration gave the rights: {members}");
}
