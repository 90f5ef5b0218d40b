//! Paths and forms: what was encoded is read as it was, and what cannot be read is refused.
#![no_main]

use keyfob::base::uri::form_encoded;
use keyfob::http::path::{pairs, segments};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (&str, &str)| {
    let (name, value) = input;
    let _ = segments(name);
    let _ = pairs(value);
    if !name.contains('\0') && !value.contains('\0') {
        let form = format!("{}={}", form_encoded(name.as_bytes()), form_encoded(value.as_bytes()));
        assert_eq!(pairs(&form), Ok(vec![(name.to_owned(), value.to_owned())]));
    }
});
