//! Documents that are made from the tables, held against their committed copies. `KEYFOB_WRITE=1 cargo test documents` writes them anew.

use serde_json::Value;

fn committed_equals(path: &str, made: &str) {
    let path = format!("{}/{path}", env!("CARGO_MANIFEST_DIR"));
    if std::env::vars().any(|(name, value)| name == "KEYFOB_WRITE" && value == "1") {
        std::fs::write(&path, made).expect("the copy is written");
    }
    let committed = std::fs::read_to_string(&path).expect("the copy is there");
    assert!(committed == made, "{path} is not what the tables say: run `KEYFOB_WRITE=1 cargo test documents` and look at the difference");
}

#[test]
fn the_committed_openapi_document_is_what_the_tables_say() {
    committed_equals("src/api/openapi.json", &format!("{:#}\n", keyfob::openapi::document()));
}

#[test]
fn the_server_sends_the_openapi_document() {
    let answer = crate::server::Server::start().check("anon", "GET", "/api/v3/openapi.json", "", "200");
    let sent: Value = answer.json();
    assert_eq!(sent, keyfob::openapi::document());
    assert_eq!(answer.header("Content-Type"), Some("application/json"));
}
