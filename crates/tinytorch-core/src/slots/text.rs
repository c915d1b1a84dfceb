//! Module 10, Tokenization: characters and byte-pair encoding.
//!
//! Byte-pair encoding (Gage 1994; Sennrich, Haddow & Birch 2016, algorithm 1) starts from single characters and
//! joins, again and again, the two neighbors that stand side by side most often. What it learns is the list of these
//! joins, in order; new text is cut by applying them.

use std::collections::{BTreeMap, BTreeSet};

use crate::{Error, Result};

/// How the id 0, which stands for every unknown character, is written.
pub const UNKNOWN: &str = "<UNK>";

/// The symbol after the last character of a word: it tells `low` at the end of `slow` from `low` inside `lower`.
pub const END_OF_WORD: &str = "</w>";

/// Two symbols that stand side by side.
pub type Pair = (String, String);

/// A word of a text, cut into symbols, and how often it occurs there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word {
    /// The parts of the word, in order.
    pub symbols: Vec<String>,
    /// Occurrences in the text.
    pub count: u64,
}

/// Returns the different characters of `texts` in ascending order; character number k will have the id k + 1.
#[must_use]
pub fn char_build_vocab(texts: &[&str]) -> Vec<char> {
    let set: BTreeSet<char> = texts.iter().flat_map(|text| text.chars()).collect();
    set.into_iter().collect()
}

/// Returns one id for each character of `text`: its place in `vocab` plus 1, or 0 for a character that is not there.
#[must_use]
pub fn char_encode(text: &str, vocab: &[char]) -> Vec<u32> {
    let id = |c: char| vocab.iter().position(|&v| v == c).map_or(0, |place| place as u32 + 1);
    text.chars().map(id).collect()
}

/// Returns the text that `ids` stand for; id 0 gives [`UNKNOWN`].
///
/// # Errors
///
/// [`Error::IndexOutOfRange`] for an id above the length of `vocab`, with its position in `ids`.
pub fn char_decode(ids: &[u32], vocab: &[char]) -> Result<String> {
    let mut text = String::with_capacity(ids.len());
    for (position, &id) in ids.iter().enumerate() {
        match (id as usize).checked_sub(1) {
            None => text.push_str(UNKNOWN),
            Some(place) => match vocab.get(place) {
                Some(&c) => text.push(c),
                None => {
                    let (index, size) = (i64::from(id), vocab.len() + 1);
                    return Err(Error::IndexOutOfRange {
                        op: "char_decode",
                        index,
                        size,
                        position,
                    });
                }
            },
        }
    }
    Ok(text)
}

/// Returns how often each pair of neighbors occurs; a pair in a word that occurs 5 times counts 5 times.
///
/// Every adjacent pair counts, overlapping ones too: `a a a` holds (a, a) twice.
#[must_use]
pub fn bpe_count_pairs(words: &[Word]) -> BTreeMap<Pair, u64> {
    let mut counts = BTreeMap::new();
    for word in words {
        for pair in word.symbols.windows(2) {
            let n: &mut u64 = counts.entry((pair[0].clone(), pair[1].clone())).or_default();
            *n = n.saturating_add(word.count);
        }
    }
    counts
}

/// Returns `symbols` with every occurrence of `pair` joined into one symbol, from left to right.
#[must_use]
pub fn bpe_merge(symbols: &[String], pair: &Pair) -> Vec<String> {
    let mut out = Vec::with_capacity(symbols.len());
    let mut at = 0;
    while at < symbols.len() {
        if at + 1 < symbols.len() && symbols[at] == pair.0 && symbols[at + 1] == pair.1 {
            out.push(format!("{}{}", pair.0, pair.1));
            at += 2;
        } else {
            out.push(symbols[at].clone());
            at += 1;
        }
    }
    out
}

/// Returns up to `n_merges` joins in the order in which they were learned: each time the most frequent pair.
///
/// Of equally frequent pairs the first in the order of their text is taken. Fewer joins come back when every
/// word has become a single symbol.
#[must_use]
pub fn bpe_train(words: &[Word], n_merges: usize) -> Vec<Pair> {
    let mut words = words.to_vec();
    let mut merges = Vec::new();
    while merges.len() < n_merges {
        let counts = bpe_count_pairs(&words);
        let Some(most) = counts.values().copied().max().filter(|&n| n > 0) else { break };
        let Some((pair, _)) = counts.into_iter().find(|&(_, n)| n == most) else { break };
        for word in &mut words {
            word.symbols = bpe_merge(&word.symbols, &pair);
        }
        merges.push(pair);
    }
    merges
}

