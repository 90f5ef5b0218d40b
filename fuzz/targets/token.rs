//! A token that is read is written the same way.
#![no_main]

use keyfob::base::secret::Token;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Some(token) = Token::parse(text) {
        assert_eq!(token.reveal(), text);
    }
});
