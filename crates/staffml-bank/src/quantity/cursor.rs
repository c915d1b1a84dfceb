//! A reading position in a text.

/// A text and how far it has been read.
#[derive(Debug, Clone)]
pub(super) struct Cursor<'a> {
    text: &'a str,
    pos: usize,
}

impl<'a> Cursor<'a> {
    pub(super) const fn new(text: &'a str) -> Self {
        Self { text, pos: 0 }
    }

    /// What has not been read yet.
    pub(super) fn rest(&self) -> &'a str {
        &self.text[self.pos..]
    }

    pub(super) fn is_end(&self) -> bool {
        self.pos == self.text.len()
    }

    pub(super) fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    /// The character behind the next one.
    pub(super) fn peek_second(&self) -> Option<char> {
        self.rest().chars().nth(1)
    }

    pub(super) fn next_is_digit(&self) -> bool {
        self.peek().is_some_and(|c| c.is_ascii_digit())
    }

    /// Reads one character if it is in `set`.
    pub(super) fn eat_any(&mut self, set: &[char]) -> Option<char> {
        let c = self.peek().filter(|c| set.contains(c))?;
        self.pos += c.len_utf8();
        Some(c)
    }

    pub(super) fn eat(&mut self, c: char) -> bool {
        self.eat_any(&[c]).is_some()
    }

    /// Reads `word` if it comes next, exactly.
    pub(super) fn eat_str(&mut self, word: &str) -> bool {
        let found = self.rest().starts_with(word);
        if found {
            self.pos += word.len();
        }
        found
    }

    /// Reads `word` in any case, if no letter or digit follows it.
    pub(super) fn eat_word(&mut self, word: &str) -> bool {
        let rest = self.rest();
        let found = rest.get(..word.len()).is_some_and(|head| head.eq_ignore_ascii_case(word))
            && !rest[word.len()..].chars().next().is_some_and(char::is_alphanumeric);
        if found {
            self.pos += word.len();
        }
        found
    }

    /// Reads characters while `keep` holds and returns them.
    pub(super) fn take_while(&mut self, keep: impl Fn(char) -> bool) -> &'a str {
        let rest = self.rest();
        let end = rest.find(|c| !keep(c)).unwrap_or(rest.len());
        self.pos += end;
        &rest[..end]
    }

    /// Reads ASCII digits and returns them.
    pub(super) fn digits(&mut self) -> &'a str {
        self.take_while(|c| c.is_ascii_digit())
    }

    /// Reads spaces; tells whether there were any.
    pub(super) fn skip_spaces(&mut self) -> bool {
        !self.take_while(|c| c == ' ').is_empty()
    }

    /// Reads an integer with an optional sign, or nothing. Values beyond ±99999 are held there.
    pub(super) fn integer(&mut self) -> Option<i32> {
        let start = self.pos;
        let sign = self.eat_any(&['+', '-']);
        let digits = self.digits();
        if digits.is_empty() {
            self.pos = start;
            return None;
        }
        let size = digits.trim_start_matches('0');
        let value = if size.len() > 5 { 99_999 } else { size.parse().unwrap_or(0) };
        Some(if sign == Some('-') { -value } else { value })
    }
}
