//! What the Console says and asks about signing in to apps.

use crate::browser::authorize_target;
use crate::console::{server_with_alice, signed_in_admin};

#[test]
fn administrators_decide_in_the_form_of_an_organization_whether_it_counts_as_a_group() {
    let (server, mut alice) = server_with_alice();
    server.has_organization("alice", "acme");
    let group = || server.value::<Option<bool>>("SELECT is_group FROM organizations WHERE organization_id = 'acme'");
    let mut admin = signed_in_admin(&server);
    let page = "/console/organizations/acme";
    assert!(!alice.opens(&server, page).text().contains("name=\"group\""));
    alice.sends_form(&server, page, &[("name", "Acme"), ("group", "true")]);
    assert_eq!(group(), None, "a field that the form does not offer is not read");
    for (chosen, stored) in [("true", Some(true)), ("false", Some(false)), ("", None), ("x", None)] {
        admin.sends_form(&server, page, &[("name", "Acme"), ("group", chosen)]);
        assert_eq!(group(), stored, "{chosen}");
        let shown = admin.opens(&server, page).text();
        assert!(shown.contains(&format!("<option value=\"{}\" selected", stored.map(|is| is.to_string()).unwrap_or_default())), "{chosen}");
    }
    // What others save leaves it as it is.
    admin.sends_form(&server, page, &[("name", "Acme"), ("group", "false")]);
    alice.sends_form(&server, page, &[("name", "Acme Inc.")]);
    assert_eq!(group(), Some(false));
}

#[test]
fn the_page_of_an_authorization_says_what_signing_in_tells_the_client() {
    let (server, mut alice) = server_with_alice();
    server.has_app("alice", "my-app", &["RIGHT_USER_INFO"]);
    alice.post(&server, &authorize_target("my-app", &[("scope", "openid email groups")]), &[("authorize", "true")]);
    let page = alice.opens(&server, "/console/authorizations/my-app");
    assert_eq!(page.scopes_asked_for(), ["openid", "email", "groups"]);
    assert!(page.text().contains("know your e-mail address") && !page.text().contains("It may ."));
}

#[test]
fn the_list_of_authorizations_names_the_client_and_says_that_it_only_signs_in() {
    let (server, mut alice) = server_with_alice();
    server.has_app("alice", "my-app", &[]);
    server.check("alice", "PUT", "/api/v3/clients/my-app", r#"{"client": {"name": "My app"}, "field_mask": "name"}"#, "200");
    alice.post(&server, &authorize_target("my-app", &[("scope", "openid email")]), &[("authorize", "true")]);
    let list = alice.opens(&server, "/console/authorizations").text();
    let named = "<a href=\"/console/authorizations/my-app\">My app</a> <span class=\"quiet\">my-app</span>";
    assert!(list.contains(named) && list.contains("data-label=\"Rights\">sign-in only<"), "{list}");
}
