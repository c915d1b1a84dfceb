//! Names that a user may have meant.

use kits_hal::board::{BOARDS, Board};

use super::Usage;

/// How many names are suggested at most.
const SUGGESTED: usize = 3;

/// Returns the board called `id`.
///
/// # Errors
///
/// [`Usage`] with the nearest ids if there is none.
pub(crate) fn board(operation: &str, id: &str) -> anyhow::Result<&'static Board> {
    Board::by_id(id).map_err(|_| unknown(operation, "board", id, BOARDS.iter().map(|b| b.id)))
}

/// Returns the error for an unknown name: the nearest known ones, or all if none is near.
pub(crate) fn unknown<'a>(
    operation: &str,
    what: &str,
    given: &str,
    known: impl Iterator<Item = &'a str>,
) -> anyhow::Error {
    let known: Vec<&str> = known.collect();
    let near = nearest(given, &known);
    let list = if near.is_empty() {
        format!("known are {}", known.join(", "))
    } else {
        format!("nearest are {}", near.join(", "))
    };
    Usage::because(format!("{operation}: unknown {what} `{given}`: {list}"))
}

/// Returns the names within a third of the longer length in edits, or that hold `given`; nearest first.
fn nearest<'a>(given: &str, known: &[&'a str]) -> Vec<&'a str> {
    let given = given.to_lowercase();
    let mut near: Vec<(usize, &str)> = known
        .iter()
        .filter_map(|name| {
            let distance = edits(&given, name);
            let holds = given.len() >= 3 && (name.contains(&given) || given.contains(name));
            (holds || distance * 3 <= given.len().max(name.len())).then_some((distance, *name))
        })
        .collect();
    near.sort_by_key(|(distance, _)| *distance);
    near.into_iter().take(SUGGESTED).map(|(_, name)| name).collect()
}

/// Returns the least number of insertions, deletions and replacements that make `b` of `a`.
///
/// # Source
///
/// Wagner and Fischer (1974), "The String-to-String Correction Problem", J. ACM 21(1).
fn edits(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(x != *y);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edits_are_counted() {
        for (a, b, n) in
            [("", "", 0), ("", "abc", 3), ("kitten", "sitting", 3), ("nano33bel", "nano33ble", 2)]
        {
            assert_eq!((edits(a, b), edits(b, a)), (n, n), "{a} {b}");
        }
    }

    #[test]
    fn a_misspelt_board_is_answered_with_near_ones() {
        let error = board("fit", "nano33bel").expect_err("misspelt");
        assert_eq!(error.to_string(), "fit: unknown board `nano33bel`: nearest are nano33ble");
        let error = board("fit", "rpi").expect_err("several");
        assert_eq!(error.to_string(), "fit: unknown board `rpi`: nearest are rpi4, rpi5, rpi5-8");
        let error = board("fit", "toaster").expect_err("nothing near");
        assert!(error.to_string().contains("known are nano33ble, "), "{error}");
        assert_eq!(board("fit", "microbit").expect("known").id, "microbit");
    }
}
