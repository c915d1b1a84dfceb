//! Tokens, joins, and the fast way to apply the joins.

use core::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, HashSet};

use crate::slots::text::Pair;

/// A join as ids: when it was learned and what it gives.
#[derive(Debug, Clone, Copy)]
struct Join {
    rank: u32,
    merged: u32,
}

/// What is wrong with a list of tokens and joins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Token number `.0` is there a second time.
    Repeated(usize),
    /// Join number `.0` needs the token `.1`, which does not exist.
    Missing(usize, String),
    /// Join number `.0` has an empty side.
    Empty(usize),
}

/// A vocabulary with its joins, ready for use.
#[derive(Debug, Clone, Default)]
pub(crate) struct MergeTable {
    tokens: Vec<String>,
    ids: HashMap<String, u32>,
    merges: Vec<Pair>,
    joins: HashMap<(u32, u32), Join>,
}

impl MergeTable {
    /// Builds the table of `tokens`, whose places are their ids, and `merges` in the order of learning.
    pub(crate) fn new(tokens: Vec<String>, merges: Vec<Pair>) -> Result<Self, Fault> {
        let mut ids = HashMap::with_capacity(tokens.len());
        for (place, token) in tokens.iter().enumerate() {
            if ids.insert(token.clone(), place as u32).is_some() {
                return Err(Fault::Repeated(place));
            }
        }
        let mut joins = HashMap::with_capacity(merges.len());
        for (rank, (a, b)) in merges.iter().enumerate() {
            if a.is_empty() || b.is_empty() {
                return Err(Fault::Empty(rank));
            }
            let id = |token: &str| {
                ids.get(token).copied().ok_or_else(|| Fault::Missing(rank, token.to_owned()))
            };
            let join = Join { rank: rank as u32, merged: id(&format!("{a}{b}"))? };
            joins.entry((id(a)?, id(b)?)).or_insert(join); // a pair learned twice keeps its first rank
        }
        Ok(Self { tokens, ids, merges, joins })
    }

    /// Builds the table of an alphabet and the joins learned over it: each new symbol becomes a token.
    pub(crate) fn learned(mut tokens: Vec<String>, merges: Vec<Pair>) -> Result<Self, Fault> {
        let mut known: HashSet<String> = tokens.iter().cloned().collect();
        for (a, b) in &merges {
            let token = format!("{a}{b}");
            if known.insert(token.clone()) {
                tokens.push(token);
            }
        }
        Self::new(tokens, merges)
    }

    /// Adds tokens that no join makes. They must be new.
    pub(crate) fn extend(&mut self, tokens: &[String]) {
        for token in tokens {
            self.ids.insert(token.clone(), self.tokens.len() as u32);
            self.tokens.push(token.clone());
        }
    }

    pub(crate) fn tokens(&self) -> &[String] {
        &self.tokens
    }

    pub(crate) fn merges(&self) -> &[Pair] {
        &self.merges
    }

    pub(crate) fn token(&self, id: u32) -> Option<&str> {
        self.tokens.get(id as usize).map(String::as_str)
    }

    pub(crate) fn id(&self, token: &str) -> Option<u32> {
        self.ids.get(token).copied()
    }

    /// Applies the joins to one word as `slots::text::bpe_encode` does, in n·log n steps instead of n²·merges.
    ///
    /// The symbols form a linked list. A heap holds the joins that are possible now, by rank and then from left to right.
    /// All joins of one rank are carried out before those they make possible are looked at.
    pub(crate) fn apply(&self, symbols: &mut Vec<u32>) {
        const GONE: u32 = u32::MAX;
        let n = symbols.len();
        let mut next: Vec<usize> = (1..=n).collect();
        let mut prev: Vec<usize> = (0..n).map(|i| i.wrapping_sub(1)).collect(); // a huge number before the first
        let possible = |symbols: &[u32], next: &[usize], at: usize| {
            let right = *symbols.get(*next.get(at)?)?;
            self.joins.get(&(symbols[at], right)).map(|join| Reverse((join.rank, at, join.merged)))
        };
        let mut heap: BinaryHeap<_> =
            (0..n).filter_map(|at| possible(symbols, &next, at)).collect();
        let mut changed = Vec::new();
        while let Some(&Reverse((rank, ..))) = heap.peek() {
            while let Some(&Reverse((r, at, merged))) = heap.peek() {
                if r != rank {
                    break;
                }
                heap.pop();
                // An entry is stale when one of its two symbols was used by an earlier join.
                if symbols[at] == GONE
                    || possible(symbols, &next, at) != Some(Reverse((r, at, merged)))
                {
                    continue;
                }
                let right = next[at];
                let after = next[right];
                symbols[at] = merged;
                symbols[right] = GONE;
                next[at] = after;
                if let Some(p) = prev.get_mut(after) {
                    *p = at;
                }
                changed.push(at);
            }
            for at in changed.drain(..) {
                if symbols[at] != GONE {
                    heap.extend(possible(symbols, &next, at));
                    if prev[at] < n {
                        heap.extend(possible(symbols, &next, prev[at]));
                    }
                }
            }
        }
        symbols.retain(|&s| s != GONE);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Rng, slots::text as slot};

    /// Any list of joins, also one that training would never make: repeated pairs, two ways to one symbol.
    #[test]
    fn the_heap_equals_the_definition() {
        let mut rng = Rng::seed(10);
        for round in 0..400 {
            let mut tokens: Vec<String> =
                ["a", "b", "c"][..1 + round % 3].iter().map(|&s| s.to_owned()).collect();
            let mut merges = Vec::new();
            for _ in 0..rng.below(25) {
                let pair = (
                    tokens[rng.below(tokens.len())].clone(),
                    tokens[rng.below(tokens.len())].clone(),
                );
                let token = format!("{}{}", pair.0, pair.1);
                if token.len() <= 6 {
                    if !tokens.contains(&token) {
                        tokens.push(token);
                    }
                    merges.push(pair);
                }
            }
            rng.shuffle(&mut merges);
            let table = MergeTable::new(tokens.clone(), merges.clone()).unwrap();
            for _ in 0..20 {
                let word: Vec<String> = (0..rng.below(20))
                    .map(|_| tokens[rng.below((1 + round % 3).min(tokens.len()))].clone())
                    .collect();
                let mut ids: Vec<u32> = word.iter().map(|s| table.id(s).unwrap()).collect();
                table.apply(&mut ids);
                let fast: Vec<_> =
                    ids.iter().map(|&id| table.token(id).unwrap().to_owned()).collect();
                assert_eq!(fast, slot::bpe_encode(&word, &merges), "{word:?} with {merges:?}");
            }
        }
    }

    #[test]
    fn faults_are_found() {
        let s = |list: &[&str]| list.iter().map(|&t| t.to_owned()).collect::<Vec<_>>();
        assert_eq!(MergeTable::new(s(&["a", "b", "a"]), vec![]).unwrap_err(), Fault::Repeated(2));
        let merge = |a: &str, b: &str| vec![(a.to_owned(), b.to_owned())];
        assert_eq!(
            MergeTable::new(s(&["a", "b"]), merge("a", "b")).unwrap_err(),
            Fault::Missing(0, "ab".to_owned())
        );
        assert_eq!(
            MergeTable::new(s(&["a", "ab"]), merge("a", "b")).unwrap_err(),
            Fault::Missing(0, "b".to_owned())
        );
        assert_eq!(MergeTable::new(s(&["a", ""]), merge("a", "")).unwrap_err(), Fault::Empty(0));
    }
}
