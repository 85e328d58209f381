//! The nearest known word to a misspelt one.

/// The known word that the fewest edits away, if it is near enough to be meant.
pub(crate) fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let most = (word.chars().count() / 3).max(1);
    known
        .into_iter()
        .map(|candidate| (distance(word, candidate), candidate))
        .filter(|(edits, _)| *edits <= most)
        .min()
        .map(|(_, candidate)| candidate)
}

/// How many insertions, deletions, substitutions and swaps of neighbours lead from one word to the other.
fn distance(from: &str, to: &str) -> usize {
    let (from, to): (Vec<char>, Vec<char>) = (from.chars().collect(), to.chars().collect());
    let mut before: Vec<usize> = Vec::new();
    let mut above: Vec<usize> = (0..=to.len()).collect();
    for at in 0..from.len() {
        let mut row = vec![at + 1];
        for column in 0..to.len() {
            let substituted = above[column] + usize::from(from[at] != to[column]);
            let mut least = substituted.min(above[column + 1] + 1).min(row[column] + 1);
            let swapped = at > 0 && column > 0 && from[at] == to[column - 1] && from[at - 1] == to[column];
            if swapped {
                least = least.min(before[column - 1] + 1);
            }
            row.push(least);
        }
        before = std::mem::replace(&mut above, row);
    }
    above[to.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_pen_finds_its_word() {
        let words = ["at_least", "window", "product_group", "cite"];
        assert_eq!(nearest("at_leats", words), Some("at_least"));
        assert_eq!(nearest("product_groups", words), Some("product_group"));
        assert_eq!(nearest("cit", words), Some("cite"));
        assert_eq!(nearest("rebate", words), None);
    }

    #[test]
    fn distance_counts_edits() {
        assert_eq!(distance("kitten", "sitting"), 3);
        assert_eq!(distance("wyh", "why"), 1);
        assert_eq!(distance("", "abc"), 3);
        assert_eq!(distance("abc", "abc"), 0);
    }
}
