//! Known symbols that look like an unknown one.

use super::{
    prefix,
    symbols::{EXACT, Prefixes, Symbol, WORDS},
};

/// Returns up to three known symbols near `text`: first those that differ only in case, then by edit distance.
pub(crate) fn near(text: &str) -> Vec<String> {
    let length = text.chars().count();
    if length == 0 || length > 24 {
        return Vec::new();
    }
    let limit = if length <= 2 { 0 } else { 1 + usize::from(length >= 6) };
    let lower = text.to_lowercase();
    let mut found: Vec<(usize, String)> = candidates()
        .filter_map(|known| {
            let distance = if known.to_lowercase() == lower {
                0
            } else {
                let singular = text.strip_suffix('s').filter(|_| length >= 5);
                let plain = edit_distance(text, &known, limit);
                let stem = singular.and_then(|t| edit_distance(t, &known, limit));
                1 + plain.into_iter().chain(stem).min()?
            };
            Some((distance, known))
        })
        .collect();
    found.sort_by_key(|(distance, _)| *distance); // stable: table order among equals
    let mut out = Vec::new();
    for (_, known) in found {
        if !out.contains(&known) {
            out.push(known);
        }
        if out.len() == 3 {
            break;
        }
    }
    out
}

/// Every symbol with every prefix it takes, then every word.
fn candidates() -> impl Iterator<Item = String> {
    let with_prefixes = |s: &'static Symbol| {
        let plain = core::iter::once(s.name.to_owned());
        let decimal = prefix::DECIMAL.into_iter().filter(move |p| match s.prefixes {
            Prefixes::No => false,
            Prefixes::Decimal => true,
            Prefixes::Data => p.index > 0,
            Prefixes::Kilo => matches!(p.index, 1 | 2),
        });
        let binary = prefix::BINARY.into_iter().filter(move |_| s.prefixes == Prefixes::Data);
        plain.chain(decimal.chain(binary).map(move |p| format!("{}{}", p.text, s.name)))
    };
    EXACT.iter().flat_map(with_prefixes).chain(WORDS.iter().map(|s| s.name.to_owned()))
}

/// Returns the number of single-character edits between two short texts, if it is positive and at most `limit`.
pub(crate) fn edit_distance(a: &str, b: &str, limit: usize) -> Option<usize> {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    if a.len().abs_diff(b.len()) > limit {
        return None;
    }
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, ca) in a.iter().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, cb) in b.iter().enumerate() {
            let cost = (diagonal + usize::from(ca != cb)).min(row[j] + 1).min(row[j + 1] + 1);
            diagonal = row[j + 1];
            row[j + 1] = cost;
        }
    }
    row.last().copied().filter(|d| (1..=limit).contains(d))
}
