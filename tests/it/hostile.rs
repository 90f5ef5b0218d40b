//! Bad input: every piece of it is refused with the contract's 4xx, says why, and changes nothing.

use keyfob::model::bounds::ATTRIBUTES;
use keyfob::model::field::{Field, MaskedIn, SetBy};
use keyfob::model::shape::Shape;
use keyfob::model::{client, organization, user};
use keyfob::routes::ROUTES;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::server::Server;

/// Alice with a client and an organization.
fn fixture() -> Server {
    let mut server = Server::start();
    server.has_user("alice");
    server.has_client("alice", "my-app");
    server.has_organization("alice", "acme-corp");
    server
}

/// All that an administrator sees, and how much was written down.
fn state(server: &Server) -> Vec<Value> {
    let mask = "name,description,attributes,administrative_contact,technical_contact";
    let events = |kind: &str, id: &str| server.app.store().read(|tx| Ok(tx.events(kind, id)?.len())).expect("events are read");
    vec![
        server.send("admin", "GET", &format!("/api/v3/search/clients?field_mask={mask},redirect_uris,state,grants,rights"), "").json(),
        server.send("admin", "GET", "/api/v3/users?field_mask=name,state,admin,primary_email_address,description", "").json(),
        server.send("admin", "GET", &format!("/api/v3/search/organizations?field_mask={mask}"), "").json(),
        json!([events("client", "my-app"), events("client", "new-app"), events("user", "alice"), events("organization", "acme-corp")]),
    ]
}

/// Sends each of them as the administrator (who passes every guard) and expects the refusal and no change.
fn refused(cases: &[(&str, &str, String, &str)]) {
    let server = fixture();
    let before = state(&server);
    for (method, target, body, expected) in cases {
        let answer = server.check("admin", method, target, body, expected);
        let json = answer.json();
        assert!(json["code"].is_u64() && json["message"].is_string(), "{method} {target} {body}");
    }
    assert_eq!(state(&server), before);
}

const CLIENTS: &str = "/api/v3/users/alice/clients";
const CLIENT: &str = "/api/v3/clients/my-app";

#[test]
fn bodies_that_are_no_json_object_are_refused() {
    let bodies =
        ["{", "{\"client\":", "\"text\"", "[]", "5", "true", "{'client':{}}", "\u{feff}{}", "{\"client\":{\"name\":\"\\ud800\"}}", "nul"];
    refused(&bodies.map(|body| ("POST", CLIENTS, body.to_owned(), "400")));
}

/// Values of every type but the ones that a shape takes.
fn wrong_values(shape: Shape) -> Vec<Value> {
    let all = [json!(true), json!(-7.5), json!("\u{1}no such thing"), json!([5]), json!([["x"]]), json!({"x": 5}), json!({"key": ["x"]})];
    let takes = |value: &Value| match shape {
        Shape::Text(_) | Shape::Email => value.is_string(),
        Shape::Flag | Shape::OptionalFlag => value.is_boolean(),
        Shape::ContactInfo => value.is_array(),
        // Unknown members of messages are ignored; maps take texts only.
        Shape::Ids(_) | Shape::Account | Shape::Opaque => value.is_object(),
        // An unknown number is read, and judged only if the mask names it.
        Shape::ChoiceList(..) => *value == json!([5]),
        Shape::Attributes | Shape::Texts(..) | Shape::Words(..) | Shape::Choice(_) | Shape::Time => false,
    };
    all.into_iter().filter(|value| !takes(value)).collect()
}

fn wrong_types<E>(entity: &str, target: &str, fields: &'static [Field<E>]) {
    let mut cases = Vec::new();
    for field in fields {
        for value in wrong_values(field.shape) {
            cases.push(("PUT", target, json!({entity: {field.name: value}, "field_mask": "name"}).to_string(), "400"));
        }
        if matches!(field.shape, Shape::Flag | Shape::Choice(_)) {
            cases.push(("PUT", target, json!({entity: {field.name: null}, "field_mask": "name"}).to_string(), "400"));
        }
    }
    assert!(cases.len() > 40);
    refused(&cases);
}

#[test]
fn every_field_refuses_every_other_type_whatever_the_mask_says() {
    wrong_types("client", CLIENT, client::FIELDS);
    wrong_types("user", "/api/v3/users/alice", user::FIELDS);
    wrong_types("organization", "/api/v3/organizations/acme-corp", organization::FIELDS);
}

