//! Whatever is asked, the application has an answer that is no failure of its own, and errors are JSON or a page.
#![no_main]

use std::net::Ipv4Addr;
use std::sync::OnceLock;

use keyfob::app::App;
use keyfob::http::request::{Method, Request};
use keyfob::model::settings::Settings;
use keyfob::registry::bootstrap::{Administrator, administrator};
use keyfob::store::Store;
use libfuzzer_sys::fuzz_target;

const KEY: &str = "NNSXS.ADMINADMINADMINADMINADMINADMINADMINADMI.ADMINADMINADMINADMINADMINADMINADMINADMINADMINADMINAD";

fn app() -> &'static App {
    static APP: OnceLock<App> = OnceLock::new();
    APP.get_or_init(|| {
        let store = Store::ephemeral().expect("a temporary database opens");
        let password = Some("Correct-horse-battery-staple-9".to_owned());
        administrator(&store, Administrator { user_id: "admin".to_owned(), password, api_key: Some(KEY.to_owned()), password_rounds: 1000 }).expect("the administrator is made");
        App::new(store, Settings::default())
    })
}

fuzz_target!(|input: (u8, bool, &str, &str, &[u8])| {
    let (method, is_known, target, value, body) = input;
    let methods = [Method::Get, Method::Post, Method::Put, Method::Delete, Method::Options, Method::Other];
    let mut headers = vec![("accept".to_owned(), value.to_owned()), ("cookie".to_owned(), value.to_owned())];
    let authorization = if is_known { format!("Bearer {KEY}") } else { value.to_owned() };
    headers.push(("authorization".to_owned(), authorization));
    headers.push(("content-type".to_owned(), "application/x-www-form-urlencoded".to_owned()));
    let request = Request {
        method: methods[usize::from(method) % methods.len()],
        target: format!("/{target}"),
        headers,
        body: body.to_vec(),
        id: "fuzz".to_owned(),
        peer: Ipv4Addr::LOCALHOST.into(),
    };
    let shown = format!("{request:?}");
    let reply = app().answer(request, &|| ());
    assert!(reply.status != 500, "{shown}");
    let is_json = reply.headers.iter().any(|(name, value)| *name == "Content-Type" && value.starts_with("application/json"));
    if is_json {
        serde_json::from_slice::<serde_json::Value>(&reply.body).expect("what says that it is JSON is JSON");
    }
});
