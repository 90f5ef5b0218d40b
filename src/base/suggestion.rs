//! Suggests words for mistyped ones.

use strsim::osa_distance;

/// Returns the word most like the given one, if it is similar enough: one of three letters may be wrong, and one in a shorter word.
pub fn nearest<'a>(word: &str, words: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let most = (word.trim_start_matches('-').len() / 3).max(1);
    let (distance, near) = words.into_iter().map(|known| (osa_distance(word, known), known)).min_by_key(|(distance, _)| *distance)?;
    (distance <= most).then_some(near)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_word_is_found_and_a_far_one_is_not() {
        let words = ["list", "search", "create", "collaborators"];
        for (word, near) in
            [("lst", Some("list")), ("serach", Some("search")), ("crate", Some("create")), ("frobnicate", None), ("x", None)]
        {
            assert_eq!(nearest(word, words), near, "{word}");
        }
    }
}