fn limits<E>(entity: &str, target: &str, fields: &'static [Field<E>]) {
    let mut cases = Vec::new();
    for field in
        fields.iter().filter(|field| field.set_by != SetBy::Server && matches!(field.masked_in, MaskedIn::Both | MaskedIn::Updates))
    {
        let mut beyond = |value: Value| {
            cases.push(("PUT", target, json!({entity: {field.name: value}, "field_mask": field.name}).to_string(), "400 validation"));
        };
        match field.shape {
            Shape::Text(longest) => {
                beyond(json!("é".repeat(longest + 1)));
                beyond(json!("a\u{0}b"));
            }
            Shape::Texts(bound, longest) => {
                beyond(json!(vec!["x"; bound.most + 1]));
                beyond(json!(["x".repeat(longest + 1)]));
            }
            Shape::Words(kind, bound) => {
                beyond(json!(vec!["word"; bound.most + 1]));
                ["", "two words", "a\u{0}b"].into_iter().for_each(|word| beyond(json!([word])));
                beyond(json!(["x".repeat(kind.longest + 1)]));
            }
            Shape::Attributes => {
                beyond((0..=ATTRIBUTES.most).map(|n| (format!("key-{n}"), json!("v"))).collect::<serde_json::Map<_, _>>().into());
                beyond(json!({"no": "too short a key"}));
                beyond(json!({"Big-Key": "v"}));
                beyond(json!({"key": "v".repeat(201)}));
            }
            Shape::Choice(_) => beyond(json!(99)),
            Shape::ChoiceList(_, bound) => {
                beyond(json!([99]));
                beyond(json!(vec![1; bound.most + 1]));
            }
            Shape::Account => {
                beyond(json!({}));
                beyond(json!({"user_ids": {"user_id": "A B"}}));
                beyond(json!({"organization_ids": {}}));
            }
            Shape::Email => beyond(json!("no address")),
            Shape::Ids(_) | Shape::Time | Shape::Flag | Shape::OptionalFlag | Shape::ContactInfo | Shape::Opaque => {}
        }
    }
    assert!(cases.len() > 5);
    refused(&cases);
}

#[test]
fn every_limit_of_every_field_is_kept() {
    limits("client", CLIENT, client::FIELDS);
    limits("user", "/api/v3/users/alice", user::FIELDS);
    limits("organization", "/api/v3/organizations/acme-corp", organization::FIELDS);
}

#[test]
fn ids_off_the_pattern_taken_or_reserved_are_refused() {
    let create = |id: &str| json!({"client": {"ids": {"client_id": id}}}).to_string();
    let mut cases: Vec<(&str, &str, String, &str)> = Vec::new();
    for id in ["", "ab", "a-b", "-abc", "abc-", "a--bc", "aBc", "a.b.c", "a b c", "äöü", "a\u{0}bc", "a'b\"c", "%61bc"] {
        cases.push(("POST", CLIENTS, create(id), "400 validation"));
    }
    let long = "a".repeat(37);
    cases.push(("POST", CLIENTS, create(&long), "400 validation"));
    cases.push(("POST", CLIENTS, create("console"), "400 forbidden_id"));
    cases.push(("POST", CLIENTS, create("my-app"), "409 id_taken"));
    cases.push(("GET", "/api/v3/clients/NOT-AN-ID", String::new(), "400 validation"));
    cases.push(("DELETE", "/api/v3/clients/no", String::new(), "400 validation"));
    refused(&cases);
}

#[test]
fn masks_with_unknown_paths_or_of_an_odd_shape_are_refused() {
    let put = |mask: Value| json!({"client": {"name": "x"}, "field_mask": mask}).to_string();
    let mut cases: Vec<(&str, &str, String, &str)> = Vec::new();
    for mask in [json!("nope"), json!(""), json!("name,"), json!("redirectUris"), json!({"paths": ["attributes.one"]}), json!("name.below")]
    {
        cases.push(("PUT", CLIENT, put(mask), "400 field_mask_paths"));
    }
    for mask in [json!({}), json!({"path": ["name"]}), json!({"paths": "name"}), json!({"paths": [5]}), json!(["name"]), json!(5)] {
        cases.push(("PUT", CLIENT, put(mask), "400"));
    }
    for query in ["field_mask=secret", "field_mask=", "field_mask.paths=a,b", "field_mask=name,nope"] {
        let target: &'static str = Box::leak(format!("{CLIENT}?{query}").into_boxed_str());
        cases.push(("GET", target, String::new(), "400 field_mask_paths"));
    }
    refused(&cases);
}

#[test]
fn odd_queries_are_refused() {
    let cases = [
        "limit=1001",
        "limit=-1",
        "limit=1.5",
        "limit=%2B1",
        "limit=4294967296",
        "limit=1&limit=1",
        "limit=",
        "page=x",
        "order=nope",
        "deleted=perhaps",
        "deleted=",
        "field_mask[paths]=name",
        "field_mask=a&field_mask=b",
    ];
    let server = fixture();
    for query in cases {
        assert_eq!(server.send("alice", "GET", &format!("/api/v3/clients?{query}"), "").status, 400, "{query}");
    }
    let long = format!("query={}", "x".repeat(51));
    for query in [
        &long,
        "state=APPROVED",
        "state=99",
        "state[]=1",
        "attributes_contain[No]=x",
        "attributes_contain=x",
        "name_contains=%00",
        "name_contains=%ff",
    ] {
        assert_eq!(server.send("alice", "GET", &format!("/api/v3/search/clients?{query}"), "").status, 400, "{query}");
    }
    assert_eq!(server.send("alice", "GET", "/api/v3/clients?page=4294967295&limit=1000", "").status, 200);
}

