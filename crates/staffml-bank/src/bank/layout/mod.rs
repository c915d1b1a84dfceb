//! The canonical form of a bank file: what `staffml fmt` writes.
//!
//! Only what means nothing changes: space, line ends, the order of the keys at the top. Comments stay, and so does the
//! order of parameters, wrong turns and parts, which means something. The result is held against the original: it has the
//! same content, the same tables in the same order and the same comments, or there is no result.

mod token;

use toml::Table;

use token::{Token, tokens};

/// Why a file has no canonical form.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {why}")]
#[non_exhaustive]
pub struct LayoutError {
    /// Line, counted from 1.
    pub line: usize,
    /// What is wrong, and what to do.
    pub why: String,
}

/// Keys at the top of a file in their order; those of one list, and all others, keep the order they have.
const ORDER: [&[&str]; 32] = [
    &["format"],
    &["id", "name"],
    &["version"],
    &["kind"],
    &["title"],
    &["status"],
    &["license", "licenses"],
    &["origin"],
    &["contributor"],
    &["authors"],
    &["created"],
    &["updated"],
    &["reviewed"],
    &["tracks"],
    &["level"],
    &["area"],
    &["topic"],
    &["track"],
    &["levels"],
    &["zone"],
    &["bloom"],
    &["mode"],
    &["phase"],
    &["walls"],
    &["principles"],
    &["knowledge"],
    &["tags"],
    &["time_s"],
    &["difficulty"],
    &["stem", "front"],
    &["back"],
    &["model_answer"],
];

/// Places in [`ORDER`] at which a new group of keys begins.
const GROUPS: [usize; 2] = [13, 29];

/// Returns the canonical form of a file.
///
/// ```
/// use staffml_bank::bank::layout::lay_out;
///
/// let text = "version='1.0.0'   # first\nid= \"some-id\"\n\n\n[answer]\nbind={a=\"n\"}\nplausible=[1,  2]";
/// assert_eq!(
///     lay_out(text)?,
///     "id = \"some-id\"\nversion = '1.0.0' # first\n\n[answer]\nbind = { a = \"n\" }\nplausible = [1, 2]\n"
/// );
/// # Ok::<(), staffml_bank::bank::layout::LayoutError>(())
/// ```
///
/// # Errors
///
/// [`LayoutError`] if the text is no TOML, or if laying it out would change more than its looks.
pub fn lay_out(text: &str) -> Result<String, LayoutError> {
    let text = text.trim_start_matches('\u{feff}').replace("\r\n", "\n");
    let before = content(&text)?;
    let items = items(&text);
    let out = print(&ordered(items));
    let differs = |what: &str| LayoutError {
        line: 1,
        why: format!("laying the file out would change its {what}; it is left as it is"),
    };
    if content(&out).ok() != Some(before) {
        return Err(differs("content"));
    }
    if comments(&text) != comments(&out) {
        return Err(differs("comments"));
    }
    if headers(&text) != headers(&out) {
        return Err(differs("order of tables"));
    }
    Ok(out)
}

fn content(text: &str) -> Result<Table, LayoutError> {
    text.parse().map_err(|error: toml::de::Error| {
        let at = error.span().map_or(0, |span| span.start);
        let line = 1 + text.bytes().take(at).filter(|b| *b == b'\n').count();
        LayoutError { line, why: format!("this is no TOML: {}; correct it first", error.message()) }
    })
}

/// All comments, sorted: keys at the top may change places, and their comments with them.
fn comments(text: &str) -> Vec<&str> {
    let comment = |token| match token {
        Token::Comment(text) => Some(text),
        _ => None,
    };
    let mut out: Vec<&str> = tokens(text).into_iter().filter_map(comment).collect();
    out.sort_unstable();
    out
}

/// The headers of tables, in order.
fn headers(text: &str) -> Vec<String> {
    let is_header = |item: Item| matches!(item.body, Body::Header(_)).then(|| item.text());
    items(text).into_iter().filter_map(is_header).collect()
}

/// A statement, a header or a comment that stands alone, with the comments right above it.
#[derive(Debug, Clone)]
struct Item {
    /// Whether a blank line stands above.
    blank: bool,
    above: Vec<String>,
    body: Body,
    /// The comment behind it.
    behind: String,
}

#[derive(Debug, Clone)]
enum Body {
    Header(String),
    Entry {
        key: String,
        value: String,
    },
    /// Comments only.
    None,
}

impl Item {
    fn text(&self) -> String {
        let mut out: String = self.above.iter().map(|line| format!("{line}\n")).collect();
        match &self.body {
            Body::Header(text) => out.push_str(text),
            Body::Entry { key, value } => out.push_str(&format!("{key} = {value}")),
            Body::None => return out,
        }
        if !self.behind.is_empty() {
            out.push(' ');
            out.push_str(&self.behind);
        }
        out.push('\n');
        out
    }
}

