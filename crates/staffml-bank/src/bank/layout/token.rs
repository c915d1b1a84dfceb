//! The lexical pieces of a TOML file, each as it stands in the text.
//!
//! The text has been read as TOML before, so that every string and bracket is known to end.

/// A piece of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Token<'t> {
    Newline,
    /// From `#` to the end of the line.
    Comment(&'t str),
    /// One of `[]{},=`.
    Mark(char),
    /// A key, a number, a date or a string with its quotation marks.
    Word(&'t str),
}

/// Returns the pieces of a text, without the space between them.
pub(super) fn tokens(text: &str) -> Vec<Token<'_>> {
    let mut out = Vec::new();
    let mut rest = text;
    loop {
        rest = rest.trim_start_matches([' ', '\t', '\r']);
        let Some(first) = rest.chars().next() else { return out };
        let length = match first {
            '\n' => 1,
            '#' => rest.find('\n').unwrap_or(rest.len()),
            '"' | '\'' => string(rest, first),
            _ if MARKS.contains(first) => 1,
            _ => rest
                .find(|c: char| c.is_whitespace() || c == '#' || MARKS.contains(c))
                .unwrap_or(rest.len()),
        };
        let (piece, after) = rest.split_at(length.max(first.len_utf8()));
        rest = after;
        out.push(match first {
            '\n' => Token::Newline,
            '#' => Token::Comment(piece.trim_end()),
            _ if MARKS.contains(first) => Token::Mark(first),
            _ => Token::Word(piece),
        });
    }
}

const MARKS: &str = "[]{},=";

/// The length of the string that a text begins with.
fn string(text: &str, quote: char) -> usize {
    let triple: String = core::iter::repeat_n(quote, 3).collect();
    let (mark, is_long) =
        if text.starts_with(&triple) { (triple, true) } else { (quote.to_string(), false) };
    let mut at = mark.len();
    while let Some(rest) = text.get(at..) {
        if quote == '"' && rest.starts_with('\\') {
            let escaped = rest.chars().nth(1).map_or(0, char::len_utf8);
            at += 1 + escaped;
        } else if rest.starts_with(&mark) {
            at += mark.len();
            // Up to two quotation marks may stand right before the closing three.
            let more = text.get(at..).unwrap_or_default();
            let extra = more.chars().take(2).take_while(|c| *c == quote).count();
            return at + if is_long { extra } else { 0 };
        } else {
            match rest.chars().next() {
                Some(c) => at += c.len_utf8(),
                None => return text.len(),
            }
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::{Token, tokens};

    #[test]
    fn pieces_are_those_of_the_grammar() {
        let words = |text: &str| -> Vec<String> {
            tokens(text)
                .into_iter()
                .map(|token| match token {
                    Token::Newline => "/".to_owned(),
                    Token::Comment(text) | Token::Word(text) => text.to_owned(),
                    Token::Mark(mark) => mark.to_string(),
                })
                .collect()
        };
        assert_eq!(words("a.b = [1,2] # x\n"), ["a.b", "=", "[", "1", ",", "2", "]", "# x", "/"]);
        assert_eq!(words(r#"a = "x # \" y" # z"#), ["a", "=", r#""x # \" y""#, "# z"]);
        assert_eq!(words("a='\\' b"), ["a", "=", "'\\'", "b"]);
        assert_eq!(words("a=\"\"\"\nx = \\\"\"\"\" b"), ["a", "=", "\"\"\"\nx = \\\"\"\"\"", "b"]);
        // Five quotation marks: two belong to the text.
        assert_eq!(words("'''a''''' b"), ["'''a'''''", "b"]);
        assert_eq!(words("\"\" ''"), ["\"\"", "''"]);
        assert_eq!(words("{ 1979-05-27T07:32:00Z }"), ["{", "1979-05-27T07:32:00Z", "}"]);
        assert_eq!(words("é = \"ü"), ["é", "=", "\"ü"]);
    }
}
