//! Redirect URIs: only what is registered matches, and parameters stay parameters.
#![no_main]

use keyfob::base::uri;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (&str, &str, &str)| {
    let (registered, requested, value) = input;
    if let Some(matched) = uri::matching(&[registered.to_owned()], requested) {
        let place = uri::location(&matched, &[("state", value)]);
        assert!(!place.contains(['\r', '\n']) || matched.contains(['\r', '\n']));
    }
    let _ = (uri::is_same(registered, requested), uri::is_local(requested), uri::shown_host(requested), uri::is_in_clear(requested));
    let _ = (uri::resolved(requested), uri::matching_whatever_query(&[registered.to_owned()], requested));
});
