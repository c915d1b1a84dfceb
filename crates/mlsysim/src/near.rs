//! The known names nearest to one that is not known.

use alloc::string::String;
use alloc::vec::Vec;

/// Up to three of `known`, nearest first, that differ from `name` by at most a third of its letters, or contain it.
pub(crate) fn nearest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Vec<String> {
    let wanted = fold(name);
    let mut near: Vec<(usize, &str)> =
        known.filter_map(|candidate| Some((distance(&wanted, candidate)?, candidate))).collect();
    near.sort_by_key(|(distance, candidate)| (*distance, candidate.len()));
    near.into_iter().take(3).map(|(_, candidate)| candidate.into()).collect()
}

/// How far a name is from a wanted one in the form of [`fold`], if that is near.
pub(crate) fn distance(wanted: &[char], candidate: &str) -> Option<usize> {
    let limit = (wanted.len() / 3).max(1);
    let folded = fold(candidate);
    let contained = wanted.len() >= 2 && folded.windows(wanted.len()).any(|part| part == wanted);
    let distance = if contained { 0 } else { edits(wanted, &folded) };
    (distance <= limit).then_some(distance)
}

/// Whether two names fold to the same.
#[cfg(feature = "registry")]
pub(crate) fn same(a: &str, b: &str) -> bool {
    if a.is_ascii() && b.is_ascii() {
        return ascii_letters(a).eq(ascii_letters(b));
    }
    letters(a).eq(letters(b))
}

/// What [`letters`] gives for ASCII, without its tables: most names are, and a search compares hundreds.
#[cfg(feature = "registry")]
fn ascii_letters(name: &str) -> impl Iterator<Item = u8> {
    name.bytes().filter(u8::is_ascii_alphanumeric).map(|byte| byte.to_ascii_lowercase())
}

fn letters(name: &str) -> impl Iterator<Item = char> {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase)
}

/// Letters and digits in lower case: `Llama-3 8B` and `llama3_8b` are the same name.
pub(crate) fn fold(name: &str) -> Vec<char> {
    letters(name).collect()
}

/// The least number of letters to insert, delete or replace (Levenshtein 1966).
fn edits(a: &[char], b: &[char]) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut diagonal = i;
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(x != y);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances() {
        let chars = |text: &str| text.chars().collect::<Vec<_>>();
        for (a, b, distance) in
            [("kitten", "sitting", 3), ("", "abc", 3), ("same", "same", 0), ("ab", "ba", 2)]
        {
            assert_eq!(edits(&chars(a), &chars(b)), distance, "{a} {b}");
        }
    }

    #[cfg(feature = "registry")]
    #[test]
    fn names_are_the_same_in_any_writing() {
        for (a, b, equal) in [
            ("Llama-3 8B", "llama3_8b", true),
            ("h100", "h1000", false),
            ("", "-_ ", true),
            ("Ünit 1", "ünit1", true),
            ("Ünit", "unit", false),
        ] {
            assert_eq!((same(a, b), same(b, a)), (equal, equal), "{a} {b}");
            assert_eq!(fold(a) == fold(b), equal, "{a} {b}");
        }
    }

    #[test]
    fn slips_are_found() {
        let known = ["nano33ble", "nicla_vision", "llama3_8b", "h100"];
        let near = |name: &str| nearest(name, known.into_iter());
        assert_eq!(near("nano33"), ["nano33ble"]);
        assert_eq!(near("Llama3-8B"), ["llama3_8b"]);
        assert_eq!(near("h1000"), ["h100"]);
        assert!(near("zebra").is_empty());
    }
}
