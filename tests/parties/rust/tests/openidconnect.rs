//! The crate `openidconnect` signs its user in at keyfob.

use std::collections::BTreeMap;
use std::io::{Error, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::Command;

use keyfob_fixture::{Server, json};
use openidconnect::core::{CoreAuthenticationFlow, CoreClient, CoreGenderClaim, CoreIdToken, CoreProviderMetadata, CoreTokenResponse};
use openidconnect::url::Url;
use openidconnect::{
    AccessTokenHash, AdditionalClaims, AuthorizationCode, ClaimsVerificationError, ClientId, ClientSecret, CsrfToken, EndpointMaybeSet,
    EndpointNotSet, EndpointSet, HttpRequest, HttpResponse, IssuerUrl, Nonce, OAuth2TokenResponse, PkceCodeChallenge, RedirectUrl, Scope,
    TokenResponse, UserInfoClaims, http,
};

const CALLBACK: &str = "https://party.example/callback";
const BYE: &str = "https://party.example/bye";

#[derive(Debug, serde::Deserialize, serde::Serialize)]
struct Groups {
    groups: Vec<String>,
}

impl AdditionalClaims for Groups {}

type App = CoreClient<EndpointSet, EndpointNotSet, EndpointNotSet, EndpointNotSet, EndpointMaybeSet, EndpointMaybeSet>;

fn start() -> Server {
    let seed = std::fs::read_to_string("../seed.json").expect("the seed is there");
    Server::start_with(seed.parse().expect("the seed is JSON"), &[])
}

/// Sends one request, and returns the reply with its headers.
fn send(address: SocketAddr, request: &HttpRequest) -> Result<HttpResponse, Error> {
    let target = request.uri().path_and_query().map_or("/", |target| target.as_str());
    let mut text = format!("{} {target} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n", request.method());
    for (name, value) in request.headers() {
        text += &format!("{name}: {}\r\n", value.to_str().expect("text"));
    }
    let mut stream = TcpStream::connect(address)?;
    write!(stream, "{text}Content-Length: {}\r\n\r\n", request.body().len())?;
    stream.write_all(request.body())?;
    let mut reply = String::new();
    stream.read_to_string(&mut reply)?;
    let (head, body) = reply.split_once("\r\n\r\n").ok_or_else(|| Error::other("the reply was lost"))?;
    let mut made = http::Response::builder().status(head.split(' ').nth(1).expect("a status"));
    for (name, value) in head.lines().skip(1).filter_map(|line| line.split_once(": ")) {
        made = made.header(name, value);
    }
    Ok(made.body(body.as_bytes().to_vec()).expect("a reply"))
}

/// An app and the browser of its user.
struct Party {
    address: SocketAddr,
    app: App,
    end_session: String,
    cookies: BTreeMap<String, String>,
}

impl Party {
    fn new(server: &Server, client: &str, secret: &str) -> Party {
        let address = server.address();
        let http = move |request: HttpRequest| send(address, &request);
        let metadata =
            CoreProviderMetadata::discover(&IssuerUrl::new(server.url().to_owned()).expect("a URL"), &http).expect("the metadata");
        let document =
            http::Request::get(format!("{}/.well-known/openid-configuration", server.url())).body(Vec::new()).expect("a request");
        let document: serde_json::Value = serde_json::from_slice(send(address, &document).expect("a reply").body()).expect("JSON");
        let app =
            CoreClient::from_provider_metadata(metadata, ClientId::new(client.to_owned()), Some(ClientSecret::new(secret.to_owned())))
                .set_redirect_uri(RedirectUrl::new(CALLBACK.to_owned()).expect("a URL"));
        let end_session = document["end_session_endpoint"].as_str().expect("an endpoint").to_owned();
        Party { address, app, end_session, cookies: BTreeMap::new() }
    }

    fn first(server: &Server) -> Party {
        Party::new(server, "party", "a secret of the first party")
    }

    fn another(server: &Server) -> Party {
        Party::new(server, "another-party", "a secret of the second party")
    }

    fn http(&self) -> impl Fn(HttpRequest) -> Result<HttpResponse, Error> + use<> {
        let address = self.address;
        move |request| send(address, &request)
    }

    /// Where a link leads in this browser.
    fn follow(&mut self, link: &str) -> Url {
        let cookies: Vec<String> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let request = http::Request::get(link).header("Cookie", cookies.join("; ")).body(Vec::new()).expect("a request");
        let reply = send(self.address, &request).expect("a reply");
        for cookie in reply.headers().get_all("set-cookie") {
            let pair = cookie.to_str().expect("text").split(';').next().expect("a cookie");
            let (name, value) = pair.split_once('=').expect("a cookie");
            self.cookies.insert(name.to_owned(), value.to_owned());
        }
        let location = reply.headers().get("location").and_then(|value| value.to_str().ok()).expect("a redirect");
        Url::parse(location).expect("a URL")
    }

    fn sign_in(&mut self) -> (CoreTokenResponse, Nonce) {
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let request = self.app.authorize_url(CoreAuthenticationFlow::AuthorizationCode, CsrfToken::new_random, Nonce::new_random);
        let scopes = ["profile", "email", "groups", "offline_access"].map(|word| Scope::new(word.to_owned()));
        let (url, state, nonce) = request.add_scopes(scopes).set_pkce_challenge(challenge).url();
        let callback = self.follow(url.as_str());
        assert_eq!(parameter(&callback, "state").as_deref(), Some(state.secret().as_str()));
        let code = AuthorizationCode::new(parameter(&callback, "code").expect("a code"));
        let request = self.app.exchange_code(code).expect("an endpoint").set_pkce_verifier(verifier);
        (request.request(&self.http()).expect("tokens"), nonce)
    }
}

fn parameter(url: &Url, name: &str) -> Option<String> {
    url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
}

fn id_token(tokens: &CoreTokenResponse) -> &CoreIdToken {
    tokens.id_token().expect("an ID token")
}

/// The header of a JWS, which names its key.
fn header(token: &CoreIdToken) -> String {
    token.to_string().split('.').next().expect("a header").to_owned()
}

fn rotate(server: &Server, more: &[&str]) {
    let data = server.ready["data"].as_str().expect("a data file");
    let program = std::env::var("KEYFOB_BIN").expect("the program is named");
    let done = Command::new(program).args(["keys", "rotate", "--data", data]).args(more).output().expect("keyfob runs");
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
}

#[test]
fn ada_signs_in_and_her_claims_are_hers() {
    let server = start();
    let mut party = Party::first(&server);
    let (tokens, nonce) = party.sign_in();
    let verifier = party.app.id_token_verifier();
    let token = id_token(&tokens);
    let claims = token.claims(&verifier, &nonce).expect("it is good");
    let algorithm = token.signing_alg().expect("it is signed");
    let hash =
        AccessTokenHash::from_token(tokens.access_token(), algorithm, token.signing_key(&verifier).expect("its key")).expect("a hash");
    assert_eq!(Some(&hash), claims.access_token_hash());
    let request = party.app.user_info(tokens.access_token().clone(), Some(claims.subject().clone())).expect("an endpoint");
    let ada: UserInfoClaims<Groups, CoreGenderClaim> = request.request(&party.http()).expect("claims");
    assert_eq!(ada.preferred_username().expect("a name").as_str(), "ada");
    assert_eq!((ada.email().expect("an address").as_str(), ada.email_verified()), ("ada@party.example", Some(true)));
    assert_eq!(ada.additional_claims().groups, ["crew"]);
}

#[test]
fn an_id_token_in_es256_is_as_good() {
    let server = start();
    let mut party = Party::another(&server);
    let (tokens, nonce) = party.sign_in();
    id_token(&tokens).claims(&party.app.id_token_verifier(), &nonce).expect("it is good");
}

#[test]
fn a_refresh_brings_a_new_id_token_of_the_same_user() {
    let server = start();
    let mut party = Party::first(&server);
    let (tokens, nonce) = party.sign_in();
    let request = party.app.exchange_refresh_token(tokens.refresh_token().expect("a refresh token")).expect("an endpoint");
    let newer = request.request(&party.http()).expect("tokens");
    let verifier = party.app.id_token_verifier();
    let without_nonce = |nonce: Option<&Nonce>| if nonce.is_none() { Ok(()) } else { Err("there is a nonce".to_owned()) };
    let claims = id_token(&newer).claims(&verifier, without_nonce).expect("it is good");
    assert_eq!(claims.subject(), id_token(&tokens).claims(&verifier, &nonce).expect("it is good").subject());
}

#[test]
fn another_nonce_is_refused() {
    let server = start();
    let mut party = Party::first(&server);
    let (tokens, _) = party.sign_in();
    let refused = id_token(&tokens).claims(&party.app.id_token_verifier(), &Nonce::new_random()).expect_err("it is refused");
    assert!(matches!(refused, ClaimsVerificationError::InvalidNonce(_)), "{refused:?}");
}

#[test]
fn an_id_token_that_another_client_got_is_refused() {
    let server = start();
    let (tokens, nonce) = Party::another(&server).sign_in();
    let refused = id_token(&tokens).claims(&Party::first(&server).app.id_token_verifier(), &nonce).expect_err("it is refused");
    assert!(matches!(refused, ClaimsVerificationError::InvalidAudience(_)), "{refused:?}");
}

#[test]
fn rotated_keys_are_taken_from_the_metadata_and_only_those() {
    let server = start();
    let mut early = Party::first(&server);
    let (before, nonce) = early.sign_in();
    rotate(&server, &[]);
    assert_eq!(header(id_token(&early.sign_in().0)), header(id_token(&before)), "the new key signs before anybody has seen it");
    rotate(&server, &["--now"]);
    let mut late = Party::first(&server);
    let (after, newer_nonce) = late.sign_in();
    assert_ne!(header(id_token(&after)), header(id_token(&before)));
    id_token(&after).claims(&late.app.id_token_verifier(), &newer_nonce).expect("it is good");
    id_token(&before).claims(&late.app.id_token_verifier(), &nonce).expect_err("the old key is no longer good");
}

#[test]
fn signing_out_of_the_app_signs_out_of_keyfob() {
    let server = start();
    let mut party = Party::first(&server);
    let (tokens, _) = party.sign_in();
    let hint = id_token(&tokens).to_string();
    let out = Url::parse_with_params(&party.end_session, [("id_token_hint", &*hint), ("post_logout_redirect_uri", BYE), ("state", "here")]);
    assert_eq!(party.follow(out.expect("a URL").as_str()).as_str(), format!("{BYE}?state=here"));
    server.control("PUT", "/auto", json!({"user_id": null}));
    let request = party.app.authorize_url(CoreAuthenticationFlow::AuthorizationCode, CsrfToken::new_random, Nonce::new_random);
    let (url, _, _) = request.add_extra_param("prompt", "none").url();
    assert_eq!(parameter(&party.follow(url.as_str()), "error").as_deref(), Some("login_required"));
}
