//! Stories of signing in to an app and out again (OpenID Connect), at an app of another site.

use std::io::{Read, Write};
use std::net::TcpListener;

use serde_json::json;

use crate::server::{PASSWORD, Server};
use crate::webdriver::{Driver, Scripts};

/// An app on another site; its address. `/start` posts a request for authorization, and every page shows the method, the path and the form that it was sent.
fn app(target: &str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://localhost:{}", listener.local_addr().expect("an address").port());
    let fields = [("client_id", "lamp"), ("response_type", "code"), ("scope", "openid"), ("redirect_uri", &format!("{url}/cb"))]
        .map(|(name, value)| format!("<input name={name} value='{value}'>"))
        .concat();
    let start = format!("<form method=post action='{target}'>{fields}<button>Post</button></form>");
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.expect("a browser");
            let mut request = String::new();
            let mut part = [0; 4096];
            loop {
                let read = stream.read(&mut part).unwrap_or(0);
                request.push_str(&String::from_utf8_lossy(&part[..read]));
                let length =
                    || request.split_once("Content-Length: ").and_then(|(_, rest)| rest.split("\r\n").next()?.parse::<usize>().ok());
                let is_whole = request.split_once("\r\n\r\n").is_some_and(|(_, body)| body.len() >= length().unwrap_or(0));
                if read == 0 || is_whole {
                    break;
                }
            }
            let (head, body) = request.split_once("\r\n\r\n").unwrap_or((&request, ""));
            let line = head.lines().next().unwrap_or_default().trim_end_matches(" HTTP/1.1").to_owned();
            let page =
                format!("<!doctype html><title>Lamp</title><link rel=icon href=data:,><p>{line} {}</p>{start}", body.replace('&', " "));
            let length = page.len();
            let _ =
                write!(stream, "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{page}");
        }
    });
    url
}

pub fn an_app_is_answered_by_a_form_signs_its_user_in_again_and_out(driver: &Driver) {
    let server = Server::start("auto");
    let url = app(&format!("{}/oauth/authorize", server.url));
    let client = json!({"client": {
        "ids": {"client_id": "lamp"}, "redirect_uris": [format!("{url}/cb")], "logout_redirect_uris": [format!("{url}/bye")],
        "grants": ["GRANT_AUTHORIZATION_CODE"],
    }});
    server.is_told("POST", "/api/v3/users/admin/clients", &client);
    let authorize = format!("{}/oauth/authorize?client_id=lamp&response_type=code&scope=openid&state=s&redirect_uri={url}/cb", server.url);
    let browser = driver.browser(Scripts::Run);
    browser.signs_in(&server, "alice", "/console");
    browser.open(&format!("{authorize}&response_mode=form_post"));
    browser.press("Authorize Lamp");
    browser.sees("POST /cb");
    browser.sees("code=");
    browser.sees("state=s");

    // Posted from its own page, which sends no cookie of ours.
    browser.open(&format!("{url}/start"));
    browser.press("Post");
    browser.sees("GET /cb?code=");

    browser.open(&format!("{authorize}&prompt=login"));
    browser.fill("password", PASSWORD);
    browser.press("Sign in");
    browser.sees("GET /cb?code=");

    browser.open(&format!("{authorize}&prompt=select_account"));
    browser.press("Continue as alice");
    browser.sees("GET /cb?code=");

    browser.open(&format!("{}/oauth/end-session?client_id=lamp&state=t&post_logout_redirect_uri={url}/bye", server.url));
    browser.tells("sign-out");
    browser.press("Sign out");
    browser.sees("GET /bye?state=t");
    assert_eq!(browser.complaints(), Vec::<String>::new());

    let without_scripts = driver.browser(Scripts::Blocked);
    without_scripts.signs_in(&server, "alice", "/console");
    without_scripts.open(&format!("{authorize}&response_mode=form_post"));
    without_scripts.press(&format!("Continue to {url}"));
    without_scripts.sees("POST /cb");
}
