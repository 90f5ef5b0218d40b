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

#[test]
fn an_end_that_is_not_declared_stays_as_it_is() {
    let story = Story::new("ends");
    let declared = |end: serde_json::Value| {
        let mut key = json!({"name": "ci", "rights": ["RIGHT_USER_INFO"], "key": {"generate": "once", "write_to": "ci.key"}});
        if !end.is_null() {
            key["expires_at"] = end;
        }
        json!({"name": "prod", "users": [{"user_id": "ada", "email": "ada@example.com", "api_keys": [key]}]})
    };
    story.apply(&declared(json!("2100-01-01T00:00:00Z")));
    story.write("declaration.json", &declared(json!(null)).to_string());
    story.expect("plan declaration.json", 0);
}

#[test]
fn the_exit_code_of_changes_is_no_other_ones() {
    let story = Story::new("exit-codes");
    story.expect("plan", 1);
    story.expect("plan --no-such-flag declaration.json", 1);
}

#[test]
fn a_declaration_that_is_no_regular_file_is_refused_at_once() {
    let story = Story::new("pipe");
    let made = std::process::Command::new("mkfifo").arg(story.folder.file("declaration.json")).status().expect("mkfifo runs");
    assert!(made.success());
    let refused = story.expect("plan declaration.json", 1).err;
    assert!(refused.contains("declaration.json: cannot read it: it is no regular file"), "{refused}");
}

#[test]
fn no_line_of_a_plan_is_forged_by_a_name() {
    let story = Story::new("forged");
    let key = |name: &str| json!({"name": name, "rights": ["RIGHT_USER_INFO"], "key": {"generate": "once", "write_to": "ci.key"}});
    let user =
        json!({"user_id": "ada", "email": "ada@example.com", "name": "RIGHT_X\n- client two", "api_keys": [key("ci\n- client one")]});
    story.write("declaration.json", &json!({"name": "prod", "users": [user]}).to_string());
    let plan = story.expect("plan declaration.json", 2).out;
    assert!(!plan.lines().any(|line| line.starts_with("- client")) && plan.contains("\\n- client one"), "{plan}");
}

#[test]
fn what_would_be_weak_or_is_not_said_clearly_is_refused() {
    let story = Story::new("weak");
    for (secret, why) in [
        (json!({"hash": "PBKDF2$sha256$0$YWJj$sT1ml-mc1tF0XaCX7gPkvlATQedv6RYaeI3j1M0L4hk"}), "must have 1 round or more"),
        (json!({"hash": "PBKDF2$sha256$1$YWJj$YWJj"}), "a key of 16 bytes or more"),
        (json!({"file": "one", "write_to": "two"}), "must not have `write_to` without `generate`"),
    ] {
        let mut declared = app();
        declared["secret"] = secret;
        story.write("declaration.json", &only(&declared).to_string());
        let refused = story.expect("plan declaration.json", 1).err;
        assert!(refused.contains(why), "{refused}");
    }
    story.write("declaration.json", &json!({"name": "prod", "users": [{"user_id": "admin", "admin": false}]}).to_string());
    let refused = story.expect("plan declaration.json", 1).err;
    assert!(refused.contains("this is the last administrator"), "{refused}");
}

#[test]
fn a_secret_chosen_by_hand_is_noticed_where_one_was_generated() {
    let story = Story::new("chosen");
    let user = |password| json!({"name": "prod", "users": [{"user_id": "ada", "email": "ada@example.com", "password": password}]});
    story.apply(&user(json!("Correct-horse-9")));
    let plan = user(json!({"generate": "once", "write_to": "ada.password"}));
    story.write("declaration.json", &plan.to_string());
    let shown = story.expect("plan declaration.json", 0).out;
    assert!(shown.contains("another than in its file"), "{shown}");
}

#[test]
fn a_user_made_by_hand_is_made_an_administrator_by_hand_alone() {
    let story = Story::new("squatted-user");
    story.expect("admin create-user bossy --email bossy@example.com", 0);
    let password = json!({"generate": "once", "write_to": "bossy.password"});
    let declared = json!({"name": "prod", "users": [{"user_id": "bossy", "admin": true, "password": password}]});
    story.write("declaration.json", &declared.to_string());
    let refused = story.expect("plan declaration.json", 1).err;
    let says = "keyfob: declaration.json: `/users/0/admin` must not be true: the user `bossy` was made by hand and keeps the password";
    assert!(refused.starts_with(says), "{refused}");
    story.expect("apply declaration.json --yes", 1);
    assert!(!story.folder.file("bossy.password").exists());
}
