//! Module 10: tokenization.

use crate::{
    Result,
    slots::text as slot,
    text::{CharVocab, MergeTable},
};

pub(crate) use crate::text::train as bpe_train;
pub(crate) use slot::char_build_vocab;

/// Ids of the characters of a text.
pub(crate) fn char_encode(text: &str, vocab: &CharVocab) -> Vec<u32> {
    text.chars().map(|c| vocab.ids.get(&c).copied().unwrap_or(0)).collect()
}

/// Text of the ids of characters.
pub(crate) fn char_decode(ids: &[u32], vocab: &CharVocab) -> Result<String> {
    slot::char_decode(ids, &vocab.chars)
}

/// Joins within one word, which holds the ids of its smallest symbols.
pub(crate) fn bpe_encode(table: &MergeTable, symbols: &mut Vec<u32>) {
    table.apply(symbols);
}