/// Reads the statements of a file.
fn items(text: &str) -> Vec<Item> {
    let mut out = Vec::new();
    let all = tokens(text);
    let mut rest = all.as_slice();
    let (mut blank, mut above) = (false, Vec::new());
    while let Some((first, after)) = rest.split_first() {
        match first {
            Token::Newline => {
                rest = after;
                if !above.is_empty() {
                    // A blank line parts the comments from what follows.
                    let above = core::mem::take(&mut above);
                    out.push(Item { blank, above, body: Body::None, behind: String::new() });
                }
                blank = true;
            }
            Token::Comment(text) => {
                above.push((*text).to_owned());
                rest = line_end(after);
            }
            _ => {
                let (statement, after) = rest.split_at(end(rest));
                rest = line_end(after);
                let (statement, behind) = match statement.split_last() {
                    Some((Token::Comment(text), statement)) => (statement, (*text).to_owned()),
                    _ => (statement, String::new()),
                };
                let above = core::mem::take(&mut above);
                out.push(Item { blank, above, body: body(statement), behind });
                blank = false;
            }
        }
    }
    if !above.is_empty() {
        out.push(Item { blank, above, body: Body::None, behind: String::new() });
    }
    out
}

/// What follows the end of the line that ends here.
fn line_end<'s, 't>(rest: &'s [Token<'t>]) -> &'s [Token<'t>] {
    rest.strip_prefix(&[Token::Newline]).unwrap_or(rest)
}

