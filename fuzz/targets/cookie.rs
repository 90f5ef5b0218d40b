//! A cookie that was set is found among others, whatever they are.
#![no_main]

use std::net::Ipv4Addr;

use keyfob::http::cookie;
use keyfob::http::request::{Method, Request};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (&str, &str)| {
    let (others, name) = input;
    let request = Request {
        method: Method::Get,
        target: "/".to_owned(),
        headers: vec![("cookie".to_owned(), format!("own=value; {others}"))],
        body: Vec::new(),
        id: "fuzz".to_owned(),
        peer: Ipv4Addr::LOCALHOST.into(),
    };
    assert!(cookie::read(&request, "own").is_some());
    let _ = cookie::read(&request, name);
});
