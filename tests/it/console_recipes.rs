//! Well-known apps are registered by their recipes: the form is filled in, and says afterwards what to paste where.

use keyfob::model::recipe::Recipe;
use keyfob::model::recipes::RECIPES;
use serde_json::{Value, json};

use crate::browser::{Browser, form};
use crate::console::{new_client, secret_of, server_with_alice};
use crate::server::Server;

const APP: &str = "https://app.example.com/path";

fn address(recipe: &str, app: &str) -> String {
    format!("/console/add/client?{}", form(&[("recipe", recipe), ("app", app)]))
}

/// The fields of the form of a new client as a browser would send them untouched.
fn filled_in(alice: &mut Browser, server: &Server, target: &str) -> Vec<(String, String)> {
    let page = alice.opens(server, target).text();
    let start = page.find("method=\"post\" action=\"/console/add/client\"").expect("the form");
    let page = &page[start..start + page[start..].find("</form>").expect("its end")];
    let attribute = |tag: &str, name: &str| {
        let rest = &tag[tag.find(&format!(" {name}=\""))? + name.len() + 3..];
        Some(rest[..rest.find('"').expect("its end")].replace("&amp;", "&"))
    };
    let mut fields = Vec::new();
    for tag in page.split("<input").skip(1).map(|rest| &rest[..rest.find('>').expect("its end")]) {
        let is_sent = !matches!(attribute(tag, "type").as_deref(), Some("checkbox" | "radio")) || tag.contains(" checked");
        if let (Some(name), true) = (attribute(tag, "name"), is_sent) {
            fields.push((name, attribute(tag, "value").unwrap_or_default()));
        }
    }
    let area = &page[page.find("<textarea").expect("a description")..];
    let is_chosen = |option: &&str| option.split('>').next().is_some_and(|tag| tag.ends_with("\" selected"));
    let recipe = page.split("<option value=\"").skip(1).find(is_chosen).and_then(|option| option.split('"').next()).unwrap_or_default();
    fields.push(("recipe".to_owned(), recipe.to_owned()));
    fields.push(("description".to_owned(), area[area.find('>').expect("it") + 1..area.find("</textarea>").expect("it")].to_owned()));
    fields
}

fn register(alice: &mut Browser, server: &Server, target: &str, more: &[(&str, &str)]) -> crate::server::Answer {
    let fields = filled_in(alice, server, target);
    let fields = fields.iter().map(|(name, value)| (&**name, &**value)).filter(|(name, _)| more.iter().all(|(other, _)| other != name));
    alice.post(server, "/console/add/client", &fields.chain(more.iter().copied()).collect::<Vec<_>>())
}

#[test]
fn every_recipe_fills_in_a_form_that_can_be_sent_under_its_id_and_says_what_to_paste_where() {
    let (server, mut alice) = server_with_alice();
    for recipe in RECIPES {
        let page = register(&mut alice, &server, &address(recipe.id, &format!("{APP}/")), &[("id", recipe.id)]);
        assert_eq!(page.status, 200, "{}: {}", recipe.name, page.text());
        let client: Value = server
            .check(
                "alice",
                "GET",
                &format!(
                    "/api/v3/clients/{}?field_mask=name,redirect_uris,logout_redirect_uris,rights,grants,attributes,claims_in_id_token",
                    recipe.id
                ),
                "",
                "200",
            )
            .json();
        assert_eq!(client["name"], recipe.name);
        assert_eq!(client["redirect_uris"], json!(Recipe::at(recipe.redirect_uris, APP)), "{}", recipe.name);
        assert_eq!(client["logout_redirect_uris"].as_array().map_or(0, Vec::len), recipe.logout_redirect_uris.len(), "{}", recipe.name);
        assert_eq!(client["rights"].as_array().map_or(0, Vec::len), recipe.rights.len(), "{}", recipe.name);
        assert_eq!(client["grants"].as_array().map_or(0, Vec::len), 1 + usize::from(recipe.refreshes()), "{}", recipe.name);
        let secret = secret_of(&page);
        let settings = page.text_of("recipe");
        for (word, is_there) in [(&*secret, "{client_secret}"), (APP, "{app}"), ("http://127.0.0.1:1885", "{issuer}")] {
            assert_eq!(settings.contains(word), recipe.settings.contains(is_there), "{}: {settings}", recipe.name);
        }
        assert!(settings.contains(recipe.id) && !page.text().contains("{app}"), "{settings}");
        assert!(page.text().len() < 60_000, "{}: {} bytes", recipe.name, page.text().len());
        let page = alice.opens(&server, &format!("/console/clients/{}", recipe.id));
        assert!(!page.text().contains(&secret) && page.text_of("recipe").contains(recipe.id), "{}", recipe.name);
    }
}

#[test]
fn an_address_that_no_browser_opens_is_refused_beside_its_field() {
    let (server, mut alice) = server_with_alice();
    for app in [
        "",
        "app.example.com",
        "javascript:alert(1)",
        "https://",
        "https://app.example.com/$(id)",
        "https://app.example.com/?a=b",
        "https://a b",
    ] {
        let page = alice.get(&server, &address("grafana", app));
        page.refuses("app", "no_address");
        assert!(page.text().contains("<option value=\"grafana\" selected>"), "what was chosen stays");
    }
    assert_eq!(alice.get(&server, &address("", "")).status, 200);
    assert_eq!(alice.get(&server, &address("nothing-known", "")).status, 200);
}

#[test]
fn a_form_that_is_refused_keeps_its_recipe() {
    let (server, mut alice) = server_with_alice();
    let page = register(&mut alice, &server, &address("nextcloud", "https://cloud.example.com"), &[("id", "A B")]);
    page.refuses("id", "validation");
    let page = page.text();
    assert!(page.contains("<option value=\"nextcloud\" selected>") && page.contains("value=\"https://cloud.example.com\""), "{page}");
}

