//! Module 10: tokenization.

use crate::{
    Result,
    slots::text::{self as slot, Pair, Word},
    text::{CharVocab, MergeTable},
};

#[cfg(feature = "course")]
use crate::course::m10::hook;

/// The different characters of texts.
pub(crate) fn char_build_vocab(texts: &[&str]) -> Result<Vec<char>> {
    #[cfg(feature = "course")]
    if let Some(out) = hook::char_build_vocab(texts)? {
        return Ok(out);
    }
    Ok(slot::char_build_vocab(texts))
}

/// Ids of the characters of a text.
pub(crate) fn char_encode(text: &str, vocab: &CharVocab) -> Result<Vec<u32>> {
    #[cfg(feature = "course")]
    if let Some(out) = hook::char_encode(text, &vocab.chars)? {
        return Ok(out);
    }
    Ok(text.chars().map(|c| vocab.ids.get(&c).copied().unwrap_or(0)).collect())
}

/// Text of the ids of characters.
pub(crate) fn char_decode(ids: &[u32], vocab: &CharVocab) -> Result<String> {
    #[cfg(feature = "course")]
    if let Some(out) = hook::char_decode(ids, &vocab.chars)? {
        return Ok(out);
    }
    slot::char_decode(ids, &vocab.chars)
}

/// Joins in the order in which they are learned.
///
/// Where a student counts or joins, or learns, the fast way steps back: the definition runs on the student's slots.
pub(crate) fn bpe_train(words: &[Word], n_merges: usize) -> Result<Vec<Pair>> {
    #[cfg(feature = "course")]
    {
        if let Some(out) = hook::bpe_train(words, n_merges)? {
            return Ok(out);
        }
        if let Some(out) = student_parts(words, n_merges)? {
            return Ok(out);
        }
    }
    Ok(crate::text::train(words, n_merges))
}

/// The definition of [`bpe_encode`] on the student's joining; `None` if the reference serves it.
#[cfg(feature = "course")]
fn joined_by_student(symbols: &[String], merges: &[Pair]) -> Result<Option<Vec<String>>> {
    let mut symbols = symbols.to_vec();
    let rank = |pair: &[String]| merges.iter().position(|m| m.0 == pair[0] && m.1 == pair[1]);
    while let Some(first) = symbols.windows(2).filter_map(rank).min() {
        let Some(joined) = hook::bpe_merge(&symbols, &merges[first])? else { return Ok(None) };
        if joined.len() >= symbols.len() {
            return Err(joined_nothing(&merges[first]));
        }
        symbols = joined;
    }
    Ok(Some(symbols))
}

#[cfg(feature = "course")]
fn joined_nothing(pair: &Pair) -> crate::Error {
    let detail = format!("joined nothing for the pair {pair:?}, which is there");
    crate::course::wrong(crate::course::m10::slot::bpe_merge, detail)
}

/// The definition of [`bpe_train`] on the student's counting and joining; `None` if the reference serves both.
#[cfg(feature = "course")]
fn student_parts(words: &[Word], n_merges: usize) -> Result<Option<Vec<Pair>>> {
    let mut words = words.to_vec();
    let mut merges = Vec::new();
    let mut any = false;
    while merges.len() < n_merges {
        let counted = hook::bpe_count_pairs(&words)?;
        any |= counted.is_some();
        let counts = counted.unwrap_or_else(|| slot::bpe_count_pairs(&words));
        let Some(most) = counts.values().copied().max().filter(|&n| n > 0) else { break };
        let Some((pair, _)) = counts.into_iter().find(|&(_, n)| n == most) else { break };
        let before: usize = words.iter().map(|w| w.symbols.len()).sum();
        for word in &mut words {
            let joined = hook::bpe_merge(&word.symbols, &pair)?;
            any |= joined.is_some();
            word.symbols = joined.unwrap_or_else(|| slot::bpe_merge(&word.symbols, &pair));
        }
        if !any {
            return Ok(None);
        }
        if words.iter().map(|w| w.symbols.len()).sum::<usize>() >= before {
            return Err(joined_nothing(&pair));
        }
        merges.push(pair);
    }
    Ok(Some(merges))
}

/// Joins within one word, which holds the ids of its smallest symbols.
pub(crate) fn bpe_encode(table: &MergeTable, symbols: &mut Vec<u32>) -> Result<()> {
    #[cfg(feature = "course")]
    {
        let text: Vec<String> =
            symbols.iter().map(|&id| table.token(id).unwrap_or_default().to_owned()).collect();
        if let Some(out) = hook::bpe_encode(&text, table.merges())? {
            *symbols = out.iter().map(|s| table.id(s).unwrap_or(0)).collect();
            return Ok(());
        }
        if let Some(out) = joined_by_student(&text, table.merges())? {
            *symbols = out.iter().map(|s| table.id(s).unwrap_or(0)).collect();
            return Ok(());
        }
    }
    table.apply(symbols);
    Ok(())
}
