//! Paths and forms: what was encoded is read as it was, and what cannot be read is refused.
#![no_main]

use keyfob::http::pairs::{Pairs, encoded};
use keyfob::http::path::segments;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (&str, &str)| {
    let (name, value) = input;
    let _ = segments(name);
    let _ = Pairs::parse(value);
    if !name.contains('\0') && !value.contains('\0') {
        let read = Pairs::parse(&encoded([(name, value)])).expect("what was written is read");
        assert_eq!(read.iter().collect::<Vec<_>>(), [(name, value)]);
    }
});
