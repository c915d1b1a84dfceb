//! Brings typed text into one spelling before anything is read.
//!
//! Superscripts become `^` and digits *first*: Unicode's compatibility form alone would turn `10⁹` into `109`.
//! After that, full-width digits, no-break spaces and ligatured units (`㎇`) become plain ones.

use std::borrow::Cow;

use unicode_normalization::UnicodeNormalization;

use super::error::ParseError;

/// The longest accepted answer, in characters.
const LIMIT: usize = 256;

/// Returns the text in its normal form, trimmed, without a leading `≈` or `about`.
pub(super) fn normalize(text: &str) -> Result<Cow<'_, str>, ParseError> {
    if text.chars().nth(LIMIT).is_some() {
        return Err(ParseError::TooLong { limit: LIMIT });
    }
    if let Some(c) = text.chars().find(|&c| is_invisible(c)) {
        return Err(ParseError::Character { code: u32::from(c) });
    }
    if text.is_ascii() {
        return Ok(Cow::Borrowed(strip_approximately(text.trim())));
    }
    let plain: String = superscripts_to_powers(text).nfkc().map(one_spelling).collect();
    Ok(Cow::Owned(strip_approximately(plain.trim()).to_owned()))
}

/// Control characters, and those that format without being seen.
fn is_invisible(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{600}'..='\u{605}' | '\u{61c}' | '\u{6dd}' | '\u{70f}' | '\u{890}'..='\u{891}' | '\u{8e2}'
            | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}'
            | '\u{fff9}'..='\u{fffb}' | '\u{110bd}' | '\u{110cd}' | '\u{13430}'..='\u{1343f}' | '\u{1bca0}'..='\u{1bca3}'
            | '\u{1d173}'..='\u{1d17a}' | '\u{e0001}' | '\u{e0020}'..='\u{e007f}')
}

/// Turns each run of superscript digits and signs into `^` and plain ones; sets vulgar fractions apart.
fn superscripts_to_powers(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 4);
    let mut raised = false;
    for c in text.chars() {
        let plain = match c {
            '⁰' => '0',
            '¹' => '1',
            '²' => '2',
            '³' => '3',
            '⁴'..='⁹' => char::from_digit(u32::from(c) - u32::from('⁰'), 10).unwrap_or(c),
            '⁺' => '+',
            '⁻' => '-',
            _ => {
                // `3½` must not become `31/2`.
                let fraction = matches!(c, '¼'..='¾' | '\u{2150}'..='\u{215f}' | '\u{2189}');
                if fraction && out.ends_with(|c: char| c.is_ascii_digit()) {
                    out.push(' ');
                }
                out.push(c);
                raised = false;
                continue;
            }
        };
        if !raised {
            out.push('^');
            raised = true;
        }
        out.push(plain);
    }
    out
}

fn one_spelling(c: char) -> char {
    match c {
        '\u{2212}' | '\u{2010}' => '-',
        '\u{2044}' | '\u{2215}' => '/',
        '⋅' | '∙' => '·',
        'μ' => 'µ',
        _ => c,
    }
}

/// Drops one leading sign or word for "about"; an answer is rounded anyway.
fn strip_approximately(text: &str) -> &str {
    if let Some(rest) = text.strip_prefix(['~', '≈', '=']) {
        return rest.trim_start();
    }
    for word in ["approximately", "approx", "about", "circa", "ca"] {
        if text.get(..word.len()).is_some_and(|head| head.eq_ignore_ascii_case(word)) {
            let rest = &text[word.len()..];
            if let Some(rest) = rest.strip_prefix(['.', ' ']) {
                return rest.trim_start();
            }
        }
    }
    text
}
