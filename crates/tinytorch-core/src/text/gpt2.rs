//! GPT-2's cut of text into pieces, within which bytes are joined.
//!
//! In the notation of regular expressions the cut is
//! `'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`:
//! English endings after an apostrophe; letters, digits or other marks, each with at most one space before; and
//! white space, whose last character is left for the next piece.

use super::letters::is_letter;

const ENDINGS: [&str; 7] = ["'s", "'t", "'re", "'ve", "'m", "'ll", "'d"];

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Space,
    Letter,
    Number,
    Other,
}

fn kind(c: char) -> Kind {
    if c.is_whitespace() {
        Kind::Space
    } else if is_letter(c) {
        Kind::Letter
    } else if c.is_numeric() {
        Kind::Number
    } else {
        Kind::Other
    }
}

/// Returns the pieces of `text` in order; together they are the text.
///
/// # Examples
///
/// ```
/// use tinytorch_core::text::pieces;
///
/// let cut: Vec<&str> = pieces("It's  2 o'clock!\n").collect();
/// assert_eq!(cut, ["It", "'s", " ", " 2", " o", "'", "clock", "!", "\n"]);
/// ```
pub fn pieces(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    core::iter::from_fn(move || {
        let (piece, tail) = rest.split_at(first_len(rest)?);
        rest = tail;
        Some(piece)
    })
}

/// Bytes of the first piece.
fn first_len(text: &str) -> Option<usize> {
    let first = text.chars().next()?;
    if let Some(ending) = ENDINGS.iter().find(|e| text.starts_with(**e)) {
        return Some(ending.len());
    }
    let body = text.strip_prefix(' ').unwrap_or(text);
    if let Some(k) = body.chars().next().map(kind).filter(|&k| k != Kind::Space) {
        return Some(text.len() - body.len() + run(body, k));
    }
    let spaces = run(text, Kind::Space);
    if spaces == text.len() {
        return Some(spaces);
    }
    // The last character of the space belongs to what follows, unless it is the only one.
    let last = text[..spaces].chars().next_back().map_or(0, char::len_utf8);
    Some(if spaces > last { spaces - last } else { first.len_utf8() })
}

/// Bytes from the start that are of one kind.
fn run(text: &str, k: Kind) -> usize {
    text.char_indices().find(|&(_, c)| kind(c) != k).map_or(text.len(), |(at, _)| at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &[&str]) {
        assert_eq!(pieces(text).collect::<Vec<_>>(), expected);
    }

    /// Each line was checked against the pattern in a regular-expression engine.
    #[test]
    fn cuts_of_the_pattern() {
        check("", &[]);
        check("Hello world", &["Hello", " world"]);
        check("I've we'll they'Re", &["I", "'ve", " we", "'ll", " they", "'", "Re"]);
        check("'s't 's!'s", &["'s", "'t", " '", "s", "!'", "s"]);
        check("abc123 4.5", &["abc", "123", " 4", ".", "5"]);
        check("  two", &[" ", " two"]);
        check("\n\nx\n y", &["\n", "\n", "x", "\n", " y"]);
        check("a \n ", &["a", " \n "]);
        check("a\u{a0}b\u{3000}\u{3000}c", &["a", "\u{a0}", "b", "\u{3000}", "\u{3000}", "c"]);
        check("½Ⅷ²x", &["½Ⅷ²", "x"]);
        check("नमस्ते", &["नमस", "्", "त", "े"]);
        check("e\u{301}Ⓐ", &["e", "\u{301}Ⓐ"]);
        check(" …—", &[" …—"]);
        check("日本語テキスト", &["日本語テキスト"]);
    }

    #[test]
    fn nothing_is_lost() {
        let mut rng = crate::Rng::seed(8);
        let signs: Vec<char> = "  \n\t'sdrelvmtaZß9½.!-\u{a0}\u{301}日Ⓐ🙂".chars().collect();
        for _ in 0..2_000 {
            let text: String = (0..rng.below(20)).map(|_| signs[rng.below(signs.len())]).collect();
            let cut: Vec<_> = pieces(&text).collect();
            assert_eq!(cut.concat(), text);
            assert!(cut.iter().all(|p| !p.is_empty()));
        }
    }
}
