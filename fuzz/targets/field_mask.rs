//! A field mask names fields that there are, or is refused.
#![no_main]

use keyfob::model::client::FIELDS;
use keyfob::model::field::Purpose;
use keyfob::model::mask::Mask;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let paths: Vec<String> = text.split(',').map(str::to_owned).collect();
    for purpose in [Purpose::Read, Purpose::Update] {
        if let Ok(mask) = Mask::parse(FIELDS, purpose, &paths) {
            assert!(mask.fields(FIELDS).len() <= FIELDS.len());
        }
    }
});
