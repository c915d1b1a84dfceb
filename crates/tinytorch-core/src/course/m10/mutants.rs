//! Seeded mistakes of module 10.

use super::{BTreeMap, CharTokenizer, Pair, TokenLesson, Tokenizer, UNKNOWN, Word, plain};
use crate::{Result, course::lesson::mutants};

/// Learns with another choice of the pair.
fn learn(
    words: &[Word],
    n: usize,
    pick: fn(&BTreeMap<Pair, u64>) -> Option<Pair>,
    recount: bool,
) -> Vec<Pair> {
    let (mut words, mut merges) = (words.to_vec(), Vec::new());
    while merges.len() < n {
        let counts = plain::bpe_count_pairs(&words);
        let Some(pair) = pick(&counts) else { break };
        if recount {
            words.iter_mut().for_each(|w| w.symbols = plain::bpe_merge(&w.symbols, &pair));
        }
        merges.push(pair);
    }
    merges
}

fn most(counts: &BTreeMap<Pair, u64>) -> Option<Pair> {
    let n = counts.values().max()?;
    counts.iter().find(|(_, c)| *c == n).map(|(p, _)| p.clone())
}

fn shifted(ids: Vec<u32>, by: u32) -> Vec<u32> {
    ids.into_iter().map(|id| if id == 0 { 0 } else { id + by }).collect()
}

/// A tokenizer with one mistake.
struct Odd(CharTokenizer, Mistake);

#[derive(PartialEq)]
enum Mistake {
    FromZero,
    Skips,
    Forgets,
    Clamps,
    Reversed,
}

impl Tokenizer for Odd {
    fn encode(&self, text: &str) -> Result<Vec<u32>> {
        let mut ids = self.0.encode(text)?;
        match self.1 {
            Mistake::FromZero => ids.iter_mut().for_each(|id| *id = id.saturating_sub(1)),
            Mistake::Skips => ids.retain(|id| *id != 0),
            Mistake::Reversed => ids.reverse(),
            Mistake::Forgets | Mistake::Clamps => {}
        }
        Ok(ids)
    }

    fn decode(&self, ids: &[u32]) -> Result<String> {
        let last = self.0.vocab_size() as u32 - 1;
        let of = |id: &u32| match self.1 {
            Mistake::FromZero => id + 1,
            Mistake::Clamps => (*id).min(last),
            _ => *id,
        };
        self.0.decode(&ids.iter().map(of).collect::<Vec<_>>())
    }

    fn vocab_size(&self) -> usize {
        self.0.vocab_size() - usize::from(self.1 == Mistake::Forgets)
    }
}

fn odd(texts: &[&str], mistake: Mistake) -> Result<Box<dyn Tokenizer>> {
    Ok(Box::new(Odd(CharTokenizer::train(texts)?, mistake)))
}