/// The number of pieces up to the end of the line that no bracket is open at.
fn end(rest: &[Token<'_>]) -> usize {
    let mut depth = 0_usize;
    for (i, token) in rest.iter().enumerate() {
        match token {
            Token::Mark('[' | '{') => depth += 1,
            Token::Mark(']' | '}') => depth = depth.saturating_sub(1),
            Token::Newline if depth == 0 => return i,
            _ => {}
        }
    }
    rest.len()
}

fn body(statement: &[Token<'_>]) -> Body {
    let equals = statement.iter().position(|token| *token == Token::Mark('='));
    match (statement.first(), equals) {
        (Some(Token::Mark('[')), _) | (_, None) => {
            let text = |token: &Token<'_>| match token {
                Token::Mark(mark) => mark.to_string(),
                Token::Word(word) | Token::Comment(word) => (*word).to_owned(),
                Token::Newline => String::new(),
            };
            Body::Header(statement.iter().map(text).collect())
        }
        (_, Some(at)) => {
            let (key, value) = statement.split_at(at);
            Body::Entry { key: spaced(key), value: spaced(value.get(1..).unwrap_or_default()) }
        }
    }
}

/// Prints the pieces of a key or a value with the usual space between them; line breaks stay where they are.
fn spaced(pieces: &[Token<'_>]) -> String {
    let mut out = String::new();
    let mut depth = 0_usize;
    let mut before: Option<Token<'_>> = None;
    for (i, token) in pieces.iter().enumerate() {
        let next = pieces.get(i + 1);
        if *token == Token::Newline {
            if before != Some(Token::Newline) {
                let next =
                    pieces.get(i..).unwrap_or_default().iter().find(|t| **t != Token::Newline);
                let closes = matches!(next, Some(Token::Mark(']' | '}')));
                out.push('\n');
                out.push_str(&"  ".repeat(depth - usize::from(closes && depth > 0)));
            }
            before = Some(Token::Newline);
            continue;
        }
        // A comma before a bracket on the same line parts nothing.
        if *token == Token::Mark(',') && matches!(next, Some(Token::Mark(']' | '}'))) {
            continue;
        }
        let tight = matches!(
            (before, token),
            (None | Some(Token::Newline | Token::Mark('[')), _)
                | (_, Token::Mark(',' | ']'))
                | (Some(Token::Mark('{')), Token::Mark('}'))
        );
        if !tight {
            out.push(' ');
        }
        match token {
            Token::Mark(mark) => out.push(*mark),
            Token::Word(text) | Token::Comment(text) => out.push_str(text),
            Token::Newline => {}
        }
        match token {
            Token::Mark('[' | '{') => depth += 1,
            Token::Mark(']' | '}') => depth = depth.saturating_sub(1),
            _ => {}
        }
        before = Some(*token);
    }
    out
}

/// Puts the keys at the top into their order.
fn ordered(mut items: Vec<Item>) -> Vec<Item> {
    let top = items.iter().position(|i| matches!(i.body, Body::Header(_))).unwrap_or(items.len());
    let rest = items.split_off(top);
    let ranks: Vec<usize> = items.iter().map(rank).collect();
    // Comments that stand alone belong to a place, not to a key: they keep everything where it is.
    let stands_alone = items.iter().skip(1).any(|item| matches!(item.body, Body::None));
    if !ranks.is_sorted() && !stands_alone {
        items.sort_by_key(rank);
        let group = |item: &Item| GROUPS.iter().filter(|start| rank(item) >= **start).count();
        for i in 1..items.len() {
            let alone = matches!(items[i - 1].body, Body::None);
            let begins = alone || group(&items[i - 1]) != group(&items[i]);
            items[i].blank = begins || (items[i].blank && rank(&items[i]) == ORDER.len());
        }
    }
    items.extend(rest);
    items
}

fn rank(item: &Item) -> usize {
    match &item.body {
        Body::Entry { key, .. } => {
            ORDER.iter().position(|keys| keys.contains(&key.as_str())).unwrap_or(ORDER.len())
        }
        _ => 0,
    }
}

fn print(items: &[Item]) -> String {
    let mut out = String::new();
    let mut last = "";
    for item in items {
        // Tables of the top are set apart; one parameter or reference after the other need not be.
        let apart = match &item.body {
            Body::Header(text) => {
                let name = text.trim_matches(['[', ']']);
                let family = name.split('.').next().unwrap_or(name);
                let apart = family != last || (family == name && family != "refs");
                last = family;
                apart
            }
            _ => false,
        };
        if (item.blank || apart) && !out.is_empty() {
            out.push('\n');
        }
        out.push_str(&item.text());
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bank::embedded::FILES;
    use crate::bank::hash::content_hash;

    #[test]
    fn every_shipped_file_keeps_its_content_and_a_second_pass_changes_nothing() {
        let files = FILES.iter().filter(|(path, _)| path.ends_with(".toml"));
        for (path, text) in files {
            let once = lay_out(text).unwrap_or_else(|e| panic!("{path}: {e}"));
            assert_eq!(lay_out(&once).as_deref(), Ok(once.as_str()), "{path}");
            assert_eq!(content_hash(&once), content_hash(text), "{path}");
        }
    }

    #[test]
    fn the_order_of_keys_is_that_of_the_shipped_files() {
        for (path, text) in FILES.iter().filter(|(path, _)| path.ends_with(".toml")) {
            let top: Vec<Item> = items(text)
                .into_iter()
                .take_while(|item| !matches!(item.body, Body::Header(_)))
                .collect();
            assert!(top.iter().map(rank).is_sorted(), "{path}");
        }
    }

    #[test]
    fn a_mangled_file_comes_back() {
        for (path, text) in FILES.iter().filter(|(path, _)| path.starts_with("q/")) {
            let from_elsewhere = format!("\u{feff}{}\r\n\r\n", text.replace('\n', "\r\n"));
            assert_eq!(lay_out(&from_elsewhere), lay_out(text), "{path}");
        }
        let good = include_str!("../../../bank/q/memory/w02-flash-headroom.toml");
        let mut lines: Vec<&str> = good.lines().collect();
        lines.swap(1, 20); // the id down to the seconds, and they up
        let mangled = lines.join("\r\n").replace("[8, 16, 32]", "[ 8,16 ,32, ]  ");
        assert_eq!(lay_out(&mangled).as_deref(), Ok(good));
    }

    #[test]
    fn comments_stay_beside_what_they_are_about() {
        let text = "# head\n\n# of the title\ntitle = 'T' # behind\nid = 'x'\n# of a\n[a]\nlist = [\n# first\n1, # one\n  2\n]\n# end\n";
        assert_eq!(
            lay_out(text).unwrap(),
            "# head\n\nid = 'x'\n# of the title\ntitle = 'T' # behind\n\n# of a\n[a]\nlist = [\n  # first\n  1, # one\n  2\n]\n# end\n"
        );
        // A comment between keys keeps them where they are.
        let text = "title = 'T'\n\n# from here on\n\nid = 'x'\n";
        assert_eq!(lay_out(text).as_deref(), Ok(text));
    }

    #[test]
    fn what_means_something_is_not_moved() {
        let text = "[params.b]\nkind = 'int'\n[params.a]\nkind = 'int'\n\n[[misconception]]\nid = 'x'\n\n[[misconception]]\nid = 'a'\n";
        assert_eq!(lay_out(text).as_deref(), Ok(text));
        let strings = "stem = \"\"\"\nA  =  b,  {c}  # no comment\n   [x]\n\"\"\"\n";
        assert_eq!(lay_out(strings).as_deref(), Ok(strings));
        let error = lay_out("a = 1\nb = \n").unwrap_err();
        assert!(error.line == 2 && error.why.starts_with("this is no TOML"), "{error}");
        assert_eq!(lay_out(""), Ok(String::new()));
    }
}
