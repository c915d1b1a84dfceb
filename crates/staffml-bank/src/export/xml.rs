//! Writing XML: escaping, and nothing that XML cannot hold.

/// Returns text for the content of an element or for an attribute in double quotes.
///
/// `]]>` cannot arise, as every `>` is escaped; characters that XML 1.0 does not admit are left out.
pub(super) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\r' => out.push_str("&#13;"),
            '\t' | '\n' => out.push(c),
            c if c < ' ' || matches!(c, '\u{fffe}' | '\u{ffff}') => {}
            c => out.push(c),
        }
    }
    out
}

/// Returns a name that may stand in an attribute of type identifier: letters, digits, `_`, `-`, `.`, no digit first.
pub(super) fn identifier(text: &str) -> String {
    let keep = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '-' | '.') { c } else { '_' };
    let name: String = text.chars().map(keep).collect();
    let starts_well = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    if starts_well { name } else { format!("q-{name}") }
}
