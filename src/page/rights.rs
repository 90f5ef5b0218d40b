//! Groups rights by what they concern, for people.

use crate::base::right::{RIGHTS, Right, Rights};

/// Rights that concern the same thing.
#[derive(Debug)]
pub struct RightGroup {
    /// The second word of their names.
    pub word: &'static str,
    pub title: &'static str,
    /// In the order of their numbers.
    pub rights: Vec<Right>,
}

/// By the second word of the names, in the order shown; all rights come last.
const GROUPS: &[(&str, &str)] = &[
    ("USER", "User account"),
    ("CLIENT", "OAuth clients"),
    ("ORGANIZATION", "Organizations"),
    ("APPLICATION", "Applications"),
    ("GATEWAY", "Gateways"),
    ("SEND", "Other people"),
    ("ALL", "Everything"),
];

/// Returns the rights of a set in their groups, without empty groups.
pub fn groups(rights: Rights) -> impl Iterator<Item = RightGroup> {
    GROUPS.iter().filter_map(move |(word, title)| {
        let of_group = |right: &Right| rights.has(*right) && *right != Right::Invalid && right.name().split('_').nth(1) == Some(word);
        let rights: Vec<Right> = RIGHTS.iter().copied().filter(of_group).collect();
        (!rights.is_empty()).then_some(RightGroup { word, title, rights })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_right_is_in_one_group() {
        let grouped: Vec<Right> = groups(Rights::EVERY).flat_map(|group| group.rights).collect();
        assert_eq!(grouped.len(), RIGHTS.len() - 1);
        assert_eq!(grouped.iter().copied().collect::<Rights>(), Rights::EVERY);
    }
}
