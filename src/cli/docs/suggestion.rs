//! What somebody meant who mistyped a word.

/// The nearest of some words, if it is near enough: one letter in three may be wrong, two letters at least where there are four.
pub fn nearest<'a>(word: &str, words: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let most = (word.trim_start_matches('-').len() / 3).max(1);
    let near = words.into_iter().map(|known| (distance(word, known), known)).min_by_key(|(distance, _)| *distance)?;
    (near.0 <= most).then_some(near.1)
}

/// How many letters must be put in, taken out, changed or swapped with their neighbour to make one word of the other.
fn distance(one: &str, other: &str) -> usize {
    let (one, other): (Vec<char>, Vec<char>) = (one.chars().collect(), other.chars().collect());
    let mut rows: Vec<Vec<usize>> = vec![(0..=other.len()).collect()];
    for (i, a) in one.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, b) in other.iter().enumerate() {
            let changed = rows[i][j] + usize::from(a != b);
            let mut least = changed.min(rows[i][j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && *a == other[j - 1] && one[i - 1] == *b {
                least = least.min(rows[i - 1][j - 1] + 1);
            }
            row.push(least);
        }
        rows.push(row);
    }
    rows[one.len()][other.len()]
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
