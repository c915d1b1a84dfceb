//! Module 10, Tokenization: characters and byte-pair encoding.

mod checks;
mod mutants;

use std::collections::BTreeMap;

use super::{Module, lesson::lesson};
pub use crate::slots::text::{Pair, UNKNOWN, Word};
use crate::{
    slots::text as plain,
    text::{CharTokenizer, Tokenizer},
};

lesson! {
    /// From text to ids and back.
    TokenLesson, m10, 10;

    /// Returns the different characters of `texts` in ascending order; number k will have the id k + 1.
    core fn char_build_vocab(texts: &[&str]) -> Vec<char>,
        hint "a sorted set",
        Ok(plain::char_build_vocab(texts));
    /// Returns one id for each character: its place in `vocab` plus 1, or 0 for one that is not there.
    core fn char_encode(text: &str, vocab: &[char]) -> Vec<u32>,
        hint "str::chars, not bytes",
        Ok(plain::char_encode(text, vocab));
    /// Returns the text that `ids` stand for; id 0 gives [`UNKNOWN`]. An id above the length of `vocab` is an
    /// `Error::IndexOutOfRange`.
    core fn char_decode(ids: &[u32], vocab: &[char]) -> String,
        hint "id k is character k - 1",
        plain::char_decode(ids, vocab);
    /// Returns how often each pair of neighbors occurs, overlapping ones too; a word that occurs 5 times counts 5 times.
    core fn bpe_count_pairs(words: &[Word]) -> BTreeMap<Pair, u64>,
        hint "slice::windows(2) gives the neighbors of one word",
        Ok(plain::bpe_count_pairs(words));
    /// Returns `symbols` with every occurrence of `pair` joined into one symbol, from left to right.
    core fn bpe_merge(symbols: &[String], pair: &Pair) -> Vec<String>,
        hint "after a join go on behind both symbols",
        Ok(plain::bpe_merge(symbols, pair));
    /// Returns up to `n_merges` joins in the order in which they were learned: each time the most frequent pair, of equal
    /// ones the first in the order of their text.
    core fn bpe_train(words: &[Word], n_merges: usize) -> Vec<Pair>,
        hint "count, pick, join in all words, count again",
        Ok(plain::bpe_train(words, n_merges));
    /// Returns a word after the learned joins: again and again the pair that was learned first is joined everywhere.
    core fn bpe_encode(symbols: &[String], merges: &[Pair]) -> Vec<String>,
        hint "the order of learning decides, not the order in the word",
        Ok(plain::bpe_encode(symbols, merges));
    /// Returns a tokenizer with one id for each character of `texts`, in ascending order from 1 on; 0 stands for all others. An id that
    /// there is not is an `Error::IndexOutOfRange`.
    given fn tokenizer(texts: &[&str]) -> Box<dyn Tokenizer>,
        hint "a struct of your own that implements text::Tokenizer, in a Box",
        CharTokenizer::train(texts).map(|tokenizer| Box::new(tokenizer) as Box<dyn Tokenizer>);
}

pub(super) const MODULE: Module = Module {
    number: 10,
    id: "m10",
    name: "Tokenization",
    tier: "architectures",
    lesson: "TokenLesson",
    prerequisites: &[],
    slots: SLOTS,
    checks: checks::CHECKS,
    mutants: mutants::MUTANTS,
    hours: 4,
};
