//! A body that registers a client is judged, whatever it is; what is taken can be judged again.
#![no_main]

use keyfob::model::client::FIELDS;
use keyfob::model::patch::Patch;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(serde_json::Value::Object(object)) = serde_json::from_slice(bytes)
        && let Ok(patch) = Patch::decode(FIELDS, &object)
    {
        let once = patch.check(FIELDS, "Client", None).is_ok();
        assert_eq!(once, patch.check(FIELDS, "Client", None).is_ok());
    }
});
