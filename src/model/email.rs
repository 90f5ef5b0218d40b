//! E-mail addresses: two rules, as The Things Stack has them (registry.md 2.2).

/// The longest address, in bytes (RFC 5321 section 4.5.3.1.3).
pub const LONGEST: usize = 254;

/// The regular expression of the addresses that pass both rules, lengths aside.
pub const PATTERN: &str = "^[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*@\
    [A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?(\\.[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*$";

/// A mailbox as RFC 5322 writes it, dots in their places, on a host name. The first rule.
pub fn is_mailbox(address: &str) -> bool {
    let bare = address.strip_suffix('>').and_then(|rest| rest.split_once('<')).map_or(address, |(_, inner)| inner);
    let Some((local, host)) = bare.rsplit_once('@') else { return false };
    let quoted = local.len() >= 2 && local.starts_with('"') && local.ends_with('"');
    let atom = |part: &str| !part.is_empty() && part.chars().all(|c| is_atom(c) || !c.is_ascii());
    bare.len() <= LONGEST && local.len() <= 64 && (quoted || local.split('.').all(atom)) && is_host(host)
}

/// Only plain ASCII before the `@`, labels of letters, digits and inner dashes after it. The second rule.
pub fn is_plain(address: &str) -> bool {
    let Some((local, host)) = address.split_once('@') else { return false };
    !local.is_empty() && local.chars().all(|c| is_atom(c) || c == '.') && is_host(host)
}

fn is_atom(c: char) -> bool {
    c.is_ascii_alphanumeric() || "!#$%&'*+/=?^_`{|}~-".contains(c)
}

fn is_host(host: &str) -> bool {
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
    };
    host.len() <= 253 && host.split('.').all(label)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plain_address_passes_both_rules() {
        for good in ["ada@example.com", "a@localhost", "first.last+tag@sub.example.org"] {
            assert!(is_mailbox(good) && is_plain(good), "{good}");
        }
    }

    #[test]
    fn what_is_no_mailbox_fails_the_first_rule() {
        for bad in ["", "ada", "@example.com", "ada@", "a..b@example.com", ".a@example.com", "ada@-x.com", "a b@example.com", "a@b..c"] {
            assert!(!is_mailbox(bad), "{bad}");
        }
    }

    #[test]
    fn odd_mailboxes_pass_the_first_rule_and_fail_the_second() {
        for odd in ["\"a b\"@example.com", "Ada <ada@example.com>", "ä@example.com"] {
            assert!(is_mailbox(odd) && !is_plain(odd), "{odd}");
        }
    }
}
