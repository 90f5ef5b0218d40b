//! What is trusted where somebody else may have prepared it: marks, keys of a name, links and files.

use std::os::unix::fs::{MetadataExt, lchown, symlink};

use serde_json::{Value, json};

use crate::declared::{Story, only, step};
use crate::folder::Folder;
use crate::process::left_out;

/// Somebody else than the user of this test.
const OTHER: u32 = 65_534;

fn ada(keys: Value) -> Value {
    json!({"name": "prod", "users": [{"user_id": "ada", "email": "ada@example.com", "api_keys": keys}]})
}

/// The API keys of a user, by their IDs, with their rights.
fn keys(story: &Story) -> Vec<(String, Value)> {
    let exported = story.exported();
    let user = exported["users"].as_array().expect("users").iter().find(|user| user["user_id"] == "ada").cloned().expect("ada");
    let keys = user["api_keys"].as_array().cloned().unwrap_or_default();
    keys.iter().map(|key| (key["api_key_id"].as_str().expect("an ID").to_owned(), key["rights"].clone())).collect()
}

#[test]
fn a_key_made_by_hand_is_not_taken_for_a_declared_one_of_its_name() {
    let story = Story::new("key-of-a-name");
    story.expect("admin create-user ada --email ada@example.com", 0);
    story.expect("admin create-api-key ada --name ci --rights RIGHT_USER_INFO", 0);
    let by_hand = keys(&story);
    let declared = |rights: &str| json!({"name": "ci", "rights": [rights], "key": {"generate": "once", "write_to": "ci.key"}});
    let plan = story.plan(&ada(json!([declared("RIGHT_ALL")])));
    assert!(step(&plan, "ada")["notes"].to_string().contains("another key of this name was made by hand, and stays"), "{plan}");
    story.apply(&ada(json!([declared("RIGHT_ALL")])));
    let both = keys(&story);
    assert_eq!(both.len(), 2, "{both:?}");
    assert!(both.contains(&by_hand[0]), "the one made by hand is as it was: {both:?}");
    // The declared one is found among them, and replaced by the next.
    story.apply(&ada(json!([declared("RIGHT_USER_ALL")])));
    let chosen = format!("NNSXS.{}.{}", "A".repeat(39), "B".repeat(52));
    story.apply(&ada(json!([{"name": "ci", "rights": ["RIGHT_USER_ALL"], "key": chosen}])));
    let (mut now, wanted) = (keys(&story), json!(["RIGHT_USER_ALL"]));
    now.retain(|key| *key != by_hand[0]);
    assert_eq!(now, [("A".repeat(39), wanted)]);
}

#[test]
fn a_key_that_is_known_by_its_name_alone_gets_no_rights_that_who_made_it_did_not_give() {
    let story = Story::new("key-by-name");
    story.expect("admin create-user ada --email ada@example.com", 0);
    story.expect("admin create-api-key ada --name ci --rights RIGHT_USER_INFO,RIGHT_USER_SETTINGS_BASIC", 0);
    story.apply(&ada(json!([{"name": "ci", "rights": ["RIGHT_USER_INFO"]}])));
    assert_eq!(keys(&story)[0].1, json!(["RIGHT_USER_INFO"]));
    story.write("declaration.json", &ada(json!([{"name": "ci", "rights": ["RIGHT_USER_ALL"]}])).to_string());
    let refused = story.expect("apply declaration.json --yes", 1).err;
    assert!(refused.contains("`/users/0/api_keys/0/rights` must not have"), "{refused}");
    assert!(refused.contains("the key `ci` was made by hand"), "{refused}");
}

#[test]
fn nothing_is_written_where_a_link_of_another_user_in_a_folder_above_leads() {
    let (story, victim) = (Story::new("links-above"), Folder::new("links-above-victim"));
    let here = &story.folder;
    for name in ["own", "planted"] {
        symlink(&victim.0, here.file(name)).expect("a link");
    }
    let secret = |folder: &str| {
        let secret = json!({"generate": "once", "write_to": format!("{folder}/web.secret")});
        only(&json!({"client_id": "web-app", "owner": "admin", "secret": secret}))
    };
    story.expect("export --output own/export.json", 0);
    assert!(victim.file("export.json").exists());
    if std::fs::metadata(&victim.0).expect("it is there").uid() != 0 {
        return left_out("links of another user", "only root can make them");
    }
    lchown(here.file("planted"), Some(OTHER), Some(OTHER)).expect("it is given away");
    let why = "planted is a link of another user to a folder that is not theirs: name the file itself";
    for line in ["export --output planted/more.json", "export --to tts --output planted/more.sql"] {
        assert!(story.expect(line, 1).err.contains(why), "{line}");
    }
    story.write("declaration.json", &secret("planted").to_string());
    assert!(story.expect("apply declaration.json --yes", 1).err.contains(why));
    let told = story.expect("admin create-client web-app --user-id admin --secret-out planted/web.secret", 1).err;
    assert!(told.contains(why), "{told}");
    let there: Vec<_> = std::fs::read_dir(&victim.0).expect("a folder").map(|entry| entry.expect("an entry").file_name()).collect();
    assert_eq!(there, ["export.json"]);
    story.apply(&secret("own"));
    assert!(victim.file("web.secret").exists());
}

#[test]
fn a_generated_secret_is_written_to_a_file_of_its_own() {
    let story = Story::new("own-file");
    for name in ["/dev/stdout", "/dev/fd/2", "/proc/self/fd/1"] {
        let secret = json!({"generate": "once", "write_to": name});
        story.write("declaration.json", &only(&json!({"client_id": "web-app", "owner": "admin", "secret": secret})).to_string());
        let refused = story.expect("apply declaration.json --yes", 1).err;
        let why = "declaration.json: `/clients/0/secret` must not be written to ";
        assert!(refused.contains(why) && refused.contains("name a file of its own"), "{name}: {refused}");
    }
}

#[test]
fn what_cannot_be_seen_is_shown_in_a_plan_and_a_member_that_is_there_twice_is_named_by_its_place() {
    let story = Story::new("unseen");
    story.write(
        "declaration.json",
        r#"{"clients": [{"client_id": "web-app", "owner": "admin", "secret": null, "name": "We\u200bb\u00ad"}]}"#,
    );
    let plan = story.expect("plan declaration.json", 2).out;
    assert!(plan.contains(r#"name: "We\u{200b}b\u{ad}""#), "{plan}");
    story.write("declaration.json", r#"{"clients": [{"client_id": "web-app", "owner": "admin", "owner": "ada"}]}"#);
    let refused = story.expect("plan declaration.json", 1).err;
    assert!(refused.contains("declaration.json: it is not JSON: `/clients/0/owner` is there twice at line 1"), "{refused}");
}