#[test]
fn paths_with_nul_or_bytes_that_are_no_text_are_refused() {
    let server = fixture();
    for path in ["/api/v3/clients/my%00app", "/api/v3/clients/%ff%fe", "/api/v3/clients/%c3%28", "/%00"] {
        assert_eq!(server.send("alice", "GET", path, "").status, 400, "{path}");
    }
    assert_eq!(server.send("alice", "GET", "/api/v3/clients/%zz", "").status, 400);
}

#[test]
fn a_body_may_nest_64_levels_and_no_more() {
    let server = fixture();
    let nested = |levels: usize| format!("{}1{}", r#"{"a":"#.repeat(levels), "}".repeat(levels));
    server.check("alice", "POST", CLIENTS, &nested(64), "400 validation");
    let refused = server.check("alice", "POST", CLIENTS, &nested(65), "400");
    assert!(refused.json()["message"].as_str().is_some_and(|message| message.contains("nests")));
    server.check("alice", "POST", CLIENTS, &"[".repeat(100_000), "400");
}

#[test]
fn what_is_odd_but_allowed_is_kept_as_it_is() {
    let mut server = Server::start();
    server.has_user("alice");
    let name = "Robert'); DROP TABLE clients;--\t\n<b>&\"%_\\";
    let uris = ["javascript:alert(1)", "not a uri", "", ""];
    let body = json!({"client": {"ids": {"client_id": "odd-app"}, "name": name, "redirect_uris": uris}}).to_string();
    let made = server.check("alice", "POST", CLIENTS, &body, "200").json();
    let got = server.check("alice", "GET", "/api/v3/clients/odd-app?field_mask=name,redirect_uris", "", "200").json();
    assert_eq!((&made["name"], &got["name"], &got["redirect_uris"]), (&json!(name), &json!(name), &json!(uris)));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_that_a_stranger_sends_is_a_5xx(
        requests in prop::collection::vec((0..ROUTES.len(), any::<bool>(), ".{0,20}", ".{0,40}", prop::collection::vec(any::<u8>(), 0..60), ".{0,60}"), 1..12),
    ) {
        let server = fixture();
        for (row, signed_in, segment, query, body, authorization) in requests {
            let route = &ROUTES[row];
            let path = route.path.replace("{client_id}", "my-app").replace("{user_id}", &segment).replace("{organization_id}", "acme-corp");
            let target = format!("{path}?{query}");
            let bearer = if signed_in { format!("Bearer {}", server.key("alice")) } else { authorization };
            let status = server.send_with(Some(&bearer), &[], route.method.name(), &target, &body).status;
            prop_assert!(status < 500 || status == 501, "{} {target}: {status}", route.method.name());
        }
    }

    #[test]
    fn no_json_makes_a_5xx(
        row in 0..ROUTES.len(),
        body in prop_oneof![any_json(3), any_json(3).prop_map(|v| json!({"client": v})), any_json(3).prop_map(|v| json!({"user": v, "api_key": v, "field_mask": "name"}))],
    ) {
        let server = fixture();
        let route = &ROUTES[row];
        let target = route.path.replace("{client_id}", "my-app").replace("{user_id}", "alice").replace("{organization_id}", "acme-corp");
        let status = server.send("admin", route.method.name(), &target, &body.to_string()).status;
        prop_assert!(status < 500, "{} {target} {body}: {status}", route.method.name());
    }
}

/// JSON that looks a little like what the API takes.
fn any_json(depth: u32) -> impl Strategy<Value = Value> {
    let key = prop_oneof![
        Just("ids"),
        Just("name"),
        Just("client_id"),
        Just("rights"),
        Just("grants"),
        Just("attributes"),
        Just("state"),
        Just("secret"),
        Just("x")
    ];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        ".{0,12}".prop_map(Value::from)
    ];
    leaf.prop_recursive(depth, 32, 5, move |inner| {
        let members = prop::collection::vec((key.clone(), inner.clone()), 0..5);
        prop_oneof![
            prop::collection::vec(inner, 0..4).prop_map(Value::from),
            members.prop_map(|members| members
                .into_iter()
                .map(|(key, value)| (key.to_owned(), value))
                .collect::<serde_json::Map<_, _>>()
                .into()),
        ]
    })
}
