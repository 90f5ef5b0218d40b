//! Request IDs, sortable by time. They are in the reply, its errors, the log and the history.

use data_encoding::HEXLOWER;

use crate::base::secret::random;
use crate::base::time::Time;

/// The request ID in the history of what the operator did at the machine itself.
pub const OPERATOR: &str = "operator";

/// Returns the one in the history of what a declaration of this name did.
pub fn of_declaration(name: &str) -> String {
    format!("{OPERATOR}.{name}")
}

/// Returns whether the operator did it, also by a declaration.
pub fn is_of_operator(id: &str) -> bool {
    id.strip_prefix(OPERATOR).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

/// Returns a new one: 48 bits of milliseconds and 80 random ones (a ULID), in hexadecimal as The Things Stack writes correlation IDs.
pub fn fresh(now: Time) -> String {
    let milliseconds = u64::try_from(now.micros() / 1000).unwrap_or_default().to_be_bytes();
    HEXLOWER.encode(&[&milliseconds[2..], &random::<10>()].concat())
}

/// Returns whether a caller may use this ID: nothing that could forge a line or a header, or be taken for the operator's.
pub fn is_acceptable(id: &str) -> bool {
    let is_plain = (1..=64).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b));
    is_plain && !id.to_ascii_lowercase().contains(OPERATOR)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_id_begins_with_its_time_and_sorts_by_it() {
        let at = |milliseconds: i64| fresh(Time::from_micros(milliseconds * 1000));
        assert!(at(1_469_918_176_385).starts_with("01563df36481"));
        assert_eq!(at(0).len(), 32);
        assert!(at(1) < at(2));
        assert_ne!(at(1), at(1));
    }

    #[test]
    fn a_request_id_from_outside_is_short_and_plain_and_not_the_operators() {
        assert!(is_acceptable("01ARYZ6S41TSV4RRFFQ69G5FAV"));
        for id in ["", "a b", "a\r\nb", &"x".repeat(65), "operator", "Operator", "OPERATOR-2", "the.operator"] {
            assert!(!is_acceptable(id), "{id:?}");
        }
    }
}