mutants! {
    TokenLesson;
    fn char_build_vocab(texts: &[&str]) -> Vec<char> {
        "does not sort" => {
            let mut out = Vec::new();
            for c in texts.iter().flat_map(|t| t.chars()) { if !out.contains(&c) { out.push(c); } }
            out
        },
        "keeps repeated characters" => {
            let mut out: Vec<char> = texts.iter().flat_map(|t| t.chars()).collect();
            out.sort_unstable();
            out
        },
        "looks at the first text only" => plain::char_build_vocab(texts.get(..1).unwrap_or(&[])),
        "sorts downward" => plain::char_build_vocab(texts).into_iter().rev().collect(),
        "leaves out spaces" => plain::char_build_vocab(texts).into_iter().filter(|c| !c.is_whitespace()).collect(),
        "keeps ASCII only" => plain::char_build_vocab(texts).into_iter().filter(char::is_ascii).collect(),
    }
    fn char_encode(text: &str, vocab: &[char]) -> Vec<u32> {
        "counts from 0" => plain::char_encode(text, vocab).into_iter().map(|id| id.saturating_sub(1)).collect(),
        "counts from 2" => shifted(plain::char_encode(text, vocab), 1),
        "leaves out unknown characters" => plain::char_encode(text, vocab).into_iter().filter(|id| *id > 0).collect(),
        "gives unknown characters the last id" => {
            let last = vocab.len() as u32;
            plain::char_encode(text, vocab).into_iter().map(|id| if id == 0 { last } else { id }).collect()
        },
        "encodes bytes" => text.bytes().map(|b| {
            vocab.iter().position(|&v| v == char::from(b)).map_or(0, |p| p as u32 + 1)
        }).collect(),
        "encodes backward" => plain::char_encode(text, vocab).into_iter().rev().collect(),
    }
    fn char_decode(ids: &[u32], vocab: &[char]) -> String {
        "counts from 0" => plain::char_decode(&shifted(ids.to_vec(), 1).into_iter()
            .map(|id| id.min(vocab.len() as u32)).collect::<Vec<_>>(), vocab)?,
        "leaves out the unknown" => plain::char_decode(ids, vocab)?.replace(UNKNOWN, ""),
        "writes the unknown as a question mark" => plain::char_decode(ids, vocab)?.replace(UNKNOWN, "?"),
        "puts spaces between the characters" => {
            let parts: Result<Vec<String>, _> = ids.iter().map(|&id| plain::char_decode(&[id], vocab)).collect();
            parts?.join(" ")
        },
        "turns ids that do not exist into the unknown" => {
            let known: Vec<u32> = ids.iter().map(|&id| if id as usize > vocab.len() { 0 } else { id }).collect();
            plain::char_decode(&known, vocab)?
        },
        "decodes backward" => plain::char_decode(&ids.iter().rev().copied().collect::<Vec<_>>(), vocab)?,
    }
    fn bpe_count_pairs(words: &[Word]) -> BTreeMap<Pair, u64> {
        "counts every word once" => {
            let once: Vec<Word> = words.iter().map(|w| Word { count: 1, ..w.clone() }).collect();
            plain::bpe_count_pairs(&once)
        },
        "does not count overlapping pairs" => {
            let mut counts = BTreeMap::new();
            for w in words {
                for p in w.symbols.chunks_exact(2) { *counts.entry((p[0].clone(), p[1].clone())).or_default() += w.count; }
            }
            counts
        },
        "leaves out the last pair of each word" => {
            let cut: Vec<Word> = words.iter().map(|w| Word {
                symbols: w.symbols[..w.symbols.len().saturating_sub(1)].to_vec(), count: w.count }).collect();
            plain::bpe_count_pairs(&cut)
        },
        "counts pairs across words" => {
            let all: Vec<String> = words.iter().flat_map(|w| w.symbols.clone()).collect();
            plain::bpe_count_pairs(&[Word { symbols: all, count: words.first().map_or(0, |w| w.count) }])
        },
        "turns the pairs around" => plain::bpe_count_pairs(words).into_iter().map(|((a, b), n)| ((b, a), n)).collect(),
        "keeps the last word's count" => {
            let mut counts = BTreeMap::new();
            for w in words { for (p, n) in plain::bpe_count_pairs(core::slice::from_ref(w)) { counts.insert(p, n); } }
            counts
        },
    }
    fn bpe_merge(symbols: &[String], pair: &Pair) -> Vec<String> {
        "joins the first occurrence only" => {
            match symbols.windows(2).position(|w| w[0] == pair.0 && w[1] == pair.1) {
                Some(at) => [&symbols[..at], &[pair.0.clone() + &pair.1], &symbols[at + 2..]].concat(),
                None => symbols.to_vec(),
            }
        },
        "joins from right to left" => {
            let back: Vec<String> = symbols.iter().rev().cloned().collect();
            let mut out = plain::bpe_merge(&back, &(pair.1.clone(), pair.0.clone()));
            let wrong = format!("{}{}", pair.1, pair.0);
            out.iter_mut().filter(|s| **s == wrong).for_each(|s| *s = format!("{}{}", pair.0, pair.1));
            out.into_iter().rev().collect()
        },
        "drops the second symbol of the pair" => {
            let joined = format!("{}{}", pair.0, pair.1);
            plain::bpe_merge(symbols, pair).into_iter().map(|s| if s == joined { pair.0.clone() } else { s }).collect()
        },
        "joins in the wrong order" => {
            let joined = format!("{}{}", pair.0, pair.1);
            plain::bpe_merge(symbols, pair).into_iter()
                .map(|s| if s == joined { format!("{}{}", pair.1, pair.0) } else { s }).collect()
        },
        "loses the last symbol" => {
            let mut out = plain::bpe_merge(symbols, pair);
            if out.last() == symbols.last() { out.pop(); }
            out
        },
        "joins whatever follows the first symbol" => {
            let (mut out, mut at) = (Vec::new(), 0);
            while at < symbols.len() {
                if symbols[at] == pair.0 && at + 1 < symbols.len() {
                    out.push(format!("{}{}", symbols[at], symbols[at + 1]));
                    at += 2;
                } else {
                    out.push(symbols[at].clone());
                    at += 1;
                }
            }
            out
        },
    }
    fn bpe_train(words: &[Word], n_merges: usize) -> Vec<Pair> {
        "takes the last of equally frequent pairs" => learn(words, n_merges, |c| {
            let n = c.values().max()?;
            c.iter().rfind(|(_, m)| *m == n).map(|(p, _)| p.clone())
        }, true),
        "takes the rarest pair" => learn(words, n_merges, |c| {
            let n = c.values().min()?;
            c.iter().find(|(_, m)| *m == n).map(|(p, _)| p.clone())
        }, true),
        "does not count again after a join" => learn(words, n_merges, most, false),
        "learns one join too few" => plain::bpe_train(words, n_merges.saturating_sub(1)),
        "returns the joins backward" => plain::bpe_train(words, n_merges).into_iter().rev().collect(),
        "forgets how often a word occurs" => {
            let once: Vec<Word> = words.iter().map(|w| Word { count: 1, ..w.clone() }).collect();
            plain::bpe_train(&once, n_merges)
        },
    }
    fn bpe_encode(symbols: &[String], merges: &[Pair]) -> Vec<String> {
        "joins nothing" => { let _ = merges; symbols.to_vec() },
        "applies the last learned join first" => {
            plain::bpe_encode(symbols, &merges.iter().rev().cloned().collect::<Vec<_>>())
        },
        "applies the first join only" => plain::bpe_encode(symbols, merges.get(..1).unwrap_or(&[])),
        "takes the first pair in the word" => {
            let mut out = symbols.to_vec();
            let known = |w: &[String]| merges.iter().any(|m| m.0 == w[0] && m.1 == w[1]);
            while let Some(at) = out.windows(2).position(known) {
                let pair = (out[at].clone(), out[at + 1].clone());
                out = plain::bpe_merge(&out, &pair);
            }
            out
        },
        "stops after one join" => {
            let rank = |w: &[String]| merges.iter().position(|m| m.0 == w[0] && m.1 == w[1]);
            match symbols.windows(2).filter_map(rank).min() {
                Some(first) => plain::bpe_merge(symbols, &merges[first]),
                None => symbols.to_vec(),
            }
        },
        "joins everything" => vec![symbols.concat()],
    }
    fn tokenizer(texts: &[&str]) -> Box<dyn Tokenizer> {
        "counts from 0" => odd(texts, Mistake::FromZero)?,
        "leaves unknown characters out" => odd(texts, Mistake::Skips)?,
        "does not count the unknown id" => odd(texts, Mistake::Forgets)?,
        "takes the last character for an id that there is not" => odd(texts, Mistake::Clamps)?,
        "reads from the end" => odd(texts, Mistake::Reversed)?,
    }
}