/// Returns one word, given as its smallest symbols, after the learned joins: again and again the pair that was learned
/// first is joined wherever it occurs, until no learned pair is left.
///
/// For a list that [`bpe_train`] made this equals going through the list once, joining each pair everywhere.
#[must_use]
pub fn bpe_encode(symbols: &[String], merges: &[Pair]) -> Vec<String> {
    let mut symbols = symbols.to_vec();
    let rank = |pair: &[String]| merges.iter().position(|m| m.0 == pair[0] && m.1 == pair[1]);
    while let Some(first) = symbols.windows(2).filter_map(rank).min() {
        symbols = bpe_merge(&symbols, &merges[first]);
    }
    symbols
}

#[cfg(test)]
mod tests {
    use super::*;

    fn symbols(text: &str) -> Vec<String> {
        text.split(' ').map(str::to_owned).collect()
    }

    fn pair(a: &str, b: &str) -> Pair {
        (a.to_owned(), b.to_owned())
    }

    #[test]
    fn characters_by_hand() {
        let vocab = char_build_vocab(&["hello", "he said: ß"]);
        assert_eq!(vocab, [' ', ':', 'a', 'd', 'e', 'h', 'i', 'l', 'o', 's', 'ß']);
        let ids = char_encode("hold ß!", &vocab);
        assert_eq!(ids, [6, 9, 8, 4, 1, 11, 0]);
        assert_eq!(char_decode(&ids, &vocab).unwrap(), "hold ß<UNK>");
        assert!(char_encode("", &vocab).is_empty());
        assert!(char_build_vocab(&[]).is_empty());
        let error = char_decode(&[1, 12], &vocab).unwrap_err();
        assert!(
            matches!(error, Error::IndexOutOfRange { index: 12, size: 12, position: 1, .. }),
            "{error}"
        );
    }

    /// The example of Sennrich et al.: low ×5, lower ×2, newest ×6, widest ×3.
    ///
    /// (e, s), (s, t) and (t, </w>) occur 9 times each: (e, s) is first in text order. Then (es, t) and (t, </w>) have 9:
    /// (es, t). Then (est, </w>) with 9. Then (l, o) and (o, w) with 7: (l, o); (lo, w) with 7. Now (e, w), (n, e) and
    /// (w, est</w>) have 6: (e, w), and (ew, est</w>) and (n, ew) with 6: (ew, est</w>).
    #[test]
    fn first_merges_by_hand() {
        let word = |text: &str, count| Word { symbols: symbols(text), count };
        let words = [
            word("l o w </w>", 5),
            word("l o w e r </w>", 2),
            word("n e w e s t </w>", 6),
            word("w i d e s t </w>", 3),
        ];
        let counts = bpe_count_pairs(&words);
        assert_eq!(counts[&pair("e", "s")], 9);
        assert_eq!(counts[&pair("w", "e")], 8);
        assert_eq!(counts[&pair("l", "o")], 7);
        let expected = [
            ("e", "s"),
            ("es", "t"),
            ("est", "</w>"),
            ("l", "o"),
            ("lo", "w"),
            ("e", "w"),
            ("ew", "est</w>"),
        ];
        let merges = bpe_train(&words, 7);
        assert_eq!(merges, expected.map(|(a, b)| pair(a, b)));
        assert_eq!(bpe_encode(&symbols("l o w e s t </w>"), &merges), symbols("low est</w>"));
        // The whole list ends when each of the four words is one symbol.
        let all = bpe_train(&words, 1000);
        for w in &words {
            assert_eq!(bpe_encode(&w.symbols, &all), [w.symbols.concat()]);
        }
    }

    #[test]
    fn runs_join_from_the_left() {
        let twice = bpe_count_pairs(&[Word { symbols: symbols("a a a"), count: 4 }]);
        assert_eq!(twice, BTreeMap::from([(pair("a", "a"), 8)]));
        assert_eq!(bpe_merge(&symbols("a a a b a"), &pair("a", "a")), symbols("aa a b a"));
        assert_eq!(bpe_merge(&symbols("a a a b a a"), &pair("a", "b")), symbols("a a ab a a"));
        assert!(bpe_merge(&[], &pair("a", "b")).is_empty());
    }

    #[test]
    fn nothing_to_learn() {
        assert!(bpe_train(&[], 5).is_empty());
        assert!(bpe_train(&[Word { symbols: symbols("a"), count: 9 }], 5).is_empty());
    }
}
