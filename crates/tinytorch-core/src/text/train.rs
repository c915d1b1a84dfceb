//! Learning joins without counting everything again after each.

use core::cmp::Reverse;
use std::{
    collections::{BinaryHeap, HashMap, HashSet},
    sync::Arc,
};

use crate::slots::text::{Pair, Word};

type Ids = (u32, u32);

/// Symbols as numbers.
#[derive(Default)]
struct Symbols {
    names: Vec<Arc<str>>,
    ids: HashMap<Arc<str>, u32>,
}

impl Symbols {
    fn id(&mut self, name: &str) -> u32 {
        if let Some(&id) = self.ids.get(name) {
            return id;
        }
        let id = self.names.len() as u32;
        let name: Arc<str> = name.into();
        self.names.push(name.clone());
        self.ids.insert(name, id);
        id
    }

    fn text(&self, (a, b): Ids) -> (Arc<str>, Arc<str>) {
        (self.names[a as usize].clone(), self.names[b as usize].clone())
    }
}

/// How often each pair occurs now, and in which words it occurred at some time.
#[derive(Default)]
struct Pairs {
    counts: HashMap<Ids, u64>,
    places: HashMap<Ids, HashSet<usize>>,
}

/// As `slots::text::bpe_train`, with counts that are kept up to date.
///
/// A join changes only the words that hold its pair, so only their pairs are counted anew. A heap offers the most
/// frequent pair; entries whose count is no longer true are passed over, since every change of a count adds a new entry.
pub(crate) fn train(words: &[Word], n_merges: usize) -> Vec<Pair> {
    let mut symbols = Symbols::default();
    let mut words: Vec<(Vec<u32>, u64)> = words
        .iter()
        .map(|w| (w.symbols.iter().map(|s| symbols.id(s)).collect(), w.count))
        .collect();
    let mut pairs = Pairs::default();
    for (at, (word, count)) in words.iter().enumerate() {
        for pair in neighbors(word) {
            *pairs.counts.entry(pair).or_default() += count;
            pairs.places.entry(pair).or_default().insert(at);
        }
    }
    let entry = |symbols: &Symbols, pair: Ids, n: u64| (n, Reverse(symbols.text(pair)), pair);
    let mut heap: BinaryHeap<_> =
        pairs.counts.iter().map(|(&pair, &n)| entry(&symbols, pair, n)).collect();

    let mut merges = Vec::new();
    while merges.len() < n_merges {
        let Some((n, Reverse((a, b)), pair)) = heap.pop() else { break };
        if n == 0 || pairs.counts.get(&pair) != Some(&n) {
            continue;
        }
        let merged = symbols.id(&format!("{a}{b}"));
        let mut change: HashMap<Ids, i64> = HashMap::new();
        for at in pairs.places.remove(&pair).unwrap_or_default() {
            let (word, count) = &mut words[at];
            let joined = join(word, pair, merged);
            if joined.len() == word.len() {
                continue; // an earlier join took the pair from this word
            }
            neighbors(word).for_each(|p| *change.entry(p).or_default() -= *count as i64);
            for p in neighbors(&joined) {
                *change.entry(p).or_default() += *count as i64;
                if p.0 == merged || p.1 == merged {
                    pairs.places.entry(p).or_default().insert(at);
                }
            }
            *word = joined;
        }
        for (pair, change) in change.into_iter().filter(|&(_, change)| change != 0) {
            let n = pairs.counts.entry(pair).or_default();
            *n = n.wrapping_add_signed(change); // counts of one text stay far below 2^63
            if *n > 0 {
                heap.push(entry(&symbols, pair, *n));
            } else {
                pairs.counts.remove(&pair);
                pairs.places.remove(&pair);
            }
        }
        merges.push((a.to_string(), b.to_string()));
    }
    merges
}

fn neighbors(word: &[u32]) -> impl Iterator<Item = Ids> + '_ {
    word.windows(2).map(|p| (p[0], p[1]))
}

fn join(word: &[u32], pair: Ids, merged: u32) -> Vec<u32> {
    let mut out = Vec::with_capacity(word.len());
    let mut rest = word;
    while let Some((&first, tail)) = rest.split_first() {
        if first == pair.0 && tail.first() == Some(&pair.1) {
            out.push(merged);
            rest = &tail[1..];
        } else {
            out.push(first);
            rest = tail;
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Rng, slots::text as slot};

    /// Small alphabets make ties, runs and overlaps frequent.
    fn random_words(rng: &mut Rng, letters: usize) -> Vec<Word> {
        (0..rng.below(12))
            .map(|_| Word {
                symbols: (0..rng.below(14))
                    .map(|_| char::from(b'a' + rng.below(letters) as u8).to_string())
                    .collect(),
                count: rng.below(4) as u64,
            })
            .collect()
    }

    #[test]
    fn kept_counts_equal_counting_anew() {
        let mut rng = Rng::seed(4);
        for round in 0..600 {
            let words = random_words(&mut rng, 1 + round % 5);
            let n = rng.below(40);
            assert_eq!(train(&words, n), slot::bpe_train(&words, n), "{words:?}");
        }
    }

    /// For lists made by training, one pass over the list does what the search for the first pair does.
    #[test]
    fn replaying_a_learned_list_equals_encoding() {
        let mut rng = Rng::seed(5);
        for round in 0..300 {
            let letters = 1 + round % 4;
            let merges = train(&random_words(&mut rng, letters), 30);
            for word in random_words(&mut rng, letters) {
                let replayed =
                    merges.iter().fold(word.symbols.clone(), |s, m| slot::bpe_merge(&s, m));
                assert_eq!(replayed, slot::bpe_encode(&word.symbols, &merges), "{merges:?}");
            }
        }
    }
}
