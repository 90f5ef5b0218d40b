//! The authorization code flow over a real socket, with a client library that knows nothing of us.

use oauth2::basic::BasicClient;
use oauth2::{
    AuthUrl, AuthorizationCode, ClientId, ClientSecret, CsrfToken, HttpRequest, HttpResponse, PkceCodeChallenge, RedirectUrl, RefreshToken,
    TokenResponse, TokenUrl, http,
};

use keyfob::http::pairs::Pairs;

use crate::binary::Running;
use crate::browser::CALLBACK;
use crate::client;

/// The library's requests, sent by our own small client.
fn send(request: HttpRequest) -> Result<HttpResponse, std::convert::Infallible> {
    let address = request.uri().authority().expect("an address").to_string();
    let headers: Vec<(&str, &str)> = request.headers().iter().map(|(name, value)| (name.as_str(), value.to_str().expect("text"))).collect();
    let body = std::str::from_utf8(request.body()).expect("text");
    let reply = client::send(&address, request.method().as_str(), request.uri().path(), &headers, body);
    let mut response = http::Response::builder().status(reply.status);
    for (name, value) in &reply.headers {
        response = response.header(name, value);
    }
    Ok(response.body(reply.body.into_bytes()).expect("a response"))
}

#[test]
fn a_library_that_knows_nothing_of_us_gets_and_refreshes_a_token() {
    let server = Running::ephemeral();
    let (address, key) = (server.address().to_owned(), format!("Bearer {}", server.admin_key()));
    let json = |method: &str, target: &str, body: &str| {
        let reply = client::send(&address, method, target, &[("Authorization", &key)], body);
        assert_eq!(reply.status, 200, "{method} {target}: {}", reply.body);
        reply.json()
    };
    json(
        "POST",
        "/api/v3/users",
        r#"{"user":{"ids":{"user_id":"bob"},"primary_email_address":"b@example.com","password":"Hunter2-hunter2","state":"STATE_APPROVED"}}"#,
    );
    let registered = json(
        "POST",
        "/api/v3/users/admin/clients",
        &format!(
            r#"{{"client":{{"ids":{{"client_id":"my-app"}},"redirect_uris":["{CALLBACK}"],"grants":["GRANT_AUTHORIZATION_CODE","GRANT_REFRESH_TOKEN"],"rights":["RIGHT_USER_INFO"]}}}}"#
        ),
    );
    let metadata = client::send(&address, "GET", "/.well-known/oauth-authorization-server", &[], "").json();
    let endpoint = |name: &str| metadata[name].as_str().expect("an endpoint").to_owned();
    let library = BasicClient::new(ClientId::new("my-app".to_owned()))
        .set_client_secret(ClientSecret::new(registered["secret"].as_str().expect("a secret").to_owned()))
        .set_auth_uri(AuthUrl::new(endpoint("authorization_endpoint")).expect("a URL"))
        .set_token_uri(TokenUrl::new(endpoint("token_endpoint")).expect("a URL"))
        .set_redirect_uri(RedirectUrl::new(CALLBACK.to_owned()).expect("a URL"));

    let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
    let (url, state) = library.authorize_url(CsrfToken::new_random).set_pkce_challenge(challenge).url();
    let target = format!("{}?{}", url.path(), url.query().expect("a query"));

    let signed_in = client::send(
        &address,
        "POST",
        "/oauth/api/auth/login",
        &[("Content-Type", "application/json")],
        r#"{"user_id":"bob","password":"Hunter2-hunter2"}"#,
    );
    let cookie = signed_in.header("set-cookie").and_then(|cookie| cookie.split(';').next()).expect("a cookie").to_owned();
    let page = client::send(&address, "GET", &target, &[("Cookie", &cookie)], "");
    assert!(page.status == 200 && page.body.contains("name=\"authorize\" value=\"true\""), "{}", page.body);
    let agreed = client::send(
        &address,
        "POST",
        &target,
        &[("Cookie", &cookie), ("Content-Type", "application/x-www-form-urlencoded")],
        "authorize=true",
    );
    let location = agreed.header("location").expect("a place").to_owned();
    let pairs = Pairs::parse(location.split_once('?').expect("a query").1).expect("pairs");
    let parameter = |name: &str| pairs.first(name).map(str::to_owned).expect("a parameter");
    assert_eq!(parameter("state"), *state.secret());
    assert_eq!(parameter("iss"), metadata["issuer"]);

    let tokens =
        library.exchange_code(AuthorizationCode::new(parameter("code"))).set_pkce_verifier(verifier).request(&send).expect("tokens");
    assert_eq!(tokens.expires_in(), Some(std::time::Duration::from_secs(3600)));
    let refresh = RefreshToken::new(tokens.refresh_token().expect("a refresh token").secret().clone());
    let newer = library.exchange_refresh_token(&refresh).request(&send).expect("newer tokens");
    let status =
        |token: &str| client::send(&address, "GET", "/api/v3/users/bob", &[("Authorization", &format!("Bearer {token}"))], "").status;
    assert_eq!((status(tokens.access_token().secret()), status(newer.access_token().secret())), (401, 200));

    // The library revokes over https alone; what it would send is this.
    let secret = registered["secret"].as_str().expect("a secret");
    let end = newer.refresh_token().expect("a refresh token").secret();
    let body = format!("token={end}&client_id=my-app&client_secret={secret}");
    let form = [("Content-Type", "application/x-www-form-urlencoded")];
    assert_eq!(client::send(&address, "POST", "/oauth/revoke", &form, &body).status, 200);
    assert_eq!(status(newer.access_token().secret()), 401);
    let refused = library.exchange_refresh_token(&refresh).request(&send).expect_err("it is refused");
    assert!(format!("{refused:?}").contains("error: invalid_grant"), "{refused:?}");
}
