//! Text in lines of a given width.

/// Breaks each paragraph of a text into lines of at most `width` characters; lines after the first begin with `indent`.
///
/// Words longer than a line stand alone. The result ends with a newline.
#[must_use]
pub fn wrap(text: &str, width: usize, indent: &str) -> String {
    let mut out = String::new();
    for paragraph in text.split('\n') {
        let mut used = 0;
        for word in paragraph.split_whitespace() {
            let length = word.chars().count();
            if used > 0 && used + 1 + length > width {
                out.push('\n');
                out.push_str(indent);
                used = indent.chars().count();
            } else if used > 0 {
                out.push(' ');
                used += 1;
            }
            out.push_str(word);
            used += length;
        }
        out.push('\n');
    }
    out
}

/// Sets two texts side by side in columns of `width` characters, three apart. The result ends with a newline.
#[must_use]
pub fn columns(left: &str, right: &str, width: usize) -> String {
    let (left, right) = (wrap(left, width, "    "), wrap(right, width, "    "));
    let (left, right): (Vec<&str>, Vec<&str>) = (left.lines().collect(), right.lines().collect());
    let mut out = String::new();
    for i in 0..left.len().max(right.len()) {
        let at = |lines: &[&str]| lines.get(i).map_or_else(String::new, |l| (*l).to_owned());
        let (a, b) = (at(&left), at(&right));
        let pad = width.saturating_sub(a.chars().count());
        out.push_str(format!("{a}{}   {b}", " ".repeat(pad)).trim_end());
        out.push('\n');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::{columns, wrap};

    #[test]
    fn lines_end_before_the_width() {
        assert_eq!(wrap("one two three", 7, ""), "one two\nthree\n");
        assert_eq!(wrap("1. one two\n\nthree", 7, "   "), "1. one\n   two\n\nthree\n");
        assert_eq!(wrap("incomprehensible", 5, ""), "incomprehensible\n");
    }

    #[test]
    fn columns_stand_side_by_side() {
        assert_eq!(columns("a b", "c", 5), "a b     c\n");
        assert_eq!(columns("one two", "three", 5), "one     three\n    two\n");
    }
}