#[test]
fn only_an_app_that_is_of_no_use_without_rights_needs_some() {
    let (server, mut alice) = server_with_alice();
    let target = address("integration", "https://app.example.com");
    register(&mut alice, &server, &target, &[("id", "integration"), ("rights", "")]).refuses("rights", "no_rights");
    assert!(alice.get(&server, &target).text().contains("Rights <span class=\"required\">"));
    let target = address("miniflux", "https://app.example.com");
    assert!(!alice.get(&server, &target).text().contains("Rights <span class=\"required\">"));
    let page = register(&mut alice, &server, &target, &[]);
    page.tells("client-ready");
    server.check("alice", "GET", "/api/v3/clients/miniflux", "", "200");
    let own = alice.get(&server, "/console/add/client").text();
    assert!(own.contains("sign people in with OpenID Connect, and nothing else") && !own.contains("Rights <span class=\"required\">"));
    alice.sends_form(&server, "/console/add/client", &new_client(&[("rights", "")])).tells("client-ready");
}

#[test]
fn what_a_redirect_uri_holds_cannot_leave_the_settings_it_is_pasted_into() {
    let (server, mut alice) = server_with_alice();
    let target = address("gitea", "https://app.example.com");
    for (id, uri) in [("one", "https://x.example/$(id)/user/oauth2/keyfob/callback"), ("two", "https://elsewhere.example/callback")] {
        let page = register(&mut alice, &server, &address("minio", "https://app.example.com"), &[("id", id), ("redirect_uris", uri)]);
        assert_eq!(page.status, 200, "{}", page.text());
        assert!(!page.text_of("recipe").contains("$("), "{}", page.text_of("recipe"));
    }
    let page = register(&mut alice, &server, &target, &[("id", "three"), ("kind", "app")]);
    assert!(!page.text().contains("id=\"recipe\""), "its settings have a place for a secret: {}", page.text());
}

/// What is in fields of a page that was sent back.
fn values(page: &crate::server::Answer, name: &str) -> Vec<String> {
    let tags = page.text();
    let tags = tags.split("<input").filter(|tag| tag.contains(&format!(" name=\"{name}\"")) && !tag.contains("type=\"checkbox\""));
    let value = |tag: &str| tag.split(" value=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap_or_default().to_owned();
    tags.map(value).filter(|value| !value.is_empty()).collect()
}

#[test]
fn a_recipe_keeps_what_was_typed_where_it_has_nothing_to_set_and_says_what_it_replaced() {
    let (server, mut alice) = server_with_alice();
    let typed = [
        ("owner", "user:alice"),
        ("id", "our-wiki"),
        ("name", "Our wiki"),
        ("description", "Where we write things down for each other"),
        ("attribute_key", "team"),
        ("attribute_value", "blue"),
        ("redirect_uris", "https://old.example/cb"),
        ("logout_redirect_uris", "https://old.example/bye"),
        ("grants", "GRANT_AUTHORIZATION_CODE"),
        ("filled", ""),
    ];
    let with = |more: &[(&'static str, &'static str)]| {
        let others = typed.iter().filter(|(name, _)| more.iter().all(|(other, _)| name != other));
        others.chain(more).copied().collect::<Vec<_>>()
    };
    let chosen = [("recipe", "grafana"), ("app", "https://grafana.example")];
    let page = alice.sends_form(&server, "/console/add/client", &with(&[&chosen[..], &[("fill", "true")]].concat()));
    page.tells("replaced");
    assert!(page.text().contains("what you had entered: Redirect URLs"), "{}", page.text());
    assert_eq!((values(&page, "id"), values(&page, "name")), (vec!["our-wiki".to_owned()], vec!["Our wiki".to_owned()]));
    assert!(page.text().contains("Where we write things down for each other"));
    assert_eq!(values(&page, "attribute_key"), ["team", "recipe"]);
    assert_eq!(
        values(&page, "redirect_uris"),
        Recipe::at(keyfob::model::recipes::named("grafana").expect("it").redirect_uris, chosen[1].1)
    );
    // Who forgets the button is shown the filled in form first; nothing is registered yet.
    let page = alice.sends_form(&server, "/console/add/client", &with(&chosen));
    page.tells("replaced");
    page.refuses("recipe", "filled_in_first");
    server.check("alice", "GET", "/api/v3/clients/our-wiki", "", "404");
    // What one recipe filled in is nothing that was typed.
    let page = alice.opens(&server, &address("grafana", "https://grafana.example"));
    assert_eq!(values(&page, "name"), ["Grafana"]);
    let grafana: Vec<String> = values(&page, "redirect_uris");
    let sent = [
        ("filled", "grafana https://grafana.example"),
        ("name", "Grafana"),
        ("redirect_uris", &*grafana[0]),
        ("logout_redirect_uris", ""),
        ("attribute_key", "recipe"),
        ("attribute_value", "grafana"),
    ];
    let page =
        alice.sends_form(&server, "/console/add/client", &[&sent[..], &[("recipe", "miniflux"), ("app", "https://flux.example")]].concat());
    assert_eq!((values(&page, "name"), values(&page, "attribute_value")), (vec!["Miniflux".to_owned()], vec!["miniflux".to_owned()]));
    assert!(!page.messages().contains(&"replaced".to_owned()), "{}", page.text());
    let page = alice.sends_form(&server, "/console/add/client", &[&sent[..], &[("recipe", "")]].concat());
    assert_eq!((values(&page, "name"), values(&page, "redirect_uris"), values(&page, "attribute_key")), (vec![], vec![], vec![]));
}
