//! What a page of another site can make a browser send, and what a browser says of the pages of this server.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;

use serde_json::json;

use crate::server::Server;
use crate::webdriver::{Driver, Scripts};

/// A page on another port of this host, which sends the browser's requests with everything it can plant. Its server ends with the first
/// reader of the page that has come through.
fn serve_page(content: String) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}/", listener.local_addr().expect("an address"));
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let mut reader = BufReader::new(stream);
            let mut line = String::new();
            let asked = reader.read_line(&mut line).is_ok() && line.starts_with("GET / ");
            while reader.read_line(&mut line).is_ok_and(|read| read > 2) {}
            let status = if asked { "200 OK" } else { "404 Not Found" };
            let head =
                format!("HTTP/1.1 {status}\r\nContent-Type: text/html\r\nConnection: close\r\nContent-Length: {}\r\n\r\n", content.len());
            let sent = reader.get_mut().write_all((head + &content).as_bytes());
            if asked && sent.is_ok() {
                return;
            }
        }
    });
    url
}

/// Ports of one host share their cookies: a page of one plants a token for the form of the other, and posts it.
pub fn a_page_on_another_port_of_the_same_host_cannot_consent_for_its_reader(driver: &Driver) {
    let server = Server::start("auto");
    server.has_client("alice", "lamp");
    let browser = driver.browser(Scripts::Run);
    browser.signs_in(&server, "alice", "/console");

    let port = server.url.rsplit(':').next().expect("a port");
    let token = "A".repeat(52);
    let target = "/oauth/authorize?client_id=lamp&response_type=code&redirect_uri=https%3A%2F%2Flamp.example%2Fcallback";
    let plant: String = ["_csrf", &format!("keyfob_csrf_{port}"), &format!("keyfob_session_{port}")]
        .map(|name| format!("document.cookie = '{name}={token}; path=/oauth/authorize';"))
        .concat();
    let url = serve_page(format!(
        "<!DOCTYPE html><title>Other</title>\
         <form method=post action='{0}{target}'><input name=_csrf value={token}><button name=authorize value=true>Win</button></form>\
         <script>{plant}\
         const send = (path, body) => fetch('{0}' + path, {{method: 'POST', mode: 'no-cors', credentials: 'include', body: new URLSearchParams(body)}});\
         send('{target}', {{authorize: 'true', _csrf: '{token}'}})\
             .then(() => send('/oauth/api/auth/logout', {{_csrf: '{token}'}}), () => 0)\
             .finally(() => document.querySelector('button').click());\
         </script>",
        server.url
    ));
    browser.open(&url);
    browser.explains("invalid_csrf_token");
    assert_eq!(browser.address(), format!("{}{target}", server.url), "the browser was sent on");

    browser.open(&format!("{}/console/authorizations", server.url));
    browser.sees("Signed in as");
    browser.does_not_see("lamp");
    // Its reader can, where it is asked.
    browser.open(&format!("{}{}", server.url, target));
    browser.find("[name=authorize]");
}

/// By plain http and under a name of the own network a browser says little of where it comes from; it must be enough.
pub fn a_server_is_used_under_its_name_on_the_own_network(driver: &Driver) {
    let mut server = Server::start("auto");
    server.has_client("alice", "lamp");
    let change = json!({"client": {"redirect_uris": ["code"]}, "field_mask": "redirect_uris"});
    server.is_told("PUT", "/api/v3/clients/lamp", &change);
    let address = server.url.clone();
    server.url = address.replace("127.0.0.1", "keyfob.local");
    let browser = driver.browser(Scripts::Blocked);
    let target = "/oauth/authorize?client_id=lamp&response_type=code&redirect_uri=code";
    browser.open(&format!("{}{target}", server.url));
    browser.fill("user_id", "alice");
    browser.fill("password", crate::server::PASSWORD);
    browser.press("Sign in");
    browser.press("Authorize The lamp");
    browser.tells("code");
    browser.open(&format!("{}/console", server.url));
    browser.press("Sign out");
    browser.find("[name=password]");
    assert_eq!(browser.address(), format!("{}/oauth/login", server.url));
}
